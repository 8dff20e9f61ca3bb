package cache_test

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/cache/driver"
)

// stand is a driver whose stores keep nothing, and a test says what they have, and whether they give and take at all. They hear of each other, which goes on whatever they say else.
type stand struct {
	has    atomic.Pointer[driver.Value] // under each name, for those who look
	late   atomic.Pointer[driver.Value] // for those who want to load
	leases atomic.Int64
	silent atomic.Bool // gives nothing, and takes nothing
	full   atomic.Bool // takes nothing
	slips  atomic.Bool // fails once
	asked  atomic.Int64
}

func (s *stand) Features() driver.Features { return driver.Features{Leases: true, Broadcast: true} }

func (s *stand) Open(driver.Options) (driver.Store, error) { return s, nil }

// ask is a call. Of one that comes too often the clock has to move on all the same.
func (s *stand) ask(ctx context.Context, fails bool) error {
	if s.asked.Add(1) > 1000 {
		<-ctx.Done()
	}
	if fails || s.slips.CompareAndSwap(true, false) {
		return errBroken
	}
	return nil
}

func (s *stand) give(ctx context.Context) error { return s.ask(ctx, s.silent.Load()) }

func (s *stand) take(ctx context.Context) error { return s.ask(ctx, s.silent.Load() || s.full.Load()) }

func (s *stand) Read(ctx context.Context, _ driver.Query) (driver.Answer, error) {
	return driver.Answer{Value: s.has.Load()}, s.give(ctx)
}

func (s *stand) Acquire(ctx context.Context, _ driver.Query, _ string, fresh bool) (driver.Answer, error) {
	if err := s.take(ctx); err != nil {
		return driver.Answer{}, err
	}
	if v := s.late.Load(); v != nil && !fresh {
		return driver.Answer{Value: v}, nil
	}
	s.leases.Add(1)
	return driver.Answer{Leased: true}, nil
}

func (s *stand) Fill(ctx context.Context, q driver.Query, token, _ string, _ driver.Value, _ time.Duration) (bool, error) {
	return true, s.Release(ctx, q, token)
}

func (s *stand) Release(ctx context.Context, _ driver.Query, _ string) error {
	s.leases.Add(-1)
	return s.take(ctx)
}

func (s *stand) Invalidate(ctx context.Context, _ driver.Names, _ uint64) error { return s.take(ctx) }

func (s *stand) Listen(ctx context.Context, hear func(driver.Event)) error {
	hear(driver.Event{Connected: true})
	<-ctx.Done()
	return ctx.Err()
}

// over starts a process over a store, with a group that keeps nothing in memory, and returns the lines of its log.
func over(t *testing.T, s *stand) (*cache.Cache, *cache.Group[string, string], logged) {
	t.Helper()
	cfg, lines := exactly(), make(logged, 10_000)
	cfg.L2.Driver, cfg.Early = "stand", 0.1 // of what it has, which most tests say is nothing
	c := started(t, cfg, cache.Options{Drivers: cache.Drivers{"stand": s}, Instances: 2, Log: slog.New(slog.NewTextHandler(lines, nil))})
	return c, cache.Of(c, "test.things", cache.Rule{L1: -1}, newSource("one").load), lines
}

// wantLines fails the test unless the log says that and nothing else.
func wantLines(t *testing.T, lines logged, parts ...string) {
	t.Helper()
	for _, part := range parts {
		select {
		case line := <-lines:
			if !strings.Contains(line, part) {
				t.Errorf("it says %s, want %s", line, part)
			}
		default:
			t.Errorf("it does not say %s", part)
		}
	}
	if len(lines) > 0 {
		t.Errorf("it says %d times more, %s", len(lines), <-lines)
	}
}

const (
	lineWithout = `level=WARN msg="the cache does without what all processes share"`
	lineInStep  = `level=INFO msg="the cache is in step with what all processes share"`
)

// A store that fails while messages arrive is asked ten times in a second whether it is back, however many would read it, and is not read before.
func TestStoreThatFailsIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]func(s *stand) *atomic.Bool{
		"silent": func(s *stand) *atomic.Bool { return &s.silent },
		"full":   func(s *stand) *atomic.Bool { return &s.full },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := &stand{}
				c, g, lines := over(t, s)
				time.Sleep(minute)
				wantLines(t, lines, lineInStep)
				fails(s).Store(true)
				s.asked.Store(0)
				for range 2000 {
					want(t, g, "k", "one")
					synctest.Wait()
					if c.InStep() {
						t.Fatal("it reads a store that fails")
					}
					time.Sleep(time.Millisecond)
				}
				if n := s.asked.Load(); n > 100 {
					t.Errorf("it was asked %d times in two seconds", n)
				}
				wantLines(t, lines, lineWithout)
				fails(s).Store(false)
				time.Sleep(time.Second)
				if want(t, g, "k", "one"); !c.InStep() {
					t.Error("it is back, and nobody sees that")
				}
				wantLines(t, lines, lineInStep)
			})
		})
	}
}

// What a store does not take that it has to know is tried ten times in a second.
func TestWhatIsOwedIsTriedNowAndThen(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &stand{}
		c, g, lines := over(t, s)
		time.Sleep(minute)
		s.full.Store(true)
		s.asked.Store(0)
		if err := g.Invalidate(t.Context(), "k"); err == nil {
			t.Error("nobody says that others were not reached")
		}
		time.Sleep(10 * time.Second)
		if n := s.asked.Load(); n > 130 || n < 80 {
			t.Errorf("it was asked %d times in ten seconds", n)
		}
		s.full.Store(false)
		time.Sleep(time.Second)
		if !c.InStep() {
			t.Error("it is back, and nobody sees that")
		}
		wantLines(t, lines, lineInStep, lineWithout, lineInStep)
	})
}

// The first failure behind a while without any costs nobody the store for longer than it lasts.
func TestOneFailureIsOverAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &stand{}
		c, g, lines := over(t, s)
		time.Sleep(minute)
		s.slips.Store(true)
		want(t, g, "k", "one")
		synctest.Wait()
		if !c.InStep() {
			t.Error("it waits, and has not looked yet")
		}
		wantLines(t, lines, lineInStep, lineWithout, lineInStep)
	})
}

// A store that fails from the start is not read, and the log says why.
func TestStoreThatIsAwayAtTheStart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &stand{}
		s.silent.Store(true)
		c, g, lines := over(t, s)
		time.Sleep(minute)
		if want(t, g, "k", "one"); c.InStep() {
			t.Error("it reads a store that has never answered")
		}
		wantLines(t, lines, lineWithout)
		s.silent.Store(false)
		time.Sleep(time.Second)
		if !c.InStep() {
			t.Error("it is there, and nobody sees that")
		}
		wantLines(t, lines, lineInStep)
	})
}
