package httpserver_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/telemetry"
)

// raw is a route below /api/v1/test that is open to everybody.
func raw(method, path string, h fiber.Handler) api.Route {
	id := strings.ToLower(method) + "Raw"
	for _, c := range path {
		if 'a' <= c && c <= 'z' {
			id += string(c)
		}
	}
	return api.Raw(method, path, h, api.Op{ID: id, Summary: "Raw", Auth: api.PublicWrite("a test")})
}

// text returns a handler that answers with this body and these headers, each "Name: value".
func text(body string, headers ...string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			c.Set(name, value)
		}
		return c.SendString(body)
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	page := text("<p>", "Content-Type: text/html", "Content-Security-Policy: default-src 'self'", "Cache-Control: public, max-age=60", "Referrer-Policy: no-referrer")
	s := start(t, with(raw("GET", "/page", page), raw("GET", "/panic", func(*fiber.Ctx) error { panic(marker) })))
	for _, c := range []struct{ path, csp, cache, referrer string }{
		{"/api/v1/test/things", "default-src 'none'; frame-ancestors 'none'", "no-cache", "strict-origin-when-cross-origin"},
		{"/nothing", "default-src 'none'; frame-ancestors 'none'", "no-store", "strict-origin-when-cross-origin"},
		{"/api/v1/test/panic", "default-src 'none'; frame-ancestors 'none'", "no-store", "strict-origin-when-cross-origin"},
		{"/api/v1/test/page", "default-src 'self'", "public, max-age=60", "no-referrer"},
	} {
		h := s.get(c.path).Header
		for name, want := range map[string]string{
			"Content-Security-Policy": c.csp, "Cache-Control": c.cache, "Referrer-Policy": c.referrer, "X-Content-Type-Options": "nosniff",
			"Strict-Transport-Security": "", "Server": "", "Server-Timing": "", "X-Powered-By": "", "Access-Control-Allow-Origin": "",
		} {
			if got := h.Values(name); strings.Join(got, "|") != want {
				t.Errorf("%s: %s is %q, want %q", c.path, name, got, want)
			}
		}
		if h.Get("Date") == "" || !telemetry.ValidRequestID([]byte(h.Get("X-Request-Id"))) {
			t.Errorf("%s: Date %q, X-Request-Id %q", c.path, h.Get("Date"), h.Get("X-Request-Id"))
		}
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, c := range []struct {
		sent string
		kept bool
	}{
		{"abc-DEF-123", true},
		{strings.Repeat("a", 64), true},
		{strings.Repeat("a", 65), false},
		{"", false},
		{"a b", false},
		{"a\"b", false},
		{"../a", false},
		{"ä", false},
		{marker, false},
	} {
		got := s.get("/api/v1/test/things", "X-Request-Id: "+c.sent).Header.Get("X-Request-Id")
		if (got == c.sent) != c.kept || got == "" {
			t.Errorf("sent %q, got %q", c.sent, got)
		}
		if !strings.Contains(s.lines(), `"request_id":"`+got+`"`) {
			t.Errorf("the log does not name %q", got)
		}
	}
	a, b := s.get("/api/v1/test/things").Header.Get("X-Request-Id"), s.get("/api/v1/test/things").Header.Get("X-Request-Id")
	if a == b {
		t.Errorf("two requests have the id %q", a)
	}
}

