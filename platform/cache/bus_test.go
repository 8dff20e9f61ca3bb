package cache_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/cache/driver"
	"github.com/banyan-go/banyan/platform/cache/redisstore"
)

// tapped is the driver, of whose stores a test says what they hear, whether they take anything, and whether they can be told of a change.
type tapped struct {
	redisstore.Driver
	deaf     atomic.Bool // to the names that others invalidate
	takes    atomic.Bool
	readOnly atomic.Bool
	behind   func() // runs when many values are read, before anybody has them

	mu   sync.Mutex
	hear func(driver.Event) // of the store that listens
}

func (d *tapped) Open(o driver.Options) (driver.Store, error) {
	s, err := d.Driver.Open(o)
	return &tappedStore{s, d}, err
}

// say has the process that listens hear something, and returns when it has.
func (d *tapped) say(e driver.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hear(e)
}

type tappedStore struct {
	driver.Store
	tap *tapped
}

func (s *tappedStore) Listen(ctx context.Context, hear func(driver.Event)) error {
	s.tap.mu.Lock()
	s.tap.hear = hear
	s.tap.mu.Unlock()
	return s.Store.Listen(ctx, func(e driver.Event) {
		if len(e.Names) > 0 && s.tap.deaf.Load() {
			return
		}
		s.tap.say(e)
	})
}

func (s *tappedStore) Fill(ctx context.Context, q driver.Query, token, under string, v driver.Value, stays time.Duration) (bool, error) {
	if !s.tap.takes.Load() {
		return false, s.Release(ctx, q, token)
	}
	return s.Store.Fill(ctx, q, token, under, v, stays)
}

func (s *tappedStore) Invalidate(ctx context.Context, n driver.Names, position uint64) error {
	if s.tap.readOnly.Load() {
		return errors.New("READONLY You can't write against a read only replica.")
	}
	return s.Store.Invalidate(ctx, n, position)
}

func (s *tappedStore) ReadMany(ctx context.Context, qs []driver.Query) ([]driver.Answer, error) {
	answers, err := s.Store.(driver.ManyReader).ReadMany(ctx, qs)
	if s.tap.behind != nil {
		s.tap.behind()
	}
	return answers, err
}

// tap starts a process whose store a test has its hand on.
func (w *world) tap() (*tapped, *cache.Cache) {
	w.t.Helper()
	d := &tapped{}
	d.takes.Store(true)
	o := w.options(w.client(""))
	o.Drivers = cache.Drivers{"redis": d}
	c := started(w.t, w.cfg, o)
	w.inStep(c)
	return d, c
}

// A process that has missed a message, or may have, forgets what it has in memory; and one that was told that the server has forgotten changes makes everything there unreadable.
func TestWhatIsMissedIsForgotten(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]driver.Event{"a gap": {Missed: true}, "another connection": {Connected: true}, "a server that has forgotten": {Connected: true, Lost: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, s := newWorld(t), newSource("one")
			bus, mine := w.tap()
			a, b := things(w.instance(""), s), things(mine, s)
			want(t, b, "k", "one")
			ctx, reads := cache.Collect(t.Context())
			if _, err := b.Get(ctx, "k"); err != nil || !reads.Fresh() {
				t.Fatalf("%v; fresh: %t", err, reads.Fresh())
			}
			bus.deaf.Store(true)
			s.set("two")
			if !e.Lost {
				if err := a.Invalidate(t.Context(), "k"); err != nil {
					t.Fatal(err)
				}
			}
			want(t, b, "k", "one") // it has heard nothing
			bus.say(e)
			if reads.Fresh() {
				t.Error("what was made of a value that may have changed counts as fresh")
			}
			w.inStep(mine)
			want(t, b, "k", "two")
			want(t, a, "k", "two")
		})
	}
}

// What the store does not take, since it has changed meanwhile, is not kept in memory either: the word of the change may not have arrived yet.
func TestARefusedFillIsNotKept(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), newSource("one")
	bus, c := w.tap()
	g := things(c, s)
	bus.takes.Store(false)
	want(t, g, "k", "one")
	s.set("two")
	want(t, g, "k", "two")
	bus.takes.Store(true)
	want(t, g, "k", "two")
	want(t, g, "k", "two")
	wantLoads(t, s, 3)
}

// A store that answers, and could not be told of a change, is not read before it was.
func TestStoreIsNotReadBeforeItKnows(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), newSource("one")
	bus, c := w.tap()
	g := things(c, s)
	want(t, g, "k", "one")
	bus.readOnly.Store(true)
	s.set("two")
	if err := g.Invalidate(t.Context(), "k"); err == nil || c.InStep() {
		t.Errorf("Invalidate: %v; in step: %t", err, c.InStep())
	}
	want(t, g, "k", "two")
	wantLoads(t, s, 2)
	bus.readOnly.Store(false)
	w.inStep(c)
	want(t, things(w.instance(""), s), "k", "two")
}

// What is changed while many are read is given to who has asked before, and not kept.
func TestLateReadOfManyIsNotKept(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), newSource("one")
	bus, c := w.tap()
	g := things(c, s).LoadMany(func(context.Context, []string) (map[string]string, error) {
		t.Error("the source is asked for what is in Redis")
		return nil, errBroken
	})
	want(t, things(w.instance(""), s), "k", "one")
	bus.behind = func() {
		s.set("two")
		if err := g.Invalidate(t.Context(), "k"); err != nil {
			t.Error(err)
		}
	}
	wantMany(t, g, "k", map[string]string{"k": "one"})
	want(t, g, "k", "two")
}
