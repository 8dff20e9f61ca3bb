package api_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/page"
	"github.com/banyan-go/banyan/platform/patch"
)

// takes returns a handler of that In without an answer, gives one of that Out without a question.
func takes[In any]() api.Handler[In, api.Nothing] {
	return func(context.Context, *In) (*api.Nothing, error) { return nil, nil }
}

func gives[Out any]() api.Handler[none, Out] {
	return func(context.Context, *none) (*Out, error) { return new(Out), nil }
}

type (
	word struct {
		Body struct {
			Word string `json:"word"`
		}
	}
	byID struct {
		ID id.ID `path:"id"`
	}
	paged struct{ Query page.Query }
)

func TestRoutesThatAreRefused(t *testing.T) {
	t.Parallel()
	raw := func(*fiber.Ctx) error { return nil }
	with := func(change func(*api.Op)) api.Op {
		o := op("x")
		change(&o)
		return o
	}
	sortBy := func(s string) api.Op { return with(func(o *api.Op) { o.List = page.Spec{Sort: s} }) }
	for _, c := range []struct {
		name string
		make func() api.Route
		want string // in the message, without the prefix of the path
	}{
		// What is said of the operation.
		{"no id", func() api.Route { return api.Get("/x", nothing, api.Op{Summary: "S", Auth: api.Public}) }, "GET /x: has no operation id"},
		{"an id that is no name", func() api.Route { return api.Get("/x", nothing, op("get-x")) }, "GET /x: has no operation id of letters and digits"},
		{"an id that begins with a digit", func() api.Route { return api.Get("/x", nothing, op("2x")) }, "GET /x: has no operation id"},
		{"an id in other letters", func() api.Route { return api.Get("/x", nothing, op("größe")) }, "GET /x: has no operation id"},
		{"no summary", func() api.Route { return api.Post("/x", nothing, api.Op{ID: "x", Auth: api.Public}) }, "POST /x: has no summary"},
		{"no auth", func() api.Route { return api.Get("/x", nothing, api.Op{ID: "x", Summary: "S"}) }, "GET /x: does not say who may call it: write Auth: api.Public into its api.Op"},
		{"no auth of a write", func() api.Route { return api.Put("/x", nothing, api.Op{ID: "x", Summary: "S"}) }, `PUT /x: does not say who may call it: write Auth: api.PublicWrite("the reason") into its api.Op`},
		{"an auth of one's own", func() api.Route { return api.Get("/x", nothing, with(func(o *api.Op) { o.Auth = "admin" })) }, "GET /x: Op.Auth is none of Public"},
		{"a public write without a reason", func() api.Route {
			return api.Post("/x", nothing, with(func(o *api.Op) { o.Auth = api.PublicWrite(" ") }))
		}, "POST /x: Op.Auth is none of Public, PublicWrite with a reason"},
		{"a session, and nobody who may", func() api.Route { return api.Post("/x", nothing, with(func(o *api.Op) { o.Auth = api.Session })) },
			"POST /x: says that it wants a session and not whose, so nobody may call it: write Allow: api.SignedIn()"},
		{"everybody, and some", func() api.Route {
			return api.Get("/x", nothing, with(func(o *api.Op) { o.Allow = api.Roles("admin") }))
		},
			"GET /x: lets everybody in (Op.Auth), and Op.Allow says role admin"},
		{"fewer than no requests", func() api.Route { return api.Get("/x", nothing, with(func(o *api.Op) { o.Concurrency = -1 })) }, "GET /x: Op.Concurrency is -1"},
		{"the status of an error", func() api.Route { return api.Get("/x", nothing, with(func(o *api.Op) { o.Status = 404 })) }, "GET /x: Op.Status is 404"},
		{"a status that is none", func() api.Route { return api.Get("/x", nothing, with(func(o *api.Op) { o.Status = 20 })) }, "GET /x: Op.Status is 20"},
		{"an order of a list that is not there", func() api.Route { return api.Get("/x", nothing, sortBy("name")) }, "GET /x: Op.List says what may be asked for, and api_test.none has no field"},
		{"an order that the list does not have", func() api.Route { return api.Get("/x", takes[paged](), sortBy("name")) }, `GET /x: default sort "name" is not a sort field`},

		// The path.
		{"no path", func() api.Route { return api.Get("", nothing, op("x")) }, "GET : the path does not begin with /"},
		{"a path without a slash in front", func() api.Route { return api.Get("x", nothing, op("x")) }, "GET x: the path does not begin with /"},
		{"the path of the module itself", func() api.Route { return api.Get("/", nothing, op("x")) }, `GET /: the segment "" of the path`},
		{"a slash at the end", func() api.Route { return api.Get("/x/", nothing, op("x")) }, `GET /x/: the segment "" of the path`},
		{"two slashes", func() api.Route { return api.Get("/x//y", nothing, op("x")) }, `GET /x//y: the segment ""`},
		{"upper case", func() api.Route { return api.Get("/X", nothing, op("x")) }, `GET /X: the segment "X" of the path is neither a word in lower case nor {a_parameter}`},
		{"a segment of dots", func() api.Route { return api.Get("/../x", nothing, op("x")) }, `GET /../x: the segment ".."`},
		{"an escape", func() api.Route { return api.Get("/a%2fb", nothing, op("x")) }, `GET /a%2fb: the segment "a%2fb"`},
		{"a parameter as fiber has it", func() api.Route { return api.Get("/:id", takes[byID](), op("x")) }, `GET /:id: the segment ":id"`},
		{"a wildcard", func() api.Route { return api.Get("/*", nothing, op("x")) }, `GET /*: the segment "*"`},
		{"a parameter without a name", func() api.Route { return api.Get("/{}", nothing, op("x")) }, `GET /{}: the segment "{}"`},
		{"half a parameter", func() api.Route { return api.Get("/{id", takes[byID](), op("x")) }, `GET /{id: the segment "{id"`},
		{"a parameter that is a part of a segment", func() api.Route { return api.Get("/x-{id}", takes[byID](), op("x")) }, `GET /x-{id}: the segment "x-{id}"`},
		{"a parameter twice", func() api.Route { return api.Get("/{id}/{id}", takes[byID](), op("x")) }, "GET /{id}/{id}: the path has the parameter {id} twice"},
		{"a parameter that In does not have", func() api.Route { return api.Get("/{id}", nothing, op("x")) }, "GET /{id}: api_test.none has no field for each of the path's parameters: [id]"},
		{"a field that the path does not have", func() api.Route { return api.Get("/x", takes[byID](), op("x")) }, "GET /x: the path has no parameter {id}"},

		// The question.
		{"In that is no struct", func() api.Route { return api.Get("/x", takes[string](), op("x")) }, "GET /x: string: the type is not a struct"},
		{"a field that is nothing", func() api.Route { return api.Get("/x", takes[struct{ Limit int }](), op("x")) }, "GET /x: an unnamed struct.Limit: the field is no parameter"},
		{"a tag that does not fit", func() api.Route {
			return api.Get("/x", takes[struct {
				A int `query:"a" maxLength:"3"`
			}](), op("x"))
		}, "GET /x: an unnamed struct.A: tag maxLength does not fit the type int"},
		{"a body with GET", func() api.Route { return api.Get("/x", takes[word](), op("x")) }, "GET /x: api_test.word has a Body, which has no meaning with GET"},
		{"a body with DELETE", func() api.Route { return api.Delete("/x", takes[word](), op("x")) }, "DELETE /x: api_test.word has a Body, which has no meaning with DELETE"},
		{"a body that cannot be read", func() api.Route { return api.Post("/x", takes[struct{ Body func() }](), op("x")) }, "POST /x: func(): the type func() is not supported"},
		{"a tag in the body that does not fit", func() api.Route {
			return api.Patch("/x", takes[struct {
				Body struct {
					A patch.Change[int] `json:"a" pattern:"x"`
				}
			}](), op("x"))
		}, "PATCH /x: an unnamed struct.A: tag pattern does not fit the type patch.Change[int]"},
		{"a list that is written", func() api.Route { return api.Post("/x", takes[paged](), op("x")) }, "POST /x: a field of type page.Query stands once, without a tag, in an operation that gets"},
		{"two lists", func() api.Route { return api.Get("/x", takes[struct{ A, B page.Query }](), op("x")) }, "GET /x: a field of type page.Query stands once"},
		{"a list as a parameter", func() api.Route {
			return api.Get("/x", takes[struct {
				Query page.Query `query:"q"`
			}](), op("x"))
		}, "GET /x: a field of type page.Query stands once"},
		{"a list with a tag", func() api.Route {
			return api.Get("/x", takes[struct {
				Query page.Query `required:"true"`
			}](), op("x"))
		}, "GET /x: a field of type page.Query stands once"},
		{"a list in the path", func() api.Route {
			return api.Get("/{q}", takes[struct {
				Query page.Query `path:"q"`
			}](), op("x"))
		}, "GET /{q}: a field of type page.Query stands once"},
		{"If-Match without its tag", func() api.Route { return api.Patch("/x", takes[struct{ IfMatch api.IfMatch }](), op("x")) }, `PATCH /x: a field of type api.IfMatch stands once, with the tag header:"If-Match"`},
		{"If-Match from another header", func() api.Route {
			return api.Patch("/x", takes[struct {
				M api.IfMatch `header:"If-None-Match"`
			}](), op("x"))
		}, `PATCH /x: a field of type api.IfMatch stands once`},
		{"If-Match from the query", func() api.Route {
			return api.Patch("/x", takes[struct {
				M api.IfMatch `query:"If-Match"`
			}](), op("x"))
		}, `PATCH /x: a field of type api.IfMatch stands once`},
		{"If-Match twice", func() api.Route {
			return api.Patch("/x", takes[struct {
				A api.IfMatch `header:"If-Match"`
				B string      `header:"if-match"`
			}](), op("x"))
		}, "PATCH /x: an unnamed struct.B: the header parameter if-match is that of the field A, too"},
		{"a word of lists", func() api.Route {
			return api.Get("/x", takes[struct {
				Query page.Query
				Sort  string `query:"sort"`
			}](), op("x"))
		}, "GET /x: the query parameter sort is one of the framework's here"},
		{"a filter of lists", func() api.Route {
			return api.Get("/x", takes[struct {
				Query page.Query
				F     string `query:"filter[name]"`
			}](), op("x"))
		}, "GET /x: the query parameter filter[name] is one of the framework's here"},
		{"the fields of an answer", func() api.Route {
			return api.Get("/x", func(context.Context, *struct {
				Fields string `query:"fields"`
			}) (*word, error) {
				return nil, nil
			}, op("x"))
		}, "GET /x: the query parameter fields is one of the framework's here"},
		{"the condition of a GET", func() api.Route {
			return api.Get("/x", takes[struct {
				Tag string `header:"if-none-match"`
			}](), op("x"))
		}, "GET /x: the header if-none-match is one of the framework's here"},

		// The answer.
		{"Out that is no struct", func() api.Route { return api.Get("/x", gives[[]string](), op("x")) }, "GET /x: []string: the type is not a struct"},
		{"a field of Out that is nothing", func() api.Route { return api.Get("/x", gives[struct{ Name string }](), op("x")) }, "GET /x: an unnamed struct.Name: the field is no header"},
		{"an answer that cannot be written", func() api.Route { return api.Get("/x", gives[struct{ Body map[int]string }](), op("x")) }, "GET /x: map[int]string: the type map[int]string is not supported"},
		{"a body with 204", func() api.Route { return api.Get("/x", gives[word](), with(func(o *api.Op) { o.Status = 204 })) }, "GET /x: the Body of Out has no place in an answer 204"},
		{"a body with 205", func() api.Route { return api.Get("/x", gives[word](), with(func(o *api.Op) { o.Status = 205 })) }, "answer 205"},
		{"a body with 304", func() api.Route { return api.Get("/x", gives[word](), with(func(o *api.Op) { o.Status = 304 })) }, "answer 304"},

		// The handler.
		{"no handler", func() api.Route { return api.Get[none, none]("/x", nil, op("x")) }, "GET /x: has no handler"},
		{"no raw handler", func() api.Route { return api.Raw("GET", "/x", nil, op("x")) }, "GET /x: has no handler"},
		{"a method that is none", func() api.Route { return api.Raw("get", "/x", raw, op("x")) }, "get /x: the method is none of GET"},
		{"a method that is never answered", func() api.Route { return api.Raw("TRACE", "/x", raw, op("x")) }, "TRACE /x: the method is none of GET"},
		{"a raw route without an id", func() api.Route { return api.Raw("GET", "/x", raw, api.Op{Summary: "S", Auth: api.Public}) }, "GET /x: has no operation id"},
		{"a raw route with a bad path", func() api.Route { return api.Raw("GET", "/x/", raw, op("x")) }, `GET /x/: the segment ""`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := fmt.Sprint(api.New(api.Limits{}, nil, nil).Mount("test", c.make()))
			if !strings.HasPrefix(got, "route ") || !strings.Contains(strings.Replace(got, api.Prefix+"/test", "", 1), c.want) || !here.MatchString(got) {
				t.Errorf("got  %s\nwant route %s (file:line)", got, c.want)
			}
		})
	}
}

