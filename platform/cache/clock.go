package cache

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/banyan-go/banyan/platform/lifecycle"
)

// tick is how exact the time of a started cache is. To look at the machine's clock takes as long as all the rest of a hit.
const tick = 20 * time.Millisecond

// timer tells the time since the cache was made, in nanoseconds. It knows nothing of the wall clock, and does not jump when that is set.
type timer struct {
	began  time.Time
	coarse atomic.Int64 // 0 unless it runs
}

func (t *timer) now() int64 {
	if n := t.coarse.Load(); n != 0 {
		return n
	}
	return t.exact()
}

func (t *timer) exact() int64 { return int64(time.Since(t.began)) + 1 }

// hook keeps the coarse time while the application runs.
func (t *timer) hook() lifecycle.Hook {
	stop, done := make(chan struct{}), make(chan struct{})
	return lifecycle.Hook{
		Name: "cache clock",
		Start: func(context.Context) error {
			t.coarse.Store(t.exact())
			go func() {
				defer close(done)
				t.run(stop)
			}()
			return nil
		},
		Stop: func(context.Context) error {
			close(stop)
			<-done
			return nil
		},
	}
}

func (t *timer) run(stop <-chan struct{}) {
	ticks := time.NewTicker(tick)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
			t.coarse.Store(t.exact())
		case <-stop:
			t.coarse.Store(0)
			return
		}
	}
}
