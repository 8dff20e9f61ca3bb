package migratelint

import (
	"fmt"
	"slices"
	"strings"
)

// judge goes over one section of a file.
type judge struct {
	linter   *linter
	file     *file
	schema   *schema
	comments []token // of the statement that is judged
	rebuilt  []string
	changed  []string // tables from before that the statements so far have locked
	wrote    bool     // a statement from before has changed rows
}

func newJudge(l *linter, f *file, section []statement) *judge {
	return &judge{linter: l, file: f, schema: l.schemas[f.dialect], rebuilt: rebuilt(section)}
}

// rebuilt returns the tables that are dropped and then get another under their name.
func rebuilt(section []statement) []string {
	var dropped, again []string
	for _, s := range section {
		for _, a := range actions(s) {
			if a.verb == dropTable {
				dropped = append(dropped, a.table)
			}
			if a.verb == renameTable && slices.Contains(dropped, a.to) {
				again = append(again, a.to)
			}
		}
	}
	return again
}

func (j *judge) report(line int, id, format string, args ...any) {
	j.linter.report(j.file.path, line, id, fmt.Sprintf(format, args...), j.comments)
}

// statement judges the i-th one of the section Up.
func (j *judge) statement(i int, s statement) {
	all := j.begin(i, s)
	if len(all) > 1 && j.file.dialect == SQLite && all[0].verb != dropTable {
		j.report(s.line(), "sqlite-unsupported", "ALTER TABLE with more than one action")
	}
	for _, a := range all {
		j.compatible(a)
		if j.file.dialect == Postgres {
			j.postgres(a)
		} else {
			j.sqlite(a)
		}
		j.schema.apply(a, j.file)
	}
}

// undo judges the i-th one of the section Down, which nobody runs while all is well.
func (j *judge) undo(i int, s statement) { j.begin(i, s) }

// begin judges what holds for both sections, and returns what the statement does.
func (j *judge) begin(i int, s statement) []action {
	j.comments = s.comments
	all := actions(s)
	if j.file.noTransaction && i > 0 {
		j.report(s.line(), "no-transaction", "this is statement %d of a section that is no transaction", i+1)
	}
	j.ends(s)
	if s.tokens[0].is("pragma") && j.file.dialect == SQLite {
		j.report(s.line(), "sqlite-pragma", "PRAGMA in a migration")
	}
	if c := (&cursor{tokens: s.tokens}); j.file.dialect == Postgres && c.has("security", "definer") {
		j.report(s.line(), "security-definer", "a function with the rights of somebody else")
	}
	for _, a := range all {
		j.own(a)
		if a.concurrent && !j.file.noTransaction && j.file.dialect == Postgres {
			j.report(a.line, "concurrently", "%s CONCURRENTLY in a transaction", a.verb)
		}
		if j.file.noTransaction && !repeatable(a) {
			j.report(a.line, "no-transaction", "%s cannot be repeated", a.verb)
		}
	}
	return all
}

// ends looks for lines that goose takes for the end of the statement.
func (j *judge) ends(s statement) {
	if s.whole {
		return
	}
	c := &cursor{tokens: s.tokens}
	if j.file.dialect == SQLite && c.accept("create") && c.has("trigger") && c.has("begin") {
		j.report(s.line(), "statement-begin", "a trigger has statements inside")
		return
	}
	for n, t := range s.tokens {
		lines := strings.Split(t.text, "\n")
		inside := t.kind == literal && slices.ContainsFunc(lines[:len(lines)-1], func(line string) bool { return strings.HasSuffix(strings.TrimSpace(line), ";") })
		lastOfLine := t.is(";") && (n+1 == len(s.tokens) || s.tokens[n+1].line > t.line)
		if inside || lastOfLine {
			j.report(t.line, "statement-begin", "a line inside of the statement ends in ;")
			return
		}
	}
}

// repeatable reports whether an action can run a second time.
func repeatable(a action) bool {
	switch a.verb {
	case createTable, dropTable, createIndex, dropIndex, addColumn, dropColumn, dropConstraint:
		return a.exists
	case renameTable, renameColumn, addConstraint, renameValue:
		return false
	default:
		return true
	}
}

