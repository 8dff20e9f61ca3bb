// Package page is the query surface of a list: which fields it may be filtered, sorted and searched by, how a caller's words are
// read into a Query, and what a page of it is. It knows neither HTTP nor SQL: package api reads and writes the words, package db
// runs the query.
//
// Paging is by key ("keyset"): a page begins after the last item of the one before, so that a deep page costs what the first one
// costs and an insert moves nothing from one page to another. The order is one sort field and the id, which makes it total; null
// comes last in either direction.
package page

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// Limits of a query. They hold for every list, so that one request has a bounded cost.
const (
	DefaultLimit = 50   // items on a page when the caller does not say
	MaxLimit     = 200  // items on a page at most
	MaxFilters   = 10   // conditions in one query
	MaxValues    = 50   // values of one "in"
	MaxSearch    = 100  // code points of a search
	MaxValue     = 255  // code points of one filter value
	MaxCursor    = 2048 // characters of a cursor: a sort value of MaxValue code points fits
)

// Field is one field of a list's query surface.
type Field struct {
	Name   string // in the query and in JSON, "released": letters, digits, _ and .
	Column string // in the database; empty means Name
	Type   Type
	Filter bool // filter[released]=... is allowed
	// Sort allows sort=released. A cursor carries the value that it stands at, so text of such a field has at most MaxValue code points.
	Sort bool
	Null bool // the column may be null: filter[released][null] is allowed
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

// New checks s. The error names the field that is wrong: its name is empty, taken or of other characters, its type is missing or makes
// no sense, the default sort is not allowed.
func New(s Spec) (*List, error) {
	l := &List{byName: map[string]*Field{}, search: s.Search}
	l.fields = append(l.fields, Field{Name: "id", Column: "id", Type: ID(), Sort: true})
	l.fields = append(l.fields, s.Fields...)
	for i := range l.fields {
		f := &l.fields[i]
		f.Column = cmp.Or(f.Column, f.Name)
		if err := l.check(f); err != nil {
			return nil, fmt.Errorf("list field %q: %w", f.Name, err)
		}
		l.byName[f.Name] = f
	}
	sort, ok := l.sort(cmp.Or(s.Sort, "-id"))
	if !ok {
		return nil, fmt.Errorf("default sort %q is not a sort field", s.Sort)
	}
	l.initial = sort
	return l, nil
}

func (l *List) check(f *Field) error {
	switch {
	case f.Name == "" || strings.Trim(f.Name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") != "":
		return errors.New("a name is letters, digits, _ and .") // it stands in brackets and in JSON pointers
	case l.byName[f.Name] != nil:
		return errors.New("the name is taken")
	default:
		return f.Type.check()
	}
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
