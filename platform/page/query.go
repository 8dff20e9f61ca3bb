package page

import (
	"slices"

	"github.com/banyan-go/banyan/platform/id"
)

// Op is how a filter compares.
type Op string

// The comparisons. Eq is what filter[f]=v means.
const (
	Eq   Op = "eq"
	Ne   Op = "ne"   // not for null, which is neither equal nor unequal
	In   Op = "in"   // one of a list with commas between: no value of it can hold one
	Lt   Op = "lt"   // ordered types only, like the next three
	Lte  Op = "lte"  //
	Gt   Op = "gt"   //
	Gte  Op = "gte"  //
	Null Op = "null" // the value is true or false; fields that may be null only
)

// Ops returns the comparisons that f allows.
func (f Field) Ops() []Op {
	ops := []Op{Eq, Ne, In}
	if f.Type.Ordered() {
		ops = append(ops, Lt, Lte, Gt, Gte)
	}
	if f.Null {
		ops = append(ops, Null)
	}
	return ops
}

// Filter is one condition. Values holds one value of the field's Go type, several for In, and a bool for Null.
type Filter struct {
	Field  *Field
	Op     Op
	Values []any
}

// Sort is the order of a list: a field, then the id in the same direction.
type Sort struct {
	Field *Field
	Desc  bool
}

// String returns "name" or "-name".
func (s Sort) String() string {
	if s.Desc {
		return "-" + s.Field.Name
	}
	return s.Field.Name
}

// Key is the place of one item in the order: its value of the sort field, nil for null, and its id.
type Key struct {
	Value any
	ID    id.ID
}

// Query is one request for a page, read and checked. The zero value is not valid: take one from List.Parse or List.First.
type Query struct {
	List    *List
	Filters []Filter
	Sort    Sort
	Search  string // empty for none
	Limit   int    // 1 to MaxLimit
	// From is where the page begins, without the item of that key; nil is the start (or, with Backward, the end).
	From     *Key
	Backward bool // the items before From instead of those after it
	Count    bool // the total is wanted
	// Place is what the address of the list says, and not its caller: filters beside Filters, of which cursors know nothing.
	Place []Filter
}

// Within returns q for the list of what has a value in a field, the comments of one post for instance. Value has the Go type that the field's Type
// says. It panics for a name that the list cannot be filtered by, since only code names it.
func (q Query) Within(field string, value any) Query {
	f, ok := q.List.byName[field]
	if !ok || !f.Filter {
		panic("page: the list cannot be filtered by " + field)
	}
	q.Place = append(slices.Clone(q.Place), Filter{Field: f, Op: Eq, Values: []any{value}})
	return q
}

// Conditions returns all filters: those of the caller and those of the address.
func (q Query) Conditions() []Filter { return slices.Concat(q.Filters, q.Place) }

// First returns the query for the first page of limit items, all items in the list's own order: what a use case asks, not a
// stranger. A limit outside 1 to MaxLimit is moved inside.
func (l *List) First(limit int) Query {
	return Query{List: l, Sort: l.initial, Limit: min(max(limit, 1), MaxLimit)}
}

// Page is one page of a list, in the order asked for.
type Page[T any] struct {
	Items []T
	// Next and Prev are the keys to go on from: nil when there is nothing there.
	Next, Prev *Key
	// Total is the number of items on all pages, only when Query.Count asked for it.
	Total *int64
}

// Map returns p with each item turned into another.
func Map[T, U any](p Page[T], f func(T) U) Page[U] {
	items := make([]U, len(p.Items))
	for i, item := range p.Items {
		items[i] = f(item)
	}
	return Page[U]{Items: items, Next: p.Next, Prev: p.Prev, Total: p.Total}
}
