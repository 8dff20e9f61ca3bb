package httpserver

import (
	"context"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/ratelimit"
	"github.com/banyan-go/banyan/platform/session"
	"github.com/banyan-go/banyan/platform/session/memory"
	"github.com/banyan-go/banyan/platform/telemetry"
)

// replay is a connection on which the same request arrives n times. It costs no system call, so that a benchmark sees the stack alone. Before
// each request all other connections have their turn, so that a connection finds its memory in the cache as well as it would in a server.
type replay struct {
	net.Conn
	remote  net.Addr
	request []byte
	n       int
}

func (c *replay) Read(b []byte) (int, error) {
	if c.n == 0 {
		return 0, io.EOF
	}
	c.n--
	runtime.Gosched()
	return copy(b, c.request), nil
}

func (c *replay) Write(b []byte) (int, error)      { return len(b), nil }
func (c *replay) Close() error                     { return nil }
func (c *replay) RemoteAddr() net.Addr             { return c.remote }
func (c *replay) LocalAddr() net.Addr              { return c.remote }
func (c *replay) SetDeadline(time.Time) error      { return nil }
func (c *replay) SetReadDeadline(time.Time) error  { return nil }
func (c *replay) SetWriteDeadline(time.Time) error { return nil }

const conns = 64

type benchItem struct {
	ID    int64    `json:"id"`
	Name  string   `json:"name"`
	Email string   `json:"email"`
	Tags  []string `json:"tags"`
	Time  int64    `json:"time"`
}

// BenchmarkStack compares the whole stack with fiber alone, the same request and the same small JSON.
func BenchmarkStack(b *testing.B) {
	item := &benchItem{42, "Ada Lovelace", "ada@example.org", []string{"a", "b", "c"}, 1_700_000_000}
	raw := func(c *fiber.Ctx) error {
		_ = c.Params("id")
		return c.JSON(item)
	}
	type in struct {
		ID int64 `path:"id"`
	}
	type out struct{ Body benchItem }
	typed := func(context.Context, *in) (*out, error) { return &out{*item}, nil }

	tel, err := telemetry.New(telemetry.DefaultConfig(), telemetry.Options{Out: io.Discard})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = tel.Stop(context.Background()) })
	gate, cookie := benchGate(b, tel)
	operations := api.New(api.Limits{Body: 1 << 20}, nil, tel.Logger())
	operations.Guard("session", api.Session)
	limited := api.Op{ID: "limited", Summary: "Limited", Auth: api.Public, Limit: "bench.never"}
	if err := operations.Mount("bench",
		api.Raw(http.MethodGet, "/raw/{id}", raw, api.Op{ID: "raw", Summary: "Raw", Auth: api.Public}),
		api.Raw(http.MethodGet, "/mine/{id}", raw, api.Op{ID: "mine", Summary: "Signed in", Auth: api.Session, Allow: api.SignedIn()}),
		api.Raw(http.MethodGet, "/limited/{id}", raw, limited),
		api.Get("/typed/{id}", typed, api.Op{ID: "typed", Summary: "Typed", Auth: api.Public}),
	); err != nil {
		b.Fatal(err)
	}
	s, err := New(Default(), Options{Gate: gate}, operations, NewHealth(), tel, &lifecycle.Lifecycle{})
	if err != nil {
		b.Fatal(err)
	}
	bare := fiber.New(fiber.Config{DisableStartupMessage: true})
	bare.Get("/api/v1/bench/raw/:id", raw)
	bare.Handler()

	for _, c := range []struct {
		name, path string
		server     *fasthttp.Server
	}{
		{"bare", "/api/v1/bench/raw/42", bare.Server()},
		{"raw", "/api/v1/bench/raw/42", s.fast},
		{"typed", "/api/v1/bench/typed/42", s.fast},
		{"session", "/api/v1/bench/mine/42", s.fast},
		{"limit", "/api/v1/bench/limited/42", s.fast},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			remote := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4711}
			request := []byte("GET " + c.path + " HTTP/1.1\r\nHost: localhost:8080\r\nAccept-Encoding: gzip\r\nCookie: " + cookie + "\r\n\r\n")
			var open sync.WaitGroup
			for i := range conns {
				open.Go(func() {
					if err := c.server.ServeConn(&replay{n: (b.N + i) / conns, remote: remote, request: request}); err != nil {
						b.Error(err)
					}
				})
			}
			open.Wait()
		})
	}
}

// benchGate returns a gate with sessions and limits in memory, and the cookie of a session.
func benchGate(b *testing.B, tel *telemetry.Telemetry) (gate Gate, cookie string) {
	b.Helper()
	cfg := session.Default()
	cfg.Store = "memory"
	sessions, err := session.New(cfg, session.Options{Drivers: session.Drivers{"memory": memory.Driver{}}, Plain: true, Metrics: tel})
	if err != nil {
		b.Fatal(err)
	}
	slot := &session.Slot{}
	if _, err := sessions.Begin(context.WithValue(b.Context(), session.SlotKey{}, slot), session.SignIn{User: "42"}); err != nil {
		b.Fatal(err)
	}
	cookie, _, _ = strings.Cut(string(sessions.AppendCookie(nil, slot)), ";")
	off := ratelimit.Default()
	off.Default = ratelimit.Rule{Algorithm: ratelimit.Off}
	limits := ratelimit.New(off, ratelimit.Options{Metrics: tel})
	if err := limits.Declare(map[string]ratelimit.Rule{"bench.never": {Max: 1_000_000_000, Window: time.Hour, Key: ratelimit.IP}}); err != nil {
		b.Fatal(err)
	}
	return Gate{Sessions: sessions, Limits: limits}, cookie
}
