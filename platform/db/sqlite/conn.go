package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	dbdriver "github.com/banyan-go/banyan/platform/db/driver"
)

// conn is one connection to the file. Like every driver.Conn it serves one goroutine at a time. It keeps its statements prepared: SQLite
// has no server that could, and preparing takes longer than most statements run. In what programs can see it is like a server, so that
// code which is right here is right there:
//
//   - A statement that fails leaves its transaction fit for nothing but a rollback. SQLite itself would go on and commit the rest; or it
//     would, after some errors, roll back on the spot and run what follows outside of any transaction.
//   - No statement runs while the rows of another one are open.
//   - Only BeginTx and its result begin and end transactions. SQLite's own parser refuses the words to everybody else.
//   - No statement attaches another file.
type conn struct {
	raw        *sqlite3.Conn
	statements cache
	guard      *guard
	place      dbdriver.Place // of one that is lent

	begin, commit, rollback *sqlite3.Stmt
	control                 bool  // one of these three is being prepared or run
	denied                  error // why SQLite's parser was told to refuse a statement, where that is not control

	inTx    bool
	failed  error // why the transaction cannot go on
	reading bool  // rows are open
}

var (
	_ driver.ConnBeginTx     = (*conn)(nil)
	_ driver.Tx              = (*conn)(nil)
	_ driver.ExecerContext   = (*conn)(nil)
	_ driver.QueryerContext  = (*conn)(nil)
	_ driver.SessionResetter = (*conn)(nil)
	_ driver.Validator       = (*conn)(nil)
)

// Defects of the code that calls.
var (
	errReading   = errors.New("the rows of an earlier statement are open: read them to the end or close them first")
	errSeveral   = errors.New("the text holds more than one statement: run them one by one")
	errEmpty     = errors.New("the text holds no statement")
	errPrepare   = errors.New("a connection keeps its statements prepared by itself: use Query and Exec")
	errAttach    = errors.New("a database is one file: ATTACH and VACUUM INTO are refused")
	errTxOptions = errors.New("a transaction has no options on SQLite: it is serializable, and it writes")
)

// connect opens a connection to a URI with the settings in it. What guards it may be nil.
func connect(ctx context.Context, uri string, by dbdriver.Guard) (*conn, error) {
	raw, err := sqlite3.OpenContext(ctx, uri)
	if err != nil {
		return nil, err
	}
	c := &conn{raw: raw}
	if by != nil {
		c.guard = &guard{Guard: by}
	}
	err = raw.SetAuthorizer(func(action sqlite3.AuthorizerActionCode, name, second, _, _ string) sqlite3.AuthorizerReturnCode {
		switch {
		case !c.control && (action == sqlite3.AUTH_TRANSACTION || action == sqlite3.AUTH_SAVEPOINT), !c.guard.allows(action, name, second):
			return sqlite3.AUTH_DENY
		case action == sqlite3.AUTH_ATTACH: // which would make a file and write to it, also on a connection that only reads
			c.denied = errAttach
			return sqlite3.AUTH_DENY
		}
		return sqlite3.AUTH_OK
	})
	if err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	return c, nil
}

// Close gives the connection up.
func (c *conn) Close() error {
	return errors.Join(c.statements.close(), c.begin.Close(), c.commit.Close(), c.rollback.Close(), c.raw.Close())
}

// BeginTx takes the lock of the writer at once, so that two transactions never fail each other half-way.
func (c *conn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if o != (driver.TxOptions{}) {
		return nil, errTxOptions
	}
	if err := c.transaction(ctx, &c.begin, "BEGIN IMMEDIATE"); err != nil {
		return nil, c.room(because(ctx, err))
	}
	c.inTx, c.failed = true, nil
	return c, nil
}

// Commit ends the transaction, by a rollback if a statement in it has failed.
func (c *conn) Commit() error {
	if c.failed != nil {
		return errors.Join(dbdriver.Abort(c.failed), c.Rollback())
	}
	if err := c.transaction(context.Background(), &c.commit, "COMMIT"); err != nil {
		return errors.Join(c.room(err), c.Rollback())
	}
	c.inTx = false
	return nil
}

// Rollback ends the transaction, whatever state it is in.
func (c *conn) Rollback() error {
	c.inTx, c.failed = false, nil
	if c.raw.GetAutocommit() {
		return nil // SQLite has done so itself
	}
	return c.transaction(context.Background(), &c.rollback, "ROLLBACK")
}

// transaction runs one of the three statements, and prepares it at its first use.
func (c *conn) transaction(ctx context.Context, s **sqlite3.Stmt, text string) (err error) {
	c.control = true
	c.raw.SetInterrupt(ctx)
	defer func() {
		c.raw.SetInterrupt(context.Background())
		c.control = false
	}()
	if *s == nil {
		if *s, _, err = c.raw.PrepareFlags(text, sqlite3.PREPARE_PERSISTENT); err != nil {
			return err
		}
	}
	return (*s).Exec()
}