func TestTrace(t *testing.T) {
	t.Parallel()
	var seen telemetry.Request
	var out []string
	s := start(t, with(raw("GET", "/trace", func(c *fiber.Ctx) error {
		seen = *telemetry.RequestFrom(c.UserContext())
		telemetry.Inject(c.UserContext(), func(k, v string) { out = append(out, k+": "+v) })
		return nil
	})))
	const parent = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"
	for _, c := range []struct {
		name    string
		headers []string
		known   bool
		state   string
	}{
		{"none", nil, false, ""},
		{"one", []string{"traceparent: 00-" + parent + "-01", "tracestate: a=1"}, true, "a=1"},
		{"state in two lines", []string{"traceparent: 00-" + parent + "-01", "tracestate: a=1", "tracestate: b=2"}, true, "a=1, b=2"},
		{"broken", []string{"traceparent: 00-" + parent[:30] + "-01", "tracestate: a=1"}, false, ""},
		{"broken state", []string{"traceparent: 00-" + parent + "-01", "tracestate: " + marker}, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			out = nil
			got := s.on(t).get("/api/v1/test/trace", c.headers...).Header.Get("Traceparent")
			parts := strings.Split(got, "-")
			if len(parts) != 4 || (parts[1] == parent[:32]) != c.known || parts[2] == parent[33:] {
				t.Fatalf("answered %q", got)
			}
			if want := fmt.Sprintf("%x-%x", seen.Trace.TraceID, seen.Trace.Span); want != parts[1]+"-"+parts[2] || seen.Trace.State != c.state {
				t.Errorf("the handler saw %q with state %q, the client %q", want, seen.Trace.State, got)
			}
			if c.known && fmt.Sprintf("%x", seen.Trace.Parent) != parent[33:] {
				t.Errorf("the parent is %x", seen.Trace.Parent)
			}
			if len(out) == 0 || out[0] != "Traceparent: "+got {
				t.Errorf("passed on: %q", out)
			}
		})
	}
}

func TestClientAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		proxies   []string
		forwarded []string
		want      string
	}{
		{"no header", []string{"127.0.0.1/32"}, nil, "127.0.0.1"},
		{"from a stranger", []string{"10.0.0.0/8"}, []string{"1.2.3.4"}, "127.0.0.1"},
		{"nobody is trusted", nil, []string{"1.2.3.4"}, "127.0.0.1"},
		{"through one proxy", []string{"127.0.0.1/32"}, []string{"1.2.3.4"}, "1.2.3.4"},
		{"forged in front", []string{"127.0.0.1/32"}, []string{"6.6.6.6, 1.2.3.4"}, "1.2.3.4"},
		{"forged as one of ours", []string{"127.0.0.1/32", "10.0.0.0/8"}, []string{"10.0.0.9, 1.2.3.4"}, "1.2.3.4"},
		{"through two proxies", []string{"127.0.0.1/32", "10.0.0.0/8"}, []string{"6.6.6.6, 1.2.3.4, 10.0.0.7"}, "1.2.3.4"},
		{"in two lines", []string{"127.0.0.1/32", "10.0.0.0/8"}, []string{"6.6.6.6, 1.2.3.4", "10.0.0.7"}, "1.2.3.4"},
		{"proxies alone", []string{"127.0.0.1/32", "10.0.0.0/8"}, []string{"10.0.0.8, 10.0.0.7"}, "10.0.0.8"},
		{"rubbish", []string{"127.0.0.1/32"}, []string{"1.2.3.4, " + marker}, "127.0.0.1"},
		{"rubbish in front", []string{"127.0.0.1/32"}, []string{marker + ", 1.2.3.4"}, "1.2.3.4"},
		{"empty", []string{"127.0.0.1/32"}, []string{""}, "127.0.0.1"},
		{"empty at the end", []string{"127.0.0.1/32"}, []string{"1.2.3.4,"}, "127.0.0.1"},
		{"IPv6", []string{"127.0.0.1/32"}, []string{"2001:db8::1"}, "2001:db8::1"},
		{"IPv4 in IPv6", []string{"127.0.0.1/32"}, []string{"::ffff:1.2.3.4"}, "1.2.3.4"},
		{"with a port", []string{"127.0.0.1/32"}, []string{"1.2.3.4:5678"}, "1.2.3.4"},
		{"IPv6 with a port", []string{"127.0.0.1/32"}, []string{"[2001:db8::1]:5678"}, "2001:db8::1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, proxies(c.proxies...))
			var headers []string
			for _, f := range c.forwarded {
				headers = append(headers, "X-Forwarded-For: "+f)
			}
			s.get("/api/v1/test/things", headers...)
			if want := `"remote_addr":"` + c.want + `"`; !strings.Contains(s.lines(), want) {
				t.Errorf("the log does not hold %s: %s", want, s.lines())
			}
		})
	}
}

