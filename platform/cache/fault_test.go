package cache_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/servertest"
)

// change writes through a process, as a use case does it: the source and the invalidation in one transaction.
func (w *world) change(g *cache.Group[string, string], s *source, value string) {
	w.t.Helper()
	err := w.db.Platform().Tx(w.t.Context(), db.Global, func(ctx context.Context) error {
		s.set(value)
		return g.Invalidate(ctx, "k")
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// behind returns a proxy in front of the server, and its address.
func (w *world) behind() (*servertest.Proxy, string) {
	w.t.Helper()
	p := servertest.StartProxy(w.t, "unix", w.redis.Socket())
	return p, "redis://" + p.Addr()
}

// With Redis gone everything is answered, and nothing that was changed meanwhile is ever seen as it was: not while it is away, and not afterwards.
func TestRedisAway(t *testing.T) {
	t.Parallel()
	type fault struct {
		begin, end func(w *world, p *servertest.Proxy)
	}
	for name, f := range map[string]fault{
		"killed": {func(w *world, _ *servertest.Proxy) { w.redis.Kill(w.t) }, func(w *world, _ *servertest.Proxy) { w.redis.Start(w.t) }},
		"frozen": {func(w *world, _ *servertest.Proxy) { w.redis.Freeze(w.t) }, func(w *world, _ *servertest.Proxy) { w.redis.Thaw(w.t) }},
		"silent": {func(_ *world, p *servertest.Proxy) { p.Silence(true) }, func(_ *world, p *servertest.Proxy) { p.Silence(false) }},
		"reset":  {func(_ *world, p *servertest.Proxy) { p.Reset() }, func(*world, *servertest.Proxy) {}},
		"cut":    {func(_ *world, p *servertest.Proxy) { p.Cut(3) }, func(_ *world, p *servertest.Proxy) { p.Cut(-1) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, s := newWorld(t), newSource("one")
			p, url := w.behind()
			mine, other := w.instance(url), w.instance(url)
			a, b := things(mine, s), things(other, s)
			want(t, a, "k", "one")
			want(t, b, "k", "one")
			f.begin(w, p)
			w.change(a, s, "two")
			want(t, a, "k", "two")
			becomes(t, b, "k", "two")
			want(t, b, "new", "two") // nothing fails
			w.change(b, s, "three")
			want(t, b, "k", "three")
			becomes(t, a, "k", "three")
			f.end(w, p)
			w.inStep(mine)
			w.inStep(other)
			want(t, a, "k", "three")
			want(t, b, "k", "three")
			eventually(t, func() bool { return w.rows() == 0 })
			w.change(a, s, "four")
			want(t, a, "k", "four")
			becomes(t, b, "k", "four")
		})
	}
}

// One process cannot reach Redis and changes something. The others find it written down.
func TestOneProcessCutOff(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), newSource("one")
	p, url := w.behind()
	a, b := things(w.instance(url), s), things(w.instance(""), s)
	want(t, a, "k", "one")
	want(t, b, "k", "one")
	p.Silence(true)
	w.change(a, s, "two")
	want(t, a, "k", "two")
	becomes(t, b, "k", "two")
	becomes(t, a, "k", "two")
}

// What was invalidated outside of a transaction while Redis was away is invalidated there when it is back.
func TestOwedInvalidation(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), newSource("one")
	p, url := w.behind()
	mine := w.instance(url)
	a, b := things(mine, s), things(w.instance(""), s)
	want(t, a, "k", "one")
	want(t, b, "k", "one")
	p.Silence(true)
	s.set("two")
	if err := a.Invalidate(t.Context(), "k"); err == nil {
		t.Error("nobody says that others were not reached")
	}
	want(t, a, "k", "two")
	p.Silence(false)
	w.inStep(mine)
	becomes(t, b, "k", "two")
	want(t, a, "k", "two")
}

// A listener that hears nothing keeps nothing for long.
func TestDeafProcess(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), newSource("one")
	p, url := w.behind()
	deaf := w.instance(url)
	a, b := things(w.instance(""), s), things(deaf, s)
	want(t, b, "k", "one")
	p.Silence(true)
	for _, value := range []string{"two", "three", "four"} {
		w.change(a, s, value)
		want(t, a, "k", value)
		becomes(t, b, "k", value)
	}
	ctx, reads := cache.Collect(t.Context())
	if _, err := b.Get(ctx, "k"); err != nil || reads.Fresh() {
		t.Errorf("%v; what a deaf process has made counts as fresh: %t", err, reads.Fresh())
	}
	p.Silence(false)
	w.inStep(deaf)
	want(t, b, "k", "four")
}

// Values that arrive under the name of others, or with a flipped bit, are not given to anybody.
func TestSwappedReplies(t *testing.T) {
	t.Parallel()
	for name, swap := range map[string][2]string{
		"the value of another user": {"test.things:alice", "test.things:mallo"},
		"another value":             {"of alice", "of malli"},
		"another time":              {"BC1", "BC0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p, url := w.behind()
			load := func(_ context.Context, key string) (string, error) { return "of " + key, nil }
			a := cache.Of(w.instance(""), "test.things", cache.Rule{}, load)
			want(t, a, "alice", "of alice")
			b := cache.Of(w.instance(url), "test.things", cache.Rule{}, load)
			p.Rewrite(swap[0], swap[1])
			want(t, b, "alice", "of alice")
		})
	}
}

// While Redis is away no more loads run at once than are allowed.
func TestLoadsAreBoundedWithoutRedis(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cfg.Load.Concurrency = 2
	p, url := w.behind()
	c := w.instance(url)
	var now, most atomic.Int64
	both := make(chan struct{})
	open := sync.OnceFunc(func() { close(both) })
	g := cache.Of(c, "test.things", cache.Rule{}, func(ctx context.Context, key string) (string, error) {
		n := now.Add(1)
		defer now.Add(-1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		if n == 2 {
			open()
		}
		select {
		case <-both:
		case <-ctx.Done():
			return "", ctx.Err()
		}
		return key, nil
	})
	p.Silence(true)
	eventually(t, func() bool { return !c.InStep() })
	var all sync.WaitGroup
	for n := range 20 {
		key := string(rune('a' + n))
		all.Go(func() { want(t, g, key, key) })
	}
	all.Wait()
	if n := most.Load(); n != 2 {
		t.Errorf("%d loads at once, want 2", n)
	}
}

// A full server takes nothing, and nobody sees that.
func TestRedisWithoutMemory(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), newSource("one")
	w.redis = servertest.StartRedis(t, "maxmemory=1", "maxmemory-policy=noeviction")
	c := started(t, w.cfg, w.options(w.client("")))
	g := things(c, s)
	want(t, g, "k", "one")
	w.change(g, s, "two")
	want(t, g, "k", "two")
	s.fail(errNoThing)
	if _, err := g.Get(t.Context(), "none"); !errors.Is(err, errNoThing) {
		t.Errorf("Get: %v", err)
	}
}

// A process dies right after its commit, before anybody knows. The invalidation is written down by then.
func TestCommittedBeforeAnybodyKnows(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), newSource("one")
	mine := w.instance("")
	a, b := things(mine, s), things(w.instance(""), s)
	want(t, b, "k", "one")
	mine.Hook(func(p cache.Point) {
		if p == cache.Committed {
			want(t, b, "k", "one")
			if n := w.rows(); n != 1 {
				t.Errorf("%d rows are written down, want 1", n)
			}
		}
	})
	w.change(a, s, "one")
	eventually(t, func() bool { return w.rows() == 0 })
}
