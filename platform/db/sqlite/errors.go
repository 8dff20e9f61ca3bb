package sqlite

import (
	"errors"
	"strings"

	"github.com/ncruces/go-sqlite3"

	dbdriver "github.com/banyan-go/banyan/platform/db/driver"
)

// Translate sorts the engine's errors.
func (Driver) Translate(err error) error {
	switch {
	case errors.Is(err, sqlite3.CONSTRAINT_UNIQUE), errors.Is(err, sqlite3.CONSTRAINT_PRIMARYKEY):
		table, columns := violated(err.Error())
		return &dbdriver.Duplicate{Table: table, Columns: columns, Err: err}
	case errors.Is(err, sqlite3.CONSTRAINT_FOREIGNKEY):
		return &dbdriver.Foreign{Err: err}
	case errors.Is(err, sqlite3.READONLY):
		return &dbdriver.ReadOnly{Err: err}
	case errors.Is(err, sqlite3.BUSY), errors.Is(err, sqlite3.LOCKED), errors.Is(err, sqlite3.INTERRUPT):
		return &dbdriver.Busy{Err: err}
	default:
		return err
	}
}

// violated reads table and columns out of "UNIQUE constraint failed: products.sku, products.name", the only place where the
// engine names them.
func violated(text string) (table string, columns []string) {
	_, list, ok := strings.Cut(text, "constraint failed: ")
	if !ok {
		return "", nil
	}
	for name := range strings.SplitSeq(list, ", ") {
		t, column, ok := strings.Cut(name, ".")
		if !ok {
			return "", nil // an index over an expression: it has a name and no columns
		}
		table, columns = t, append(columns, column)
	}
	return table, columns
}
