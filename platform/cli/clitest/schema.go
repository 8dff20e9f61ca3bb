package clitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// Schema is the shape of JSON, as a JSON Schema: types, and the keys of objects.
type Schema struct {
	Type       string             `json:"type"` // several are divided by |
	Items      *Schema            `json:"items,omitempty"`
	Properties map[string]*Schema `json:"properties,omitempty"`
	Required   []string           `json:"required,omitempty"` // nil of an object whose keys are not looked at
}

// SchemaOf derives the schema of a text, as deep as depth: what is below is any object or array. An array has one kind of element, with the
// keys of all of them.
func SchemaOf(text string, depth int) (*Schema, error) {
	d := json.NewDecoder(strings.NewReader(text))
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, fmt.Errorf("something stands behind the JSON: %.80s", text[d.InputOffset():])
	}
	return schemaOf(value, depth), nil
}

func schemaOf(value any, depth int) *Schema {
	switch v := value.(type) {
	case nil:
		return &Schema{Type: "null"}
	case bool:
		return &Schema{Type: "boolean"}
	case float64:
		return &Schema{Type: "number"}
	case string:
		return &Schema{Type: "string"}
	case []any:
		s := &Schema{Type: "array"}
		for _, item := range v {
			if depth > 0 {
				s.Items = merge(s.Items, schemaOf(item, depth-1))
			}
		}
		return s
	default:
		s := &Schema{Type: "object"}
		if object := value.(map[string]any); depth > 0 {
			s.Properties, s.Required = map[string]*Schema{}, slices.Sorted(maps.Keys(object))
			for key, item := range object {
				s.Properties[key] = schemaOf(item, depth-1)
			}
		}
		return s
	}
}

// merge returns the schema of what is either.
func merge(a, b *Schema) *Schema {
	if a == nil || b == nil {
		return cmpOr(a, b)
	}
	m := &Schema{Type: a.Type, Items: merge(a.Items, b.Items)}
	if !slices.Contains(strings.Split(a.Type, "|"), b.Type) {
		m.Type += "|" + b.Type
	}
	for _, key := range slices.Sorted(maps.Keys(union(a.Properties, b.Properties))) {
		if m.Properties == nil {
			m.Properties = map[string]*Schema{}
		}
		m.Properties[key] = merge(a.Properties[key], b.Properties[key])
		if slices.Contains(a.Required, key) && slices.Contains(b.Required, key) {
			m.Required = append(m.Required, key)
		}
	}
	return m
}

func union(a, b map[string]*Schema) map[string]*Schema {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]*Schema{}
	}
	maps.Copy(all, b)
	return all
}

func cmpOr(a, b *Schema) *Schema {
	if a == nil {
		return b
	}
	return a
}

// CompareSchemas fails the test unless the schemas, by command, are those of a golden file: a key that has come or gone is a change that
// somebody has to mean. BANYAN_UPDATE=1 writes the file.
func CompareSchemas(t testing.TB, file string, schemas map[string]*Schema) {
	t.Helper()
	text, err := json.MarshalIndent(schemas, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	if os.Getenv("BANYAN_UPDATE") == "1" {
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text, golden) {
		t.Errorf("commands print another JSON than %s says; if that is meant, write it with BANYAN_UPDATE=1:\n%s", file, text)
	}
}
