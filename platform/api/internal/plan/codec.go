package plan

import (
	"encoding"
	"errors"
	"reflect"
	"time"
)

// maxDepth is how many structs may be nested when a value is written. A cycle of pointers ends here instead of with the process; there is
// none without a struct.
const maxDepth = 100

var errDepth = errors.New("the value is nested too deep, or contains itself")

// codec is the plan of one Go type: reading, writing and describing side by side. A codec is immutable and safe for concurrent use.
// Every reflect.Value that it is given is addressable.
type codec interface {
	// decode reads the next JSON value into v, which is zero. It notes in d what is wrong with the value, having read all of it, and
	// reports false only when the document is malformed.
	decode(d *decoder, v reflect.Value) bool
	// append appends v as JSON. Depth counts the enclosing structs.
	append(dst []byte, v reflect.Value, depth int) ([]byte, error)
	// describe returns a schema that the caller may change.
	describe(c *Components) (*Schema, error)
}

// scalar is the codec of a type whose value is one text: it can stand in a parameter or a tag.
type scalar interface {
	codec
	// parse reads plain text into v, which is zero, and keeps no reference to the text.
	parse(s string, v reflect.Value) problem
}

// header is the codec of a type that can stand in a response header.
type header interface {
	codec
	// appendText appends v as plain text.
	appendText(dst []byte, v reflect.Value) ([]byte, error)
}

var (
	_ scalar = (*boolCodec)(nil)
	_ scalar = (*integerCodec[int64])(nil)
	_ scalar = (*integerCodec[uint64])(nil)
	_ scalar = (*floatCodec)(nil)
	_ scalar = (*stringCodec)(nil)
	_ scalar = (*textCodec)(nil)
	_ scalar = (*timeCodec)(nil)
	_ scalar = (*bytesCodec)(nil)
	_ header = (*stringCodec)(nil)
	_ header = (*integerCodec[int64])(nil)
	_ header = (*integerCodec[uint64])(nil)
	_ header = (*textCodec)(nil)
	_ codec  = (*rawCodec)(nil)
	_ codec  = (*sliceCodec)(nil)
	_ codec  = (*mapCodec)(nil)
	_ codec  = (*pointerCodec)(nil)
	_ codec  = (*changeCodec)(nil)
	_ codec  = (*embeddedCodec)(nil)
	_ codec  = (*structCodec)(nil)
)

// textValue is what a pointer to a text type can do.
type textValue interface {
	encoding.TextUnmarshaler
	encoding.TextAppender
}

// slot is what a pointer to a patch.Change can do.
type slot interface{ Slot() any }

// embedded is what a pointer to a value can do that an answer has only when it was asked for: value is a *T, nil for null.
type embedded interface {
	Embedded() (value any, asked bool)
}

func isTime(t reflect.Type) bool { return t == reflect.TypeFor[time.Time]() }

func isChange(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && reflect.PointerTo(t).Implements(reflect.TypeFor[slot]())
}

func isEmbedded(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && reflect.PointerTo(t).Implements(reflect.TypeFor[embedded]())
}

func isText(t reflect.Type) bool {
	return t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface && reflect.PointerTo(t).Implements(reflect.TypeFor[textValue]())
}

func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem() == reflect.TypeFor[byte]()
}

// foreignMethod returns a method by which other JSON packages would treat t in a special way, "" when there is none. Such a type
// would silently be written field by field.
func foreignMethod(t reflect.Type) string {
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface {
		return ""
	}
	for _, name := range []string{"MarshalJSON", "UnmarshalJSON", "MarshalJSONTo", "UnmarshalJSONFrom", "MarshalText", "UnmarshalText", "AppendText"} {
		if _, ok := reflect.PointerTo(t).MethodByName(name); ok {
			return name
		}
	}
	return ""
}
