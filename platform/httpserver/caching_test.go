package httpserver_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/ratelimit"
)

// edge is a Caching for caches in front.
func edge() api.Caching {
	return api.Caching{SMaxAge: 30 * time.Second, StaleWhileRevalidate: time.Minute}
}

const atEdge = "public, max-age=0, s-maxage=30, stale-while-revalidate=60"

func publicOp(id string, c api.Caching) api.Op {
	return api.Op{ID: id, Summary: "For a test", Auth: api.Public, Cache: c}
}

type (
	say struct {
		Text     string `query:"text" default:"hello"`
		Language string `header:"Accept-Language"`
	}
	said struct{ Body string }
)

// speak says what it was asked to, and fails when asked for an error.
func speak(_ context.Context, in *say) (*said, error) {
	if in.Text == "error" {
		return nil, fault.New(fault.NotFound, "word_not_found", "There is no such word.")
	}
	return &said{Body: in.Text + in.Language}, nil
}

// Caches in front may keep what is the same for everybody, and nothing else.
func TestWhatMayBeKept(t *testing.T) {
	t.Parallel()
	rawSays := func(headers ...string) fiber.Handler { return text("hello", headers...) }
	fails := func(*fiber.Ctx) error { return fault.New(fault.NotFound, "x", "There is none.") }
	notFound := func(c *fiber.Ctx) error { return c.Status(404).SendString("none") }
	d := &doors{}
	s := guarded(t, d, with(
		api.Get("/say", speak, publicOp("say", edge())),
		api.Get("/say-here", speak, publicOp("sayHere", api.Caching{Server: time.Minute})),
		api.Raw("GET", "/raw", rawSays(), publicOp("rawSay", edge())),
		api.Raw("GET", "/raw-cookie", rawSays("Set-Cookie: a=b"), publicOp("rawCookie", edge())),
		api.Raw("GET", "/raw-cookie-uncached", rawSays("Set-Cookie: a=b"), publicOp("rawCookieUncached", api.Caching{})),
		api.Raw("GET", "/raw-private", rawSays("Cache-Control: private, max-age=5"), publicOp("rawPrivate", edge())),
		api.Raw("GET", "/raw-fails", fails, publicOp("rawFails", edge())),
		api.Raw("GET", "/raw-404", notFound, publicOp("raw404", edge())),
	))
	cookie := s.signedIn("ada")
	for _, c := range []struct {
		path, want string
		headers    []string
	}{
		{path: "/say", want: atEdge},
		{path: "/say?text=error", want: "no-store"},
		{path: "/say?unknown=1", want: "no-store"},
		{path: "/say", headers: []string{"Accept: text/html"}, want: "no-store"},
		{path: "/say-here", want: "no-cache"},
		{path: "/raw", want: atEdge},
		{path: "/raw", headers: []string{cookie}, want: "private, no-store"}, // what it has looked at, nobody knows
		{path: "/raw", headers: []string{"Authorization: Bearer good"}, want: "private, no-store"},
		{path: "/say", headers: []string{cookie, "Authorization: Bearer good"}, want: atEdge}, // neither reaches the operation
		{path: "/raw-cookie", want: "private, no-store"},
		{path: "/raw-cookie-uncached", want: "private, no-store"},
		{path: "/raw-private", want: "private, max-age=5"},
		{path: "/raw-fails", want: "no-store"},
		{path: "/raw-404", want: "no-cache"},
		{path: "/me", headers: []string{cookie}, want: "private, no-store"},
		{path: "/me", want: "no-store"},
		{path: "/token", headers: []string{"Authorization: Bearer good"}, want: "private, no-store"},
		{path: "/anybody", headers: []string{cookie}, want: "no-cache"},
	} {
		a := s.get("/api/v1/test"+c.path, c.headers...)
		if got := strings.Join(a.Header.Values("Cache-Control"), "|"); got != c.want {
			t.Errorf("%s %q: %s, Cache-Control is %q, want %q", c.path, c.headers, a.Status, got, c.want)
		}
		if a.Header.Get("Set-Cookie") != "" && strings.Contains(a.Header.Get("Cache-Control"), "public") {
			t.Errorf("%s: a cookie for everybody", c.path)
		}
	}
}

