package querystat_test

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/db/querystat"
	"github.com/banyan-go/banyan/platform/id"
)

// one is a statement of a request.
func one(ctx context.Context, text string) { querystat.Count(ctx, text) }

// other is a statement from another place.
func other(ctx context.Context, text string) { querystat.Count(ctx, text) }

// watched returns an origin, and where the report of its work will be.
func watched(o querystat.Options) (*querystat.Origin, *querystat.Report) {
	r := &querystat.Report{}
	o.Watch = func(got querystat.Report) { *r = got }
	return querystat.New(o).Origin("GET /things"), r
}

// named has the id of another thing, and a place for it.
type named struct {
	other *id.ID
	place api.Included[string]
}

// A loop around a helper of the platform is named too: api.Embed stands between the line that issues a statement and the loop.
func TestLoopAroundThePlatform(t *testing.T) {
	t.Parallel()
	o, report := watched(querystat.Options{Callers: true})
	ctx, r := begin(t, o)
	find := func(ctx context.Context, _ []id.ID) (map[id.ID]string, error) {
		one(ctx, "SELECT name FROM others WHERE id IN (1)")
		return nil, nil
	}
	items := []named{{other: &id.ID{}}, {other: &id.ID{}}, {other: &id.ID{}}}
	_, file, before, _ := runtime.Caller(0)
	for i := range items {
		if err := api.Embed(ctx, items[i:i+1], func(n *named) (*id.ID, *api.Included[string]) { return n.other, &n.place }, find, strings.Clone); err != nil {
			t.Fatal(err)
		}
	}
	r.End()
	found := report.Repeated()
	if len(found) != 1 || !slices.ContainsFunc(found[0].At, func(at string) bool {
		return strings.HasSuffix(at, fmt.Sprintf("/%s:%d", filepath.Base(file), before+2))
	}) {
		t.Errorf("found %+v, want line %d, with the loop's call", found, before+2)
	}
}

func begin(t *testing.T, o *querystat.Origin) (context.Context, *querystat.Recorder) {
	t.Helper()
	r := o.Begin()
	return querystat.WithRecorder(t.Context(), r), r
}

func TestRepeatedFromOnePlace(t *testing.T) {
	t.Parallel()
	o, report := watched(querystat.Options{Callers: true})
	ctx, r := begin(t, o)
	for n := range 3 {
		one(ctx, fmt.Sprintf("SELECT * FROM things WHERE id = %d", n)) // one shape
	}
	for range 2 {
		other(ctx, "SELECT * FROM things WHERE id = 7") // not too often
		one(ctx, "SELECT * FROM others")
	}
	if n := r.End(); n != 7 || report.Count != 7 || report.Origin != "GET /things" {
		t.Errorf("%d statements, report %+v", n, report)
	}
	found := report.Repeated()
	if len(found) != 1 || found[0].Count != 3 || found[0].Shape != "SELECT * FROM things WHERE id = ?" || found[0].Kind != "SELECT things" {
		t.Fatalf("found %+v", found)
	}
	if at := found[0].At; len(at) < 2 || !strings.HasPrefix(at[0], "db/querystat/querystat_test.go:20") || at[0] == at[1] {
		t.Errorf("from %q, want this file, and who called", at)
	}
}

// Lines one after the other ask the same of different things: three fields that refer to one resource for instance. That is no loop.
func TestOnePlaceBySeveralWays(t *testing.T) {
	t.Parallel()
	o, report := watched(querystat.Options{Callers: true})
	ctx, r := begin(t, o)
	one(ctx, "SELECT 1")
	one(ctx, "SELECT 2")
	func() { one(ctx, "SELECT 3") }()
	r.End()
	if found := report.Repeated(); len(found) != 0 {
		t.Errorf("found %+v in %+v", found, report)
	}
}

