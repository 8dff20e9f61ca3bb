package httpserver

import (
	"context"
	"io"
	"net"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/lifecycle"
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
	operations := api.New(api.Limits{Body: 1 << 20}, nil, tel.Logger())
	if err := operations.Mount("bench",
		api.Raw(http.MethodGet, "/raw/{id}", raw, api.Op{ID: "raw", Summary: "Raw", Auth: api.Public}),
		api.Get("/typed/{id}", typed, api.Op{ID: "typed", Summary: "Typed", Auth: api.Public}),
	); err != nil {
		b.Fatal(err)
	}
	s, err := New(Default(), Options{}, operations, NewHealth(), tel, &lifecycle.Lifecycle{})
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
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			remote := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4711}
			request := []byte("GET " + c.path + " HTTP/1.1\r\nHost: localhost:8080\r\nAccept-Encoding: gzip\r\n\r\n")
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
