package httpserver

import (
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/banyan-go/banyan/platform/telemetry"
	"github.com/banyan-go/banyan/platform/unit"
)

func newAdmission(limit int64, room int) *admission {
	a := &admission{patience: 100 * time.Millisecond, impatience: 5 * time.Millisecond, room: room}
	a.limit.Store(limit)
	return a
}

// quiet returns telemetry whose log nobody reads.
func quiet(t *testing.T) *telemetry.Telemetry {
	t.Helper()
	tel, err := telemetry.New(telemetry.DefaultConfig(), telemetry.Options{Out: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	return tel
}

// shedding returns the shedder of these settings, which was not started.
func shedding(t *testing.T, cfg Shed, tel *telemetry.Telemetry) *shedder {
	t.Helper()
	s, err := newShedder(cfg, tel)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// queued lets a request wait in a, and returns what becomes of it and when.
func queued(a *admission) (said func() (outcome, time.Duration)) {
	began, done := time.Now(), make(chan struct{})
	var o outcome
	var took time.Duration
	go func() {
		defer close(done)
		o = a.enter()
		took = time.Since(began)
	}()
	synctest.Wait()
	return func() (outcome, time.Duration) { <-done; return o, took }
}

func TestABurstIsServedInTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAdmission(1, 3)
		if a.enter() != admitted {
			t.Fatal("the first request is not admitted")
		}
		first, second, third := queued(a), queued(a), queued(a)
		if said, took := queued(a)(); said != queueFull || took != 0 {
			t.Errorf("one more than may wait: %v after %v, want it refused at once", said, took)
		}
		time.Sleep(10 * time.Millisecond)
		a.leave()
		if said, took := first(); said != admitted || took != 10*time.Millisecond {
			t.Errorf("who came first: %v after %v", said, took)
		}
		time.Sleep(10 * time.Millisecond)
		a.leave()
		if said, took := second(); said != admitted || took != 20*time.Millisecond {
			t.Errorf("who came second: %v after %v", said, took)
		}
		if said, took := third(); said != tooLate || took != 100*time.Millisecond {
			t.Errorf("who got no place: %v after %v, want it refused after 100ms", said, took)
		}
		if running, waiting := a.running.Load(), a.waiting.Load(); running != 1 || waiting != 0 {
			t.Errorf("%d run and %d wait, want 1 and 0", running, waiting)
		}
	})
}

func TestBehindOneWhoHasWaitedInVainTheYoungestIsServed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAdmission(2, 10)
		a.enter()
		a.enter()
		if said, took := queued(a)(); said != tooLate || took != 100*time.Millisecond {
			t.Fatalf("who waits behind two that stay: %v after %v", said, took)
		}
		old, young := queued(a), queued(a)
		if said, took := queued(a)(); said != queueFull || took != 0 {
			t.Errorf("one more than may run, after %v: %v, want it refused at once", took, said)
		}
		time.Sleep(4 * time.Millisecond)
		a.leave()
		if said, _ := young(); said != admitted {
			t.Error("the youngest is not served")
		}
		if said, took := old(); said != tooLate || took != 5*time.Millisecond {
			t.Errorf("an older one: %v after %v, want it refused after 5ms", said, took)
		}
		time.Sleep(100 * time.Millisecond) // in which nobody is refused
		if said, took := queued(a)(); said != tooLate || took != 100*time.Millisecond {
			t.Errorf("later: %v after %v, want patience again", said, took)
		}
	})
}

// As many clients as ask again when they have their answer make a queue that never empties, and each is served: nobody has waited in vain.
func TestAQueueThatMovesIsServedInTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAdmission(1, 100)
		a.enter()
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				for range 20 {
					if said := a.enter(); said != admitted {
						t.Errorf("%v, with a place each millisecond for 50 that wait 100ms", said)
						return
					}
					time.Sleep(time.Millisecond)
					a.leave()
				}
			})
		}
		synctest.Wait()
		a.leave()
		all.Wait()
	})
}

func TestNoPlaceIsLost(t *testing.T) {
	t.Parallel()
	a := newAdmission(3, 50)
	var running, most, served atomic.Int64
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for range 2000 {
				if a.enter() != admitted {
					continue
				}
				if n := running.Add(1); n > most.Load() {
					most.Store(n)
				}
				served.Add(1)
				running.Add(-1)
				a.leave()
			}
		})
	}
	all.Wait()
	if a.running.Load() != 0 || a.waiting.Load() != 0 || len(a.queue) != 0 {
		t.Errorf("%d run and %d wait when all have left", a.running.Load(), a.waiting.Load())
	}
	if most.Load() > 3 || served.Load() == 0 {
		t.Errorf("%d ran at the same time of %d, want at most 3", most.Load(), served.Load())
	}
}

func BenchmarkAdmission(b *testing.B) {
	s := &shedder{cfg: defaultShed(), all: newAdmission(1024, 0)}
	s.regulator.patience = s.cfg.Wait
	route := s.route(0, func() time.Duration { return 0 })
	now := time.Now()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if s.enter(now, route) == admitted {
				s.leave(route)
			}
		}
	})
}