// own refuses what belongs to another module.
func (j *judge) own(a action) {
	named := slices.Concat([]string{a.table, a.to}, a.reads)
	if a.verb == renameColumn {
		named[1] = ""
	}
	for _, name := range named {
		if name != "" && j.foreign(name) {
			j.report(a.line, "foreign-table", "the table %s does not begin with %s_", name, j.linter.module)
		}
	}
	for _, to := range references(a) {
		if j.foreign(to) {
			j.report(a.line, "foreign-key", "a foreign key to %s", to)
		}
	}
}

// foreign reports whether a table is neither the module's nor the database's own.
func (j *judge) foreign(table string) bool {
	return !strings.HasPrefix(table, j.linter.module+"_") && !strings.HasPrefix(table, "pg_") && !strings.HasPrefix(table, "sqlite_")
}

// references are the tables that foreign keys of an action lead to.
func references(a action) []string {
	var all []string
	for _, c := range a.columns {
		all = append(all, c.references)
	}
	for _, k := range a.keys {
		all = append(all, k.references)
	}
	return slices.DeleteFunc(all, func(name string) bool { return name == "" })
}

// existed reports whether the table of an action was there before this file.
func (j *judge) existed(a action) bool {
	return a.table != "" && a.verb != createTable && !j.schema.fresh(a.table, j.file)
}

// compatible judges what holds for both dialects: the program of yesterday goes on, and names are names everywhere.
func (j *judge) compatible(a action) {
	for _, name := range identifiers(a) {
		if len(name) > 63 {
			j.report(a.line, "identifier-length", "the name %s has %d bytes", name, len(name))
		}
	}
	if a.cascade {
		j.report(a.line, "cascade", "%s with CASCADE", a.verb)
	}
	if a.verb == createTable && len(a.columns) > 0 && len(primaryKey(a)) == 0 {
		j.report(a.line, "primary-key", "%s has no primary key", a.table)
	}
	if a.verb == renameValue {
		j.report(a.line, "rename", "a value of the enum %s gets another name", a.name)
	}
	if !j.existed(a) {
		return
	}
	switch a.verb {
	case renameTable:
		j.report(a.line, "rename", "%s is renamed to %s", a.table, a.to)
	case renameColumn:
		j.report(a.line, "rename", "%s.%s is renamed to %s", a.table, a.name, a.to)
	case dropTable:
		j.drop(a, "the table "+a.table)
	case dropColumn:
		j.drop(a, "the column "+a.table+"."+a.name)
	case addColumn:
		if c := a.columns[0]; c.notNull && !c.primary && !c.stored && !isSerial(c.typ) && (c.value == nil || text(c.value) == "null") {
			j.report(a.line, "not-null-column", "%s.%s is NOT NULL and has no default", a.table, a.name)
		}
	}
}

// drop judges what takes something away.
func (j *judge) drop(a action, what string) {
	if a.verb == dropTable && j.file.dialect == SQLite && slices.Contains(j.rebuilt, a.table) {
		j.report(a.line, "sqlite-rebuild", "%s is copied, dropped and replaced", what)
		return
	}
	for _, why := range directives(slices.Concat(j.file.header, j.comments), "contract") {
		if why.text != "" {
			return
		}
	}
	j.report(a.line, "drop", "%s goes", what)
}

// identifiers are the names that an action makes.
func identifiers(a action) []string {
	all := []string{a.to}
	if a.verb == createTable {
		all = append(all, a.table)
	}
	for _, c := range a.columns {
		all = append(all, c.name)
	}
	for _, ix := range a.indexes {
		all = append(all, ix.name)
	}
	for _, k := range a.keys {
		all = append(all, k.name)
	}
	return all
}

// primaryKey returns the columns of the primary key of a new table.
func primaryKey(a action) []string {
	for _, c := range a.columns {
		if c.primary {
			return []string{c.name}
		}
	}
	for _, k := range a.keys {
		if k.kind == "primary key" {
			return k.columns
		}
	}
	return nil
}

func isSerial(typ string) bool { return strings.Contains(typ, "serial") }
