package resource

import (
	"fmt"
	"regexp"
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
	Title    string // "Catalog"

	Snake, Package   string // "line_item", "lineitem"
	Type, Types      string // "LineItem", "LineItems"
	Var, VarMany     string // "lineItem", "lineItems"
	Words, WordsMany string // "line item", "line items"
	Article          string // "a"
	Qualified        string // "catalog.LineItem"
	Path, Table      string // "line-items", "catalog_line_items"

	ShardKey  *ShardKey // nil for a table that is not divided
	NewID     string    // Go expressions: the id of a new one, of a draft d
	KeyOfNew  string    // the key of one that is there
	KeyOfID   string    // the key of one of which the id is known
	KeyOfRows string    // the key of rows

	SoftDelete   bool // rows that are deleted are kept
	RequireMatch bool // a change says which version it is for
	Access       Access
	Cache        *Cache // nil where nothing that was read is kept
	Kept         bool   // answers are kept as well, for everybody
	Boot         string // a Go expression: the application of a test that may do everything
	AnyMatch     string // further arguments of a test's request that does not care about versions

	Fields  []Field // all of them, in the order given
	Drafted []Field // those of a request for a new one
	Changed []Field // those of a request for a change
	Shown   []Field // those of an answer
	Applied []Field // those of Changed that are kept as they come
	Sampled []Field // those of a request for a new one that the seed draws
	Begins  bool    // a new one has something of its request as it came
	Hides   bool    // answers have not every field
	Nulls   bool    // some field of a request may be null
	Counts  bool    // some sample depends on n
	Enums   []Enum

	Relations  []Relation
	Asked      []Relation // those that others answer for
	Keys       bool       // some are foreign keys
	Rerefers   bool       // some can be changed
	Chooses    bool       // the seed chooses from what there is for some of Asked, and does not take each of them once
	Needs      []Need
	Siblings   []Sibling
	Nested     []Nested // lists below what it refers to
	Neighbours []string // other modules that it refers to

	Uploads  []Upload
	Pictures bool // some upload is a picture
	Loads    bool // some upload is sent as it is
	Updates  bool // rows are written again: by changes, or by uploads

	Guarded  []Guard
	Hashed   bool // some guarded field is a password
	Sealed   bool // some is a secret
	Reguards bool // some can be changed
	Mere     bool // a change has all of them and nothing else
	Private  bool // logs must not have what is in some field
	Patterns []Pattern

	Columns  []Column
	Splits   []string // statements that take a value apart before it becomes columns
	Listed   []string // entries of page.Spec.Fields
	Searched string   // entries of page.Spec.Search
	Uniques  []Unique
	Normal   []Normal
	Rules    []RuleGroup
	SQLite   []string // lines of the table
	Postgres []string
	Indexes  []string // statements

	Tests Tests
	// Go expressions of the requests in tests; Given is what a test does before it can say them, and Parts are those that make what they refer
	// to, in order.
	Body, Change, Given, Parts string
	TestRows                   int // how many of each

	SortNames, FilterNames, SearchNames []string

	spec  Spec
	drawn map[string]bool // the fields whose samples never repeat
	// foreignKey is that of a table that is divided, to the one beside whose rows its own lie.
	foreignKey string
}

// Field is one field in the spellings that templates need.
type Field struct {
	Go, JSON    string
	GoType      string // in the contract
	GoTypeOut   string // elsewhere
	Present     string // Go expression of what clients see of the field of p
	Hidden      bool
	Guarded     bool
	Uploaded    bool
	HiddenValue string // what a hidden field of a new resource is; empty for the zero value
	DraftTags   string
	ChangeTags  string
	OutputTags  string
	FromRow     string
	Sample      string // Go expression over n
}

// Enum is the type of an enum.
type Enum struct {
	Type, Words, All string
	Values           []EnumValue
}

// EnumValue is one word of an enum.
type EnumValue struct{ Go, Word string }

// Column is one field of the row struct.
type Column struct {
	Go, GoType, From string
	Tag              string // for gorm, where the name alone would lead it to another column
}

// Unique is a unique index.
type Unique struct {
	Columns  string   // quoted, with commas
	Pointers []string // of the fields

	fields []field.Field
}

func (u Unique) has(f field.Field) bool {
	return slices.ContainsFunc(u.fields, func(g field.Field) bool { return g.Name == f.Name })
}

// pointers are further arguments of a function.
func (u Unique) pointers() string {
	return `, "` + strings.Join(u.Pointers, `", "`) + `"`
}

// Normal is how a field that has several spellings comes to one of them.
type Normal struct {
	Go         string
	Statement  string
	Raw, Clean string // Go expressions: a spelling, and the one it becomes
}

