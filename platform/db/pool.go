package db

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"time"

	"gorm.io/gorm"

	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/db/internal/sqltext"
	"github.com/banyan-go/banyan/platform/db/querystat"
)

// pool is what gorm sends its statements through: one per module for reading, and one for each Query inside a transaction. Every
// statement gets its time limit here.
type pool struct {
	handle *Handle
	tx     *tx  // nil outside of transactions
	apart  bool // tx is on another key: statements go past it, and may only read
	behind bool // tx waits for its commit, and statements behind it may only read: see DB.Deferred
	scope  driver.Scope
}

var (
	_ gorm.ConnPool         = (*pool)(nil)
	_ gorm.ConnPoolBeginner = (*pool)(nil)
)

// runner is what *sql.DB and *sql.Tx have in common.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// PrepareContext fails: a prepared statement of gorm's would run outside the transaction.
func (p *pool) PrepareContext(context.Context, string) (*sql.Stmt, error) { return nil, ErrPrepared }

// BeginTx fails, and with it gorm's Begin and Transaction. Gorm would fail without it too, and not say what to do.
func (p *pool) BeginTx(context.Context, *sql.TxOptions) (gorm.ConnPool, error) {
	return nil, ErrControl
}

// ExecContext runs a statement without rows.
func (p *pool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	querystat.Count(ctx, query)
	run, err := p.runner(query)
	if err != nil {
		return nil, p.note(ctx, query, err)
	}
	result, err := run.ExecContext(p.limit(ctx), query, args...)
	return result, p.note(ctx, query, err)
}

// QueryContext runs a statement with rows.
func (p *pool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	querystat.Count(ctx, query)
	run, err := p.runner(query)
	if err != nil {
		return nil, p.note(ctx, query, err)
	}
	rows, err := run.QueryContext(p.limit(ctx), query, args...)
	return rows, p.note(ctx, query, err)
}

// QueryRowContext runs a statement with one row.
func (p *pool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	querystat.Count(ctx, query)
	run, err := p.runner(query)
	if err != nil {
		return refusedRow(ctx, p.note(ctx, query, err))
	}
	row := run.QueryRowContext(p.limit(ctx), query, args...)
	if err := row.Err(); err != nil {
		return refusedRow(ctx, p.note(ctx, query, err))
	}
	return row
}

// runner returns where a statement goes.
func (p *pool) runner(query string) (runner, error) {
	if p.tx != nil && !(p.behind && p.tx.ended()) {
		if p.tx.ended() {
			return nil, ErrEnded
		}
		if p.behind && !sqltext.Reads(query) {
			return nil, ErrOutsideTx // the engine would take it, and does not without a deferral
		}
		if !p.apart {
			return p.tx.sql, nil
		}
	}
	o := p.handle.db.open.Load()
	if o == nil {
		return nil, ErrNotStarted
	}
	return o.Read, nil
}

// note translates the error of a statement, and dooms the transaction with it.
func (p *pool) note(ctx context.Context, query string, err error) error {
	if err == nil {
		return nil
	}
	if p.tx != nil && errors.Is(err, sql.ErrTxDone) {
		err = p.tx.over(err)
	}
	err = translate(p.handle.db.driver, err)
	switch {
	case p.apart && errors.Is(err, ErrOutsideTx):
		err = ErrSecondKey
		p.tx.fail(err)
	case p.behind && errors.Is(err, ErrOutsideTx): // it was not run
	case p.tx != nil && !p.apart:
		p.tx.fail(err)
	}
	p.handle.db.guard.tell(ctx, query, err)
	return err
}

// limit returns the context under which a statement runs.
func (p *pool) limit(ctx context.Context) context.Context {
	d := p.handle.db
	w, isWatched := ctx.(watched)
	if isWatched {
		ctx = w.Context
	}
	if d.guard != nil {
		ctx = driver.WithCaller(ctx, driver.Caller{Module: p.handle.module, Scope: p.scope})
	}
	s := &driver.Statement{Caller: ctx, Watched: isWatched}
	if d.features.PollsContext {
		s.Until, s.Late = time.Now().Add(d.cfg.Statement), d.late
	}
	return s
}

// watched is the context of a statement whose rows gorm does not read itself: who does may forget to close them.
type watched struct{ context.Context }

// watch marks the statements of gorm's Row and Rows.
func watch(tx *gorm.DB) {
	tx.Statement.Context = watched{tx.Statement.Context}
}

// refusedRow returns a *sql.Row whose Scan returns err. Such a row can only come out of database/sql.
func refusedRow(ctx context.Context, err error) *sql.Row {
	refusing := sql.OpenDB(refusal{err})
	defer refusing.Close() //nolint:errcheck // it holds no connection
	return refusing.QueryRowContext(context.WithoutCancel(ctx), "")
}

// refusal is a connector that never connects.
type refusal struct{ err error }

func (r refusal) Connect(context.Context) (sqldriver.Conn, error) { return nil, r.err }
func (r refusal) Driver() sqldriver.Driver                        { return r }
func (r refusal) Open(string) (sqldriver.Conn, error)             { return nil, r.err }
