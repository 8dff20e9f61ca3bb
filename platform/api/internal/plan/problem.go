package plan

import "strconv"

// The codes of a fault.Field, stable.
const (
	CodeRequired      = "required"
	CodeNull          = "null"
	CodeType          = "type"
	CodeUnknownField  = "unknown_field"
	CodeNUL           = "nul"
	CodeInvalidUTF8   = "invalid_utf8" // of a parameter a field's code, of a body the malformed body's
	CodeRepeated      = "repeated"     // a parameter given more than once
	CodeMinLength     = "min_length"
	CodeMaxLength     = "max_length"
	CodePattern       = "pattern"
	CodeFormat        = "format"
	CodeEnum          = "enum"
	CodeMinimum       = "minimum"
	CodeMaximum       = "maximum"
	CodeMultipleOf    = "multiple_of"
	CodeRange         = "range" // the Go type cannot hold the number
	CodeMinItems      = "min_items"
	CodeMaxItems      = "max_items"
	CodeDuplicateItem = "duplicate_item"
	CodeMinProperties = "min_properties"
	CodeMaxProperties = "max_properties"
)

// The codes of a malformed body, stable.
const (
	CodeEmptyBody    = "empty_body"
	CodeInvalidJSON  = "invalid_json"
	CodeDuplicateKey = "duplicate_key"
	CodeTooDeep      = "too_deep"
	CodeTrailingData = "trailing_data"
)

// problem is what is wrong with one value. The zero value means that nothing is.
type problem struct {
	code, detail string
}

func (p problem) found() bool { return p.code != "" }

func missing() problem { return problem{CodeRequired, "is required"} }
func isNull() problem  { return problem{CodeNull, "must not be null"} }
func isUnknown() problem {
	return problem{CodeUnknownField, "is not a known field"}
}
func hasNUL() problem { return problem{CodeNUL, "must not contain the character U+0000"} }

// wrongType is for a JSON value of another kind than want, "a string".
func wrongType(want string) problem { return problem{CodeType, "must be " + want} }

// plural returns "1 item", "2 items".
func plural(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return strconv.Itoa(n) + " " + unit + "s"
}
