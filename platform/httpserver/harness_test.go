package httpserver_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/httpserver"
	"github.com/banyan-go/banyan/platform/keyring"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/telemetry"
	"github.com/banyan-go/banyan/platform/unit"
)

// patience is how long a test waits for something that has to happen. Nothing waits as long when all is well.
const patience = 20 * time.Second

// setup is what a test may change before the server is built.
type setup struct {
	cfg    httpserver.Config
	opts   httpserver.Options
	health *httpserver.Health
	routes []api.Route
	gate   func(*keyring.Ring) httpserver.Gate // nil for none
}

// server is a running one.
type server struct {
	t    *testing.T
	addr string
	ops  string
	log  *output
	tel  *telemetry.Telemetry
	stop func(context.Context) error
}

// start runs a server on free ports of loopback until the end of the test.
func start(t *testing.T, change ...func(*setup)) *server {
	t.Helper()
	su := &setup{cfg: httpserver.Default(), health: httpserver.NewHealth(), routes: things()}
	su.cfg.Addr, su.cfg.OpsAddr, su.cfg.Drain = "127.0.0.1:0", unit.Exactly("127.0.0.1:0"), unit.Exactly(time.Duration(0))
	for _, c := range change {
		c(su)
	}
	out := &output{}
	tel, err := telemetry.New(telemetry.DefaultConfig(), telemetry.Options{Out: out})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := keyring.Parse(keyring.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	operations := api.New(api.Limits{Body: int(su.cfg.BodyLimit)}, keys, tel.Logger())
	if su.gate != nil {
		su.opts.Gate = su.gate(keys)
		operations.Guard("session", api.Session, api.Token)
	}
	if err := operations.Mount("test", su.routes...); err != nil {
		t.Fatal(err)
	}
	var lc lifecycle.Lifecycle
	lc.Append(lifecycle.Hook{Name: "telemetry", Stop: tel.Stop})
	srv, err := httpserver.New(su.cfg, su.opts, operations, su.health, tel, &lc)
	if err != nil {
		t.Fatal(err)
	}
	if err := lc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	su.health.Started()
	s := &server{t: t, addr: srv.Addr().String(), ops: srv.OpsAddr().String(), log: out, tel: tel, stop: lc.Stop}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := lc.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
		select {
		case err := <-srv.Failed():
			t.Errorf("a listener failed: %v", err)
		default:
		}
	})
	return s
}

// on returns the server for a subtest.
func (s *server) on(t *testing.T) *server {
	c := *s
	c.t = t
	return &c
}

// lines returns what the server has logged.
func (s *server) lines() string {
	s.t.Helper()
	if err := s.tel.Writer().Flush(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return s.log.String()
}

// client is a connection to a server, on which a test writes bytes of its own.
type client struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func (s *server) dial() *client {
	s.t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		s.t.Fatal(err)
	}
	return &client{t: s.t, Conn: c, r: bufio.NewReader(c)}
}

// send writes text as it is. The server may have closed the connection before it was read to the end.
func (c *client) send(text string) { _, _ = io.WriteString(c, text) }

// answer is one response, read whole.
type answer struct {
	*http.Response
	body []byte
}

// answer reads the next response, to a request with that method.
func (c *client) answer(method string) answer {
	c.t.Helper()
	resp, err := http.ReadResponse(c.r, &http.Request{Method: method})
	if err != nil {
		c.t.Fatalf("read the answer: %v", err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatalf("read the body of %s: %v", resp.Status, err)
	}
	return answer{resp, body}
}

// closed reports whether the server has closed the connection, having sent nothing more. It waits for that.
func (c *client) closed() bool {
	_, err := c.r.ReadByte()
	var timeout net.Error
	return err != nil && !(errors.As(err, &timeout) && timeout.Timeout())
}

// do sends text on a connection of its own and reads one answer.
func (s *server) do(text string) answer {
	s.t.Helper()
	c := s.dial()
	defer c.Close()
	c.send(text)
	method, _, _ := strings.Cut(text, " ")
	return c.answer(method)
}

// get asks for a path; headers are lines without their ends.
func (s *server) get(path string, headers ...string) answer {
	s.t.Helper()
	return s.do(request("GET", path, "", headers...))
}

// request writes a request with a good Host, and with a Content-Length where there is a body.
func request(method, path, body string, headers ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: localhost\r\n", method, path)
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	if body != "" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	return b.String() + "\r\n" + body
}

// jsonRequest is a request with a JSON body.
func jsonRequest(method, path, body string, headers ...string) string {
	return request(method, path, body, append([]string{"Content-Type: application/json"}, headers...)...)
}

// problem is the body of an error.
type problem struct {
	Type, Title, Detail, Instance, Code string
	Status                              int
	RequestID                           string `json:"request_id"`
	TraceID                             string `json:"trace_id"`
	Errors                              []struct{ In, Pointer, Code, Detail string }
}

// problem reads the body of an error and checks what holds for every one of them.
func (a answer) problem(t *testing.T) problem {
	t.Helper()
	var p problem
	d := json.NewDecoder(bytes.NewReader(a.body))
	if err := d.Decode(&p); err != nil {
		t.Fatalf("%s: the body is not JSON: %v\n%s", a.Status, err, a.body)
	}
	if got := a.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("%s: Content-Type is %q", a.Status, got)
	}
	if got := a.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("%s: Cache-Control is %q: an error must not be cached", a.Status, got)
	}
	if p.Status != a.StatusCode || p.Title == "" || p.Detail == "" || p.Code == "" || !strings.HasPrefix(p.Type, "/problems/") {
		t.Errorf("%s: incomplete problem %s", a.Status, a.body)
	}
	if p.RequestID == "" || p.RequestID != a.Header.Get("X-Request-Id") || p.Instance != "urn:request:"+p.RequestID {
		t.Errorf("%s: request id %q, instance %q, header %q", a.Status, p.RequestID, p.Instance, a.Header.Get("X-Request-Id"))
	}
	if parts := strings.Split(a.Header.Get("Traceparent"), "-"); len(parts) != 4 || p.TraceID != parts[1] {
		t.Errorf("%s: trace id %q, header %q", a.Status, p.TraceID, a.Header.Get("Traceparent"))
	}
	return p
}

// output is a buffer that several goroutines may use.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// proxies returns a change that trusts these.
func proxies(prefixes ...string) func(*setup) {
	return func(su *setup) {
		su.cfg.Proxies = nil
		for _, p := range prefixes {
			su.cfg.Proxies = append(su.cfg.Proxies, httpserver.Proxy{Prefix: netip.MustParsePrefix(p)})
		}
	}
}

// with returns a change that adds routes.
func with(routes ...api.Route) func(*setup) {
	return func(su *setup) { su.routes = append(su.routes, routes...) }
}

// session sends requests on one connection, 20 or until the server wants to close it, and returns how many were answered well.
func session(conn net.Conn) (n int64, err error) {
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	r := bufio.NewReader(conn)
	for n < 20 {
		if _, err := io.WriteString(conn, request("GET", "/api/v1/test/things", "")); err != nil {
			return n, err
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return n, err
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			return n, err
		}
		if resp.StatusCode != http.StatusOK {
			return n, errors.New(resp.Status)
		}
		n++
		if resp.Close {
			break
		}
	}
	return n, nil
}
