package sqlite

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// statement is a prepared statement and what is known of it.
type statement struct {
	*sqlite3.Stmt
	params int
	kept   bool   // by the cache: free does not close it
	used   uint64 // when, by the cache's clock

	columns  []column
	values   []any // one row
	prepared int   // what described returned when columns was read
}

type column struct {
	name string
	kind kind
}

// kind is what the declared type of a column adds to the type of its values: SQLite itself has neither booleans nor times.
type kind uint8

const (
	plain kind = iota
	boolean
	instant
)

// describe reads what the columns are, again when SQLite had to prepare the statement anew: the schema has changed then, and a `*`
// may stand for other columns. It is right after the first step only.
func (s *statement) describe() {
	prepared := 1 + s.Status(sqlite3.STMTSTATUS_REPREPARE, false)
	if s.prepared == prepared {
		return
	}
	s.prepared = prepared
	s.columns = make([]column, s.ColumnCount())
	s.values = make([]any, len(s.columns))
	for i := range s.columns {
		s.columns[i] = column{name: s.ColumnName(i), kind: kindOf(s.ColumnDeclType(i))}
	}
}

func kindOf(declared string) kind {
	switch strings.ToUpper(declared) {
	case "BOOLEAN":
		return boolean
	case "DATETIME", "TIMESTAMP":
		return instant
	default:
		return plain
	}
}

// bind sets the parameters: one value for each, by its place.
func (s *statement) bind(args []driver.NamedValue) error {
	if len(args) != s.params {
		return fmt.Errorf("the statement has %d parameters and got %d values", s.params, len(args))
	}
	for _, arg := range args {
		if arg.Name != "" {
			return fmt.Errorf("parameter %s has a name: parameters go by their place", arg.Name)
		}
		if err := s.bindValue(arg.Ordinal, arg.Value); err != nil {
			return fmt.Errorf("parameter %d: %w", arg.Ordinal, err)
		}
	}
	return nil
}

func (s *statement) bindValue(at int, value any) error {
	switch v := value.(type) {
	case nil:
		return s.BindNull(at)
	case int64:
		return s.BindInt64(at, v)
	case float64:
		return s.BindFloat(at, v)
	case bool:
		return s.BindBool(at, v)
	case string:
		return s.BindText(at, v)
	case []byte:
		return s.BindBlob(at, v)
	case time.Time:
		text, err := writeTime(v)
		if err != nil {
			return err
		}
		return s.BindText(at, text)
	default: // database/sql passes no other types
		return fmt.Errorf("cannot store a %T", v)
	}
}

// free makes the statement ready for its next use, or closes it when there is none.
func (s *statement) free() {
	_ = s.Reset() // it repeats the error of the last step
	if s.params > 0 {
		_ = s.ClearBindings() // large values would stay in memory; it cannot fail
	}
	if !s.kept {
		_ = s.Close()
	}
}
