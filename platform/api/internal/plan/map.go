package plan

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

type mapCodec struct {
	t        reflect.Type
	elem     codec
	min, max int // -1: none
	use      Use
	scratch  sync.Pool // of *mapScratch
}

// mapScratch is what writing one map needs. The entries are written into buf in the map's order and copied from there in that of
// their names, so that equal maps are written alike.
type mapScratch struct {
	iter       reflect.MapIter
	key, value reflect.Value
	buf        []byte
	entries    []mapEntry
}

type mapEntry struct {
	name       string
	start, end int // of the entry in buf
}

func (b *build) mapping(t reflect.Type, w *words) (codec, error) {
	if k := t.Key(); k.Kind() != reflect.String || isText(k) || foreignMethod(k) != "" {
		return nil, w.errorf("the type %s is not supported: the keys of a map have to be plain strings", t)
	}
	c := &mapCodec{t: t, use: b.use}
	var err error
	if c.min, c.max, err = w.span("minProperties", "maxProperties"); err != nil {
		return nil, err
	}
	if c.max, err = b.bounded(w, "Properties", c.min, c.max); err != nil {
		return nil, err
	}
	c.scratch.New = func() any {
		return &mapScratch{key: reflect.New(t.Key()).Elem(), value: reflect.New(t.Elem()).Elem()}
	}
	c.elem, err = b.within(t, t.Elem(), w)
	return c, err
}

func (c *mapCodec) decode(d *decoder, v reflect.Value) bool {
	if k := d.json.PeekKind(); k != jsontext.KindBeginObject {
		return d.refuse(k, "an object")
	}
	if !d.open() {
		return false
	}
	m := reflect.MakeMap(c.t)
	v.Set(m)
	key := reflect.New(c.t.Key()).Elem()
	value := reflect.New(c.t.Elem()).Elem()
	n := 0
	for ; d.json.PeekKind() != jsontext.KindEndObject; n++ {
		name, ok := d.name()
		if !ok {
			return false
		}
		if c.max >= 0 && n >= c.max { // too many: read on for malformed JSON alone
			if !d.skip() {
				return false
			}
			continue
		}
		key.SetString(string(name))
		value.SetZero()
		d.path.pushForeign(key.String())
		if hasZero(name) {
			d.note(problem{CodeNUL, "must not have a name with the character U+0000"})
		}
		if !c.elem.decode(d, value) {
			return false
		}
		d.path.pop()
		m.SetMapIndex(key, value)
	}
	if p := c.check(n); p.found() {
		d.note(p)
	}
	return d.token()
}

func hasZero(name []byte) bool { return slices.Contains(name, 0) }

func (c *mapCodec) check(n int) problem {
	switch {
	case n < c.min:
		return problem{CodeMinProperties, "must have at least " + plural(c.min, "member")}
	case c.max >= 0 && n > c.max:
		return problem{CodeMaxProperties, "must have at most " + plural(c.max, "member")}
	default:
		return problem{}
	}
}

func (c *mapCodec) append(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	s := c.scratch.Get().(*mapScratch)
	defer c.release(s)
	s.iter.Reset(v)
	for s.iter.Next() {
		s.key.SetIterKey(&s.iter)
		s.value.SetIterValue(&s.iter)
		e := mapEntry{name: s.key.String(), start: len(s.buf)}
		s.buf = append(appendString(s.buf, e.name), ':')
		var err error
		if s.buf, err = c.elem.append(s.buf, s.value, depth); err != nil {
			return dst, err
		}
		e.end = len(s.buf)
		s.entries = append(s.entries, e)
	}
	slices.SortFunc(s.entries, func(a, b mapEntry) int { return cmp.Compare(a.name, b.name) })
	dst = append(dst, '{')
	for i, e := range s.entries {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, s.buf[e.start:e.end]...)
	}
	return append(dst, '}'), nil
}

// release empties s, so that the pool keeps neither the map's values nor a buffer of unusual size alive.
func (c *mapCodec) release(s *mapScratch) {
	s.iter.Reset(reflect.Value{})
	s.key.SetZero()
	s.value.SetZero()
	clear(s.entries)
	s.entries, s.buf = s.entries[:0], s.buf[:0]
	if cap(s.buf) <= 64<<10 {
		c.scratch.Put(s)
	}
}

func (c *mapCodec) describe(cs *Components) (*Schema, error) {
	values, err := c.elem.describe(cs)
	if err != nil {
		return nil, err
	}
	s := &Schema{Type: "object", Values: values}
	if c.use == Output {
		return s, nil
	}
	if c.min >= 0 {
		s.MinProperties = strconv.Itoa(c.min)
	}
	if c.max >= 0 {
		s.MaxProperties = strconv.Itoa(c.max)
	}
	return s, nil
}
