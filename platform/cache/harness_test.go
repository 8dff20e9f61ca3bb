package cache_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/leaktest"
	"github.com/banyan-go/banyan/platform/lifecycle"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

var errNoThing = fault.New(fault.NotFound, "no_such_thing", "There is no such thing.")

var errBroken = errors.New("the source is broken")

// source is where values come from: it counts how often it is asked, and says what the test wants.
type source struct {
	loads atomic.Int64
	value atomic.Pointer[string]
	err   atomic.Pointer[error]
	// gate, when there is one, is told of each load that has read its value, and holds it up.
	gate chan chan struct{}
}

func newSource(value string) *source {
	s := &source{}
	s.set(value)
	return s
}

func (s *source) set(value string) { s.value.Store(&value) }

func (s *source) fail(err error) { s.err.Store(&err) }

func (s *source) heal() { s.err.Store(nil) }

func (s *source) load(ctx context.Context, _ string) (string, error) {
	s.loads.Add(1)
	value, err := *s.value.Load(), s.err.Load()
	if s.gate != nil {
		goOn := make(chan struct{})
		select {
		case s.gate <- goOn:
		case <-ctx.Done():
			return "", ctx.Err()
		}
		select {
		case <-goOn:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	if err != nil {
		return "", *err
	}
	return value, nil
}

// started returns a cache that runs until the test ends.
func started(t *testing.T, cfg cache.Config, o cache.Options) *cache.Cache {
	t.Helper()
	var lc lifecycle.Lifecycle
	c, err := cache.New(cfg, o, &lc)
	if err != nil {
		t.Fatal(err)
	}
	if err := lc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lc.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return c
}

// want fails the test unless Get returns a value.
func want[K cache.Key](t *testing.T, g *cache.Group[K, string], key K, value string) {
	t.Helper()
	if got, err := g.Get(t.Context(), key); got != value || err != nil {
		t.Errorf("Get: %q, %v, want %q", got, err, value)
	}
}

func wantLoads(t *testing.T, s *source, n int64) {
	t.Helper()
	if got := s.loads.Load(); got != n {
		t.Errorf("%d loads, want %d", got, n)
	}
}

// bubble runs a test with a clock that moves when everybody waits.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, test)
}

// exactly is a configuration in which nothing happens early, nor late.
func exactly() cache.Config {
	cfg := cache.Default()
	cfg.Early, cfg.Stale = 0, 0
	return cfg
}

const minute = time.Minute