func TestStatusOfSuccess(t *testing.T) {
	t.Parallel()
	accepted := op("x")
	accepted.Status = 202
	for want, r := range map[int]api.Route{
		200: api.Get("/x", gives[word](), op("x")),
		201: api.Post("/x", gives[word](), op("x")),
		202: api.Post("/x", gives[word](), accepted),
		204: api.Put("/x", nothing, op("x")),
	} {
		if a := serve(t, r).do(r.Method, "/x", ""); a.status != want {
			t.Errorf("%s: %d %s, want %d", r.Method, a.status, a.body, want)
		}
	}
	if a := serve(t, api.Post("/x", nothing, op("x"))).do("POST", "/x", ""); a.status != 201 {
		t.Errorf("POST without an answer: %d", a.status)
	}
}

func TestWhatARouteSaysOfItself(t *testing.T) {
	t.Parallel()
	raw := func(*fiber.Ctx) error { return nil }
	for _, c := range []struct {
		route         api.Route
		writes, isRaw bool
	}{
		{api.Get("/x", nothing, op("x")), false, false},
		{api.Post("/x", nothing, op("x")), true, false},
		{api.Put("/x", nothing, op("x")), true, false},
		{api.Patch("/x", nothing, op("x")), true, false},
		{api.Delete("/x", nothing, op("x")), true, false},
		{api.Raw("GET", "/x", raw, op("x")), false, true},
		{api.Raw("HEAD", "/x", raw, op("x")), false, true},
		{api.Raw("OPTIONS", "/x", raw, op("x")), false, true},
		{api.Raw("POST", "/x", raw, op("x")), true, true},
	} {
		if c.route.Writes() != c.writes || c.route.IsRaw() != c.isRaw {
			t.Errorf("%s: writes %v, raw %v", c.route.Method, c.route.Writes(), c.route.IsRaw())
		}
	}
}
