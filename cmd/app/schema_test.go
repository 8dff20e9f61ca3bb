package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/banyan-go/banyan/configs"
	"github.com/banyan-go/banyan/modules"
	"github.com/banyan-go/banyan/platform/app"
	"github.com/banyan-go/banyan/platform/config"
)

// The schema is what JSON Schema says a schema is, and the files of the reference application are what the schema says.
func TestSchema(t *testing.T) {
	t.Parallel()
	code, printed := newMachine(t).without("APP_KEYS").run("config", "schema")
	if code != 0 {
		t.Fatal(printed)
	}
	schema := decodeJSON(t, []byte(printed))
	meta := metaSchema(t)
	if broken := meta.check("schema.json", schema); broken != nil {
		t.Errorf("the schema is none:\n%s", strings.Join(broken, "\n"))
	}
	settings := judge{t, map[string]any{"settings": schema}}
	files, err := fs.Glob(configs.Files, "profiles/*.yaml")
	if err != nil || len(files) != 4 {
		t.Fatalf("profiles %q, %v", files, err)
	}
	for _, file := range append(files, "base.yaml") {
		text, err := fs.ReadFile(configs.Files, file)
		if err != nil {
			t.Fatal(err)
		}
		if broken := settings.check("settings", decodeYAML(t, text)); broken != nil {
			t.Errorf("%s breaks the schema:\n%s", file, strings.Join(broken, "\n"))
		}
	}
}

// What an editor marks a start refuses, and what a start refuses an editor marks, as far as one key alone can tell.
func TestSchemaAgreesWithTheStart(t *testing.T) {
	t.Parallel()
	cfg := Config{Config: app.Default(), Modules: modules.Default()}
	text, err := config.JSONSchema(&cfg)
	if err != nil {
		t.Fatal(err)
	}
	settings := judge{t, map[string]any{"settings": decodeJSON(t, text)}}
	for file, sound := range map[string]bool{
		"":                                    true,
		"phase: 2\n":                          true,
		"db:\n":                               true,
		"db:\n  pool:\n    max_open: 8\n":     true,
		"db:\n  pool:\n    max_open: auto\n":  true,
		"db:\n  slow: 0\n":                    true,
		"db:\n  slow: 1m30s\n":                true,
		"http:\n  body_limit: 1MiB\n":         true,
		"http:\n  proxies: [10.0.0.0/8]\n":    true,
		"http:\n  compress: []\n":             true,
		"telemetry:\n  logs: {level: warn}\n": true,
		"modules:\n":                          true,

		"phsae: 2\n":                          false,
		"phase: two\n":                        false,
		"phase: \"2\"\n":                      false,
		"phase:\n":                            false,
		"phase: [2]\n":                        false,
		"db: sqlite\n":                        false,
		"db:\n  dns: x\n":                     false,
		"db:\n  pool:\n    max_open: many\n":  false,
		"db:\n  slow: 10\n":                   false,
		"db:\n  slow: 1d\n":                   false,
		"db:\n  sqlite: {durable: yes}\n":     false,
		"http:\n  body_limit: 10MB\n":         false,
		"http:\n  body_limit: 10\n":           false,
		"http:\n  proxies: 10.0.0.0/8\n":      false,
		"http:\n  compress: [deflate]\n":      false,
		"api:\n  docs: maybe\n":               false,
		"telemetry:\n  logs: {level: loud}\n": false,
		"modules:\n  catalgo: {}\n":           false,
	} {
		marked := settings.check("settings", decodeYAML(t, []byte(file)))
		cfg := Config{Config: app.Default(), Modules: modules.Default()}
		base := map[string]string{"base.yaml": file, "profiles/single.yaml": ""}
		_, refused := config.Load(&cfg, config.Options{Dir: folder(t, base)})
		if (marked == nil) != sound || (refused == nil) != sound {
			t.Errorf("%q: the editor marks %q, the start says %v", file, marked, refused)
		}
	}
}

// folder writes files into a folder of their own.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func decodeJSON(t *testing.T, text []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// decodeYAML reads a file as an editor does: with the types of YAML, as if it were JSON. A file without a value is null.
func decodeYAML(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	if err := yaml.NewDecoder(bytes.NewReader(append(text, "\n---\n"...))).Decode(&v); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return decodeJSON(t, data)
}

// metaSchema returns the schema of schemas (testdata/2020-12, as json-schema.org publishes it).
func metaSchema(t *testing.T) judge {
	t.Helper()
	j := judge{t, map[string]any{}}
	root := os.DirFS("testdata/2020-12")
	for _, pattern := range []string{"*.json", "meta/*.json"} {
		files, err := fs.Glob(root, pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %q, %v", pattern, files, err)
		}
		for _, file := range files {
			text, err := fs.ReadFile(root, file)
			if err != nil {
				t.Fatal(err)
			}
			j.documents[file] = decodeJSON(t, text)
		}
	}
	return j
}

// judge knows as much of JSON Schema 2020-12 as the meta-schema and the schema of a configuration use; any other word fails the test.
type judge struct {
	t         *testing.T
	documents map[string]any
}

