package api_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/keyring"
)

// server answers requests by the operations alone. What package httpserver adds, and what it keeps away, is tested there.
type server struct {
	t   *testing.T
	api *api.API
	ctx context.Context
	log *bytes.Buffer
}

func newAPI(tb testing.TB, log *slog.Logger) *api.API {
	tb.Helper()
	keys, err := keyring.Parse(keyring.NewKey())
	if err != nil {
		tb.Fatal(err)
	}
	return api.New(api.Limits{Body: 64 << 10}, keys, log)
}

// serve mounts routes as the module test.
func serve(t *testing.T, routes ...api.Route) *server {
	t.Helper()
	s := &server{t: t, ctx: t.Context(), log: &bytes.Buffer{}}
	s.api = newAPI(t, slog.New(slog.NewJSONHandler(s.log, nil)))
	if err := s.api.Mount("test", routes...); err != nil {
		t.Fatal(err)
	}
	return s
}

// as returns the server for requests of that caller.
func (s *server) as(subject string) *server {
	c := *s
	c.ctx = context.WithValue(s.ctx, api.CallerKey{}, api.Caller{Subject: subject})
	return &c
}

// answer is one response.
type answer struct {
	status int
	header *fasthttp.ResponseHeader
	body   []byte
}

// get returns a header.
func (a answer) get(name string) string { return string(a.header.Peek(name)) }

// problem reads the body of an error.
func (a answer) problem(t *testing.T) (p api.Problem) {
	t.Helper()
	if err := json.Unmarshal(a.body, &p); err != nil || p.Status != a.status {
		t.Fatalf("%d: the body is no problem: %v\n%s", a.status, err, a.body)
	}
	return p
}

// do has one request answered. The target begins below the module test; headers are lines without their ends.
func (s *server) do(method, target, body string, headers ...string) answer {
	s.t.Helper()
	fctx := s.request(method, api.Prefix+"/test"+target, body, headers...)
	for _, e := range s.api.Endpoints() {
		if e.Method != method || !matches(e.Path, string(fctx.URI().PathOriginal())) {
			continue
		}
		if e.Handler != nil {
			s.throughFiber(e, fctx)
		} else if err := e.Serve(s.ctx, fctx); err != nil {
			s.api.WriteProblem(s.ctx, fctx, err)
		}
		return answer{fctx.Response.StatusCode(), &fctx.Response.Header, fctx.Response.Body()}
	}
	s.t.Fatalf("there is no operation %s %s", method, target)
	return answer{}
}

func (s *server) request(method, target, body string, headers ...string) *fasthttp.RequestCtx {
	s.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: localhost\r\n", method, target)
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	if body != "" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n" + body)
	fctx := &fasthttp.RequestCtx{}
	if err := fctx.Request.Read(bufio.NewReaderSize(strings.NewReader(b.String()), 64<<10)); err != nil {
		s.t.Fatalf("%s %s: %v", method, target, err)
	}
	return fctx
}

// throughFiber has a raw route answer, as the server does.
func (s *server) throughFiber(e api.Endpoint, fctx *fasthttp.RequestCtx) {
	app := fiber.New(fiber.Config{ErrorHandler: func(c *fiber.Ctx, err error) error {
		s.api.WriteProblem(s.ctx, c.Context(), err)
		return nil
	}})
	app.Add(e.Method, e.FiberPath, e.Handler)
	app.Handler()(fctx)
}

// json has a request with a JSON body answered.
func (s *server) json(method, target, body string, headers ...string) answer {
	s.t.Helper()
	return s.do(method, target, body, append([]string{"Content-Type: application/json"}, headers...)...)
}

func (s *server) get(target string) answer {
	s.t.Helper()
	return s.do("GET", target, "")
}

// matches reports whether a path is one of a template.
func matches(template, path string) bool {
	ts, ps := strings.Split(template, "/"), strings.Split(path, "/")
	if len(ts) != len(ps) {
		return false
	}
	for i := range ts {
		if ts[i] != ps[i] && !strings.HasPrefix(ts[i], "{") {
			return false
		}
	}
	return true
}

// Handlers that do nothing.
type none struct{}

func nothing(context.Context, *none) (*api.Nothing, error) { return nil, nil }

// op is an Op of a test, open to everybody.
func op(id string) api.Op {
	return api.Op{ID: id, Summary: "For a test", Auth: api.PublicWrite("a test")}
}
