package cache_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
)

func TestGetLoadsOnce(t *testing.T) {
	t.Parallel()
	s := newSource("one")
	g := cache.Of(started(t, exactly(), cache.Options{}), "test.things", cache.Rule{}, s.load)
	for range 3 {
		want(t, g, "a", "one")
	}
	wantLoads(t, s, 1)
	want(t, g, "b", "one")
	wantLoads(t, s, 2)
}

func TestHitAllocatesNothing(t *testing.T) {
	g := cache.Of(started(t, exactly(), cache.Options{}), "test.things", cache.Rule{Tags: []string{"all"}}, newSource("one").load)
	ids := cache.Of(started(t, exactly(), cache.Options{}), "test.ids", cache.Rule{}, func(context.Context, id.ID) (struct{ A, B, C int }, error) {
		return struct{ A, B, C int }{1, 2, 3}, nil
	})
	key, ctx := id.New(), t.Context()
	hit := func() {
		_, errText := g.Get(ctx, "a")
		_, errID := ids.Get(ctx, key)
		if errText != nil || errID != nil {
			t.Fatal(errText, errID)
		}
	}
	hit()
	if n := testing.AllocsPerRun(1000, hit); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func TestValuesEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newSource("one")
		g := cache.Of(started(t, exactly(), cache.Options{}), "test.things", cache.Rule{TTL: minute}, s.load)
		want(t, g, "a", "one")
		s.set("two")
		time.Sleep(minute * 8 / 10)
		want(t, g, "a", "one")
		time.Sleep(minute * 4 / 10) // their time differs by up to a tenth
		want(t, g, "a", "two")
		wantLoads(t, s, 2)
	})
}

func TestEndsAreSpread(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newSource("one")
		g := cache.Of(started(t, exactly(), cache.Options{}), "test.things", cache.Rule{TTL: 1000 * time.Second}, s.load)
		keys := make([]string, 100)
		for i := range keys {
			keys[i] = strings.Repeat("k", i+1)
			want(t, g, keys[i], "one")
		}
		time.Sleep(1000 * time.Second)
		for _, key := range keys {
			want(t, g, key, "one")
		}
		if n := s.loads.Load() - 100; n < 20 || n > 80 {
			t.Errorf("at their time %d of 100 values have ended, want about half", n)
		}
	})
}

func TestManyWaitForOneLoad(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newSource("one")
		s.gate = make(chan chan struct{})
		g := cache.Of(started(t, exactly(), cache.Options{}), "test.things", cache.Rule{}, s.load)
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() { want(t, g, "a", "one") })
		}
		goOn := <-s.gate
		synctest.Wait()
		close(goOn)
		all.Wait()
		wantLoads(t, s, 1)
	})
}

// The caller for whom a load was begun goes away, and the others get their value.
func TestLoadOutlivesItsCaller(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newSource("one")
		s.gate = make(chan chan struct{})
		g := cache.Of(started(t, exactly(), cache.Options{}), "test.things", cache.Rule{}, s.load)
		ctx, cancel := context.WithCancel(t.Context())
		var first, second sync.WaitGroup
		first.Go(func() {
			if _, err := g.Get(ctx, "a"); !errors.Is(err, context.Canceled) {
				t.Errorf("the caller that went away: %v", err)
			}
		})
		goOn := <-s.gate
		second.Go(func() { want(t, g, "a", "one") })
		synctest.Wait()
		cancel()
		first.Wait()
		close(goOn)
		second.Wait()
		wantLoads(t, s, 1)
	})
}

func TestLoadEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newSource("one")
		s.gate = make(chan chan struct{})
		g := cache.Of(started(t, exactly(), cache.Options{}), "test.things", cache.Rule{}, s.load)
		go func() { <-s.gate }()
		began := time.Now()
		if _, err := g.Get(t.Context(), "a"); !errors.Is(err, cache.ErrBusy) {
			t.Errorf("a load without an end: %v, want ErrBusy", err)
		}
		if took := time.Since(began); took != cache.Default().Load.Timeout {
			t.Errorf("it took %s, want cache.load.timeout", took)
		}
	})
}

func TestErrorsAreNotKept(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{"a failure": errBroken, "an answer": fault.New(fault.Forbidden, "no", "No.")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSource("one")
			s.fail(err)
			g := cache.Of(started(t, exactly(), cache.Options{}), "test.things", cache.Rule{}, s.load)
			if _, got := g.Get(t.Context(), "a"); !errors.Is(got, err) {
				t.Errorf("Get: %v, want %v", got, err)
			}
			s.heal()
			want(t, g, "a", "one")
		})
	}
}

