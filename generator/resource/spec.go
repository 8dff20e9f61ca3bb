// Package resource turns the description of a resource into what its templates need to know.
package resource

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/banyan-go/banyan/generator/field"
	"github.com/banyan-go/banyan/generator/name"
)

// Spec is a resource as it was described: the inputs that are recorded. The same Spec gives the same files.
type Spec struct {
	Module string   `json:"module"`
	Name   string   `json:"name"`
	Fields []string `json:"fields"`
	// Path is the last segment of the resource's address; empty means the plural with hyphens.
	Path string `json:"path,omitempty"`
	// Index and Unique are indexes over several fields, "sku+active".
	Index  []string `json:"index,omitempty"`
	Unique []string `json:"unique,omitempty"`
	// ShardBy is the field whose values divide the rows among databases; empty for a table that is not divided.
	ShardBy string `json:"shard_by,omitempty"`
	// SoftDelete keeps the rows that are deleted and hides them.
	SoftDelete bool `json:"soft_delete,omitempty"`
	// RequireMatch refuses changes and deletions without the header If-Match.
	RequireMatch bool `json:"require_match,omitempty"`
	// Auth says who may call its operations; empty is Public, as in records from the time when there was nothing else.
	Auth Auth `json:"auth,omitempty"`
	// Read is Public where everybody may call those that read, and Auth is about the others; empty means that Auth is about all.
	Read Auth `json:"read,omitempty"`
	// Cache is how long what was read of it is kept; empty for not at all.
	Cache TTL `json:"cache,omitempty"`
	// Migration is the version of the migration that makes the table: a UTC time, 20261123101500.
	Migration int64 `json:"migration"`
}

