package plan

import (
	"fmt"
	"reflect"
	"strings"
)

// Header is one header of a response: a field tagged header.
type Header struct {
	Name, Doc string
	Schema    *Schema
	Index     []int // for reflect.Value.FieldByIndex

	codec header
}

// Headers returns the headers of struct t in the order of its fields, those of embedded structs among them, and the index of the field
// Body, -1 when there is none. A header is a string, an integer or a text type. The error names the struct, the field and the tag that
// is wrong.
func (c *Compiler) Headers(t reflect.Type) (headers []Header, body int, err error) {
	body = -1
	all, err := c.fields(t)
	if err != nil {
		return nil, -1, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	err = c.run(Output, func(b *build) error {
		taken := map[string]string{}
		for _, f := range all {
			if f.Name == "Body" && len(f.path) == 1 {
				body = f.path[0]
				if err := checkBody(f); err != nil {
					return err
				}
				continue
			}
			h, err := b.responseHeader(f)
			if err != nil {
				return err
			}
			lower := strings.ToLower(h.Name)
			if other := taken[lower]; other != "" {
				return f.errorf("the header %s is that of the field %s, too", h.Name, other)
			}
			taken[lower] = f.Name
			headers = append(headers, h)
		}
		return nil
	})
	if err != nil {
		return nil, -1, err
	}
	return headers, body, nil
}

func (b *build) responseHeader(f owned) (Header, error) {
	h := Header{Index: f.path}
	w, err := readWords(f.where(), f.Tag)
	if err != nil {
		return h, err
	}
	var ok bool
	if h.Name, ok = w.take("header"); !ok {
		return h, w.errorf(`the field is no header; tag it header:"Name", or call it Body`)
	}
	if err := checkName(w, "header", h.Name); err != nil {
		return h, err
	}
	h.Doc, _ = w.take("doc")
	example, hasExample := w.take("example")
	planned, err := b.codec(f.Type, w)
	if err != nil {
		return h, err
	}
	if err := w.leftover(f.Type); err != nil {
		return h, err
	}
	if h.codec, ok = planned.(header); !ok {
		return h, w.errorf("the type %s is not supported in a header: it is a string, an integer or a text type", f.Type)
	}
	if h.Schema, err = planned.describe(nil); err != nil {
		return h, err
	}
	if hasExample {
		s := h.Schema
		b.literal(w, "example", planned, f.Type, example).then(b, func(json []byte) { s.Examples = [][]byte{json} })
	}
	return h, nil
}

// Append appends the header's value in v, an addressable value of the struct that was compiled, and reports whether there is one: the zero value of
// the field is not sent. The error is about a value that would break out of its header, or that its type cannot write.
func (h *Header) Append(dst []byte, v reflect.Value) ([]byte, bool, error) {
	f := v.FieldByIndex(h.Index)
	if f.IsZero() {
		return dst, false, nil
	}
	out, err := h.codec.appendText(dst, f)
	if err != nil {
		return dst, false, fmt.Errorf("write header %s: %w", h.Name, err)
	}
	for _, c := range out[len(dst):] {
		if c < ' ' && c != '\t' || c == 0x7f {
			return dst, false, fmt.Errorf("write header %s: its value has a control character", h.Name)
		}
	}
	return out, true, nil
}
