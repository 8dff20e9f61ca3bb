package httpserver

import (
	"context"
	"sync"
	"time"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/db/querystat"
	"github.com/banyan-go/banyan/platform/session"
	"github.com/banyan-go/banyan/platform/telemetry"
)

// request is one request and its context: all that the stack allocates for it, beside its id. It is not reused, because a handler may keep
// its context longer than the request lasts. It has 128 bytes, which is worth some trouble: memory that is new is memory that no cache has.
//
// fasthttp does not notice that a client has gone, so a context ends at the deadline or when the answer is done. Its timer is made when
// somebody waits for the end; most requests are over before.
type request struct {
	telemetry.Request
	until time.Time // the deadline

	mu      sync.Mutex
	queries *querystat.Recorder // nil where nobody counts, idle until there is a statement
	more    *more               // nil until there is some
	ended   ending
	unread  bool // it could not be read
	settled bool // the answer has its entity tag and its coding
}

// ending is why a context has ended.
type ending uint8

const (
	running ending = iota
	late           // the deadline has passed
	over           // the answer is done
)

// more is what few requests have, or those that need time anyway.
type more struct {
	// What the end of the context sets off.
	done  chan struct{} // nil until somebody waits
	timer *time.Timer   // nil when the context had ended before
	after map[*func()]struct{}

	sent *uploadBody // nil but for an upload

	entered bool // through the gate
	entrance
}

var _ context.Context = (*request)(nil)

// Deadline is part of context.Context.
func (r *request) Deadline() (time.Time, bool) { return r.until, true }

// Done is part of context.Context.
func (r *request) Done() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.wait().done
}

// wait makes the channel, and the timer that closes it. The caller holds mu.
func (r *request) wait() *more {
	if r.more == nil {
		r.more = &more{}
	}
	if r.more.done != nil {
		return r.more
	}
	r.more.done = make(chan struct{})
	if r.ended == running {
		r.more.timer = time.AfterFunc(time.Until(r.until), func() { r.end(late) })
	} else {
		close(r.more.done)
	}
	return r.more
}

// enter makes the place for who calls, and for a session. It comes before the handler, which alone shares the context with others: no lock is needed yet.
func (r *request) enter() *entrance {
	if r.more == nil {
		r.more = &more{}
	}
	r.more.entered = true
	return &r.more.entrance
}

// receives notes that the handler reads the body itself, and gives it the time for that. It comes before everything else.
func (r *request) receives(b *uploadBody) {
	r.until = r.until.Add(b.limit.Time)
	r.more = &more{sent: b}
}

// sent returns the body that the handler reads itself, nil for none.
func (r *request) sent() *uploadBody {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.more == nil {
		return nil
	}
	return r.more.sent
}

// entrance returns the place that enter has made, nil where nobody asks who calls.
func (r *request) entrance() *entrance {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.more == nil || !r.more.entered {
		return nil
	}
	return &r.more.entrance
}

// Err is part of context.Context.
func (r *request) Err() error {
	r.mu.Lock()
	ended := r.ended
	r.mu.Unlock()
	if ended == running && time.Now().After(r.until) {
		r.end(late)
		ended = late
	}
	switch ended {
	case late:
		return context.DeadlineExceeded
	case over:
		return context.Canceled
	default:
		return nil
	}
}

// Value is part of context.Context: it answers the keys of the packages that tell of a request.
func (r *request) Value(key any) any {
	switch key.(type) {
	case telemetry.RequestKey:
		return &r.Request
	case querystat.RecorderKey:
		if q := r.recorder(); q != nil {
			return q
		}
		return nil
	case api.CallerKey:
		if e := r.entrance(); e != nil {
			return e.caller
		}
		return nil
	case session.SlotKey:
		if e := r.entrance(); e != nil {
			return &e.slot
		}
		return nil
	default:
		return nil
	}
}

// AfterFunc lets package context follow this one without a goroutine for each child: context.WithTimeout and the like ask for it.
func (r *request) AfterFunc(f func()) (stop func() bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.wait()
	if r.ended != running {
		go f()
		return func() bool { return false }
	}
	key := &f
	if w.after == nil {
		w.after = map[*func()]struct{}{}
	}
	w.after[key] = struct{}{}
	return func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		_, waiting := w.after[key]
		delete(w.after, key)
		return waiting
	}
}

// end ends the context, once.
func (r *request) end(why ending) {
	r.mu.Lock()
	if r.ended != running {
		r.mu.Unlock()
		return
	}
	r.ended = why
	var after map[*func()]struct{}
	if w := r.more; w != nil && w.done != nil {
		close(w.done)
		w.timer.Stop()
		after, w.after = w.after, nil
	}
	r.mu.Unlock()
	for f := range after {
		go (*f)()
	}
}
