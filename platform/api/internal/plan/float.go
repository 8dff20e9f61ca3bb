package plan

import (
	"errors"
	"math"
	"reflect"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

var errNotFinite = errors.New("JSON has no way to write NaN and infinity")

type floatCodec struct {
	bits   int
	rules  bounds[float64]
	schema Schema
}

func newFloat(t reflect.Type, use Use, w *words) (codec, error) {
	c := &floatCodec{bits: t.Bits(), schema: Schema{Type: "number"}}
	var err error
	if c.rules, err = readBounds(w, &c.schema, c.number); err != nil {
		return nil, err
	}
	c.schema.forUse(use)
	c.schema.Format = "double"
	if c.bits == 32 {
		c.schema.Format = "float"
	}
	return c, nil
}

func (c *floatCodec) number(s string) (float64, bool) {
	if !isNumber(s) {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, c.bits)
	return n, err == nil
}

func (c *floatCodec) decode(d *decoder, v reflect.Value) bool {
	b, got, ok := d.number("a number")
	if !got {
		return ok
	}
	if p := c.set(string(b), v); p.found() {
		d.note(p)
	}
	return true
}

// set reads a JSON number.
func (c *floatCodec) set(s string, v reflect.Value) problem {
	n, err := strconv.ParseFloat(s, c.bits)
	if err != nil {
		return problem{CodeRange, "is beyond what a " + strconv.Itoa(c.bits) + "-bit floating-point number can hold"}
	}
	v.SetFloat(n)
	return c.rules.check(n)
}

func (c *floatCodec) parse(s string, v reflect.Value) problem {
	if !isNumber(s) {
		return wrongType("a number")
	}
	return c.set(s, v)
}

func (c *floatCodec) append(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	f := v.Float()
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return dst, errNotFinite
	}
	return jsontext.AppendFloat(dst, f, c.bits), nil
}

func (c *floatCodec) describe(*Components) (*Schema, error) { return c.schema.clone(), nil }
