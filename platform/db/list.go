package db

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"

	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/page"
)

const idColumn = "id"

// List reads the page of R's table that q asks for. R is a row struct with a column id; tx comes from Handle.Query and may carry
// conditions of its own. It runs one query, one more when the order has nulls in it and the page reaches them, and one more for
// a total.
func List[R any](tx *gorm.DB, q page.Query) (page.Page[R], error) {
	f, err := featuresOf(tx)
	if err != nil {
		return page.Page[R]{}, fmt.Errorf("list: %w", err)
	}
	base := narrow(tx.Model(new(R)), q, f.Like).Session(&gorm.Session{}) // a handle that several queries can start from
	var rows []R
	for _, part := range parts(q) {
		most := q.Limit + 1 - len(rows)
		more := make([]R, 0, max(0, min(most, page.MaxLimit+1))) // gorm would double its room again and again, and copy each row
		if err := part.apply(base, q).Limit(most).Find(&more).Error; err != nil {
			return page.Page[R]{}, err
		}
		if len(rows) == 0 {
			rows = more
		} else {
			rows = append(rows, more...)
		}
		if len(rows) > q.Limit {
			break
		}
	}
	p, err := cut(base, q, rows)
	if err != nil || !q.Count {
		return p, err
	}
	var total int64
	if err := base.Count(&total).Error; err != nil {
		return page.Page[R]{}, err
	}
	p.Total = &total
	return p, nil
}

// cut takes the page out of at most one row more than it holds, and finds the keys to go on from.
func cut[R any](tx *gorm.DB, q page.Query, rows []R) (page.Page[R], error) {
	more := len(rows) > q.Limit
	rows = rows[:min(len(rows), q.Limit)]
	if q.Backward {
		slices.Reverse(rows)
	}
	p := page.Page[R]{Items: rows}
	if len(rows) == 0 {
		return p, nil
	}
	key, err := keyOf[R](tx, q.Sort.Field)
	if err != nil {
		return p, err
	}
	began := q.From != nil
	if q.Backward && began || !q.Backward && more {
		if p.Next, err = key(&rows[len(rows)-1]); err != nil {
			return p, err
		}
	}
	if q.Backward && more || !q.Backward && began {
		p.Prev, err = key(&rows[0])
	}
	return p, err
}

// part is a stretch of the order in which the sort field is either never or always null. An `OR x IS NULL` in one query would
// make every engine read from the start, so a page that reaches over the border is made of two.
type part struct {
	null bool      // the stretch of nulls
	from *page.Key // begin behind this key
}

func parts(q page.Query) []part {
	values, nulls := part{}, part{null: true}
	switch {
	case !q.Sort.Field.Null:
		return []part{{from: q.From}}
	case q.From == nil:
	case q.From.Value == nil:
		nulls.from = q.From
		if !q.Backward {
			return []part{nulls}
		}
	default:
		values.from = q.From
		if q.Backward {
			return []part{values}
		}
	}
	if q.Backward {
		return []part{nulls, values}
	}
	return []part{values, nulls}
}

func (p part) apply(tx *gorm.DB, q page.Query) *gorm.DB {
	field := q.Sort.Field
	desc := q.Sort.Desc != q.Backward
	column := clause.Column{Table: clause.CurrentTable, Name: field.Column}
	columns := []clause.Column{column}
	if field.Null {
		if p.null {
			tx = tx.Where(clause.Eq{Column: column, Value: nil})
			columns = nil
		} else {
			tx = tx.Where(clause.Neq{Column: column, Value: nil})
		}
	}
	if field.Column != idColumn {
		columns = append(columns, clause.Column{Table: clause.CurrentTable, Name: idColumn})
	}
	order := make([]clause.OrderByColumn, len(columns))
	for i, c := range columns {
		order[i] = clause.OrderByColumn{Column: c, Desc: desc}
	}
	if p.from != nil {
		values := []any{p.from.ID}
		if len(columns) == 2 {
			values = []any{bind(field.Type, p.from.Value), p.from.ID}
		}
		tx = tx.Where(beyond{columns: columns, values: values, desc: desc})
	}
	return tx.Clauses(clause.OrderBy{Columns: order})
}

// keyOf returns the function that reads a row's place in the order.
func keyOf[R any](tx *gorm.DB, sort *page.Field) (func(*R) (*page.Key, error), error) {
	stmt := &gorm.Statement{DB: tx}
	if err := stmt.Parse(new(R)); err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	idField, sortField := stmt.Schema.LookUpField(idColumn), stmt.Schema.LookUpField(sort.Column)
	if idField == nil || sortField == nil {
		return nil, fmt.Errorf("list: %s has no columns %s and %s", stmt.Schema.Table, idColumn, sort.Column)
	}
	read := func(f *schema.Field, row *R) any {
		v, _ := f.ValueOf(tx.Statement.Context, reflect.ValueOf(row).Elem())
		return v
	}
	return func(row *R) (*page.Key, error) {
		rowID, ok := read(idField, row).(id.ID)
		if !ok {
			return nil, fmt.Errorf("list: column %s of %s is not an id.ID", idColumn, stmt.Schema.Table)
		}
		value, err := plain(read(sortField, row), sort.Type)
		return &page.Key{Value: value, ID: rowID}, err
	}, nil
}

// plain returns the value of a column as package page has it: int64 for every integer, string for every text, nil for null.
func plain(v any, t page.Type) (any, error) {
	switch v := v.(type) {
	case id.ID, clock.Date, time.Time:
		return v, nil
	case Decimal:
		scale, _ := t.Scale()
		return v.Exact(scale), nil
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer:
		if r.IsNil() {
			return nil, nil
		}
		return plain(r.Elem().Interface(), t)
	case reflect.String:
		return r.String(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return r.Int(), nil
	case reflect.Float32, reflect.Float64:
		return r.Float(), nil
	case reflect.Bool:
		return r.Bool(), nil
	default:
		return nil, fmt.Errorf("list: cannot order by a %T", v)
	}
}
