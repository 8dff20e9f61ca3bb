package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/fault"
)

// given are errors as another specification has them.
type given struct {
	Errors struct {
		Body []string `json:"body"`
	} `json:"errors"`
}

func asGiven(p api.Problem) (g given) {
	g.Errors.Body = []string{p.Detail}
	for _, f := range p.Errors {
		g.Errors.Body = append(g.Errors.Body, strings.TrimPrefix(f.Pointer, "/")+" "+f.Detail)
	}
	return g
}

type signUp struct {
	Body struct {
		User struct {
			Email string `json:"email" minLength:"3"`
		} `json:"user"`
	}
}

func (in *signUp) answer(context.Context) (*struct{}, error) { return nil, nil }

func TestAGroupIsWhereItsSpecificationSays(t *testing.T) {
	t.Parallel()
	fails := fault.New(fault.Conflict, "taken", "It is taken.")
	group := api.Group{Path: "/api", Errors: api.ErrorsAs(asGiven)}
	routes := group.Routes(
		api.Post("/users", func(ctx context.Context, in *signUp) (*struct{}, error) { return in.answer(ctx) }, op("signUp")),
		api.Get("/users/{id}", func(context.Context, *struct {
			ID string `path:"id"`
		},
		) (*struct{ Body string }, error) {
			return nil, fails
		}, op("getUser")),
		api.Raw("GET", "/raw", func(*fiber.Ctx) error { return nil }, op("raw")),
	)
	s := serve(t, append(routes, api.Get("/usual", func(context.Context, *struct{}) (*struct{}, error) { return nil, fails }, op("usual")))...)
	var paths []string
	for _, e := range s.api.Endpoints() {
		paths = append(paths, e.Path)
		if e.FormatsErrors() == strings.HasPrefix(e.Path, api.Prefix) {
			t.Errorf("%s has a format of its own: %t", e.Path, e.FormatsErrors())
		}
	}
	slices.Sort(paths)
	if got := strings.Join(paths, " "); got != "/api/raw /api/users /api/users/{id} /api/v1/test/usual" {
		t.Error(got)
	}
	for _, c := range []struct{ method, path, body, mediaType, want string }{
		{"POST", "/api/users", `{"user":{"email":"a"}}`, "application/json", `{"errors":{"body":["Some values are not allowed.","user/email must be at least 3 characters long"]}}`},
		{"GET", "/api/users/7", "", "application/json", `{"errors":{"body":["It is taken."]}}`},
		{"GET", "/api/v1/test/usual", "", "application/problem+json", `{"type":"/problems/conflict",`},
	} {
		fctx := s.request(c.method, c.path, c.body, "Content-Type: application/json")
		for _, e := range s.api.Endpoints() {
			if e.Method == c.method && matches(e.Path, c.path) {
				s.api.WriteError(t.Context(), fctx, &e, e.Serve(t.Context(), fctx))
			}
		}
		if got := string(fctx.Response.Body()); !strings.HasPrefix(got, c.want) || string(fctx.Response.Header.ContentType()) != c.mediaType {
			t.Errorf("%s %s: %s %s, want %s", c.method, c.path, fctx.Response.Header.ContentType(), got, c.want)
		}
	}
	doc := documentOf(t, s.api)
	for _, r := range []struct{ path, method, mediaType string }{
		{"/api/users", "post", "application/json"}, {"/api/users/{id}", "get", "application/json"}, {"/api/raw", "get", "application/json"}, {"/api/v1/test/usual", "get", ""},
	} {
		if content := doc.Paths[r.path][r.method].Responses["429"].Content; len(content) != len(strings.Fields(r.mediaType)) || r.mediaType != "" && content[r.mediaType] == nil {
			t.Errorf("%s %s: 429 is described as %v, want %q", r.method, r.path, content, r.mediaType)
		}
	}
}

// documented is a little of a document.
type documented struct {
	Paths map[string]map[string]struct {
		Security    []map[string]any
		RequestBody *struct{ Required bool }
		Responses   map[string]struct{ Content map[string]any }
	}
}