func TestALimitFollowsTheWait(t *testing.T) {
	t.Parallel()
	a := &adaptive{admission: admission{patience: time.Second}, least: 16, most: 1024}
	a.limit.Store(1024)
	look := func(n int, busy, pressed bool) int64 {
		for range n {
			a.pressed.Store(pressed)
			a.move(busy)
		}
		return a.limit.Load()
	}
	a.running.Store(600)
	if got := look(busyLooks-1, true, true); got != 1024 {
		t.Errorf("after a short burst the limit is %d, want it untouched", got)
	}
	if got := look(1, true, true); got != 400 {
		t.Errorf("when waits stay too long the limit is %d, want two thirds of the 600 that run", got)
	}
	a.running.Store(0)
	if got := look(100, true, true); got != 16 {
		t.Errorf("the limit comes down to %d, want 16", got)
	}
	if got := look(100, false, false); got != 16 {
		t.Errorf("the limit goes up to %d where it is in nobody's way", got)
	}
	if got := look(5, false, true); got != 33 {
		t.Errorf("after five looks the limit is %d, want an eighth and one more each time", got)
	}
	if got := look(100, false, true); got != 1024 {
		t.Errorf("the limit goes up to %d, want 1024", got)
	}
}

// A request that the server refuses has a place of its route for a moment.
func TestTheRouteOfARefusedRequestLosesNoPlace(t *testing.T) {
	t.Parallel()
	tel := quiet(t)
	cfg := defaultShed()
	cfg.InFlight, cfg.Wait = unit.Exactly(1), time.Millisecond
	s := shedding(t, cfg, tel)
	route := s.route(5, nil)
	if s.enter(time.Now(), route) != admitted || s.enter(time.Now(), route) != tooLate {
		t.Fatal("more than one request is admitted, or none")
	}
	if n := route.running.Load(); n != 1 {
		t.Errorf("%d places of the route are taken, want that of the request that runs", n)
	}
	s.leave(route)
	if route.running.Load() != 0 || s.all.running.Load() != 0 {
		t.Error("a place is taken when nothing runs")
	}
}

// Where a look takes longer than the time between two, the next one does not begin.
func TestLooksDoNotOverlap(t *testing.T) {
	t.Parallel()
	tel := quiet(t)
	s := shedding(t, defaultShed(), tel)
	looks := 0
	s.route(0, func() time.Duration {
		if looks++; looks < 3 {
			s.look()
		}
		return 0
	})
	if s.look(); looks != 1 {
		t.Errorf("%d looks at the same time", looks)
	}
	if s.look(); looks != 2 {
		t.Errorf("%d looks, want 2", looks)
	}
}

// A client that a route has no room for learns it after a while, so that it does not ask again all the time; when that are many, at once, as from the
// server.
func TestARefusalOfARouteTakesAWhile(t *testing.T) {
	t.Parallel()
	tel := quiet(t)
	synctest.Test(t, func(t *testing.T) {
		cfg := defaultShed()
		cfg.InFlight, cfg.Queue, cfg.Wait = unit.Exactly(10), unit.Exactly(2), time.Hour
		s := shedding(t, cfg, tel)
		route := s.route(1, nil)
		if s.enter(time.Now(), route) != admitted {
			t.Fatal("the first request is not admitted")
		}
		waits := []func() (outcome, time.Duration){queued(&route.admission), queued(&route.admission)}
		refused := make(chan time.Duration, 3)
		for range 3 {
			began := time.Now()
			go func() {
				if said := s.enter(time.Now(), route); said != queueFull {
					t.Errorf("one more than may wait: %v", said)
				}
				refused <- time.Since(began)
			}()
		}
		synctest.Wait()
		for _, said := range waits {
			route.leave()
			if got, _ := said(); got != admitted {
				t.Errorf("who waited: %v", got)
			}
		}
		for _, want := range []time.Duration{0, cfg.Wait, cfg.Wait} {
			if took := <-refused; took != want {
				t.Errorf("a refusal took %v, want %v", took, want)
			}
		}
	})
}

// Who waits is let in as soon as the limit goes up, and not when somebody leaves.
func TestALimitThatGoesUpLetsWaitersIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &adaptive{admission: admission{patience: time.Second, room: 1}, least: 1, most: 10}
		a.limit.Store(1)
		a.enter()
		waits := queued(&a.admission)
		a.move(false)
		if said, took := waits(); said != admitted || took != 0 {
			t.Errorf("%v after %v", said, took)
		}
	})
}

func TestWaitsForTheDatabaseAreThoseSinceTheLastLook(t *testing.T) {
	t.Parallel()
	var waited time.Duration
	s := &shedder{cfg: defaultShed(), all: newAdmission(10, 0)}
	a := s.route(0, func() time.Duration { return waited })
	for i, requests := range []int64{1, 4, 0} {
		waited += 40 * time.Millisecond
		a.done.Add(requests)
		if got, want := a.wait(), []time.Duration{40 * time.Millisecond, 10 * time.Millisecond, 40 * time.Millisecond}[i]; got != want {
			t.Errorf("look %d: %v for each request, want %v", i+1, got, want)
		}
	}
}
