package plan

import "reflect"

// embeddedCodec is the plan of what an answer has only when it was asked for. It exists in Output alone, as a field.
type embeddedCodec struct {
	elem codec // of *T
}

func (b *build) embedding(t reflect.Type, w *words) (codec, error) {
	if b.use != Output {
		return nil, w.errorf("the type %s is for answers", t)
	}
	c := &embeddedCodec{}
	var err error
	c.elem, err = b.codec(embeddedIn(reflect.New(t).Elem()).Type(), w)
	return c, err
}

// embeddedIn returns the *T in v.
func embeddedIn(v reflect.Value) reflect.Value {
	p, _ := v.Addr().Interface().(embedded).Embedded()
	return reflect.ValueOf(p)
}

func askedFor(v reflect.Value) bool {
	_, asked := v.Addr().Interface().(embedded).Embedded()
	return asked
}

func (c *embeddedCodec) decode(d *decoder, _ reflect.Value) bool { return d.skip() }

func (c *embeddedCodec) append(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	return c.elem.append(dst, embeddedIn(v), depth)
}

func (c *embeddedCodec) describe(cs *Components) (*Schema, error) { return c.elem.describe(cs) }
