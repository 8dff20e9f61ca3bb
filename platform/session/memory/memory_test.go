package memory_test

import (
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/session/driver"
	"github.com/banyan-go/banyan/platform/session/memory"
	"github.com/banyan-go/banyan/platform/session/sessiontest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	sessiontest.Run(t, func(t *testing.T, o driver.Options) sessiontest.Place {
		now := clock.NewFake(time.Date(2026, 11, 26, 20, 0, 0, 0, time.UTC))
		store, err := memory.Driver{Now: now.Now}.Open(o)
		if err != nil {
			t.Fatal(err)
		}
		return sessiontest.Place{Store: store, Advance: func(_ *testing.T, d time.Duration) { now.Advance(d) }}
	})
}
