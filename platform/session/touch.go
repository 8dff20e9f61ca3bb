package session

import (
	"context"
	"sync"
	"time"

	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/session/driver"
)

const (
	// touchTimeout is how long a note that a session was seen may take. Nobody waits for it.
	touchTimeout = time.Second
	// mostTouches is how many of them are under way at the same time; what is too much is left to the next request of that session.
	mostTouches = 16
	// sweepEvery is the pause between two rounds that take ended sessions away, sweepMost how many go at a time, and sweepTimeout how long that may take.
	sweepEvery   = time.Minute
	sweepMost    = 500
	sweepTimeout = 5 * time.Second
)

// toucher notes behind the answers of requests that their sessions were seen.
type toucher struct {
	sessions *Sessions
	mu       *sync.Mutex
	busy     map[driver.ID]bool // those under way
	idle     *sync.Cond         // there is none under way
}

func newToucher(s *Sessions) toucher {
	mu := &sync.Mutex{}
	return toucher{sessions: s, mu: mu, busy: map[driver.ID]bool{}, idle: sync.NewCond(mu)}
}

// touch begins to note one, unless that is under way. The request does not wait, and its context is not used: a server uses it again for the next one.
func (t *toucher) touch(id driver.ID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.busy[id] || len(t.busy) >= mostTouches {
		return
	}
	t.busy[id] = true
	go t.run(id)
}

func (t *toucher) run(id driver.ID) {
	defer t.done(id)
	ctx, cancel := context.WithTimeout(context.Background(), touchTimeout)
	defer cancel()
	if err := t.sessions.store.Touch(ctx, id); err != nil {
		t.sessions.counts.errors.Inc()
		t.sessions.log.WarnContext(ctx, "that a session was seen could not be noted", "error", err.Error())
	}
}

func (t *toucher) done(id driver.ID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if delete(t.busy, id); len(t.busy) == 0 {
		t.idle.Broadcast()
	}
}

// wait returns when none is under way. Each ends within touchTimeout.
func (t *toucher) wait() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.busy) > 0 {
		t.idle.Wait()
	}
}

// Flush returns when everything that Load has noted behind its answers is in the store, or has failed: within a second of the last Load.
func (s *Sessions) Flush() { s.touches.wait() }

// hook runs what sweeps, where the store needs that.
func (s *Sessions) hook() lifecycle.Hook {
	sweeper, sweeps := s.store.(driver.Sweeper)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	return lifecycle.Hook{
		Name: "sessions",
		Start: func(context.Context) error {
			go func() {
				defer close(done)
				if sweeps {
					s.sweep(ctx, sweeper)
				}
			}()
			return nil
		},
		Stop: func(context.Context) error {
			cancel()
			<-done
			s.Flush()
			return nil
		},
	}
}

// sweep takes ended sessions away until ctx ends, in small steps, so that no request waits long behind one.
func (s *Sessions) sweep(ctx context.Context, sweeper driver.Sweeper) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for s.sweepOnce(ctx, sweeper) == sweepMost {
		}
	}
}

// sweepOnce takes one step and returns how many sessions that took away, 0 after an error: the next step has to wait then, or it would fail in the same way at once,
// and so on.
func (s *Sessions) sweepOnce(ctx context.Context, sweeper driver.Sweeper) int {
	step, cancel := context.WithTimeout(ctx, sweepTimeout)
	defer cancel()
	n, err := sweeper.Sweep(step, sweepMost)
	if err == nil {
		return n
	}
	if ctx.Err() == nil {
		s.counts.errors.Inc()
		s.log.WarnContext(ctx, "ended sessions could not be taken away", "error", err.Error())
	}
	return 0
}
