package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"time"

	"github.com/banyan-go/banyan/platform/unit"
)

// TextPatterner may be implemented by a type that has UnmarshalText. TextPattern returns a regular expression for the texts that it
// reads, anchored at both ends, in what Go and ECMA 262 have in common. It may match more than is read, and never less.
type TextPatterner interface{ TextPattern() string }

// JSONSchema returns a JSON Schema (2020-12) of the files base.yaml, profiles/*.yaml and local.yaml, for editors. Target is a pointer to
// a struct that holds the built-in values, as Load takes it; they become the defaults, except those of secrets.
//
// What Load refuses because of the rules of a Validate is valid by the schema. What the schema refuses Load refuses as well, except for
// texts that look like a number or like true and false, which an editor wants in quotes, and words of an enum in upper case. The error is
// a mistake in the program.
func JSONSchema(target any) ([]byte, error) {
	root := reflect.ValueOf(target)
	if root.Kind() != reflect.Pointer || root.IsNil() || root.Elem().Kind() != reflect.Struct {
		return nil, fmt.Errorf("describe configuration: target is %T, want a pointer to a struct", target)
	}
	root = root.Elem()
	s, err := newSchema(root.Type())
	if err != nil {
		return nil, fmt.Errorf("describe configuration: %w", err)
	}
	document := newSection()
	document.Schema, document.Title = "https://json-schema.org/draft/2020-12/schema", "Settings"
	sections := map[string]*jsonSchema{"": document}
	for _, name := range s.names { // sorted: a section comes before what is in it
		parent, last := splitKey(name)
		node := newSection()
		if f := s.fields[name]; f == nil {
			sections[name] = node
		} else if node, err = f.jsonSchema(root.FieldByIndex(f.index)); err != nil {
			return nil, fmt.Errorf("describe configuration: key %s: %w", name, err)
		}
		sections[parent].Properties[last] = node
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err = e.Encode(document)
	return b.Bytes(), err
}

// jsonSchema is as much of a JSON Schema as a configuration needs.
type jsonSchema struct {
	Schema      string                 `json:"$schema,omitempty"`
	Title       string                 `json:"title,omitempty"`
	Description string                 `json:"description,omitempty"`
	Type        any                    `json:"type,omitempty"` // a string, or several of them
	AnyOf       []*jsonSchema          `json:"anyOf,omitempty"`
	Const       any                    `json:"const,omitempty"`
	Enum        []string               `json:"enum,omitempty"`
	Pattern     string                 `json:"pattern,omitempty"`
	Minimum     json.Number            `json:"minimum,omitempty"`
	Maximum     json.Number            `json:"maximum,omitempty"`
	Items       *jsonSchema            `json:"items,omitempty"`
	Properties  map[string]*jsonSchema `json:"properties,omitempty"`
	Names       *jsonSchema            `json:"propertyNames,omitempty"`
	Additional  any                    `json:"additionalProperties,omitempty"` // false, or a schema
	Default     any                    `json:"default,omitempty"`
	WriteOnly   bool                   `json:"writeOnly,omitempty"`
}

// newSection returns the schema of a section without keys. All of its keys may be commented out, which YAML reads as null.
func newSection() *jsonSchema {
	return &jsonSchema{Type: []string{"object", "null"}, Properties: map[string]*jsonSchema{}, Additional: false}
}

// jsonSchema returns the schema of a field with this built-in value.
func (f *field) jsonSchema(builtIn reflect.Value) (*jsonSchema, error) {
	node, err := f.scalarSchema()
	if err != nil {
		return nil, err
	}
	if isList(f.typ) {
		node = &jsonSchema{Type: "array", Items: node}
	}
	if f.isMap {
		node = &jsonSchema{Type: []string{"object", "null"}, Names: &jsonSchema{Pattern: "^[a-z0-9]+([" + f.joints + "][a-z0-9]+)*$"}, Additional: node}
	}
	node.Description, node.WriteOnly = f.doc, f.secret
	if !f.secret && !f.isMap {
		node.Default = plain(builtIn)
	}
	return node, nil
}

// scalarSchema returns the schema of one value of a field.
func (f *field) scalarSchema() (*jsonSchema, error) {
	t := f.elem()
	switch {
	case f.words != nil:
		return &jsonSchema{Type: "string", Enum: f.words}, nil
	case isText(t):
		if p, ok := reflect.TypeAssert[TextPatterner](reflect.New(t)); ok {
			return textSchema(p.TextPattern())
		}
		return &jsonSchema{Type: "string"}, nil
	case t == reflect.TypeFor[time.Duration]():
		return textSchema(unit.DurationPattern)
	}
	switch t.Kind() {
	case reflect.Bool:
		return &jsonSchema{Type: "boolean"}, nil
	case reflect.Float32, reflect.Float64:
		return &jsonSchema{Type: "number"}, nil
	case reflect.Int8, reflect.Int16, reflect.Int32:
		top := int64(1)<<(t.Bits()-1) - 1
		return &jsonSchema{Type: "integer", Minimum: number(-top - 1), Maximum: number(top)}, nil
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return &jsonSchema{Type: "integer", Minimum: number(0), Maximum: number(1<<t.Bits() - 1)}, nil
	case reflect.Uint, reflect.Uint64:
		return &jsonSchema{Type: "integer", Minimum: number(0)}, nil
	case reflect.Int, reflect.Int64:
		return &jsonSchema{Type: "integer"}, nil
	default:
		return &jsonSchema{Type: "string"}, nil
	}
}

func number(n int64) json.Number { return json.Number(strconv.FormatInt(n, 10)) }

// textSchema returns the schema of texts that match a pattern. Those that are whole numbers YAML reads as numbers.
func textSchema(pattern string) (*jsonSchema, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	text := &jsonSchema{Type: "string", Pattern: pattern}
	switch {
	case re.MatchString("7"):
		return &jsonSchema{AnyOf: []*jsonSchema{text, {Type: "integer"}}}, nil
	case re.MatchString("0"):
		return &jsonSchema{AnyOf: []*jsonSchema{text, {Const: 0}}}, nil
	default:
		return text, nil
	}
}

// plain returns a value as a file would have it.
func plain(v reflect.Value) any {
	switch {
	case isList(v.Type()):
		list := make([]any, v.Len())
		for i := range list {
			list[i] = plain(v.Index(i))
		}
		return list
	case v.Kind() == reflect.String, isText(v.Type()), v.Type() == reflect.TypeFor[time.Duration]():
		return format(v)
	default:
		return v.Interface()
	}
}
