package plan

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

const wantInteger = "a whole number, written without fraction and exponent"

// wide is the Go type that an integer of any size fits into.
type wide interface{ int64 | uint64 }

func signed[N wide]() bool {
	var zero N
	return zero-1 < zero
}

func parseInteger[N wide](s string, bits int) (N, error) {
	if signed[N]() {
		n, err := strconv.ParseInt(s, 10, bits)
		return N(n), err
	}
	n, err := strconv.ParseUint(s, 10, bits)
	return N(n), err
}

// integerCodec is the plan of an int of any size when N is int64, of a uint when it is uint64.
type integerCodec[N wide] struct {
	bits     int
	bounds   bounds[N]
	multiple N // 0: none
	enum     []N
	enumText string
	schema   Schema
}

func newInteger[N wide](t reflect.Type, use Use, w *words) (codec, error) {
	c := &integerCodec[N]{bits: t.Bits(), schema: Schema{Type: "integer"}}
	var err error
	if c.bounds, err = readBounds(w, &c.schema, c.number); err != nil {
		return nil, err
	}
	if text, ok := w.take("multipleOf"); ok {
		if c.multiple, ok = c.number(text); !ok || c.multiple <= 0 {
			return nil, w.wrong("multipleOf", text, "it is not a positive number of the field's type")
		}
		c.schema.MultipleOf = text
	}
	if err := c.readEnum(w); err != nil {
		return nil, err
	}
	c.schema.forUse(use)
	if signed[N]() && c.bits >= 32 {
		c.schema.Format = "int" + strconv.Itoa(c.bits)
		return c, nil
	}
	low, high := c.limits()
	if c.schema.Minimum == "" && c.schema.ExclusiveMinimum == "" {
		c.schema.Minimum = low
	}
	if c.schema.Maximum == "" && c.schema.ExclusiveMaximum == "" {
		c.schema.Maximum = high
	}
	return c, nil
}

func (c *integerCodec[N]) readEnum(w *words) error {
	values, err := w.enum()
	if err != nil {
		return err
	}
	var enum []N
	for _, text := range values {
		n, ok := c.number(text)
		if !ok || c.check(n).found() {
			return w.wrong("enum", text, "it is not a number that the field may hold")
		}
		enum = append(enum, n)
		c.schema.Enum = append(c.schema.Enum, []byte(text))
	}
	c.enum, c.enumText = enum, strings.Join(values, ", ")
	return nil
}

// limits returns the smallest and the largest number of the Go type.
func (c *integerCodec[N]) limits() (low, high string) {
	if signed[N]() {
		return strconv.FormatInt(math.MinInt64>>(64-c.bits), 10), strconv.FormatInt(math.MaxInt64>>(64-c.bits), 10)
	}
	return "0", strconv.FormatUint(math.MaxUint64>>(64-c.bits), 10)
}

// number reads the number of a tag.
func (c *integerCodec[N]) number(s string) (N, bool) {
	n, err := parseInteger[N](s, c.bits)
	return n, err == nil && isNumber(s)
}

func (c *integerCodec[N]) check(n N) problem {
	if p := c.bounds.check(n); p.found() {
		return p
	}
	if c.multiple != 0 && n%c.multiple != 0 {
		return problem{CodeMultipleOf, "must be a multiple of " + formatNumber(c.multiple)}
	}
	if c.enum != nil && !slices.Contains(c.enum, n) {
		return problem{CodeEnum, "must be one of " + c.enumText}
	}
	return problem{}
}

func (c *integerCodec[N]) decode(d *decoder, v reflect.Value) bool {
	b, got, ok := d.number(wantInteger)
	if !got {
		return ok
	}
	if p := c.set(b, v); p.found() {
		d.note(p)
	}
	return true
}

func (c *integerCodec[N]) parse(s string, v reflect.Value) problem {
	if !isNumber(s) {
		return wrongType(wantInteger)
	}
	return c.set([]byte(s), v)
}

// set reads a JSON number into v.
func (c *integerCodec[N]) set(b []byte, v reflect.Value) problem {
	if !isWhole(b) {
		return wrongType(wantInteger)
	}
	s := string(b)
	if s == "-0" {
		s = "0" // a number like any other in JSON, which ParseUint does not know
	}
	n, err := parseInteger[N](s, c.bits)
	if err != nil {
		return c.outOfRange()
	}
	if signed[N]() {
		v.SetInt(int64(n))
	} else {
		v.SetUint(uint64(n))
	}
	return c.check(n)
}

func (c *integerCodec[N]) outOfRange() problem {
	low, high := c.limits()
	return problem{CodeRange, fmt.Sprintf("must be between %s and %s", low, high)}
}

func (c *integerCodec[N]) append(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	return c.appendText(dst, v)
}

func (c *integerCodec[N]) appendText(dst []byte, v reflect.Value) ([]byte, error) {
	if signed[N]() {
		return strconv.AppendInt(dst, v.Int(), 10), nil
	}
	return strconv.AppendUint(dst, v.Uint(), 10), nil
}

func (c *integerCodec[N]) describe(*Components) (*Schema, error) { return c.schema.clone(), nil }
