package plan

import (
	"fmt"
	"reflect"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

type sliceCodec struct {
	t                  reflect.Type
	elem               codec
	minItems, maxItems int // -1: none
	unique             bool
	use                Use
	first              int // how many items the first growth makes room for
}

func (b *build) slice(t reflect.Type, w *words) (codec, error) {
	c := &sliceCodec{t: t, use: b.use, first: 1}
	if t.Elem().Size() <= 32 { // small enough for memory not to be asked for in drops
		c.first = 4
	}
	var err error
	if c.minItems, c.maxItems, err = w.span("minItems", "maxItems"); err != nil {
		return nil, err
	}
	if c.maxItems, err = b.bounded(w, "Items", c.minItems, c.maxItems); err != nil {
		return nil, err
	}
	if c.unique, err = w.flag("uniqueItems"); err != nil {
		return nil, err
	}
	if c.elem, err = b.within(t, t.Elem(), w); err != nil {
		return nil, err
	}
	if _, ok := c.elem.(scalar); c.unique && !ok {
		return nil, w.wrong("uniqueItems", "true", "it is for lists of scalars, not of "+t.Elem().String())
	}
	return c, nil
}

// bounded gives a list or map of Input an upper bound when its words have none.
func (b *build) bounded(w *words, unit string, low, high int) (int, error) {
	if high >= 0 || b.use != Input {
		return high, nil
	}
	if low > b.maxItems {
		return 0, w.wrong("min"+unit, strconv.Itoa(low), fmt.Sprintf("it is above %d, which holds where max%s is not given", b.maxItems, unit))
	}
	return b.maxItems, nil
}

func (c *sliceCodec) decode(d *decoder, v reflect.Value) bool {
	if k := d.json.PeekKind(); k != jsontext.KindBeginArray {
		return d.refuse(k, "an array")
	}
	if !d.open() {
		return false
	}
	wrong := len(d.fields)
	n := 0
	d.path.pushIndex()
	for ; d.json.PeekKind() != jsontext.KindEndArray; n++ {
		if c.maxItems >= 0 && n >= c.maxItems { // too many: read on for malformed JSON alone
			if !d.skip() {
				return false
			}
			continue
		}
		d.path.at(n)
		if n == 0 {
			v.Grow(c.first)
		} else {
			v.Grow(1)
		}
		v.SetLen(n + 1)
		if !c.elem.decode(d, v.Index(n)) {
			return false
		}
	}
	if c.unique && len(d.fields) == wrong {
		if i := c.duplicate(v); i >= 0 {
			d.path.at(i)
			d.note(isDuplicate())
		}
	}
	d.path.pop()
	if n == 0 {
		v.Set(reflect.MakeSlice(c.t, 0, 0)) // [] is not null
	}
	if p := c.check(n); p.found() {
		d.note(p)
	}
	return d.token()
}

func (c *sliceCodec) check(n int) problem {
	switch {
	case n < c.minItems:
		return problem{CodeMinItems, "must have at least " + plural(c.minItems, "item")}
	case c.maxItems >= 0 && n > c.maxItems:
		return problem{CodeMaxItems, "must have at most " + plural(c.maxItems, "item")}
	default:
		return problem{}
	}
}

func isDuplicate() problem { return problem{CodeDuplicateItem, "is the same as an earlier item"} }

// duplicate returns the index of the first item that equals an earlier one, or -1. Items are equal when they are written alike.
func (c *sliceCodec) duplicate(v reflect.Value) int {
	seen := make(map[string]bool, v.Len())
	var buf []byte
	for i := range v.Len() {
		var err error
		if buf, err = c.elem.append(buf[:0], v.Index(i), 0); err == nil && seen[string(buf)] {
			return i
		}
		seen[string(buf)] = true
	}
	return -1
}

func (c *sliceCodec) append(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	dst = append(dst, '[')
	for i := range v.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = c.elem.append(dst, v.Index(i), depth); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func (c *sliceCodec) describe(cs *Components) (*Schema, error) {
	items, err := c.elem.describe(cs)
	if err != nil {
		return nil, err
	}
	s := &Schema{Type: "array", Items: items}
	if c.use == Output {
		return s, nil
	}
	s.UniqueItems = c.unique
	if c.minItems >= 0 {
		s.MinItems = strconv.Itoa(c.minItems)
	}
	if c.maxItems >= 0 {
		s.MaxItems = strconv.Itoa(c.maxItems)
	}
	return s, nil
}
