package cache_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/banyan-go/banyan/platform/cache"
)

// ways are those in which a value becomes invalid.
func ways() map[string]func(ctx context.Context, c *cache.Cache, g *cache.Group[string, string]) error {
	type group = *cache.Group[string, string]
	return map[string]func(ctx context.Context, c *cache.Cache, g group) error{
		"key":        func(ctx context.Context, _ *cache.Cache, g group) error { return g.Invalidate(ctx, "a") },
		"tag":        func(ctx context.Context, c *cache.Cache, _ group) error { return c.InvalidateTags(ctx, "all") },
		"tag of key": func(ctx context.Context, c *cache.Cache, _ group) error { return c.InvalidateTags(ctx, "one:a") },
		"group":      func(ctx context.Context, _ *cache.Cache, g group) error { return g.Clear(ctx) },
		"everything": func(ctx context.Context, c *cache.Cache, _ group) error { return c.Clear(ctx) },
	}
}

func tagged(c *cache.Cache, s *source) *cache.Group[string, string] {
	return cache.Of(c, "test.things", cache.Rule{Tags: []string{"all"}}, s.load).TagBy(func(key string) []string { return []string{"one:" + key} })
}

func TestInvalidate(t *testing.T) {
	t.Parallel()
	for name, invalidate := range ways() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSource("one")
			c := started(t, exactly(), cache.Options{})
			g := tagged(c, s)
			want(t, g, "a", "one")
			s.set("two")
			want(t, g, "a", "one")
			ctx, reads := cache.Collect(t.Context())
			if _, err := g.Get(ctx, "a"); err != nil || !reads.Fresh() {
				t.Errorf("%v; fresh: %t", err, reads.Fresh())
			}
			if err := invalidate(t.Context(), c, g); err != nil {
				t.Error(err)
			}
			if reads.Fresh() {
				t.Error("what was made of the value counts as fresh")
			}
			want(t, g, "a", "two")
			want(t, g, "a", "two")
			wantLoads(t, s, 2)
		})
	}
}

// A load that began before an invalidation and ends after it is given to those who waited for it, and neither kept nor given to anybody else.
func TestLateLoadIsNotKept(t *testing.T) {
	t.Parallel()
	for name, invalidate := range ways() {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := newSource("one")
				s.gate = make(chan chan struct{})
				c := started(t, exactly(), cache.Options{})
				g := tagged(c, s)
				var old, young sync.WaitGroup
				old.Go(func() { want(t, g, "a", "one") })
				first := <-s.gate // it has read
				s.set("two")
				if err := invalidate(t.Context(), c, g); err != nil {
					t.Error(err)
				}
				young.Go(func() { want(t, g, "a", "two") })
				synctest.Wait()
				var second chan struct{}
				select {
				case second = <-s.gate:
				default:
					t.Error("who asks after the invalidation waits for a load from before it")
					close(first)
					old.Wait()
					young.Wait()
					return
				}
				close(first) // in the middle of the second one
				old.Wait()
				young.Go(func() { want(t, g, "a", "two") })
				synctest.Wait()
				close(second)
				young.Wait()
				want(t, g, "a", "two")
				wantLoads(t, s, 2)
			})
		})
	}
}

// A load that ends in the middle of an invalidation leaves nothing behind: the counter moves first, so what it stores before is taken away, and afterwards it
// stores nothing.
func TestLoadEndsDuringInvalidation(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newSource("one")
		s.gate = make(chan chan struct{})
		c := started(t, exactly(), cache.Options{})
		g := tagged(c, s)
		var old sync.WaitGroup
		old.Go(func() { want(t, g, "a", "one") })
		goOn := <-s.gate
		s.set("two")
		reached := false
		c.Hook(func(p cache.Point) {
			if reached = p == cache.Counted; reached {
				close(goOn)
				old.Wait()
			}
		})
		if err := g.Invalidate(t.Context(), "a"); err != nil || !reached {
			t.Fatal(err, reached)
		}
		s.gate = nil
		want(t, g, "a", "two")
	})
}

