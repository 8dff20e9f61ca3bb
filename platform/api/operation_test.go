package api_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/patch"
)

// Whoever has made several mistakes hears of all of them at once, wherever they stand, up to twenty.
func TestAllMistakesAreNamedAtOnce(t *testing.T) {
	t.Parallel()
	type in struct {
		Tenant string `header:"X-Tenant" required:"true"`
		Limit  int    `query:"limit" maximum:"10"`
		Body   struct {
			Name string `json:"name" minLength:"1"`
		}
	}
	s := serve(t, api.Put("/x", takes[in](), op("x")))
	places := func(a answer) (all []string) {
		for _, f := range a.problem(t).Errors {
			all = append(all, f.In+" "+f.Pointer+" "+f.Code)
		}
		return all
	}
	a := s.json("PUT", "/x?limit=11&page=2&fields=name", `{"name":"","role":"admin"}`)
	want := []string{"header /X-Tenant required", "query /limit maximum", "query /page unknown", "query /fields unknown", "body /name min_length", "body /role unknown_field"}
	if got := places(a); a.status != 422 || !slices.Equal(got, want) {
		t.Errorf("%d %q, want %q", a.status, got, want)
	}
	var query strings.Builder
	for i := range 15 {
		fmt.Fprintf(&query, "x%d&", i)
	}
	a = s.json("PUT", "/x?"+query.String(), `{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1}`)
	if got := places(a); a.status != 422 || len(got) != 20 {
		t.Errorf("%d, %d mistakes are named: %q", a.status, len(got), got)
	}
	// What cannot be read at all is said alone: the rest may be a consequence.
	if a := s.json("PUT", "/x?limit=11", `{"name":`); a.status != 400 || len(a.problem(t).Errors) != 0 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestIfMatch(t *testing.T) {
	t.Parallel()
	var seen patch.Versions
	optional := func(_ context.Context, in *struct {
		IfMatch api.IfMatch `header:"if-match"`
	}) (*api.Nothing, error) {
		seen = in.IfMatch.Versions()
		return nil, nil
	}
	required := func(_ context.Context, in *struct {
		IfMatch api.IfMatch `header:"If-Match" required:"true"`
	}) (*api.Nothing, error) {
		seen = in.IfMatch.Versions()
		return nil, nil
	}
	s := serve(t, api.Delete("/optional", optional, op("a")), api.Delete("/required", required, op("b")))
	for _, c := range []struct {
		path    string
		headers []string
		status  int
		code    string
		seen    patch.Versions
	}{
		{"/optional", nil, 204, "", nil},
		{"/optional", []string{`If-Match: "7"`}, 204, "", patch.Versions{7}},
		{"/optional", []string{`If-Match: "7"`, `if-match: "8"`}, 204, "", patch.Versions{7, 8}},
		{"/optional", []string{`If-Match: *`}, 204, "", nil},
		{"/optional", []string{`If-Match: "x"`}, 204, "", patch.Versions{}},
		{"/optional", []string{`If-Match: 7`}, 400, "bad_if_match", nil},
		{"/optional", []string{`If-Match:`}, 400, "bad_if_match", nil},
		{"/required", []string{`If-Match: "7"`}, 204, "", patch.Versions{7}},
		{"/required", []string{`If-Match: *`}, 204, "", nil},
		{"/required", nil, 428, "if_match_required", nil},
		{"/required", []string{`If-Match:`}, 400, "bad_if_match", nil},
	} {
		seen = nil
		a := s.do("DELETE", c.path, "", c.headers...)
		code := ""
		if a.status >= 400 {
			code = a.problem(t).Code
		}
		if a.status != c.status || code != c.code || !slices.Equal(seen, c.seen) || (seen == nil) != (c.seen == nil) {
			t.Errorf("%s %q: %d %s, versions %v, want %d %s, %v", c.path, c.headers, a.status, code, seen, c.status, c.code, c.seen)
		}
	}
}

// Names of headers have no case: with some of the fields the entity tag is another one, however the tag of Out is spelt.
func TestSomeFieldsHaveATagOfTheirOwn(t *testing.T) {
	t.Parallel()
	type body struct {
		Name string `json:"name"`
		Size int    `json:"size"`
	}
	type upper struct {
		Tag  api.ETag `header:"ETag"`
		Body body
	}
	type lower struct {
		Tag  api.ETag `header:"etag"`
		Body body
	}
	for name, r := range map[string]api.Route{
		"ETag": api.Get("/x", func(context.Context, *none) (*upper, error) { return &upper{Tag: api.Version(7)}, nil }, op("x")),
		"etag": api.Get("/x", func(context.Context, *none) (*lower, error) { return &lower{Tag: api.Version(7)}, nil }, op("x")),
	} {
		s := serve(t, r)
		all, some, same, other := s.get("/x"), s.get("/x?fields=name"), s.get("/x?fields=name,name"), s.get("/x?fields=size")
		if all.get("ETag") != `"7"` || string(all.body) != `{"name":"","size":0}` {
			t.Errorf("%s: all: %s %s", name, all.get("ETag"), all.body)
		}
		if tag := some.get("ETag"); !strings.HasPrefix(tag, `"7-f`) || tag != same.get("ETag") || tag == other.get("ETag") || string(some.body) != `{"name":""}` {
			t.Errorf("%s: some: %s, the same %s, others %s, %s", name, tag, same.get("ETag"), other.get("ETag"), some.body)
		}
	}
}

// The server reads the next request into the memory of this one.
func TestWhatAHandlerKeepsIsItsOwn(t *testing.T) {
	t.Parallel()
	type in struct {
		Path   string   `path:"path"`
		Query  string   `query:"query"`
		Words  []string `query:"words"`
		Header string   `header:"X-Header"`
		Body   struct {
			Text string            `json:"text"`
			Map  map[string]string `json:"map"`
			Data []byte            `json:"data"`
		}
	}
	var kept *in
	s := serve(t, api.Put("/{path}", func(_ context.Context, in *in) (*api.Nothing, error) {
		kept = in
		return nil, nil
	}, op("x")))
	fctx := s.request("PUT", "/api/v1/test/path?query=query&words=one&words=two", `{"text":"text","map":{"key":"value"},"data":"AAAA"}`,
		"Content-Type: application/json", "X-Header: header")
	if err := s.api.Endpoints()[0].Serve(t.Context(), fctx); err != nil {
		t.Fatal(err)
	}
	uri := fctx.URI()
	for _, memory := range [][]byte{uri.PathOriginal(), uri.QueryString(), fctx.Request.Header.Peek("X-Header"), fctx.Request.Header.RawHeaders(), fctx.Request.Body()} {
		for i := range memory {
			memory[i] = '!'
		}
	}
	got := fmt.Sprintf("%s %s %s %s %s %s %v", kept.Path, kept.Query, kept.Words, kept.Header, kept.Body.Text, kept.Body.Map, kept.Body.Data)
	if want := "path query [one two] header text map[key:value] [0 0 0]"; got != want {
		t.Errorf("the handler has kept %q, want %q", got, want)
	}
}

// The limit is on what a body unpacks to; what comes in is already limited by the server.
func TestBodyLimit(t *testing.T) {
	t.Parallel()
	s := serve(t, api.Post("/x", takes[word](), op("x")))
	fill := func(n int) string { return `{"word":""}` + strings.Repeat(" ", n-len(`{"word":""}`)) }
	if a := s.json("POST", "/x", fill(64<<10)); a.status != 201 {
		t.Errorf("as large as it may be: %d %s", a.status, a.body)
	}
	if a := s.json("POST", "/x", fill(64<<10+1)); a.status != 413 || a.problem(t).Code != "body_too_large" {
		t.Errorf("a byte more: %d %s", a.status, a.body)
	}
}

func TestDepthLimit(t *testing.T) {
	t.Parallel()
	nested := func(n int) string {
		return `{"word":"","x":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + "}"
	}
	for limit, deepest := range map[int]int{0: 32, 3: 3, 100: 100} {
		a := api.New(api.Limits{Body: 1 << 20, Depth: limit}, nil, nil)
		if err := a.Mount("test", api.Post("/x", takes[word](), op("x"))); err != nil {
			t.Fatal(err)
		}
		s := &server{t: t, api: a, ctx: t.Context()}
		if at := s.json("POST", "/x", nested(deepest)); at.status != 422 { // for the unknown field
			t.Errorf("%d: %d levels: %d %s", limit, deepest, at.status, at.body)
		}
		if beyond := s.json("POST", "/x", nested(deepest+1)); beyond.status != 400 || beyond.problem(t).Code != "too_deep" {
			t.Errorf("%d: %d levels: %d %s", limit, deepest+1, beyond.status, beyond.body)
		}
	}
}

// A path parameter that no resource can have leads nowhere; only what is no text at all is a mistake of the client's program.
func TestPathParameters(t *testing.T) {
	t.Parallel()
	type in struct {
		Name string `path:"name" maxLength:"3"`
	}
	var got string
	s := serve(t, api.Get("/names/{name}/x", func(_ context.Context, in *in) (*api.Nothing, error) {
		got = in.Name
		return nil, nil
	}, op("x")))
	for _, c := range []struct {
		segment string
		status  int
		want    string
	}{
		{"abc", 204, "abc"},
		{"a+b", 204, "a+b"}, // a plus is a space in queries alone
		{"a%2Bb", 204, "a+b"},
		{"%C3%A4%20", 204, "ä "},
		{"%25", 204, "%"},
		{"a%2fb", 204, "a/b"}, // package httpserver refuses it before
		{"abcd", 404, "not_found"},
		{"%ff", 400, "bad_path"},
		{"%00", 400, "bad_path"},
		{"%4", 400, "bad_path"},
		{"%zz", 400, "bad_path"},
	} {
		got = ""
		a := s.get("/names/" + c.segment + "/x")
		if a.status != 204 {
			got = a.problem(t).Code
		}
		if a.status != c.status || got != c.want {
			t.Errorf("%s: %d %q, want %d %q", c.segment, a.status, got, c.status, c.want)
		}
	}
}

func TestAnswersWithoutABody(t *testing.T) {
	t.Parallel()
	type made struct {
		Location string `header:"Location"`
		Number   int    `header:"X-Number"`
	}
	s := serve(t, api.Post("/x", func(context.Context, *none) (*made, error) { return &made{Location: "/y"}, nil }, op("x")))
	a := s.do("POST", "/x", "")
	if a.status != 201 || len(a.body) != 0 || a.get("Location") != "/y" {
		t.Errorf("%d %q, Location %q", a.status, a.body, a.get("Location"))
	}
	if a.header.PeekAll("X-Number") != nil {
		t.Errorf("a header that is zero is sent: %s", a.header)
	}
	if a := s.do("POST", "/x", "{}"); a.status != 400 || a.problem(t).Code != "unexpected_body" {
		t.Errorf("with a body in the question: %d %s", a.status, a.body)
	}
	if a := s.do("POST", "/x", "", "Accept: text/html"); a.status != 406 {
		t.Errorf("%d, want 406: an error would be JSON", a.status)
	}
}

// An error that no document tells of is told to whoever asked for that: not one that the Op names, nor what comes with the types.
func TestErrorsThatNoDocumentTellsOf(t *testing.T) {
	t.Parallel()
	late := fault.New(fault.Conflict, "too_late", "It is too late.")
	var fails error
	type versioned struct {
		IfMatch api.IfMatch `header:"If-Match"`
	}
	o := op("postX")
	o.Errors = []*fault.Error{late}
	s := serve(t, api.Post("/x", func(context.Context, *versioned) (*none, error) { return nil, fails }, o))
	var told []string
	s.api.OnUndeclared(func(operation, code string) { told = append(told, operation+" "+code) })
	for _, c := range []struct {
		err  error
		want string
	}{
		{late, ""},
		{fmt.Errorf("with a cause: %w", late.Because(errors.New("a cause"))), ""},
		{patch.ErrVersion, ""},
		{context.DeadlineExceeded, ""},
		{errors.New("a defect"), ""},
		{fault.New(fault.Invalid, "invalid", "A rule of its own."), ""},
		{fault.New(fault.Conflict, "taken", "It is taken."), "postX taken"},
		{fault.New(fault.NotFound, "too_late", "Another kind has another status."), "postX too_late"},
	} {
		fails, told = c.err, nil
		s.do("POST", "/x", "")
		if got := strings.Join(told, ", "); got != c.want {
			t.Errorf("%v: told of %q, want %q", c.err, got, c.want)
		}
	}
}

// A field that stands in every answer is known, and a change says why it does not take it.
func TestFieldsThatCannotBeChanged(t *testing.T) {
	t.Parallel()
	type thing struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	type change struct {
		Body struct {
			Name patch.Change[string] `json:"name"`
		}
	}
	type one struct{ Body thing }
	same := func(context.Context, *change) (*one, error) { return &one{}, nil }
	s := serve(t, api.Patch("/x", same, op("patchX")), api.Put("/x", same, op("putX")))
	for method, want := range map[string]string{
		"PATCH": "/id immutable cannot be changed, /ID unknown_field is not a known field, /other unknown_field is not a known field",
		"PUT":   "/id unknown_field is not a known field, /ID unknown_field is not a known field, /other unknown_field is not a known field",
	} {
		var got []string
		for _, f := range s.json(method, "/x", `{"id":"1","ID":"1","name":"a","other":1}`).problem(t).Errors {
			got = append(got, f.Pointer+" "+f.Code+" "+f.Detail)
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %q, want %q", method, got, want)
		}
	}
}

// Routes that were generated before they named it answer 404 with a code of their own.
func TestNotFoundBelowAPathIsNotTold(t *testing.T) {
	t.Parallel()
	s := serve(t, api.Get("/x/{id}", func(context.Context, *byID) (*none, error) {
		return nil, fault.New(fault.NotFound, "thing_not_found", "There is no such thing.")
	}, op("getX")))
	s.api.OnUndeclared(func(operation, code string) { t.Errorf("%s: told of %s", operation, code) })
	if a := s.get("/x/0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f01"); a.status != 404 || a.problem(t).Code != "thing_not_found" {
		t.Errorf("%d %s", a.status, a.body)
	}
}
