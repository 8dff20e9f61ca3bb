package httpserver_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/db/querystat"
	"github.com/banyan-go/banyan/platform/httpserver"
	"github.com/banyan-go/banyan/platform/unit"
)

// fetch asks the ops listener.
func (s *server) fetch(path string, headers ...string) (int, http.Header, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, "http://"+s.ops+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Close = true
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
		if name == "Host" {
			req.Host = value
		}
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close() // it is read below
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(body)
}

func TestHealth(t *testing.T) {
	t.Parallel()
	health := httpserver.NewHealth()
	broken := make(chan error, 1)
	health.Add("database", func(ctx context.Context) error {
		if _, ok := ctx.Deadline(); !ok {
			t.Error("a check has no time limit")
		}
		select {
		case err := <-broken:
			return err
		default:
			return nil
		}
	})
	s := start(t, func(su *setup) { su.health = health })
	for path, details := range map[string]map[string]string{"/livez": nil, "/up": nil, "/startupz": nil, "/readyz": {"database": "ok"}} {
		a := s.get(path)
		if a.StatusCode != 200 || string(a.body) != `{"status":"ok"}` || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %s %s %v", path, a.Status, a.body, a.Header)
		}
		status, _, body := s.fetch(path)
		var report httpserver.Report
		if err := json.Unmarshal([]byte(body), &report); err != nil || status != 200 || report.Status != "ok" || !maps.Equal(report.Checks, details) {
			t.Errorf("ops %s: %d %s", path, status, body)
		}
	}
	broken <- errors.New("no route to " + marker)
	a := s.get("/readyz")
	if a.StatusCode != 503 || string(a.body) != `{"status":"failing"}` {
		t.Errorf("failing: %s %s", a.Status, a.body)
	}
	broken <- errors.New("no route to " + marker)
	if status, _, body := s.fetch("/readyz"); status != 503 || !strings.Contains(body, "no route to "+marker) {
		t.Errorf("failing, on the ops listener: %d %s", status, body)
	}
	if a := s.do(request("POST", "/readyz", "")); a.StatusCode != 404 {
		t.Errorf("POST: %s", a.Status)
	}
	if s.lines() != "" && strings.Contains(s.lines(), "readyz\",\"status\":200") {
		t.Errorf("health is logged: %s", s.lines())
	}
}

func TestHealthBeforeTheStart(t *testing.T) {
	t.Parallel()
	health := httpserver.NewHealth()
	ctx := t.Context()
	if r := health.Ready(ctx); r.Status != "starting" {
		t.Errorf("before the start: %+v", r)
	}
	health.Add("x", func(context.Context) error { return errors.New("broken") })
	health.Started()
	if r := health.Ready(ctx); r.Status != "failing" || r.Checks["x"] != "broken" {
		t.Errorf("with a failing check: %+v", r)
	}
	health.Drain()
	if r := health.Ready(ctx); r.Status != "draining" {
		t.Errorf("when stopping: %+v", r)
	}
}

// However many ask at once, the checks run once: a flood of questions would keep the balancer's own from being answered in time.
func TestHealthIsAskedForByMany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		health, leave := httpserver.NewHealth(), make(chan struct{})
		var runs atomic.Int64
		health.Add("x", func(context.Context) error {
			runs.Add(1)
			<-leave
			return nil
		})
		health.Started()
		gone, leaves := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for i := range 100 {
			ctx := t.Context()
			if i == 0 {
				ctx = gone // the first one, who asks for all of them, is not there any more
			}
			all.Go(func() {
				if r := health.Ready(ctx); r.Status != "ok" || r.Checks["x"] != "ok" {
					t.Errorf("%+v", r)
				}
			})
			synctest.Wait()
		}
		leaves()
		close(leave)
		all.Wait()
		if n := runs.Load(); n != 1 {
			t.Errorf("the check has run %d times", n)
		}
		if health.Ready(t.Context()); runs.Load() != 2 {
			t.Errorf("who asks later gets what was found before")
		}
	})
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	s := start(t, with(raw("GET", "/panic", func(*fiber.Ctx) error { panic(marker) })))
	for range 3 {
		s.get("/api/v1/test/things")
	}
	s.get("/api/v1/test/things/" + s.things()[0].ID.String())
	s.do(request("HEAD", "/api/v1/test/things", ""))
	s.do(jsonRequest("POST", "/api/v1/test/things", "{"))
	s.get("/api/v1/test/panic")
	s.get("/" + marker)
	s.do(request("BREW", "/"+marker, ""))
	s.do(marker + "\r\n\r\n")
	for range 5 {
		s.get("/livez")
		s.get("/readyz")
		s.fetch("/readyz")
	}
	status, header, body := s.fetch("/metrics")
	if status != 200 || !strings.HasPrefix(header.Get("Content-Type"), "text/plain") {
		t.Errorf("%d %v", status, header)
	}
	for _, want := range []string{
		`_count{http_request_method="GET",http_response_status_code="200",http_route="/api/v1/test/things"} 4`,
		`_count{http_request_method="GET",http_response_status_code="200",http_route="/api/v1/test/things/{id}"} 1`,
		`_count{http_request_method="HEAD",http_response_status_code="200",http_route="/api/v1/test/things"} 1`,
		`_count{http_request_method="POST",http_response_status_code="400",http_route="/api/v1/test/things"} 1`,
		`_count{http_request_method="GET",http_response_status_code="500",http_route="/api/v1/test/panic"} 1`,
		`_count{http_request_method="GET",http_response_status_code="404",http_route="_unmatched"} 1`,
		`_count{http_request_method="_OTHER",http_response_status_code="501",http_route="_unmatched"} 1`,
		`_count{http_request_method="_OTHER",http_response_status_code="400",http_route="_unmatched"} 1`,
		`http_server_active_requests{http_request_method="GET"} 0`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the metrics do not hold %s\n%s", want, body)
		}
	}
	for _, bad := range []string{marker, "livez", "readyz"} {
		if strings.Contains(body, bad) {
			t.Errorf("the metrics hold %q", bad)
		}
	}
}

