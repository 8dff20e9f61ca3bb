package session_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/session"
	"github.com/banyan-go/banyan/platform/session/driver"
	"github.com/banyan-go/banyan/platform/session/memory"
)

// failing is a store whose sweeps take whole steps, and fail when they are to be kept: as on a disk that is full.
type failing struct {
	driver.Store
	steps int // so far
}

func (*failing) Features() driver.Features { return memory.Driver{}.Features() }

func (f *failing) Open(o driver.Options) (_ driver.Store, err error) {
	f.Store, err = memory.Driver{}.Open(o)
	return f, err
}

func (f *failing) Sweep(_ context.Context, most int) (int, error) {
	if f.steps++; f.steps > 100 {
		return 0, nil // the test has seen enough
	}
	return most, errors.New("the disk is full")
}

// A sweep that fails is tried again after the pause that there is between two, whatever it says that it has taken away.
func TestSweepThatFailsHasItsPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &failing{}
		var lc lifecycle.Lifecycle
		cfg := session.Default()
		cfg.Store = "failing"
		if _, err := session.New(cfg, session.Options{Drivers: session.Drivers{"failing": store}, Lifecycle: &lc}); err != nil {
			t.Fatal(err)
		}
		if err := lc.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5*time.Minute + time.Second) // of the bubble
		if err := lc.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if store.steps != 5 {
			t.Errorf("%d steps in five minutes, want one a minute", store.steps)
		}
	})
}
