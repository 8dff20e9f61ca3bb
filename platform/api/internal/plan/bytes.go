package plan

import (
	"encoding/base64"
	"reflect"
)

// bytesCodec reads and writes base64 with padding (RFC 4648, section 4). Like json v2 it does not look at the bits that the last digit has
// too many. Its rules are about the text.
type bytesCodec struct {
	rules  textRules
	schema Schema
}

func newBytes(use Use, w *words) (codec, error) {
	c := &bytesCodec{schema: Schema{Type: "string", ContentEncoding: "base64"}}
	var err error
	if c.rules, err = readTextRules(w, &c.schema); err != nil {
		return nil, err
	}
	c.schema.forUse(use)
	return c, nil
}

func (c *bytesCodec) decode(d *decoder, v reflect.Value) bool {
	b, got, ok := d.text()
	if !got {
		return ok
	}
	if p := c.parse(string(b), v); p.found() {
		d.note(p)
	}
	return true
}

func (c *bytesCodec) parse(s string, v reflect.Value) problem {
	if p := c.rules.check(s); p.found() {
		return p
	}
	for i := range len(s) {
		if s[i] == '\r' || s[i] == '\n' { // which package base64 skips
			return notBase64()
		}
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return notBase64()
	}
	v.SetBytes(b)
	return problem{}
}

func notBase64() problem {
	return problem{CodeFormat, "must be base64 with padding (RFC 4648, section 4)"}
}

func (*bytesCodec) append(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	return append(base64.StdEncoding.AppendEncode(append(dst, '"'), v.Bytes()), '"'), nil
}

func (c *bytesCodec) describe(*Components) (*Schema, error) { return c.schema.clone(), nil }