func TestOthersStay(t *testing.T) {
	t.Parallel()
	s := newSource("one")
	c := started(t, exactly(), cache.Options{})
	g := tagged(c, s)
	want(t, g, "a", "one")
	want(t, g, "b", "one")
	if err := g.Invalidate(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	if err := c.InvalidateTags(t.Context(), "one:a"); err != nil {
		t.Error(err)
	}
	want(t, g, "b", "one")
	wantLoads(t, s, 2)
}

func TestOnInvalidate(t *testing.T) {
	t.Parallel()
	c := started(t, exactly(), cache.Options{})
	g := tagged(c, newSource("one"))
	var told []string
	c.OnInvalidate(time.Second, func(_ context.Context, names []string) error {
		told = append(told, names...)
		return nil
	})
	if err := errors.Join(g.Invalidate(t.Context(), "a", "b"), c.InvalidateTags(t.Context(), "all"), g.Clear(t.Context()), c.Clear(t.Context())); err != nil {
		t.Error(err)
	}
	if names := []string{"test.things:a", "test.things:b", "#all", "@test.things", "*"}; !slices.Equal(told, names) {
		t.Errorf("told of %q, want %q", told, names)
	}
	c.OnInvalidate(time.Second, func(context.Context, []string) error { return errBroken })
	if err := g.Invalidate(t.Context(), "a"); !errors.Is(err, errBroken) {
		t.Errorf("Invalidate: %v", err)
	}
}

func TestReads(t *testing.T) {
	t.Parallel()
	c := started(t, exactly(), cache.Options{})
	g := tagged(c, newSource("one"))
	ctx, reads := cache.Collect(t.Context())
	if !reads.Fresh() || len(reads.Names()) != 0 {
		t.Error("nothing was read")
	}
	for range 2 {
		for _, key := range []string{"b", "a"} {
			if _, err := g.Get(ctx, key); err != nil {
				t.Error(err)
			}
		}
	}
	if names, all := reads.Names(), []string{"#all", "#one:a", "#one:b", "@test.things", "test.things:a", "test.things:b"}; !slices.Equal(names, all) {
		t.Errorf("%q, want %q", names, all)
	}
	if err := g.Invalidate(t.Context(), "c"); err != nil || !reads.Fresh() {
		t.Errorf("another key: %v; fresh: %t", err, reads.Fresh())
	}
	if err := g.Invalidate(t.Context(), "b"); err != nil || reads.Fresh() {
		t.Errorf("%v; fresh: %t", err, reads.Fresh())
	}
}

// Writers change values, everybody reads: nobody ever reads something older than what was acknowledged before.
func TestNothingOlderThanAcknowledged(t *testing.T) {
	t.Parallel()
	const keys, writes, readers = 4, 300, 4
	var mu sync.Mutex
	database, acknowledged := map[string]int{}, map[string]int{}
	get := func(m map[string]int, key string) int {
		mu.Lock()
		defer mu.Unlock()
		return m[key]
	}
	g := cache.Of(started(t, cache.Default(), cache.Options{}), "test.numbers", cache.Rule{}, func(_ context.Context, key string) (int, error) { return get(database, key), nil })
	done := make(chan struct{})
	var all, write sync.WaitGroup
	for n := range keys {
		key := fmt.Sprint(n)
		write.Go(func() {
			for v := 1; v <= writes; v++ {
				mu.Lock()
				database[key] = v
				mu.Unlock()
				if err := g.Invalidate(t.Context(), key); err != nil {
					t.Error(err)
				}
				mu.Lock()
				acknowledged[key] = v
				mu.Unlock()
			}
		})
	}
	for n := range readers {
		key := fmt.Sprint(n % keys)
		all.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				least := get(acknowledged, key)
				if v, err := g.Get(t.Context(), key); err != nil || v < least {
					t.Errorf("read %d, %v, behind the acknowledgement of %d", v, err, least)
					return
				}
			}
		})
	}
	write.Wait()
	close(done)
	all.Wait()
	for n := range keys {
		if v, err := g.Get(t.Context(), fmt.Sprint(n)); v != writes || err != nil {
			t.Errorf("in the end %d, %v", v, err)
		}
	}
}

// What was made of tags alone ends with each of them, and with everything; it is not kept where nobody hears of that.
func TestReadsThatDependOnTags(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*cache.Cache, context.Context) error{
		"another tag": func(c *cache.Cache, ctx context.Context) error { return c.InvalidateTags(ctx, "other") },
		"a tag":       func(c *cache.Cache, ctx context.Context) error { return c.InvalidateTags(ctx, "b") },
		"everything":  (*cache.Cache).Clear,
	} {
		c := started(t, exactly(), cache.Options{})
		_, reads := cache.Collect(t.Context())
		c.Depend(reads, "a", "b")
		if names := reads.Names(); !reads.Fresh() || !slices.Equal(names, []string{"#a", "#b"}) {
			t.Errorf("%s: %q, fresh: %t", name, names, reads.Fresh())
		}
		if err := end(c, t.Context()); err != nil || reads.Fresh() != (name == "another tag") {
			t.Errorf("%s: %v, fresh: %t", name, err, reads.Fresh())
		}
	}
	c := started(t, exactly(), cache.Options{Instances: 2})
	_, reads := cache.Collect(t.Context())
	if c.Depend(reads); !reads.Fresh() {
		t.Error("no tags, and it is out of date")
	}
	if c.Depend(reads, "a"); reads.Fresh() {
		t.Error("it is kept where nobody hears of an invalidation")
	}
}
