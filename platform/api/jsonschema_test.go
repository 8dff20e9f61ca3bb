package api_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// schema is a JSON Schema as a stranger reads it in the document. A word that is not here fails the test.
type schema struct {
	Ref             string    `json:"$ref"`
	Type            oneOrMore `json:"type"`
	AnyOf           []*schema `json:"anyOf"`
	Description     string    `json:"description"`
	Format          string    `json:"format"`
	Pattern         string    `json:"pattern"`
	ContentEncoding string    `json:"contentEncoding"`

	MinLength        *int        `json:"minLength"`
	MaxLength        *int        `json:"maxLength"`
	Minimum          json.Number `json:"minimum"`
	Maximum          json.Number `json:"maximum"`
	ExclusiveMinimum json.Number `json:"exclusiveMinimum"`
	ExclusiveMaximum json.Number `json:"exclusiveMaximum"`
	MultipleOf       json.Number `json:"multipleOf"`
	MinItems         *int        `json:"minItems"`
	MaxItems         *int        `json:"maxItems"`
	UniqueItems      bool        `json:"uniqueItems"`
	MinProperties    *int        `json:"minProperties"`
	MaxProperties    *int        `json:"maxProperties"`

	Items                *schema            `json:"items"`
	Properties           map[string]*schema `json:"properties"`
	AdditionalProperties additional         `json:"additionalProperties"`
	Required             []string           `json:"required"`
	Enum                 []any              `json:"enum"`
	Default              any                `json:"default"`
	Examples             []any              `json:"examples"`
}

// words are those of schema that refuse something.
func words() []string {
	return []string{
		"additionalProperties", "contentEncoding", "enum", "exclusiveMaximum", "exclusiveMinimum", "format", "maxItems", "maxLength", "maxProperties",
		"maximum", "minItems", "minLength", "minProperties", "minimum", "multipleOf", "pattern", "required", "type", "uniqueItems",
	}
}

// oneOrMore is "string" or ["string","null"].
type oneOrMore []string

func (o *oneOrMore) UnmarshalJSON(b []byte) error {
	if b[0] != '[' {
		b = slices.Concat([]byte{'['}, b, []byte{']'})
	}
	return json.Unmarshal(b, (*[]string)(o))
}

// additional is false, or the schema of the members of a map.
type additional struct {
	none   bool
	values *schema
}

func (a *additional) UnmarshalJSON(b []byte) error {
	if a.none = string(b) == "false"; a.none {
		return nil
	}
	return decodeStrict(b, &a.values)
}

func decodeStrict(b []byte, dst any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	d.DisallowUnknownFields()
	return d.Decode(dst)
}

// schemas are the named ones of a document, and a value for each that was asked for.
type schemas struct {
	named map[string]*schema
	obey  map[*schema]any
}

// resolve follows a reference, and leaves null out where it is beside one other schema.
func (ss schemas) resolve(s *schema) *schema {
	switch {
	case s.Ref != "":
		return ss.resolve(ss.named[strings.TrimPrefix(s.Ref, "#/components/schemas/")])
	case len(s.AnyOf) == 2 && slices.Contains(s.AnyOf[1].Type, "null"):
		return ss.resolve(s.AnyOf[0])
	default:
		return s
	}
}

// broken returns the first word of s that v breaks, "" when v obeys. It knows as much of JSON Schema as a document has, and of formats as
// the candidates need.
func (ss schemas) broken(s *schema, v any) string {
	if s.Ref != "" {
		return ss.broken(ss.named[strings.TrimPrefix(s.Ref, "#/components/schemas/")], v)
	}
	for i, one := range s.AnyOf {
		word := ss.broken(one, v)
		if word == "" {
			return ""
		}
		if i == len(s.AnyOf)-1 {
			return ss.broken(s.AnyOf[0], v)
		}
	}
	if !slices.ContainsFunc(typesOf(v), func(t string) bool { return slices.Contains(s.Type, t) }) {
		return "type"
	}
	if s.Enum != nil && !slices.ContainsFunc(s.Enum, func(e any) bool { return reflect.DeepEqual(e, v) }) {
		return "enum"
	}
	switch v := v.(type) {
	case json.Number:
		return s.brokenByNumber(v)
	case string:
		return s.brokenByText(v)
	case []any:
		return ss.brokenByList(s, v)
	case map[string]any:
		return ss.brokenByObject(s, v)
	default:
		return ""
	}
}

// typesOf returns the names that JSON Schema has for the type of v.
func typesOf(v any) []string {
	switch v := v.(type) {
	case nil:
		return []string{"null"}
	case bool:
		return []string{"boolean"}
	case json.Number:
		if strings.ContainsAny(string(v), ".eE") {
			return []string{"number"}
		}
		return []string{"integer", "number"}
	case string:
		return []string{"string"}
	case []any:
		return []string{"array"}
	default:
		return []string{"object"}
	}
}

