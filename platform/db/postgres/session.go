package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	dbdriver "github.com/banyan-go/banyan/platform/db/driver"
)

// reader is what database/sql takes for a connection that reads: it borrows one for each statement.
type reader struct{ pool *pool }

var (
	_ driver.QueryerContext = (*reader)(nil)
	_ driver.ExecerContext  = (*reader)(nil)
	_ driver.Pinger         = (*reader)(nil)
)

// QueryContext runs one statement. Its connection comes back when the rows are closed.
func (s *reader) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	ctx = dbdriver.Awaited(ctx)
	var r *rows
	c, err := s.pool.borrow(ctx, func(c *conn) (err error) {
		r, err = c.query(ctx, text, args)
		return err
	})
	if err != nil {
		return nil, err
	}
	r.closed = func() { s.pool.giveBack(c) }
	return r, nil
}

// ExecContext runs a statement whose rows nobody wants.
func (s *reader) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	ctx = dbdriver.Awaited(ctx)
	var result driver.Result
	c, err := s.pool.borrow(ctx, func(c *conn) (err error) {
		result, err = c.exec(ctx, text, args)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.pool.giveBack(c)
	return result, nil
}

// Ping asks the server for an answer.
func (s *reader) Ping(ctx context.Context) error {
	c, err := s.pool.borrow(ctx, func(c *conn) error {
		return c.ping(ctx, s.pool.wait)
	})
	if err != nil {
		return err
	}
	s.pool.giveBack(c)
	return nil
}

// Close has nothing to close.
func (*reader) Close() error { return nil }

// Prepare fails.
func (*reader) Prepare(string) (driver.Stmt, error) { return nil, errPrepare }

// Begin fails: a transaction is for writing, and each statement that reads sees one state of the data.
func (*reader) Begin() (driver.Tx, error) {
	return nil, errors.New("the pool that reads has no transactions")
}

// writers makes the sessions that write.
type writers struct{ pool *pool }

var _ driver.Connector = (*writers)(nil)

// Connect returns a session that writes.
func (w *writers) Connect(context.Context) (driver.Conn, error) { return &writer{pool: w.pool}, nil }

// Driver returns what database/sql wants to see.
func (*writers) Driver() driver.Driver { return noDriver{} }

// writer is what database/sql takes for a connection that writes. It borrows one for each transaction. Migrations, and what
// else runs outside of a transaction, get a connection beside the pool: it may write, has no limits that are for requests, and keeps its settings from one statement to
// the next.
type writer struct {
	pool   *pool
	inTx   bool  // a transaction on a connection of the pool
	tx     *conn // its connection, from its first statement on
	failed error // why it got none
	own    *conn
}

var (
	_ driver.ConnBeginTx     = (*writer)(nil)
	_ driver.Tx              = (*writer)(nil)
	_ driver.QueryerContext  = (*writer)(nil)
	_ driver.ExecerContext   = (*writer)(nil)
	_ driver.SessionResetter = (*writer)(nil)
	_ driver.Validator       = (*writer)(nil)
)

// BeginTx begins a transaction.
func (s *writer) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if o != (driver.TxOptions{}) {
		return nil, errTxOptions
	}
	if s.own == nil && !migrates(ctx) {
		s.inTx = true
		return s, nil
	}
	c, err := s.beside(ctx)
	if err != nil {
		return nil, err
	}
	return s, c.begin()
}

// Commit ends the transaction, by a rollback if a statement in it has failed.
func (s *writer) Commit() error {
	failed := s.failed
	if err := s.finish((*conn).commit); failed == nil {
		return err
	}
	return dbdriver.Abort(failed)
}

// Rollback ends the transaction, whatever state it is in.
func (s *writer) Rollback() error { return s.finish((*conn).rollback) }

func (s *writer) finish(how func(*conn) error) error {
	if !s.inTx {
		return how(s.own)
	}
	c := s.tx
	s.inTx, s.tx, s.failed = false, nil, nil
	if c == nil { // no statement has come so far
		return nil
	}
	defer s.pool.giveBack(c)
	return how(c)
}

// QueryContext runs one statement up to its first row.
func (s *writer) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	ctx = dbdriver.Awaited(ctx)
	var r *rows
	err := s.with(ctx, func(c *conn) (err error) {
		r, err = c.query(ctx, text, args)
		return err
	})
	if err != nil {
		return nil, err // and not r, which would be a nil inside an interface
	}
	return r, nil
}

