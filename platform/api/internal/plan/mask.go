package plan

import (
	"errors"
	"fmt"
	"reflect"
)

// Mask is a choice of the fields of a resource, made by Type.Mask. Nil means all of them.
type Mask []bool

// findResource finds what a mask is about: the structs in the list named data, else the struct itself.
func (t *Type) findResource() {
	t.list = -1
	root, ok := structOf(t.root)
	if !ok {
		return
	}
	t.resource = root
	i, ok := root.byName["data"]
	if !ok {
		return
	}
	if s, ok := root.fields[i].codec.(*sliceCodec); ok {
		if elem, ok := structOf(s.elem); ok {
			t.resource, t.list = elem, i
		}
	}
}

// structOf returns the struct that c plans, also behind a pointer.
func structOf(c codec) (*structCodec, bool) {
	if p, ok := c.(*pointerCodec); ok {
		c = p.elem
	}
	s, ok := c.(*structCodec)
	return s, ok
}

// ResourceFields returns the names of the resource's fields in their order: those of the structs in the list named data, else those of
// the struct itself, and none when the type is no struct. What is embedded is none of them.
func (t *Type) ResourceFields() []string { return t.names(false) }

// EmbeddedFields returns the names of what the resource embeds when it was asked for, in their order.
func (t *Type) EmbeddedFields() []string { return t.names(true) }

func (t *Type) names(embedded bool) []string {
	if t.resource == nil {
		return nil
	}
	names := make([]string, 0, len(t.resource.fields))
	for _, f := range t.resource.fields {
		if f.embedded == embedded {
			names = append(names, f.name)
		}
	}
	return names
}

// Mask chooses the fields of those names; what was asked for to be embedded is written whatever they are. Names that are not among
// ResourceFields are returned as unknown; a name may stand twice. No names at all choose everything.
func (t *Type) Mask(names []string) (m Mask, unknown []string) {
	if len(names) == 0 {
		return nil, nil
	}
	if t.resource == nil {
		return nil, names
	}
	m = make(Mask, len(t.resource.fields))
	for _, n := range names {
		if i, ok := t.resource.byName[n]; ok && !t.resource.fields[i].embedded {
			m[i] = true
		} else {
			unknown = append(unknown, n)
		}
	}
	return m, unknown
}

func (t *Type) appendMasked(dst []byte, v reflect.Value, m Mask) ([]byte, error) {
	if len(m) != len(t.resource.fields) {
		return dst, errors.New("the mask is one of another type")
	}
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return append(dst, "null"...), nil
		}
		v = v.Elem()
	}
	if t.list < 0 {
		return t.resource.appendMasked(dst, v, m)
	}
	root, _ := structOf(t.root)
	dst = append(dst, '{')
	for i := range root.fields {
		f := &root.fields[i]
		dst = f.appendName(dst, i == 0)
		var err error
		if i == t.list {
			dst, err = t.appendList(dst, f.of(v), m)
		} else {
			dst, err = f.codec.append(dst, f.of(v), 1)
		}
		if err != nil {
			return dst, fmt.Errorf("field %s: %w", f.name, err)
		}
	}
	return append(dst, '}'), nil
}

func (t *Type) appendList(dst []byte, list reflect.Value, m Mask) ([]byte, error) {
	dst = append(dst, '[')
	for i := range list.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		v := list.Index(i)
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				dst = append(dst, "null"...)
				continue
			}
			v = v.Elem()
		}
		var err error
		if dst, err = t.resource.appendMasked(dst, v, m); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func (c *structCodec) appendMasked(dst []byte, v reflect.Value, m Mask) ([]byte, error) {
	dst = append(dst, '{')
	first := true
	for i := range c.fields {
		f := &c.fields[i]
		value := f.of(v)
		if !m[i] && !(f.embedded && askedFor(value)) {
			continue
		}
		dst = f.appendName(dst, first)
		first = false
		var err error
		if dst, err = f.codec.append(dst, value, 1); err != nil {
			return dst, fmt.Errorf("field %s: %w", f.name, err)
		}
	}
	return append(dst, '}'), nil
}
