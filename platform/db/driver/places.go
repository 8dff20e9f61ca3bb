package driver

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/banyan-go/banyan/platform/db/querystat"
)

// Places is who gets the next connection of a pool, or the next transaction: a semaphore that is fair among routes. A route that asks for more
// than its share waits, while others find a place; and who waits takes turns route by route, the one first that holds the fewest. So a storm on
// one route neither takes all connections nor stands in front of everybody else. It is safe for concurrent use.
type Places struct {
	size, share int

	mu      sync.Mutex
	taken   int
	lines   map[string]*line // of every route that has ever asked
	waiting []*line          // those with waiters; the one that was served longest ago is the first
	idle    []*waiter        // for who waits next
}

// line is a route: what it holds, and who waits for it.
type line struct {
	named   bool // only then does the share hold
	taken   int
	waiters []*waiter
}

// waiter is a request that waits.
type waiter struct {
	granted bool
	ready   chan struct{} // gets one for each grant
	timer   *time.Timer
}

// watchAfter is how long somebody waits before the end of the context is looked at too: most waits are shorter, and to wait for a context may cost as
// much as the rest.
const watchAfter = 20 * time.Millisecond

// await waits for the place until ctx ends or wait has passed.
func (w *waiter) await(ctx context.Context, wait time.Duration) (granted bool) {
	first := min(wait, watchAfter)
	if deadline, ok := ctx.Deadline(); ok {
		first = min(first, time.Until(deadline))
	}
	w.timer.Reset(first)
	defer w.timer.Stop()
	select {
	case <-w.ready:
		return true
	case <-w.timer.C:
	}
	if wait -= first; wait == 0 {
		return false
	}
	w.timer.Reset(wait)
	select {
	case <-w.ready:
		return true
	case <-ctx.Done():
	case <-w.timer.C:
	}
	return false
}

// Place is one that is taken. Leave gives it back, once.
type Place struct {
	places *Places
	line   *line
}

// NewPlaces returns size places, at least 1. A route may hold share of them at the same time; 0 for all.
func NewPlaces(size, share int) *Places {
	size = max(1, size)
	if share < 1 || share > size {
		share = size
	}
	return &Places{size: size, share: share, lines: map[string]*line{}}
}

// Size returns how many places there are.
func (p *Places) Size() int { return p.size }

// String says how many there are, for the error of somebody who got none.
func (p *Places) String() string {
	if p.share == p.size {
		return fmt.Sprintf("there are %d (db.pool.max_open)", p.size)
	}
	return fmt.Sprintf("there are %d (db.pool.max_open), %d of them for one route (db.pool.share)", p.size, p.share)
}

// Take waits for a place on behalf of the route that ctx serves, until ctx ends or wait has passed; ok is false then. For what is no request the
// share does not hold.
func (p *Places) Take(ctx context.Context, wait time.Duration) (place Place, ok bool) {
	w, l := p.enter(querystat.OriginOf(ctx))
	if w == nil {
		return Place{p, l}, true
	}
	ctx = Awaited(ctx)
	began := time.Now()
	ok = ctx.Err() == nil && w.await(ctx, wait)
	querystat.Waited(ctx, time.Since(began))
	return Place{p, l}, p.leaveLine(l, w, ok)
}

// enter takes a place that is free, or lines up.
func (p *Places) enter(route string) (*waiter, *line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lines[route]
	if l == nil {
		l = &line{named: route != ""}
		p.lines[route] = l
	}
	if p.taken < p.size && p.fits(l) { // then nobody waits who could have it
		p.grant(l)
		return nil, l
	}
	w := p.waiter()
	if len(l.waiters) == 0 {
		p.waiting = append(p.waiting, l)
	}
	l.waiters = append(l.waiters, w)
	return w, l
}

// waiter returns one that nobody uses. The caller holds mu.
func (p *Places) waiter() *waiter {
	last := len(p.idle) - 1
	if last < 0 {
		w := &waiter{ready: make(chan struct{}, 1), timer: time.NewTimer(time.Hour)}
		w.timer.Stop()
		return w
	}
	w := p.idle[last]
	p.idle = p.idle[:last]
	return w
}

func (p *Places) fits(l *line) bool { return !l.named || l.taken < p.share }

func (p *Places) grant(l *line) {
	p.taken++
	l.taken++
}

// leaveLine ends a wait. It reports true when the place is there, perhaps just now.
func (p *Places) leaveLine(l *line, w *waiter, told bool) (granted bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	granted = w.granted
	switch {
	case granted && !told:
		<-w.ready
	case !granted:
		l.waiters = slices.DeleteFunc(l.waiters, func(other *waiter) bool { return other == w })
		if len(l.waiters) == 0 {
			p.waiting = slices.DeleteFunc(p.waiting, func(other *line) bool { return other == l })
		}
	}
	w.granted = false
	p.idle = append(p.idle, w)
	return granted
}

// Leave gives the place back, to the next who waits.
func (p Place) Leave() { p.places.leave(p.line) }

func (p *Places) leave(l *line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken--
	l.taken--
	next := -1
	for i, other := range p.waiting {
		if p.fits(other) && (next < 0 || other.taken < p.waiting[next].taken) {
			next = i
		}
	}
	if next < 0 {
		return
	}
	other := p.waiting[next]
	p.waiting = slices.Delete(p.waiting, next, next+1)
	w := other.waiters[0]
	other.waiters = slices.Delete(other.waiters, 0, 1)
	if len(other.waiters) > 0 {
		p.waiting = append(p.waiting, other)
	}
	w.granted = true
	p.grant(other)
	w.ready <- struct{}{}
}
