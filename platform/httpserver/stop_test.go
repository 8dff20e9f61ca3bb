package httpserver_test

import (
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/unit"
)

// waiter is a route whose handler waits to be let go.
type waiter struct{ inside, leave chan struct{} }

func newWaiter() *waiter { return &waiter{make(chan struct{}), make(chan struct{})} }

func (w *waiter) handle(c *fiber.Ctx) error {
	close(w.inside)
	<-w.leave
	return c.SendString("whole")
}

// eventually waits until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never happened: %s", what)
		}
	}
}

// refused reports whether nobody listens at an address.
func refused(addr string) bool {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return true
	}
	_ = c.Close()
	return false
}

func drain(d time.Duration) func(*setup) {
	return func(su *setup) { su.cfg.Drain = unit.Exactly(d) }
}

func TestStopGoesInOrder(t *testing.T) {
	t.Parallel()
	w := newWaiter()
	s := start(t, drain(2*time.Second), with(raw("GET", "/wait", w.handle)))
	idle, running := s.dial(), s.dial()
	idle.send(request("GET", "/api/v1/test/things", ""))
	idle.answer("GET")
	running.send(request("GET", "/api/v1/test/wait", ""))
	<-w.inside

	stopped := make(chan error, 1)
	go func() { stopped <- s.stop(context.Background()) }()

	// First readiness says no, on both listeners, while the process lives and serves, and asks for connections to be closed.
	eventually(t, "readiness says no", func() bool { status, _, _ := s.fetch("/readyz"); return status == 503 })
	if a := s.get("/readyz"); a.StatusCode != 503 || string(a.body) != `{"status":"draining"}` || !a.Close {
		t.Errorf("readiness: %s %s, close %v", a.Status, a.body, a.Close)
	}
	if a := s.get("/livez"); a.StatusCode != 200 {
		t.Errorf("liveness: %s", a.Status)
	}
	if a := s.get("/api/v1/test/things"); a.StatusCode != 200 || !a.Close {
		t.Errorf("a new connection: %s, close %v", a.Status, a.Close)
	}
	idle.send(request("GET", "/api/v1/test/things", ""))
	if a := idle.answer("GET"); a.StatusCode != 200 || !a.Close || !idle.closed() {
		t.Errorf("an old connection: %s, close %v", a.Status, a.Close)
	}

	// Then nobody can connect, and the request that runs goes on; the ops listener answers to the end.
	eventually(t, "the public listener is closed", func() bool { return refused(s.addr) })
	if status, _, _ := s.fetch("/metrics"); status != 200 {
		t.Errorf("metrics while requests run: %d", status)
	}
	select {
	case err := <-stopped:
		t.Fatalf("stopped while a request runs: %v", err)
	default:
	}
	close(w.leave)
	if a := running.answer("GET"); a.StatusCode != 200 || string(a.body) != "whole" || !a.Close {
		t.Errorf("the running request: %s %s, close %v", a.Status, a.body, a.Close)
	}
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
	if !refused(s.ops) {
		t.Error("the ops listener is still there")
	}
}

// A stop that comes before the server has begun to accept ends it as well. (TestMain sees what is left.)
func TestStopRightAfterTheStart(t *testing.T) {
	t.Parallel()
	for range 50 {
		if err := start(t).stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
	}
}

func TestSecondSignalEndsTheDrain(t *testing.T) {
	t.Parallel()
	s := start(t, drain(time.Hour))
	ctx, hurry := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- s.stop(ctx) }()
	eventually(t, "readiness says no", func() bool { return s.get("/readyz").StatusCode == 503 })
	hurry()
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
}

func TestSecondSignalCutsRequestsOff(t *testing.T) {
	t.Parallel()
	w := newWaiter()
	s := start(t, with(raw("GET", "/wait", w.handle)))
	c := s.dial()
	c.send(request("GET", "/api/v1/test/wait", ""))
	<-w.inside
	defer close(w.leave)
	ctx, hurry := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- s.stop(ctx) }()
	eventually(t, "the listener is closed", func() bool { return refused(s.addr) })
	hurry()
	if err := <-stopped; err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("stop: %v, want it to say that a request was cut off", err)
	}
}

func TestRequestsThatDoNotEndAreCutOff(t *testing.T) {
	t.Parallel()
	w := newWaiter()
	s := start(t, func(su *setup) { su.cfg.InFlight = 10 * time.Millisecond }, with(raw("GET", "/wait", w.handle)))
	c := s.dial()
	c.send(request("GET", "/api/v1/test/wait", ""))
	<-w.inside
	defer close(w.leave)
	if err := s.stop(t.Context()); err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("stop: %v, want it to say that a request was cut off", err)
	}
}

// TestNoRequestFailsWhileDraining has clients that behave as behind a load balancer: they keep connections, open new ones while readiness
// says yes, and repeat nothing.
func TestNoRequestFailsWhileDraining(t *testing.T) {
	t.Parallel()
	s := start(t, drain(time.Second))
	var ready atomic.Bool
	ready.Store(true)
	var served atomic.Int64
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for ready.Load() {
				conn, err := net.Dial("tcp", s.addr)
				if err != nil {
					t.Errorf("connect: %v", err)
					return
				}
				n, err := session(conn)
				_ = conn.Close()
				if err != nil {
					t.Errorf("request %d of a connection: %v", n+1, err)
					return
				}
				served.Add(n)
			}
		})
	}
	eventually(t, "the clients are at work", func() bool { return served.Load() > 1000 })
	stopped := make(chan error, 1)
	go func() { stopped <- s.stop(context.Background()) }()
	eventually(t, "readiness says no", func() bool { return s.get("/readyz").StatusCode == 503 })
	before := served.Load()
	eventually(t, "requests are served although readiness says no", func() bool { return served.Load() > before+200 })
	ready.Store(false)
	clients.Wait()
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
	t.Logf("%d requests, none failed; %d while draining", served.Load(), served.Load()-before)
}
