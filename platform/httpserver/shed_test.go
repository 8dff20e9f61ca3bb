package httpserver_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/unit"
)

// held returns a route whose requests tell that they run and end when they are let go, and another one that answers at once.
func held(concurrency int) (routes func(*setup), running <-chan struct{}, letGo func()) {
	runs, end := make(chan struct{}, 10), make(chan struct{})
	wait := func(ctx context.Context, _ *struct{}) (*struct{}, error) {
		runs <- struct{}{}
		<-end
		return &struct{}{}, ctx.Err()
	}
	quick := func(context.Context, *struct{}) (*struct{}, error) { return &struct{}{}, nil }
	given := api.Group{Path: "/given", Errors: api.ErrorsAs(func(p api.Problem) string { return p.Code })}
	return with(append(
		given.Routes(api.Get("/quick", quick, api.Op{ID: "given", Summary: "Has errors of its own", Auth: api.Public})),
		api.Get("/held", wait, api.Op{ID: "held", Summary: "Waits", Auth: api.Public, Concurrency: concurrency}),
		api.Get("/quick", quick, api.Op{ID: "quick", Summary: "Does not", Auth: api.Public}),
	)...), runs, func() { close(end) }
}

// busy checks that an answer is the one to a request too many.
func busy(t *testing.T, a answer) {
	t.Helper()
	if p := a.problem(t); a.StatusCode != http.StatusServiceUnavailable || p.Code != "overloaded" || p.Type != "/problems/unavailable" || p.Errors == nil || a.Header.Get("Retry-After") != "1" {
		t.Errorf("%s, Retry-After %q: %s", a.Status, a.Header.Get("Retry-After"), a.body)
	}
}

func TestRequestsTooManyAreRefused(t *testing.T) {
	t.Parallel()
	routes, running, letGo := held(0)
	s := start(t, routes, func(su *setup) {
		su.cfg.Shed.InFlight, su.cfg.Shed.Queue, su.cfg.Shed.Wait = unit.Exactly(1), unit.Exactly(1), patience
	})
	runs := s.dial()
	runs.send(request("GET", "/api/v1/test/held", ""))
	<-running
	const more = 6 // one of them may wait
	answers := make(chan answer, more)
	for range more {
		c := s.dial()
		c.send(request("GET", "/api/v1/test/quick", ""))
		go func() { answers <- c.answer("GET") }()
	}
	for range more - 1 {
		busy(t, <-answers)
	}
	if a := s.get("/given/quick"); a.StatusCode != http.StatusServiceUnavailable || string(a.body) != `"overloaded"` || a.Header.Get("Retry-After") != "1" {
		t.Errorf("in a group with errors of its own: %s, Retry-After %q: %s", a.Status, a.Header.Get("Retry-After"), a.body)
	}
	for _, path := range []string{"/livez", "/readyz", "/startupz", "/up"} {
		if a := s.get(path); a.StatusCode != http.StatusOK {
			t.Errorf("%s is %s while there are too many requests", path, a.Status)
		}
	}
	if _, _, body := s.fetch("/metrics"); !strings.Contains(body, `http_server_shed_requests_total{limit="server",reason="queue_full"} 6`) {
		t.Error("the metrics do not hold the 6 requests that were refused")
	}
	if a := s.get("/nothing"); a.StatusCode != http.StatusNotFound {
		t.Errorf("what no route answers is %s", a.Status)
	}
	letGo()
	for _, a := range []answer{runs.answer("GET"), <-answers} {
		if a.StatusCode != http.StatusNoContent {
			t.Errorf("a request that was admitted is answered with %s", a.Status)
		}
	}
}

func TestARouteHasItsConcurrency(t *testing.T) {
	t.Parallel()
	for name, enabled := range map[string]bool{"with the server's limits": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			routes, running, letGo := held(2)
			s := start(t, routes, func(su *setup) { su.cfg.Shed.Enabled, su.cfg.Shed.Wait = enabled, 10*time.Millisecond })
			clients := []*client{s.dial(), s.dial()}
			for _, c := range clients {
				c.send(request("GET", "/api/v1/test/held", ""))
				<-running
			}
			busy(t, s.get("/api/v1/test/held"))
			if a := s.do(request("HEAD", "/api/v1/test/held", "")); a.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("HEAD has places of its own: %s", a.Status)
			}
			if a := s.get("/api/v1/test/quick"); a.StatusCode != http.StatusNoContent {
				t.Errorf("another route is answered with %s", a.Status)
			}
			letGo()
			for _, c := range clients {
				if a := c.answer("GET"); a.StatusCode != http.StatusNoContent {
					t.Errorf("a request that was admitted is answered with %s", a.Status)
				}
			}
			if a := s.get("/api/v1/test/held"); a.StatusCode != http.StatusNoContent {
				t.Errorf("when there is a place again: %s", a.Status)
			}
		})
	}
}

func TestAPanicGivesItsPlaceBack(t *testing.T) {
	t.Parallel()
	panics := func(context.Context, *struct{}) (*struct{}, error) { panic("on purpose") }
	s := start(t, with(api.Get("/panics", panics, api.Op{ID: "panics", Summary: "Panics", Auth: api.Public, Concurrency: 1})), func(su *setup) {
		su.cfg.Shed.InFlight, su.cfg.Shed.Wait = unit.Exactly(1), 10*time.Millisecond
	})
	for range 3 {
		if a := s.get("/api/v1/test/panics"); a.StatusCode != http.StatusInternalServerError {
			t.Errorf("a request after a panic is answered with %s", a.Status)
		}
	}
}
