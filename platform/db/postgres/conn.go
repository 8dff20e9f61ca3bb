package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgtype"

	dbdriver "github.com/banyan-go/banyan/platform/db/driver"
)

// conn is one connection to the server. It serves one goroutine at a time.
//
//   - A statement that fails leaves its transaction fit for nothing but a rollback, also one that failed before the server has seen it.
//   - No statement runs while the rows of another one are open.
//   - Only begin, commit and rollback begin and end transactions; SQL that would is refused.
type conn struct {
	pgx   *pgx.Conn
	limit time.Duration  // of the silence of a server; 0 for none
	until time.Time      // when the silence has to end; zero for never
	end   time.Time      // when it is to be replaced; zero for never
	used  time.Time      // when it came back
	place dbdriver.Place // of one that is lent

	watch      *watch
	statements map[string]*statement // prepared, by text
	stale      []string              // texts of those that have failed
	values     []any                 // room for those of the statement that runs
	parameters pgx.ExtendedQueryBuilder

	roles *roles // nil for those of the platform alone
	role  string // as which its statements run; "" for the login
	outer string // what role was before the transaction

	inTx    bool
	begun   bool  // the server knows of the transaction: it hears of it with the first statement
	failed  error // why the transaction cannot go on
	reading bool  // rows are open
	standby bool  // somebody wanted to write, and the server only reads
}

// Defects of the code that calls.
var (
	errReading   = errors.New("the rows of an earlier statement are open: read them to the end or close them first")
	errTxOptions = errors.New("a transaction has no options: it is read committed, and it writes")
	errPrepare   = errors.New("a connection keeps its statements prepared by itself: use Query and Exec")
)

// connect opens a connection.
func connect(ctx context.Context, cfg *pgx.ConnConfig) (*conn, error) {
	c := &conn{used: time.Now(), statements: map[string]*statement{}}
	own := *cfg
	own.BuildContextWatcherHandler = func(pg *pgconn.PgConn) ctxwatch.Handler { return watcher{canceller(pg), c} }
	var err error
	if c.pgx, err = pgx.ConnectConfig(ctx, &own); err != nil {
		return nil, connectError(ctx, cfg, err)
	}
	c.watch = newWatch(c)
	c.pgx.TypeMap().RegisterType(&pgtype.Type{Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC}})
	return c, nil
}

// closeTime is how long the server may take to hear of the end of a connection.
const closeTime = 5 * time.Second

// Close ends the connection.
func (c *conn) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	return c.pgx.Close(ctx)
}

// spare is how much more time a limit of silence may leave than was asked for: what is left of an earlier one will do then, which spares most
// statements the change of a timer.
const spare = 250 * time.Millisecond

// hurry gives the server its time for what it is asked now. One that is there ends a statement at its limit itself, and says so; this is for one
// that says nothing any more: neither the end of a context nor TCP would give the connection up in time.
func (c *conn) hurry(limit time.Duration) {
	until := time.Time{}
	if limit > 0 {
		now := time.Now()
		if left := c.until.Sub(now); left >= limit && left <= limit+spare {
			return
		}
		until = now.Add(limit + spare)
	}
	c.until = until
	_ = c.pgx.PgConn().Conn().SetDeadline(until) // it fails on a closed connection, which the statement sees
}

// ping asks the server for an answer, and gives the connection up when there is none in time.
func (c *conn) ping(ctx context.Context, limit time.Duration) error {
	c.until = time.Now().Add(limit)                // to the point, without what hurry spares: a request waits for it
	_ = c.pgx.PgConn().Conn().SetDeadline(c.until) // it fails on a closed connection, which the ping sees
	if err := c.pgx.Ping(ctx); err != nil {
		return c.fail(ctx, err)
	}
	return nil
}

// fit reports whether somebody else may have the connection: SQL can have changed what it may do.
func (c *conn) fit() bool {
	pg := c.pgx.PgConn()
	return !c.inTx && !c.reading && !c.standby && !c.pgx.IsClosed() && pg.TxStatus() == 'I' && pg.ParameterStatus("default_transaction_read_only") == "on"
}

// begin begins a transaction that writes. The server hears of it with the first statement.
func (c *conn) begin() error {
	if isStandby(c.pgx) { // it has become one, or is one no more: another connection may find the one that writes
		c.standby = true
		return &dbdriver.Error{Kind: dbdriver.Busy, Err: errStandby}
	}
	c.inTx, c.begun, c.failed, c.outer = true, false, nil, c.role
	return nil
}

// beginning is what begins a transaction.
const beginning = "begin read write"

// beginNow tells the server of the transaction, before what cannot be sent with it.
func (c *conn) beginNow(ctx context.Context) error {
	if c.begun {
		return nil
	}
	c.begun = true
	c.hurry(c.limit)
	_, err := c.pgx.Exec(ctx, beginning)
	return err
}

// become gives the connection the role of who asks for the next statement, in a transaction until its end.
func (c *conn) become(ctx context.Context) error {
	role, err := c.roles.of(ctx)
	if err != nil || role == c.role {
		return err
	}
	text := "set "
	if c.inTx {
		if err := c.beginNow(ctx); err != nil {
			return err
		}
		text += "local "
	}
	if text += "role none"; role != "" {
		text = strings.TrimSuffix(text, "none") + quoted(role)
	}
	c.hurry(c.limit)
	if _, err := c.pgx.Exec(ctx, text); err != nil {
		return err
	}
	c.role = role
	return nil
}

