package migratelint

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// place is where something was made.
type place struct {
	file *file
	line int
}

// parity compares what the two dialects have in the end.
func (l *linter) parity() {
	for _, d := range []Dialect{Postgres, SQLite} {
		here, there := l.files[d], l.files[d.other()]
		for _, f := range here {
			if !l.broken && !slices.ContainsFunc(there, func(o *file) bool { return path.Base(o.path) == path.Base(f.path) }) {
				l.report(f.path, 1, "dialect-parity", "there is no "+string(d.other())+"/"+path.Base(f.path), f.header)
			}
		}
	}
	if l.broken {
		return // the difference is known already
	}
	for _, d := range []Dialect{Postgres, SQLite} {
		here, there := l.parts(d), l.parts(d.other())
		for _, what := range slices.Sorted(maps.Keys(here)) {
			if _, ok := there[what]; ok || hidden(what, there) {
				continue
			}
			at := here[what]
			l.report(at.file.path, at.line, "dialect-parity", d.other().title()+" has no "+what, at.file.commentsAt(at.line))
		}
	}
}

func (d Dialect) other() Dialect {
	if d == SQLite {
		return Postgres
	}
	return SQLite
}

func (d Dialect) title() string {
	if d == SQLite {
		return "SQLite"
	}
	return "PostgreSQL"
}

// hidden reports whether a part is missing because its whole table is.
func hidden(what string, there map[string]place) bool {
	_, rest, ok := strings.Cut(what, " of ")
	if !ok {
		return false
	}
	_, known := there["table "+rest]
	return !known
}

// parts are what a schema consists of, in words.
func (l *linter) parts(d Dialect) map[string]place {
	s, all := l.schemas[d], map[string]place{}
	for name, t := range s.tables {
		all["table "+name] = place{t.file, t.line}
		for _, c := range t.columns {
			all["column "+c.name+" of "+name] = t.place(c.line, c.file)
			if c.unique {
				all["unique constraint ("+c.name+") of "+name] = t.place(c.line, c.file)
			}
		}
		for _, k := range t.keys {
			if k.kind == "unique" && k.usingIndex == "" {
				all["unique constraint ("+strings.Join(k.columns, ", ")+") of "+name] = t.place(k.line, k.file)
			}
		}
	}
	for name, ix := range s.indexes {
		what := "index "
		if ix.unique {
			what = "unique index "
		}
		all[what+name+" ("+strings.Join(ix.columns, ", ")+") of "+ix.table] = place{ix.file, ix.line}
	}
	return all
}

func (t *table) place(line int, f *file) place {
	if f == nil {
		f = t.file
	}
	return place{f, line}
}

// commentsAt returns the comments of the statement that a line is in.
func (f *file) commentsAt(line int) []token {
	for _, s := range f.up {
		if s.line() <= line && line <= s.tokens[len(s.tokens)-1].end {
			return slices.Concat(f.header, s.comments)
		}
	}
	return f.header
}
