package sqlite

import (
	"context"
	"database/sql/driver"
	"io"
)

// rows is the result of a statement that has made its first step.
type rows struct {
	conn      *conn
	statement *statement
	ctx       context.Context
	stepped   bool // a step was made, and Next has not told of it yet
	more      bool // the last step led to a row
	names     []string
	closed    func() // called at the end; may be nil
}

func (r *rows) step() error {
	r.conn.raw.SetInterrupt(r.ctx)
	r.more, r.stepped = r.statement.Step(), true
	r.conn.raw.SetInterrupt(context.Background())
	if err := r.statement.Err(); err != nil {
		return r.conn.fail(r.ctx, err)
	}
	return nil
}

// Columns returns the names. They are the caller's own: gorm writes into them.
func (r *rows) Columns() []string {
	if r.names == nil {
		r.names = make([]string, len(r.statement.columns))
		for i, column := range r.statement.columns {
			r.names[i] = column.name
		}
	}
	return r.names
}

// Next reads a row into dest, and returns io.EOF behind the last one.
func (r *rows) Next(dest []driver.Value) error {
	if !r.stepped {
		if err := r.step(); err != nil {
			return err
		}
	}
	if !r.more {
		return io.EOF // stepped stays: another step would begin from the start
	}
	r.stepped = false
	s := r.statement
	clear(s.values) // it would be written into what the last row has returned
	if err := s.Columns(s.values...); err != nil {
		return r.conn.fail(r.ctx, err)
	}
	for i, v := range s.values {
		dest[i] = s.columns[i].kind.read(v)
	}
	return nil
}

// read turns a value of SQLite's into what its column was declared as. What does not look like that stays as it is.
func (k kind) read(v any) any {
	switch v := v.(type) {
	case int64:
		if k == boolean && (v == 0 || v == 1) {
			return v == 1
		}
	case string:
		if k == instant {
			return readTime(v)
		}
	case []byte:
		if v == nil { // which is how the library returns an empty one; NULL has no type
			return []byte{}
		}
	}
	return v
}

// Close frees the statement. It returns no error: that of the last step was returned by the step.
func (r *rows) Close() error {
	r.statement.free()
	r.conn.reading = false
	if r.closed != nil {
		r.closed()
	}
	return nil
}
