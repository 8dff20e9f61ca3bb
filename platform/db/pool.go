package db

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
)

// pool is what gorm sends its statements through: one per module for reading, and one per module in each transaction. It has
// neither BeginTx nor Commit, which takes gorm's own transactions away. Every statement gets its time limit here.
type pool struct {
	handle *Handle
	tx     *tx // nil for reading
}

var _ gorm.ConnPool = (*pool)(nil)

// runner is what *sql.DB and *sql.Tx have in common.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// PrepareContext fails: a prepared statement of gorm's would run outside the transaction.
func (p *pool) PrepareContext(context.Context, string) (*sql.Stmt, error) { return nil, ErrPrepared }

func (p *pool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	run, err := p.runner(query)
	if err != nil {
		return nil, p.note(err)
	}
	result, err := run.ExecContext(p.limit(ctx), query, args...)
	return result, p.note(err)
}

func (p *pool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	run, err := p.runner(query)
	if err != nil {
		return nil, p.note(err)
	}
	rows, err := run.QueryContext(p.limit(ctx), query, args...)
	return rows, p.note(err)
}

func (p *pool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	run, err := p.runner(query)
	if err != nil {
		return refusedRow(ctx, p.note(err))
	}
	row := run.QueryRowContext(p.limit(ctx), query, args...)
	_ = p.note(row.Err())
	return row
}

// runner returns where a statement goes.
func (p *pool) runner(query string) (runner, error) {
	if word := controlWord(query); word != "" {
		return nil, fmt.Errorf("%s is not for modules: use Handle.Tx", word)
	}
	if p.tx != nil {
		if p.tx.ended.Load() {
			return nil, ErrEnded
		}
		return p.tx.sql, nil
	}
	o := p.handle.db.open.Load()
	if o == nil {
		return nil, ErrNotStarted
	}
	return o.Read, nil
}

// note dooms the transaction when a statement in it fails.
func (p *pool) note(err error) error {
	if err != nil && p.tx != nil {
		p.tx.fail(err)
	}
	return err
}

func (p *pool) limit(ctx context.Context) context.Context {
	return &limited{Context: ctx, until: time.Now().Add(p.handle.db.cfg.Statement)}
}

// controlWord returns the first word of a statement that would begin or end a transaction, and "" for every other statement.
func controlWord(query string) string {
	query = strings.TrimLeft(query, " \t\r\n;")
	if query == "" || !strings.ContainsRune("bcersBCERS", rune(query[0])) {
		return ""
	}
	word := query
	if i := strings.IndexFunc(query, func(r rune) bool { return (r|0x20) < 'a' || (r|0x20) > 'z' }); i >= 0 {
		word = query[:i]
	}
	switch word = strings.ToUpper(word); word {
	case "BEGIN", "START", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE":
		return word
	default:
		return ""
	}
}

// refusedRow returns a *sql.Row whose Scan returns err. Such a row can only come out of database/sql.
func refusedRow(ctx context.Context, err error) *sql.Row {
	refusing := sql.OpenDB(refusal{err})
	defer refusing.Close() //nolint:errcheck // it holds no connection
	return refusing.QueryRowContext(ctx, "")
}

// refusal is a connector that never connects.
type refusal struct{ err error }

func (r refusal) Connect(context.Context) (sqldriver.Conn, error) { return nil, r.err }
func (r refusal) Driver() sqldriver.Driver                        { return r }
func (r refusal) Open(string) (sqldriver.Conn, error)             { return nil, errors.ErrUnsupported }
