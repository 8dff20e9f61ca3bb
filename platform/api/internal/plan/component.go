package plan

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// Components collects the schemas of structs under names, for components/schemas of an OpenAPI document. It is not safe for concurrent
// use.
type Components struct {
	name    func(reflect.Type, Use) string
	names   map[key]string
	schemas map[string]*Schema
	inline  []key // the structs without a name around
}

// NewComponents returns an empty collection. Name gives the struct t its name on that side of the handler; "" has its schema written
// where it is used.
func NewComponents(name func(t reflect.Type, use Use) string) *Components {
	return &Components{name: name, names: map[key]string{}, schemas: map[string]*Schema{}}
}

// Schema returns the schema of t and adds the structs in it to the components. It returns an error when two structs, or the two sides of one,
// have one name, and when a name cannot stand in a document.
func (cs *Components) Schema(t *Type) (*Schema, error) {
	s, err := t.root.describe(cs)
	if err != nil {
		return nil, fmt.Errorf("describe %s: %w", typeName(t.goType), err)
	}
	return s, nil
}

// Sparse returns the schema of t when the caller chooses the fields of its resource by a Mask: none of them is required. The names of the
// resource, and of the list around it, are those of the use Sparse. The errors are those of Schema.
func (cs *Components) Sparse(t *Type) (*Schema, error) {
	if t.resource == nil {
		return cs.Schema(t)
	}
	s, err := cs.sparse(t)
	if err != nil {
		return nil, fmt.Errorf("describe %s: %w", typeName(t.goType), err)
	}
	return likePointer(t.root, s), nil
}

func (cs *Components) sparse(t *Type) (*Schema, error) {
	resource, err := cs.ref(t.resource, Sparse, func(cs *Components) (*Schema, error) {
		s, err := t.resource.object(cs)
		if err == nil {
			s.Required = nil
		}
		return s, err
	})
	if err != nil || t.list < 0 {
		return resource, err
	}
	root, _ := structOf(t.root)
	list := root.fields[t.list].codec.(*sliceCodec)
	return cs.ref(root, Sparse, func(cs *Components) (*Schema, error) {
		s, err := root.object(cs)
		if err == nil {
			s.Properties[t.list].Schema.Items = likePointer(list.elem, resource)
		}
		return s, err
	})
}

// likePointer allows null in the schema of a struct when c, its plan, is that of a pointer.
func likePointer(c codec, s *Schema) *Schema {
	if _, ok := c.(*pointerCodec); ok {
		return s.orNull()
	}
	return s
}

// ref returns a reference to the component of c, which describe writes when it is not there yet.
func (cs *Components) ref(c *structCodec, use Use, describe func(*Components) (*Schema, error)) (*Schema, error) {
	k := key{c.t, use}
	name, known := cs.names[k]
	if known {
		return &Schema{Ref: "#/components/schemas/" + name}, nil
	}
	if name = cs.name(c.t, use); name == "" {
		return cs.inlined(k, describe)
	}
	if !showable(name) {
		return nil, fmt.Errorf("the component name %q of %s is not made of letters, digits, dots, hyphens and underscores", name, typeName(c.t))
	}
	if _, taken := cs.schemas[name]; taken {
		return nil, fmt.Errorf("the component name %s of %s is taken by another type; rename one of the two", name, typeName(c.t))
	}
	cs.names[k] = name
	cs.schemas[name] = nil // taken, for a struct that contains itself
	s, err := describe(cs)
	if err != nil {
		return nil, err
	}
	cs.schemas[name] = s
	return &Schema{Ref: "#/components/schemas/" + name}, nil
}

func (cs *Components) inlined(k key, describe func(*Components) (*Schema, error)) (*Schema, error) {
	if slices.Contains(cs.inline, k) {
		return nil, fmt.Errorf("the struct %s contains itself and has no component name", typeName(k.t))
	}
	cs.inline = append(cs.inline, k)
	defer func() { cs.inline = cs.inline[:len(cs.inline)-1] }()
	return describe(cs)
}

// Names returns the names of the components in alphabetical order.
func (cs *Components) Names() []string { return slices.Sorted(maps.Keys(cs.schemas)) }

// Get returns the schema of that name, nil when there is none.
func (cs *Components) Get(name string) *Schema { return cs.schemas[name] }

// AppendJSON appends the object that stands under components/schemas, in alphabetical order.
func (cs *Components) AppendJSON(dst []byte) []byte {
	o := object{dst: append(dst, '{')}
	for _, name := range cs.Names() {
		o.schema(name, cs.schemas[name])
	}
	return append(o.dst, '}')
}