// RuleGroup is checks under one condition, none when it is empty.
type RuleGroup struct {
	Guard string
	Rules []Rule
}

// Pattern is a variable that holds a regular expression.
type Pattern struct{ Var, Expression, Words string }

// Rule is one check.
type Rule struct {
	Holds, Pointer, Code, Detail string
	Bad                          string // a Go expression of a value that breaks it
	Broken                       string // a Go statement about v that breaks it
}

// View checks s and returns what the templates need. Root and platform are import paths, others the resources that s may refer to. The
// error is a *TargetError when one is not among them.
func (s Spec) View(root, platform string, others ...Spec) (View, error) {
	c, err := s.check()
	if err != nil {
		return View{}, err
	}
	one, many := name.New(s.Name), name.New(name.Plural(s.Name))
	v := View{
		Root: root, Platform: platform, Module: s.Module, Title: name.New(s.Module).Pascal,
		Snake: one.Snake, Package: goPackage(one.Snake),
		Type: one.Pascal, Types: many.Pascal, Var: one.Camel, VarMany: many.Camel,
		Words: one.Words, WordsMany: many.Words, Article: name.Article(one.Words),
		Qualified: s.Module + "." + one.Pascal, Path: s.Address(), Table: s.Table(),
		SoftDelete: s.SoftDelete, RequireMatch: s.RequireMatch, spec: s, drawn: c.drawn(),
		Body: one.Camel + "Body", Change: one.Camel + "Change",
	}
	v.Access, v.Boot = v.access(s), "boot(t)"
	if v.Access.Closed {
		v.Boot = "boot" + v.Type + "(t)"
	}
	if s.RequireMatch {
		v.AnyMatch = `, "If-Match", "*"`
	}
	for _, f := range c.fields {
		v.add(f)
	}
	v.Mere = len(v.Applied) == 0 && len(v.Changed) == len(v.Guarded)
	v.addShardKey(c)
	if err := v.relate(c, others); err != nil {
		return View{}, err
	}
	v.Cache = v.cache(c, others)
	v.Kept = v.Cache != nil && v.Cache.Public
	v.Hides = v.Hides || len(v.Relations) > 0
	v.addIndexes(c)
	v.tables(c.fields)
	v.Tests = v.tests(c.fields)
	return v, nil
}

var aboutN = regexp.MustCompile(`\bn\b`)

// add works out everything about one field.
func (v *View) add(f field.Field) {
	code := v.code(f)
	view := Field{
		Go: f.Name.Pascal, JSON: f.Name.Snake,
		GoType: code.contractType(), GoTypeOut: code.shownType(), Present: code.present(),
		Hidden: f.Hidden, Guarded: f.Guarded(), Uploaded: f.Type.Uploaded(), HiddenValue: code.hiddenValue(),
		DraftTags: code.draftTags(), ChangeTags: code.changeTags(), OutputTags: code.outputTags(),
		FromRow: code.fromRow(),
	}
	if !f.Type.Uploaded() {
		view.Sample = code.sample()
	}
	v.Fields = append(v.Fields, view)
	v.request(f, view)
	if f.Shown() {
		v.Shown = append(v.Shown, view)
	}
	v.Hides = v.Hides || !f.Shown() || f.Type.Uploaded()
	v.Private = v.Private || f.Private()
	v.Patterns = append(v.Patterns, code.pattern()...)
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

// request works out what requests, and the seed, have to do with a field.
func (v *View) request(f field.Field, view Field) {
	if f.Hidden {
		return
	}
	if f.Type.Uploaded() {
		v.Uploads, v.Updates = append(v.Uploads, v.upload(f)), true
		v.Pictures, v.Loads = v.Pictures || f.Type == field.Image, v.Loads || f.Type == field.File
		return
	}
	v.Drafted, v.Begins = append(v.Drafted, view), v.Begins || !f.Guarded()
	if !f.Immutable {
		v.Changed, v.Updates = append(v.Changed, view), true
		if !f.Guarded() {
			v.Applied = append(v.Applied, view)
		}
	}
	if f.Guarded() {
		v.Guarded = append(v.Guarded, v.guard(f))
		v.Hashed, v.Sealed = v.Hashed || f.Type == field.Password, v.Sealed || f.Secret
		v.Reguards = v.Reguards || !f.Immutable
	}
	if f.Type != field.Password { // of which one hash does for all rows
		v.Sampled = append(v.Sampled, view)
		v.Counts = v.Counts || aboutN.MatchString(view.Sample)
		v.Nulls = v.Nulls || f.Null
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
