package cache

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// brief is the context of looks into what all processes share. One serves all that begin within a moment, and its timer is made when somebody waits for its end: a
// driver that knows how long it may take asks for the deadline alone.
type brief struct {
	context.Context
	until time.Time
	timer *timer
	ends  int64 // until, by the timer

	timed atomic.Pointer[context.Context] // nil until somebody waits
	once  sync.Once
}

// brief returns a context that lasts for shareTime at least, and for twice that at most.
func (c *Cache) brief() *brief {
	now := c.timer.now()
	if b := c.moment.Load(); b != nil && b.ends-now >= int64(shareTime) {
		return b
	}
	b := &brief{Context: c.life, until: time.Now().Add(2 * shareTime), timer: &c.timer, ends: now + int64(2*shareTime)}
	c.moment.Store(b)
	return b
}

// Deadline is part of context.Context.
func (b *brief) Deadline() (time.Time, bool) { return b.until, true }

// Done is part of context.Context.
func (b *brief) Done() <-chan struct{} {
	b.once.Do(func() {
		timed, cancel := context.WithDeadline(b.Context, b.until)
		context.AfterFunc(timed, cancel)
		b.timed.Store(&timed)
	})
	return (*b.timed.Load()).Done()
}

// Err is part of context.Context.
func (b *brief) Err() error {
	switch err := b.Context.Err(); {
	case err != nil:
		return err
	case b.timer.now() >= b.ends:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// Value is part of context.Context. Package context looks this way for the context that ends with Done.
func (b *brief) Value(key any) any {
	if timed := b.timed.Load(); timed != nil {
		return (*timed).Value(key)
	}
	return b.Context.Value(key)
}
