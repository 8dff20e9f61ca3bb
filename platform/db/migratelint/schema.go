package migratelint

import "slices"

// schema is what the migrations have made so far.
type schema struct {
	tables  map[string]*table
	indexes map[string]index // by name
}

type table struct {
	name    string
	file    *file // that made it
	line    int
	columns []column
	keys    []constraint
	valid   map[string]bool // the names of constraints that have been validated after they were added
}

func newSchema() *schema { return &schema{tables: map[string]*table{}, indexes: map[string]index{}} }

// fresh reports whether a table was made in this file: nothing is in it, and nobody waits for it.
func (s *schema) fresh(name string, f *file) bool {
	t := s.tables[name]
	return t != nil && t.file == f
}

func (t *table) column(name string) *column {
	if t == nil {
		return nil
	}
	i := slices.IndexFunc(t.columns, func(c column) bool { return c.name == name })
	if i < 0 {
		return nil
	}
	return &t.columns[i]
}

// checked reports whether a constraint that has been validated says that a column is not null.
func (t *table) checked(column string) bool {
	return t != nil && slices.ContainsFunc(t.keys, func(k constraint) bool { return k.notNull == column && (!k.notValid || t.valid[k.name]) })
}

// apply makes the change.
func (s *schema) apply(a action, f *file) {
	t := s.tables[a.table]
	switch a.verb {
	case createTable:
		if t == nil || !a.exists {
			s.tables[a.table] = &table{name: a.table, file: f, line: a.line, columns: a.columns, keys: a.keys, valid: map[string]bool{}}
		}
	case dropTable:
		delete(s.tables, a.table)
		for name, ix := range s.indexes {
			if ix.table == a.table {
				delete(s.indexes, name)
			}
		}
	case createIndex:
		ix := a.indexes[0]
		ix.file = f
		s.indexes[a.name] = ix
	case dropIndex:
		delete(s.indexes, a.name)
	}
	if t != nil {
		s.alter(t, a, f)
	}
}

// alter makes a change of a table that is known.
func (s *schema) alter(t *table, a action, f *file) {
	switch a.verb {
	case renameTable:
		delete(s.tables, t.name)
		t.name = a.to
		s.tables[a.to] = t
		for name, ix := range s.indexes {
			if ix.table == a.table {
				ix.table = a.to
				s.indexes[name] = ix
			}
		}
	case addColumn:
		if t.column(a.name) == nil {
			c := a.columns[0]
			c.file = f
			t.columns = append(t.columns, c)
		}
	case dropColumn:
		t.columns = slices.DeleteFunc(t.columns, func(c column) bool { return c.name == a.name })
		for name, ix := range s.indexes {
			if ix.table == t.name && slices.Contains(ix.columns, a.name) {
				delete(s.indexes, name) // as PostgreSQL does; SQLite wants it dropped before
			}
		}
	case renameColumn:
		if c := t.column(a.name); c != nil {
			c.name = a.to
		}
		for _, ix := range s.indexes {
			if i := slices.Index(ix.columns, a.name); ix.table == t.name && i >= 0 {
				ix.columns[i] = a.to
			}
		}
	case alterType:
		if c := t.column(a.name); c != nil {
			c.typ = a.typ
		}
	case setNotNull:
		if c := t.column(a.name); c != nil {
			c.notNull = true
		}
	case addConstraint:
		k := a.keys[0]
		k.file = f
		t.keys = append(t.keys, k)
	case dropConstraint:
		t.keys = slices.DeleteFunc(t.keys, func(k constraint) bool { return k.name == a.name })
	case validate:
		t.valid[a.name] = true
	}
}
