package redis

import (
	"context"
	"net"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// guard is the hook through which every call goes: it gives it its limit, asks the breaker, and counts.
type guard struct {
	timeout time.Duration
	strict  bool
	breaker *breaker
	counts  *counts
}

var _ goredis.Hook = (*guard)(nil)

// DialHook changes nothing.
func (g *guard) DialHook(next goredis.DialHook) goredis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook guards a command.
func (g *guard) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		if ctx.Value(guarded{}) != nil {
			return next(ctx, cmd)
		}
		c, err := g.begin(ctx)
		if err != nil {
			return err
		}
		err = next(c, cmd)
		g.end(c, err)
		return err
	}
}

// ProcessPipelineHook guards a pipeline, which is one call.
func (g *guard) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []goredis.Cmder) error {
		err := g.pipeline(ctx, next, cmds)
		for _, cmd := range cmds {
			if err != nil && cmd.Err() == nil && silent(err) {
				cmd.SetErr(err)
			}
		}
		return err
	}
}

func (g *guard) pipeline(ctx context.Context, next goredis.ProcessPipelineHook, cmds []goredis.Cmder) error {
	if ctx.Value(guarded{}) != nil {
		return next(ctx, cmds)
	}
	c, err := g.begin(ctx)
	if err != nil {
		return err
	}
	err = next(c, cmds)
	g.end(c, err)
	return err
}

// call is the context of one call. It ends at its deadline, which is near, and not before: to follow the end of the caller's as well would take a
// channel and two timers for each call, and save a moment that nobody waits for.
type call struct {
	context.Context
	began, until time.Time
	whole        bool // it has all the time that a call may take, and its caller no less

	mu    sync.Mutex
	asked bool
	done  chan struct{} // nil until somebody waits
	timer *time.Timer
}

// guarded is the key under which a call says that it has its limit already, to the commands that go-redis sends before it on a new connection.
type guarded struct{}

// Deadline is part of context.Context.
func (c *call) Deadline() (time.Time, bool) { return c.until, true }

// Done is part of context.Context. The pool asks once whether a call has ended before it begins, which it has not, and again only where it waits: for a
// place, or for a new connection. Most calls find a connection, and need no timer.
func (c *call) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.asked {
		c.asked = true
		return nil
	}
	if c.done == nil {
		done := make(chan struct{})
		c.done, c.timer = done, time.AfterFunc(time.Until(c.until), func() { close(done) })
	}
	return c.done
}

// stop ends the timer.
func (c *call) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
	}
}

// Err is part of context.Context.
func (c *call) Err() error {
	if time.Now().Before(c.until) {
		return nil
	}
	return context.DeadlineExceeded
}

// Value is part of context.Context.
func (c *call) Value(key any) any {
	if key == (guarded{}) {
		return true
	}
	return c.Context.Value(key)
}

// begin begins a call, unless there is a reason not to. Who begins one ends it.
func (g *guard) begin(ctx context.Context) (*call, error) {
	until, has := ctx.Deadline()
	if !has && g.strict {
		return nil, ErrNoDeadline
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	began := time.Now()
	if !g.breaker.allow(began) {
		g.counts.refused.Inc()
		return nil, ErrOpen
	}
	c := &call{Context: ctx, began: began, until: began.Add(g.timeout), whole: true}
	if has && until.Before(c.until) {
		c.until, c.whole = until, false
	}
	return c, nil
}

// end takes the outcome of a call.
func (g *guard) end(c *call, err error) {
	c.stop()
	now := time.Now()
	switch {
	case !silent(err):
		g.breaker.answered(now)
	case c.Context.Err() == nil && c.whole:
		g.breaker.silent(now)
	default: // the caller had less time than a call may take, which says nothing of the server
	}
	g.counts.observe(err, now.Sub(c.began))
}
