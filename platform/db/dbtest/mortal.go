package dbtest

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"io"
	"os"
	"sync/atomic"
	"syscall"

	"github.com/banyan-go/banyan/platform/db/driver"
)

// mortal is an engine whose process is killed in front of the nth step of a connection that writes: a statement, the begin or the end of a
// transaction.
type mortal struct {
	driver.Driver
	steps *atomic.Int64 // that are left
}

// Open puts a connection that counts in front of those that write.
func (m mortal) Open(ctx context.Context, o driver.Options) (driver.Pools, error) {
	pools, err := m.Driver.Open(ctx, o)
	if err != nil {
		return pools, err
	}
	inner := pools.Write
	pools.Write = sql.OpenDB(mortalConnector{inner, m.steps})
	pools.Write.SetMaxOpenConns(inner.Stats().MaxOpenConnections)
	pools.Write.SetMaxIdleConns(0) // a connection that is kept would hold the only one of SQLite
	return pools, nil
}

type mortalConnector struct {
	pool  *sql.DB
	steps *atomic.Int64
}

func (c mortalConnector) Connect(ctx context.Context) (sqldriver.Conn, error) {
	conn, err := c.pool.Conn(ctx)
	return &mortalConn{conn: conn, steps: c.steps}, err
}

func (c mortalConnector) Driver() sqldriver.Driver { return nil }

// Close closes the pool behind, when the one in front is closed.
func (c mortalConnector) Close() error { return c.pool.Close() }

type mortalConn struct {
	conn  *sql.Conn
	tx    *sql.Tx
	steps *atomic.Int64
}

var (
	_ sqldriver.ExecerContext  = (*mortalConn)(nil)
	_ sqldriver.QueryerContext = (*mortalConn)(nil)
	_ sqldriver.ConnBeginTx    = (*mortalConn)(nil)
)

// step is one more, which the process may not live to see.
func (c *mortalConn) step() {
	if c.steps.Add(-1) == 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

func (c *mortalConn) ExecContext(ctx context.Context, text string, args []sqldriver.NamedValue) (sqldriver.Result, error) {
	c.step()
	if c.tx != nil {
		return c.tx.ExecContext(ctx, text, values(args)...)
	}
	return c.conn.ExecContext(ctx, text, values(args)...)
}

func (c *mortalConn) QueryContext(ctx context.Context, text string, args []sqldriver.NamedValue) (_ sqldriver.Rows, err error) {
	c.step()
	var rows *sql.Rows
	if c.tx != nil {
		rows, err = c.tx.QueryContext(ctx, text, values(args)...)
	} else {
		rows, err = c.conn.QueryContext(ctx, text, values(args)...)
	}
	if err != nil {
		return nil, err
	}
	return mortalRows{rows}, nil
}

func values(args []sqldriver.NamedValue) (all []any) {
	for _, a := range args {
		all = append(all, a.Value)
	}
	return all
}

func (c *mortalConn) BeginTx(ctx context.Context, _ sqldriver.TxOptions) (_ sqldriver.Tx, err error) {
	c.step()
	c.tx, err = c.conn.BeginTx(ctx, nil)
	return c, err
}

func (c *mortalConn) Commit() error {
	c.step()
	defer func() { c.tx = nil }()
	return c.tx.Commit()
}

func (c *mortalConn) Rollback() error {
	c.step()
	defer func() { c.tx = nil }()
	return c.tx.Rollback()
}

func (c *mortalConn) Close() error                           { return c.conn.Close() }
func (c *mortalConn) Begin() (sqldriver.Tx, error)           { return nil, errors.ErrUnsupported }
func (c *mortalConn) Prepare(string) (sqldriver.Stmt, error) { return nil, errors.ErrUnsupported }

type mortalRows struct{ *sql.Rows }

func (r mortalRows) Columns() []string {
	names, _ := r.Rows.Columns() // an error is that of Next too
	return names
}

func (r mortalRows) Next(dest []sqldriver.Value) error {
	if !r.Rows.Next() {
		if err := r.Err(); err != nil {
			return err
		}
		return io.EOF
	}
	places := make([]any, len(dest))
	for i := range dest {
		places[i] = &dest[i]
	}
	return r.Scan(places...)
}
