package cache_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/cache/driver"
	"github.com/banyan-go/banyan/platform/cache/redisstore"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/redis"
	"github.com/banyan-go/banyan/platform/servertest"
)

// world is a database and a Redis server, on which the processes of an application stand. They are one process here, and share nothing else.
type world struct {
	t     *testing.T
	db    *db.DB
	redis *servertest.RedisServer
	cfg   cache.Config
}

func newWorld(t *testing.T) *world {
	t.Helper()
	cfg := exactly()
	cfg.L2.Driver, cfg.L2.Wait = "redis", 8*time.Second
	return &world{t: t, db: openDB(t), redis: servertest.StartRedis(t, servertest.Evicting()...), cfg: cfg}
}

// client returns a client of the server; "" is its own address.
func (w *world) client(url string) *redis.Redis {
	w.t.Helper()
	cfg := redis.Default()
	cfg.Cache, cfg.Timeout = url, 2*time.Second // the machine has other things to do
	if url == "" {
		cfg.Cache = w.redis.URL()
	}
	var lc lifecycle.Lifecycle
	r, err := redis.New(cfg, redis.Options{Strict: true}, &lc)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := r.Close(); err != nil {
			w.t.Error(err)
		}
	})
	return r
}

// instance starts one more process, which reaches Redis at url; "" for directly.
func (w *world) instance(url string) *cache.Cache {
	w.t.Helper()
	c := started(w.t, w.cfg, w.options(w.client(url)))
	w.inStep(c)
	return c
}

func (w *world) options(r *redis.Redis) cache.Options {
	return cache.Options{Drivers: cache.Drivers{"redis": redisstore.Driver{}}, Redis: r, DB: w.db, Instances: 4, Log: slog.New(slog.DiscardHandler)}
}

// inStep waits until a process is in step with what all share.
func (w *world) inStep(c *cache.Cache) {
	w.t.Helper()
	eventually(w.t, c.InStep)
}

// eventually waits until something holds.
func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	deadline := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-again.C:
		case <-deadline:
			t.Fatal("it does not come")
		}
	}
}

// becomes waits until Get returns a value.
func becomes(t *testing.T, g *cache.Group[string, string], key, value string) {
	t.Helper()
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	for deadline := time.Now().Add(20 * time.Second); ; <-again.C {
		switch v, err := g.Get(t.Context(), key); {
		case err != nil:
			t.Fatal(err)
		case v == value:
			return
		case time.Now().After(deadline):
			t.Fatalf("it stays %q, want %q", v, value)
		}
	}
}

func things(c *cache.Cache, s *source) *cache.Group[string, string] {
	return cache.Of(c, "test.things", cache.Rule{Tags: []string{"all"}}, s.load).TagBy(func(key string) []string { return []string{"one:" + key} })
}

func TestValuesAreShared(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), newSource("one")
	a, b := things(w.instance(""), s), things(w.instance(""), s)
	want(t, a, "k", "one")
	want(t, b, "k", "one")
	wantLoads(t, s, 1)
	s.fail(errNoThing)
	for _, g := range []*cache.Group[string, string]{a, b, b} {
		if _, err := g.Get(t.Context(), "none"); !errors.Is(err, errNoThing) {
			t.Errorf("Get: %v", err)
		}
	}
	wantLoads(t, s, 2)
}

// However many ask, in however many processes, one of them loads.
func TestOneLoadForAllProcesses(t *testing.T) {
	t.Parallel()
	const processes, each = 4, 250
	w, s := newWorld(t), newSource("one")
	s.gate = make(chan chan struct{})
	var asking, all sync.WaitGroup
	for range processes {
		g := things(w.instance(""), s)
		for range each {
			asking.Add(1)
			all.Go(func() {
				asking.Done()
				want(t, g, "k", "one")
			})
		}
	}
	asking.Wait()
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	for {
		select {
		case goOn := <-s.gate:
			close(goOn)
		case <-done:
			wantLoads(t, s, 1)
			return
		}
	}
}

