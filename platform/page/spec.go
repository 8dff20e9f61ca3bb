// Package page is the query surface of a list: which fields it may be filtered, sorted and searched by, how a caller's words are
// read into a Query, and what a page of it is. It knows neither HTTP nor SQL: package api reads and writes the words, package db
// runs the query.
//
// Paging is by key ("keyset"): a page begins after the last item of the one before, so that a deep page costs what the first one
// costs and an insert moves nothing from one page to another. The order is one sort field and the id, which makes it total; null
// comes last in either direction.
package page

import (
	"fmt"
	"strings"
)

// Limits of a query. They hold for every list, so that one request has a bounded cost.
const (
	DefaultLimit = 50  // items on a page when the caller does not say
	MaxLimit     = 200 // items on a page at most
	MaxFilters   = 10  // conditions in one query
	MaxValues    = 50  // values of one "in"
	MaxSearch    = 100 // code points of a search
	MaxValue     = 255 // code points of one filter value
	MaxCursor    = 2048 // bytes of a cursor: a sort value of MaxValue code points fits
)

// Field is one field of a list's query surface.
type Field struct {
	Name   string // in the query and in JSON: "released"
	Column string // in the database; empty means Name
	Type   Type
	Filter bool // filter[released]=... is allowed
	Sort   bool // sort=released is allowed
	Null   bool // the column may be null: filter[released][null] is allowed
}

// Spec says what a list may be asked for. Every list may also be sorted by id, which is the order of creation up to a
// millisecond.
type Spec struct {
	Fields []Field
	// Search names the columns that q looks into; empty refuses q.
	Search []string
	// Sort is the order when the caller does not ask for one, "-id" when empty: the newest first.
	Sort string
}

// List is a checked Spec. It is immutable and safe for concurrent use.
type List struct {
	fields  []Field
	byName  map[string]*Field
	search  []string
	initial Sort
}

// New checks s. The error names the field that is wrong: empty or repeated names, a type that is missing, a default sort that is not
// allowed.
func New(s Spec) (*List, error) {
	l := &List{byName: map[string]*Field{}, search: s.Search}
	l.fields = append(l.fields, Field{Name: "id", Type: ID(), Sort: true})
	for _, f := range s.Fields {
		if f.Column == "" {
			f.Column = f.Name
		}
		l.fields = append(l.fields, f)
	}
	l.fields[0].Column = "id"
	for i := range l.fields {
		f := &l.fields[i]
		switch {
		case f.Name == "":
			return nil, fmt.Errorf("list field %d has no name", i)
		case l.byName[f.Name] != nil:
			return nil, fmt.Errorf("list field %q stands twice", f.Name)
		case f.Type.kind == kindNone:
			return nil, fmt.Errorf("list field %q has no type", f.Name)
		}
		l.byName[f.Name] = f
	}
	if s.Sort == "" {
		s.Sort = "-id"
	}
	sort, ok := l.sort(s.Sort)
	if !ok {
		return nil, fmt.Errorf("default sort %q is not a sort field", s.Sort)
	}
	l.initial = sort
	return l, nil
}

// Filters returns the fields that may be filtered by, in the order of the Spec.
func (l *List) Filters() []Field { return l.where(func(f Field) bool { return f.Filter }) }

// Sorts returns the fields that may be sorted by, id first.
func (l *List) Sorts() []Field { return l.where(func(f Field) bool { return f.Sort }) }

// Search returns the columns that a search looks into; empty when the list has no search.
func (l *List) Search() []string { return l.search }

// Initial returns the order used when the caller does not ask for one, "-id" for instance.
func (l *List) Initial() string { return l.initial.String() }

func (l *List) where(keep func(Field) bool) []Field {
	var fs []Field
	for _, f := range l.fields {
		if keep(f) {
			fs = append(fs, f)
		}
	}
	return fs
}

// sort reads "name" or "-name".
func (l *List) sort(text string) (Sort, bool) {
	name, desc := strings.CutPrefix(text, "-")
	f := l.byName[name]
	if f == nil || !f.Sort {
		return Sort{}, false
	}
	return Sort{Field: f, Desc: desc}, true
}
