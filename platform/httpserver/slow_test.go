package httpserver_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/api"
)

// trickle writes text one byte at a time, until the server answers or hangs up.
func (c *client) trickle(text string) {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for i := range len(text) {
		if _, err := io.WriteString(c.Conn, text[i:i+1]); err != nil {
			return
		}
		<-tick.C
	}
}

// timeouts returns a change that makes every time limit short, but for those that it is about.
func timeouts(d time.Duration) func(*setup) {
	return func(su *setup) {
		su.cfg.HeaderTimeout, su.cfg.BodyTimeout, su.cfg.WriteTimeout, su.cfg.IdleTimeout, su.cfg.RequestTimeout = d, d, d, d, d
	}
}

const short = 150 * time.Millisecond

func TestSlowHeaders(t *testing.T) {
	t.Parallel()
	// Long enough for a busy machine to read the first bytes of 300 connections in time.
	s := start(t, timeouts(patience), func(su *setup) { su.cfg.HeaderTimeout = time.Second })
	answers := make([][]byte, 300)
	var slow sync.WaitGroup
	for i := range answers {
		c := s.dial()
		c.send("GET / HTTP/1.1\r\nHost: localhost\r\n") // at once: who has said nothing in that time gets no answer
		slow.Go(func() { c.trickle("X-Slow: " + strings.Repeat(marker, 10_000)) })
		slow.Go(func() { answers[i], _ = io.ReadAll(c.r) }) // up to the end, which may be a reset: the client goes on sending
	}
	for range 20 { // meanwhile others are served
		if a := s.get("/api/v1/test/things"); a.StatusCode != 200 {
			t.Errorf("got %s", a.Status)
		}
	}
	slow.Wait()
	for _, text := range answers {
		c := client{t: t, r: bufio.NewReader(bytes.NewReader(text))}
		check(t, c.answer("GET"), 408, "request_timeout")
		if !c.closed() {
			t.Error("there is more than one answer")
		}
	}
}

func TestSlowSecondRequest(t *testing.T) {
	t.Parallel()
	s := start(t, timeouts(patience), func(su *setup) { su.cfg.HeaderTimeout = short })
	c := s.dial()
	c.send(request("GET", "/api/v1/test/things", ""))
	if a := c.answer("GET"); a.StatusCode != 200 || a.Close {
		t.Fatalf("got %s, close %v", a.Status, a.Close)
	}
	c.trickle("GET /" + strings.Repeat(marker, 1000))
	check(t, c.answer("GET"), 408, "request_timeout")
}

func TestSlowBody(t *testing.T) {
	t.Parallel()
	s := start(t, timeouts(patience), func(su *setup) { su.cfg.BodyTimeout = short })
	for name, head := range map[string]string{
		"length": "Content-Length: 100000\r\n\r\n{\"name\":\"",
		"chunks": "Transfer-Encoding: chunked\r\n\r\nffff\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := s.on(t).dial()
			c.send("POST /api/v1/test/things HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + head)
			c.trickle(strings.Repeat(marker, 10000))
			check(t, c.answer("POST"), 408, "request_timeout")
			if !c.closed() {
				t.Error("the connection is still open")
			}
		})
	}
}

// endless is a body without end. It says when the server has given it up.
type endless struct{ closed chan struct{} }

func (e *endless) Read(b []byte) (int, error) { return len(b), nil }
func (e *endless) Close() error               { close(e.closed); return nil }

func TestSlowReader(t *testing.T) {
	t.Parallel()
	body := &endless{closed: make(chan struct{})}
	stream := func(c *fiber.Ctx) error {
		c.Context().SetBodyStream(body, -1)
		return nil
	}
	s := start(t, timeouts(patience), func(su *setup) { su.cfg.WriteTimeout = short },
		with(api.Raw(http.MethodGet, "/stream", stream, api.Op{ID: "stream", Summary: "Stream", Auth: api.Public})))
	c := s.dial()
	c.send(request("GET", "/api/v1/test/stream", ""))
	select {
	case <-body.closed: // the client has read nothing, and the server has let go of it
	case <-time.After(patience):
		t.Error("the server is still writing to a client that does not read")
	}
}

func TestIdleConnections(t *testing.T) {
	t.Parallel()
	s := start(t, timeouts(patience), func(su *setup) { su.cfg.IdleTimeout = short })
	c := s.dial()
	c.send(request("GET", "/api/v1/test/things", ""))
	c.answer("GET")
	if !c.closed() {
		t.Error("the connection is open longer than the server waits for another request")
	}
}

func TestConnectionsWithoutARequest(t *testing.T) {
	t.Parallel()
	s := start(t, timeouts(patience), func(su *setup) { su.cfg.HeaderTimeout = short })
	idle := make([]*client, 500)
	for i := range idle {
		idle[i] = s.dial()
	}
	if a := s.get("/api/v1/test/things"); a.StatusCode != 200 {
		t.Errorf("with %d idle connections: %s", len(idle), a.Status)
	}
	for _, c := range idle {
		// A browser that connected ahead would show what comes unasked.
		if b, err := io.ReadAll(c.r); len(b) > 0 || err != nil {
			t.Fatalf("got %q and %v, want the end", b, err)
		}
	}
	if n := strings.Count(s.lines(), "\n"); n != 1 {
		t.Errorf("the log has %d lines, want that of the one request:\n%s", n, s.lines())
	}
}

func TestDisconnects(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, text := range []string{"", "G", "GET / HTTP/1.1\r\nHo", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nx", request("GET", "/api/v1/test/things", "")} {
		c := s.dial()
		c.send(text)
		tcp := c.Conn.(*net.TCPConn)
		if err := tcp.SetLinger(0); err != nil { // close with a reset
			t.Fatal(err)
		}
		if err := tcp.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if a := s.get("/api/v1/test/things"); a.StatusCode != 200 {
		t.Errorf("afterwards: %s", a.Status)
	}
}
