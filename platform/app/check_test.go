package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/api"
)

// inspection is what the command check prints: banyan check of every version reads it.
type inspection struct {
	Problems []struct {
		Profile, Where, Key, What string
		Note                      bool
	}
	Routes []struct {
		Method, Path string
		ID           string `json:"operation_id"`
		At           string
		Raw          bool
		Writes       bool
		Public       bool
	}
	Defects   []string
	Described bool
}

func inspect(t *testing.T, m *machine, args ...string) inspection {
	t.Helper()
	r := m.run(append([]string{"check", "--json"}, args...)...).want(0)
	var i inspection
	d := json.NewDecoder(strings.NewReader(r.out))
	d.DisallowUnknownFields()
	if err := d.Decode(&i); err != nil {
		t.Fatalf("%v\n%s", err, r.out)
	}
	return i
}

// The routes are told with the line that made them, and those that anybody may write to without a reason are marked.
func TestCheckTellsRoutes(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.program = program(variant{routes: []api.Route{
		api.Put("/open", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }, api.Op{ID: "open", Summary: "Write", Auth: api.Public}),
	}})
	i := inspect(t, m, "single")
	if len(i.Problems) > 0 || len(i.Defects) > 0 {
		t.Errorf("%+v", i)
	}
	var got []string
	for _, r := range i.Routes {
		at := regexp.MustCompile(`/platform/app/(\w+_test\.go):\d+$`).FindStringSubmatch(r.At)
		if at == nil {
			t.Fatalf("%+v has no place", r)
		}
		got = append(got, fmt.Sprintf("%s %s %s raw=%t writes=%t public=%t %s", r.Method, r.Path, r.ID, r.Raw, r.Writes, r.Public, at[1]))
	}
	want := []string{
		"GET /api/v1/notes/notes countNotes raw=false writes=false public=true notes_test.go",
		"POST /api/v1/notes/notes addNote raw=false writes=true public=false notes_test.go",
		"GET /api/v1/notes/raw raw raw=true writes=false public=true notes_test.go",
		"PUT /api/v1/notes/open open raw=false writes=true public=true check_test.go",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What keeps a route from being made is told with its line.
func TestCheckTellsWrongRoutes(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.program = program(variant{routes: []api.Route{
		api.Get("/a", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }, api.Op{ID: "a", Summary: "A"}),
		api.Get("/b", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }, api.Op{ID: "b", Summary: "B", Auth: api.Token, Allow: api.SignedIn()}),
	}})
	i := inspect(t, m, "single")
	if len(i.Problems) > 0 || len(i.Defects) != 2 || len(i.Routes) != 0 || !strings.Contains(i.Defects[0], "GET /api/v1/notes/a: does not say who may call it") ||
		!strings.Contains(i.Defects[1], "/platform/app/check_test.go:") {
		t.Errorf("%+v", i)
	}
}

// The configuration is judged as the files are: not by the environment of whoever asks.
func TestCheckJudgesProfiles(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "APP_DB__DRIVER=postgres", "APP_PHASE=9", "DATABASE_URL=postgres://db")
	dir := filepath.Join(m.dir, "configs")
	for name, text := range map[string]string{
		"base.yaml":            "{}\n",
		"profiles/single.yaml": "phase: 1\n",
		"profiles/typo.yaml":   "phase: one\nbd: {}\n",
		"profiles/rule.yaml":   "phase: 5\n",
		"profiles/server.yaml": "db:\n  driver: postgres\n  dsn: \"\"\n",
		"profiles/other.yaml":  "db:\n  driver: oracle\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	i := inspect(t, m, "--config", dir, "typo", "rule", "server", "other", "single")
	var got []string
	for _, p := range i.Problems {
		severity := "error"
		if p.Note {
			severity = "note"
		}
		got = append(got, strings.Join([]string{p.Profile, severity, strings.TrimPrefix(p.Where, dir+"/profiles/"), p.Key, p.What}, " | "))
	}
	want := []string{
		"typo | error | typo.yaml:1 | phase | got \"one\", want a whole number",
		"typo | error | typo.yaml:2 | bd | unknown key, did you mean db?",
		"rule | error | rule.yaml:1 | phase | got 5, want 1 to 4",
		"server | note | server.yaml:2 | db.driver | driver postgres is not compiled in: sqlite",
		"server | note | server.yaml:3 | db.dsn | is not set, ",
		"other | error | other.yaml:2 | db.driver | driver oracle is not compiled in: sqlite",
	}
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(i.Routes) != 3 || !i.Described {
		t.Errorf("the routes are those of the first profile that can be used: %+v", i.Routes)
	}
	if i := inspect(t, m, "--config", dir, "typo"); len(i.Routes) > 0 || i.Described {
		t.Errorf("the routes without a configuration: %+v", i)
	}
}
