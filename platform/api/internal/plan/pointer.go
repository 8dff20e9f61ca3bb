package plan

import (
	"errors"
	"reflect"

	"github.com/go-json-experiment/json/jsontext"
)

// pointerCodec is the plan of *T: null is nil.
type pointerCodec struct {
	t    reflect.Type // T
	elem codec
}

func (b *build) pointer(t reflect.Type, w *words) (codec, error) {
	if t.Elem().Kind() == reflect.Pointer {
		return nil, w.errorf("the type %s is not supported: JSON has one null, so a pointer to a pointer means nothing", t)
	}
	c := &pointerCodec{t: t.Elem()}
	var err error
	c.elem, err = b.within(t, t.Elem(), w)
	return c, err
}

func (c *pointerCodec) decode(d *decoder, v reflect.Value) bool {
	if d.json.PeekKind() == jsontext.KindNull {
		return d.token()
	}
	p := reflect.New(c.t)
	v.Set(p)
	return c.elem.decode(d, p.Elem())
}

func (c *pointerCodec) append(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	if v.IsNil() {
		return append(dst, "null"...), nil
	}
	return c.elem.append(dst, v.Elem(), depth)
}

func (c *pointerCodec) describe(cs *Components) (*Schema, error) {
	s, err := c.elem.describe(cs)
	if err != nil {
		return nil, err
	}
	return s.orNull(), nil
}

var errChange = errors.New("a patch.Change is read, never written")

// changeCodec is the plan of a patch.Change[T]. It exists in Input alone, as a field.
type changeCodec struct {
	elem codec
}

func (b *build) change(t reflect.Type, w *words) (codec, error) {
	if b.use != Input {
		return nil, w.errorf("the type %s is for requests: a response writes the value itself", t)
	}
	elem := slotOf(reflect.New(t).Elem()).Type()
	c := &changeCodec{}
	var err error
	c.elem, err = b.codec(elem, w)
	return c, err
}

// slotOf marks the change in v as set and returns the place of its value.
func slotOf(v reflect.Value) reflect.Value {
	return reflect.ValueOf(v.Addr().Interface().(slot).Slot()).Elem()
}

func (c *changeCodec) decode(d *decoder, v reflect.Value) bool {
	return c.elem.decode(d, slotOf(v))
}

func (c *changeCodec) append(dst []byte, _ reflect.Value, _ int) ([]byte, error) {
	return dst, errChange
}

func (c *changeCodec) describe(cs *Components) (*Schema, error) { return c.elem.describe(cs) }
