package cache_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/querystat"
)

// shelf is a source of several values at once.
type shelf struct {
	values map[string]string
	asked  []string // the keys of each load, joined
	err    error
	during func() // runs in a load, behind the look at the values
}

func (s *shelf) load(_ context.Context, key string) (string, error) {
	if v, ok := s.values[key]; ok {
		return v, s.err
	}
	return "", errNoThing
}

func (s *shelf) loadMany(_ context.Context, keys []string) (map[string]string, error) {
	s.asked = append(s.asked, strings.Join(keys, " "))
	found := maps.Clone(s.values)
	maps.DeleteFunc(found, func(key, _ string) bool { return !slices.Contains(keys, key) })
	if s.during != nil {
		s.during()
	}
	return found, s.err
}

// shelved returns a group over a source with the values of a and b.
func shelved(t *testing.T) (*shelf, *cache.Group[string, string]) {
	t.Helper()
	s := &shelf{values: map[string]string{"a": "A", "b": "B"}}
	return s, cache.Of(started(t, exactly(), cache.Options{}), "test.things", cache.Rule{}, s.load).LoadMany(s.loadMany)
}

func wantMany(t *testing.T, g *cache.Group[string, string], keys string, want map[string]string) {
	t.Helper()
	if got, err := g.GetMany(t.Context(), strings.Fields(keys)); !maps.Equal(got, want) || err != nil {
		t.Errorf("%s: %q, %v, want %q", keys, got, err, want)
	}
}

func TestGetManyAsksForWhatIsMissing(t *testing.T) {
	t.Parallel()
	s, g := shelved(t)
	want(t, g, "a", "A")
	wantMany(t, g, "", map[string]string{})
	wantMany(t, g, "a b b none", map[string]string{"a": "A", "b": "B"})
	want(t, g, "b", "B")
	if _, err := g.Get(t.Context(), "none"); !errors.Is(err, errNoThing) {
		t.Errorf("Get: %v", err)
	}
	wantMany(t, g, "none b", map[string]string{"b": "B"}) // absence is remembered where Get has found it
	if want := []string{"b none"}; !slices.Equal(s.asked, want) {
		t.Errorf("asked for %q, want %q", s.asked, want)
	}
}

func TestGetManyOfWhatHasChanged(t *testing.T) {
	t.Parallel()
	s, g := shelved(t)
	wantMany(t, g, "a b", map[string]string{"a": "A", "b": "B"})
	s.values["a"] = "new"
	if err := g.Invalidate(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	s.during = func() { // somebody changes what has just been read
		s.values["a"] = "newer"
		if err := g.Invalidate(t.Context(), "a"); err != nil {
			t.Error(err)
		}
	}
	wantMany(t, g, "a b", map[string]string{"a": "new", "b": "B"})
	s.during = nil
	wantMany(t, g, "a b", map[string]string{"a": "newer", "b": "B"})
	s.err = errBroken
	if err := g.Clear(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := g.GetMany(t.Context(), []string{"a"}); !errors.Is(err, errBroken) {
		t.Errorf("a source that fails: %v", err)
	}
}

func TestGetManyInATransaction(t *testing.T) {
	t.Parallel()
	d := openDB(t)
	s, g := shelved(t)
	wantMany(t, g, "a", map[string]string{"a": "A"})
	err := d.Platform().Tx(t.Context(), db.Global, func(ctx context.Context) error {
		s.values["a"] = "mine"
		got, err := g.GetMany(ctx, []string{"a", "a"})
		if got["a"] != "mine" || len(got) != 1 {
			t.Errorf("GetMany: %q", got)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	wantMany(t, g, "a", map[string]string{"a": "A"}) // nobody has said that it has changed
}

func TestReadsOfMany(t *testing.T) {
	t.Parallel()
	_, g := shelved(t)
	wantMany(t, g, "a", map[string]string{"a": "A"})
	for _, changed := range []string{"a", "b", "none"} {
		ctx, reads := cache.Collect(t.Context())
		if _, err := g.GetMany(ctx, []string{"a", "b", "none"}); err != nil {
			t.Fatal(err)
		}
		if want := []string{"@test.things", "test.things:a", "test.things:b", "test.things:none"}; !slices.Equal(reads.Names(), want) || !reads.Fresh() {
			t.Errorf("read %q, fresh %v", reads.Names(), reads.Fresh())
		}
		if err := g.Invalidate(t.Context(), changed); err != nil {
			t.Fatal(err)
		}
		if reads.Fresh() {
			t.Errorf("fresh, though %s has changed", changed)
		}
	}
}

// A load counts for the request that has begun it: what a route costs is what it costs without a cache.
func TestStatementsOfALoadCountForItsRequest(t *testing.T) {
	t.Parallel()
	g := cache.Of(started(t, exactly(), cache.Options{}), "test.things", cache.Rule{}, func(ctx context.Context, _ string) (string, error) {
		querystat.Count(ctx, "SELECT 1")
		return "", nil
	})
	for i, want := range []int{1, 0} {
		r := querystat.New(querystat.Options{}).Origin("GET /things").Begin()
		if _, err := g.Get(querystat.WithRecorder(t.Context(), r), "a"); err != nil {
			t.Fatal(err)
		}
		if got := r.End(); got != want {
			t.Errorf("request %d runs %d statements, want %d", i, got, want)
		}
	}
}

// What another process has stored is read in one round trip, and the source is asked for the rest alone.
func TestGetManyReadsWhatProcessesShare(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := &shelf{values: map[string]string{}}
	for n := range 450 { // more than one round trip has
		s.values[strconv.Itoa(n)] = "v" + strconv.Itoa(n)
	}
	group := func() *cache.Group[string, string] {
		return cache.Of(w.instance(""), "test.things", cache.Rule{}, s.load).LoadMany(s.loadMany).TagBy(func(key string) []string { return []string{"of " + key} })
	}
	a, b := group(), group()
	keys := slices.Collect(maps.Keys(s.values))
	for _, key := range keys {
		want(t, a, key, s.values[key])
	}
	if _, err := a.Get(t.Context(), "none"); !errors.Is(err, errNoThing) {
		t.Fatal(err)
	}
	s.values["new"] = "N"
	got, err := b.GetMany(t.Context(), append([]string{"none", "new"}, keys...))
	if !maps.Equal(got, s.values) || err != nil {
		t.Errorf("%d values, %v, want %d", len(got), err, len(s.values))
	}
	if want := []string{"new"}; !slices.Equal(s.asked, want) {
		t.Errorf("the source was asked for %.100q, want %q", s.asked, want)
	}
	s.values["7"] = "changed"
	if err := a.Invalidate(t.Context(), "7"); err != nil {
		t.Fatal(err)
	}
	c := group()
	if got, err := c.GetMany(t.Context(), []string{"7", "8"}); got["7"] != "changed" || got["8"] != "v8" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	wantMany(t, b, "8", map[string]string{"8": "v8"})
	if want := []string{"new", "7"}; !slices.Equal(s.asked, want) {
		t.Errorf("the source was asked for %.100q, want %q", s.asked, want)
	}
}
