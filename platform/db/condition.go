package db

import (
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/banyan-go/banyan/platform/decimal"
	"github.com/banyan-go/banyan/platform/page"
)

// narrow adds the filters and the search.
func narrow(tx *gorm.DB, q page.Query, operator string) *gorm.DB {
	for _, f := range q.Conditions() {
		tx = tx.Where(condition(f))
	}
	if q.Search != "" {
		tx = tx.Where(like{columns: q.List.Search(), operator: operator, pattern: "%" + escapeLike(q.Search) + "%"})
	}
	return tx
}

func condition(f page.Filter) clause.Expression {
	column := clause.Column{Table: clause.CurrentTable, Name: f.Field.Column}
	if f.Op == page.Null {
		if f.Values[0] == true {
			return clause.Eq{Column: column, Value: nil}
		}
		return clause.Neq{Column: column, Value: nil}
	}
	values := make([]any, len(f.Values))
	for i, v := range f.Values {
		values[i] = bind(f.Field.Type, v)
	}
	switch f.Op {
	case page.In:
		return clause.IN{Column: column, Values: values}
	case page.Ne:
		return clause.Neq{Column: column, Value: values[0]}
	case page.Lt:
		return clause.Lt{Column: column, Value: values[0]}
	case page.Lte:
		return clause.Lte{Column: column, Value: values[0]}
	case page.Gt:
		return clause.Gt{Column: column, Value: values[0]}
	case page.Gte:
		return clause.Gte{Column: column, Value: values[0]}
	default:
		return clause.Eq{Column: column, Value: values[0]}
	}
}

// bind turns a value of a query into what a statement takes.
func bind(t page.Type, v any) any {
	if d, ok := v.(decimal.Decimal); ok {
		scale, _ := t.Scale()
		return NewDecimal(d, scale)
	}
	return v
}

// beyond is the row comparison (a, id) > (?, ?), which an index on (a, id) answers.
type beyond struct {
	columns []clause.Column
	values  []any
	desc    bool
}

// Build writes the comparison.
func (b beyond) Build(w clause.Builder) {
	writeTuple(w, len(b.columns), func(i int) { w.WriteQuoted(b.columns[i]) })
	if b.desc {
		write(w, " < ")
	} else {
		write(w, " > ")
	}
	writeTuple(w, len(b.values), func(i int) { w.AddVar(w, b.values[i]) })
}

// like is the search: any column holds the pattern, in either case.
type like struct {
	columns  []string
	operator string // the engine's LIKE that does not look at the case
	pattern  string
}

// Build writes the comparisons.
func (l like) Build(w clause.Builder) {
	write(w, "(")
	for i, column := range l.columns {
		if i > 0 {
			write(w, " OR ")
		}
		w.WriteQuoted(clause.Column{Table: clause.CurrentTable, Name: column})
		write(w, " "+l.operator+" ")
		w.AddVar(w, l.pattern)
		write(w, ` ESCAPE '\'`)
	}
	write(w, ")")
}

func escapeLike(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
}

// write appends constant SQL. gorm's builder writes into memory: it has no error to return.
func write(w clause.Builder, sql string) { _, _ = w.WriteString(sql) }

func writeTuple(w clause.Builder, n int, element func(int)) {
	write(w, "(")
	for i := range n {
		if i > 0 {
			write(w, ", ")
		}
		element(i)
	}
	write(w, ")")
}
