package ratelimit_test

import (
	"encoding/binary"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/ratelimit"
)

// hands is a clock that stands still until it is moved.
type hands struct{ at atomic.Int64 }

func (h *hands) now() time.Time          { return time.Unix(0, h.at.Load()) }
func (h *hands) advance(d time.Duration) { h.at.Add(int64(d)) }

// inMemory returns a rule that counts in memory, and the clock that it goes by.
func inMemory(t testing.TB, rule string, change ...func(*ratelimit.Config)) (*ratelimit.Limit, *hands) {
	t.Helper()
	var r ratelimit.Rule
	if err := r.UnmarshalText([]byte(rule)); err != nil {
		t.Fatal(err)
	}
	cfg, clock := ratelimit.Default(), &hands{}
	for _, f := range change {
		f(&cfg)
	}
	limits := ratelimit.New(cfg, ratelimit.Options{Now: clock.now})
	if err := limits.Declare(map[string]ratelimit.Rule{"test.rule": r}); err != nil {
		t.Fatal(err)
	}
	limit, err := limits.Named("test.rule")
	if err != nil {
		t.Fatal(err)
	}
	return limit, clock
}

func take(t testing.TB, l *ratelimit.Limit, subject string) ratelimit.Decision {
	t.Helper()
	d, err := l.Take(t.Context(), []byte(subject))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAWindowLetsExactlyItsLimitThrough(t *testing.T) {
	t.Parallel()
	l, clock := inMemory(t, "3 per 1m")
	for i, wait := range []time.Duration{0, 10 * time.Second, 10 * time.Second} {
		clock.advance(wait)
		d := take(t, l, "a")
		if !d.Allowed || d.Remaining != 2-i || d.Limit != 3 || d.RetryAfter != 0 {
			t.Errorf("request %d: %+v", i+1, d)
		}
	}
	if d := take(t, l, "a"); d.Allowed || d.Remaining != 0 || d.RetryAfter != 40*time.Second || d.Reset != 40*time.Second {
		t.Errorf("the fourth request: %+v, want it refused for the 40s that the window has left", d)
	}
	if d := take(t, l, "b"); !d.Allowed {
		t.Error("another subject is refused")
	}
	clock.advance(40*time.Second - 1)
	if take(t, l, "a").Allowed {
		t.Error("the window is over too early")
	}
	clock.advance(1)
	if d := take(t, l, "a"); !d.Allowed || d.Remaining != 2 || d.Reset != time.Minute {
		t.Errorf("after the window: %+v, want a new one", d)
	}
}

func TestGCRASpreadsRequests(t *testing.T) {
	t.Parallel()
	l, clock := inMemory(t, "60 per 1m, gcra, burst 3")
	for i := range 3 {
		if d := take(t, l, "a"); !d.Allowed || d.Remaining != 2-i {
			t.Errorf("request %d of the burst: %+v", i+1, d)
		}
	}
	if d := take(t, l, "a"); d.Allowed || d.RetryAfter != time.Second || d.Reset != 3*time.Second {
		t.Errorf("behind the burst: %+v, want it refused for 1s", d)
	}
	passed := 0
	for range 1000 {
		clock.advance(10 * time.Millisecond)
		if take(t, l, "a").Allowed {
			passed++
		}
	}
	if passed != 10 {
		t.Errorf("%d requests in 10s passed, want one each second", passed)
	}
	clock.advance(time.Hour)
	passed = 0
	for take(t, l, "a").Allowed {
		passed++
	}
	if passed != 3 {
		t.Errorf("%d passed after a pause, want the burst of 3", passed)
	}
}

func TestParallelRequestsAreCountedExactly(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{"100 per 1m", "100 per 1m, gcra"} {
		l, _ := inMemory(t, rule)
		var passed atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 500 {
					if d, err := l.Take(t.Context(), []byte("a")); err == nil && d.Allowed {
						passed.Add(1)
					}
				}
			})
		}
		all.Wait()
		if n := passed.Load(); n != 100 {
			t.Errorf("%s: %d of 4000 parallel requests passed, want 100", rule, n)
		}
	}
}

// A million strangers cost no more memory than the setting says, and do not make the limit of who keeps coming.
func TestStrangersDoNotPushOutWhoKeepsComing(t *testing.T) {
	t.Parallel()
	// A generation of a shard has room for 8. The regular comes after every third stranger, so that fewer than 8 come to its shard between two visits.
	l, _ := inMemory(t, "10 per 1h", func(c *ratelimit.Config) { c.Subjects = 1024 })
	passed := 0
	for i := range 50_000 {
		var stranger [8]byte
		binary.BigEndian.PutUint64(stranger[:], uint64(i))
		take(t, l, string(stranger[:]))
		if i%3 == 0 && take(t, l, "regular").Allowed {
			passed++
		}
	}
	if passed != 10 {
		t.Errorf("%d requests of the regular passed, want 10", passed)
	}
}

func TestAKnownSubjectCostsNoMemory(t *testing.T) { //nolint:paralleltest // testing.AllocsPerRun wants to be alone
	l, clock := inMemory(t, "5 per 1s")
	subject := []byte("ip:203.0.113.7")
	turn := func() {
		if _, err := l.Take(t.Context(), subject); err != nil {
			t.Fatal(err)
		}
	}
	turn()
	if n := testing.AllocsPerRun(100, turn); n != 0 {
		t.Errorf("a decision makes %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() { clock.advance(300 * time.Millisecond); turn() }); n != 0 {
		t.Errorf("a decision in the next window makes %v allocations", n)
	}
}

func BenchmarkTake(b *testing.B) {
	for _, rule := range []string{"1000000000 per 1h", "1000000000 per 1h, gcra"} {
		b.Run(rule, func(b *testing.B) {
			var r ratelimit.Rule
			if err := r.UnmarshalText([]byte(rule)); err != nil {
				b.Fatal(err)
			}
			limits := ratelimit.New(ratelimit.Default(), ratelimit.Options{})
			if err := limits.Declare(map[string]ratelimit.Rule{"test.rule": r}); err != nil {
				b.Fatal(err)
			}
			limit, err := limits.Named("test.rule")
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				subject := []byte("ip:203.0.113." + strconv.Itoa(int(time.Now().UnixNano()%200)))
				for pb.Next() {
					if _, err := limit.Take(b.Context(), subject); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
