package resource

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/banyan-go/banyan/generator/field"
)

// column is one column of the table, in both dialects.
type column struct {
	name             string
	sqlite, postgres string // the type
	null             bool
	check            string // the condition of a check in SQLite
	checkPostgres    string
	references       string // the table that a foreign key leads to
}

// tables writes the lines of CREATE TABLE.
func (v *View) tables(fields []field.Field) {
	columns := []column{{name: "id", sqlite: "TEXT", postgres: "uuid"}}
	if v.ShardKey != nil {
		columns = slices.Insert(columns, 0, column{name: "bucket", sqlite: "INTEGER", postgres: "smallint"})
	}
	for _, f := range fields {
		columns = append(columns, v.code(f).sqlColumns()...)
	}
	columns = append(columns,
		column{name: "version", sqlite: "INTEGER", postgres: "bigint"},
		column{name: "created_at", sqlite: "DATETIME", postgres: "timestamptz"},
		column{name: "updated_at", sqlite: "DATETIME", postgres: "timestamptz"},
	)
	if v.SoftDelete {
		columns = append(columns, column{name: "deleted_at", sqlite: "DATETIME", postgres: "timestamptz", null: true})
	}
	v.SQLite = v.lines(columns, func(c column) (string, string) { return c.sqlite, c.check })
	v.Postgres = v.lines(columns, func(c column) (string, string) { return c.postgres, c.checkPostgres })
}

// lines aligns the columns.
func (v *View) lines(columns []column, dialect func(column) (typ, check string)) []string {
	var names, types int
	for _, c := range columns {
		typ, _ := dialect(c)
		names, types = max(names, len(c.name)), max(types, len(typ))
	}
	var out []string
	for i, c := range columns {
		typ, check := dialect(c)
		line := fmt.Sprintf("%-*s %-*s", names, c.name, types, typ)
		if !c.null {
			line += " NOT NULL"
		}
		if c.name == "id" && v.ShardKey == nil {
			line += " PRIMARY KEY"
		}
		if check != "" {
			line += " CHECK (" + check + ")"
		}
		if c.references != "" {
			line += " REFERENCES " + c.references + " (id) ON DELETE RESTRICT"
		}
		line = strings.TrimRight(line, " ")
		if i < len(columns)-1 || v.ShardKey != nil {
			line += ","
		}
		out = append(out, line)
	}
	if v.ShardKey != nil {
		out = append(out, "PRIMARY KEY (bucket, id)")
	}
	if v.foreignKey != "" {
		out[len(out)-1] += ","
		out = append(out, v.foreignKey)
	}
	return out
}

func (c code) sqlColumns() []column {
	one := column{name: c.Name.Snake, null: c.Null}
	if c.Secret {
		one.sqlite, one.postgres = "BLOB", "bytea"
		return []column{one}
	}
	switch c.Type {
	case field.Image, field.File:
		return c.uploadColumns()
	case field.Money:
		return []column{
			{name: one.name + "_amount", sqlite: "INTEGER", postgres: "bigint", null: c.Null},
			{name: one.name + "_currency", sqlite: "TEXT", postgres: "char(3)", null: c.Null},
		}
	case field.Text, field.Password:
		one.sqlite, one.postgres = "TEXT", "text"
	case field.JSON:
		one.sqlite, one.postgres = "TEXT", "jsonb"
	case field.Bytes:
		one.sqlite, one.postgres = "BLOB", "bytea"
	case field.Int:
		one.sqlite, one.postgres = "INTEGER", "integer"
	case field.Int64:
		one.sqlite, one.postgres = "INTEGER", "bigint"
	case field.Float:
		one.sqlite, one.postgres = "REAL", "double precision"
	case field.Decimal:
		one.sqlite, one.postgres = "INTEGER", fmt.Sprintf("numeric(%d,%d)", c.Precision, c.Scale)
	case field.Bool:
		one.sqlite, one.postgres = "BOOLEAN", "boolean"
	case field.Date:
		one.sqlite, one.postgres = "TEXT", "date"
	case field.Time:
		one.sqlite, one.postgres = "DATETIME", "timestamptz"
	case field.UUID, field.Ref, field.XRef:
		one.sqlite, one.postgres = "TEXT", "uuid"
		if c.Type == field.Ref {
			if one.references = (Spec{Module: c.v.Module, Name: c.Relation.Resource}).Table(); c.v.ShardKey != nil {
				one.references = "" // see View.foreignKey
			}
		}
	case field.Enum:
		one.sqlite, one.postgres = "TEXT", "text"
		one.check = fmt.Sprintf("%s IN ('%s')", one.name, strings.Join(c.Words, "', '"))
		one.checkPostgres = one.check
	default:
		one.sqlite, one.postgres = "TEXT", "varchar("+strconv.Itoa(c.MaxLength())+")"
	}
	return []column{one}
}

