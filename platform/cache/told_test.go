package cache_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/cache/driver"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/lifecycle"
)

// change invalidates a value in a transaction.
func change(t *testing.T, d *db.DB, g *cache.Group[string, string]) {
	t.Helper()
	if err := d.Platform().Tx(t.Context(), db.Global, func(ctx context.Context) error { return g.Invalidate(ctx, "k") }); err != nil {
		t.Fatal(err)
	}
}

// written returns how many invalidations are written down.
func written(t *testing.T, d *db.DB) (n int64) {
	t.Helper()
	if err := d.Platform().Query(t.Context(), db.Global).Raw("SELECT count(*) FROM platform_cache_invalidations").Scan(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

// A change is done once everybody was told of it who asked for that, and nothing is left to do then but to take the row away.
func TestAChangeIsToldBeforeItIsDone(t *testing.T) {
	t.Parallel()
	d := openDB(t)
	c := started(t, exactly(), cache.Options{DB: d})
	g := things(c, newSource("one"))
	told := make(chan string, 10)
	c.OnInvalidate(20*time.Second, func(_ context.Context, names []string) error {
		told <- strings.Join(names, " ")
		return nil
	})
	change(t, d, g)
	if len(told) != 1 || <-told != "test.things:k" {
		t.Error("the change is done, and nobody was told of it")
	}
	eventually(t, func() bool { return written(t, d) == 0 })
	if len(told) > 0 {
		t.Errorf("told once more of %s", <-told)
	}
}

// Whoever has not heard of a change in its time is told again behind it, where he has time; with 0 that is always so, and is no failure.
func TestAChangeWaitsNoLongerThanItMay(t *testing.T) {
	t.Parallel()
	for _, wait := range []time.Duration{0, time.Millisecond} {
		t.Run(wait.String(), func(t *testing.T) {
			t.Parallel()
			d := openDB(t)
			c := started(t, exactly(), cache.Options{DB: d})
			g := things(c, newSource("one"))
			var calls sync.Map
			c.OnInvalidate(wait, func(ctx context.Context, names []string) error {
				if _, again := calls.LoadOrStore(names[0], true); again {
					return ctx.Err()
				}
				<-ctx.Done()
				return ctx.Err()
			})
			change(t, d, g)
			eventually(t, func() bool { return written(t, d) == 0 })
			if err := g.Invalidate(t.Context(), "outside"); (err == nil) != (wait == 0) {
				t.Errorf("outside of a transaction: %v", err)
			}
		})
	}
}

// A command changes something that a process in memory alone has, and that one hears of it from the table: nothing else connects them.
func TestACommandLeavesItToWhoServes(t *testing.T) {
	t.Parallel()
	d, s := openDB(t), newSource("one")
	serving := things(started(t, exactly(), cache.Options{DB: d}), s)
	c, err := cache.New(exactly(), cache.Options{DB: d}, &lifecycle.Lifecycle{}) // and is not started
	if err != nil {
		t.Fatal(err)
	}
	c.OnInvalidate(time.Second, func(context.Context, []string) error { t.Error("it does itself what it leaves to others"); return nil })
	want(t, serving, "k", "one")
	s.set("two")
	change(t, d, things(c, s))
	becomes(t, serving, "k", "two")
	eventually(t, func() bool { return written(t, d) == 0 })
}

// logged takes the lines of a log.
type logged chan string

func (l logged) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

// While somebody cannot be told, the log says so once, and not with every change; and once that this is over.
func TestTroubleIsLoggedWhenItChanges(t *testing.T) {
	t.Parallel()
	d, lines := openDB(t), make(logged, 100)
	c := started(t, exactly(), cache.Options{DB: d, Log: slog.New(slog.NewTextHandler(lines, nil))})
	g := things(c, newSource("one"))
	var away atomic.Bool
	c.OnInvalidate(time.Second, func(context.Context, []string) error {
		if away.Load() {
			return errBroken
		}
		return nil
	})
	for range 2 {
		away.Store(true)
		for range 10 {
			change(t, d, g)
		}
		away.Store(false)
		eventually(t, func() bool { return written(t, d) == 0 })
		for _, begin := range []string{"level=WARN msg=\"an invalidation is told of again later\"", "level=INFO msg=\"invalidations are told of again\""} {
			if line := <-lines; !strings.Contains(line, begin) {
				t.Errorf("it says %s, want %s", line, begin)
			}
		}
	}
	if len(lines) > 0 {
		t.Errorf("it says %s", <-lines)
	}
}

// However many changes there are of which somebody cannot be told, those behind them are done, and few rows stay written down. Who is back is told of everything.
func TestWhoIsAwayHoldsUpNobody(t *testing.T) {
	t.Parallel()
	d, s := openDB(t), newSource("one")
	c := started(t, exactly(), cache.Options{DB: d})
	g := things(c, s)
	var away atomic.Bool
	away.Store(true)
	var told sync.Map
	c.OnInvalidate(time.Second, func(_ context.Context, names []string) error {
		if away.Load() {
			return errBroken
		}
		for _, name := range names {
			told.Store(name, true)
		}
		return nil
	})
	want(t, g, "unrelated", "one")
	s.set("two")
	leaveMany(t, d)
	becomes(t, g, "unrelated", "two")
	want(t, g, "k", "two")
	s.set("three")
	command, err := cache.New(exactly(), cache.Options{DB: d}, &lifecycle.Lifecycle{}) // and is not started
	if err != nil {
		t.Fatal(err)
	}
	change(t, d, things(command, s))
	becomes(t, g, "k", "three")
	eventually(t, func() bool { return written(t, d) <= 1000 })
	away.Store(false)
	eventually(t, func() bool { return written(t, d) == 0 })
	if _, ok := told.Load("*"); !ok {
		t.Error("nobody was told of what was made one")
	}
}

// While somebody is told and does not answer, what others have left undone is done, and a process gets back into step.
func TestWhoDoesNotAnswerHoldsUpNobody(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), newSource("one")
	bus, c := w.tap()
	g := things(c, s)
	hangs, released := make(chan struct{}, 100), make(chan struct{})
	c.OnInvalidate(0, func(context.Context, []string) error {
		hangs <- struct{}{}
		<-released
		return nil
	})
	release := sync.OnceFunc(func() { close(released) })
	t.Cleanup(release)
	want(t, g, "k", "one")
	w.leave("row-1", driver.Join("test.things:other"))
	<-hangs
	bus.say(driver.Event{Connected: true})
	w.inStep(c)
	s.set("two")
	w.leave("row-2", driver.Join("test.things:k"))
	becomes(t, g, "k", "two")
	release()
	eventually(t, func() bool { return w.rows() == 0 })
}
