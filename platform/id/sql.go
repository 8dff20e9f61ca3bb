package id

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
)

var (
	_ driver.Valuer = ID{}
	_ sql.Scanner   = (*ID)(nil)
)

// ErrZero is what Value returns for the zero id.
var ErrZero = errors.New("the zero id is no id: it was never set")

// Value returns the text of id. It returns ErrZero for the zero id, so that none ever reaches a database, neither as a value nor in a
// condition.
func (id ID) Value() (driver.Value, error) {
	if id.IsZero() {
		return nil, ErrZero
	}
	return id.String(), nil
}

// Scan reads a column: the text of an id as string or bytes, or its 16 bytes. NULL and the zero id are refused: scan into an *ID where
// an id may be absent. Scan leaves id alone when it fails.
func (id *ID) Scan(src any) error {
	var v ID
	var err error
	switch src := src.(type) {
	case string:
		v, err = parse(src)
	case []byte:
		if len(src) == len(v) {
			v = ID(src)
			if v.IsZero() {
				err = ErrZero
			}
		} else {
			v, err = parse(src)
		}
	default:
		err = fmt.Errorf("cannot read a column of type %T", src)
	}
	if err != nil {
		return fmt.Errorf("scan id: %w", err)
	}
	*id = v
	return nil
}
