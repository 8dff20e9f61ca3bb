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

// Whatever answers on the paths of a group with an error does it in the format of the group: the gate, a handler of either kind, a defect, a request that is repeated.
func TestErrorsOfAGroup(t *testing.T) {
	t.Parallel()
	type given struct {
		Errors []string `json:"errors"`
	}
	group := api.Group{Path: "/api", Errors: api.ErrorsAs(func(p api.Problem) given { return given{[]string{p.Code, p.RequestID}} })}
	op := func(id string, auth api.Auth, allow api.Policy) api.Op {
		return api.Op{ID: id, Summary: "Test errors", Auth: auth, Allow: allow}
	}
	open, taken := api.Public, fault.New(fault.Conflict, "taken", "It is taken.")
	fails := func(context.Context, *struct{}) (*struct{}, error) { return nil, taken }
	limited := op("groupLimited", open, api.Policy{})
	limited.Limit = "test.few"
	routes := group.Routes(
		api.Get("/fails", fails, op("groupFails", open, api.Policy{})),
		api.Get("/signed-in", fails, op("groupSignedIn", api.Token, api.SignedIn())),
		api.Get("/panics", func(context.Context, *struct{}) (*struct{}, error) { panic("no") }, op("groupPanics", open, api.Policy{})),
		api.Get("/limited", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }, limited),
		api.Post("/once", fails, op("groupOnce", api.PublicWrite("a test"), api.Policy{})),
		api.Raw(http.MethodGet, "/raw", func(*fiber.Ctx) error { return taken }, op("groupRaw", open, api.Policy{})),
	)
	d := &doors{limits: map[string]ratelimit.Rule{"test.few": {Max: 1, Window: time.Hour, Key: ratelimit.IP}, "test.user": {}}}
	s := guarded(t, d, with(routes...))
	s.get("/api/limited")
	for _, c := range []struct {
		method, path string
		headers      []string
		status       int
		code         string // "" for none of the group
	}{
		{"GET", "/api/fails", nil, 409, "taken"},
		{"GET", "/api/fails?x=1", nil, 422, "invalid"},
		{"GET", "/api/fails", []string{"Accept: text/html"}, 406, "not_acceptable"},
		{"GET", "/api/signed-in", nil, 401, "unauthenticated"},
		{"GET", "/api/signed-in", []string{"Authorization: Token bad"}, 401, "unauthenticated"},
		{"GET", "/api/panics", nil, 500, "internal"},
		{"GET", "/api/limited", nil, 429, "rate_limited"},
		{"POST", "/api/once", []string{"Idempotency-Key: 0123456789abcdef0123456789abcdef"}, 409, "taken"},
		{"POST", "/api/once", []string{"Idempotency-Key: 0123456789abcdef0123456789abcdef"}, 409, "taken"},
		{"GET", "/api/raw", nil, 409, "taken"},
		{"GET", "/api/nothing", nil, 404, ""},
		{"DELETE", "/api/fails", nil, 405, ""},
	} {
		a := s.on(t).do(request(c.method, c.path, "", c.headers...))
		want := `{"errors":["` + c.code + `","` + a.Header.Get("X-Request-Id") + `"]}`
		if c.code == "" {
			if a.StatusCode != c.status || a.problem(t).Status != c.status {
				t.Errorf("%s %s: %s %s", c.method, c.path, a.Status, a.body)
			}
			continue
		}
		if a.StatusCode != c.status || a.Header.Get("Content-Type") != "application/json" || !strings.HasPrefix(string(a.body), `{"errors":["`+c.code) ||
			string(a.body) != want && a.Header.Get("Idempotency-Replayed") == "" {
			t.Errorf("%s %s: %s %s %s, want %d %s", c.method, c.path, a.Status, a.Header.Get("Content-Type"), a.body, c.status, want)
		}
	}
}
