package apptest_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/apptest"
)

// echo answers every request with what it was.
func echo(t *testing.T) *apptest.App {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // the test sees what is missing
		w.Header().Set("X-Seen", strings.Join([]string{r.Method, r.URL.String(), r.Header.Get("Content-Type"), r.Header.Get("X-Mine"), string(body)}, "|"))
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(s.Close)
	return apptest.At(t, s.URL)
}

func TestRequests(t *testing.T) {
	t.Parallel()
	a := echo(t)
	for want, r := range map[string]*apptest.Response{
		"GET|/x?y=1|||":                  a.Get("/x?y=1"),
		"GET|/x||mine|":                  a.Get("/x", "X-Mine", "mine"),
		"POST|/x|application/json||{}":   a.Post("/x", "{}"),
		"POST|/x|text/plain|mine|{}":     a.Post("/x", "{}", "Content-Type", "text/plain", "X-Mine", "mine"),
		"PATCH|/x|application/json||{}":  a.Patch("/x", "{}"),
		"DELETE|/x||mine|":               a.Delete("/x", "X-Mine", "mine"),
		"OPTIONS|/x|application/json||1": a.Do("OPTIONS", "/x", "1"),
	} {
		if got := r.Want(202).Header.Get("X-Seen"); got != want {
			t.Errorf("sent %q, want %q", got, want)
		}
	}
	if said := failures(t, a, func(a *apptest.App) { a.Get("/x", "X-Mine") }); !strings.Contains(said, "a header without a value") {
		t.Errorf("half a header: %q", said)
	}
	if said := failures(t, apptest.At(t, "http://127.0.0.1:1"), func(a *apptest.App) { a.Get("/") }); !strings.Contains(said, "refused") {
		t.Errorf("nobody there: %q", said)
	}
}

// A test takes its connections with it, from an application that goes on.
func TestConnectionsEndWithTheirTests(t *testing.T) {
	t.Parallel()
	closed := make(chan struct{}, 1)
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			closed <- struct{}{}
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	t.Run("the test", func(t *testing.T) { apptest.At(t, s.URL).Get("/").Want(404) })
	<-closed
}

// The helpers for answers fail for every answer that is not the one wanted, and name the request.
func TestAnswerHelpers(t *testing.T) {
	t.Parallel()
	const good = `{"a":{"b~c/d":[10,"x",null,true]},"n":1.50,"data":[{"id":"1"},{"id":"2"}]}`
	const wrong = `{"code":"invalid","errors":[{"pointer":"/name"},{"pointer":"/size"}]}`
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/good":
			fmt.Fprint(w, good)
		case "/text":
			fmt.Fprint(w, "plain")
		case "/problem":
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusUnprocessableEntity)
			fmt.Fprint(w, wrong)
		case "/no-problem":
			w.WriteHeader(http.StatusUnprocessableEntity)
			fmt.Fprint(w, wrong)
		}
	}))
	t.Cleanup(s.Close)
	for _, c := range []struct {
		name  string
		check func(a *apptest.App)
		said  string // "" when it has to pass
	}{
		{"the status", func(a *apptest.App) { a.Get("/good").Want(200) }, ""},
		{"another status", func(a *apptest.App) { a.Get("/good").Want(201) }, "GET /good: status 200, want 201\n" + good},
		{"the whole", func(a *apptest.App) { a.Get("/good").WantAt("", good) }, ""},
		{"a number", func(a *apptest.App) { a.Get("/good").WantAt("/a/b~0c~1d/0", "10") }, ""},
		{"a text", func(a *apptest.App) { a.Get("/good").WantAt("/a/b~0c~1d/1", `"x"`) }, ""},
		{"a text without its quotes", func(a *apptest.App) { a.Get("/good").WantAt("/a/b~0c~1d/1", "x") }, "If it is meant as a text, write it with its quotes: `\"x\"`"},
		{"null", func(a *apptest.App) { a.Get("/good").WantAt("/a/b~0c~1d/2", "null") }, ""},
		{"a bool", func(a *apptest.App) { a.Get("/good").WantAt("/a/b~0c~1d/3", "true") }, ""},
		{"a number to the digit", func(a *apptest.App) { a.Get("/good").WantAt("/n", "1.5") }, "/n is 1.50, want 1.5"},
		{"another type", func(a *apptest.App) { a.Get("/good").WantAt("/n", `"1.50"`) }, `/n is 1.50, want "1.50"`},
		{"null for nothing", func(a *apptest.App) { a.Get("/good").WantAt("/none", "null") }, "nothing at /none"},
		{"behind the end", func(a *apptest.App) { a.Get("/good").At("/data/2") }, "nothing at /data/2"},
		{"before the beginning", func(a *apptest.App) { a.Get("/good").At("/data/-1") }, "nothing at /data/-1"},
		{"below a value", func(a *apptest.App) { a.Get("/good").At("/n/x") }, "nothing at /n/x"},
		{"no JSON", func(a *apptest.App) { a.Get("/text").At("/x") }, "the body is not JSON"},
		{"no JSON wanted", func(a *apptest.App) { a.Get("/good").WantAt("/n", "one") }, "what is wanted at /n is not JSON"},
		{"no text", func(a *apptest.App) { a.Get("/good").Text("/n") }, "no text at /n"},
		{"texts of a list", func(a *apptest.App) { a.Get("/good").Texts("/data", "/id") }, ""},
		{"texts of no list", func(a *apptest.App) { a.Get("/good").Texts("/n", "/id") }, "no list at /n"},
		{"texts that are missing", func(a *apptest.App) { a.Get("/good").Texts("/data", "/name") }, "nothing at /data/0/name"},
		{"the problem", func(a *apptest.App) { a.Get("/problem").WantProblem(422, "invalid") }, ""},
		{"what the problem points at", func(a *apptest.App) { a.Get("/problem").WantProblem(422, "invalid", "/size", "/name") }, ""},
		{"a problem of another status", func(a *apptest.App) { a.Get("/problem").WantProblem(400, "invalid") }, "status 422, want 400"},
		{"a problem of another code", func(a *apptest.App) { a.Get("/problem").WantProblem(422, "bad") }, `code "invalid", want "bad"`},
		{"a problem with something else", func(a *apptest.App) { a.Get("/problem").WantProblem(422, "invalid", "/price") }, "nothing is said of /price"},
		{"a problem without its type", func(a *apptest.App) { a.Get("/no-problem").WantProblem(422, "invalid") }, "content type"},
	} {
		said := failures(t, apptest.At(t, s.URL), c.check)
		if c.said == "" && said != "" || !strings.Contains(said, c.said) {
			t.Errorf("%s: the check said %q, want %q", c.name, said, c.said)
		}
	}
	a := apptest.At(t, s.URL)
	if got := a.Get("/good").Texts("/data", "/id"); strings.Join(got, " ") != "1 2" {
		t.Errorf("the texts are %q", got)
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	const body = `{"a":1,"b":"x"}`
	for got, want := range map[string]string{
		apptest.With(body, "a", `{"c":null}`): `{"a":{"c":null},"b":"x"}`,
		apptest.With(`{}`, "a", `1.50`):       `{"a":1.50}`,
		apptest.Without(body, "a"):            `{"b":"x"}`,
		apptest.Without(body, "z"):            body,
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	for name, wrong := range map[string]func(){
		"no object": func() { apptest.With("[]", "a", "1") }, "no JSON": func() { apptest.Without("{", "a") }, "no value": func() { apptest.With(body, "a", "one") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: it goes on", name)
				}
			}()
			wrong()
		}()
	}
}
