package config_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/unit"
)

func TestJSONSchema(t *testing.T) {
	t.Parallel()
	type inner struct {
		Wait  time.Duration   `config:"wait"`
		Size  unit.Bytes      `config:"size"`
		Open  unit.Auto[int]  `config:"open"`
		Share float64         `config:"share"`
		Port  uint16          `config:"port"`
		Step  int8            `config:"step"`
		Many  uint            `config:"many"`
		On    bool            `config:"on"`
		Codes []string        `config:"codes" enum:"br,gzip"`
		Waits []time.Duration `config:"waits"`
	}
	type outer struct {
		Name    string         `config:"name" doc:"What <it> is called."`
		Salt    size           `config:"salt"`
		Key     string         `config:"key" secret:"true" doc:"Opens it."`
		Workers map[string]int `config:"workers"`
		Limits  map[string]int `config:"limits" dotted:"true"`
		Inner   inner          `config:"inner"`
		Hidden  string         `config:"-"`
	}
	const duration = `"type":"string","pattern":"^(0|(([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$"`
	want := `{
		"$schema":"https://json-schema.org/draft/2020-12/schema","title":"Settings","type":["object","null"],"additionalProperties":false,
		"properties":{
			"name":{"description":"What <it> is called.","type":"string","default":"x"},
			"salt":{"type":"string","default":"4KiB"},
			"key":{"description":"Opens it.","type":"string","writeOnly":true},
			"workers":{"type":["object","null"],"propertyNames":{"pattern":"^[a-z0-9]+([_-][a-z0-9]+)*$"},"additionalProperties":{"type":"integer"}},
			"limits":{"type":["object","null"],"propertyNames":{"pattern":"^[a-z0-9]+([_.-][a-z0-9]+)*$"},"additionalProperties":{"type":"integer"}},
			"inner":{"type":["object","null"],"additionalProperties":false,"properties":{
				"wait":{"anyOf":[{` + duration + `},{"const":0}],"default":"1m30s"},
				"size":{"anyOf":[{"type":"string","pattern":"^(0|(0|[1-9][0-9]*)(B|KiB|MiB|GiB))$"},{"const":0}],"default":"64KiB"},
				"open":{"anyOf":[{"type":"string","pattern":"^(auto|0|-?[1-9][0-9]*)$"},{"type":"integer"}],"default":"auto"},
				"share":{"type":"number","default":0.5},
				"port":{"type":"integer","minimum":0,"maximum":65535,"default":80},
				"step":{"type":"integer","minimum":-128,"maximum":127,"default":0},
				"many":{"type":"integer","minimum":0,"default":0},
				"on":{"type":"boolean","default":true},
				"codes":{"type":"array","items":{"type":"string","enum":["br","gzip"]},"default":["br"]},
				"waits":{"type":"array","items":{"anyOf":[{` + duration + `},{"const":0}]},"default":[]}
			}}
		}}`
	got, err := config.JSONSchema(&outer{
		Name: "x", Key: "hunter2", Salt: 4, Workers: map[string]int{"mail": 1},
		Inner: inner{Wait: 90 * time.Second, Size: 64 * unit.KiB, Share: 0.5, Port: 80, On: true, Codes: []string{"br"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if canonical(t, string(got)) != canonical(t, want) {
		t.Errorf("got\n%s\nwant\n%s", got, canonical(t, want))
	}
}

// canonical writes JSON with sorted keys, a line each.
func canonical(t *testing.T, text string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// odd is a text type whose pattern is none.
type odd struct{}

func (*odd) UnmarshalText([]byte) error { return nil }
func (*odd) TextPattern() string        { return "(" }

func TestJSONSchemaMistakesOfTheProgram(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		target any
		want   string
	}{
		{settings{}, "describe configuration: target is config_test.settings, want a pointer to a struct"},
		{(*settings)(nil), "describe configuration: target is *config_test.settings, want a pointer to a struct"},
		{&struct{ A string }{}, "want a name in lower snake case"},
		{&struct {
			A odd `config:"a"`
		}{}, "describe configuration: key a: error parsing regexp: missing closing ): `(`"},
	} {
		if _, err := config.JSONSchema(c.target); err == nil || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%T: %v, want ...%s", c.target, err, c.want)
		}
	}
}
