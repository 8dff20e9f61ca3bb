package httpserver

import (
	"math"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// regulator lets in as large a share of the requests as can be answered. It does nothing while they wait no longer than patience: that is a burst, or no more
// clients than can be served in turn. Once they do, it holds the wait at target: a controller of the proportional and integral kind, as in PIE (RFC 8033), but of the
// logarithm of the share, so that it is as quick and as steady at twenty times too many as at one and a half. It is no queue: what was let in is served, and what
// was not costs next to nothing.
type regulator struct {
	patience, target time.Duration

	share atomic.Uint32 // of 2^32 that are let in; 0 for all

	// What follows is for one goroutine at a time.
	level  float64       // the logarithm of the share, 0 for all
	wait   time.Duration // when it was last steered
	at     time.Time     // that was then
	severe time.Time     // when less than half was let in last
}

// The controller. What waits grows by the relative error of the share, in seconds per second: so the two make a system that is damped critically (integral is
// a quarter of the square of proportional), and settles within about 2/proportional, which is several times as long as it takes to see what a step has done.
const (
	proportional = 20.0 // per second of wait
	integral     = proportional * proportional / 4
	// recovery is how many times as quickly the share grows while there is next to no wait: a controller that is steady when it has too much to do is slow to
	// see that it has not.
	recovery = 4.0
)

const (
	steerEvery = 10 * time.Millisecond
	steerMost  = 100 * time.Millisecond // what counts of the time between two steps
	leastShare = 1.0 / 128
	// trialAfter is how long more than half has to be let in before all is, on trial: clients that ask again at once when they are refused
	// keep a server busy that could serve each of them in turn. Where so many are kept waiting for their refusal that they could not, there is nothing to try.
	trialAfter = 5 * time.Second
)

// admits reports whether the next request is let in.
func (r *regulator) admits() bool {
	share := r.share.Load()
	return share == 0 || rand.Uint32() < share
}

// holds reports whether some are not let in.
func (r *regulator) holds() bool { return r.share.Load() != 0 }

// steer moves the share, by how long requests wait now. Ahead is how long the last of those who are kept waiting for a refusal would wait if all were let in.
func (r *regulator) steer(now time.Time, wait, ahead time.Duration) {
	if now.Sub(r.at) > oldNews { // nobody has come for a while
		r.share.Store(0)
	}
	if !r.holds() {
		if wait <= r.patience {
			r.at = now
			return
		}
		r.level, r.wait, r.severe = math.Log(leastShare), wait, now // what waits already is late, whoever is let in of it
	}
	passed := min(now.Sub(r.at), steerMost)
	gain := integral
	if wait < r.target/2 {
		gain *= recovery
	}
	r.level -= proportional*(wait-r.wait).Seconds() + gain*(wait-r.target).Seconds()*passed.Seconds()
	r.level = min(max(r.level, math.Log(leastShare)), 0)
	r.wait, r.at = wait, now
	if r.level < math.Log(0.5) {
		r.severe = now
	}
	if r.level == 0 && wait < r.target || now.Sub(r.severe) >= trialAfter && ahead <= r.patience {
		r.share.Store(0)
		return
	}
	r.share.Store(uint32(min(math.Exp(r.level), 1-1.0/math.MaxUint32) * math.MaxUint32))
}
