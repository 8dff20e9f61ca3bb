package cache_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/redis"
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

// A process that takes itself for the only one keeps what it has while Redis is away, and forgets it when it hears again: there was another one, which
// could tell nobody of a change.
func TestAloneAndWrong(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), newSource("one")
	p, url := w.behind()
	o := w.options(w.client(url))
	o.Instances = 1
	alone := started(t, w.cfg, o)
	w.inStep(alone)
	a, b := things(w.instance(""), s), things(alone, s)
	want(t, b, "k", "one")
	p.Reset()
	p.Silence(true)
	w.change(a, s, "two")
	want(t, b, "k", "one")
	p.Silence(false)
	becomes(t, b, "k", "two")
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

// Whatever is flipped in what Redis says, and whoever's answer arrives in the place of whose: nobody gets a wrong value, one from before a change, nor an error.
func TestForgedReplies(t *testing.T) {
	t.Parallel()
	const keys = 8
	flip := func() func([]byte) []byte {
		var n atomic.Int64
		return func(answer []byte) []byte {
			if n.Add(1)%16 == 0 {
				answer[rand.IntN(len(answer))] ^= 1 << rand.IntN(8)
			}
			return answer
		}
	}
	swap := func(which string) func() func([]byte) []byte {
		return func() func([]byte) []byte {
			var mu sync.Mutex
			held := []byte("+OK\r\n")
			return func(answer []byte) []byte {
				mu.Lock()
				defer mu.Unlock()
				if !bytes.Contains(answer, []byte(which)) {
					return answer
				}
				last := held
				held = bytes.Clone(answer)
				return last
			}
		}
	}
	for name, forge := range map[string]func() func([]byte) []byte{
		"a flipped bit here and there": flip, "values in the place of others": swap("BC1 "), "each in the place of the next": swap(""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p, url := w.behind()
			var versions [keys]atomic.Int64
			load := func(_ context.Context, key string) (string, error) {
				n, err := strconv.Atoi(key)
				return fmt.Sprint(key, " at ", versions[n].Load()), err
			}
			rule := cache.Rule{L1: -1, Tags: []string{"all"}} // every Get asks Redis
			good := cache.Of(w.instance(""), "test.things", rule, load)
			broken := w.instance(url)
			forged := cache.Of(broken, "test.things", rule, load).LoadMany(func(ctx context.Context, keys []string) (map[string]string, error) {
				found := map[string]string{}
				for _, key := range keys {
					found[key], _ = load(ctx, key)
				}
				return found, nil
			})
			p.OnAnswer(forge())
			for round := range 200 {
				if strings.HasPrefix(name, "a flipped bit") {
					w.inStep(broken) // where it is not, Redis is not asked
				}
				n := round * 3 % keys // and never the same twice in a row: nobody can tell an answer from an older one to the same question
				key, next := strconv.Itoa(n), strconv.Itoa((n+1)%keys)
				current, _ := load(t.Context(), key)
				want(t, good, key, current)
				want(t, forged, key, current)
				current, _ = load(t.Context(), next)
				want(t, good, next, current)
				if got, err := forged.GetMany(t.Context(), []string{next}); got[next] != current || err != nil {
					t.Errorf("GetMany: %q, %v, want %q", got, err, current)
				}
				if round%4 == 0 {
					versions[n].Add(1)
					if err := good.Invalidate(t.Context(), key); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}

// Something huge in the place of a value, or of a mark, is not read, and is replaced: nobody does without Redis for it.
func TestHugeValues(t *testing.T) {
	t.Parallel()
	for key, size := range map[string]int64{"v:test.things:k": 100 << 20, "m:@test.things": 20 << 20} {
		t.Run(key[:1], func(t *testing.T) {
			t.Parallel()
			w, s := newWorld(t), newSource("one")
			w.redis = servertest.StartRedis(t)
			commands := redis.Commands(w.client("").Cache())
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			want(t, things(w.instance(""), s), "k", "one")
			if n, err := commands.SetRange(ctx, "app:cache:cache:"+key, size, "x").Result(); n <= size || err != nil {
				t.Fatalf("%d bytes, %v", n, err)
			}
			s.set("two")
			g := things(w.instance(""), s).LoadMany(func(context.Context, []string) (map[string]string, error) { return map[string]string{"k": "two"}, nil })
			wantMany(t, g, "k", map[string]string{"k": "two"})
			asking := cache.Of(w.instance(""), "test.things", cache.Rule{L1: -1, Tags: []string{"all"}}, s.load).TagBy(func(key string) []string { return []string{"one:" + key} })
			eventually(t, func() bool { // a server that is busy with it may be given up once
				want(t, asking, "k", "two")
				n, err := commands.StrLen(ctx, "app:cache:cache:"+key).Result()
				return n < 1000 && err == nil
			})
			loads := s.loads.Load()
			want(t, things(w.instance(""), s), "k", "two")
			wantLoads(t, s, loads)
		})
	}
}

// While Redis is away no more loads run at once than are allowed, and one that has waited for its place for a second is given up, long before those that run: whoever has asked is told
// so while it is of use.
func TestLoadsAreBoundedWithoutRedis(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cfg.Load.Concurrency, w.cfg.Load.Timeout = 2, 9*time.Second
	p, url := w.behind()
	c := w.instance(url)
	running, goOn := make(chan struct{}), make(chan struct{})
	g := cache.Of(c, "test.things", cache.Rule{}, func(ctx context.Context, key string) (string, error) {
		if strings.HasPrefix(key, "slow") {
			running <- struct{}{}
			<-goOn
		}
		return key, nil
	}).LoadMany(func(context.Context, []string) (map[string]string, error) {
		return map[string]string{"many": "many"}, nil
	})
	p.Silence(true)
	eventually(t, func() bool { return !c.InStep() })
	var slow sync.WaitGroup
	for _, key := range []string{"slow 1", "slow 2"} {
		slow.Go(func() { want(t, g, key, key) })
		<-running
	}
	refused := func(err error) bool {
		return errors.Is(err, cache.ErrBusy) && !errors.Is(err, context.DeadlineExceeded)
	}
	if v, err := g.Get(t.Context(), "quick"); !refused(err) {
		t.Errorf("Get: %q, %v, want ErrBusy before the time of a load is over", v, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), w.cfg.Load.Timeout)
	defer cancel()
	if got, err := g.GetMany(ctx, []string{"many"}); !refused(err) {
		t.Errorf("GetMany: %q, %v, want ErrBusy before the time of its caller is over", got, err)
	}
	close(goOn)
	slow.Wait()
	want(t, g, "quick", "quick")
	wantMany(t, g, "many", map[string]string{"many": "many"})
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
