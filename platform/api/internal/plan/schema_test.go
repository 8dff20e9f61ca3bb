package plan_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/banyan-go/banyan/platform/api/internal/plan"
	"github.com/banyan-go/banyan/platform/patch"
)

// nameOf names components as an application would.
func nameOf(t reflect.Type, use plan.Use) string {
	name := t.Name()
	if name == "" {
		return ""
	}
	name = strings.ToUpper(name[:1]) + name[1:]
	switch use {
	case plan.Input:
		return name + "Input"
	case plan.Sparse:
		return name + "Fields"
	default:
		return name
	}
}

func describe(tb testing.TB, cs *plan.Components, t *plan.Type) string {
	tb.Helper()
	s, err := cs.Schema(t)
	if err != nil {
		tb.Fatal(err)
	}
	return string(s.AppendJSON(nil))
}

func TestSchemaOfWords(t *testing.T) {
	t.Parallel()
	str, num, flt := reflect.TypeFor[string](), reflect.TypeFor[int](), reflect.TypeFor[float64]()
	for _, c := range []struct {
		t             reflect.Type
		tag           string
		input, output string // output: "" where it is the same
	}{
		{reflect.TypeFor[bool](), `json:"f" default:"true"`, `{"type":"boolean","default":true}`, `{"type":"boolean"}`},
		{str, `json:"f" doc:"What it is." example:"ab" minLength:"1" maxLength:"3" pattern:"^\\w+$"`,
			`{"type":"string","description":"What it is.","pattern":"^\\w+$","minLength":1,"maxLength":3,"examples":["ab"]}`,
			`{"type":"string","description":"What it is.","examples":["ab"]}`},
		{str, `json:"f" format:"email"`, `{"type":"string","format":"email"}`, ``},
		{str, `json:"f" enum:"a,b" default:"a"`, `{"type":"string","enum":["a","b"],"default":"a"}`, `{"type":"string","enum":["a","b"]}`},
		{reflect.TypeFor[*string](), `json:"f" enum:"a,b" example:"a"`, `{"type":["string","null"],"enum":["a","b",null],"examples":["a"]}`, ``},
		{num, `json:"f" minimum:"1" maximum:"9" multipleOf:"2" default:"2"`,
			`{"type":"integer","format":"int64","minimum":1,"maximum":9,"multipleOf":2,"default":2}`, `{"type":"integer","format":"int64"}`},
		{num, `json:"f" exclusiveMinimum:"1" exclusiveMaximum:"9" enum:"2,3"`,
			`{"type":"integer","format":"int64","exclusiveMinimum":1,"exclusiveMaximum":9,"enum":[2,3]}`, `{"type":"integer","format":"int64","enum":[2,3]}`},
		{reflect.TypeFor[int32](), `json:"f"`, `{"type":"integer","format":"int32"}`, ``},
		{reflect.TypeFor[int8](), `json:"f"`, `{"type":"integer","minimum":-128,"maximum":127}`, ``},
		{reflect.TypeFor[int16](), `json:"f" minimum:"0"`, `{"type":"integer","minimum":0,"maximum":32767}`, `{"type":"integer","minimum":-32768,"maximum":32767}`},
		{reflect.TypeFor[uint16](), `json:"f" exclusiveMinimum:"1023"`,
			`{"type":"integer","maximum":65535,"exclusiveMinimum":1023}`, `{"type":"integer","minimum":0,"maximum":65535}`},
		{reflect.TypeFor[uint64](), `json:"f"`, `{"type":"integer","minimum":0,"maximum":18446744073709551615}`, ``},
		{flt, `json:"f" minimum:"0.5" example:"1e1"`, `{"type":"number","format":"double","minimum":0.5,"examples":[10]}`,
			`{"type":"number","format":"double","examples":[10]}`},
		{reflect.TypeFor[float32](), `json:"f"`, `{"type":"number","format":"float"}`, ``},
		{reflect.TypeFor[time.Time](), `json:"f" example:"2026-02-03T04:05:06+01:00"`,
			`{"type":"string","format":"date-time","examples":["2026-02-03T03:05:06.000Z"]}`, ``},
		{reflect.TypeFor[[]byte](), `json:"f" maxLength:"8"`, `{"type":"string","contentEncoding":"base64","maxLength":8}`,
			`{"type":"string","contentEncoding":"base64"}`},
		{reflect.TypeFor[color](), `json:"f" example:"#010203"`, `{"type":"string","pattern":"^#[0-9a-f]{6}$","examples":["#010203"]}`, ``},
		{reflect.TypeFor[answer](), `json:"f" maxLength:"3"`, `{"type":"string","maxLength":3}`, `{"type":"string"}`},
		{reflect.TypeFor[answer](), `json:"f" enum:"yes"`, `{"type":"string","enum":["yes"]}`, ``},
		{reflect.TypeFor[[]string](), `json:"f" minItems:"1" maxItems:"5" uniqueItems:"true" maxLength:"9" default:"[ \"a\" ]"`,
			`{"type":"array","minItems":1,"maxItems":5,"uniqueItems":true,"items":{"type":"string","maxLength":9},"default":["a"]}`,
			`{"type":"array","items":{"type":"string"}}`},
		{reflect.TypeFor[*[]*int32](), `json:"f" maximum:"3"`,
			`{"type":["array","null"],"maxItems":1000,"items":{"type":["integer","null"],"format":"int32","maximum":3}}`,
			`{"type":["array","null"],"items":{"type":["integer","null"],"format":"int32"}}`},
		{reflect.TypeFor[map[string]bool](), `json:"f" minProperties:"1"`,
			`{"type":"object","minProperties":1,"maxProperties":1000,"additionalProperties":{"type":"boolean"}}`,
			`{"type":"object","additionalProperties":{"type":"boolean"}}`},
	} {
		compiler, cs := plan.New(plan.Options{}), plan.NewComponents(nameOf)
		for use, want := range map[plan.Use]string{plan.Input: c.input, plan.Output: c.output} {
			p, err := compiler.Compile(field(c.t, c.tag), use)
			if err != nil {
				t.Fatal(err)
			}
			if want == "" {
				want = c.input
			}
			s, err := cs.Schema(p)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(s.Properties[0].Schema.AppendJSON(nil)); got != want {
				t.Errorf("%s `%s`, use %d:\n got %s\nwant %s", c.t, c.tag, use, got, want)
			}
		}
	}
}

