package postgres

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// maxStatements is how many statements a connection keeps prepared.
const maxStatements = 512

// statement is one that the server keeps prepared for a connection.
type statement struct {
	*pgconn.StatementDescription
	parameters *pgconn.StatementDescription // the same without columns: what encodes parameters would look each of them up
	formats    []int16                      // of the columns
}

// prepared returns the statement of a text. The server learns it when it comes for the first time, and again after it has failed: tables change
// under it.
func (c *conn) prepared(ctx context.Context, text string) (*statement, error) {
	if err := c.forget(ctx); err != nil {
		return nil, err
	}
	if s := c.statements[text]; s != nil {
		return s, nil
	}
	if len(c.statements) == maxStatements { // texts that somebody puts together: to know which come again would cost every statement something
		if err := c.pgx.DeallocateAll(ctx); err != nil {
			return nil, err
		}
		clear(c.statements)
	}
	d, err := c.pgx.Prepare(ctx, text, text)
	if err != nil {
		return nil, err
	}
	s := &statement{StatementDescription: d, parameters: &pgconn.StatementDescription{ParamOIDs: d.ParamOIDs}, formats: make([]int16, len(d.Fields))}
	for i := range d.Fields {
		s.formats[i] = formatOf(d.Fields[i].DataTypeOID)
	}
	c.statements[text] = s
	return s, nil
}

// forget makes the server forget the statements that have failed.
func (c *conn) forget(ctx context.Context) error {
	for len(c.stale) > 0 {
		text := c.stale[len(c.stale)-1]
		if err := c.pgx.Deallocate(ctx, text); err != nil {
			return err
		}
		delete(c.statements, text)
		c.stale = c.stale[:len(c.stale)-1]
	}
	return nil
}

// send runs a statement up to its first row, a second time when its table has other columns than when it was prepared: in a transaction, which
// has failed with it, somebody else has to.
func (c *conn) send(ctx context.Context, text string, args []driver.NamedValue) (*result, error) {
	r, err := c.sendOnce(ctx, text, args)
	if outdated(err) && !c.inTx {
		return c.sendOnce(ctx, text, args)
	}
	return r, err
}

func (c *conn) sendOnce(ctx context.Context, text string, args []driver.NamedValue) (_ *result, err error) {
	if ctx, err = c.watch.begin(ctx); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			c.watch.end()
		}
	}()
	s, err := c.prepared(ctx, text)
	if err != nil {
		return nil, err
	}
	if len(args) != len(s.ParamOIDs) {
		return nil, fmt.Errorf("the statement has %d parameters, and there are %d values", len(s.ParamOIDs), len(args))
	}
	for _, arg := range args {
		c.values = append(c.values, arg.Value)
	}
	err = c.parameters.Build(c.pgx.TypeMap(), s.parameters, c.values)
	clear(c.values)
	c.values = c.values[:0]
	if err != nil {
		return nil, err
	}
	r := &result{text: text, conn: c}
	if c.inTx && !c.begun {
		err = r.withBeginning(ctx, s)
	} else {
		r.ResultReader = c.pgx.PgConn().ExecStatement(ctx, s.StatementDescription, c.parameters.ParamValues, c.parameters.ParamFormats, s.formats)
	}
	if err != nil {
		return nil, err
	}
	if r.more = r.NextRow(); r.more {
		return r, nil
	}
	_, err = r.close()
	return r, err
}

// result is what the server answers to a statement.
type result struct {
	*pgconn.ResultReader
	all  *pgconn.MultiResultReader // with that to the beginning of the transaction; nil when there is none
	conn *conn
	text string
	more bool // the next row has come, and nobody has read it
}

// withBeginning sends a statement with what begins its transaction before it, which takes no time of its own then.
func (r *result) withBeginning(ctx context.Context, s *statement) error {
	c := r.conn
	c.begun = true
	var both pgconn.Batch
	both.ExecParams(beginning, nil, nil, nil, nil)
	both.ExecStatement(s.StatementDescription, c.parameters.ParamValues, c.parameters.ParamFormats, s.formats)
	r.all = c.pgx.PgConn().ExecBatch(ctx, &both)
	began := r.all.NextResult()
	if began && r.all.NextResult() {
		r.ResultReader = r.all.ResultReader()
		return nil
	}
	c.stale = append(c.stale, r.text)
	return cmp.Or(r.all.Close(), errNoAnswer)
}

// errNoAnswer is for what no server does.
var errNoAnswer = errors.New("the server has answered to less than it was asked")

// close reads the rest of the answer. A statement that has failed is prepared anew when it comes again: its tables may have changed under it.
func (r *result) close() (pgconn.CommandTag, error) {
	defer r.conn.watch.end()
	tag, err := r.Close()
	if r.all != nil {
		if last := r.all.Close(); err == nil {
			err = last
		}
	}
	if err != nil {
		r.conn.stale = append(r.conn.stale, r.text)
	}
	return tag, err
}

// formatOf returns the form in which the server sends a type: the binary one of those that value reads, and text of all others.
func formatOf(oid uint32) int16 {
	switch oid {
	case pgtype.BoolOID, pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.OIDOID, pgtype.CIDOID, pgtype.XIDOID, pgtype.Float4OID, pgtype.Float8OID,
		pgtype.ByteaOID, pgtype.DateOID, pgtype.TimestampOID, pgtype.TimestamptzOID:
		return pgtype.BinaryFormatCode
	}
	return pgtype.TextFormatCode
}
