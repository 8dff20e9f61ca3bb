package ratelimit

import (
	"time"

	"github.com/banyan-go/banyan/platform/telemetry"
)

// verdict is what a store says.
type verdict struct {
	allowed      bool
	remaining    int
	reset, retry time.Duration
}

// counter is the state of one subject.
type counter struct {
	end time.Duration // of the window; for gcra the theoretical arrival time
	n   int           // let through in the window
}

// count is one decision.
func (c *counter) count(r *Rule, now time.Duration) verdict {
	if r.Algorithm == GCRA {
		return c.gcra(r, now)
	}
	if now >= c.end {
		c.end, c.n = now+r.Window, 0
	}
	left := c.end - now
	if c.n >= r.Max {
		return verdict{reset: left, retry: left}
	}
	c.n++
	return verdict{allowed: true, remaining: r.Max - c.n, reset: left}
}

func (c *counter) gcra(r *Rule, now time.Duration) verdict {
	interval := r.interval()
	full := interval * time.Duration(r.Burst)
	arrival := max(c.end, now)
	if wait := arrival + interval - full - now; wait > 0 {
		return verdict{reset: arrival - now, retry: wait}
	}
	c.end = arrival + interval
	return verdict{allowed: true, remaining: int((full - (c.end - now)) / interval), reset: c.end - now}
}

// life is how long after its last request a subject is worth remembering.
func (r *Rule) life() time.Duration {
	if r.Algorithm == GCRA {
		return r.interval() * time.Duration(r.Burst)
	}
	return r.Window
}

// memory counts the requests of one rule in this process.
type memory struct {
	rule     Rule
	counters *counters
}

// newMemory returns a memory for about so many subjects.
func newMemory(r Rule, subjects int, evicted *telemetry.Count) *memory {
	return &memory{rule: r, counters: newCounters(r.life(), subjects, evicted)}
}

// take decides about one request. It allocates for a subject that is new alone.
func (m *memory) take(subject []byte, now time.Duration) verdict {
	c, s := m.counters.lock(subject, now)
	v := c.count(&m.rule, now)
	s.mu.Unlock()
	return v
}
