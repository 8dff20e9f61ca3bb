package driver_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/db/querystat"
)

// serving returns the context of a request to a route.
func serving(route string) context.Context {
	if route == "" {
		return context.Background()
	}
	return querystat.WithRecorder(context.Background(), querystat.New(querystat.Options{}).Origin(route).Begin())
}

// take takes a place that has to be free.
func take(t *testing.T, p *driver.Places, route string) driver.Place {
	t.Helper()
	place, ok := p.Take(serving(route), 0)
	if !ok {
		t.Fatalf("%s gets no place", route)
	}
	return place
}

// wantNone fails the test when there is a place.
func wantNone(t *testing.T, p *driver.Places, route string) {
	t.Helper()
	if place, ok := p.Take(serving(route), time.Millisecond); ok {
		place.Leave()
		t.Errorf("%s gets a place", route)
	}
}

// A route gets its share and no more, and what is no request gets all.
func TestPlacesShare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, testPlacesShare) // how long a place is held counts
}

func testPlacesShare(t *testing.T) {
	t.Helper()
	p := driver.NewPlaces(4, 2)
	first := take(t, p, "storm")
	take(t, p, "storm")
	wantNone(t, p, "storm")
	other := take(t, p, "other")
	wantNone(t, p, "storm")
	last := take(t, p, "")
	wantNone(t, p, "third")
	other.Leave()
	last.Leave()
	wantNone(t, p, "storm")
	first.Leave()
	take(t, p, "storm")

	for _, unlimited := range []*driver.Places{driver.NewPlaces(2, 0), driver.NewPlaces(2, 9)} {
		take(t, unlimited, "one")
		take(t, unlimited, "one")
		wantNone(t, unlimited, "one")
	}
	jobs := driver.NewPlaces(2, 1)
	take(t, jobs, "")
	take(t, jobs, "")
	if n := driver.NewPlaces(0, 0).Size(); n != 1 {
		t.Errorf("of no places there are %d, want 1", n)
	}
	for p, want := range map[*driver.Places]string{p: "there are 4 (db.pool.max_open), 2 of them for one route (db.pool.share), 1 when it holds them long", jobs: "", driver.NewPlaces(3, 0): "there are 3 (db.pool.max_open)"} {
		if !strings.Contains(p.String(), want) {
			t.Errorf("it says %q, want %q", p, want)
		}
	}
}

// A route that holds its places much longer than others gets half of its share, and the whole of it again when it does so no more.
func TestPlacesHeldLong(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		share       int
		usual, held time.Duration
		long        bool
	}{
		"long":                     {share: 4, usual: time.Millisecond, held: 20 * time.Millisecond, long: true},
		"short":                    {share: 4, usual: time.Millisecond, held: 9 * time.Millisecond},
		"everybody, far away":      {share: 4, usual: 15 * time.Millisecond, held: 40 * time.Millisecond},
		"no share":                 {share: 8, usual: time.Millisecond, held: time.Second},
		"longer than others there": {share: 4, usual: 15 * time.Millisecond, held: 90 * time.Millisecond, long: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := driver.NewPlaces(8, tc.share)
				hold := func(route string, d time.Duration) {
					for range 50 {
						place := take(t, p, route)
						time.Sleep(d)
						place.Leave()
					}
				}
				hold("other", tc.usual)
				hold("another", 2*tc.usual)
				hold("storm", tc.held)
				hold("other", tc.usual) // long enough after it for another look at all routes
				want := tc.share
				if tc.long {
					want /= 2
				}
				var places []driver.Place
				for range want {
					places = append(places, take(t, p, "storm"))
				}
				wantNone(t, p, "storm")
				if tc.share == 8 {
					return
				}

				// Those who wait get the rest of the share when the statements have become short.
				const waiters = 60
				got := make(chan driver.Place, waiters)
				for range waiters {
					go func() {
						place, ok := p.Take(serving("storm"), time.Hour)
						if !ok {
							t.Error("it is not served")
						}
						got <- place
					}()
				}
				synctest.Wait()
				for _, place := range places {
					place.Leave()
				}
				for range waiters - tc.share {
					synctest.Wait()
					(<-got).Leave()
				}
				synctest.Wait()
				if n := len(got); n != tc.share {
					t.Errorf("%d are served at the same time, want %d", n, tc.share)
				}
			})
		})
	}
}

