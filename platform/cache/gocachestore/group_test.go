package gocachestore_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	gocache "github.com/eko/gocache/lib/v4/cache"
	"github.com/eko/gocache/lib/v4/store"

	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/cache/gocachestore"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
)

var (
	_ gocache.CacheInterface[string] = (*gocachestore.Cache[string, string])(nil)
	_ gocache.CacheInterface[int]    = (*gocachestore.Cache[id.ID, int])(nil)
)

// Two processes share a value, and after an invalidation by one the other has the new one within a moment, and never the old one again.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, loads, value := newMemory(false), 0, "old"
		load := func(context.Context, string) (string, error) { loads++; return value, nil }
		one := cache.Of(process(t, m), "shop.products", cache.Rule{}, load)
		two := cache.Of(process(t, m), "shop.products", cache.Rule{}, load)
		want := func(g *cache.Group[string, string], value string) {
			t.Helper()
			if got, err := g.Get(t.Context(), "1"); got != value || err != nil {
				t.Errorf("Get: %q, %v, want %q", got, err, value)
			}
		}
		want(one, "old")
		want(two, "old")
		if loads != 1 {
			t.Errorf("%d loads, want 1 for both", loads)
		}
		value = "new"
		if err := one.Invalidate(t.Context(), "1"); err != nil {
			t.Fatal(err)
		}
		want(one, "new")
		time.Sleep(time.Second)
		want(two, "new")
		if loads != 2 {
			t.Errorf("%d loads, want 2", loads)
		}
	})
}

// named is a key in the way of gocache.
type named string

func (n named) GetCacheKey() string { return string(n) }

// code is a key of a type of its own.
type code string

func TestKeys(t *testing.T) {
	t.Parallel()
	c := started(t, cache.Default(), cache.Options{})
	ids := gocachestore.Of(c, cache.Of(c, "shop.ids", cache.Rule{}, func(_ context.Context, key id.ID) (string, error) { return key.String(), nil }))
	codes := gocachestore.Of(c, cache.Of(c, "shop.codes", cache.Rule{}, func(_ context.Context, key code) (string, error) { return string(key), nil }))
	one := id.New()
	for _, row := range []struct {
		cache gocache.CacheInterface[string]
		key   any
		want  string // "" for an error
	}{
		{ids, one, one.String()},
		{ids, one.String(), one.String()},
		{ids, named(one.String()), one.String()},
		{ids, "1", ""},
		{codes, code("a"), "a"},
		{codes, "b", "b"},
		{codes, named("c"), "c"},
		{codes, 1, ""},
		{codes, []string{"a b", "c"}, ""},
		{codes, nil, ""},
	} {
		got, err := row.cache.Get(t.Context(), row.key)
		if got != row.want || (err != nil) != (row.want == "") {
			t.Errorf("%T %v: %q, %v, want %q", row.key, row.key, got, err, row.want)
		}
		if err := row.cache.Delete(t.Context(), row.key); (err != nil) != (row.want == "") {
			t.Errorf("delete %T %v: %v", row.key, row.key, err)
		}
	}
}

// What code for gocache does to forget something reaches the group, and nothing else.
func TestForgetting(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		forget func(ctx context.Context, c gocache.CacheInterface[int]) error
		want   [2]int // the loads of "a" and "b" so far
	}{
		"delete":  {func(ctx context.Context, c gocache.CacheInterface[int]) error { return c.Delete(ctx, "a") }, [2]int{2, 1}},
		"clear":   {func(ctx context.Context, c gocache.CacheInterface[int]) error { return c.Clear(ctx) }, [2]int{2, 2}},
		"no tags": {func(ctx context.Context, c gocache.CacheInterface[int]) error { return c.Invalidate(ctx) }, [2]int{1, 1}},
		"tag": {func(ctx context.Context, c gocache.CacheInterface[int]) error {
			return c.Invalidate(ctx, tags("every"))
		}, [2]int{2, 2}},
		"tag of b":  {func(ctx context.Context, c gocache.CacheInterface[int]) error { return c.Invalidate(ctx, tags("of b")) }, [2]int{1, 2}},
		"other tag": {func(ctx context.Context, c gocache.CacheInterface[int]) error { return c.Invalidate(ctx, tags("x")) }, [2]int{1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, loads := started(t, cache.Default(), cache.Options{}), map[string]int{}
			group := cache.Of(c, "shop.counts", cache.Rule{Tags: []string{"every"}}, func(_ context.Context, key string) (int, error) {
				loads[key]++
				return loads[key], nil
			}).TagBy(func(key string) []string { return []string{"of " + key} })
			g := gocachestore.Of(c, group)
			get := func() (got [2]int) {
				for i, key := range []string{"a", "b"} {
					n, err := g.Get(t.Context(), key)
					if err != nil {
						t.Fatal(err)
					}
					got[i] = n
				}
				return got
			}
			get()
			if err := row.forget(t.Context(), g); err != nil {
				t.Fatal(err)
			}
			if got := get(); got != row.want {
				t.Errorf("%v, want %v", got, row.want)
			}
		})
	}
}

func tags(names ...string) store.InvalidateOption { return store.WithInvalidateTags(names) }

// What is not there is that in both vocabularies, and a source that fails is a miss in neither.
func TestErrors(t *testing.T) {
	t.Parallel()
	none, broken := fault.New(fault.NotFound, "no_such_thing", "There is no such thing."), errors.New("the source is broken")
	c := started(t, cache.Default(), cache.Options{})
	g := gocachestore.Of(c, cache.Of(c, "shop.things", cache.Rule{}, func(_ context.Context, key string) (string, error) {
		if key == "none" {
			return "", none
		}
		return "", broken
	}))
	if _, err := g.Get(t.Context(), "none"); !errors.Is(err, store.NotFound{}) || fault.KindOf(err) != fault.NotFound {
		t.Errorf("none: %v", err)
	}
	if _, err := g.Get(t.Context(), "broken"); errors.Is(err, store.NotFound{}) || !errors.Is(err, broken) {
		t.Errorf("broken: %v", err)
	}
	if err := g.Set(t.Context(), "none", "one"); !errors.Is(err, store.ErrNotSupported) {
		t.Errorf("Set: %v, want a refusal", err)
	}
}
