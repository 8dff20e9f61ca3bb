// Package plan compiles a Go type once into a plan that reads the type from JSON, writes it as JSON and describes it as JSON Schema
// 2020-12, the dialect of OpenAPI 3.1. One plan does all three, so that what is enforced is what is documented.
//
// # Types
//
// bool, strings, integers and floats of every size, time.Time, []byte (base64), json.RawMessage (any JSON), slices, maps with string keys, structs, pointers,
// patch.Change, and text types: a type whose pointer has UnmarshalText and AppendText (encoding.TextUnmarshaler and
// encoding.TextAppender). A text type may have a method JSONSchema() string that returns its schema as JSON text. Everything else is
// refused when the plan is made; so is a type with methods of package encoding/json that is no text type.
//
// Every exported field of a struct carries a json tag with a name and no options; json:"-" leaves a field out. An embedded struct
// without a tag lends its fields; names never shadow each other.
//
// # Presence (Input)
//
//	T                  must be there, and not null
//	T with default     may be left out, not null
//	*T                 may be left out or null: nil
//	patch.Change[T]    may be left out, not null
//	patch.Change[*T]   may be left out or null; tells all three apart
//
// In Output every field is written: a nil pointer as null, a nil slice as [], a nil map as {}.
//
// # Words
//
// The constraints are JSON Schema's words as struct tags:
//
//	minLength maxLength pattern     strings, text types; lengths count code points. []byte: of its base64 text
//	format                          strings: date date-time email hostname slug uri uuid
//	minimum maximum                 numbers
//	exclusiveMinimum exclusiveMaximum
//	multipleOf                      integers
//	enum:"a,b,c"                    strings, text types, integers
//	minItems maxItems uniqueItems   slices
//	minProperties maxProperties     maps
//	default example                 scalars as plain text, everything else as JSON
//	doc                             a sentence for the document
//
// The words of a slice's or map's elements stand on the same field: maxItems:"5" maxLength:"20" on a []string. A slice or map of Input
// without maxItems or maxProperties has Options.MaxItems, enforced and documented like the words. An unknown word, one that does not
// fit the type, or a default that breaks the field's own rules is an error of the plan.
//
// Constraints are checked on Input. On Output only enum and format are described, and nothing is checked but what JSON and RFC 3339
// cannot hold.
//
// # Strictness
//
// A number for an integer is written without fraction and exponent. A text with U+0000 is refused, and so is invalid UTF-8, a name that
// an object has twice, a name that no field has, and anything behind the value. Errors never repeat what was sent, but for the names of
// unknown members that look like names. A text type that refuses a text with a *fault.Error speaks to the caller itself, by its code and
// detail; every other error of it becomes the code format.
package plan