// A request that is stuck, on a lock that somebody else has, takes nobody's time: a route of which one may work at a time goes on beside it, up to its share.
func TestPlacesOfTheStuck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := driver.NewPlaces(4, 2)
		for range 50 {
			place := take(t, p, "storm")
			time.Sleep(20 * time.Millisecond)
			place.Leave()
			quick := take(t, p, "other")
			time.Sleep(time.Millisecond)
			quick.Leave()
		}
		stuck := take(t, p, "storm")
		began := time.Now()
		const waiters = 20
		served := make(chan time.Duration, waiters)
		for range waiters {
			go func() {
				place, ok := p.Take(serving("storm"), time.Second)
				if !ok {
					t.Error("it is not served")
					return
				}
				served <- time.Since(began)
				time.Sleep(time.Millisecond)
				place.Leave()
			}()
		}
		for i := range waiters {
			if after := <-served; after < 500*time.Millisecond || after > 600*time.Millisecond+time.Duration(i)*time.Millisecond {
				t.Errorf("request %d is served after %s, want when the first is stuck, one after the other", i, after)
			}
		}
		time.Sleep(10 * time.Millisecond)
		second := take(t, p, "storm")
		time.Sleep(time.Second)
		wantNone(t, p, "storm") // two that are stuck are its share
		second.Leave()
		stuck.Leave()
		place := take(t, p, "storm")
		wantNone(t, p, "storm") // it holds them longer than ever
		place.Leave()
	})
}

// Who waits is served in turns, route by route, however many wait for one of them, and within a route in the order in which they came.
func TestPlacesTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := driver.NewPlaces(1, 1)
		held := take(t, p, "holder")
		var mu sync.Mutex
		var served []string
		wait := func(route, name string) {
			go func() {
				place, ok := p.Take(serving(route), time.Minute)
				if !ok {
					t.Errorf("%s is not served", name)
					return
				}
				mu.Lock()
				served = append(served, name)
				mu.Unlock()
				place.Leave()
			}()
			synctest.Wait() // it is in the line
		}
		for _, name := range []string{"storm 1", "storm 2", "storm 3", "storm 4"} {
			wait("storm", name)
		}
		wait("other", "other 1")
		wait("third", "third 1")
		wait("other", "other 2")
		held.Leave()
		synctest.Wait()
		want := []string{"storm 1", "other 1", "third 1", "storm 2", "other 2", "storm 3", "storm 4"}
		if !slices.Equal(served, want) {
			t.Errorf("served %q, want %q", served, want)
		}
	})
}

// The one who holds the fewest is the first to get another one, however long somebody else has waited.
func TestPlacesGoToTheOneWithFewest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := driver.NewPlaces(3, 3)
		storm, other := take(t, p, "storm"), take(t, p, "other")
		take(t, p, "storm")
		served := make(chan string, 2)
		for _, route := range []string{"storm", "other"} {
			go func() {
				if _, ok := p.Take(serving(route), time.Hour); ok {
					served <- route
				}
			}()
			synctest.Wait() // it is in the line
		}
		other.Leave() // which has none now, and storm two
		if got := <-served; got != "other" {
			t.Errorf("%s was served first", got)
		}
		storm.Leave()
		if got := <-served; got != "storm" {
			t.Errorf("%s was served then", got)
		}
	})
}

// A wait ends with the context of the request and with its time, and leaves nothing behind.
func TestPlacesGiveUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := driver.NewPlaces(1, 0)
		held := take(t, p, "holder")
		began := time.Now()
		if _, ok := p.Take(serving("late"), time.Second); ok || time.Since(began) != time.Second {
			t.Errorf("it ended after %s, with a place: %v", time.Since(began), ok)
		}
		ctx, cancel := context.WithTimeout(serving("short"), time.Millisecond)
		defer cancel()
		began = time.Now()
		statement := &driver.Statement{Caller: ctx, Until: time.Now().Add(time.Hour)}
		if _, ok := p.Take(statement, time.Second); ok || time.Since(began) != time.Millisecond {
			t.Errorf("it ended after %s, with a place: %v", time.Since(began), ok)
		}
		ended, end := context.WithCancel(serving("ended"))
		time.AfterFunc(time.Minute, end)
		for _, want := range []time.Duration{time.Minute, 0} { // and then it has ended before
			began = time.Now()
			if _, ok := p.Take(ended, time.Hour); ok || time.Since(began) != want {
				t.Errorf("it ended after %s, with a place: %v", time.Since(began), ok)
			}
		}
		held.Leave()
		take(t, p, "next").Leave()
		take(t, p, "late").Leave()
	})
}

// Nothing is lost and nothing is there twice when many want the same.
func TestPlacesUnderLoad(t *testing.T) {
	t.Parallel()
	const size = 3
	p := driver.NewPlaces(size, 2)
	var all sync.WaitGroup
	inside := make(chan struct{}, size)
	for _, route := range []string{"a", "b", "c", ""} {
		for range 8 {
			all.Go(func() {
				for i := range 200 {
					place, ok := p.Take(serving(route), time.Duration(i%3)*time.Microsecond)
					if !ok {
						continue
					}
					select {
					case inside <- struct{}{}:
						<-inside
					default:
						t.Error("there are more places than there are")
					}
					place.Leave()
				}
			})
		}
	}
	all.Wait()
	for range size {
		take(t, p, "")
	}
	wantNone(t, p, "")
}

func BenchmarkPlaces(b *testing.B) {
	p := driver.NewPlaces(16, 8)
	ctx := serving("GET /api/v1/catalog/products/{id}")
	b.ReportAllocs()
	for b.Loop() {
		place, _ := p.Take(ctx, time.Second)
		place.Leave()
	}
}
