package app_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/querystat"
	"github.com/banyan-go/banyan/platform/lifecycle"
)

// looping returns a program with an operation that looks for a text 21 times, one by one, where no index leads.
func looping() variant {
	var handle *db.Handle
	return variant{
		hook: func(n *notes) lifecycle.Hook {
			return lifecycle.Hook{Name: "loop", Start: func(context.Context) error { // of the program that serves, and not of other commands
				handle = n.db
				return nil
			}}
		},
		routes: []api.Route{api.Get("/loop", func(ctx context.Context, _ *struct{}) (*struct{}, error) {
			for n := range 21 {
				var texts []string
				if err := handle.Query(ctx, db.Global).Table("notes_notes").Where("text = ?", n).Pluck("text", &texts).Error; err != nil {
					return nil, err
				}
			}
			return nil, nil
		}, api.Op{ID: "loop", Summary: "Loop", Auth: api.Public})},
	}
}

const loopPath = "/api/v1/notes/loop"

// Mode dev says which request runs too many statements, and which line runs one again and again.
func TestDevWarnsOfQueries(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.program = program(looping())
	r := m.serve("--mode", "dev")
	r.wantGet(r.url+loopPath, 204)
	r.wantGet(r.url+"/api/v1/notes/notes", 200)
	r.stop()
	log := r.out.String()
	for _, want := range []string{
		"a request ran more statements than db.query_budget route=\"GET /api/v1/notes/loop\" statements=21 budget=20",
		"a request ran one statement again and again",
		"times=21",
		"platform/app/queries_test.go:",
	} {
		if strings.Count(log, want) != 1 {
			t.Errorf("the log does not say %q once: %s", want, log)
		}
	}
}

// Mode prod says nothing of single requests, and the ops listener what there is in numbers.
func TestQueriesInProd(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.program = program(looping())
	m.run("migrate", "up").want(0)
	r := m.serve()
	r.wantGet(r.url+loopPath, 204)
	if log := r.out.String(); strings.Contains(log, "statement") {
		t.Errorf("the log tells of statements: %s", log)
	}
	want := `http_server_request_statements_bucket{http_request_method="GET",http_route="/api/v1/notes/loop",le="50"} 1`
	if text := r.wantGet(r.ops+"/metrics", 200); !strings.Contains(text, want) || strings.Count(text, "http_server_request_statements_sum") != 1 {
		t.Errorf("the metrics lack %s", want)
	}
	var snap querystat.Snapshot
	if err := json.Unmarshal([]byte(r.wantGet(r.ops+"/debug/queries", 200)), &snap); err != nil {
		t.Fatal(err)
	}
	if snap.Dialect != "sqlite" || snap.Budget != 20 || len(snap.Queries) != 1 {
		t.Fatalf("%+v", snap)
	}
	q := snap.Queries[0]
	if q.Origin != "GET "+loopPath || q.Calls != 21 || q.Most != 21 || q.Seconds <= 0 || !strings.Contains(q.Shape, "WHERE text = ?") || len(q.At) == 0 {
		t.Errorf("%+v", q)
	}
}

// found is what doctor prints as JSON, as far as the tests look.
type found struct {
	Findings []struct {
		Check, What string
		Fails       bool
		Migrations  []struct{ File, Text string }
	}
}

// The doctor asks a running process, or a file of what it has said, and proposes an index; written as a migration, it is content.
func TestDoctor(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.program = program(looping())
	m.run("doctor").want(5, "next:  prog serve")
	m.run("migrate", "up").want(0)
	r := m.serve()
	r.wantGet(r.url+"/api/v1/notes/notes", 200)
	m.run("doctor", "--ops", r.ops).want(0, "ok: 1 statements of 1 routes since ")
	r.wantGet(r.url+loopPath, 204)

	file := filepath.Join(m.dir, "queries.json")
	said := m.run("doctor", "--ops", r.ops, "--save", file)
	rest := said.out
	for _, word := range []string{
		"FAIL  n+1 ", "GET /api/v1/notes/loop runs one statement up to 21 times in a request", "platform/app/queries_test.go:", "WHERE text = ?",
		"FAIL  index ", "notes_notes (text) is missing", "SCAN notes_notes",
		"modules/notes/migrations/sqlite/", "CREATE INDEX notes_notes_text_idx ON notes_notes (text);",
		"modules/notes/migrations/postgres/", "CREATE INDEX CONCURRENTLY IF NOT EXISTS notes_notes_text_idx",
		"WARN  unbounded ", "WARN  budget ",
	} {
		_, after, ok := strings.Cut(rest, word)
		if !ok {
			t.Fatalf("%q is not there, or not in its place: %s", word, said.out)
		}
		rest = after
	}
	if said.code != 3 || !strings.Contains(said.err, "saved "+file) {
		t.Errorf("exit code %d: %s", said.code, said.err)
	}
	r.stop()

	var f found
	saved := m.run("doctor", "--from", file, "--json")
	if err := json.Unmarshal([]byte(saved.out), &f); err != nil || saved.code != 3 || len(f.Findings) != 4 || len(f.Findings[1].Migrations) != 2 {
		t.Fatalf("exit code %d, error %v: %s", saved.code, err, saved.out)
	}
	v := looping()
	v.more = fstest.MapFS{strings.TrimPrefix(f.Findings[1].Migrations[0].File, "modules/notes/migrations/"): {Data: []byte(f.Findings[1].Migrations[0].Text)}}
	m.program = program(v)
	m.run("migrate", "up").want(0)
	if again := m.run("doctor", "--from", file); strings.Contains(again.out, "index") || !strings.Contains(again.out, "n+1") {
		t.Errorf("with the index it says %s%s", again.out, again.err)
	}
}

func TestDoctorRefuses(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	write := func(name, text string) string {
		t.Helper()
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	other := write("other.json", `{"since":"2026-11-26T12:00:00Z","dialect":"postgres"}`)
	mine := write("mine.json", `{"since":"2026-11-26T12:00:00Z","dialect":"sqlite"}`)
	for _, c := range []struct {
		args []string
		code int
		said string
	}{
		{[]string{"--from", other, "--ops", "http://localhost:1"}, 2, "--from reads a file"},
		{[]string{"--ops", "localhost:1"}, 2, "is no URL"},
		{[]string{"--ops", "http://127.0.0.1:1"}, 5, "refused"},
		{[]string{"--from", filepath.Join(m.dir, "none.json")}, 1, "none.json"},
		{[]string{"--from", write("bad.json", "{}")}, 1, "these are no statistics"},
		{[]string{"--from", other}, 4, `the statements are those of a process on "postgres", and db.driver is sqlite`},
		{[]string{"--from", mine}, 5, "the database is not there"},
	} {
		m.run(append([]string{"doctor"}, c.args...)...).want(c.code, c.said)
	}
	m.untouched("a doctor that refuses")
}