func TestStrictTransportSecurity(t *testing.T) {
	t.Parallel()
	behind, open := start(t, proxies("127.0.0.1/32")), start(t, proxies("10.0.0.0/8"))
	for _, c := range []struct {
		s      *server
		header string
		want   string
	}{
		{behind, "X-Forwarded-Proto: https", "max-age=31536000"},
		{behind, "X-Forwarded-Proto: http", ""},
		{behind, "X-Other: x", ""},
		{open, "X-Forwarded-Proto: https", ""},
	} {
		if got := c.s.get("/api/v1/test/things", c.header).Header.Get("Strict-Transport-Security"); got != c.want {
			t.Errorf("%s: %q, want %q", c.header, got, c.want)
		}
	}
}

func TestServerTimingInDev(t *testing.T) {
	t.Parallel()
	s := start(t, func(su *setup) { su.opts.Dev = true })
	if got := s.get("/api/v1/test/things").Header.Get("Server-Timing"); !strings.HasPrefix(got, "app;dur=") {
		t.Errorf("Server-Timing is %q", got)
	}
}

func TestHead(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("large ", 1000)
	s := start(t, with(raw("GET", "/large", text(large))))
	for _, path := range []string{"/api/v1/test/things", "/api/v1/test/large", "/nothing", "/readyz"} {
		for _, coding := range []string{"identity", "gzip"} {
			get := s.get(path, "Accept-Encoding: "+coding)
			head := s.do(request("HEAD", path, "", "Accept-Encoding: "+coding))
			if len(head.body) != 0 || head.StatusCode != get.StatusCode {
				t.Errorf("%s: %s with %d bytes, GET has %s", path, head.Status, len(head.body), get.Status)
			}
			for _, name := range []string{"Content-Length", "Content-Type", "Content-Encoding", "ETag", "Vary", "Cache-Control"} {
				if g, h := get.Header.Get(name), head.Header.Get(name); g != h && !(name == "Content-Length" && path == "/nothing") {
					t.Errorf("%s: %s is %q for GET, %q for HEAD", path, name, g, h)
				}
			}
		}
	}
}

func TestEntityTags(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("large ", 1000)
	s := start(t, with(
		raw("GET", "/large", text(large)),
		raw("GET", "/own", text(large, `ETag: "own"`, "Cache-Control: public, max-age=60")),
		raw("GET", "/weak", text(large, `ETag: W/"weak"`)),
		raw("GET", "/private", text(large, "Cache-Control: private, no-store")),
		raw("GET", "/empty", text("")),
		raw("GET", "/created", func(c *fiber.Ctx) error { return c.Status(201).SendString(large) }),
		raw("POST", "/large", text(large)),
	))
	const path = "/api/v1/test/"
	tagOf := func(path string, headers ...string) string {
		return s.get("/api/v1/test/"+path, headers...).Header.Get("ETag")
	}
	plain, packed, again := tagOf("large"), tagOf("large", "Accept-Encoding: gzip"), tagOf("large")
	if plain == "" || plain != again || packed != strings.TrimSuffix(plain, `"`)+`-gzip"` {
		t.Errorf("plain %s, again %s, gzip %s", plain, again, packed)
	}
	for _, p := range []string{"private", "empty", "created"} {
		if tag := tagOf(p); tag != "" {
			t.Errorf("%s has the tag %s", p, tag)
		}
	}
	if a := s.do(request("POST", path+"large", "")); a.Header.Get("ETag") != "" {
		t.Errorf("the answer to POST has the tag %s", a.Header.Get("ETag"))
	}
	for _, c := range []struct {
		path, seen string
		status     int
	}{
		{"large", plain, 304},
		{"large", packed, 304},
		{"large", "W/" + plain, 304},
		{"large", `"x", ` + plain, 304},
		{"large", "*", 304},
		{"large", `"x"`, 200},
		{"large", marker, 200},
		{"large", plain + marker, 200},
		{"large", strings.Trim(plain, `"`), 200},
		{"own", `"own"`, 304},
		{"own", `"own-zstd"`, 304},
		{"own", `"own-x"`, 200},
		{"weak", `"weak"`, 304},
		{"private", "*", 200},
		{"created", "*", 201},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			a := s.do(request(method, path+c.path, "", "If-None-Match: "+c.seen))
			if a.StatusCode != c.status {
				t.Errorf("%s %s, If-None-Match %s: %s, want %d", method, c.path, c.seen, a.Status, c.status)
			}
			if a.StatusCode != 304 {
				continue
			}
			full := s.get(path + c.path)
			if len(a.body) > 0 || a.Header.Get("ETag") == "" || a.Header.Get("Content-Type") != "" || a.Header.Get("X-Request-Id") == "" {
				t.Errorf("%s: 304 with %q %v", c.path, a.body, a.Header)
			}
			for _, name := range []string{"Cache-Control", "Vary"} { // RFC 9110, section 15.4.5
				if got, want := a.Header.Get(name), full.Header.Get(name); got != want {
					t.Errorf("%s: 304 has %s %q, 200 has %q", c.path, name, got, want)
				}
			}
		}
	}
	a := s.get(path+"large", `If-None-Match: "x"`, "If-None-Match: "+plain)
	if a.StatusCode != 304 {
		t.Errorf("the second line of If-None-Match is not seen: %s", a.Status)
	}
	if a := s.do(request("POST", path+"large", "", "If-None-Match: *")); a.StatusCode != 200 {
		t.Errorf("POST with If-None-Match: %s", a.Status)
	}
}

