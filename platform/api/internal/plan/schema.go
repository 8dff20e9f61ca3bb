package plan

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Schema is a JSON Schema 2020-12 with the words that plans use. Numbers and values are JSON text; an empty word is left out.
type Schema struct {
	Ref         string // "#/components/schemas/Product"
	Type        string // "string"; empty with Ref, AnyOf and Any
	Any         bool   // any value but null, without a Type
	Nullable    bool   // null is a value, too
	AnyOf       []*Schema
	Description string

	Format, Pattern, ContentEncoding   string
	MinLength, MaxLength               string
	Minimum, Maximum                   string
	ExclusiveMinimum, ExclusiveMaximum string
	MultipleOf                         string
	MinItems, MaxItems                 string
	MinProperties, MaxProperties       string
	UniqueItems                        bool

	Items      *Schema    // of an array
	Values     *Schema    // of the members of a map: additionalProperties
	Closed     bool       // additionalProperties is false
	Properties []Property // in the order of the struct
	Required   []string

	Enum     [][]byte
	Default  []byte
	Examples [][]byte
}

// Property is one property of an object.
type Property struct {
	Name   string
	Schema *Schema
}

// clone returns a copy whose words can be set without a change to s.
func (s *Schema) clone() *Schema {
	c := *s
	return &c
}

// forUse drops the constraints from a schema of Output, where nobody checks them. The words of an enum and the format stay: clients
// are made from them.
func (s *Schema) forUse(use Use) {
	if use != Output {
		return
	}
	*s = Schema{Type: s.Type, Any: s.Any, Format: s.Format, ContentEncoding: s.ContentEncoding, Enum: s.Enum}
}

// orNull returns the schema of the same values and null.
func (s *Schema) orNull() *Schema {
	if s.Type == "" && !s.Any {
		return &Schema{AnyOf: []*Schema{s, {Type: "null"}}}
	}
	s.Nullable = true
	if s.Enum != nil {
		s.Enum = append(slices.Clip(s.Enum), []byte("null"))
	}
	return s
}

// AppendJSON appends the schema as JSON, always in the same order.
func (s *Schema) AppendJSON(dst []byte) []byte {
	o := object{dst: append(dst, '{')}
	o.text("$ref", s.Ref)
	o.list("anyOf", s.AnyOf)
	switch {
	case s.Any && !s.Nullable:
		o.raw("type", `["object","array","string","number","boolean"]`)
		o.raw("items", "{}") // of an array: some readers want it said
	case s.Nullable && !s.Any:
		o.raw("type", `["`+s.Type+`","null"]`)
	default:
		o.text("type", s.Type)
	}
	o.text("description", s.Description)
	o.text("format", s.Format)
	o.text("pattern", s.Pattern)
	o.text("contentEncoding", s.ContentEncoding)
	for _, w := range []struct{ name, value string }{
		{"minLength", s.MinLength}, {"maxLength", s.MaxLength},
		{"minimum", s.Minimum}, {"maximum", s.Maximum},
		{"exclusiveMinimum", s.ExclusiveMinimum}, {"exclusiveMaximum", s.ExclusiveMaximum},
		{"multipleOf", s.MultipleOf},
		{"minItems", s.MinItems}, {"maxItems", s.MaxItems},
		{"minProperties", s.MinProperties}, {"maxProperties", s.MaxProperties},
	} {
		o.raw(w.name, w.value)
	}
	if s.UniqueItems {
		o.raw("uniqueItems", "true")
	}
	o.schema("items", s.Items)
	o.properties(s.Properties)
	o.schema("additionalProperties", s.Values)
	if s.Closed {
		o.raw("additionalProperties", "false")
	}
	o.texts("required", s.Required)
	o.raws("enum", s.Enum)
	o.raw("default", string(s.Default))
	o.raws("examples", s.Examples)
	return append(o.dst, '}')
}

// MarshalJSON returns what AppendJSON appends. The error is always nil.
func (s *Schema) MarshalJSON() ([]byte, error) { return s.AppendJSON(nil), nil }

// object appends the members of a JSON object. Empty values are left out.
type object struct {
	dst   []byte
	comma bool
}

func (o *object) name(name string) {
	if o.comma {
		o.dst = append(o.dst, ',')
	}
	o.comma = true
	o.dst = append(appendString(o.dst, name), ':')
}

func (o *object) raw(name, value string) {
	if value != "" {
		o.name(name)
		o.dst = append(o.dst, value...)
	}
}

func (o *object) text(name, value string) {
	if value != "" {
		o.name(name)
		o.dst = appendString(o.dst, value)
	}
}

func (o *object) texts(name string, values []string) {
	var raw [][]byte
	for _, v := range values {
		raw = append(raw, appendString(nil, v))
	}
	o.raws(name, raw)
}

func (o *object) raws(name string, values [][]byte) {
	if len(values) == 0 {
		return
	}
	o.name(name)
	o.dst = append(append(append(o.dst, '['), bytes.Join(values, []byte{','})...), ']')
}

func (o *object) schema(name string, s *Schema) {
	if s != nil {
		o.name(name)
		o.dst = s.AppendJSON(o.dst)
	}
}

func (o *object) list(name string, schemas []*Schema) {
	var raw [][]byte
	for _, s := range schemas {
		raw = append(raw, s.AppendJSON(nil))
	}
	o.raws(name, raw)
}

func (o *object) properties(ps []Property) {
	if len(ps) == 0 {
		return
	}
	o.name("properties")
	inner := object{dst: append(o.dst, '{')}
	for _, p := range ps {
		inner.schema(p.Name, p.Schema)
	}
	o.dst = append(inner.dst, '}')
}

// ParseSchema reads the schema of one scalar from JSON text, as a type's JSONSchema method returns it. The words are type, format,
// pattern, minLength, maxLength, minimum, maximum, enum, description and examples.
func ParseSchema(text string) (*Schema, error) {
	var x struct {
		Type        string           `json:"type"`
		Format      string           `json:"format"`
		Pattern     string           `json:"pattern"`
		Description string           `json:"description"`
		MinLength   number           `json:"minLength"`
		MaxLength   number           `json:"maxLength"`
		Minimum     number           `json:"minimum"`
		Maximum     number           `json:"maximum"`
		Enum        []jsontext.Value `json:"enum"`
		Examples    []jsontext.Value `json:"examples"`
	}
	if err := json.Unmarshal([]byte(text), &x, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	switch x.Type {
	case "string", "integer", "number", "boolean":
	default:
		return nil, fmt.Errorf("read schema: the type %q is none of string, integer, number, boolean", x.Type)
	}
	s := &Schema{
		Type: x.Type, Format: x.Format, Pattern: x.Pattern, Description: x.Description,
		MinLength: string(x.MinLength), MaxLength: string(x.MaxLength), Minimum: string(x.Minimum), Maximum: string(x.Maximum),
	}
	for _, v := range x.Enum {
		s.Enum = append(s.Enum, v)
	}
	for _, v := range x.Examples {
		s.Examples = append(s.Examples, v)
	}
	return s, nil
}

// number keeps a JSON number as it is written.
type number string

func (n *number) UnmarshalJSON(b []byte) error {
	if !isNumber(string(b)) {
		return fmt.Errorf("%s is not a number", b)
	}
	*n = number(b)
	return nil
}
