package clock

import (
	"database/sql"
	"database/sql/driver"
	"encoding"
	"errors"
	"fmt"
	"time"
)

var (
	_ encoding.TextAppender    = Date{}
	_ encoding.TextMarshaler   = Date{}
	_ encoding.TextUnmarshaler = (*Date)(nil)
	_ driver.Valuer            = Date{}
	_ sql.Scanner              = (*Date)(nil)
)

// AppendText appends d as 2006-01-02. It returns an error for a date that is not valid, the zero one among them.
func (d Date) AppendText(b []byte) ([]byte, error) {
	if !d.IsValid() {
		return b, fmt.Errorf("write date: %v", d)
	}
	return d.append(b), nil
}

// MarshalText returns d as AppendText does.
func (d Date) MarshalText() ([]byte, error) { return d.AppendText(nil) }

// UnmarshalText reads what ParseDate reads and returns the same errors. It leaves d alone when it fails.
func (d *Date) UnmarshalText(text []byte) error {
	v, err := parseDate(text)
	if err == nil {
		*d = v
	}
	return err
}

// Value returns d as the string 2006-01-02. It returns an error for a date that is not valid, so that a forgotten field never
// reaches the database as a date of its own.
func (d Date) Value() (driver.Value, error) {
	if !d.IsValid() {
		return nil, fmt.Errorf("store date: %v", d)
	}
	return d.String(), nil
}

// Scan reads a column: text as ParseDate reads it, or a time.Time at midnight in whatever location the driver gave it. A time of day
// is refused rather than cut off, since it means that the column is no date or that the driver moved it to another zone. NULL is
// refused: scan into a *Date where a date may be absent. Scan leaves d alone when it fails.
func (d *Date) Scan(src any) error {
	var v Date
	var err error
	switch src := src.(type) {
	case string:
		v, err = parseDate(src)
	case []byte:
		v, err = parseDate(src)
	case time.Time:
		if h, m, s := src.Clock(); h != 0 || m != 0 || s != 0 || src.Nanosecond() != 0 {
			return errors.New("scan date: the column holds a time of day")
		}
		if v = DateOf(src); v.IsZero() {
			err = ErrDate
		}
	default:
		return fmt.Errorf("scan date: cannot read a column of type %T", src)
	}
	if err != nil {
		return fmt.Errorf("scan date: %w", err)
	}
	*d = v
	return nil
}

// JSONSchema returns the JSON Schema of a date as JSON text.
func (Date) JSONSchema() string { return `{"type":"string","format":"date"}` }
