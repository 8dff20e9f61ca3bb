package id

import (
	"sync"
	"sync/atomic"
	"testing"
)

// The milliseconds of ids do not follow a clock that is set back.
func TestMillisecondsNeverDecrease(t *testing.T) {
	t.Parallel()
	var latest atomic.Int64
	for _, c := range []struct{ now, want int64 }{{1000, 1000}, {1001, 1001}, {1001, 1001}, {400, 1001}, {1000, 1001}, {1002, 1002}} {
		if got := notBefore(&latest, c.now); got != c.want {
			t.Errorf("at %d: %d, want %d", c.now, got, c.want)
		}
	}
}

func TestMillisecondsNeverDecreaseForAnyone(t *testing.T) {
	t.Parallel()
	var latest atomic.Int64
	var all sync.WaitGroup
	for worker := range int64(8) {
		all.Go(func() {
			last := int64(0)
			for i := range int64(10_000) {
				// The workers' clocks differ, and each is set back now and then.
				got := notBefore(&latest, i+worker*7-i%5)
				if got < last {
					t.Errorf("worker %d: %d after %d", worker, got, last)
					return
				}
				last = got
			}
		})
	}
	all.Wait()
	if got, want := latest.Load(), int64(9_999+7*7-4); got != want {
		t.Errorf("the latest is %d, want %d", got, want)
	}
}
