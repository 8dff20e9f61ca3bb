package plan

import (
	"bytes"
	"errors"
	"io"
	"reflect"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/banyan-go/banyan/platform/fault"
)

// maxFields is how many wrong values one answer names.
const maxFields = 20

// decoder walks the tokens of one document. Its methods that return a bool report false when the document is malformed; the walk
// ends there and broken says why. Wrong values are noted and do not end it.
type decoder struct {
	json    jsontext.Decoder
	src     bytes.Buffer
	data    []byte
	depth   int // how deep the document may be nested
	path    path
	fields  []fault.Field
	broken  *fault.Error
	scratch []byte
}

func (d *decoder) reset(data []byte, depth int) {
	// The decoder reads a bytes.Buffer in place and never writes into it; every other reader would be copied.
	d.src = *bytes.NewBuffer(data)
	d.json.Reset(&d.src)
	d.data, d.depth = data, depth
	d.path, d.fields, d.broken = d.path[:0], nil, nil
}

// release lets go of the document, so that a pooled decoder does not keep it alive.
func (d *decoder) release() {
	d.reset(nil, 0)
	clear(d.path[:cap(d.path)])
	if cap(d.scratch) > 64<<10 {
		d.scratch = nil
	}
}

// document reads exactly one value with c. The error is nil or a *fault.Error.
func (d *decoder) document(c codec, v reflect.Value) error {
	if c.decode(d, v) {
		end := d.json.InputOffset()
		if _, err := d.json.ReadToken(); err != io.EOF {
			d.broken = malformedAt(d.data, end, CodeTrailingData, "The body has something behind its JSON value")
		}
	}
	switch {
	case d.broken != nil:
		return d.broken
	case len(d.fields) > 0:
		return fault.InvalidFields(d.fields...)
	default:
		return nil
	}
}

// note records that the value at the current path is wrong.
func (d *decoder) note(p problem) {
	if len(d.fields) < maxFields {
		d.fields = append(d.fields, fault.Field{Pointer: d.path.pointer(), Code: p.code, Detail: p.detail})
	}
}

// noteMember records that the member of that name, one of ours, is wrong.
func (d *decoder) noteMember(name string, p problem) {
	if len(d.fields) < maxFields {
		d.path.push(name)
		d.note(p)
		d.path.pop()
	}
}

// noteForeign records that the member of that name, one that the caller chose, is wrong.
func (d *decoder) noteForeign(name []byte, p problem) {
	if len(d.fields) < maxFields {
		d.path.pushForeign(string(name))
		d.note(p)
		d.path.pop()
	}
}

// fail ends the walk: err comes from the JSON decoder.
func (d *decoder) fail(err error) bool {
	d.broken = malformed(d.data, err, d.json.InputOffset())
	return false
}

// token reads the next token, whose kind the caller has seen.
func (d *decoder) token() bool {
	if _, err := d.json.ReadToken(); err != nil {
		return d.fail(err)
	}
	return true
}

// open reads a token that may begin an object or array.
func (d *decoder) open() bool {
	if !d.token() {
		return false
	}
	if d.json.StackDepth() > d.depth {
		d.broken = tooDeep(d.data, d.json.InputOffset(), d.depth)
		return false
	}
	return true
}

// skip reads one value of any kind and forgets it.
func (d *decoder) skip() bool {
	outside := d.json.StackDepth()
	for {
		if !d.open() {
			return false
		}
		if d.json.StackDepth() <= outside {
			return true
		}
	}
}

// refuse notes that the next value, of kind k, is not what was wanted, and skips it.
func (d *decoder) refuse(k jsontext.Kind, want string) bool {
	switch k {
	case jsontext.KindInvalid: // skip meets the error
	case jsontext.KindNull:
		d.note(isNull())
	default:
		d.note(wrongType(want))
	}
	return d.skip()
}

// name reads the name of the next member. The bytes are good until the next read.
func (d *decoder) name() ([]byte, bool) {
	if d.json.PeekKind() != jsontext.KindString {
		if _, err := d.json.ReadToken(); err != nil {
			return nil, d.fail(err)
		}
		return nil, d.fail(errors.New("an object's member without a name"))
	}
	raw, err := d.json.ReadValue()
	if err != nil {
		return nil, d.fail(err)
	}
	return d.unquote(raw), true
}

// text reads a string. Got is false when it is not one, or holds U+0000, which is noted. The bytes are good until the next read.
func (d *decoder) text() (b []byte, got, ok bool) {
	if k := d.json.PeekKind(); k != jsontext.KindString {
		return nil, false, d.refuse(k, "a string")
	}
	raw, err := d.json.ReadValue()
	if err != nil {
		return nil, false, d.fail(err)
	}
	b = d.unquote(raw)
	if bytes.IndexByte(b, 0) >= 0 {
		d.note(hasNUL())
		return nil, false, true
	}
	return b, true, true
}

// number reads the text of a number. Got is false when it is none, which is noted. The bytes are good until the next read.
func (d *decoder) number(want string) (b []byte, got, ok bool) {
	if k := d.json.PeekKind(); k != jsontext.KindNumber {
		return nil, false, d.refuse(k, want)
	}
	raw, err := d.json.ReadValue()
	if err != nil {
		return nil, false, d.fail(err)
	}
	return raw, true, true
}

// unquote returns the text of a string that the JSON decoder has checked.
func (d *decoder) unquote(raw []byte) []byte {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	// The error can only be about syntax, which was checked.
	d.scratch, _ = jsontext.AppendUnquote(d.scratch[:0], raw)
	return d.scratch
}