// Command returns the arguments that describe the resource to the command line.
func (s Spec) Command() string {
	words := append([]string{s.Module + "/" + s.Name}, s.Fields...)
	if s.Path != "" {
		words = append(words, "--path", s.Path)
	}
	for _, i := range s.Index {
		words = append(words, "--index", i)
	}
	for _, u := range s.Unique {
		words = append(words, "--unique", u)
	}
	if s.ShardBy != "" {
		words = append(words, "--shard-by", s.ShardBy)
	}
	if s.SoftDelete {
		words = append(words, "--soft-delete")
	}
	if s.RequireMatch {
		words = append(words, "--require-match")
	}
	if s.Auth != "" {
		words = append(words, "--auth", string(s.Auth))
	}
	if s.Read != "" {
		words = append(words, "--read", string(s.Read))
	}
	if s.Cache != "" {
		words = append(words, "--cache", string(s.Cache))
	}
	for i, w := range words {
		if strings.ContainsFunc(w, func(r rune) bool { return !strings.ContainsRune(plain, r) }) {
			words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

// plain are the characters that no shell reads in a way of its own.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%"

// composite is an index over several fields.
type composite struct {
	text   string // as written
	fields []field.Field
	unique bool
}

// checked is a Spec that has passed every rule.
type checked struct {
	Spec
	fields     []field.Field
	many       []field.Many
	composites []composite
	shardKey   *field.Field // nil for a table that is not divided
}

// Pictures reports whether the resource has images.
func (s Spec) Pictures() bool {
	c, _ := s.check() // as far as it goes
	return slices.ContainsFunc(c.fields, func(f field.Field) bool { return f.Type == field.Image })
}

// Check returns what is wrong with a description: everything at once.
func (s Spec) Check() error {
	_, err := s.check()
	return err
}

func (s Spec) check() (checked, error) {
	badName := errors.Join(name.CheckModule(s.Module), name.CheckResource(s.Name))
	errs := []error{badName}
	if goPackage(s.Name) == s.Module {
		errs = append(errs, s.refuse("is the name of its module"))
	}
	if len(s.columns()) == 0 {
		errs = append(errs, fmt.Errorf("resource %s has no fields; write name:string:required", s.quoted()))
	}
	fields, err := field.ParseAll(s.columns())
	errs = append(errs, err)
	many, manyErr := s.many()
	errs = append(errs, manyErr)
	if n := columns(fields); n > maxColumns {
		const form = "resource %s has %d columns, and at most %d are possible; an amount has two, a file three and an image four"
		errs = append(errs, fmt.Errorf(form, s.quoted(), n, maxColumns))
	}
	if s.Path != "" {
		errs = append(errs, checkPath(s.Path))
	}
	errs = append(errs, s.Auth.check(), s.checkRead(), s.Cache.check())
	c := checked{Spec: s, fields: fields, many: many}
	if err == nil { // the rest speaks of the fields
		errs = append(errs, c.readShardKey(), c.checkHidden(), c.checkUnique(), c.checkMethods())
		errs = append(errs, c.readComposites("--index", s.Index, false), c.readComposites("--unique", s.Unique, true))
		errs = append(errs, c.checkRefs()...)
		errs = append(errs, c.checkUniqueWithinKey())
	}
	if err == nil && badName == nil { // the names of its parts are made of its own
		errs = append(errs, c.checkNames())
	}
	return c, errors.Join(errs...)
}

// quoted is the resource in a message. Its names may be any text: what is wrong with them does not hide what is wrong with the fields.
func (s Spec) quoted() string { return name.Quote(s.Module + "/" + s.Name) }

// refuse proposes another name.
func (s Spec) refuse(reason string) error {
	e := &name.Error{What: "resource", Name: s.Name, Reason: reason, Proposal: s.Name + "_item"}
	if name.CheckResource(e.Proposal) != nil {
		e.Proposal = "item"
	}
	return e
}

// checkHidden refuses a resource that nobody sees anything of.
func (c *checked) checkHidden() error {
	if len(c.fields) == 0 || slices.ContainsFunc(c.fields, func(f field.Field) bool { return !f.Hidden }) {
		return nil
	}
	return fmt.Errorf("resource %s has hidden fields only: take hidden away from one", c.quoted())
}

func (c *checked) checkUnique() error {
	var errs []error
	for _, f := range c.fields {
		if f.Unique && !many(f) {
			reason := fmt.Sprintf("unique allows a handful of rows only: the field has fewer than %d values", fewest)
			errs = append(errs, field.Refuse(f.Text, reason, "unique"))
		}
	}
	return errors.Join(errs...)
}

// checkMethods refuses fields that have the name of a method which keeps private values out of logs.
func (c *checked) checkMethods() error {
	if !slices.ContainsFunc(c.fields, field.Field.Private) {
		return nil
	}
	var errs []error
	for _, f := range c.fields {
		if n := f.Member(); n == "Format" || n == "LogValue" {
			e := field.Refuse(f.Text, "is the name of a method that resources with private fields have")
			e.Proposal = "own_" + e.Proposal
			errs = append(errs, e)
		}
	}
	return errors.Join(errs...)
}

// named returns which field a flag means by a word, -1 for none: a relation has the name that was typed, too, and not that of its column alone.
func (c *checked) named(word string) int {
	return slices.IndexFunc(c.fields, func(f field.Field) bool {
		return f.Name.Snake == word || f.Type.Refers() && f.Relation.Name.Snake == word
	})
}

const (
	// maxColumns keeps a batch of 500 rows, with the four columns that every table has, below the 32,766 values that a statement of SQLite
	// binds.
	maxColumns = 60
	maxIndex   = 16 // fields
)

func columns(fields []field.Field) int {
	n := len(fields)
	for _, f := range fields {
		switch {
		case f.Type == field.Money:
			n++
		case f.Type.Uploaded():
			n += len(f.Type.Parts()) - 1
		}
	}
	return n
}

var pathSyntax = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)

func checkPath(path string) error {
	for segment := range strings.SplitSeq(path, "/") {
		if !pathSyntax.MatchString(segment) || len(path) > 60 {
			return fmt.Errorf("--path %s: has to be words of letters a to z, digits, - and _, joined by /; try price-lists", name.Quote(path))
		}
	}
	return nil
}

func (c *checked) readComposites(flag string, texts []string, unique bool) error {
	var errs []error
	for _, text := range texts {
		comp, err := c.readComposite(text, unique)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s %s: %w", flag, name.Quote(text), err))
			continue
		}
		c.composites = append(c.composites, comp)
	}
	return errors.Join(errs...)
}

func (c *checked) readComposite(text string, unique bool) (composite, error) {
	comp := composite{text: text, unique: unique}
	for word := range strings.SplitSeq(text, "+") {
		i := c.named(word)
		if i >= 0 {
			c.fields[i].InIndex = true
		}
		switch {
		case i < 0 && name.StandardField(word):
			return comp, fmt.Errorf("%s is a column that every resource has, and this is about fields: rows sort by their id as they were made, and an index over more is a migration of your own", word)
		case i < 0:
			return comp, fmt.Errorf("there is no field %s: name those of the resource", name.Quote(word))
		case !c.fields[i].Indexable():
			return comp, fmt.Errorf("the field %s cannot stand in an index: it is an amount, a text that can have more than 255 characters, or nothing that an index finds: leave it out, or add max=255 where that is the reason", word)
		case slices.ContainsFunc(comp.fields, func(f field.Field) bool { return f.Name == c.fields[i].Name }):
			return comp, fmt.Errorf("the field %s stands twice: write it once", word)
		}
		comp.fields = append(comp.fields, c.fields[i])
	}
	switch {
	case len(comp.fields) > maxIndex:
		return comp, fmt.Errorf("is over more than %d fields: leave some out", maxIndex)
	case len(comp.fields) < 2:
		return comp, errors.New("is over one field: write the modifier index or unique at the field")
	case unique && !slices.ContainsFunc(comp.fields, many):
		return comp, fmt.Errorf("allows a handful of rows only: one of the fields has to have %d values or more", fewest)
	}
	return comp, nil
}

// fewest is how many values a field needs so that a unique index makes sense.
const fewest = 100

// many reports whether rows can differ in a field. Of what is hidden a new row has null, which differs from everything, or one default.
func many(f field.Field) bool {
	if f.Hidden {
		return f.Null
	}
	return code{Field: f}.distinct() >= fewest
}

// drawn names the fields whose samples never repeat: one of every unique index.
func (c checked) drawn() map[string]bool {
	names := map[string]bool{}
	for _, f := range c.fields {
		if f.Unique {
			names[f.Name.Snake] = true
		}
	}
	for _, comp := range c.composites {
		shown := slices.DeleteFunc(slices.Clone(comp.fields), func(f field.Field) bool { return f.Hidden })
		if comp.unique && len(shown) > 0 {
			most := slices.MaxFunc(shown, func(f, g field.Field) int {
				return cmp.Compare(code{Field: f}.distinct(), code{Field: g}.distinct())
			})
			names[most.Name.Snake] = true
		}
	}
	return names
}

// goPackage is the name of a resource's package.
func goPackage(snake string) string { return strings.ReplaceAll(snake, "_", "") }

// Table returns the name of the resource's table.
func (s Spec) Table() string { return s.Module + "_" + name.Plural(s.Name) }

// Address returns the last part of the resource's address.
func (s Spec) Address() string {
	return cmp.Or(s.Path, strings.ReplaceAll(name.Plural(s.Name), "_", "-"))
}
