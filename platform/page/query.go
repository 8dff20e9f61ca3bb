package page

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
)

// Op is how a filter compares.
type Op string

// The comparisons. Eq is what filter[f]=v means.
const (
	Eq   Op = "eq"
	Ne   Op = "ne"
	In   Op = "in"   // one of a comma separated list
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
}

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

// Param is one name and its value from a query string, in the order given.
type Param struct{ Name, Value string }

// Parse reads the words of a query string: limit, sort, q, count, filter[f] and filter[f][op], after and before. Cursors are opened by
// open, which returns what Encode was given, after the rest of the query has been read, because they are bound to it.
//
// The error is a *fault.Error: Invalid with a field for each value that is wrong, or what open returned.
func (l *List) Parse(params []Param, open func(token string) ([]byte, error)) (Query, error) {
	q := l.First(DefaultLimit)
	p := parser{list: l, query: &q, seen: map[string]bool{}}
	for _, param := range params {
		p.read(param)
	}
	if p.after != "" && p.before != "" {
		p.wrong("before", "exclusive", "cannot be used together with after")
	}
	if len(p.fields) > 0 {
		return Query{}, fault.New(fault.Invalid, "invalid", "Some values are not allowed.").WithFields(p.fields...)
	}
	slices.SortStableFunc(q.Filters, func(a, b Filter) int {
		return cmp.Or(cmp.Compare(a.Field.Name, b.Field.Name), cmp.Compare(a.Op, b.Op))
	})
	if token := cmp.Or(p.after, p.before); token != "" {
		text, err := open(token)
		if err != nil {
			return Query{}, err
		}
		if q.From, err = q.decode(text); err != nil {
			return Query{}, err
		}
		q.Backward = p.before != ""
	}
	return q, nil
}

type parser struct {
	list          *List
	query         *Query
	seen          map[string]bool
	after, before string
	fields        []fault.Field
}

func (p *parser) wrong(name, code, detail string) {
	p.fields = append(p.fields, fault.Field{In: "query", Pointer: "/" + name, Code: code, Detail: detail})
}

func (p *parser) read(param Param) {
	name := param.Name
	if strings.HasPrefix(name, "filter[") {
		p.filter(name, param.Value)
		return
	}
	if p.seen[name] {
		p.wrong(name, "repeated", "must not be given twice")
		return
	}
	p.seen[name] = true
	switch name {
	case "limit":
		n, err := strconv.Atoi(param.Value)
		if err != nil || n < 1 || n > MaxLimit || param.Value[0] == '+' {
			p.wrong(name, "range", fmt.Sprintf("must be a whole number from 1 to %d", MaxLimit))
			return
		}
		p.query.Limit = n
	case "sort":
		sort, ok := p.list.sort(param.Value)
		if !ok {
			p.wrong(name, "enum", "must be one of "+names(p.list.Sorts())+", with - in front for the other direction")
			return
		}
		p.query.Sort = sort
	case "q":
		p.search(param.Value)
	case "count":
		if param.Value != "exact" {
			p.wrong(name, "enum", "must be exact")
			return
		}
		p.query.Count = true
	case "after":
		p.after = p.cursor(name, param.Value)
	case "before":
		p.before = p.cursor(name, param.Value)
	}
}

func (p *parser) cursor(name, value string) string {
	if value == "" || len(value) > MaxCursor {
		p.wrong(name, "cursor", "must be a cursor of an earlier page")
	}
	return value
}

func (p *parser) search(text string) {
	text = strings.TrimSpace(text)
	switch {
	case len(p.list.search) == 0:
		p.wrong("q", "unknown", "this list has no search")
	case text == "" || utf8.RuneCountInString(text) > MaxSearch || !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		p.wrong("q", "length", fmt.Sprintf("must be text of 1 to %d characters", MaxSearch))
	default:
		p.query.Search = text
	}
}

// filter reads filter[name]=value and filter[name][op]=value. Only names of the list get into a pointer.
func (p *parser) filter(name, value string) {
	fieldName, op, ok := splitFilter(name)
	f := p.list.byName[fieldName]
	if !ok || f == nil || !f.Filter {
		p.wrong("filter", "unknown", "can be on "+cmp.Or(names(p.list.Filters()), "no field of this list")+" only")
		return
	}
	pointer := "filter[" + f.Name + "]"
	if !slices.Contains(f.Ops(), op) {
		p.wrong(pointer, "operator", "allows "+join(f.Ops()))
		return
	}
	pointer += "[" + string(op) + "]"
	if p.seen[pointer] {
		p.wrong(pointer, "repeated", "must not be given twice")
		return
	}
	p.seen[pointer] = true
	if len(p.query.Filters) == MaxFilters {
		p.wrong("filter", "too_many", fmt.Sprintf("at most %d conditions are allowed", MaxFilters))
		return
	}
	typ, words := f.Type, []string{value}
	switch op {
	case In:
		words = strings.Split(value, ",")
		if len(words) > MaxValues {
			p.wrong(pointer, "too_many", fmt.Sprintf("at most %d values are allowed", MaxValues))
			return
		}
	case Null:
		typ = Bool()
	}
	filter := Filter{Field: f, Op: op}
	for _, word := range words {
		v, ok := typ.parse(word)
		if !ok {
			p.wrong(pointer, "type", typ.sentence())
			return
		}
		filter.Values = append(filter.Values, v)
	}
	p.query.Filters = append(p.query.Filters, filter)
}

// splitFilter takes filter[a] and filter[a][op] apart.
func splitFilter(name string) (field string, op Op, ok bool) {
	inner, ok := strings.CutSuffix(strings.TrimPrefix(name, "filter["), "]")
	if !ok {
		return "", "", false
	}
	field, rest, found := strings.Cut(inner, "][")
	if !found {
		return field, Eq, true
	}
	return field, Op(rest), true
}

func names(fs []Field) string {
	ns := make([]string, len(fs))
	for i, f := range fs {
		ns[i] = f.Name
	}
	return strings.Join(ns, ", ")
}

func join(ops []Op) string {
	words := make([]string, len(ops))
	for i, op := range ops {
		words[i] = string(op)
	}
	return strings.Join(words, ", ")
}
