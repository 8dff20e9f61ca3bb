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
// one route neither takes all connections nor stands in front of everybody else. A route that holds its places long gets half of its share: what
// it has at work in the database takes the time of the statements beside it. What is stuck, waiting for a lock for instance, does no work there, and does not
// count for that half. It is safe for concurrent use.
type Places struct {
	size, share int
	opened      time.Time

	mu       sync.Mutex
	taken    int
	lines    map[string]*line // of every route that has ever asked
	waiting  []*line          // those with waiters; the one that was served longest ago is the first
	idle     []*waiter        // for who waits next
	long     time.Duration    // from which on a route holds its places long
	reckoned time.Duration    // since opened, when long was found
}

// line is a route: what it holds, for how long, and who waits for it.
type line struct {
	named   bool            // only then does the share hold
	since   []time.Duration // when each place that it has was granted
	held    time.Duration   // a place, on average; the last ones count most
	waiters []*waiter
}

// A route holds its places long when it has them for this time and for so many times what the quicker quarter of routes has them: where the database is
// far away, everybody holds a place for long.
const (
	leastLong   = 10 * time.Millisecond
	longTimes   = 4
	reckonAfter = 100 * time.Millisecond // at most so often, since it looks at all routes
)

// stuckAfter is how long a place is held by somebody who is stuck.
const stuckAfter = 500 * time.Millisecond

// waiter is a request that waits.
type waiter struct {
	granted bool
	since   time.Duration // when it was
	ready   chan struct{} // gets one for each grant
	timer   *time.Timer
}

// watchAfter is how long somebody waits before the end of the context is looked at too: most waits are shorter, and to wait for a context may cost as
// much as the rest.
const watchAfter = 20 * time.Millisecond

// await waits for the place until ctx ends or wait has passed.
func (p *Places) await(ctx context.Context, w *waiter, wait time.Duration) (granted bool) {
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
	for wait -= first; wait > 0; {
		next := min(wait, stuckAfter)
		wait -= next
		w.timer.Reset(next)
		select {
		case <-w.ready:
			return true
		case <-ctx.Done():
			return false
		case <-w.timer.C:
		}
		p.look() // somebody may be stuck by now
	}
	return false
}

// Place is one that is taken. Leave gives it back, once.
type Place struct {
	places *Places
	line   *line
	since  time.Duration
}

// NewPlaces returns size places, at least 1. A route may hold share of them at the same time, half of that when it holds them long; 0 for all.
func NewPlaces(size, share int) *Places {
	size = max(1, size)
	if share < 1 || share > size {
		share = size
	}
	return &Places{size: size, share: share, opened: time.Now(), lines: map[string]*line{}, long: leastLong}
}

// Size returns how many places there are.
func (p *Places) Size() int { return p.size }

// String says how many there are, for the error of somebody who got none.
func (p *Places) String() string {
	if p.share == p.size {
		return fmt.Sprintf("there are %d (db.pool.max_open)", p.size)
	}
	return fmt.Sprintf("there are %d (db.pool.max_open), %d of them for one route (db.pool.share), %d when it holds them long", p.size, p.share, p.least())
}

// Take waits for a place on behalf of the route that ctx serves, until ctx ends or wait has passed; ok is false then. For what is no request the
// share does not hold.
func (p *Places) Take(ctx context.Context, wait time.Duration) (place Place, ok bool) {
	now := time.Since(p.opened)
	w, l := p.enter(querystat.OriginOf(ctx), now)
	if w == nil {
		return Place{p, l, now}, true
	}
	ctx = Awaited(ctx)
	began := time.Now()
	ok = ctx.Err() == nil && p.await(ctx, w, wait)
	querystat.Waited(ctx, time.Since(began))
	since, ok := p.leaveLine(l, w, ok)
	return Place{p, l, since}, ok
}

// enter takes a place that is free, or lines up.
func (p *Places) enter(route string, now time.Duration) (*waiter, *line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lines[route]
	if l == nil {
		l = &line{named: route != ""}
		p.lines[route] = l
	}
	if p.taken < p.size && p.fits(l, now) { // then nobody waits who could have it
		p.grant(l, now)
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

// fits reports whether the route may have one more. The caller holds mu.
func (p *Places) fits(l *line, now time.Duration) bool {
	switch {
	case !l.named:
		return true
	case len(l.since) >= p.share:
		return false
	case l.held >= p.long && p.share < p.size:
		return l.working(now) < p.least()
	default:
		return true
	}
}

// working returns how many hold a place and are not stuck.
func (l *line) working(now time.Duration) (n int) {
	for _, since := range l.since {
		if now-since < stuckAfter {
			n++
		}
	}
	return n
}

// least is how many a route may have that holds them long.
func (p *Places) least() int { return max(1, p.share/2) }

func (p *Places) grant(l *line, now time.Duration) {
	p.taken++
	l.since = append(l.since, now)
}

// leaveLine ends a wait. It reports true when the place is there, perhaps just now, and since when.
func (p *Places) leaveLine(l *line, w *waiter, told bool) (since time.Duration, granted bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	since, granted = w.since, w.granted
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
	return since, granted
}

// Leave gives the place back, to the next who waits.
func (p Place) Leave() { p.places.leave(p.line, p.since) }

func (p *Places) leave(l *line, since time.Duration) {
	now := time.Since(p.opened)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken--
	i := slices.Index(l.since, since)
	l.since = slices.Delete(l.since, i, i+1)
	p.note(l, now-since, now)
	p.pass(now)
}

// look gives places to those who may have them because of the time that has gone by.
func (p *Places) look() {
	now := time.Since(p.opened)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pass(now)
}

// pass gives the free places to those who wait and may have them: more than one, when a route has got its whole share back. The caller holds mu.
func (p *Places) pass(now time.Duration) {
	for p.taken < p.size && p.next(now) {
	}
}

// next gives a place to the next one who waits and may have it. The caller holds mu.
func (p *Places) next(now time.Duration) bool {
	next := -1
	for i, other := range p.waiting {
		if p.fits(other, now) && (next < 0 || len(other.since) < len(p.waiting[next].since)) {
			next = i
		}
	}
	if next < 0 {
		return false
	}
	other := p.waiting[next]
	p.waiting = slices.Delete(p.waiting, next, next+1)
	w := other.waiters[0]
	other.waiters = slices.Delete(other.waiters, 0, 1)
	if len(other.waiters) > 0 {
		p.waiting = append(p.waiting, other)
	}
	w.granted, w.since = true, now
	p.grant(other, now)
	w.ready <- struct{}{}
	return true
}

// note counts that a place of the route was held for so long. The caller holds mu.
func (p *Places) note(l *line, held, now time.Duration) {
	if l.held == 0 {
		l.held = held
	}
	l.held += (held - l.held) / 8
	if now-p.reckoned < reckonAfter {
		return
	}
	p.reckoned = now
	all := make([]time.Duration, 0, len(p.lines))
	for _, l := range p.lines {
		if l.held > 0 {
			all = append(all, l.held)
		}
	}
	if len(all) > 0 {
		slices.Sort(all)
		p.long = max(leastLong, longTimes*all[(len(all)-1)/4])
	}
}
