package apptest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/banyan-go/banyan/platform/app"
	"github.com/banyan-go/banyan/platform/cache"
)

// What one instance has changed, others hear of a moment later: 100 ms are promised to them. A test that reads at one what it has just written at
// another would find the moment. So behind a request that may write the instances settle: each says something behind all that was said before,
// and each waits until it has heard the other.

// ears are what an instance hears invalidations with.
type ears struct {
	marks *cache.Group[string, bool]
}

func newEars(a *app.App) *ears {
	return &ears{cache.Of(a.Platform().Cache, "apptest.marks", cache.Rule{}, func(context.Context, string) (bool, error) { return true, nil })}
}

// listen returns a function that waits until somebody else has invalidated a mark. It does not wait where nothing is heard: there nothing is kept for longer than
// that takes.
func (e *ears) listen(ctx context.Context, mark string) (heard func() error, err error) {
	reading, reads := cache.Collect(ctx)
	if _, err := e.marks.Get(reading, mark); err != nil {
		return nil, err
	}
	return func() error {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		again := time.NewTicker(time.Millisecond)
		defer again.Stop()
		for reads.Fresh() {
			select {
			case <-again.C:
			case <-ctx.Done():
				return fmt.Errorf("%s is not heard: %w", mark, context.Cause(ctx))
			}
		}
		return nil
	}, nil
}

// patience is how long an instance waits for another one, which the machine may have left alone for a while.
const patience = 20 * time.Second

// say invalidates a mark.
func (e *ears) say(ctx context.Context, mark string) error { return e.marks.Invalidate(ctx, mark) }

// The marks, by who says them.
const (
	ofTest     = "the test"
	ofInstance = "an instance"
)

// settler brings the instances of an application to the same state.
type settler struct {
	mu     sync.Mutex
	ears   *ears
	others []*instance
}

// settle returns when every instance has heard of all that was invalidated before.
func (s *settler) settle(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	heard, err := s.ears.listen(ctx, ofInstance)
	if err != nil {
		return err
	}
	for _, other := range s.others {
		other.say("settle")
	}
	running := false
	for _, other := range s.others {
		if _, said := <-other.settling; said { // it listens, and has said its mark; else it has ended
			running = true
		}
	}
	if !running {
		return nil
	}
	err = s.ears.say(ctx, ofTest) // all of them hear it, behind whatever any of them has said before
	if err == nil {
		err = heard()
	}
	for _, other := range s.others {
		<-other.settled
	}
	return err
}

// settled returns when every instance of the application knows what was written.
func (a *App) settled() {
	a.t.Helper()
	if a.settle == nil {
		return
	}
	if err := a.settle.settle(context.WithoutCancel(a.t.Context())); err != nil {
		a.t.Errorf("the instances of the application do not hear each other: %v", err)
	}
}

// settle is what an instance does for it.
func (e *ears) settle(ctx context.Context, out *reports) error {
	heard, err := e.listen(ctx, ofTest)
	if err == nil {
		err = e.say(ctx, ofInstance)
	}
	out.send(report{Settling: true})
	if err == nil {
		err = heard()
	}
	out.send(report{Settled: true})
	return err
}