func TestSchemaOfStructs(t *testing.T) {
	t.Parallel()
	type thing struct {
		Must   string                `json:"must" doc:"Needed."`
		Preset int                   `json:"preset" default:"7"`
		Maybe  *int                  `json:"maybe"`
		Slot   patch.Change[string]  `json:"slot"`
		Clear  patch.Change[*string] `json:"clear"`
		Price  price                 `json:"price" doc:"What it costs." example:"{\"amount\":1,\"currency\":\"EUR\"}"`
		Old    *price                `json:"old"`
		Next   patch.Change[*price]  `json:"next"`
		Prices map[string]price      `json:"prices"`
		Plain  struct {
			A bool `json:"a"`
		} `json:"plain"`
	}
	p := compile[thing](t, plan.Input)
	cs := plan.NewComponents(nameOf)
	if got, want := describe(t, cs, p), `{"$ref":"#/components/schemas/ThingInput"}`; got != want {
		t.Errorf("got %s", got)
	}
	describe(t, cs, p) // a second time changes nothing
	want := `{"PriceInput":{"type":"object","properties":{"amount":{"type":"integer","format":"int64","minimum":0},` +
		`"currency":{"type":"string","enum":["EUR","USD"]}},"additionalProperties":false,"required":["amount","currency"]},` +
		`"ThingInput":{"type":"object","properties":{"must":{"type":"string","description":"Needed."},` +
		`"preset":{"type":"integer","format":"int64","default":7},"maybe":{"type":["integer","null"],"format":"int64"},` +
		`"slot":{"type":"string"},"clear":{"type":["string","null"]},` +
		`"price":{"$ref":"#/components/schemas/PriceInput","description":"What it costs.","examples":[{"amount":1,"currency":"EUR"}]},` +
		`"old":{"anyOf":[{"$ref":"#/components/schemas/PriceInput"},{"type":"null"}]},` +
		`"next":{"anyOf":[{"$ref":"#/components/schemas/PriceInput"},{"type":"null"}]},` +
		`"prices":{"type":"object","maxProperties":1000,"additionalProperties":{"$ref":"#/components/schemas/PriceInput"}},` +
		`"plain":{"type":"object","properties":{"a":{"type":"boolean"}},"additionalProperties":false,"required":["a"]}},` +
		`"additionalProperties":false,"required":["must","price","prices","plain"]}}`
	if got := string(cs.AppendJSON(nil)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if names := strings.Join(cs.Names(), " "); names != "PriceInput ThingInput" {
		t.Errorf("names: %s", names)
	}
	if cs.Get("PriceInput") == nil || cs.Get("Price") != nil {
		t.Error("Get finds the wrong ones")
	}
}

func TestSchemaOfOutputRequiresEverything(t *testing.T) {
	t.Parallel()
	cs := plan.NewComponents(nameOf)
	if got := describe(t, cs, compile[page](t, plan.Output)); got != `{"$ref":"#/components/schemas/Page"}` {
		t.Errorf("got %s", got)
	}
	want := `{"Page":{"type":"object","properties":{"next":{"type":["string","null"]},"prev":{"type":["string","null"]}},"required":["next","prev"]}}`
	if got := string(cs.AppendJSON(nil)); got != want {
		t.Errorf("got %s", got)
	}
}

// A struct's example may leave out what has a default; in an answer nothing is left out.
func TestExamplesOfOutputAreWhole(t *testing.T) {
	t.Parallel()
	type inner struct {
		A int  `json:"a"`
		B int  `json:"b" default:"2"`
		C *int `json:"c"`
	}
	type outer struct {
		Inner *inner `json:"inner" example:"{\"a\": 1}"`
	}
	for use, want := range map[plan.Use]string{plan.Input: `"examples":[{"a":1}]`, plan.Output: `"examples":[{"a":1,"b":2,"c":null}]`} {
		cs := plan.NewComponents(nameOf)
		describe(t, cs, compile[outer](t, use))
		if got := string(cs.AppendJSON(nil)); !strings.Contains(got, want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestSchemaOfRecursion(t *testing.T) {
	t.Parallel()
	cs := plan.NewComponents(nameOf)
	if got := describe(t, cs, compile[[]*node](t, plan.Output)); got != `{"type":"array","items":{"anyOf":[{"$ref":"#/components/schemas/Node"},{"type":"null"}]}}` {
		t.Errorf("got %s", got)
	}
	if got := string(cs.AppendJSON(nil)); !strings.Contains(got, `"next":{"anyOf":[{"$ref":"#/components/schemas/Node"},{"type":"null"}]}`) {
		t.Errorf("got %s", got)
	}
	nameless := plan.NewComponents(func(reflect.Type, plan.Use) string { return "" })
	if _, err := nameless.Schema(compile[node](t, plan.Output)); err == nil || !strings.Contains(err.Error(), "contains itself and has no component name") {
		t.Errorf("recursion without a name: %v", err)
	}
	if _, err := nameless.Schema(compile[[]price](t, plan.Output)); err != nil {
		t.Errorf("no recursion, without a name: %v", err)
	}
}

func TestSparseSchema(t *testing.T) {
	t.Parallel()
	type things struct {
		Data []*author `json:"data"`
		Page page      `json:"page"`
	}
	compiler, cs := plan.New(plan.Options{}), plan.NewComponents(nameOf)
	sparse := func(typ reflect.Type) string {
		p, err := compiler.Compile(typ, plan.Output)
		if err != nil {
			t.Fatal(err)
		}
		s, err := cs.Sparse(p)
		if err != nil {
			t.Fatal(err)
		}
		return string(s.AppendJSON(nil))
	}
	for _, c := range []struct {
		t    reflect.Type
		want string
	}{
		{reflect.TypeFor[things](), `{"$ref":"#/components/schemas/ThingsFields"}`},
		{reflect.TypeFor[author](), `{"$ref":"#/components/schemas/AuthorFields"}`},
		{reflect.TypeFor[*author](), `{"anyOf":[{"$ref":"#/components/schemas/AuthorFields"},{"type":"null"}]}`},
		{reflect.TypeFor[[]author](), `{"type":"array","items":{"$ref":"#/components/schemas/Author"}}`},
	} {
		if got := sparse(c.t); got != c.want {
			t.Errorf("%s: %s", c.t, got)
		}
	}
	want := `"AuthorFields":{"type":"object","properties":{"id":{"type":"string","pattern":"^#[0-9a-f]{6}$"},"name":{"type":"string"}}},` +
		`"Page":{"type":"object","properties":{"next":{"type":["string","null"]},"prev":{"type":["string","null"]}},"required":["next","prev"]},` +
		`"ThingsFields":{"type":"object","properties":{"data":{"type":"array","items":{"anyOf":[{"$ref":"#/components/schemas/AuthorFields"},{"type":"null"}]}},` +
		`"page":{"$ref":"#/components/schemas/Page"}},"required":["data","page"]}}`
	if got := string(cs.AppendJSON(nil)); !strings.HasSuffix(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestComponentNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name func(reflect.Type, plan.Use) string
		want string
	}{
		{func(reflect.Type, plan.Use) string { return "Same" }, "the component name Same of plan_test.product is taken by another type"},
		{func(t reflect.Type, _ plan.Use) string { return t.String() + "[x]" }, `the component name "plan_test.productList[x]"`},
	} {
		if _, err := plan.NewComponents(c.name).Schema(compile[productList](t, plan.Output)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v", err)
		}
	}
	compiler, cs := plan.New(plan.Options{}), plan.NewComponents(func(t reflect.Type, _ plan.Use) string { return t.Name() })
	for use, fails := range []bool{plan.Input: false, plan.Output: true} {
		p, err := compiler.Compile(reflect.TypeFor[page](), plan.Use(use))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := cs.Schema(p); (err != nil) != fails {
			t.Errorf("use %d: %v", use, err)
		}
	}
}

func TestParseSchema(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{`{"type":"string","format":"uuid"}`, ``},
		{`{"type":"string","description":"D","pattern":"^a$","minLength":1,"maxLength":2,"enum":["a"],"examples":["a","a"]}`, ``},
		{`{"type":"integer","minimum":-1,"maximum":9007199254740993}`, ``},
		{`{"type":"number"}`, ``},
		{`{"type":"boolean"}`, ``},
		{`{"type":"array"}`, `"array"`},
		{`{}`, `the type ""`},
		{`{"type":"string","minlength":1}`, `minlength`},
		{`{"type":"string","minLength":"1"}`, `is not a number`},
		{`nonsense`, `read schema`},
	} {
		s, err := plan.ParseSchema(c.text)
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", c.text, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got := s.AppendJSON(nil); !bytes.Equal(canonical(t, got), canonical(t, []byte(c.text))) {
			t.Errorf("%s became %s", c.text, got)
		}
	}
}

func canonical(tb testing.TB, text []byte) []byte {
	tb.Helper()
	v := jsontext.Value(bytes.Clone(text))
	if err := v.Canonicalize(); err != nil {
		tb.Fatal(err)
	}
	return v
}

func TestSchemaMarshals(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(map[string]*plan.Schema{"x": {Type: "string", Description: `a "b"`}})
	if err != nil || string(b) != `{"x":{"type":"string","description":"a \"b\""}}` {
		t.Errorf("%s, %v", b, err)
	}
}