// IsValid reports whether the connection may serve somebody else: it is asked whenever it is given back.
func (c *conn) IsValid() bool { return !c.inTx && !c.reading && c.raw.GetAutocommit() }

// ResetSession has nothing to reset. It is there because database/sql would otherwise close a connection after a rollback that the end of
// a context brought about.
func (c *conn) ResetSession(context.Context) error { return nil }

// Ping reads the head of the file.
func (c *conn) Ping(ctx context.Context) error {
	r, err := c.query(ctx, "PRAGMA schema_version", nil)
	if err != nil {
		return err
	}
	return r.Close()
}

// ExecContext runs one statement. Without args the text may hold several, as that of a migration does.
func (c *conn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.ready(); err != nil {
		return nil, err
	}
	c.guard.of(ctx)
	c.raw.SetInterrupt(ctx)
	defer c.raw.SetInterrupt(context.Background())
	c.raw.SetLastInsertRowID(0)
	for {
		s, rest, err := c.prepare(text)
		switch {
		case err != nil:
			return nil, c.fail(ctx, err)
		case s == nil:
			return c.result(), nil
		}
		if rest != "" && len(args) > 0 {
			err = errSeveral
		}
		if err == nil {
			err = s.bind(args)
		}
		if err == nil {
			err = s.Exec()
		}
		s.free()
		if err != nil {
			return nil, c.fail(ctx, err)
		}
		if rest == "" {
			return c.result(), nil
		}
		text = rest
	}
}

func (c *conn) result() driver.Result { return result{c.raw.LastInsertRowID(), c.raw.Changes()} }

type result struct{ inserted, changed int64 }

// LastInsertId returns the rowid of the last row that was inserted, 0 for none.
func (r result) LastInsertId() (int64, error) { return r.inserted, nil }

// RowsAffected returns how many rows the last statement inserted, updated or deleted.
func (r result) RowsAffected() (int64, error) { return r.changed, nil }

// QueryContext runs one statement up to its first row.
func (c *conn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	r, err := c.query(ctx, text, args)
	if err != nil {
		return nil, err // and not r, which would be a nil inside an interface
	}
	return r, nil
}

func (c *conn) query(ctx context.Context, text string, args []driver.NamedValue) (*rows, error) {
	if err := c.ready(); err != nil {
		return nil, err
	}
	c.guard.of(ctx)
	c.raw.SetInterrupt(ctx)
	s, rest, err := c.prepare(text)
	c.raw.SetInterrupt(context.Background())
	switch {
	case err != nil:
		return nil, c.fail(ctx, err)
	case s == nil:
		return nil, c.fail(ctx, errEmpty)
	case rest != "":
		s.free()
		return nil, c.fail(ctx, errSeveral)
	}
	if err := s.bind(args); err != nil {
		s.free()
		return nil, c.fail(ctx, err)
	}
	c.reading = true
	r := &rows{conn: c, statement: s, ctx: ctx}
	if err := r.step(); err != nil {
		_ = r.Close() // it has no error of its own
		return nil, err
	}
	s.describe()
	return r, nil
}

// prepare returns the first statement of a text, nil when there is none, and what follows it, "" when that is comments alone.
func (c *conn) prepare(text string) (s *statement, rest string, err error) {
	key := c.guard.key(text)
	if s := c.statements.get(key); s != nil {
		return s, "", nil
	}
	raw, rest, err := c.raw.PrepareFlags(text, sqlite3.PREPARE_PERSISTENT)
	if err = c.judged(err); err != nil || raw == nil {
		_ = raw.Close() // it has not run
		return nil, "", err
	}
	s = &statement{Stmt: raw, params: raw.BindCount()}
	if rest != "" {
		// An error is not the last word: the first statement may make the table that the second one needs.
		if next, _, err := c.raw.Prepare(rest); err != nil || next != nil {
			return s, rest, next.Close()
		}
	}
	c.statements.put(key, s)
	return s, "", nil
}

// ready returns why no statement can run now.
func (c *conn) ready() error {
	if c.inTx && c.failed != nil {
		return dbdriver.Abort(c.failed)
	}
	if c.reading {
		return c.fail(context.Background(), errReading)
	}
	return nil
}

// fail notes that the transaction, if there is one, cannot go on, and says why a statement was refused.
func (c *conn) fail(ctx context.Context, err error) error {
	err = c.room(because(ctx, err))
	if c.denied != nil && errors.Is(err, sqlite3.AUTH) {
		err = c.denied
	}
	c.denied = nil
	if c.inTx && c.failed == nil {
		c.failed = err
	}
	return err
}

// because adds to the error of a statement that was stopped who has stopped it.
func because(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil && errors.Is(err, sqlite3.INTERRUPT) {
		return fmt.Errorf("%w: %w", ended, err)
	}
	return err
}

// Prepare fails.
func (c *conn) Prepare(string) (driver.Stmt, error) { return nil, errPrepare }

// Begin is BeginTx for callers without a context.
func (c *conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}