// check returns how a value breaks a document, nothing when it does not.
func (j judge) check(document string, value any) []string {
	j.t.Helper()
	return j.against(document, j.documents[document], value, "")
}

func (j judge) against(document string, schema, value any, at string) (broken []string) {
	if allowed, ok := schema.(bool); ok {
		if !allowed {
			return []string{at + " is not allowed"}
		}
		return nil
	}
	words, ok := schema.(map[string]any)
	if !ok {
		return []string{fmt.Sprintf("%s: a schema is %v", at, schema)}
	}
	for word, arg := range words {
		broken = append(broken, j.word(document, words, word, arg, value, at)...)
	}
	return broken
}

// word applies one word of a schema.
func (j judge) word(document string, words map[string]any, word string, arg, value any, at string) (broken []string) {
	list, _ := value.([]any)
	object, _ := value.(map[string]any)
	switch word {
	case "$schema", "$id", "$vocabulary", "$dynamicAnchor", "$comment", "$defs", "title", "description", "default", "deprecated", "writeOnly":
	case "$ref", "$dynamicRef":
		return j.reference(document, arg.(string), value, at)
	case "allOf":
		for _, s := range arg.([]any) {
			broken = append(broken, j.against(document, s, value, at)...)
		}
	case "anyOf":
		if !slices.ContainsFunc(arg.([]any), func(s any) bool { return j.against(document, s, value, at) == nil }) {
			return []string{fmt.Sprintf("%s: %v is none of %v", at, value, arg)}
		}
	case "items":
		for i, v := range list {
			broken = append(broken, j.against(document, arg, v, fmt.Sprintf("%s/%d", at, i))...)
		}
	case "properties":
		for name, s := range arg.(map[string]any) {
			if v, ok := object[name]; ok {
				broken = append(broken, j.against(document, s, v, at+"/"+name)...)
			}
		}
	case "propertyNames":
		for name := range object {
			broken = append(broken, j.against(document, arg, name, at+"/"+name)...)
		}
	case "additionalProperties":
		known, _ := words["properties"].(map[string]any)
		for name, v := range object {
			if _, ok := known[name]; !ok {
				broken = append(broken, j.against(document, arg, v, at+"/"+name)...)
			}
		}
	default:
		if !j.keeps(word, arg, value) {
			return []string{fmt.Sprintf("%s: %v breaks %s %v", at, value, word, arg)}
		}
	}
	return broken
}

// keeps reports whether a value keeps to a word that is about it alone.
func (j judge) keeps(word string, arg, value any) bool {
	text, isText := value.(string)
	number, isNumber := value.(float64)
	list, isList := value.([]any)
	switch word {
	case "type":
		return slices.ContainsFunc(oneOrMore(arg), func(name any) bool { return isOfType(value, name.(string)) })
	case "const":
		return reflect.DeepEqual(arg, value)
	case "enum":
		return slices.ContainsFunc(arg.([]any), func(v any) bool { return reflect.DeepEqual(v, value) })
	case "pattern":
		return !isText || regexp.MustCompile(arg.(string)).MatchString(text)
	case "format":
		return !isText || wellFormed(arg.(string), text)
	case "minimum":
		return !isNumber || number >= arg.(float64)
	case "maximum":
		return !isNumber || number <= arg.(float64)
	case "exclusiveMinimum":
		return !isNumber || number > arg.(float64)
	case "minItems":
		return !isList || float64(len(list)) >= arg.(float64)
	case "uniqueItems":
		for i, v := range list {
			if slices.ContainsFunc(list[i+1:], func(w any) bool { return reflect.DeepEqual(v, w) }) {
				return false
			}
		}
		return true
	default:
		j.t.Errorf("this test does not know the word %s", word)
		return false
	}
}

// reference follows #/$defs/x, the name of another document, and #meta, which is the schema of schemas.
func (j judge) reference(document, ref string, value any, at string) []string {
	if name, ok := strings.CutPrefix(ref, "#/$defs/"); ok {
		defs := j.documents[document].(map[string]any)["$defs"].(map[string]any)
		return j.against(document, defs[name], value, at)
	}
	if ref == "#meta" {
		return j.check("schema.json", value)
	}
	ref, fragment, _ := strings.Cut(ref, "#")
	if fragment, ok := strings.CutPrefix(fragment, "/$defs/"); ok {
		return j.reference(ref+".json", "#/$defs/"+fragment, value, at)
	}
	return j.against(ref+".json", j.documents[ref+".json"], value, at)
}

func oneOrMore(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

func isOfType(v any, name string) bool {
	number, isNumber := v.(float64)
	switch v.(type) {
	case nil:
		return name == "null"
	case bool:
		return name == "boolean"
	case string:
		return name == "string"
	case []any:
		return name == "array"
	case map[string]any:
		return name == "object"
	default:
		return isNumber && (name == "number" || name == "integer" && number == float64(int64(number)))
	}
}

func wellFormed(format, text string) bool {
	var err error
	switch format {
	case "regex":
		_, err = regexp.Compile(text)
	case "uri", "uri-reference":
		_, err = url.Parse(text)
	default:
		return false
	}
	return err == nil
}
