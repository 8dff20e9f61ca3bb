package redisstore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"

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

// patience is how long a test waits for something that has to happen: many heartbeats.
const patience = 10 * time.Second

// next returns what is heard next. What says what that is.
func (h *heard) next(what string) driver.Event {
	h.t.Helper()
	select {
	case e := <-h.events:
		return e
	case err := <-h.ended:
		h.t.Fatalf("the listener has ended: %v", err)
	case <-time.After(patience):
		h.t.Fatalf("nobody hears %s", what)
	}
	panic("unreachable")
}

// connected waits until it listens.
func (h *heard) connected() {
	h.t.Helper()
	if e := h.next("that it is connected"); !e.Connected {
		h.t.Fatalf("first %+v", e)
	}
}

// end waits until it has noticed that there is nobody to listen to.
func (h *heard) end(wrong string) {
	h.t.Helper()
	select {
	case <-h.ended:
	case <-time.After(patience):
		h.t.Fatal(wrong)
	}
}

// invalidation is what another process publishes, with a number of the test's choice.
func invalidation(number string, names ...string) string {
	text := driver.Join(append([]string{"another"}, names...)...)
	return fmt.Sprintf("%s %x %s", number, xxhash.Sum64String(text), text)
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

// What is missed is noticed: by the next number, by the heartbeat when nothing comes, and when what comes is damaged.
func TestGaps(t *testing.T) {
	t.Parallel()
	h := listen(t)
	h.connected()
	for _, n := range []string{"7", "8"} {
		h.publish(invalidation(n, "a.b:1"))
		if e := h.next("of an invalidation"); len(e.Names) != 1 || e.Missed {
			t.Fatalf("number %s: %+v, want its name and nothing missed", n, e)
		}
	}
	for _, n := range []string{"10", "9", "9"} { // left out, reordered, twice
		h.publish(invalidation(n, "a.b:3"))
		if e := h.next("of a gap"); !e.Missed {
			t.Fatalf("number %s: %+v, want that something was missed", n, e)
		}
		if e := h.next("of an invalidation"); len(e.Names) != 1 {
			t.Fatalf("number %s: %+v, want its name", n, e)
		}
	}
	good := invalidation("10", "a.b:1")
	for _, text := range []string{"", "noise", "10 5:abc", "x" + good[2:], good[:len(good)-1] + "2", strings.Replace(good, " ", " 1", 1), good + "x", good[:len(good)-1]} {
		h.publish(text)
		if e := h.next("of what makes no sense"); !e.Missed || e.Names != nil {
			t.Fatalf("%q: %+v, want that something was missed", text, e)
		}
	}
}

func TestHeartbeatFindsWhatWasLost(t *testing.T) {
	t.Parallel()
	h := listen(t)
	h.connected()
	h.publish(invalidation("1", "a.b:1"))
	h.next("of an invalidation")
	h.incr() // two that nobody has heard of
	h.incr()
	if e := h.next("that two invalidations were missed, behind which nothing comes"); !e.Missed {
		t.Errorf("%+v", e)
	}
}

// A server that comes back and knows less than before has forgotten invalidations.
func TestLostChanges(t *testing.T) {
	t.Parallel()
	h := listen(t)
	h.connected()
	h.publish(invalidation("5", "a.b:1"))
	h.next("of an invalidation")
	h.server.Kill(t)
	h.end("it listens to a server that was killed")
	h.server.Start(t)
	h.again()
	if e := h.next("that it is connected again"); !e.Connected || !e.Lost {
		t.Errorf("%+v, want one that says what was lost", e)
	}
}

func TestFrozenServerIsNoticed(t *testing.T) {
	t.Parallel()
	h := listen(t)
	h.connected()
	h.server.Freeze(t)
	defer h.server.Thaw(t)
	h.end("it listens to a server that answers no heartbeat")
}
