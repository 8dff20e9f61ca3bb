package resource

import (
	"fmt"
	"slices"
	"strings"

	"github.com/banyan-go/banyan/generator/field"
	"github.com/banyan-go/banyan/generator/name"
)

// View is what the templates of a resource know: words and pieces of code, so that a template needs no logic beyond range and if.
type View struct {
	Root     string // import path of the project
	Platform string // import path of the platform
	Module   string // "catalog"

	Snake, Package   string // "line_item", "lineitem"
	Type, Types      string // "LineItem", "LineItems"
	Var, VarMany     string // "lineItem", "lineItems"
	Words, WordsMany string // "line item", "line items"
	Article          string // "a"
	Qualified        string // "catalog.LineItem"
	Path, Table      string // "line-items", "catalog_line_items"

	Fields  []Field // all of them, in the order given
	Drafted []Field // those of a request for a new one
	Changed []Field // those of a request for a change
	Shown   []Field // those of an answer
	Fixed   []Field // those shown that never change, with an example
	Hides   bool    // some field is hidden
	Nulls   bool    // some field of a request may be null
	Enums   []Enum

	Columns  []Column
	Splits   []string // statements that take a value apart before it becomes columns
	Listed   []string // entries of page.Spec.Fields
	Searched string   // entries of page.Spec.Search
	Uniques  []Unique
	Normal   []string // statements that normalize
	Rules    []RuleGroup
	SQLite   []string // lines of the table
	Postgres []string
	Indexes  []string // statements

	Body    string // a JSON object that obeys every rule
	Changes string // a JSON object that changes something; empty when nothing can change
	Bad     []Bad
	Missing string // quoted names of the fields that a request must hold
	Taken   string // the pointers of the unique fields, as further arguments
	Twice   bool   // sending Body twice breaks a unique index

	SortNames, FilterNames, SearchNames []string

	drawn map[string]bool // the fields whose samples never repeat
}

// Field is one field in the spellings that templates need.
type Field struct {
	Go, JSON    string
	GoType      string // in the contract
	GoTypeOut   string // elsewhere
	Hidden      bool
	HiddenValue string // what a hidden field of a new resource is; empty for the zero value
	DraftTags   string
	ChangeTags  string
	OutputTags  string
	FromRow     string
	Sample      string // Go expression over i
	Example     string // JSON; empty when an answer may spell it in another way
	Other       string // JSON of another value
}

// Enum is the type of an enum.
type Enum struct {
	Type, Words, All string
	Values           []EnumValue
}

// EnumValue is one word of an enum.
type EnumValue struct{ Go, Word string }

// Column is one field of the row struct.
type Column struct{ Go, GoType, From string }

// Unique is a unique index.
type Unique struct {
	Columns  string   // quoted, with commas
	Pointers []string // of the fields
}

// RuleGroup is checks under one condition, none when it is empty.
type RuleGroup struct {
	Guard string
	Rules []Rule
}

// Rule is one check.
type Rule struct{ Holds, Pointer, Code, Detail string }

// Bad is a value that has to be refused.
type Bad struct{ Field, Value, Pointer string }

// View checks s and returns what the templates need. Root and platform are import paths.
func (s Spec) View(root, platform string) (View, error) {
	c, err := s.check()
	if err != nil {
		return View{}, err
	}
	one, many := name.New(s.Name), name.New(name.Plural(s.Name))
	path := s.Path
	if path == "" {
		path = strings.ReplaceAll(many.Snake, "_", "-")
	}
	v := View{
		Root: root, Platform: platform, Module: s.Module,
		Snake: one.Snake, Package: goPackage(one.Snake),
		Type: one.Pascal, Types: many.Pascal, Var: one.Camel, VarMany: many.Camel,
		Words: one.Words, WordsMany: many.Words, Article: name.Article(one.Words),
		Qualified: s.Module + "." + one.Pascal, Path: path, Table: s.Table(),
		drawn: c.drawn(),
	}
	for _, f := range c.fields {
		v.add(f)
	}
	v.addIndexes(c)
	v.tables(c.fields)
	v.examples(c.fields)
	v.takes()
	return v, nil
}

// add works out everything about one field.
func (v *View) add(f field.Field) {
	code := v.code(f)
	view := Field{
		Go: f.Name.Pascal, JSON: f.Name.Snake,
		GoType: code.goType(false), GoTypeOut: code.goType(true),
		Hidden: f.Hidden, HiddenValue: code.hiddenValue(),
		DraftTags: code.draftTags(), ChangeTags: code.changeTags(), OutputTags: code.outputTags(),
		FromRow: code.fromRow(), Sample: code.sample(),
		Example: code.example(), Other: code.other(),
	}
	v.Fields = append(v.Fields, view)
	if !f.Hidden {
		v.Drafted = append(v.Drafted, view)
		v.Shown = append(v.Shown, view)
		if !f.Immutable {
			v.Changed = append(v.Changed, view)
		} else {
			v.Fixed = append(v.Fixed, Field{JSON: view.JSON, Example: code.exampleJSON()})
		}
	}
	v.Hides = v.Hides || f.Hidden
	v.Nulls = v.Nulls || f.Null && !f.Hidden
	if f.Type == field.Enum {
		v.Enums = append(v.Enums, v.enum(f))
	}
	v.Columns = append(v.Columns, code.columns()...)
	v.Splits = append(v.Splits, code.splits()...)
	if group := code.rules(); len(group.Rules) > 0 {
		v.Rules = append(v.Rules, group)
	}
	v.Normal = append(v.Normal, code.normal()...)
	if f.Filter || f.Sort {
		v.Listed = append(v.Listed, code.listed())
	}
	if f.Search {
		v.Searched = join(v.Searched, quote(f.Name.Snake))
		v.SearchNames = append(v.SearchNames, f.Name.Snake)
	}
	if f.Sort {
		v.SortNames = append(v.SortNames, f.Name.Snake)
	}
	if f.Filter {
		v.FilterNames = append(v.FilterNames, f.Name.Snake)
	}
}

// takes works out what happens to a second resource with the same values.
func (v *View) takes() {
	hidden := map[string]bool{}
	for _, f := range v.Fields {
		hidden["/"+f.JSON] = f.Hidden
	}
	var shown []Unique
	for _, u := range v.Uniques {
		if !slices.ContainsFunc(u.Pointers, func(p string) bool { return hidden[p] }) {
			shown = append(shown, u)
		}
	}
	v.Twice = len(shown) > 0
	if len(shown) == 1 { // of several, the engine chooses the one that it names
		for _, p := range shown[0].Pointers {
			v.Taken += ", " + quote(p)
		}
	}
}

func (v *View) enum(f field.Field) Enum {
	e := Enum{Type: v.Type + f.Name.Pascal, Words: "the " + f.Name.Words + " of " + v.Article + " " + v.Words}
	for _, word := range f.Words {
		goName := e.Type + name.New(word).Pascal
		e.Values = append(e.Values, EnumValue{Go: goName, Word: word})
		e.All = join(e.All, goName)
	}
	return e
}

func join(list, more string) string {
	if list == "" {
		return more
	}
	return list + ", " + more
}

func quote(s string) string { return fmt.Sprintf("%q", s) }
