package redisstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/cache/driver"
	"github.com/banyan-go/banyan/platform/cache/redisstore"
	"github.com/banyan-go/banyan/platform/redis"
	"github.com/banyan-go/banyan/platform/servertest"
)

// heard is what one listener hears, on a server of its own.
type heard struct {
	t      *testing.T
	server *servertest.RedisServer
	client *redis.Client
	store  driver.Store
	events chan driver.Event
	ended  chan error
}

func listen(t *testing.T) *heard {
	t.Helper()
	server := servertest.StartRedis(t)
	r := client(t, server.URL(), "app")
	store, err := redisstore.Driver{}.Open(driver.Options{Redis: r, Lease: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	h := &heard{t: t, server: server, client: r.Cache(), store: store, events: make(chan driver.Event, 100), ended: make(chan error, 1)}
	h.again()
	return h
}

// again listens once more.
func (h *heard) again() {
	ctx, cancel := context.WithCancel(h.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.ended <- h.store.Listen(ctx, func(e driver.Event) { h.events <- e })
	}()
	h.t.Cleanup(func() {
		cancel()
		<-done
	})
}

func (h *heard) next() driver.Event {
	h.t.Helper()
	select {
	case e := <-h.events:
		return e
	case err := <-h.ended:
		h.t.Fatalf("the listener has ended: %v", err)
	case <-time.After(20 * time.Second):
		h.t.Fatal("nothing is heard")
	}
	panic("unreachable")
}

const number, bus = "app:cache:cache:n:", "app:cache:cache:bus:"

func (h *heard) incr() {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute)
	defer cancel()
	if err := redis.Commands(h.client).Incr(ctx, number).Err(); err != nil {
		h.t.Fatal(err)
	}
}

func (h *heard) publish(text string) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute)
	defer cancel()
	if n, err := redis.Commands(h.client).Publish(ctx, bus, text).Result(); n != 1 || err != nil {
		h.t.Fatalf("%d listeners, %v", n, err)
	}
}

// What is missed is noticed: by the next number, by the heartbeat when nothing comes, and when what comes makes no sense.
func TestGaps(t *testing.T) {
	t.Parallel()
	h := listen(t)
	if e := h.next(); !e.Connected {
		t.Fatalf("first %+v", e)
	}
	message := func(n, name string) { h.publish(n + " " + driver.Join("another", name)) }
	message("7", "a.b:1")
	if e := h.next(); len(e.Names) != 1 || e.Missed {
		t.Errorf("the first one: %+v", e)
	}
	message("8", "a.b:2")
	if e := h.next(); len(e.Names) != 1 {
		t.Errorf("the next one: %+v", e)
	}
	for _, n := range []string{"10", "9", "9"} { // left out, reordered, twice
		message(n, "a.b:3")
		if e := h.next(); !e.Missed {
			t.Errorf("number %s: %+v, want that something was missed", n, e)
		}
		if e := h.next(); len(e.Names) != 1 {
			t.Errorf("number %s: %+v, want its name", n, e)
		}
	}
	for _, text := range []string{"", "noise", "12 5:abc", "x " + driver.Join("another", "a.b:1")} {
		h.publish(text)
		if e := h.next(); !e.Missed {
			t.Errorf("%q: %+v", text, e)
		}
	}
}

func TestHeartbeatFindsWhatWasLost(t *testing.T) {
	t.Parallel()
	h := listen(t)
	h.next()
	h.publish("1 " + driver.Join("another", "a.b:1"))
	h.next()
	h.incr() // two that nobody has heard of
	h.incr()
	if e := h.next(); !e.Missed {
		t.Errorf("%+v", e)
	}
}

// A server that comes back and knows less than before has forgotten invalidations.
func TestLostChanges(t *testing.T) {
	t.Parallel()
	h := listen(t)
	h.next()
	h.publish("5 " + driver.Join("another", "a.b:1"))
	h.next()
	h.server.Kill(t)
	select {
	case <-h.ended:
	case <-time.After(20 * time.Second):
		t.Fatal("it listens to nobody")
	}
	h.server.Start(t)
	h.again()
	if e := h.next(); !e.Connected || !e.Lost {
		t.Errorf("%+v, want one that says what was lost", e)
	}
}

func TestFrozenServerIsNoticed(t *testing.T) {
	t.Parallel()
	h := listen(t)
	h.next()
	h.server.Freeze(t)
	defer h.server.Thaw(t)
	select {
	case <-h.ended:
	case <-time.After(20 * time.Second):
		t.Fatal("it listens to nobody")
	}
}
