package cache

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/banyan-go/banyan/platform/cache/driver"
	"github.com/banyan-go/banyan/platform/db/querystat"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/telemetry"
)

// ErrBusy is of kind fault.Unavailable: the source of a value has not given it in time, or too many wait for it already.
var ErrBusy = fault.New(fault.Unavailable, "cache_busy", "This takes too long at the moment. Try again in a moment.").WithRetryAfter(time.Second)

// again is how long after a failure of its source a value is served from memory without asking that.
const again = time.Second

// flight is one attempt to get a value, for all who want it.
type flight[T any] struct {
	before  uint64        // the generation of the key when it began
	done    chan struct{} // closed when the rest is there; nil while nobody waits
	value   T
	err     error
	late    bool          // the value is served because its source has failed
	old     *T            // a value of all processes whose time has passed
	oldLeft time.Duration // for how long that was still good: negative
	looked  bool          // into what all processes share, where there was nothing good but perhaps found
	found   driver.Answer
	then    func(context.Context) // what is to be done when nobody waits any more
}

// join returns the flight for a key, and whether it is a new one. One that has begun before an invalidation takes nobody else along, since it may have read what was
// there before. The caller holds mu.
func (g *Group[K, T]) join(key K, before uint64) (f *flight[T], begun bool) {
	if f = g.active[key]; f != nil && f.before == before {
		f.await()
		return f, false
	}
	f = &flight[T]{before: before}
	g.active[key] = f
	return f, true
}

// await makes a flight tell when it has ended. The caller holds mu.
func (f *flight[T]) await() {
	if f.done == nil {
		f.done = make(chan struct{})
	}
}

// begin lets a flight begin, and reports whether it has ended already. The look into what all processes share is short: whoever has begun the flight does it, which
// saves handing it over. All else has a goroutine of its own.
func (g *Group[K, T]) begin(ctx context.Context, key K, at place, f *flight[T]) bool {
	if l2 := g.cache.l2; l2 != nil && l2.inStep.Load() && g.glance(ctx, key, at, f) {
		return true
	}
	g.mu.Lock()
	f.await()
	g.mu.Unlock()
	g.launch(ctx, key, at, f)
	return false
}

// launch lets a flight go on in a goroutine of its own.
func (g *Group[K, T]) launch(ctx context.Context, key K, at place, f *flight[T]) {
	life := detached(g.cache.life, ctx)
	g.cache.running.Go(func() { g.fly(life, key, at, f) })
}

// glance looks into what all processes share, and ends the flight when the value is there.
func (g *Group[K, T]) glance(ctx context.Context, key K, at place, f *flight[T]) bool {
	landed := true // also when a codec panics: then others get the error, and the caller the panic
	f.err = errors.New("the value could not be read")
	defer func() {
		if landed {
			g.land(key, f)
		}
	}()
	within := detached(g.cache.brief(), ctx)
	a, err := g.cache.l2.Read(within, g.query(at))
	if err != nil {
		g.cache.lost(within, err)
		landed = false
		return landed
	}
	if landed = g.take(key, at, f, a); landed {
		g.counts.shared.Add(1)
		g.afterwards(ctx, f)
	} else {
		f.looked, f.found = true, a
	}
	return landed
}

// land ends a flight.
func (g *Group[K, T]) land(key K, f *flight[T]) {
	g.mu.Lock() // behind what was kept: so nobody finds neither
	if g.active[key] == f {
		delete(g.active, key)
	}
	done := f.done
	g.mu.Unlock()
	if done != nil {
		close(done)
	}
}

// afterwards does what nobody waits for.
func (g *Group[K, T]) afterwards(ctx context.Context, f *flight[T]) {
	if f.then == nil {
		return
	}
	life := detached(g.cache.life, ctx)
	g.cache.running.Go(func() {
		ctx, cancel := context.WithTimeout(life, g.cache.cfg.Load.Timeout)
		defer cancel()
		f.then(ctx)
	})
}

