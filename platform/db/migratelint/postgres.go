package migratelint

import (
	"slices"
	"strconv"
	"strings"
)

// postgres judges what makes others wait, and types that are regretted later.
func (j *judge) postgres(a action) {
	j.types(a)
	switch {
	case a.verb == dropIndex || a.verb == reindex:
		if !a.concurrent && !j.schema.fresh(j.schema.indexes[a.name].table, j.file) {
			j.report(a.line, "index-lock", "%s %s without CONCURRENTLY", a.verb, a.name)
		}
	case !j.existed(a):
		if a.verb == write {
			j.backfill(a)
		}
	default:
		j.locks(a)
		j.existing(a)
	}
}

// existing judges a change of a table that was there before.
func (j *judge) existing(a action) {
	t := j.schema.tables[a.table]
	switch a.verb {
	case createIndex:
		if !a.concurrent {
			j.report(a.line, "index-lock", "CREATE INDEX on %s without CONCURRENTLY", a.table)
		}
	case addColumn:
		j.newColumn(a, a.columns[0])
	case setNotNull:
		if !t.checked(a.name) {
			j.report(a.line, "set-not-null", "%s.%s becomes NOT NULL", a.table, a.name)
		}
	case alterType:
		if c := t.column(a.name); c == nil || !widens(c.typ, a.typ) {
			j.report(a.line, "column-type", "%s.%s becomes %s", a.table, a.name, a.typ)
		}
	case addConstraint:
		j.newConstraint(a, a.keys[0])
	}
}

func (j *judge) newColumn(a action, c column) {
	column := a.table + "." + c.name
	if c.stored || isSerial(c.typ) || volatile(c.value) {
		j.report(a.line, "column-rewrite", "the values of %s are computed for each row", column)
	}
	if c.check || c.references != "" {
		j.report(a.line, "not-valid", "%s comes with a constraint that all rows are looked at for", column)
	}
	if c.unique || c.primary {
		j.report(a.line, "unique-index", "%s comes with an index", column)
	}
}

func (j *judge) newConstraint(a action, k constraint) {
	switch k.kind {
	case "check", "foreign key":
		if !k.notValid {
			j.report(a.line, "not-valid", "a %s on %s without NOT VALID", strings.ToUpper(k.kind), a.table)
		}
	case "unique", "primary key":
		if k.usingIndex == "" {
			j.report(a.line, "unique-index", "%s on %s without USING INDEX", strings.ToUpper(k.kind), a.table)
		}
	}
}

// volatile reports whether a default is computed anew for each row: a call of a function that is not known to keep its value.
func volatile(value []token) bool {
	stable := []string{"now", "transaction_timestamp", "statement_timestamp", "lower", "upper", "jsonb_build_object", "jsonb_build_array", "array", "numeric", "varchar", "char", "cast"}
	for i, t := range value {
		if i+1 < len(value) && (t.kind == word || t.kind == quoted) && value[i+1].is("(") && !slices.Contains(stable, strings.ToLower(t.text)) {
			return true
		}
	}
	return false
}

// widens reports whether a change of type leaves the rows as they are.
func widens(from, to string) bool {
	was, isVarchar := varchar(from)
	if !isVarchar {
		return false
	}
	if to == "text" {
		return true
	}
	becomes, isVarchar := varchar(to)
	return isVarchar && becomes >= was
}

// varchar returns the length of a type that is one.
func varchar(typ string) (length int, ok bool) {
	for _, name := range []string{"varchar", "character varying"} {
		if rest, found := strings.CutPrefix(typ, name); found {
			if rest == "" {
				return 1 << 30, true
			}
			n, err := strconv.Atoi(strings.Trim(rest, "() "))
			return n, err == nil
		}
	}
	return 0, false
}

// locks judges what is held together until the transaction ends.
func (j *judge) locks(a action) {
	if j.file.noTransaction {
		return
	}
	if a.verb == write {
		j.backfill(a)
		return
	}
	if a.verb == other {
		return
	}
	if a.verb == validate && slices.Contains(j.changed, a.table) {
		j.report(a.line, "validate-together", "%s is validated while %s is locked", a.name, a.table)
	}
	if len(j.changed) > 0 && !slices.Contains(j.changed, a.table) {
		j.report(a.line, "locks-together", "%s is changed in one transaction with %s", a.table, j.changed[0])
	}
	if j.wrote {
		j.report(a.line, "backfill", "%s is changed behind a change of rows", a.table)
	}
	j.changed = append(j.changed, a.table)
}

func (j *judge) backfill(a action) {
	if len(j.changed) > 0 && !j.file.noTransaction {
		j.report(a.line, "backfill", "rows of %s are changed while %s is locked", a.table, j.changed[0])
	}
	j.wrote = true
}

// types judges the types of new columns.
func (j *judge) types(a action) {
	columns := a.columns
	if a.verb == alterType {
		columns = []column{{name: a.name, typ: a.typ}}
	}
	for _, c := range columns {
		line := max(c.line, a.line)
		switch {
		case c.typ == "json" || strings.HasPrefix(c.typ, "json["):
			j.report(line, "json-type", "%s.%s is json", a.table, c.name)
		case strings.HasPrefix(c.typ, "timestamp") && !strings.HasPrefix(c.typ, "timestamptz") && !strings.Contains(c.typ, "with time zone"):
			j.report(line, "timestamp-type", "%s.%s is a timestamp without a time zone", a.table, c.name)
		case c.primary && isSmall(c.typ), a.verb == createTable && slices.Equal(primaryKey(a), []string{c.name}) && isSmall(c.typ):
			j.report(line, "int-key", "the key %s.%s is %s", a.table, c.name, c.typ)
		}
	}
}

func isSmall(typ string) bool {
	return slices.Contains([]string{"int", "int2", "int4", "integer", "smallint", "serial", "serial2", "serial4", "smallserial"}, typ)
}