// signedIn begins a session and returns the header with its cookie.
func (s *server) signedIn(user string) string {
	s.t.Helper()
	a := s.do(jsonRequest("POST", "/api/v1/test/sign-in", `{"user":"`+user+`"}`, "Origin: http://localhost"))
	cookie, _, _ := strings.Cut(a.Header.Get("Set-Cookie"), ";")
	if cookie == "" {
		s.t.Fatalf("no session: %s %s", a.Status, a.body)
	}
	return "Cookie: " + cookie
}

// One address behind a session has an answer for each user, and no cache may mix them up.
func TestTwoUsersAtOneAddress(t *testing.T) {
	t.Parallel()
	s := guarded(t, &doors{})
	ada, bob := s.get("/api/v1/test/me", s.signedIn("ada")), s.get("/api/v1/test/me", s.signedIn("bob"))
	if !strings.Contains(string(ada.body), `"ada"`) || !strings.Contains(string(bob.body), `"bob"`) {
		t.Errorf("ada got %s, bob got %s", ada.body, bob.body)
	}
	for _, a := range []answer{ada, bob} {
		if a.Header.Get("Cache-Control") != "private, no-store" || a.Header.Get("ETag") != "" {
			t.Errorf("headers %v", a.Header)
		}
	}
}

// A 304 renews what is kept: it says the same of it as the answer did (RFC 9110, section 15.4.5).
func TestNotModifiedSaysWhoMayKeepIt(t *testing.T) {
	t.Parallel()
	s := start(t, with(api.Get("/say", speak, publicOp("say", edge()))), calledFrom(false, shop))
	long := "/api/v1/test/say?text=" + strings.Repeat("a", 2000)
	for _, path := range []string{"/api/v1/test/say", long} {
		full := s.get(path, "Accept-Encoding: gzip")
		again := s.get(path, "Accept-Encoding: gzip", "If-None-Match: "+full.Header.Get("ETag"))
		if again.StatusCode != http.StatusNotModified {
			t.Fatalf("%.40s: %s", path, again.Status)
		}
		for _, name := range []string{"Cache-Control", "Vary", "ETag"} {
			if was, is := full.Header.Values(name), again.Header.Values(name); len(was) != 1 || len(is) != 1 || was[0] != is[0] {
				t.Errorf("%.40s: %s was %q and is %q", path, name, was, is)
			}
		}
	}
}

// What an answer depends on stands in one line: some proxies heed the last one alone.
func TestVaryIsOneLine(t *testing.T) {
	t.Parallel()
	s := start(t, with(
		api.Get("/say", speak, publicOp("say", edge())),
		api.Raw("GET", "/raw", func(c *fiber.Ctx) error {
			c.Response().Header.Add("Vary", "X-A, accept-encoding")
			c.Response().Header.Add("Vary", "X-B")
			return c.SendString(prose(2000))
		}, publicOp("raw", edge())),
		api.Raw("GET", "/any", text(prose(2000), "Vary: *"), publicOp("any", edge())),
	), calledFrom(false, shop))
	for path, want := range map[string]string{
		"/say":                                   "Accept-Language, Origin",
		"/say?text=" + strings.Repeat("a", 2000): "Accept-Language, Accept-Encoding, Origin",
		"/raw":                                   "X-A, accept-encoding, X-B, Origin",
		"/any":                                   "*",
	} {
		if got := strings.Join(s.get("/api/v1/test"+path).Header.Values("Vary"), "|"); got != want {
			t.Errorf("%.20s: %q, want %q", path, got, want)
		}
	}
}

// What is left to one client is no news for all who get the kept answer; who is refused is told.
func TestLimitsAreNotKept(t *testing.T) {
	t.Parallel()
	op := publicOp("say", edge())
	op.Limit = "test.few"
	s := guarded(t, &doors{limits: map[string]ratelimit.Rule{"test.few": {Max: 2, Window: time.Hour, Key: ratelimit.IP}, "test.user": {}}}, with(api.Get("/say", speak, op)))
	for i, told := range []bool{false, false, true} {
		a := s.get("/api/v1/test/say")
		for _, name := range []string{"RateLimit", "RateLimit-Policy", "X-RateLimit-Limit"} {
			if (a.Header.Get(name) != "") != told {
				t.Errorf("request %d, %s: %s is %q", i, a.Status, name, a.Header.Get(name))
			}
		}
	}
}
