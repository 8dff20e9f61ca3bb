package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/api"
)

type saying struct {
	Body struct {
		Text string `json:"text"`
	}
}

func getWord(context.Context, *none) (*saying, error) { return &saying{}, nil }

// cached is an Op of a test with a Cache.
func cached(c api.Caching) api.Op {
	return api.Op{ID: "getWord", Summary: "Get a word", Auth: api.Public, Cache: c}
}

// getting returns a route that answers to In with Out.
func getting[In, Out any](c api.Caching) api.Route {
	return api.Get("/word", func(context.Context, *In) (*Out, error) { return new(Out), nil }, cached(c))
}

// What may be kept is the same for everybody, and is asked for by its address and the headers that it names: what cannot be is refused at the start.
func TestCachesThatAreRefused(t *testing.T) {
	t.Parallel()
	keep := api.Caching{SMaxAge: 30 * time.Second}
	of := func(change func(*api.Op)) api.Route {
		op := cached(keep)
		change(&op)
		return api.Get("/word", getWord, op)
	}
	type (
		cookieIn struct {
			Cookie string `header:"Cookie"`
		}
		tokenIn struct {
			Token string `header:"authorization"`
		}
		matchIn struct {
			Match api.IfMatch `header:"If-Match"`
		}
		cookieOut struct {
			Cookie string `header:"Set-Cookie"`
			Body   string
		}
		controlOut struct {
			Control string `header:"Cache-Control"`
			Body    string
		}
		varyOut struct {
			Vary string `header:"vary"`
			Body string
		}
	)
	for name, c := range map[string]struct {
		route api.Route
		want  string
	}{
		"another method":       {api.Delete("/word", nothing, api.Op{ID: "a", Summary: "a", Auth: api.PublicWrite("a test"), Cache: keep}), "is for operations that get"},
		"a session":            {of(func(o *api.Op) { o.Auth, o.Allow = api.Session, api.SignedIn() }), "the operation wants a session: one caller would get what was made for another"},
		"a token":              {of(func(o *api.Op) { o.Auth, o.Allow = api.Token, api.SignedIn() }), "the operation wants a token"},
		"another status":       {of(func(o *api.Op) { o.Status = 202 }), "is for answers 200, and Op.Status is 202"},
		"nothing":              {api.Get("/word", nothing, cached(keep)), "is for answers 200 with a body, and this one is 204"},
		"a raw route":          {api.Raw("GET", "/word", func(*fiber.Ctx) error { return nil }, cached(api.Caching{Server: time.Second})), "nobody knows what its answer depends on"},
		"parts of a second":    {getting[none, saying](api.Caching{SMaxAge: 1500 * time.Millisecond}), "Op.Cache.SMaxAge is 1.5s: whole seconds"},
		"a time before":        {getting[none, saying](api.Caching{SMaxAge: -time.Second}), "Op.Cache.SMaxAge is -1s"},
		"more than a year":     {getting[none, saying](api.Caching{SMaxAge: time.Second, StaleWhileRevalidate: 366 * 24 * time.Hour}), "Op.Cache.StaleWhileRevalidate is 8784h0m0s"},
		"kept before for ever": {getting[none, saying](api.Caching{Server: 366 * 24 * time.Hour}), "Op.Cache.Server is 8784h0m0s"},
		"stale from when":      {getting[none, saying](api.Caching{StaleWhileRevalidate: time.Second}), "says what comes after Op.Cache.SMaxAge, which is 0"},
		"tags alone":           {getting[none, saying](api.Caching{Tags: []string{"words"}}), "has tags and no time"},
		"an empty tag":         {getting[none, saying](api.Caching{Server: 1, Tags: []string{""}}), `the tag ""`},
		"two tags in one":      {getting[none, saying](api.Caching{Server: 1, Tags: []string{"a b"}}), `the tag "a b"`},
		"a line end":           {getting[none, saying](api.Caching{Server: 1, Tags: []string{"a\r\nb"}}), `the tag "a\r\nb"`},
		"a long tag":           {getting[none, saying](api.Caching{Server: 1, Tags: []string{strings.Repeat("a", 65)}}), "is not 1 to 64"},
		"many tags":            {getting[none, saying](api.Caching{Server: 1, Tags: slices.Repeat([]string{"a"}, 17)}), "has 17 tags: at most 16"},
		"reads a cookie":       {getting[cookieIn, saying](keep), "In reads the header Cookie, so the answer is for one caller"},
		"reads a token":        {getting[tokenIn, saying](keep), "the framework reads this header itself"},
		"a precondition":       {getting[matchIn, saying](keep), "In reads If-Match"},
		"sets a cookie":        {getting[none, cookieOut](keep), "Out has the header Set-Cookie"},
		"its own control":      {getting[none, controlOut](keep), "Out has the header Cache-Control"},
		"its own variation":    {getting[none, varyOut](keep), "Out has the header Vary"},
	} {
		a := newAPI(t, slog.New(slog.DiscardHandler))
		a.Guard("session", api.Session, api.Token)
		if err := a.Mount("test", c.route); !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	for name, r := range map[string]api.Route{
		"shared caches": getting[none, saying](api.Caching{SMaxAge: time.Minute, StaleWhileRevalidate: time.Hour, Tags: []string{"a.b:c-d_e"}}),
		"the server":    getting[none, saying](api.Caching{Server: time.Millisecond}),
		"a raw route":   api.Raw("GET", "/word", func(*fiber.Ctx) error { return nil }, cached(keep)),
	} {
		if err := newAPI(t, slog.New(slog.DiscardHandler)).Mount("test", r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCacheControl(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]api.Caching{
		"":                              {Server: time.Minute},
		"public, max-age=0, s-maxage=1": {SMaxAge: time.Second},
		"public, max-age=0, s-maxage=30, stale-while-revalidate=60": {SMaxAge: 30 * time.Second, StaleWhileRevalidate: time.Minute},
	} {
		if got := c.Control(); got != want {
			t.Errorf("%+v: %q, want %q", c, got, want)
		}
	}
}

// What an answer depends on is known at the first request, also where types are planned no earlier.
func TestAnswersVaryByTheHeadersThatAreRead(t *testing.T) {
	t.Parallel()
	type in struct {
		Language string `header:"accept-language"`
		Client   string `header:"X-Client"`
	}
	for _, late := range []bool{false, true} {
		a := newAPI(t, slog.New(slog.DiscardHandler))
		if late {
			a.PlanLate()
		}
		if err := a.Mount("test", getting[in, saying](api.Caching{SMaxAge: time.Second})); err != nil {
			t.Fatal(err)
		}
		if got, want := a.Endpoints()[0].Varies(), []string{"Accept-Language", "X-Client"}; !slices.Equal(got, want) {
			t.Errorf("late %v: %q, want %q", late, got, want)
		}
	}
}

func TestDocumentTellsWhoMayKeepAnAnswer(t *testing.T) {
	t.Parallel()
	doc := document(t, api.Info{Title: "t"}, map[string][]api.Route{"test": {
		getting[none, saying](api.Caching{SMaxAge: time.Second}),
		api.Get("/other", getWord, api.Op{ID: "other", Summary: "Get a word", Auth: api.Public, Cache: api.Caching{Server: time.Second}}),
	}}, "test")
	var got struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct {
				Headers map[string]struct{ Example string }
			}
		}
	}
	if err := json.Unmarshal(doc, &got); err != nil {
		t.Fatal(err)
	}
	if h := got.Paths["/api/v1/test/word"]["get"].Responses["200"].Headers["Cache-Control"]; h.Example != "public, max-age=0, s-maxage=1" {
		t.Errorf("Cache-Control of what caches may keep is %q", h.Example)
	}
	if _, told := got.Paths["/api/v1/test/other"]["get"].Responses["200"].Headers["Cache-Control"]; told {
		t.Error("what the server alone keeps has a Cache-Control")
	}
}
