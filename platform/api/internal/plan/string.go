package plan

import (
	"reflect"
	"strings"
)

type stringCodec struct {
	rules  textRules
	schema Schema
}

func newString(use Use, w *words) (codec, error) {
	c := &stringCodec{schema: Schema{Type: "string"}}
	var err error
	if c.rules, err = readTextRules(w, &c.schema); err != nil {
		return nil, err
	}
	if err := c.rules.readFormat(w, &c.schema); err != nil {
		return nil, err
	}
	if err := c.rules.readEnum(w, &c.schema); err != nil {
		return nil, err
	}
	c.schema.forUse(use)
	return c, nil
}

func (c *stringCodec) decode(d *decoder, v reflect.Value) bool {
	b, got, ok := d.text()
	if !got {
		return ok
	}
	if word, ok := c.rules.enum[string(b)]; ok {
		v.SetString(word) // saves a copy: most texts of an enum are one of its words
		return true
	}
	s := string(b)
	v.SetString(s)
	if p := c.rules.check(s); p.found() {
		d.note(p)
	}
	return true
}

func (c *stringCodec) parse(s string, v reflect.Value) problem {
	v.SetString(strings.Clone(s))
	return c.rules.check(s)
}

func (c *stringCodec) append(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	return appendString(dst, v.String()), nil
}

func (c *stringCodec) appendText(dst []byte, v reflect.Value) ([]byte, error) {
	return append(dst, v.String()...), nil
}

func (c *stringCodec) describe(*Components) (*Schema, error) { return c.schema.clone(), nil }
