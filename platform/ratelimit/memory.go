package ratelimit

import (
	"hash/maphash"
	"sync"
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

// numShards is a power of two. Requests of different subjects seldom meet at one lock.
const numShards = 64

// memory counts the requests of one rule in this process. The subjects are divided among shards, and in each shard into two generations: a
// subject that is seen joins the young one, and from time to time the young one becomes the old one, which is forgotten. So what is over goes
// without being looked for, memory has a bound, and of too many subjects those stay that still come.
type memory struct {
	rule    Rule
	seed    maphash.Seed
	most    int // subjects of a generation
	evicted *telemetry.Count
	shards  [numShards]shard
}

type shard struct {
	mu         sync.Mutex
	young, old map[string]*counter
	turn       time.Duration // when the generations change
	_          [32]byte      // two shards share no cache line
}

// newMemory returns a memory for about so many subjects.
func newMemory(r Rule, subjects int, evicted *telemetry.Count) *memory {
	return &memory{rule: r, seed: maphash.MakeSeed(), most: max(1, subjects/numShards/2), evicted: evicted}
}

// take decides about one request. It allocates for a subject that is new alone.
func (m *memory) take(subject []byte, now time.Duration) verdict {
	s := &m.shards[maphash.Bytes(m.seed, subject)%numShards]
	s.mu.Lock()
	if now >= s.turn {
		s.age(now + m.rule.life())
	}
	c := s.young[string(subject)]
	if c == nil {
		c = m.join(s, subject, now)
	}
	v := c.count(&m.rule, now)
	s.mu.Unlock()
	return v
}

// join makes a subject one of the young. The caller holds the lock.
func (m *memory) join(s *shard, subject []byte, now time.Duration) *counter {
	c := s.old[string(subject)] // before the old are forgotten: who keeps coming may be one of them
	if c == nil {
		c = &counter{}
	}
	if len(s.young) >= m.most {
		m.evicted.Add(len(s.old))
		s.age(now + m.rule.life())
	}
	if s.young == nil {
		s.young, s.old = map[string]*counter{}, map[string]*counter{}
	}
	s.young[string(subject)] = c
	return c
}

// age forgets the old generation. The maps keep their room.
func (s *shard) age(turn time.Duration) {
	s.young, s.old, s.turn = s.old, s.young, turn
	clear(s.young)
}