func rat(n json.Number) *big.Rat {
	r, _ := new(big.Rat).SetString(string(n)) // a number, as its type says
	return r
}

func (s *schema) brokenByNumber(v json.Number) string {
	var err error
	switch s.Format {
	case "int32", "int64":
		bits, _ := strconv.Atoi(s.Format[3:])
		_, err = strconv.ParseInt(string(v), 10, bits)
	case "float":
		_, err = strconv.ParseFloat(string(v), 32)
	case "double":
		_, err = strconv.ParseFloat(string(v), 64)
	}
	n := rat(v)
	switch {
	case err != nil:
		return "format"
	case s.Minimum != "" && n.Cmp(rat(s.Minimum)) < 0:
		return "minimum"
	case s.ExclusiveMinimum != "" && n.Cmp(rat(s.ExclusiveMinimum)) <= 0:
		return "exclusiveMinimum"
	case s.Maximum != "" && n.Cmp(rat(s.Maximum)) > 0:
		return "maximum"
	case s.ExclusiveMaximum != "" && n.Cmp(rat(s.ExclusiveMaximum)) >= 0:
		return "exclusiveMaximum"
	case s.MultipleOf != "" && !new(big.Rat).Quo(n, rat(s.MultipleOf)).IsInt():
		return "multipleOf"
	default:
		return ""
	}
}

func (s *schema) brokenByText(v string) string {
	length := utf8.RuneCountInString(v)
	switch {
	case s.MinLength != nil && length < *s.MinLength:
		return "minLength"
	case s.MaxLength != nil && length > *s.MaxLength:
		return "maxLength"
	case s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(v):
		return "pattern"
	case s.Format != "" && !regexp.MustCompile(formats()[s.Format].pattern).MatchString(v):
		return "format"
	}
	if s.ContentEncoding == "base64" {
		if _, err := base64.StdEncoding.DecodeString(v); err != nil {
			return "contentEncoding"
		}
	}
	return ""
}

// formats are the formats of text, each with a text that has it and with as much of its rule as tells the candidates apart.
func formats() map[string]struct{ sample, pattern string } {
	return map[string]struct{ sample, pattern string }{
		"email":     {"ann@shop.example", `^[^@]+@[^@]+$`},
		"uri":       {"https://shop.example/a?b=c", `^https?://`},
		"hostname":  {"www.shop.example", `^[0-9A-Za-z]+([.-][0-9A-Za-z]+)*$`},
		"slug":      {"blue-lamp", `^[0-9a-z]+(-[0-9a-z]+)*$`},
		"date":      {"2026-02-28", `^\d{4}-\d\d-\d\d$`},
		"date-time": {"2026-02-28T12:00:00.000Z", `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`},
		"uuid":      {"01977f2e-8c00-7abc-8def-0123456789ab", `^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`},
		"decimal":   {"-1.5", `^-?\d+(\.\d+)?$`},
	}
}

func (ss schemas) brokenByList(s *schema, v []any) string {
	switch {
	case s.MinItems != nil && len(v) < *s.MinItems:
		return "minItems"
	case s.MaxItems != nil && len(v) > *s.MaxItems:
		return "maxItems"
	}
	for i, item := range v {
		if word := ss.broken(s.Items, item); word != "" {
			return word
		}
		if s.UniqueItems && slices.ContainsFunc(v[:i], func(other any) bool { return reflect.DeepEqual(other, item) }) {
			return "uniqueItems"
		}
	}
	return ""
}

func (ss schemas) brokenByObject(s *schema, v map[string]any) string {
	switch {
	case s.MinProperties != nil && len(v) < *s.MinProperties:
		return "minProperties"
	case s.MaxProperties != nil && len(v) > *s.MaxProperties:
		return "maxProperties"
	}
	for _, name := range s.Required {
		if _, there := v[name]; !there {
			return "required"
		}
	}
	for name, member := range v {
		of := s.Properties[name]
		if of == nil {
			of = s.AdditionalProperties.values
		}
		if of == nil && s.AdditionalProperties.none {
			return "additionalProperties"
		}
		if of != nil {
			if word := ss.broken(of, member); word != "" {
				return word
			}
		}
	}
	return ""
}

// valid returns a value that obeys s.
func (ss schemas) valid(t *testing.T, s *schema) any {
	t.Helper()
	if v, known := ss.obey[s]; known {
		return v
	}
	for _, v := range ss.candidates(t, s) {
		if v != nil && ss.broken(s, v) == "" {
			ss.obey[s] = v
			return v
		}
	}
	t.Fatalf("no candidate obeys %+v", s)
	return nil
}

// candidates returns values of every type, and of the right one those around each limit. Some obey s and some do not.
func (ss schemas) candidates(t *testing.T, s *schema) []any {
	t.Helper()
	s = ss.resolve(s)
	all := slices.Clone(s.Enum)
	for _, typ := range s.Type {
		switch typ {
		case "string":
			all = append(all, s.texts()...)
		case "integer", "number":
			all = append(all, s.numbers()...)
		case "array":
			all = append(all, ss.lists(t, s)...)
		case "object":
			all = append(all, ss.objects(t, s)...)
		}
	}
	return append(all, nil, true, json.Number("7"), "a", []any{}, map[string]any{})
}