func TestPanics(t *testing.T) {
	t.Parallel()
	type none struct{}
	typed := func(context.Context, *none) (*none, error) { panic(fmt.Errorf("typed %s", marker)) }
	s := start(t, with(
		raw("GET", "/panic", func(c *fiber.Ctx) error {
			c.Set("ETag", `"x"`)
			c.Set("Set-Cookie", "a="+marker)
			_ = c.SendString("half an answer " + marker)
			panic("raw " + marker)
		}),
		raw("GET", "/nil", func(*fiber.Ctx) error { panic(http.ErrAbortHandler) }),
		api.Get("/typed", typed, api.Op{ID: "typed", Summary: "Typed", Auth: api.Public}),
		raw("GET", "/error", func(*fiber.Ctx) error { return errors.New("select * from " + marker) }),
	))
	c := s.dial()
	for _, path := range []string{"panic", "nil", "typed", "error"} {
		c.send(request("GET", "/api/v1/test/"+path, ""))
		a := c.answer("GET") // on one connection: it survives
		check(t, a, 500, "internal")
		if a.Header.Get("ETag") != "" || a.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s: headers of the half answer are left: %v", path, a.Header)
		}
	}
	log := s.lines()
	for _, want := range []string{"raw " + marker, "typed " + marker, "stack_test.go", "select * from " + marker} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not hold %q", want)
		}
	}
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	type in struct{}
	type out struct{ Body thing }
	wait := func(ctx context.Context, _ *in) (*out, error) {
		<-ctx.Done()
		return nil, fmt.Errorf("ask the database: %w", ctx.Err())
	}
	s := start(t, func(su *setup) { su.cfg.RequestTimeout = 20 * time.Millisecond },
		with(api.Get("/wait", wait, api.Op{ID: "wait", Summary: "Wait", Auth: api.Public})))
	a := s.get("/api/v1/test/wait")
	check(t, a, 503, "timeout")
	if a.Header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %q", a.Header.Get("Retry-After"))
	}
}

func TestContextOfARequest(t *testing.T) {
	t.Parallel()
	type key struct{}
	var ctx, child context.Context
	ended := make(chan struct{})
	s := start(t, with(raw("GET", "/keep", func(c *fiber.Ctx) error {
		ctx = c.UserContext()
		var cancel context.CancelFunc
		child, cancel = context.WithTimeout(context.WithValue(ctx, key{}, 1), time.Hour)
		t.Cleanup(cancel)
		context.AfterFunc(ctx, func() { close(ended) })
		if ctx.Err() != nil {
			return errors.New("ended before the answer")
		}
		until, ok := ctx.Deadline()
		if left := time.Until(until); !ok || left < 4*time.Second || left > 5*time.Second {
			return fmt.Errorf("%s are left", left)
		}
		return nil
	})))
	a := s.get("/api/v1/test/keep")
	if a.StatusCode != 200 {
		t.Fatalf("got %s: %s", a.Status, s.lines())
	}
	<-ended
	<-child.Done()
	if !errors.Is(ctx.Err(), context.Canceled) || !errors.Is(child.Err(), context.Canceled) {
		t.Errorf("after the answer: %v and %v", ctx.Err(), child.Err())
	}
	if r := telemetry.RequestFrom(child); r == nil || r.ID != a.Header.Get("X-Request-Id") {
		t.Errorf("a child context names the request %v", r)
	}
	if c := api.CallerFrom(child); !c.Anonymous() {
		t.Errorf("the caller is %v", c)
	}
}