// Who loads for all fails: the next one does it.
func TestFailedLoadGivesItsLeaseBack(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), newSource("one")
	a, b := things(w.instance(""), s), things(w.instance(""), s)
	s.fail(errBroken)
	if _, err := a.Get(t.Context(), "k"); !errors.Is(err, errBroken) {
		t.Errorf("Get: %v", err)
	}
	s.heal()
	began := time.Now()
	want(t, b, "k", "one")
	if took := time.Since(began); took > w.cfg.L2.Wait/2 {
		t.Errorf("it has waited for %s", took)
	}
}

func TestInvalidateReachesEveryProcess(t *testing.T) {
	t.Parallel()
	for name, invalidate := range ways() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, s := newWorld(t), newSource("one")
			mine, other := w.instance(""), w.instance("")
			a, b := things(mine, s), things(other, s)
			want(t, a, "a", "one")
			want(t, b, "a", "one")
			ctx, reads := cache.Collect(t.Context())
			if _, err := b.Get(ctx, "a"); err != nil || !reads.Fresh() {
				t.Errorf("%v; fresh: %t", err, reads.Fresh())
			}
			s.set("two")
			if err := invalidate(t.Context(), mine, a); err != nil {
				t.Fatal(err)
			}
			want(t, a, "a", "two")
			becomes(t, b, "a", "two")
			if reads.Fresh() {
				t.Error("what the other process has made of the old value counts as fresh")
			}
			wantLoads(t, s, 2)
		})
	}
}

// A load that began in one process before another one invalidated is kept nowhere.
func TestLateLoadOfAnotherProcess(t *testing.T) {
	t.Parallel()
	for name, invalidate := range ways() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, slow, s := newWorld(t), newSource("one"), newSource("two")
			slow.gate = make(chan chan struct{})
			mine, other := w.instance(""), w.instance("")
			a, b := things(mine, s), things(other, slow)
			var old sync.WaitGroup
			old.Go(func() { want(t, b, "a", "one") })
			goOn := <-slow.gate
			if err := invalidate(t.Context(), mine, a); err != nil {
				t.Fatal(err)
			}
			want(t, a, "a", "two")
			close(goOn)
			old.Wait()
			want(t, b, "a", "two")
			want(t, a, "a", "two")
			wantLoads(t, s, 1)
		})
	}
}

// Between the deletion in Redis and that in its own memory a process answers with the old value or with the new one; afterwards with the new one alone.
func TestMemoryIsForgottenLast(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), newSource("one")
	r := w.client("")
	var g *cache.Group[string, string]
	hook := &hooked{}
	o := w.options(r)
	o.Drivers = cache.Drivers{"redis": hook}
	c := started(t, w.cfg, o)
	w.inStep(c)
	g = things(c, s)
	want(t, g, "k", "one")
	s.set("two")
	hook.before(func() { want(t, g, "k", "one") }) // fills the memory once more, if that is empty
	if err := g.Invalidate(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	want(t, g, "k", "two")
}

// hooked is the driver with a hook in front of each invalidation.
type hooked struct {
	redisstore.Driver
	mu   sync.Mutex
	hook func()
}

func (h *hooked) before(fn func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hook = fn
}

func (h *hooked) Open(o driver.Options) (driver.Store, error) {
	s, err := h.Driver.Open(o)
	return &hookedStore{s, h}, err
}

type hookedStore struct {
	driver.Store
	hooks *hooked
}

func (s *hookedStore) Invalidate(ctx context.Context, n driver.Names, position uint64) error {
	s.hooks.mu.Lock()
	fn := s.hooks.hook
	s.hooks.mu.Unlock()
	if fn != nil {
		fn()
	}
	return s.Store.Invalidate(ctx, n, position)
}

// rows returns how many invalidations are written down.
func (w *world) rows() (n int64) {
	w.t.Helper()
	if err := w.db.Platform().Query(w.t.Context(), db.Global).Raw("SELECT count(*) FROM platform_cache_invalidations").Scan(&n).Error; err != nil {
		w.t.Fatal(err)
	}
	return n
}

