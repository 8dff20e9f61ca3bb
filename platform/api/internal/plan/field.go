package plan

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// owned is a field of a struct or of one that it embeds.
type owned struct {
	reflect.StructField
	owner reflect.Type // the struct that declares it
	path  []int        // from the outer struct
}

func (f owned) where() string { return typeName(f.owner) + "." + f.Name }

func (f owned) errorf(format string, args ...any) error {
	return (&words{where: f.where()}).errorf(format, args...)
}

// typeName returns a name for errors: "catalog.CreateProduct", also for a struct without a name.
func typeName(t reflect.Type) string {
	if t.Kind() == reflect.Struct && t.Name() == "" {
		return "an unnamed struct"
	}
	return t.String()
}

// fieldsOf returns the exported fields of struct t in order, those of embedded structs in the place of the embedded one. A struct is
// embedded when its field has no tag at all and opaque does not hold for its type.
func fieldsOf(t reflect.Type, path []int, opaque func(reflect.Type) bool) ([]owned, error) {
	all := make([]owned, 0, t.NumField())
	for i := range t.NumField() {
		f := owned{StructField: t.Field(i), owner: t, path: append(slices.Clip(path), i)}
		if f.Anonymous && f.Tag == "" && !opaque(f.Type) {
			if f.Type.Kind() != reflect.Struct {
				return nil, fmt.Errorf("%s: an embedded %s has no fields to lend; name the field and give it a tag", f.where(), f.Type)
			}
			inner, err := fieldsOf(f.Type, f.path, opaque)
			if err != nil {
				return nil, err
			}
			all = append(all, inner...)
			continue
		}
		if !f.IsExported() {
			if f.Tag != "" {
				return nil, fmt.Errorf("%s: the field has a tag and is not exported, so nobody can reach it", f.where())
			}
			continue
		}
		all = append(all, f)
	}
	return all, nil
}

// isOpaque reports whether a struct is one value to JSON, so that embedding it does not lend its fields.
func isOpaque(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && (isTime(t) || isChange(t) || isEmbedded(t) || isText(t) || foreignMethod(t) != "")
}

// propertyName takes the json tag, which is not "-".
func propertyName(w *words) (string, error) {
	tag, ok := w.take("json")
	if !ok {
		return "", w.errorf(`the field has no json tag; give it a name, or json:"-" to leave it out`)
	}
	name, options, found := strings.Cut(tag, ",")
	switch {
	case found:
		return "", w.wrong("json", tag, "the option "+options+" is not supported: presence is in the type, and a response always has all its fields")
	case name == "":
		return "", w.wrong("json", tag, "the name is empty")
	case strings.ContainsFunc(name, func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) }):
		return "", w.wrong("json", tag, "the name has a character that cannot be printed")
	default:
		return name, nil
	}
}
