package plan

import (
	"errors"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/banyan-go/banyan/platform/fault"
)

// literal is the value of a default or example tag: plain text of a scalar, JSON of anything else.
type literal struct {
	codec codec
	use   Use
	text  string
	json  []byte // for the document
}

// literal plans a value of type t and has it checked at the end of the build, when every codec is whole.
func (b *build) literal(w *words, key string, c codec, t reflect.Type, text string) *literal {
	if change, ok := c.(*changeCodec); ok {
		c, t = change.elem, slotOf(reflect.New(t).Elem()).Type()
	}
	if pointer, ok := c.(*pointerCodec); ok {
		c, t = pointer.elem, pointer.t
	}
	l := &literal{codec: c, use: b.use, text: text}
	b.checks = append(b.checks, func() error {
		if why := l.check(reflect.New(t).Elem()); why != "" {
			return w.wrong(key, text, why)
		}
		return nil
	})
	return l
}

// then has fn called with the JSON of the literal once it is checked.
func (l *literal) then(b *build, fn func(json []byte)) {
	b.checks = append(b.checks, func() error {
		fn(l.json)
		return nil
	})
}

// check says why the text is no value of the field, "" when it is one, and keeps its JSON. V is zero.
func (l *literal) check(v reflect.Value) string {
	s, isScalar := l.codec.(scalar)
	if isScalar {
		if p := s.parse(l.text, v); p.found() {
			return p.detail
		}
	} else if err := l.read(v); err != nil {
		if f, ok := errors.AsType[*fault.Error](err); ok && len(f.Fields) > 0 {
			return strings.TrimSpace(f.Fields[0].Pointer + " " + f.Fields[0].Detail)
		}
		return "it is not JSON: " + err.Error()
	}
	if isScalar || l.use == Output { // what is written has all its fields, also as an example
		var err error
		if l.json, err = l.codec.append(nil, v, 0); err != nil {
			return err.Error()
		}
		return ""
	}
	// Compact, not append: a request's type may hold a patch.Change, which is never written.
	value := jsontext.Value(l.text)
	if err := value.Compact(); err != nil {
		return err.Error()
	}
	l.json = value
	return ""
}

func (l *literal) read(v reflect.Value) error {
	d := new(decoder)
	d.reset([]byte(l.text), maxDepth)
	return d.document(l.codec, v)
}

// fill sets v, which is zero, to a value of its own. It cannot fail: check has read the same text.
func (l *literal) fill(v reflect.Value) {
	if s, ok := l.codec.(scalar); ok {
		s.parse(l.text, v)
		return
	}
	_ = l.read(v)
}
