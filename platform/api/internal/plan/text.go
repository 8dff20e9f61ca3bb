package plan

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/banyan-go/banyan/platform/fault"
)

// textCodec is the plan of a text type. Rules on the field are about the text as it was sent.
type textCodec struct {
	rules  textRules
	schema Schema
}

func newText(t reflect.Type, use Use, w *words) (codec, error) {
	c := &textCodec{schema: Schema{Type: "string"}}
	if d, ok := reflect.TypeAssert[interface{ JSONSchema() string }](reflect.New(t)); ok {
		s, err := ParseSchema(d.JSONSchema())
		if err != nil {
			return nil, fmt.Errorf("%s: the JSONSchema of %s: %w", w.where, t, err)
		}
		if s.Type != "string" || s.Nullable {
			return nil, fmt.Errorf(`%s: the JSONSchema of %s: its type is not "string", which a text type always is`, w.where, t)
		}
		c.schema = *s
	}
	own := c.schema
	var err error
	if c.rules, err = readTextRules(w, &c.schema); err != nil {
		return nil, err
	}
	if w.has("enum") && c.schema.Enum != nil {
		return nil, w.errorf("tag enum: the type %s itself says what its words are", t)
	}
	if err := c.rules.readEnum(w, &c.schema); err != nil {
		return nil, err
	}
	for word := range c.rules.enum {
		if p := c.parse(word, reflect.New(t).Elem()); p.found() {
			return nil, w.wrong("enum", word, p.detail)
		}
	}
	if use == Output { // what the type says of itself holds for what is written, too
		own.Enum = c.schema.Enum
		c.schema = own
	}
	return c, nil
}

func (c *textCodec) decode(d *decoder, v reflect.Value) bool {
	b, got, ok := d.text()
	if !got {
		return ok
	}
	if p := c.set(b, v); p.found() {
		d.note(p)
	}
	return true
}

func (c *textCodec) parse(s string, v reflect.Value) problem { return c.set([]byte(s), v) }

func (c *textCodec) set(b []byte, v reflect.Value) problem {
	if c.rules.any() {
		if p := c.rules.check(string(b)); p.found() {
			return p
		}
	}
	// By the contract of UnmarshalText the type copies what it keeps of b.
	err := v.Addr().Interface().(textValue).UnmarshalText(b)
	if err == nil {
		return problem{}
	}
	// The text of any other error was not written for strangers, and may repeat b.
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return problem{f.Code, f.Detail}
	}
	return problem{CodeFormat, formatSentence(c.schema.Format)}
}

func (c *textCodec) append(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	start := len(dst)
	out, err := c.appendText(append(dst, '"'), v)
	if err != nil {
		return dst, err
	}
	if text := out[start+1:]; !plain(text) {
		return appendString(out[:start], string(text)), nil
	}
	return append(out, '"'), nil
}

func (*textCodec) appendText(dst []byte, v reflect.Value) ([]byte, error) {
	return v.Addr().Interface().(textValue).AppendText(dst)
}

func (c *textCodec) describe(*Components) (*Schema, error) { return c.schema.clone(), nil }