// detached returns life with what a request is known by in logs and traces. Statements of the load count as those of the request, as long as that lasts.
func detached(life, ctx context.Context) context.Context {
	if q, _ := ctx.Value(querystat.RecorderKey{}).(*querystat.Recorder); q != nil {
		life = querystat.WithRecorder(life, q)
	}
	r := telemetry.RequestFrom(ctx)
	if r == nil {
		return life
	}
	return telemetry.WithRequest(life, &telemetry.Request{ID: r.ID, Trace: r.Trace}) // a copy: the other one belongs to more than that
}

// fly gets a value, and tells those who wait.
func (g *Group[K, T]) fly(ctx context.Context, key K, at place, f *flight[T]) {
	f.err = errors.New("the load has ended its goroutine") // runtime.Goexit
	defer g.land(key, f)
	within, cancel := context.WithTimeout(ctx, g.cache.cfg.Load.Timeout)
	defer cancel()
	g.fetch(within, key, at, f)
	if f.err != nil && !answers(f.err) {
		g.rescue(key, at, f)
	}
	g.afterwards(ctx, f)
}

// fetch gets a value from where it is.
func (g *Group[K, T]) fetch(ctx context.Context, key K, at place, f *flight[T]) {
	defer g.caught(ctx, "get", &f.err)
	switch l2 := g.cache.l2; {
	case l2 == nil:
		g.counts.misses.Add(1)
		g.fetchSource(ctx, key, at, f)
	case l2.inStep.Load():
		g.fetchShared(ctx, key, at, f)
	default:
		g.fetchAlone(ctx, key, at, f)
	}
}

// fetchSource loads a value for this process.
func (g *Group[K, T]) fetchSource(ctx context.Context, key K, at place, f *flight[T]) {
	position, began := g.position(ctx), time.Now()
	f.value, f.err = g.source(ctx, key)
	if left, keeps := g.lasting(f.err); keeps {
		g.keep(key, at, f.before, position, g.newEntry(at, f.value, f.err, left, time.Since(began)))
	}
}

// lasting returns how long what load has returned may last, and whether it is kept at all.
func (g *Group[K, T]) lasting(err error) (time.Duration, bool) {
	switch {
	case err == nil:
		return jitter(g.times.ttl), g.times.ttl > 0
	case absent(err):
		return jitter(g.times.negative), g.times.negative > 0
	default:
		return 0, false
	}
}

// source calls load.
func (g *Group[K, T]) source(ctx context.Context, key K) (value T, err error) {
	g.counts.loads.Add(1)
	defer func() {
		if err != nil && !answers(err) {
			g.counts.failures.Add(1)
		}
	}()
	defer g.caught(ctx, "load", &err)
	if value, err = g.load(ctx, key); errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
		err = ErrBusy.Because(err)
	}
	return value, err
}

// caught makes an error of what somebody else's code panics with, a load or a codec, where nobody stands above to answer for it. It is for defer.
func (g *Group[K, T]) caught(ctx context.Context, what string, err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%s %s: panic: %v", what, g.name, p)
		g.cache.log.ErrorContext(ctx, "a "+what+" has panicked", "group", g.name, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	}
}

// rescue has a flight that has failed return what was there before, if that may be served for longer than its time, and lets the source alone for a moment.
func (g *Group[K, T]) rescue(key K, at place, f *flight[T]) {
	now := g.cache.timer.exact()
	g.l1.Compute(key, func(old *entry[T], found bool) (*entry[T], otter.ComputeOp) {
		if !found || now >= old.stale || old.err != nil || old.known != g.known(at) || g.generation(at) != f.before {
			return old, otter.CancelOp
		}
		f.value, f.err, f.late = old.value, nil, now >= old.fresh || old.late
		e := *old
		e.late, e.sum = true, sum(&g.gen, at.of)
		e.soft = min(now+int64(again), max(e.stale, now))
		if g.cache.deaf() {
			e.soft = min(e.soft, now+int64(deafLife))
		}
		g.counts.stales.Add(1)
		return &e, otter.WriteOp
	})
	if f.err != nil && f.old != nil && -f.oldLeft < g.times.stale {
		g.counts.stales.Add(1)
		f.value, f.err, f.late = *f.old, nil, true
	}
}