// ExecContext runs one statement.
func (s *writer) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (result driver.Result, err error) {
	ctx = dbdriver.Awaited(ctx)
	err = s.with(ctx, func(c *conn) (err error) {
		if c == s.own && concurrent(text) {
			result, err = c.execPatiently(ctx, text, args)
		} else {
			result, err = c.exec(ctx, text, args)
		}
		return err
	})
	return result, err
}

// with runs a statement on its connection.
func (s *writer) with(ctx context.Context, run func(*conn) error) error {
	switch {
	case s.failed != nil:
		return dbdriver.Abort(s.failed)
	case s.tx != nil:
		return run(s.tx)
	case s.inTx:
		return s.first(ctx, run)
	}
	c, err := s.beside(ctx)
	if err != nil {
		return err
	}
	return run(c)
}

// first borrows a connection for the first statement of a transaction. When that connection turns out to be gone, nothing has happened that
// would stay, and another one takes its place.
func (s *writer) first(ctx context.Context, run func(*conn) error) error {
	var failed error
	c, err := s.pool.borrow(ctx, func(c *conn) error {
		if err := c.begin(); err != nil {
			return err
		}
		if failed = run(c); failed != nil && c.gone() {
			return failed
		}
		return nil
	})
	if err != nil {
		s.failed = err
		return err
	}
	s.tx = c
	return failed
}

// concurrent reports whether a statement makes, drops or rebuilds an index beside the work of others.
func concurrent(text string) bool {
	word, rest := firstWord(text)
	switch strings.ToUpper(word) {
	case "CREATE", "DROP", "REINDEX":
		words := strings.Fields(rest)
		return slices.ContainsFunc(words[:min(len(words), 4)], func(w string) bool { return strings.EqualFold(w, "CONCURRENTLY") })
	}
	return false
}

// execPatiently runs a statement without the limit of waits for locks. It waits until every transaction has ended that was there before, and
// nobody waits for it meanwhile; and when it fails it leaves an index that is of no use.
func (c *conn) execPatiently(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	var limit string
	if err := c.pgx.QueryRow(ctx, "select current_setting('lock_timeout')").Scan(&limit); err != nil {
		return nil, c.fail(ctx, err)
	}
	if _, err := c.pgx.Exec(ctx, "set lock_timeout = 0"); err != nil {
		return nil, c.fail(ctx, err)
	}
	result, err := c.exec(ctx, text, args)
	if _, back := c.pgx.Exec(context.WithoutCancel(ctx), "set lock_timeout = '"+limit+"'"); err == nil && back != nil {
		err = c.fail(ctx, back)
	}
	return result, err
}

// beside returns the connection beside the pool.
func (s *writer) beside(ctx context.Context) (*conn, error) {
	if s.own == nil {
		cfg := apart(s.pool.cfg)
		if migrates(ctx) {
			cfg.RuntimeParams["lock_timeout"] = migrationLock
		}
		c, err := connect(ctx, cfg)
		if err != nil {
			return nil, err
		}
		c.roles = s.pool.roles
		// What a migration has begun ends with its process, and not when it is done: then the next process finds its locks gone. Some systems do not
		// tell the server that a client is gone; there it is as it would be without the setting.
		_, _ = c.pgx.Exec(ctx, "set client_connection_check_interval = '500ms'")
		s.own = c
	}
	return s.own, nil
}

// migrationLock is how long a statement of a migration waits for a lock: whoever comes after it waits behind it, readers too. The file is tried again.
const migrationLock = "300ms"

// migrates reports whether a statement is one of a migration.
func migrates(ctx context.Context) bool { return dbdriver.CallerOf(ctx).Scope == dbdriver.Migration }

// apart returns settings without the limits that are for requests: the index of a large table takes its time.
func apart(cfg *pgx.ConnConfig) *pgx.ConnConfig {
	c := cfg.Copy()
	for _, name := range []string{"default_transaction_read_only", "statement_timeout", "idle_in_transaction_session_timeout"} {
		delete(c.RuntimeParams, name)
	}
	return c
}

// IsValid gives a connection up that somebody has changed the settings of, whenever it comes back.
func (s *writer) IsValid() bool { return s.own == nil && !s.inTx }

// ResetSession has nothing to reset. It is there because database/sql would otherwise close a connection after a rollback that the end of
// a context brought about.
func (*writer) ResetSession(context.Context) error { return nil }

// Close closes the connection beside the pool.
func (s *writer) Close() error {
	if s.own == nil {
		return nil
	}
	return s.own.Close()
}

// Prepare fails.
func (*writer) Prepare(string) (driver.Stmt, error) { return nil, errPrepare }

// Begin is BeginTx for callers without a context.
func (s *writer) Begin() (driver.Tx, error) {
	return s.BeginTx(context.Background(), driver.TxOptions{})
}
