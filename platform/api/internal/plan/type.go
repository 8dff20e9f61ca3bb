package plan

import (
	"fmt"
	"reflect"
	"sync"
)

// Limits bound what Decode accepts.
type Limits struct {
	// Depth is how deep objects and arrays may be nested. 0 means 32; more than 1000 means 1000.
	Depth int
}

const (
	defaultDepth = 32
	highestDepth = 1000 // far below what the stack and the JSON decoder bear
)

// Type is the plan of a Go type. It is safe for concurrent use.
type Type struct {
	goType   reflect.Type
	use      Use
	root     codec
	pool     *sync.Pool // of *decoder
	resource *structCodec
	list     int // the index of the field data in the root, which holds the resources; -1: the root is the resource
}

// GoType returns the type that was compiled.
func (t *Type) GoType() reflect.Type { return t.goType }

// Decode reads one JSON document into dst, which is settable, zero and of the compiled type. It keeps no reference to data.
//
// The error is a *fault.Error: of kind Malformed with a place in data, or of kind Invalid with a field for each value that is wrong,
// at most 20. After an error dst holds nothing useful.
func (t *Type) Decode(data []byte, dst reflect.Value, lim Limits) error {
	if dst.Type() != t.goType {
		return fmt.Errorf("decode %s: the destination is a %s", t.goType, dst.Type())
	}
	depth := min(lim.Depth, highestDepth)
	if depth <= 0 {
		depth = defaultDepth
	}
	d := t.pool.Get().(*decoder)
	defer t.pool.Put(d)
	defer d.release()
	d.reset(data, depth)
	return d.document(t.root, dst)
}

// Append appends v as JSON, of the resource only the fields in m. It does not allocate when dst is large enough and v is addressable,
// which the value behind a pointer is. After an error, which is about a value that JSON cannot hold, dst is returned as it came.
func (t *Type) Append(dst []byte, v reflect.Value, m Mask) ([]byte, error) {
	if v.Type() != t.goType {
		return dst, fmt.Errorf("encode %s: the value is a %s", t.goType, v.Type())
	}
	if !v.CanAddr() {
		c := reflect.New(t.goType).Elem()
		c.Set(v)
		v = c
	}
	var out []byte
	var err error
	if m == nil || t.resource == nil {
		out, err = t.root.append(dst, v, 0)
	} else {
		out, err = t.appendMasked(dst, v, m)
	}
	if err != nil {
		return dst, fmt.Errorf("encode %s: %w", t.goType, err)
	}
	return out, nil
}
