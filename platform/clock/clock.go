// Package clock is where the platform reads the time. What asks a Clock instead of time.Now can be tested without waiting. It also
// holds Date, a calendar date without a time of day.
//
// Every instant of the platform is UTC and cut to whole milliseconds, so that a value is the same before and after it was stored:
// databases keep different fractions of a second, and some of them round.
package clock

import (
	"sync"
	"time"
)

// Clock tells the time. Implementations are safe for concurrent use.
type Clock interface {
	// Now returns the present instant in UTC, cut to whole milliseconds and without a monotonic reading, so that two results
	// can be compared by ==. Measure how long something took by time.Since, not by a Clock: a Clock jumps when the wall clock
	// is set.
	Now() time.Time
}

// System returns the clock of the machine.
func System() Clock { return system{} }

type system struct{}

func (system) Now() time.Time { return Cut(time.Now()) }

// Cut returns t in UTC, cut (not rounded) to whole milliseconds and without its monotonic reading.
func Cut(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

var (
	_ Clock = system{}
	_ Clock = (*Fake)(nil)
)

// Fake is a clock for tests that stands still until it is moved. The zero value stands at the zero time. It is safe for concurrent
// use and must not be copied after its first use.
type Fake struct {
	mu sync.Mutex
	t  time.Time
}

// NewFake returns a clock that stands at t.
func NewFake(t time.Time) *Fake { return &Fake{t: t} }

// Now returns the instant at which the clock stands, in UTC and cut to milliseconds like that of every Clock.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return Cut(f.t)
}

// Advance moves the clock by d, backwards when d is negative. Fractions of a millisecond add up, though Now does not show them.
func (f *Fake) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.t = f.t.Add(d)
}

// Set puts the clock to t.
func (f *Fake) Set(t time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.t = t
}
