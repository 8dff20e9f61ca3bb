package clock_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/clock"
)

func TestCut(t *testing.T) {
	t.Parallel()
	berlin := time.FixedZone("CET", 3600)
	for _, c := range []struct {
		name string
		in   time.Time
		want time.Time
	}{
		{"cut, not rounded", time.Date(2026, 3, 1, 12, 0, 0, 999_999, time.UTC), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)},
		{"whole milliseconds stay", time.Date(2026, 3, 1, 12, 0, 0, 7_000_000, time.UTC), time.Date(2026, 3, 1, 12, 0, 0, 7_000_000, time.UTC)},
		{"to UTC", time.Date(2026, 3, 1, 0, 30, 0, 1_999_999, berlin), time.Date(2026, 2, 28, 23, 30, 0, 1_000_000, time.UTC)},
		{"before 1970 towards the past", time.Date(1969, 12, 31, 23, 59, 59, 999_999_999, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 999_000_000, time.UTC)},
		{"the zero time", time.Time{}, time.Time{}},
	} {
		// By ==, not by Equal: location and monotonic reading have to be gone as well.
		if got := clock.Cut(c.in); got != c.want {
			t.Errorf("%s: Cut(%v) = %#v, want %#v", c.name, c.in, got, c.want)
		}
	}
}

// Now of every implementation is what Cut would make of it.
func TestNowIsCut(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("far", 13*3600)
	for name, c := range map[string]clock.Clock{
		"system": clock.System(),
		"fake":   clock.NewFake(time.Date(2026, 1, 2, 3, 4, 5, 6_789_012, zone)),
	} {
		if now := c.Now(); now != clock.Cut(now) || now.Location() != time.UTC {
			t.Errorf("%s: Now() = %#v is not UTC cut to milliseconds", name, now)
		}
	}
}

func TestSystemTellsTheTime(t *testing.T) {
	t.Parallel()
	before := clock.Cut(time.Now())
	now := clock.System().Now()
	after := time.Now()
	if now.Before(before) || now.After(after) {
		t.Errorf("Now() = %v, not between %v and %v", now, before, after)
	}
}

func TestFakeMoves(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f := clock.NewFake(start)
	if f.Now() != start || f.Now() != start {
		t.Error("the clock moves by itself")
	}
	f.Advance(time.Hour)
	f.Advance(-time.Minute)
	if got, want := f.Now(), start.Add(59*time.Minute); got != want {
		t.Errorf("after Advance: %v, want %v", got, want)
	}
	f.Advance(600 * time.Microsecond)
	f.Advance(600 * time.Microsecond)
	if got, want := f.Now(), start.Add(59*time.Minute+time.Millisecond); got != want {
		t.Errorf("fractions of a millisecond: %v, want %v", got, want)
	}
	f.Set(start)
	if f.Now() != start {
		t.Errorf("after Set: %v, want %v", f.Now(), start)
	}
}

func TestZeroFake(t *testing.T) {
	t.Parallel()
	var f clock.Fake
	f.Advance(time.Second)
	if got, want := f.Now(), (time.Time{}).Add(time.Second); got != want {
		t.Errorf("Now() = %v, want %v", got, want)
	}
}

func TestFakeIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f := clock.NewFake(start)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 1000 {
				f.Advance(time.Millisecond)
				_ = f.Now()
			}
		})
	}
	all.Wait()
	if got, want := f.Now(), start.Add(8*time.Second); got != want {
		t.Errorf("8 x 1000 x 1 ms: %v, want %v", got, want)
	}
}

func ExampleFake() {
	c := clock.NewFake(time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC))
	expires := c.Now().Add(15 * time.Minute)
	fmt.Println(c.Now().After(expires))
	c.Advance(16 * time.Minute)
	fmt.Println(c.Now().After(expires))
	// Output:
	// false
	// true
}
