package httpserver

import (
	"context"
	"sync"
	"time"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/telemetry"
)

// request is one request and its context: the only allocation that the stack makes for it. It is not reused, because a handler may
// keep its context longer than the request lasts.
//
// fasthttp does not notice that a client has gone, so a context ends at the deadline or when the answer is done. Its timer is made when
// somebody waits for the end; most requests are over before.
type request struct {
	telemetry.Request
	caller  api.Caller
	method  string
	started time.Time
	until   time.Time // the deadline
	route   *route    // nil until the router has found one

	mu    sync.Mutex
	done  chan struct{} // nil until somebody asks for it
	err   error
	timer *time.Timer
	after map[*func()]struct{}
}

var _ context.Context = (*request)(nil)

// Deadline is part of context.Context.
func (r *request) Deadline() (time.Time, bool) { return r.until, true }

// Done is part of context.Context.
func (r *request) Done() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.arm()
	return r.done
}

// arm makes the channel, and the timer that closes it. The caller holds mu.
func (r *request) arm() {
	if r.done != nil {
		return
	}
	r.done = make(chan struct{})
	if r.err != nil {
		close(r.done)
		return
	}
	r.timer = time.AfterFunc(time.Until(r.until), func() { r.end(context.DeadlineExceeded) })
}

// Err is part of context.Context.
func (r *request) Err() error {
	r.mu.Lock()
	err := r.err
	r.mu.Unlock()
	if err == nil && time.Now().After(r.until) {
		r.end(context.DeadlineExceeded)
		return context.DeadlineExceeded
	}
	return err
}

// Value is part of context.Context: it answers the keys of the packages that tell of a request.
func (r *request) Value(key any) any {
	switch key.(type) {
	case telemetry.RequestKey:
		return &r.Request
	case api.CallerKey:
		return r.caller
	default:
		return nil
	}
}

// AfterFunc lets package context follow this one without a goroutine for each child: context.WithTimeout and the like ask for it.
func (r *request) AfterFunc(f func()) (stop func() bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.arm()
	if r.err != nil {
		go f()
		return func() bool { return false }
	}
	key := &f
	if r.after == nil {
		r.after = map[*func()]struct{}{}
	}
	r.after[key] = struct{}{}
	return func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		_, waiting := r.after[key]
		delete(r.after, key)
		return waiting
	}
}

// end ends the context, once.
func (r *request) end(err error) {
	r.mu.Lock()
	if r.err != nil {
		r.mu.Unlock()
		return
	}
	r.err = err
	after := r.after
	r.after = nil
	if r.done != nil {
		close(r.done)
		r.timer.Stop()
	}
	r.mu.Unlock()
	for f := range after {
		go (*f)()
	}
}
