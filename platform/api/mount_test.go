package api_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/api"
)

// route returns a route that does nothing, with a field for each parameter of the path.
func route(method, path, id string) api.Route {
	return api.Raw(method, path, func(*fiber.Ctx) error { return nil }, op(id))
}

// here is the place of a route that a test made, in an error of Mount.
var here = regexp.MustCompile(` \(\S+/platform/api/\w+_test\.go:\d+\)`)

func TestMountRefuses(t *testing.T) {
	t.Parallel()
	session, token := op("b"), op("b")
	session.Auth, session.Allow = api.Session, api.SignedIn()
	token.Auth, token.Allow = api.Token, api.SignedIn()
	for _, c := range []struct {
		name          string
		first, second api.Route
		want          string
	}{
		{"one id twice", route("GET", "/a", "same"), route("GET", "/b", "same"), "route GET /api/v1/second/b: the operation id same is that of GET /api/v1/first/a"},
		{"a session, which nobody knows", route("GET", "/a", "a"), api.Get("/b", nothing, session), "route GET /api/v1/second/b: wants a session, and nothing in this program knows one"},
		{"a token, which nobody knows", route("GET", "/a", "a"), api.Get("/b", nothing, token), "route GET /api/v1/second/b: wants a token, and nothing in this program knows one"},
	} {
		a := newAPI(t, slog.New(slog.DiscardHandler))
		if err := a.Mount("first", c.first); err != nil {
			t.Fatal(err)
		}
		if err := a.Mount("second", c.second); here.ReplaceAllString(fmt.Sprint(err), "") != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
		if len(a.Mounted()) != 1 || len(a.Endpoints()) != 1 {
			t.Errorf("%s: the route is there all the same", c.name)
		}
	}
}

func TestMountTellsEverything(t *testing.T) {
	t.Parallel()
	a := newAPI(t, slog.New(slog.DiscardHandler))
	err := a.Mount("m", api.Get("/x", nothing, api.Op{}), route("GET", "/good", "good"), route("GET", "/y/", "y"), route("GET", "/z", "good"))
	if err == nil || len(here.FindAllString(err.Error(), -1)) != 3 || len(a.Mounted()) != 1 {
		t.Errorf("%d routes are there, and three are wrong: %v", len(a.Mounted()), err)
	}
}

func TestPathsThatClash(t *testing.T) {
	t.Parallel()
	const same, names = "cannot be told from", "its parameters have other names"
	for _, c := range []struct{ a, b, want string }{
		{"GET /a", "GET /a", same},
		{"GET /a/{x}", "GET /a/{x}", same},
		{"GET /a/{x}", "GET /a/{y}", same},
		{"GET /a/{x}/c", "GET /a/b/{y}", same},
		{"GET /{x}/b", "GET /a/{y}", same},
		{"HEAD /a", "GET /a", same}, // GET answers HEAD, too
		{"GET /a", "HEAD /a", same},
		{"GET /a/{x}", "DELETE /a/{y}", names}, // one path to OpenAPI

		{"GET /a", "POST /a", ""},
		{"GET /a/{x}", "DELETE /a/{x}", ""},
		{"GET /a/{x}", "GET /a/b", ""}, // the word goes first
		{"GET /a/b/{y}", "GET /a/{x}/{y}", ""},
		{"GET /a/{x}/c", "GET /a/b/c", ""},
		{"GET /a/{x}/c", "GET /a/{x}/d", ""},
		{"GET /a/{x}", "GET /a/{x}/b", ""},
		{"GET /a/{x}/b", "POST /a/c/{y}", ""},
	} {
		a := newAPI(t, slog.New(slog.DiscardHandler))
		var routes []api.Route
		for i, text := range []string{c.a, c.b} {
			method, path, _ := strings.Cut(text, " ")
			routes = append(routes, route(method, path, string(rune('a'+i))))
		}
		err := a.Mount("test", routes...)
		if (err == nil) != (c.want == "") || err != nil && !(strings.Contains(err.Error(), c.want) && strings.Contains(err.Error(), strings.Fields(c.a)[0]+" /api/v1/test"+strings.Fields(c.a)[1]+" of a")) {
			t.Errorf("%s and %s: %v, want %q", c.a, c.b, err, c.want)
		}
		if err := a.Mount("other", routes[1]); (c.want == "") != (err != nil) { // refused for its id if it is there, and for nothing else
			t.Errorf("%s in another module: %v", c.b, err)
		}
	}
}

func TestEndpointsAreOrderedForARouterThatTakesTheFirst(t *testing.T) {
	t.Parallel()
	a := newAPI(t, slog.New(slog.DiscardHandler))
	if err := a.Mount("m", route("GET", "/{a}/{b}", "both"), route("GET", "/{a}/x", "first"), route("GET", "/y/x", "none"),
		route("GET", "/{a}/z", "second"), route("POST", "/y/{b}", "last")); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range a.Endpoints() {
		got = append(got, e.Method+" "+strings.TrimPrefix(e.Path, "/api/v1/m"))
	}
	// Fewer parameters first, of as many the order of Mount.
	if want := []string{"GET /y/x", "GET /{a}/x", "GET /{a}/z", "POST /y/{b}", "GET /{a}/{b}"}; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if m := a.Mounted(); m[0].Op.ID != "both" || m[0].Module != "m" || m[0].FullPath != "/api/v1/m/{a}/{b}" {
		t.Errorf("Mounted is not in the order of Mount: %+v", m[0])
	}
}