func TestActiveRequests(t *testing.T) {
	t.Parallel()
	inside, leave := make(chan struct{}), make(chan struct{})
	s := start(t, with(raw("GET", "/wait", func(*fiber.Ctx) error {
		close(inside)
		<-leave
		return nil
	})))
	c := s.dial()
	c.send(request("GET", "/api/v1/test/wait", ""))
	<-inside
	_, _, body := s.fetch("/metrics")
	close(leave)
	c.answer("GET")
	if want := `http_server_active_requests{http_request_method="GET"} 1`; !strings.Contains(body, want) {
		t.Errorf("the metrics do not hold %s", want)
	}
}

func TestProfilesAreGuarded(t *testing.T) {
	t.Parallel()
	s := start(t, func(su *setup) {
		su.cfg.OpsToken, su.opts.Queries = "a-token-of-the-operator", querystat.New(querystat.Options{})
	})
	for _, c := range []struct {
		name    string
		headers []string
		status  int
	}{
		{"from this machine", nil, 200},
		{"by its name", []string{"Host: localhost:9090"}, 200},
		{"through a proxy on it", []string{"X-Forwarded-For: 1.2.3.4"}, 403},
		{"by a stranger's name", []string{"Host: evil.example"}, 403},
		{"by a stranger's name, with the token", []string{"Host: evil.example", "Authorization: Bearer a-token-of-the-operator"}, 200},
		{"with another token", []string{"X-Forwarded-For: 1.2.3.4", "Authorization: Bearer a-token-of-the-operatox"}, 403},
		{"with an empty token", []string{"X-Forwarded-For: 1.2.3.4", "Authorization: Bearer "}, 403},
		{"with the token as something else", []string{"X-Forwarded-For: 1.2.3.4", "Authorization: a-token-of-the-operator"}, 403},
	} {
		for _, path := range []string{"/debug/pprof/", "/debug/pprof/cmdline", "/debug/pprof/symbol", "/debug/pprof/goroutine?debug=1", "/debug/queries"} {
			if status, _, _ := s.fetch(path, c.headers...); status != c.status {
				t.Errorf("%s, %s: %d, want %d", path, c.name, status, c.status)
			}
		}
	}
	open := start(t)
	if status, _, _ := open.fetch("/debug/pprof/", "X-Forwarded-For: 1.2.3.4", "Authorization: Bearer "); status != 403 {
		t.Errorf("without a token set, an empty one opens: %d", status)
	}
	if a := s.get("/debug/pprof/"); a.StatusCode != 404 {
		t.Errorf("on the public listener: %s", a.Status)
	}
	if a := s.get("/metrics"); a.StatusCode != 404 {
		t.Errorf("metrics on the public listener: %s", a.Status)
	}
	if status, _, body := s.fetch("/"); status != 200 || !strings.Contains(body, "/readyz") {
		t.Errorf("the index: %d %s", status, body)
	}
	if status, _, _ := s.fetch("/nothing"); status != 404 {
		t.Errorf("an unknown path: %d", status)
	}
}

func TestOpsHeadersAreBounded(t *testing.T) {
	t.Parallel()
	s := start(t, func(su *setup) { su.cfg.HeaderLimit, su.cfg.URILimit = 4*unit.KiB, unit.KiB })
	if status, _, _ := s.fetch("/livez", "X-Large: "+strings.Repeat("x", 64<<10)); status != 431 {
		t.Errorf("got %d", status)
	}
}
