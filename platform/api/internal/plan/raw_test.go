package plan_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/api/internal/plan"
	"github.com/banyan-go/banyan/platform/patch"
)

// document has JSON of any shape in each place where it can stand.
type document struct {
	Any    json.RawMessage                `json:"any"`
	Maybe  *json.RawMessage               `json:"maybe"`
	Change patch.Change[*json.RawMessage] `json:"change"`
}

func TestDecodeRaw(t *testing.T) {
	t.Parallel()
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	zeros := func(n int) string { return strings.Repeat("0", n) }
	for _, c := range []struct{ doc, want, report string }{
		{`{"any":1}`, `1`, "ok"},
		{`{"any": {"b" : [ 1.50, "\u00e9 \n", null, true ],"a":{} } }`, `{"b":[1.50,"\u00e9 \n",null,true],"a":{}}`, "ok"}, // as it was sent
		{`{"any":"\\u0000"}`, `"\\u0000"`, "ok"}, // a backslash and some letters
		{`{"any":"x","maybe":null,"change":null}`, `"x"`, "ok"},
		{`{"any":` + deep(31) + `}`, deep(31), "ok"},
		{`{"any":` + deep(32) + `}`, "", "malformed too_deep"},
		{`{}`, "", "invalid /any required"},
		{`{"any":null}`, "", "invalid /any null"},
		{`{"any":{"a":["\u0000"]}}`, "", "invalid /any nul"},
		{`{"any":{"\u0000":1}}`, "", "invalid /any nul"},
		{`{"any":[-1e999]}`, "", "invalid /any range"},
		{`{"any":[1e308,{"x":1E+309}],"maybe":1}`, "", "invalid /any range"},
		{`{"any":[1e-400]}`, "", "invalid /any range"}, // nothing but 0 would be left of it
		{`{"any":{"x":-0.10E-20000}}`, "", "invalid /any range"},
		{`{"any":[0e-16384]}`, "", "invalid /any range"}, // PostgreSQL has no place for so many digits
		{`{"any":[0e-99999999999999999999]}`, "", "invalid /any range"},
		{`{"any":[0e99999999999999999999]}`, "", "invalid /any range"},
		{`{"any":[0E2000000000]}`, "", "invalid /any range"},
		{`{"any":1.` + zeros(1075) + `}`, "", "invalid /any range"},
		{`{"any":1.` + zeros(1074) + `}`, `1.` + zeros(1074), "ok"},
		{`{"any":1` + zeros(400) + `e-400}`, `1` + zeros(400) + `e-400`, "ok"},
		{`{"any":[0,-0,0.0,0e0,-0.00E-7,5e-324,1e+308,-1.7976931348623157e308]}`, `[0,-0,0.0,0e0,-0.00E-7,5e-324,1e+308,-1.7976931348623157e308]`, "ok"},
		{`{"any":{"a":1,"a":2}}`, "", "malformed duplicate_key"},
		{`{"any":{"a":01}}`, "", "malformed invalid_json"},
		{`{"any":{"a":}`, "", "malformed invalid_json"},
		{`{"any":`, "", "malformed invalid_json"},
		{`{"any":"\ud800"}`, "", "malformed invalid_json"},
		{"{\"any\":\"\xff\"}", "", "malformed invalid_utf8"},
	} {
		v, err := decode[document](t, c.doc)
		if got := report(t, err); got != c.report {
			t.Errorf("%.60s: %s, want %s", c.doc, got, c.report)
		}
		if err == nil && string(v.Any) != c.want {
			t.Errorf("%.60s: got %s, want %s", c.doc, v.Any, c.want)
		}
	}
	v, err := decode[document](t, `{"any":1,"change":[ ]}`)
	if got, set := v.Change.Get(); err != nil || v.Maybe != nil || !set || string(*got) != "[]" {
		t.Errorf("%+v, error %v", v, err)
	}
}

// What a database has written in its own way goes out without white space, what is not JSON not at all.
func TestAppendRaw(t *testing.T) {
	t.Parallel()
	type out struct {
		Any   json.RawMessage  `json:"any"`
		Maybe *json.RawMessage `json:"maybe"`
	}
	got, err := encode(t, out{Any: json.RawMessage("{\"a\": [1.50, \"<\u00e9\"],\n \"b\": {}}")})
	if want := `{"any":{"a":[1.50,"<é"],"b":{}},"maybe":null}`; err != nil || got != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	for _, text := range []string{"", "hush", `{"a":"hush"`, `1 2`} {
		if got, err := encode(t, out{Any: json.RawMessage(text)}); err == nil || got != "" || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %s, error %v", text, got, err)
		}
	}
}

func TestSchemaOfRaw(t *testing.T) {
	t.Parallel()
	const value = `{"type":["object","array","string","number","boolean"],"items":{}}`
	want := `{"type":"object","properties":{"any":` + value + `,"maybe":{},"change":{}},"additionalProperties":false,"required":["any"]}`
	if got := describe(t, plan.NewComponents(nameOf), compile[struct{ document }](t, plan.Input)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if _, err := plan.New(plan.Options{}).Compile(field(reflect.TypeFor[json.RawMessage](), `json:"f" maxLength:"3"`), plan.Input); err == nil {
		t.Error("a word about texts is taken for JSON")
	}
}