// within runs statements in a transaction of their own, as the login.
func (c *conn) within(ctx context.Context, texts []string) error {
	if err := c.begin(); err != nil {
		return err
	}
	if err := c.beginNow(ctx); err != nil {
		return errors.Join(c.fail(ctx, err), c.rollback())
	}
	for _, text := range texts {
		c.hurry(c.limit)
		if _, err := c.pgx.Exec(ctx, text); err != nil {
			return errors.Join(c.fail(ctx, err), c.rollback())
		}
	}
	return c.commit()
}

// texts returns the one column that a question has.
func (c *conn) texts(ctx context.Context, question string, args ...any) ([]string, error) {
	c.hurry(c.limit)
	rows, err := c.pgx.Query(ctx, question, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// commit ends the transaction, by a rollback if a statement in it has failed.
func (c *conn) commit() error {
	if c.failed != nil {
		return errors.Join(dbdriver.Abort(c.failed), c.rollback())
	}
	c.inTx, c.role = false, c.outer
	if !c.begun {
		return nil
	}
	c.hurry(c.limit)
	tag, err := c.pgx.Exec(context.Background(), "commit")
	switch {
	case err == nil && tag.String() != "COMMIT":
		return fmt.Errorf("the server has answered the commit with %s", tag)
	case err != nil && c.gone():
		return fmt.Errorf("%w: %w", dbdriver.ErrUncertain, err)
	}
	return err
}

// rollbackTime is how long a server may take to roll back before its connection is given up, which has the same effect.
const rollbackTime = 2 * time.Second

// rollback ends the transaction, whatever state it is in.
func (c *conn) rollback() error {
	c.inTx, c.failed, c.role = false, nil, c.outer
	if !c.begun || c.pgx.IsClosed() {
		return nil // the server rolls back when its client is gone
	}
	c.hurry(rollbackTime)
	if _, err := c.pgx.Exec(context.Background(), "rollback"); err != nil {
		return errors.Join(err, c.Close())
	}
	return nil
}

// exec runs one statement.
func (c *conn) exec(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.ready(ctx, text); err != nil {
		return nil, err
	}
	c.hurry(c.limit)
	tag, err := c.run(ctx, text, args)
	if err != nil {
		return nil, c.fail(ctx, err)
	}
	return driver.RowsAffected(tag.RowsAffected()), nil
}

// run runs one statement to its end.
func (c *conn) run(ctx context.Context, text string, args []driver.NamedValue) (tag pgconn.CommandTag, err error) {
	if len(args) > 0 {
		r, err := c.send(ctx, text, args)
		if err != nil {
			return tag, err
		}
		return r.close()
	}
	// Some statements cannot be prepared. Not pgx's Exec: without arguments it would let the text hold several statements.
	if c.inTx {
		if err := c.beginNow(ctx); err != nil {
			return tag, err
		}
	}
	rows, err := c.pgx.Query(ctx, text, pgx.QueryExecModeExec)
	if err != nil {
		return tag, err
	}
	rows.Close()
	return rows.CommandTag(), rows.Err()
}

// query runs one statement up to its first row.
func (c *conn) query(ctx context.Context, text string, args []driver.NamedValue) (*rows, error) {
	if err := c.ready(ctx, text); err != nil {
		return nil, err
	}
	c.hurry(c.limit)
	r, err := c.send(ctx, text, args)
	if err != nil {
		return nil, c.fail(ctx, err)
	}
	c.reading = true
	return &rows{result: r, ctx: ctx}, nil
}

// ready returns why the statement cannot run.
func (c *conn) ready(ctx context.Context, text string) error {
	switch {
	case c.inTx && c.failed != nil:
		return dbdriver.Abort(c.failed)
	case c.reading:
		return c.fail(ctx, errReading)
	case controls(text):
		return c.fail(ctx, errControl)
	}
	err := c.roles.refuse(ctx, text)
	if err == nil {
		err = c.become(ctx)
	}
	if err != nil {
		return c.fail(ctx, err)
	}
	return nil
}

// fail notes that the transaction, if there is one, cannot go on. It says what the guard has found, adds to the error of a statement that was stopped who has stopped it,
// and to one without its connection what that means.
func (c *conn) fail(ctx context.Context, err error) error {
	switch ended := ctx.Err(); {
	case ended != nil && !errors.Is(err, ended):
		err = fmt.Errorf("%w: %w", ended, err)
	case ended == nil && errors.Is(err, os.ErrDeadlineExceeded):
		err = &dbdriver.Error{Kind: dbdriver.Busy, Err: fmt.Errorf("the server says nothing any more: %w", err)}
	case ended == nil && c.gone():
		err = &dbdriver.Error{Kind: dbdriver.Busy, Err: fmt.Errorf("the connection to the server was lost: %w", err)}
	default:
		err = c.roles.explain(ctx, err)
	}
	if c.inTx && c.failed == nil {
		c.failed = err
	}
	return err
}

// gone reports whether a statement has failed because the connection has ended.
func (c *conn) gone() bool { return c.pgx.IsClosed() }
