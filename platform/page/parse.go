package page

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/banyan-go/banyan/platform/fault"
)

// Param is one name and its value from a query string, in the order given.
type Param struct{ Name, Value string }

// Parse reads the words of a query string: limit, sort, q, count, filter[f] and filter[f][op], after and before. Cursors are opened by
// open, which returns what Encode has returned, after the rest of the query has been read, because they are bound to it.
//
// The error is a *fault.Error of kind fault.Invalid with a field for each value that is wrong, ErrCursor, or what open returned. It holds
// nothing of what the caller wrote.
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
		return Query{}, fault.InvalidFields(p.fields...)
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
	switch name {
	case "limit", "sort", "q", "count", "after", "before":
	default:
		if strings.HasPrefix(name, "filter[") {
			p.filter(name, param.Value)
			return
		}
		// Without a pointer: the name is the caller's.
		p.fields = append(p.fields, fault.Field{In: "query", Code: "unknown", Detail: "is not a parameter of a list"})
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
