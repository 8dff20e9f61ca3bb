package redis

import (
	"math/rand/v2"
	"sync"
	"time"
)

// The breaker's limits.
const (
	inARow    = 5                // failures one after the other that open it
	atLeast   = 20               // calls within a window, of which half have to fail
	window    = 10 * time.Second // made of pieces, so that old calls leave it bit by bit
	pieces    = 10
	probeWait = time.Second // between two calls that try a server which was away, give or take a tenth
)

// breaker says whether a server is worth a call. It is gobreaker's idea with two things that one has not: waits that differ, so that the processes
// of an application do not all try at the same instant, and a probe that nobody has to report on, since the next one is a matter of time alone.
// It is safe for concurrent use.
type breaker struct {
	changed func(open bool) // called with mu held

	mu      sync.Mutex
	open    bool
	probe   time.Time // when the next call may try, while it is open
	failed  int       // one after the other
	counts  [pieces]count
	current time.Time // when the newest piece began
	newest  int
}

type count struct{ calls, failures int }

// allow reports whether a call may go to the server. Of an open breaker the one that may is the probe.
func (b *breaker) allow(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open {
		return true
	}
	if now.Before(b.probe) {
		return false
	}
	b.wait(now)
	return true
}

// answered takes the news that the server has answered.
func (b *breaker) answered(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed = 0
	if b.open {
		b.open, b.counts = false, [pieces]count{}
		b.changed(false)
	}
	b.piece(now).calls++
}

// silent takes the news that it has not.
func (b *breaker) silent(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open { // the probe, or a call that began before
		return
	}
	b.failed++
	p := b.piece(now)
	p.calls++
	p.failures++
	if b.failed >= inARow || b.half() {
		b.open, b.failed = true, 0
		b.wait(now)
		b.changed(true)
	}
}

// wait sets the time of the next probe.
func (b *breaker) wait(now time.Time) {
	b.probe = now.Add(probeWait*9/10 + rand.N(probeWait/5))
}

// half reports whether half of enough calls have failed.
func (b *breaker) half() bool {
	var sum count
	for _, c := range b.counts {
		sum.calls += c.calls
		sum.failures += c.failures
	}
	return sum.calls >= atLeast && 2*sum.failures >= sum.calls
}

// piece returns the newest piece of the window, after leaving behind those that are too old.
func (b *breaker) piece(now time.Time) *count {
	const length = window / pieces
	for steps := min(pieces, int(now.Sub(b.current)/length)); steps > 0; steps-- {
		b.newest = (b.newest + 1) % pieces
		b.counts[b.newest] = count{}
		b.current = b.current.Add(length)
	}
	if now.Sub(b.current) >= length { // nothing happened for longer than the window
		b.current = now
	}
	return &b.counts[b.newest]
}
