// Package resource turns the description of a resource into what its templates need to know.
package resource

import (
	"errors"
	"fmt"
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
	// Migration is the version of the migration that makes the table: a UTC time, 20261123101500.
	Migration int64 `json:"migration"`
}

// composite is an index over several fields.
type composite struct {
	fields []field.Field
	unique bool
}

// checked is a Spec that has passed every rule.
type checked struct {
	Spec
	fields     []field.Field
	composites []composite
}

// Check returns what is wrong with a description: everything at once.
func (s Spec) Check() error {
	_, err := s.check()
	return err
}

func (s Spec) check() (checked, error) {
	errs := []error{name.CheckModule(s.Module), name.CheckResource(s.Name)}
	if goPackage(s.Name) == s.Module {
		errs = append(errs, &name.Error{What: "resource", Name: s.Name, Reason: "is the name of its module", Proposal: s.Name + "_item"})
	}
	if len(s.Fields) == 0 {
		errs = append(errs, fmt.Errorf("resource %s/%s has no fields; write name:string:required", s.Module, s.Name))
	}
	fields, err := field.ParseAll(s.Fields)
	errs = append(errs, err)
	if len(fields) > maxFields {
		errs = append(errs, fmt.Errorf("a resource has at most %d fields", maxFields))
	}
	if s.Path != "" {
		errs = append(errs, checkPath(s.Path))
	}
	c := checked{Spec: s, fields: fields}
	if err == nil { // indexes speak of the fields
		errs = append(errs, c.readComposites("--index", s.Index, false), c.readComposites("--unique", s.Unique, true))
	}
	return c, errors.Join(errs...)
}

// maxFields keeps a batch of rows below what one statement may bind.
const maxFields = 50

func checkPath(path string) error {
	for segment := range strings.SplitSeq(path, "/") {
		if strings.Trim(segment, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" || segment == "" || segment[0] == '-' || len(path) > 60 {
			return fmt.Errorf("--path %q: has to be words of letters a to z, digits, - and _, joined by /; try %s", path, "price-lists")
		}
	}
	return nil
}

func (c *checked) readComposites(flag string, texts []string, unique bool) error {
	var errs []error
	for _, text := range texts {
		comp, err := c.readComposite(text, unique)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s %s: %w", flag, text, err))
			continue
		}
		c.composites = append(c.composites, comp)
	}
	return errors.Join(errs...)
}

func (c *checked) readComposite(text string, unique bool) (composite, error) {
	comp := composite{unique: unique}
	for word := range strings.SplitSeq(text, "+") {
		i := slices.IndexFunc(c.fields, func(f field.Field) bool { return f.Name.Snake == word })
		switch {
		case i < 0:
			return comp, fmt.Errorf("there is no field %q", word)
		case c.fields[i].Type == field.Money || c.fields[i].Type == field.Text:
			return comp, fmt.Errorf("a field of the type %s cannot stand in an index", c.fields[i].Type)
		case slices.ContainsFunc(comp.fields, func(f field.Field) bool { return f.Name.Snake == word }):
			return comp, fmt.Errorf("the field %s stands twice", word)
		}
		comp.fields = append(comp.fields, c.fields[i])
	}
	switch {
	case len(comp.fields) < 2:
		return comp, errors.New("is over one field: write the modifier index or unique at the field")
	case unique && !slices.ContainsFunc(comp.fields, many):
		return comp, errors.New("allows a handful of rows only: one of the fields has to have more values than a bool or an enum")
	}
	return comp, nil
}

// many reports whether a field has so many values that samples of it need not repeat.
func many(f field.Field) bool { return f.Type != field.Bool && f.Type != field.Enum }

// drawn names the fields whose samples never repeat: one of every unique index.
func (c checked) drawn() map[string]bool {
	names := map[string]bool{}
	for _, f := range c.fields {
		if f.Unique {
			names[f.Name.Snake] = true
		}
	}
	for _, comp := range c.composites {
		if i := slices.IndexFunc(comp.fields, many); comp.unique && i >= 0 {
			names[comp.fields[i].Name.Snake] = true
		}
	}
	return names
}

// goPackage is the name of a resource's package.
func goPackage(snake string) string { return strings.ReplaceAll(snake, "_", "") }

// Table returns the name of the resource's table.
func (s Spec) Table() string { return s.Module + "_" + name.Plural(s.Name) }