func TestExemptions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ctx   func(context.Context) context.Context
		count int
		most  int64
	}{
		"none":            {func(ctx context.Context) context.Context { return ctx }, 5, 5},
		"meant to repeat": {querystat.Repeated, 1, 1},
		"counted before":  {querystat.Again, 0, 0},
		"both":            {func(ctx context.Context) context.Context { return querystat.Repeated(querystat.Again(ctx)) }, 0, 0},
		"without recorder": {func(context.Context) context.Context {
			return querystat.Again(querystat.Repeated(context.Background()))
		}, 0, 0},
	} {
		o, report := watched(querystat.Options{Callers: true})
		ctx, r := begin(t, o)
		ctx = c.ctx(ctx)
		for range 5 {
			one(ctx, "SELECT 1")
		}
		if n := r.End(); n != c.count || report.Count != c.count {
			t.Errorf("%s: %d statements, report %+v", name, n, report)
		}
		if found := report.Repeated(); (len(found) > 0) != (name == "none") {
			t.Errorf("%s: found %+v", name, found)
		}
	}
}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	s := querystat.New(querystat.Options{})
	things, empty := s.Origin("GET /things"), s.Origin("GET /empty")
	if s.Origin("GET /things") != things {
		t.Error("one name has two origins")
	}
	for _, lists := range []int{1, 3} {
		ctx, r := begin(t, things)
		for n := range lists {
			text := "SELECT * FROM things WHERE id IN (" + strings.Repeat("?,", n) + "?)"
			one(ctx, text)
			querystat.Finish(ctx, time.Duration(n+1)*time.Second, func() (string, int64) { return text, int64(n) })
		}
		one(ctx, "DELETE FROM things")
		querystat.Finish(ctx, 0, func() (string, int64) { return "DELETE FROM things", -1 })
		r.End()
		one(ctx, "SELECT 'too late'")
	}
	_, r := begin(t, empty)
	r.End()

	got := s.Snapshot()
	if len(got.Origins) != 1 || got.Origins[0] != (querystat.OriginStat{Origin: "GET /things", Runs: 2, Statements: 6, Most: 4}) {
		t.Errorf("origins %+v", got.Origins)
	}
	if len(got.Queries) != 2 || got.Left != 0 {
		t.Fatalf("queries %+v, left %d", got.Queries, got.Left)
	}
	for i := range got.Queries {
		if at := got.Queries[i].At; len(at) == 0 || !strings.Contains(at[0], "querystat_test.go:") {
			t.Errorf("%s comes from %q", got.Queries[i].Shape, at)
		}
		got.Queries[i].At = nil
	}
	want := querystat.QueryStat{Shape: "SELECT * FROM things WHERE id IN (?)", Origin: "GET /things", Calls: 4, Runs: 2, Most: 3, Seconds: 7, Slowest: 3, Rows: 3}
	if fmt.Sprint(got.Queries[0]) != fmt.Sprint(want) {
		t.Errorf("got  %+v\nwant %+v", got.Queries[0], want)
	}
	want = querystat.QueryStat{Shape: "DELETE FROM things", Origin: "GET /things", Calls: 2, Runs: 2, Most: 1}
	if fmt.Sprint(got.Queries[1]) != fmt.Sprint(want) {
		t.Errorf("got  %+v\nwant %+v", got.Queries[1], want)
	}
}

// Text that a program makes up does not fill its memory, and counts all the same.
func TestStatisticsAreBounded(t *testing.T) {
	t.Parallel()
	s := querystat.New(querystat.Options{})
	ctx, r := begin(t, s.Origin("GET /things"))
	const shapes = 3000
	for n := range shapes {
		one(ctx, fmt.Sprintf("SELECT a%d FROM things", n))
	}
	if n := r.End(); n != shapes {
		t.Errorf("%d statements, want %d", n, shapes)
	}
	if got := s.Snapshot(); len(got.Queries) != 1024 || got.Left != shapes-1024 {
		t.Errorf("%d queries, %d left", len(got.Queries), got.Left)
	}
}

func TestRecorderIsIdleUntilItBegins(t *testing.T) {
	t.Parallel()
	s := querystat.New(querystat.Options{})
	idle := s.Origin("GET /things").Idle()
	one(querystat.WithRecorder(t.Context(), idle), "SELECT 1")
	if !idle.IsIdle() || idle.Begin().IsIdle() || len(s.Snapshot().Queries) > 0 {
		t.Error("an idle recorder counts, or the one that it begins is idle")
	}
}

func TestRecorderInManyGoroutines(t *testing.T) {
	t.Parallel()
	o, report := watched(querystat.Options{Callers: true})
	ctx, r := begin(t, o)
	var group sync.WaitGroup
	for n := range 4 {
		group.Go(func() {
			for range 100 {
				one(ctx, fmt.Sprintf("SELECT a%d", n))
			}
		})
	}
	group.Wait()
	if n := r.End(); n != 400 || len(report.Repeated()) != 4 || slices.ContainsFunc(report.Statements, func(s querystat.Statement) bool { return s.Count != 100 }) {
		t.Errorf("%d statements, report %+v", n, report)
	}
}

// In production a statement that has been seen costs no memory.
func TestCountDoesNotAllocate(t *testing.T) {
	r := querystat.New(querystat.Options{}).Origin("GET /things").Begin()
	ctx := querystat.WithRecorder(t.Context(), r)
	text := func() (string, int64) { return "SELECT 1", 1 }
	if n := testing.AllocsPerRun(100, func() {
		querystat.Count(ctx, "SELECT 1")
		querystat.Finish(ctx, time.Second, text)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkRequest(b *testing.B) {
	o := querystat.New(querystat.Options{}).Origin("GET /things")
	text := "SELECT * FROM things WHERE id = ? ORDER BY id LIMIT 1"
	b.ReportAllocs()
	for b.Loop() {
		r := o.Begin()
		ctx := querystat.WithRecorder(b.Context(), r)
		querystat.Count(ctx, text)
		querystat.Finish(ctx, time.Second, func() (string, int64) { return text, 1 })
		r.End()
	}
}
