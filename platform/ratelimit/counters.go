package ratelimit

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/banyan-go/banyan/platform/telemetry"
)

// numShards is a power of two. Requests of different subjects seldom meet at one lock.
const numShards = 64

// counters holds the counters of many subjects. The subjects are divided among shards, and in each shard into two generations: a
// subject that is seen joins the young one, and from time to time the young one becomes the old one, which is forgotten. So what is over goes
// without being looked for, memory has a bound, and of too many subjects those stay that still come.
type counters struct {
	life    time.Duration // how long after its last request a subject is worth remembering
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

// newCounters returns counters for about so many subjects.
func newCounters(life time.Duration, subjects int, evicted *telemetry.Count) *counters {
	return &counters{life: life, seed: maphash.MakeSeed(), most: max(1, subjects/numShards/2), evicted: evicted}
}

// lock returns the counter of a subject, a new one for one that is not known, and its shard, whose lock is for the caller to give back.
func (m *counters) lock(subject []byte, now time.Duration) (*counter, *shard) {
	s := &m.shards[maphash.Bytes(m.seed, subject)%numShards]
	s.mu.Lock()
	if now >= s.turn {
		s.age(now + m.life)
	}
	c := s.young[string(subject)]
	if c == nil {
		c = m.join(s, subject, now)
	}
	return c, s
}

// join makes a subject one of the young. The caller holds the lock.
func (m *counters) join(s *shard, subject []byte, now time.Duration) *counter {
	c := s.old[string(subject)] // before the old are forgotten: who keeps coming may be one of them
	if c == nil {
		c = &counter{}
	}
	if len(s.young) >= m.most {
		m.evicted.Add(len(s.old))
		s.age(now + m.life)
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