// index is one of the table.
type index struct {
	name    string
	columns []string
	unique  []field.Field // what it keeps unique; nil for an index that does not
	living  bool          // it has only rows that are not deleted
}

func (ix index) statement(table string) string {
	kind := "INDEX"
	if ix.unique != nil {
		kind = "UNIQUE INDEX"
	}
	where := ""
	if ix.living {
		where = " WHERE deleted_at IS NULL"
	}
	return fmt.Sprintf("CREATE %s %s ON %s (%s)%s;", kind, ix.name, table, strings.Join(ix.columns, ", "), where)
}

// indexes are those for what is unique, filtered, sorted or asked for. The index of a filter or a sort ends in the id, so that a page of it is
// read in order; a unique one has exactly its columns, and serves a sort as well. Of rows that are deleted and kept a unique index knows nothing:
// their values are free again. In a table that is divided what finds the rows of one key begins with the bucket, and what all rows are listed by does not.
func (c *checked) indexes() []index {
	var list []index
	add := func(fields []field.Field, unique bool, more ...string) {
		ix := index{}
		for _, f := range fields {
			ix.columns = append(ix.columns, f.Name.Snake)
		}
		ix.name = identifier(c.Table(), ix.columns, "idx")
		if unique {
			ix.name, ix.unique, ix.living = identifier(c.Table(), ix.columns, "key"), fields, c.SoftDelete
		}
		ix.columns = append(ix.columns, more...)
		if c.shardKey != nil && (unique || fields[0].Name == c.shardKey.Name) {
			ix.columns = slices.Insert(ix.columns, 0, "bucket")
		}
		list = append(list, ix)
	}
	if c.shardKey != nil {
		list = append(list, index{name: identifier(c.Table(), []string{"id"}, "idx"), columns: []string{"id"}})
	}
	for _, f := range c.fields {
		switch {
		case f.Unique:
			add([]field.Field{f}, true)
		case (f.Filter || f.Sort) && !f.NoIndex, f.Index:
			add([]field.Field{f}, false, "id")
		}
	}
	for _, f := range c.fields {
		// The rows of one key in another order. All of them are read by the index above.
		if c.shardKey != nil && f.Sort && !f.NoIndex && f.Name != c.shardKey.Name && !c.hasComposite(*c.shardKey, f) {
			add([]field.Field{*c.shardKey, f}, false, "id")
		}
	}
	for _, comp := range c.composites {
		add(comp.fields, comp.unique)
	}
	return list
}

// hasComposite reports whether an index over exactly these fields was asked for.
func (c *checked) hasComposite(fields ...field.Field) bool {
	return slices.ContainsFunc(c.composites, func(comp composite) bool {
		return slices.EqualFunc(comp.fields, fields, func(a, b field.Field) bool { return a.Name == b.Name })
	})
}

// addIndexes writes CREATE INDEX, and what the code has to know of unique indexes.
func (v *View) addIndexes(c checked) {
	for _, ix := range c.indexes() {
		v.Indexes = append(v.Indexes, ix.statement(v.Table))
		if ix.unique == nil {
			continue
		}
		u := Unique{fields: ix.unique}
		if v.ShardKey != nil {
			u.Columns = quote("bucket")
		}
		for _, f := range ix.unique {
			u.Columns = join(u.Columns, quote(f.Name.Snake))
			u.Pointers = append(u.Pointers, "/"+f.Name.Snake)
		}
		v.Uniques = append(v.Uniques, u)
	}
}

// maxIdentifier is where PostgreSQL cuts names.
const maxIdentifier = 63

// identifier names an index. A name that is too long ends in a hash of the whole.
func identifier(table string, columns []string, suffix string) string {
	full := table + "_" + strings.Join(columns, "_") + "_" + suffix
	if len(full) <= maxIdentifier {
		return full
	}
	sum := sha256.Sum256([]byte(full))
	hash := hex.EncodeToString(sum[:4])
	return strings.TrimRight(full[:maxIdentifier-len(hash)-len(suffix)-2], "_") + "_" + hash + "_" + suffix
}