func TestInvalidationIsWrittenDownWithTheChange(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), newSource("one")
	mine := w.instance("")
	a, b := things(mine, s), things(w.instance(""), s)
	var told sync.Map
	mine.OnInvalidate(time.Second, func(_ context.Context, names []string) error {
		for _, n := range names {
			told.Store(n, true)
		}
		return nil
	})
	want(t, a, "k", "one")
	want(t, b, "k", "one")
	change := func(outcome error) error {
		return w.db.Platform().Tx(t.Context(), db.Global, func(ctx context.Context) error {
			if err := a.Invalidate(ctx, "k"); err != nil {
				return err
			}
			var n int64
			if err := w.db.Platform().Query(ctx, db.Global).Raw("SELECT count(*) FROM platform_cache_invalidations").Scan(&n).Error; err != nil || n != 1 {
				t.Errorf("in the transaction %d rows, %v", n, err)
			}
			return outcome
		})
	}
	if err := change(errBroken); !errors.Is(err, errBroken) || w.rows() != 0 {
		t.Errorf("%v; %d rows behind a rollback", err, w.rows())
	}
	want(t, a, "k", "one")
	wantLoads(t, s, 1)
	s.set("two")
	if err := change(nil); err != nil {
		t.Fatal(err)
	}
	want(t, a, "k", "two")
	becomes(t, b, "k", "two")
	eventually(t, func() bool { _, ok := told.Load("test.things:k"); return ok && w.rows() == 0 })
}

// A process has died between its commit and the invalidation: another one does it.
func TestDeadProcessIsSweptBehind(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), newSource("one")
	g := things(w.instance(""), s)
	want(t, g, "k", "one")
	want(t, g, "other", "one")
	s.set("two")
	w.leave("row-1", driver.Join("test.things:k"))
	becomes(t, g, "k", "two")
	want(t, g, "other", "one")
	w.leave("row-2", "this is no list of names")
	becomes(t, g, "other", "two")
	eventually(t, func() bool { return w.rows() == 0 })
}

