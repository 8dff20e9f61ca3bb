package db

import (
	"context"
	"database/sql"
	"fmt"
	"runtime"
	"time"

	"github.com/banyan-go/banyan/platform/db/driver"
)

// Result is what one statement has returned.
type Result struct {
	Columns []string
	Rows    [][]any
	// More says that there were more rows than were asked for.
	More bool
	// Changed is how many rows a statement has changed that returns none, -1 where the engine did not say.
	Changed int64
}

// Way is how Run runs a statement.
type Way uint8

// The ways.
const (
	Reading  Way = iota // on the connections that read: the engine refuses a write
	Writing             // in a transaction of its own, for the rows that it returns
	Changing            // in a transaction of its own, for the number of rows that it changes
)

// Run runs one statement that a person has typed, for the whole database and no module, within db.statement_timeout. It returns at most so many
// rows, all of them for 0. The error is that of the engine, a *driver.Error where its meaning is known; ErrNotStarted before Start.
func (d *DB) Run(ctx context.Context, way Way, text string, most int) (r Result, err error) {
	o := d.open.Load()
	if o == nil {
		return r, ErrNotStarted
	}
	limited := ctx
	if d.features.PollsContext {
		late := fmt.Errorf("the statement was stopped at its limit of %s (db.statement_timeout)", d.cfg.Statement)
		limited = &driver.Statement{Caller: ctx, Until: time.Now().Add(d.cfg.Statement), Late: late}
	}
	if way == Reading {
		r, err = read(limited, o.Read, text, most)
		return r, d.driver.Translate(err)
	}
	var caller [1]uintptr
	runtime.Callers(1, caller[:])
	err = call{db: d, key: Global, caller: caller[0], ctx: ctx}.transact(func(ctx context.Context) (err error) {
		tx := current(ctx, d).sql
		if way == Writing {
			r, err = read(limited, tx, text, most)
		} else {
			r, err = change(limited, tx, text)
		}
		return err
	})
	return r, d.driver.Translate(err)
}

func change(ctx context.Context, on runner, text string) (Result, error) {
	result, err := on.ExecContext(ctx, text)
	if err != nil {
		return Result{}, err
	}
	n, err := result.RowsAffected()
	return Result{Changed: n}, err
}

func read(ctx context.Context, on runner, text string, most int) (r Result, err error) {
	r.Changed = -1
	rows, err := on.QueryContext(ctx, text)
	if err != nil {
		return r, err
	}
	defer rows.Close() //nolint:errcheck // its error is that of rows.Err, or of rows that nobody wants
	if r.Columns, err = rows.Columns(); err != nil {
		return r, err
	}
	for rows.Next() {
		if r.More = most > 0 && len(r.Rows) == most; r.More {
			return r, nil
		}
		row, err := values(rows, len(r.Columns))
		if err != nil {
			return r, err
		}
		r.Rows = append(r.Rows, row)
	}
	return r, rows.Err()
}

// values reads a row as the driver returns it.
func values(rows *sql.Rows, n int) ([]any, error) {
	row, into := make([]any, n), make([]any, n)
	for i := range row {
		into[i] = &row[i]
	}
	return row, rows.Scan(into...)
}
