package resource

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/banyan-go/banyan/generator/field"
	"github.com/banyan-go/banyan/generator/name"
)

// Nested is a list of the resource below another one that it refers to: GET /posts/{id}/comments.
type Nested struct {
	Relation
	Above   string // the address of the other one: "posts"
	Segment string // "comments"
	Missing string // the error when there is none: "blog.ErrPostNotFound"
	Code    string // that of the error: "post_not_found"
}

// columns are the fields that the table has.
func (s Spec) columns() []string {
	return slices.DeleteFunc(slices.Clone(s.Fields), func(text string) bool {
		_, many, _ := field.ParseMany(text)
		return many
	})
}

// many are the other sides of references to the resource.
func (s Spec) many() (all []field.Many, _ error) {
	var errs []error
	for _, text := range s.Fields {
		m, ok, err := field.ParseMany(text)
		if !ok {
			continue
		}
		if err == nil && slices.ContainsFunc(all, func(o field.Many) bool { return o.Name == m.Name || o.Resource == m.Resource }) {
			err = field.Refuse(text, "stands twice, by its name or by its resource")
		}
		all, errs = append(all, m), append(errs, err)
	}
	return all, errors.Join(errs...)
}

// nest finds the lists of the resource below those that say so.
func (v *View) nest(c checked, specs []Spec) error {
	for _, above := range specs {
		if above.Module != c.Module {
			continue
		}
		many, _ := above.many() // as far as it goes: it was made by another version perhaps
		for _, m := range many {
			if m.Resource != c.Name {
				continue
			}
			r, err := v.answers(above, m)
			if err != nil {
				return err
			}
			one := name.New(above.Name)
			v.Nested = append(v.Nested, Nested{
				Relation: r, Above: above.Address(), Segment: strings.ReplaceAll(m.Name.Snake, "_", "-"),
				Missing: above.Module + ".Err" + one.Pascal + "NotFound", Code: one.Snake + "_not_found",
			})
		}
	}
	return nil
}

// answers returns the reference that the other side means: the only one, or the one that has its name.
func (v *View) answers(above Spec, m field.Many) (Relation, error) {
	one := name.New(above.Name)
	var found []Relation
	for _, r := range v.Relations {
		if !r.Key || r.Part != one.Pascal {
			continue
		}
		if r.JSON == one.Snake {
			return r, nil
		}
		found = append(found, r)
	}
	if len(found) == 1 {
		return found[0], nil
	}
	const form = "%s/%s has %s, and this resource has no field that answers it: add %s:ref=%s"
	return Relation{}, fmt.Errorf(form, above.Module, above.Name, m.Text, above.Name, above.Name)
}

// checkMany refuses the other side of references that exist already: their list would have been written with them.
func (s Spec) checkMany(others []Spec) error {
	many, _ := s.many() // the caller has
	for _, m := range many {
		if _, there := find(others, s.Module, m.Resource); there && m.Resource != s.Name {
			return field.Refuse(m.Text, fmt.Sprintf("comes after %s/%s, which is written already and has no field for it: take it away, and list by filter[%s_id]", s.Module, m.Resource, s.Name))
		}
	}
	return nil
}