func TestAbsenceIsRemembered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newSource("one")
		s.fail(errNoThing)
		g := cache.Of(started(t, exactly(), cache.Options{}), "test.things", cache.Rule{Negative: 10 * time.Second}, s.load)
		for range 3 {
			if _, err := g.Get(t.Context(), "a"); !errors.Is(err, errNoThing) {
				t.Errorf("Get: %v", err)
			}
		}
		wantLoads(t, s, 1)
		s.heal()
		time.Sleep(12 * time.Second)
		want(t, g, "a", "one")
		s.fail(errNoThing)
		if err := g.Invalidate(t.Context(), "a"); err != nil {
			t.Error(err)
		}
		if _, err := g.Get(t.Context(), "a"); !errors.Is(err, errNoThing) {
			t.Errorf("Get: %v", err)
		}
		s.heal()
		if err := g.Invalidate(t.Context(), "a"); err != nil {
			t.Error(err)
		}
		want(t, g, "a", "one") // what was made is there at once
	})
}

func TestPanicOfALoadIsAnError(t *testing.T) {
	t.Parallel()
	g := cache.Of(started(t, exactly(), cache.Options{}), "test.things", cache.Rule{}, func(context.Context, string) (string, error) { panic("oh") })
	if _, err := g.Get(t.Context(), "a"); err == nil || !strings.Contains(err.Error(), "oh") {
		t.Errorf("Get: %v", err)
	}
}

func TestStaleWhenTheSourceFails(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newSource("one")
		cfg := exactly()
		cfg.Stale = 10 * time.Minute
		g := cache.Of(started(t, cfg, cache.Options{}), "test.things", cache.Rule{TTL: minute}, s.load)
		want(t, g, "a", "one")
		s.fail(errBroken)
		time.Sleep(2 * minute)
		ctx, reads := cache.Collect(t.Context())
		if v, err := g.Get(ctx, "a"); v != "one" || err != nil {
			t.Errorf("Get: %q, %v", v, err)
		}
		if reads.Fresh() {
			t.Error("what is served for want of better counts as fresh")
		}
		for range 10 {
			want(t, g, "a", "one")
		}
		wantLoads(t, s, 2) // the source is let alone for a moment
		time.Sleep(2 * time.Second)
		s.fail(errNoThing)
		if _, err := g.Get(t.Context(), "a"); !errors.Is(err, errNoThing) {
			t.Errorf("an answer: %v", err)
		}
	})
}

func TestStaleEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newSource("one")
		cfg := exactly()
		cfg.Stale = 10 * time.Minute
		g := cache.Of(started(t, cfg, cache.Options{}), "test.things", cache.Rule{TTL: minute}, s.load)
		want(t, g, "a", "one")
		want(t, g, "b", "one")
		s.fail(errBroken)
		if err := g.Invalidate(t.Context(), "b"); err != nil {
			t.Error(err)
		}
		if _, err := g.Get(t.Context(), "b"); !errors.Is(err, errBroken) {
			t.Errorf("what was invalidated: %v", err)
		}
		time.Sleep(12 * minute)
		if _, err := g.Get(t.Context(), "a"); !errors.Is(err, errBroken) {
			t.Errorf("long after its time: %v", err)
		}
	})
}

// A value that is in use is replaced before its time, and nobody waits for that.
func TestEarlyRefresh(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newSource("one")
		cfg := exactly()
		cfg.Early = 0.5
		g := cache.Of(started(t, cfg, cache.Options{}), "test.things", cache.Rule{TTL: time.Hour}, s.load)
		const keys = 50
		for n := range keys {
			want(t, g, fmt.Sprint(n), "one")
		}
		wantLoads(t, s, keys)
		s.gate = make(chan chan struct{}, 100*keys)
		s.set("two")
		for began := time.Now(); time.Since(began) < 53*time.Minute; time.Sleep(time.Minute) { // before any has ended
			for n := range keys {
				want(t, g, fmt.Sprint(n), "one") // though its load hangs
			}
		}
		if n := len(s.gate); n < keys/5 {
			t.Errorf("%d of %d values were loaded early", n, keys)
		}
	})
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	cfg := exactly()
	cfg.L1.Size = 1 << 20
	s := newSource(strings.Repeat("x", 10_000))
	g := cache.Of(started(t, cfg, cache.Options{}), "test.things", cache.Rule{}, s.load)
	for round := range 2 {
		for n := range 1000 {
			want(t, g, cache.Join(strings.Repeat("k", n)), *s.value.Load())
		}
		if round == 1 && s.loads.Load() < 1500 {
			t.Errorf("%d loads of 2 x 1000 values of 10 kB in 1 MB", s.loads.Load())
		}
	}
}

func TestNamesOfGroups(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "Things", "a:b", "a.", ".a", "a b", "*", "@a", "#a", strings.Repeat("a", 101)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("it is taken")
				}
			}()
			cache.Of(started(t, exactly(), cache.Options{}), name, cache.Rule{}, newSource("").load)
		})
	}
}
