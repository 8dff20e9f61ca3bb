package cache_test

import (
	"context"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/cache/driver"
)

// hanging is a driver whose store answers no look for a value of a group, and knows of no lease.
type hanging struct{ driver.Store }

func (hanging) Features() driver.Features { return driver.Features{} }

func (h hanging) Open(driver.Options) (driver.Store, error) { return h, nil }

func (hanging) Read(ctx context.Context, q driver.Query) (driver.Answer, error) {
	if len(q.Marks) == 0 { // the look that tells whether it is there
		return driver.Answer{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	<-ctx.Done()
	return driver.Answer{}, ctx.Err()
}

func (hanging) Acquire(_ context.Context, q driver.Query, _ string, _ bool) (driver.Answer, error) {
	if len(q.Marks) == 0 {
		return driver.Answer{}, nil
	}
	return driver.Answer{}, errBroken
}

// Nobody waits for ever for what processes share, whatever its driver does: looks end, one after the other and several that share a deadline.
func TestStoreThatHangs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cfg := exactly()
		cfg.L2.Driver = "hanging"
		src := newSource("one")
		c := started(t, cfg, cache.Options{Drivers: cache.Drivers{"hanging": hanging{}}})
		g := cache.Of(c, "test.things", cache.Rule{}, src.load)
		for _, key := range []string{"a", "b", "c"} {
			began := time.Now()
			want(t, g, key, "one")
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("the look for %s has taken %s", key, took)
			}
			for !c.InStep() { // for the next one to look
				time.Sleep(time.Millisecond)
			}
		}
	})
}
