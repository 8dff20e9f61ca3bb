package httpserver

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// refuse has so many ask at once, and returns how long each was kept.
func (p *pace) refuse(t *testing.T, n int, least time.Duration) []time.Duration {
	t.Helper()
	took := make([]time.Duration, n)
	began := time.Now()
	var all sync.WaitGroup
	for i := range took {
		all.Go(func() {
			p.wait(least)
			took[i] = time.Since(began)
		})
	}
	all.Wait()
	return took
}

// told counts those that were kept no longer.
func told(took []time.Duration, within time.Duration) (n int) {
	for _, d := range took {
		if d <= within {
			n++
		}
	}
	return n
}

func TestRefusalsHaveAPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &pace{between: time.Millisecond, longest: time.Second}
		took := p.refuse(t, 900, 0)
		for within, want := range map[time.Duration]int{0: 10, 100 * time.Millisecond: 100, 500 * time.Millisecond: 500, time.Second: 900} {
			if got := told(took, within); got < want || got > want+10 {
				t.Errorf("%d are told within %s, want %d", got, within, want)
			}
		}
		if n := p.waiting(); n != 0 {
			t.Errorf("%d wait when all were told", n)
		}
		if took := p.refuse(t, 3, 0); told(took, 0) != 3 {
			t.Errorf("a few that come later are kept: %v", took)
		}
	})
}

func TestNoRefusalIsKeptForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &pace{between: time.Millisecond, longest: time.Second}
		for range 3 {
			took := p.refuse(t, 5000, 0)
			if got := told(took, p.longest+paceStep); got != len(took) {
				t.Errorf("%d of %d are told in time", got, len(took))
			}
			if got := told(took, p.longest/2); got > 510 {
				t.Errorf("%d are told within %s", got, p.longest/2)
			}
		}
	})
}

func TestARefusalIsKeptAtLeastSoLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &pace{between: time.Millisecond, longest: time.Second}
		if took := p.refuse(t, 100, 300*time.Millisecond); told(took, 299*time.Millisecond) != 0 || told(took, 300*time.Millisecond) != 100 {
			t.Errorf("they were kept for %v", took)
		}
	})
}

func TestAtTheEndAllRefusalsAreTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &pace{between: time.Second, longest: time.Hour}
		time.AfterFunc(time.Minute, p.end)
		if took := p.refuse(t, 1000, 0); told(took, time.Minute) != 1000 || told(took, time.Minute-1) > 62 {
			t.Errorf("%d are told until the end, %d with it", told(took, time.Minute-1), told(took, time.Minute))
		}
		if took := p.refuse(t, 1000, 0); told(took, 0) != 1000 {
			t.Error("after the end somebody is kept")
		}
	})
}