func documentOf(t *testing.T, a *api.API) (doc documented) {
	t.Helper()
	text, err := a.Document(api.Info{Title: "Shop"})
	if err == nil {
		err = json.Unmarshal(text, &doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestAGroupMeetsNobody(t *testing.T) {
	t.Parallel()
	get := func(path, id string) api.Route {
		return api.Get(path, func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }, op(id))
	}
	page := func(path string) api.Route {
		return api.Page(path, func(*fiber.Ctx) error { return nil }, op("page"))
	}
	for _, c := range []struct {
		name string
		a, b []api.Route // of two modules
		want string
	}{
		{"other paths", api.Group{Path: "/api"}.Routes(get("/users", "a")), api.Group{Path: "/api"}.Routes(get("/tags", "b")), ""},
		{"the same path", api.Group{Path: "/api"}.Routes(get("/users", "a")), api.Group{Path: "/api"}.Routes(get("/users", "b")), "cannot be told from GET /api/users of a"},
		{"a module's own path", api.Group{Path: "/api/v1/b"}.Routes(get("/users", "a")), []api.Route{get("/users", "b")}, "cannot be told from GET /api/v1/b/users of a"},
		{"a page", []api.Route{page("/shop/users")}, api.Group{Path: "/shop"}.Routes(get("/users", "b")), "cannot be told from GET /shop/users of page"},
		{"the platform's path", nil, api.Group{Path: "/docs"}.Routes(get("/users", "b")), "what is below /docs is the platform's"},
		{"a parameter", nil, api.Group{Path: "/{tenant}"}.Routes(get("/users", "b")), "the path of its group has the parameter {tenant}"},
		{"no path", nil, api.Group{Path: "api"}.Routes(get("/users", "b")), "the path of its group: the path does not begin with /"},
		{"a page in a group", nil, api.Group{Path: "/shop"}.Routes(page("/users")), "is a page, whose path is the whole one"},
		{"errors of nothing", nil, api.Group{Errors: api.ErrorsAs(func(api.Problem) func() { return nil })}.Routes(get("/users", "b")), "the format of its errors: "},
	} {
		a := api.New(api.Limits{}, nil, slog.New(slog.DiscardHandler))
		err := errors.Join(a.Mount("a", c.a...), a.Mount("b", c.b...))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// A body that may be missing is a pointer.
func TestABodyThatMayBeMissing(t *testing.T) {
	t.Parallel()
	type note struct {
		Text string `json:"text" minLength:"1"`
	}
	type in struct{ Body *note }
	type out struct{ Body string }
	s := serve(t, api.Post("/notes", func(_ context.Context, in *in) (*out, error) {
		if in.Body == nil {
			return &out{"none"}, nil
		}
		return &out{in.Body.Text}, nil
	}, op("note")), api.Post("/wanted", func(context.Context, *struct{ Body note }) (*struct{}, error) { return nil, nil }, op("wanted")))
	const isJSON = "Content-Type: application/json"
	for _, c := range []struct {
		body    string
		headers []string
		status  int
		want    string
	}{
		{"", nil, 201, `"none"`},
		{"", []string{"Content-Length: 0"}, 201, `"none"`},
		{"", []string{isJSON, "Content-Length: 0"}, 201, `"none"`},
		{`{"text":"a"}`, []string{isJSON}, 201, `"a"`},
		{`{"text":"a"}`, nil, 415, "unsupported_media_type"},
		{`{"text":""}`, []string{isJSON}, 422, "/text"},
		{`{"texts":"a"}`, []string{isJSON}, 422, "unknown_field"},
		{" ", []string{isJSON}, 400, "empty_body"},
		{"null", []string{isJSON}, 422, "must not be null"},
	} {
		if a := s.do("POST", "/notes", c.body, c.headers...); a.status != c.status || !strings.Contains(string(a.body), c.want) {
			t.Errorf("%q, %v: %d %s, want %d and %s", c.body, c.headers, a.status, a.body, c.status, c.want)
		}
	}
	doc := documentOf(t, s.api)
	if notes, wanted := doc.Paths["/api/v1/test/notes"]["post"], doc.Paths["/api/v1/test/wanted"]["post"]; notes.RequestBody.Required || !wanted.RequestBody.Required {
		t.Errorf("the document wants a body where there may be none: %t, and where there has to be one: %t", notes.RequestBody.Required, wanted.RequestBody.Required)
	} else if _, has := notes.Responses["411"]; has {
		t.Error("411 is described where nobody gets it")
	}
}

// Types without a name stand where they are used: each of them may be another one.
func TestBodiesWithoutAName(t *testing.T) {
	t.Parallel()
	type a struct {
		Body struct {
			A string `json:"a"`
		}
	}
	type b struct {
		Body struct {
			B struct {
				C int `json:"c"`
			} `json:"b"`
		}
	}
	s := serve(t, api.Get("/a", gives[a](), op("getA")), api.Get("/b", gives[b](), op("getB")))
	documentOf(t, s.api)
}
