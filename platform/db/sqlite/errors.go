package sqlite

import (
	"errors"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/banyan-go/banyan/platform/db/driver"
)

// Translate sorts the engine's errors.
func (Driver) Translate(err error) error {
	if kind, columns := sort(err); kind != 0 {
		return &driver.Error{Kind: kind, Columns: columns, Err: err}
	}
	return err
}

func sort(err error) (kind driver.Kind, columns []string) {
	if known, ok := errors.AsType[*driver.Error](err); ok {
		return known.Kind, known.Columns
	}
	switch {
	case errors.Is(err, sqlite3.CONSTRAINT_UNIQUE), errors.Is(err, sqlite3.CONSTRAINT_PRIMARYKEY):
		return driver.Duplicate, violated(err.Error())
	case errors.Is(err, sqlite3.CONSTRAINT_FOREIGNKEY), restricted(err):
		return driver.Foreign, nil
	case errors.Is(err, sqlite3.READONLY):
		return driver.ReadOnly, nil
	case errors.Is(err, sqlite3.AUTH):
		return driver.Control, nil
	case errors.Is(err, sqlite3.BUSY), errors.Is(err, sqlite3.LOCKED):
		return driver.Busy, nil
	case errors.Is(err, sqlite3.FULL):
		return driver.Full, nil
	default:
		return 0, nil
	}
}

// restricted reports whether err is what ON DELETE RESTRICT says, which the engine does by a trigger of its own.
func restricted(err error) bool {
	return errors.Is(err, sqlite3.CONSTRAINT_TRIGGER) && strings.HasSuffix(err.Error(), "FOREIGN KEY constraint failed")
}

// violated reads the columns out of "UNIQUE constraint failed: products.sku, products.name", the only place where the engine names
// them.
func violated(text string) (columns []string) {
	_, list, ok := strings.Cut(text, "constraint failed: ")
	if !ok {
		return nil
	}
	for name := range strings.SplitSeq(list, ", ") {
		_, column, ok := strings.Cut(name, ".")
		if !ok {
			return nil // an index over an expression: it has a name and no columns
		}
		columns = append(columns, column)
	}
	return columns
}
