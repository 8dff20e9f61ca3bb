package apptest_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/module"
)

// looping is a module that reads rows one by one: a query for each element of a list (N+1), deliberately wrong.
type looping struct {
	counter
	times int
	ctx   func(context.Context) context.Context
}

func (l *looping) Parts() []module.Part { return []module.Part{l} }
func (l *looping) Migrations() fs.FS    { return l.counter.Migrations() }

func (l *looping) Routes() []api.Route {
	return []api.Route{api.Get("/rows", func(ctx context.Context, _ *struct{}) (*count, error) {
		out := &count{}
		if l.ctx != nil {
			ctx = l.ctx(ctx)
		}
		for n := range l.times {
			rows, err := l.read(ctx, n)
			if err != nil {
				return nil, err
			}
			out.Body.Rows += rows
		}
		return out, nil
	}, api.Op{ID: "countRows", Summary: "Count the rows", Auth: api.Public})}
}

func (l *looping) read(ctx context.Context, id int) (rows int64, err error) {
	return rows, l.db.Query(ctx, db.Global).Table("counter_rows").Where("id = ?", id).Count(&rows).Error
}

// grouped is such a module whose routes are in a group.
type grouped struct{ looping }

func (g *grouped) Parts() []module.Part { return []module.Part{g} }
func (g *grouped) Routes() []api.Route {
	return api.Group{Path: "/given"}.Routes(g.looping.Routes()...)
}

// said runs an application whose module loops, sends one request twice and returns what its test said.
func said(t *testing.T, times int, ctx func(context.Context) context.Context) string {
	t.Helper()
	return saidOf(t, rowsPath, func(c counter) module.Module { return &looping{c, times, ctx} })
}

func saidOf(t *testing.T, path string, of func(c counter) module.Module) string {
	t.Helper()
	r := &recorder{TB: t}
	t.Run("application", func(t *testing.T) { // which has ended when its instances have said everything
		r.TB = t
		a := apptest.Run(r, func(p module.Platform) (module.Module, error) {
			return of(counter{p.DB.ForModule("counter")}), nil
		})
		for range 2 {
			a.On(t).Get(path).Want(200)
		}
	})
	return strings.Join(r.said, "\n")
}

// A query for each element of a list fails the test, with the line that runs it and the line that called that.
func TestRepeatedQuery(t *testing.T) {
	t.Parallel()
	got := said(t, 3, nil)
	for _, want := range []string{
		"GET /api/v1/counter/rows runs one statement 3 times",
		"WHERE id = ?",
		"\n  at platform/apptest/queries_test.go:",
		"\n  by platform/apptest/queries_test.go:",
		"db.Repeated",
	} {
		if strings.Count(got, want) != 1 { // though there were two requests
			t.Errorf("it does not say %q once: %s", want, got)
		}
	}
}

func TestQueriesThatAreNotRepeated(t *testing.T) {
	t.Parallel()
	for name, got := range map[string]string{
		"two are not many": said(t, 2, nil),
		"they are meant":   said(t, 50, func(ctx context.Context) context.Context { return db.Repeated(ctx, "the test wants it") }),
	} {
		if got != "" {
			t.Errorf("%s, and it said %s", name, got)
		}
	}
}

func TestQueryBudget(t *testing.T) {
	t.Parallel()
	if got := said(t, 21, nil); !strings.Contains(got, "GET /api/v1/counter/rows runs 21 statements, and db.query_budget is 20\n  21  SELECT count(*) FROM") {
		t.Errorf("it said %s", got)
	}
}

// The golden file of a module is where its tests run: it is written on demand, and what costs more than it says fails.
func TestGoldenQueries(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "counter")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	file := filepath.Join("testdata", "queries.golden")
	if got := said(t, 1, nil); got != "" {
		t.Errorf("without a file it said %s", got)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a file was written that nobody wants")
	}

	t.Setenv("BANYAN_BUDGET", "update")
	for _, times := range []int{1, 2, 1} { // in whatever order they come
		if got := said(t, times, nil); got != "" {
			t.Errorf("update: %s", got)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("the file is %v, error %v, want one that everybody may read", info, err)
	}
	text, err := os.ReadFile(file)
	if _, entries, _ := strings.Cut(string(text), "\n"); err != nil || entries != "GET /api/v1/counter/rows 2\n  2 SELECT counter_rows\n" {
		t.Fatalf("the file is %s, error %v", text, err)
	}

	t.Setenv("BANYAN_BUDGET", "")
	for _, times := range []int{1, 2} {
		if got := said(t, times, nil); got != "" {
			t.Errorf("%d statements: %s", times, got)
		}
	}
	t.Setenv("BANYAN_BUDGET", "update")
	given := saidOf(t, "/given/rows", func(c counter) module.Module { return &grouped{looping{counter: c, times: 1}} })
	if text, err := os.ReadFile(file); given != "" || err != nil || !strings.HasSuffix(string(text), "\nGET /given/rows 1\n  1 SELECT counter_rows\n") {
		t.Errorf("of a group it said %s; the file is %s, error %v", given, text, err)
	}
	t.Setenv("BANYAN_BUDGET", "")
	got := said(t, 3, nil)
	for _, want := range []string{"runs 3 statements, and testdata/queries.golden says 2; these are more\n  1  SELECT count(*) FROM", "banyan test --budget update"} {
		if !strings.Contains(got, want) {
			t.Errorf("it does not say %q: %s", want, got)
		}
	}

	// A route that the file does not have is new: it fails nothing, and is noted.
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	notes := filepath.Join(t.TempDir(), "notes")
	t.Setenv("BANYAN_UNBUDGETED", notes)
	write("# nothing\n")
	if got := said(t, 2, nil); got != "" {
		t.Errorf("a route that is new: %s", got)
	}
	if text, err := os.ReadFile(notes); string(text) != dir+"\tGET /api/v1/counter/rows\n" {
		t.Errorf("noted is %q, error %v", text, err)
	}

	write("GET /api/v1/counter/rows x\n")
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() { // which Fatal ends
		defer close(done)
		apptest.Run(r, newCounter)
	}()
	<-done
	if got := strings.Join(r.said, "\n"); !strings.Contains(got, "testdata/queries.golden: line 1: ") {
		t.Errorf("with a file that is none it said %s", got)
	}
}
