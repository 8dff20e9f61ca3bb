package httpserver

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// admission lets so many requests run at a time and others wait for a place, a few of them and not for long: a queue that is full or slow makes
// nobody faster. A queue in which everybody gets a place within patience is one that a burst, or no more clients than can be served, have made: it is
// served in turn. Once somebody has waited in vain there is more to do than can be done, until nobody was refused for patience: then only as many wait as
// may run, each for impatience alone, and the youngest is served first, since the oldest will be late anyway (controlled delay and adaptive LIFO:
// Maurer, Fail at Scale, ACM Queue 13(8), 2015). Whoever finds no room then is refused at once, which costs the least,
// unless it is held. It is safe for concurrent use.
type admission struct {
	patience, impatience time.Duration
	room                 int // waiters at most

	limit, running atomic.Int64
	waiting        atomic.Int64 // the length of queue, for those who need not look at it
	held           atomic.Int64 // requests that are refused, and not told yet
	done           atomic.Int64 // requests that have left
	pressed        atomic.Bool  // somebody had to wait since the last look

	mu      sync.Mutex
	queue   []*waiter // the oldest first
	slow    bool      // somebody has waited in vain, and no time of patience without a refusal has gone by
	refused time.Time // when the last one was, while slow
	spare   sync.Pool // of *waiter
}

// waiter is a request in a queue.
type waiter struct {
	ready chan struct{} // has an element when the place is there
	timer *time.Timer
}

// outcome is what an admission says.
type outcome uint8

const (
	admitted  outcome = iota
	queueFull         // too many wait already
	tooLate           // no place has become free in time
	tooMany           // there is no CPU for it
)

// reason names what was refused, for metrics.
func (o outcome) reason() string {
	switch o {
	case tooLate:
		return "waited"
	case tooMany:
		return "cpu"
	default:
		return "queue_full"
	}
}

// enter takes a place, or says why there is none. Who is admitted calls leave.
func (a *admission) enter() outcome {
	if a.waiting.Load() == 0 && a.try() {
		return admitted
	}
	return a.wait()
}

// try takes a place if there is one.
func (a *admission) try() bool {
	for {
		n := a.running.Load()
		if n >= a.limit.Load() {
			return false
		}
		if a.running.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// leave gives a place back.
func (a *admission) leave() {
	a.done.Add(1)
	a.running.Add(-1)
	if a.waiting.Load() > 0 {
		a.admit()
	}
}

// admit gives free places to those who wait.
func (a *admission) admit() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.queue) > 0 && a.try() {
		next := 0
		if a.slow {
			next = len(a.queue) - 1
		}
		w := a.queue[next]
		a.drop(next)
		w.ready <- struct{}{}
	}
}

// hold keeps a request that is refused until it has its turn, and until patience is over for it, unless as many are held as may wait. A client that is told at once
// asks again at once, and with some more like it takes the CPU that the requests of other routes need; while it waits it takes nothing from anybody.
func (a *admission) hold(came time.Time, p *pace) {
	defer a.held.Add(-1)
	var least time.Duration
	if a.held.Add(1) <= int64(a.room) {
		least = a.patience - time.Since(came)
	}
	p.wait(least)
}

// drop takes a waiter out of the queue. The caller holds mu.
func (a *admission) drop(i int) {
	a.queue = slices.Delete(a.queue, i, i+1)
	a.waiting.Add(-1)
}

func (a *admission) wait() outcome {
	w, said := a.line()
	if w == nil {
		return said
	}
	defer a.spare.Put(w)
	select {
	case <-w.ready:
		w.timer.Stop()
		return admitted
	case <-w.timer.C:
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.Index(a.queue, w)
	if i < 0 { // the place was there just then
		<-w.ready
		return admitted
	}
	a.drop(i)
	a.refused, a.slow = time.Now(), true
	return tooLate
}

// line lines a request up. Without a waiter it says what has become of it.
func (a *admission) line() (*waiter, outcome) {
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting.Add(1) // first: whoever leaves after the attempt below sees it
	if len(a.queue) == 0 && a.try() {
		a.waiting.Add(-1)
		return nil, admitted
	}
	a.pressed.Store(true)
	room, patience := a.room, a.patience
	if a.slow = a.slow && now.Sub(a.refused) < a.patience; a.slow {
		room, patience = min(room, int(a.limit.Load())), a.impatience
	}
	if len(a.queue) >= room {
		a.waiting.Add(-1)
		if a.slow { // a burst that the queue has no room for is served in turn all the same
			a.refused = now
		}
		return nil, queueFull
	}
	w, _ := a.spare.Get().(*waiter)
	if w == nil {
		w = &waiter{make(chan struct{}, 1), time.NewTimer(patience)}
	} else {
		w.timer.Reset(patience)
	}
	a.queue = append(a.queue, w)
	return w, admitted
}