func (s *schema) texts() (all []any) {
	for _, f := range []string{"email", "uri", "hostname", "slug", "date", "date-time", "uuid", "decimal"} {
		all = append(all, formats()[f].sample)
	}
	all = append(all, "EUR", "AAA=", "?", "")
	for _, limit := range []*int{s.MinLength, s.MaxLength} {
		if limit != nil {
			for n := max(*limit-1, 0); n <= *limit+1; n++ {
				all = append(all, strings.Repeat("a", n), strings.Repeat("ä", n), strings.Repeat("😀", n))
			}
		}
	}
	return all
}

func (s *schema) numbers() (all []any) {
	for _, n := range []json.Number{s.Minimum, s.Maximum, s.ExclusiveMinimum, s.ExclusiveMaximum, s.MultipleOf, "0"} {
		if n == "" {
			continue
		}
		for _, step := range []string{"-1", "-0.125", "0", "0.125", "1"} {
			sum := new(big.Rat).Add(rat(n), rat(json.Number(step)))
			all = append(all, json.Number(strings.TrimSuffix(strings.TrimRight(sum.FloatString(3), "0"), ".")))
		}
	}
	if strings.HasPrefix(s.Format, "int") {
		all = append(all, json.Number("2147483647"), json.Number("2147483648"), json.Number("-2147483648"), json.Number("-2147483649"),
			json.Number("9223372036854775807"), json.Number("9223372036854775808"), json.Number("-9223372036854775809"))
	}
	if s.Format != "" {
		all = append(all, json.Number("3e38"), json.Number("4e38"), json.Number("1e308"), json.Number("1e309"))
	}
	return all
}

func (ss schemas) lists(t *testing.T, s *schema) (all []any) {
	t.Helper()
	all = append(all, ss.list(t, s, 1), slices.Concat(ss.list(t, s, 2), ss.list(t, s, 1))) // the least first, which the other requests have
	for _, limit := range []*int{s.MinItems, s.MaxItems} {
		if limit != nil {
			for n := max(*limit-1, 0); n <= *limit+1; n++ {
				all = append(all, ss.list(t, s, n))
			}
		}
	}
	return all
}

// list returns n items, different ones where that is asked for.
func (ss schemas) list(t *testing.T, s *schema, n int) []any {
	t.Helper()
	list := make([]any, n)
	for i := range list {
		if list[i] = ss.valid(t, s.Items); s.UniqueItems {
			list[i] = strconv.Itoa(i)
		}
	}
	return list
}

func (ss schemas) objects(t *testing.T, s *schema) (all []any) {
	t.Helper()
	if values := s.AdditionalProperties.values; values != nil {
		for _, limit := range []*int{s.MinProperties, s.MaxProperties} {
			for n := max(*limit-1, 0); n <= *limit+1 && limit != nil; n++ {
				members := map[string]any{}
				for i := range n {
					members[strconv.Itoa(i)] = ss.valid(t, values)
				}
				all = append(all, members)
			}
		}
		return all
	}
	full, least := map[string]any{}, map[string]any{}
	for name, p := range s.Properties {
		full[name] = ss.valid(t, p)
		if slices.Contains(s.Required, name) {
			least[name] = full[name]
		}
	}
	all = append(all, full, least, with(full, "no_such_name", true))
	for _, name := range s.Required {
		all = append(all, without(full, name))
	}
	return all
}

func with(object map[string]any, name string, v any) map[string]any {
	c := without(object, name)
	c[name] = v
	return c
}

func without(object map[string]any, name string) map[string]any {
	c := map[string]any{}
	for k, v := range object {
		if k != name {
			c[k] = v
		}
	}
	return c
}

// everywhere calls try with each candidate of s and of all schemas inside it, each time in the place of a valid value. Put makes the
// whole of a value at the pointer at.
func (ss schemas) everywhere(t *testing.T, s *schema, at string, put func(any) any, try func(at string, whole any)) {
	t.Helper()
	for _, v := range ss.candidates(t, s) {
		try(at, put(v))
	}
	s = ss.resolve(s)
	for name, p := range s.Properties {
		object := ss.valid(t, s).(map[string]any)
		ss.everywhere(t, p, at+"/"+name, func(v any) any { return put(with(object, name, v)) }, try)
	}
	if s.Items != nil {
		list := ss.list(t, s, 1)
		ss.everywhere(t, s.Items, at+"/0", func(v any) any { return put(slices.Concat([]any{v}, list[1:])) }, try)
	}
	if values := s.AdditionalProperties.values; values != nil {
		ss.everywhere(t, values, at+"/k", func(v any) any { return put(map[string]any{"k": v}) }, try)
	}
}
