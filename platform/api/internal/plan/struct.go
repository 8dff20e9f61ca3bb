package plan

import (
	"cmp"
	"fmt"
	"reflect"

	"github.com/go-json-experiment/json/jsontext"
)

// maxStructFields is how many fields one struct may have, so that those seen fit into a fieldSet.
const maxStructFields = 256

type fieldSet [maxStructFields / 64]uint64

func (s *fieldSet) add(i int)      { s[i/64] |= 1 << (i % 64) }
func (s *fieldSet) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }

type structCodec struct {
	t      reflect.Type
	use    Use
	fields []field
	byName map[string]int
	needed fieldSet // required, or with a default
}

type field struct {
	name     string
	prefix   string // `,"name":`
	index    []int
	codec    codec
	required bool
	embedded bool     // written only when it was asked for
	value    *literal // the default, or nil
	example  *literal
	doc      string
}

// of returns the field's value in the struct v.
func (f *field) of(v reflect.Value) reflect.Value {
	if len(f.index) == 1 {
		return v.Field(f.index[0])
	}
	return v.FieldByIndex(f.index)
}

// appendName appends the name, the colon, and the comma before them unless the field is the first.
func (f *field) appendName(dst []byte, first bool) []byte {
	if first {
		return append(dst, f.prefix[1:]...)
	}
	return append(dst, f.prefix...)
}

func (b *build) structure(t reflect.Type) (codec, error) {
	k := key{t, b.use}
	if c := cmp.Or(b.known[k], b.structs[k]); c != nil {
		return c, nil
	}
	c := &structCodec{t: t, use: b.use, byName: map[string]int{}}
	b.structs[k] = c // before its fields: they may refer to it
	defer func(outer []reflect.Type) { b.busy = outer }(b.busy)
	b.busy = nil

	all, err := fieldsOf(t, nil, isOpaque)
	if err != nil {
		return nil, err
	}
	for _, f := range all {
		if err := b.member(c, f); err != nil {
			return nil, err
		}
	}
	if len(c.fields) == 0 && t.NumField() > 0 && len(all) == 0 {
		return nil, fmt.Errorf("%s: the struct has fields and none is exported, so JSON would lose its value", typeName(t))
	}
	if len(c.fields) > maxStructFields {
		return nil, fmt.Errorf("%s: the struct has more than %d fields", typeName(t), maxStructFields)
	}
	for i := range c.fields {
		if f := &c.fields[i]; f.required || f.value != nil {
			c.needed.add(i)
		}
	}
	return c, nil
}

// member adds the property that a field makes.
func (b *build) member(c *structCodec, sf owned) error {
	if sf.Tag.Get("json") == "-" {
		return nil // other packages may have tags on it
	}
	w, err := readWords(sf.where(), sf.Tag)
	if err != nil {
		return err
	}
	f := field{index: sf.path}
	if f.name, err = propertyName(w); err != nil {
		return err
	}
	if i, ok := c.byName[f.name]; ok {
		return w.errorf("the name %s is taken by the field %s", f.name, c.t.FieldByIndex(c.fields[i].index).Name)
	}
	f.doc, _ = w.take("doc")
	preset, hasDefault := w.take("default")
	example, hasExample := w.take("example")
	switch {
	case isChange(sf.Type):
		f.codec, err = b.change(sf.Type, w)
	case isEmbedded(sf.Type):
		f.codec, err = b.embedding(sf.Type, w)
		f.embedded = true
	default:
		f.codec, err = b.codec(sf.Type, w)
	}
	if err != nil {
		return err
	}
	if err := w.leftover(sf.Type); err != nil {
		return err
	}
	if hasExample {
		f.example = b.literal(w, "example", f.codec, sf.Type, example)
	}
	f.required = !mayBeAbsent(sf.Type)
	if hasDefault {
		if !f.required {
			return w.wrong("default", preset, "the type already says what happens when the field is left out")
		}
		f.value = b.literal(w, "default", f.codec, sf.Type, preset)
		f.required = false
	}
	f.prefix = "," + string(appendString(nil, f.name)) + ":"
	c.byName[f.name] = len(c.fields)
	c.fields = append(c.fields, f)
	return nil
}

func mayBeAbsent(t reflect.Type) bool {
	return t.Kind() == reflect.Pointer || isChange(t) || isEmbedded(t)
}

func (c *structCodec) decode(d *decoder, v reflect.Value) bool {
	if k := d.json.PeekKind(); k != jsontext.KindBeginObject {
		return d.refuse(k, "an object")
	}
	if !d.open() {
		return false
	}
	var seen fieldSet
	for next := 0; d.json.PeekKind() != jsontext.KindEndObject; next++ {
		name, ok := d.name()
		if !ok {
			return false
		}
		i, known := next, next < len(c.fields) && c.fields[next].name == string(name)
		if !known { // most callers keep the order of the document
			i, known = c.byName[string(name)]
		}
		if !known {
			d.noteForeign(name, isUnknown())
			if !d.skip() {
				return false
			}
			continue
		}
		next = i
		seen.add(i)
		d.path.push(c.fields[i].name)
		if !c.fields[i].codec.decode(d, c.fields[i].of(v)) {
			return false
		}
		d.path.pop()
	}
	c.complete(d, v, &seen)
	return d.token()
}

// complete deals with the fields that were left out.
func (c *structCodec) complete(d *decoder, v reflect.Value, seen *fieldSet) {
	for w := range seen {
		if c.needed[w]&^seen[w] == 0 {
			continue
		}
		for i := w * 64; i < min(len(c.fields), (w+1)*64); i++ {
			switch f := &c.fields[i]; {
			case seen.has(i):
			case f.required:
				d.noteMember(f.name, missing())
			case f.value != nil:
				f.value.fill(f.of(v))
			}
		}
	}
}

func (c *structCodec) append(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	if depth >= maxDepth {
		return dst, errDepth
	}
	dst = append(dst, '{')
	first := true
	for i := range c.fields {
		f := &c.fields[i]
		value := f.of(v)
		if f.embedded && !askedFor(value) {
			continue
		}
		dst = f.appendName(dst, first)
		first = false
		var err error
		if dst, err = f.codec.append(dst, value, depth+1); err != nil {
			return dst, fmt.Errorf("field %s: %w", f.name, err)
		}
	}
	return append(dst, '}'), nil
}

func (c *structCodec) describe(cs *Components) (*Schema, error) { return cs.ref(c, c.use, c.object) }

// object returns the schema of the struct itself, not a reference to it.
func (c *structCodec) object(cs *Components) (*Schema, error) {
	s := &Schema{Type: "object", Closed: c.use == Input}
	for i := range c.fields {
		f := &c.fields[i]
		p, err := f.codec.describe(cs)
		if err != nil {
			return nil, err
		}
		if f.doc != "" {
			p.Description = f.doc
		}
		if f.example != nil {
			p.Examples = [][]byte{f.example.json}
		}
		if f.value != nil && c.use == Input {
			p.Default = f.value.json
		}
		s.Properties = append(s.Properties, Property{Name: f.name, Schema: p})
		if f.required || c.use == Output && !f.embedded {
			s.Required = append(s.Required, f.name)
		}
	}
	return s, nil
}
