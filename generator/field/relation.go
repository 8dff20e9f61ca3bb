package field

import (
	"fmt"
	"strings"

	"github.com/banyan-go/banyan/generator/name"
)

// Relation is what a ref or an xref means: author:xref=accounts.user has the column author_id and refers to the users of another module.
type Relation struct {
	Name     name.Name // as written, without _id
	Module   string    // of the resource that it refers to; empty for the field's own
	Resource string
}

// Refers reports whether values are ids of a resource.
func (t Type) Refers() bool { return t == Ref || t == XRef }

// Many is the other side of a ref: with comments:many=comment a post has a list of comments, which are written after it and refer to it. It is no
// column and no member.
type Many struct {
	Name     name.Name
	Resource string // of the same module, that has the ref
	Text     string // as written
}

// ParseMany reads the other side of a ref. It reports false for a text that is a field.
func ParseMany(text string) (m Many, ok bool, err error) {
	word, rest, _ := strings.Cut(text, ":")
	typ, mods, _ := strings.Cut(rest, ":")
	typ, param, _ := strings.Cut(typ, "=")
	if typ != "many" {
		return Many{}, false, nil
	}
	if err := name.CheckMany(word); err != nil {
		return Many{}, true, err
	}
	m = Many{Name: name.New(word), Resource: param, Text: text}
	switch {
	case name.CheckResource(param) != nil:
		err = Refuse(text, fmt.Sprintf("write the resource of the same module that refers to this one: %s:many=comment", word))
	case mods != "":
		err = &Error{Field: text, Reason: "many has no modifiers", Proposal: word + ":many=" + param}
	}
	return m, true, err
}

// Member returns the name, in Go, of what answers have for the field beside its column: of a relation what include embeds.
func (f Field) Member() string {
	if f.Type.Refers() {
		return f.Relation.Name.Pascal
	}
	return f.Name.Pascal
}

// readTarget reads the resource that a field refers to.
func (f *Field) readTarget(param string) error {
	r := Relation{Name: f.Name, Resource: param}
	if f.Type == XRef {
		var ok bool
		if r.Module, r.Resource, ok = strings.Cut(param, "."); !ok || name.CheckModule(r.Module) != nil || name.CheckResource(r.Resource) != nil {
			return fmt.Errorf("write the module and the resource that it refers to: %s:xref=accounts.user", f.Name.Snake)
		}
	} else if name.CheckResource(r.Resource) != nil {
		return fmt.Errorf("write the resource of the same module that it refers to: %s:ref=post; of another module: xref=accounts.user", f.Name.Snake)
	}
	f.Relation = r
	return nil
}

// refer makes the field that of the ids: by the name of its column, and with the filter that every one has.
func (f *Field) refer() error {
	if strings.HasSuffix(f.Name.Snake, "_id") {
		return fmt.Errorf("%s gets _id at its end in any case: name what it is", f.Name.Snake)
	}
	for _, mod := range []struct {
		name string
		set  bool
	}{
		{"sort", f.Sort}, {"search", f.Search}, {"hidden", f.Hidden}, {"pii", f.PII}, {"secret", f.Secret}, {"default", f.Default != nil},
		{"min", f.Min != nil}, {"max", f.Max != nil}, {"match", f.Match != nil}, {"types", f.Types != nil},
	} {
		if mod.set {
			return fmt.Errorf("%s is not for the type %s, whose values are ids", mod.name, f.Type)
		}
	}
	if f.Index {
		return fmt.Errorf("the type %s has an index in any case", f.Type)
	}
	f.Name, f.Filter = name.New(f.Name.Snake+"_id"), true
	return nil
}
