package migratelint

import (
	"slices"
	"strings"
)

// sqlite judges what SQLite refuses, and what it does in silence.
func (j *judge) sqlite(a action) {
	switch a.verb {
	case createTable:
		j.newTable(a)
	case alterType, setNotNull, alterColumn, addConstraint, dropConstraint, validate, truncate:
		j.report(a.line, "sqlite-unsupported", "SQLite has no %s", a.verb)
	case createIndex, dropIndex:
		if a.concurrent {
			j.report(a.line, "sqlite-unsupported", "SQLite has no CONCURRENTLY")
		}
	case addColumn:
		j.addedColumn(a, a.columns[0])
	case dropColumn:
		if a.exists {
			j.report(a.line, "sqlite-unsupported", "SQLite has no DROP COLUMN IF EXISTS")
		}
	}
}

func (j *judge) newTable(a action) {
	if a.strict {
		j.report(a.line, "sqlite-strict", "%s is STRICT", a.table)
	}
	key := primaryKey(a)
	for _, c := range a.columns {
		rowID := c.typ == "integer" && len(key) == 1
		if slices.Contains(key, c.name) && !c.notNull && !rowID {
			j.report(c.line, "sqlite-key-null", "the key %s.%s may be NULL", a.table, c.name)
		}
	}
}

func (j *judge) addedColumn(a action, c column) {
	switch {
	case a.exists:
		j.report(a.line, "sqlite-unsupported", "SQLite has no ADD COLUMN IF NOT EXISTS")
	case c.primary, c.unique:
		j.report(a.line, "sqlite-unsupported", "SQLite adds no column that is UNIQUE or a PRIMARY KEY")
	case c.stored:
		j.report(a.line, "sqlite-unsupported", "SQLite adds no STORED column")
	case changing(c.value):
		j.report(a.line, "sqlite-unsupported", "SQLite adds no column with a default that is no constant")
	}
}

// changing reports whether a default is computed.
func changing(value []token) bool {
	return len(value) > 0 && (value[0].is("(") || strings.HasPrefix(text(value), "current_"))
}