// TestKeptStrings fails when fiber hands out strings that share its buffers: what a handler keeps would turn into another request's.
func TestKeptStrings(t *testing.T) {
	t.Parallel()
	type kept struct{ param, query, header, path, cookie, method, url string }
	var all []kept
	s := start(t, with(raw("GET", "/keep/{name}", func(c *fiber.Ctx) error {
		all = append(all, kept{c.Params("name"), c.Query("q"), c.Get("X-Name"), c.Path(), c.Cookies("name"), c.Method(), c.OriginalURL()})
		return nil
	})))
	c := s.dial()
	const rounds = 50
	for i := range rounds {
		name := fmt.Sprintf("name%02d", i)
		c.send(request("GET", "/api/v1/test/keep/"+name+"?q="+name, "", "X-Name: "+name, "Cookie: name="+name))
		if a := c.answer("GET"); a.StatusCode != 200 {
			t.Fatal(a.Status)
		}
	}
	for i, got := range all {
		name := fmt.Sprintf("name%02d", i)
		path := "/api/v1/test/keep/" + name
		if want := (kept{name, name, name, path, name, "GET", path + "?q=" + name}); got != want {
			t.Errorf("request %d is remembered as %+v", i, got)
		}
	}
	if len(all) != rounds {
		t.Errorf("%d requests", len(all))
	}
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.get("/api/v1/test/things?limit=3&q="+marker, "User-Agent: tester")
	s.do(request("HEAD", "/api/v1/test/things", ""))
	s.do(marker + "\r\n\r\n")
	lines := strings.Split(strings.TrimSpace(s.lines()), "\n")
	if len(lines) != 3 || strings.Contains(s.lines(), marker) {
		t.Fatalf("the log is\n%s", s.lines())
	}
	for i, want := range []map[string]any{
		{"method": "GET", "route": "/api/v1/test/things", "path": "/api/v1/test/things", "status": 200.0, "remote_addr": "127.0.0.1", "user_agent": "tester", "bytes_in": 0.0},
		{"method": "HEAD", "route": "/api/v1/test/things", "status": 200.0, "bytes_out": 0.0},
		{"method": "", "route": nil, "status": 400.0},
	} {
		var got map[string]any
		if err := json.Unmarshal([]byte(lines[i]), &got); err != nil {
			t.Fatal(err)
		}
		for k, v := range want {
			if got[k] != v {
				t.Errorf("line %d: %s is %v, want %v", i, k, got[k], v)
			}
		}
	}
}

// What is away fails many requests: each is one line at level error, that of the access log, and the reason is a warning beside it.
func TestAnUnavailableAnswerIsOneError(t *testing.T) {
	t.Parallel()
	away := fault.New(fault.Unavailable, "away", "It is away.").Because(errors.New("connection refused"))
	fails := func(context.Context, *struct{}) (*struct{}, error) { return nil, away }
	s := start(t, with(api.Get("/away", fails, api.Op{ID: "away", Summary: "Fail", Auth: api.Public})))
	check(t, s.get("/api/v1/test/away"), 503, "away")
	log := s.lines()
	if strings.Count(log, `"level":"ERROR"`) != 1 || !strings.Contains(log, `"level":"ERROR","msg":"request"`) {
		t.Errorf("want one line at level error:\n%s", log)
	}
	if !strings.Contains(log, `"level":"WARN","msg":"request failed","code":"away"`) || !strings.Contains(log, "connection refused") {
		t.Errorf("the log does not say why:\n%s", log)
	}
}