func TestEndpointsSayWhoAnswers(t *testing.T) {
	t.Parallel()
	a := newAPI(t, slog.New(slog.DiscardHandler))
	if err := a.Mount("m", api.Get("/{id}/typed", takes[byID](), op("a")), route("GET", "/{id}/raw", "b")); err != nil {
		t.Fatal(err)
	}
	typed, raw := a.Endpoints()[0], a.Endpoints()[1]
	if typed.Serve == nil || typed.Handler != nil || typed.FiberPath != "" {
		t.Errorf("typed: %+v", typed)
	}
	if raw.Serve != nil || raw.Handler == nil || raw.FiberPath != "/api/v1/m/:id/raw" {
		t.Errorf("raw: %+v", raw)
	}
}

// A raw handler that asks fiber for the body gets it as fiber would have it, only within the limit.
func TestRawRoutesGetTheirBodyDecompressed(t *testing.T) {
	t.Parallel()
	s := serve(t, api.Raw("POST", "/raw", func(c *fiber.Ctx) error {
		return c.SendString(c.Get("Content-Encoding") + "|" + string(c.Body()))
	}, op("raw")))
	pack := func(text string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write([]byte(text)) // into memory
		_ = w.Close()
		return b.String()
	}
	digits := make([]byte, 64<<10) // which gzip halves: it is the limit that is met, not the growth that is allowed
	for i, r := range rand.New(rand.NewPCG(1, 2)).Perm(len(digits)) {
		digits[i] = '0' + byte(r%10)
	}
	for _, c := range []struct {
		coding, body string
		status       int
		want         string
	}{
		{"", "plain", 200, "|plain"},
		{"identity", "plain", 200, "|plain"},
		{"gzip", pack("packed"), 200, "|packed"},
		{"gzip", pack("\x1f\x8b once more"), 200, "|\x1f\x8b once more"},
		{"gzip", pack(string(digits)), 200, "|" + string(digits)},
		{"gzip", pack(string(digits) + "0"), 413, "body_too_large"},
		{"gzip", "no gzip", 400, "bad_content_encoding"},
		{"gzip", pack(strings.Repeat("bomb", 1<<20)), 413, "body_too_large"},
		{"gzip, gzip", pack(pack("twice")), 415, "unsupported_content_encoding"},
		{"rot13", "cynva", 415, "unsupported_content_encoding"},
	} {
		var headers []string
		if c.coding != "" {
			headers = append(headers, "Content-Encoding: "+c.coding)
		}
		a := s.do("POST", "/raw", c.body, headers...)
		got := string(a.body)
		if a.status != 200 {
			got = a.problem(t).Code
		}
		if a.status != c.status || got != c.want {
			t.Errorf("%q: %d %.60q, want %d %.60q", c.coding, a.status, got, c.status, c.want)
		}
	}
}

// An error after half an answer is a whole answer.
func TestErrorsWhileTheAnswerIsWritten(t *testing.T) {
	t.Parallel()
	type out struct {
		Cookie   string `header:"Set-Cookie"`
		Location string `header:"Location"`
		Body     struct {
			Ratio float64 `json:"ratio"`
		}
	}
	zero := 0.0
	for name, broken := range map[string]func(*out){
		"a header that would break out": func(o *out) { o.Location = "/x\r\nSet-Cookie: evil=1" },
		"a body that JSON cannot hold":  func(o *out) { o.Body.Ratio = 1 / zero },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, api.Get("/x", func(context.Context, *none) (*out, error) {
				o := &out{Cookie: "session=1", Location: "/x"}
				broken(o)
				return o, nil
			}, op("getX")))
			a := s.get("/x")
			if p := a.problem(t); a.status != 500 || p.Code != "internal" {
				t.Errorf("%d %s", a.status, a.body)
			}
			if a.get("Set-Cookie") != "" || a.get("Location") != "" {
				t.Errorf("headers of the answer that failed: %s", a.header)
			}
			if log := s.log.String(); !strings.Contains(log, "write the answer of getX") {
				t.Errorf("the log does not name the operation: %s", log)
			}
		})
	}
	t.Run("no answer", func(t *testing.T) {
		t.Parallel()
		s := serve(t, api.Get("/x", func(context.Context, *none) (*out, error) { return nil, nil }, op("getX")))
		if a := s.get("/x"); a.status != 500 || !strings.Contains(s.log.String(), "neither a result nor an error") {
			t.Errorf("%d %s, log %s", a.status, a.body, s.log)
		}
	})
}