// leave writes an invalidation down that nobody does.
func (w *world) leave(id, names string) {
	w.t.Helper()
	h := w.db.Platform()
	err := h.Tx(w.t.Context(), db.Global, func(ctx context.Context) error {
		return h.Query(ctx, db.Global).Exec("INSERT INTO platform_cache_invalidations (id, names, created_at) VALUES (?, ?, '2020-01-01 00:00:00.000')", id, []byte(names)).Error
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestManyLeftRowsAreEverything(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), newSource("one")
	g := things(w.instance(""), s)
	want(t, g, "unrelated", "one")
	s.set("two")
	leaveMany(t, w.db)
	becomes(t, g, "unrelated", "two")
	eventually(t, func() bool { return w.rows() == 0 })
}

// leaveMany writes 1,500 invalidations down that nobody does.
func leaveMany(t *testing.T, d *db.DB) {
	t.Helper()
	h := d.Platform()
	err := h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
		for n := range 1500 {
			err := h.Query(ctx, db.Global).Exec("INSERT INTO platform_cache_invalidations (id, names, created_at) VALUES (?, ?, '2020-01-01 00:00:00.000')", fmt.Sprint(n), []byte(driver.Join(fmt.Sprintf("test.things:%d", n)))).Error
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// stored returns the keys of values in Redis.
func (w *world) stored(r *redis.Redis) (keys []string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	keys, err := redis.Commands(r.Cache()).Keys(ctx, r.Cache().Prefix()+"cache:v:*").Result()
	if err != nil {
		w.t.Fatal(err)
	}
	return keys
}

// Whatever stands where a value should, it is loaded anew, and nobody sees an error.
func TestDamagedValues(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), newSource("one")
	r := w.client("")
	a := things(w.instance(""), s)
	want(t, a, "k", "one")
	want(t, a, "l", "one")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	commands := redis.Commands(r.Cache())
	keys := w.stored(r)
	if len(keys) != 2 {
		t.Fatalf("%d values in Redis, want 2", len(keys))
	}
	key, other := keys[0], keys[1]
	if !strings.HasSuffix(key, "k") {
		key, other = other, key
	}
	good, err := commands.Get(ctx, key).Result()
	if err != nil {
		t.Fatal(err)
	}
	set := func(text string) error { return commands.Set(ctx, key, text, time.Hour).Err() }
	flipped := []byte(good)
	flipped[len(flipped)-2] ^= 1
	for name, harm := range map[string]func() error{
		"nothing":        func() error { return set("") },
		"cut":            func() error { return set(good[:len(good)-3]) },
		"cut head":       func() error { return set(good[:5]) },
		"longer":         func() error { return set(good + "x") },
		"flipped":        func() error { return set(string(flipped)) },
		"other layout":   func() error { return set("BC2" + good[3:]) },
		"noise":          func() error { return set(strings.Repeat("\xff\x00", 1000)) },
		"of another key": func() error { return commands.Copy(ctx, other, key, 0, true).Err() },
		"of another type": func() error {
			return errors.Join(commands.Del(ctx, key).Err(), commands.LPush(ctx, key, "x").Err())
		},
		"too large": func() error { return set(good + strings.Repeat("x", driver.MaxValue)) },
	} {
		if err := harm(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		s.set("after " + name)
		b := things(w.instance(""), s) // with an empty memory
		want(t, b, "k", "after "+name)
		want(t, things(w.instance(""), s), "k", "after "+name) // and it is mended
	}
}

func TestVersionsAreApart(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), newSource("one")
	want(t, cache.Of(w.instance(""), "test.things", cache.Rule{Version: 1}, s.load), "k", "one")
	s.set("two")
	next := cache.Of(w.instance(""), "test.things", cache.Rule{Version: 2}, s.load)
	want(t, next, "k", "two")
	// Who changes something takes the values of both away.
	s.set("three")
	if err := next.Invalidate(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	want(t, cache.Of(w.instance(""), "test.things", cache.Rule{Version: 1}, s.load), "k", "three")
}

// Clear leaves alone what others keep on the same server.
func TestClearFlushesNothing(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), newSource("one")
	r := w.client("")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := redis.Commands(r.Cache()).Set(ctx, "session", "of somebody", 0).Err(); err != nil {
		t.Fatal(err)
	}
	c := w.instance("")
	g := things(c, s)
	want(t, g, "k", "one")
	s.set("two")
	if err := c.Clear(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, g, "k", "two")
	if v, err := redis.Commands(r.Cache()).Get(ctx, "session").Result(); v != "of somebody" || errors.Is(err, goredis.Nil) {
		t.Errorf("what others keep: %q, %v", v, err)
	}
}

// fakePositions are of a source with a copy that lags.
type fakePositions struct {
	mu            sync.Mutex
	written, read uint64
}

func (p *fakePositions) set(written, read uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.written, p.read = written, read
}

func (p *fakePositions) Written(context.Context) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.written
}

func (p *fakePositions) Read(context.Context) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.read
}

// What a copy that lags says after a change is given to who has asked, and kept neither in memory nor for others.
func TestFillFromALaggingCopyIsRefused(t *testing.T) {
	t.Parallel()
	for _, shared := range []bool{false, true} {
		t.Run(fmt.Sprint("shared ", shared), func(t *testing.T) {
			t.Parallel()
			s, p := newSource("old"), &fakePositions{}
			var mine, other *cache.Cache
			if shared {
				w := newWorld(t)
				o := w.options(w.client(""))
				o.Positions = p
				mine, other = started(t, w.cfg, o), started(t, w.cfg, o)
				w.inStep(mine)
				w.inStep(other)
			} else {
				mine = started(t, exactly(), cache.Options{Positions: p})
				other = mine
			}
			a := things(mine, s)
			b := a
			if shared {
				b = things(other, s)
			}
			p.set(10, 10)
			want(t, a, "k", "old")
			p.set(20, 10) // written, and the copy has not got it
			if err := a.Invalidate(t.Context(), "k"); err != nil {
				t.Fatal(err)
			}
			becomes(t, b, "k", "old")
			want(t, a, "k", "old") // nobody knows better
			p.set(20, 20)
			s.set("new")
			want(t, b, "k", "new")
			want(t, a, "k", "new")
			loads := s.loads.Load()
			want(t, b, "k", "new")
			want(t, a, "k", "new")
			wantLoads(t, s, loads)
		})
	}
}
