package httpserver_test

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/banyan-go/banyan/platform/httpserver"
)

// holders returns n holds on one listening socket, as processes have that were given it.
func holders(t *testing.T, n int) []net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	file, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var all []net.Listener
	for range n {
		hold, err := net.FileListener(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, hold)
	}
	return all
}

// inherited returns a change to a server in mode dev with that socket and the drain that it has by itself.
func inherited(public net.Listener) func(*setup) {
	return func(su *setup) {
		su.opts.Dev, su.opts.Sockets, su.cfg.Drain = true, httpserver.Sockets{HTTP: public}, httpserver.Default().Drain
	}
}

// keepAlive asks again and again on connections that it keeps until the server closes them, and counts the answers. It repeats nothing.
func (s *server) keepAlive(done *atomic.Bool, served *atomic.Int64) {
	for !done.Load() {
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			s.t.Errorf("connect: %v", err)
			return
		}
		n, err := session(conn)
		_ = conn.Close()
		if err != nil {
			s.t.Errorf("request %d of a connection: %v", n+1, err)
			return
		}
		served.Add(n)
	}
}

// TestHandover has two servers on one socket, of which the first one stops: nobody is refused, and nobody new comes to it.
func TestHandover(t *testing.T) {
	t.Parallel()
	sockets := holders(t, 2)
	old := start(t, inherited(sockets[0]))
	var done atomic.Bool
	var served atomic.Int64
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() { old.keepAlive(&done, &served) })
	}
	eventually(t, "the clients are at work", func() bool { return served.Load() > 200 })
	next := start(t, inherited(sockets[1]))
	if next.addr != old.addr {
		t.Fatalf("the address is %s, then %s", old.addr, next.addr)
	}

	stopped := make(chan error, 1)
	go func() { stopped <- old.stop(context.Background()) }()
	eventually(t, "the old one is not ready", func() bool { status, _, _ := old.fetch("/readyz"); return status == http.StatusServiceUnavailable })
	for range 20 {
		if a := old.get("/readyz"); a.StatusCode != http.StatusOK { // on a new connection each time
			t.Errorf("a new connection is the old one's: %s", a.Status)
		}
	}
	before := served.Load()
	eventually(t, "the clients go on", func() bool { return served.Load() > before+200 })
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
	done.Store(true)
	clients.Wait()
}
