package telemetry_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/telemetry"
)

func TestRouteMetrics(t *testing.T) {
	t.Parallel()
	tel := start(t, telemetry.DefaultConfig(), telemetry.Options{})
	route := tel.Route("GET", "/p/:id")
	if tel.Route("GET", "/p/:id") != route || tel.Route("POST", "/p/:id") == route {
		t.Fatal("Route is not one value for each method and template")
	}
	for _, d := range []time.Duration{-time.Second, 0, 500 * time.Microsecond, 501 * time.Microsecond, 3 * time.Millisecond, 10 * time.Second, time.Minute} {
		route.Observe(200, d)
	}
	route.Observe(404, time.Second)
	route.Observe(99, time.Second)
	route.Observe(600, time.Second)
	tel.Route("BREW", "/p/:id").Observe(200, time.Second)
	tel.Route("get", "/p/:id").Observe(200, time.Second)
	tel.Route("GET", "").Observe(404, time.Second)
	tel.Route("GET", "/bad/\xff").Observe(404, time.Second)

	series := func(suffix, method, route, status, le string) string {
		s := `http_server_request_duration_seconds` + suffix + `{http_request_method="` + method + `",http_response_status_code="` + status + `",http_route="` + route + `"`
		if le != "" {
			s += `,le="` + le + `"`
		}
		return s + "}"
	}
	expect(t, scrape(t, tel), map[string]float64{
		series("_bucket", "GET", "/p/:id", "200", "0.0005"): 3,
		series("_bucket", "GET", "/p/:id", "200", "0.001"):  4,
		series("_bucket", "GET", "/p/:id", "200", "0.0025"): 4,
		series("_bucket", "GET", "/p/:id", "200", "0.005"):  5,
		series("_bucket", "GET", "/p/:id", "200", "10"):     6,
		series("_bucket", "GET", "/p/:id", "200", "+Inf"):   7,
		series("_count", "GET", "/p/:id", "200", ""):        7,
		series("_sum", "GET", "/p/:id", "200", ""):          70.004001,
		series("_count", "GET", "/p/:id", "404", ""):        1,
		series("_count", "GET", "/p/:id", "_other", ""):     2,
		series("_count", "_OTHER", "/p/:id", "200", ""):     2,
		series("_count", "GET", "_unmatched", "404", ""):    1,
		series("_count", "GET", "/bad/\uFFFD", "404", ""):   1,
	})
}

func TestLatencyBoundsAreThoseOfOpenTelemetryAndFinerOnes(t *testing.T) {
	t.Parallel()
	tel := start(t, telemetry.DefaultConfig(), telemetry.Options{})
	tel.Route("GET", "/").Observe(200, 0)
	var got []string
	for text := range strings.Lines(scrape(t, tel)) {
		if strings.HasPrefix(text, "http_server_request_duration_seconds_bucket") {
			_, rest, _ := strings.Cut(text, `le="`)
			bound, _, _ := strings.Cut(rest, `"`)
			got = append(got, bound)
		}
	}
	want := "0.0005 0.001 0.0025 0.005 0.01 0.025 0.05 0.075 0.1 0.25 0.5 0.75 1 2.5 5 7.5 10 +Inf"
	if strings.Join(got, " ") != want {
		t.Errorf("bounds = %v, want %s", got, want)
	}
}

func TestRoutesAreCapped(t *testing.T) {
	t.Parallel()
	cfg := telemetry.DefaultConfig()
	cfg.MaxSeries = 10
	tel := start(t, cfg, telemetry.Options{})
	for n := range 1000 {
		tel.Route("GET", "/"+strconv.Itoa(n)).Observe(200, 0)
	}
	text := scrape(t, tel)
	if n := strings.Count(text, "http_server_request_duration_seconds_count"); n != 11 {
		t.Errorf("%d series, want 10 and the one for the rest", n)
	}
	expect(t, text, map[string]float64{
		`http_server_request_duration_seconds_count{http_request_method="_OTHER",http_response_status_code="200",http_route="_other"}`: 990,
	})
}

func TestActiveRequests(t *testing.T) {
	t.Parallel()
	tel := start(t, telemetry.DefaultConfig(), telemetry.Options{})
	tel.ActiveRequests("GET").Begin()
	tel.ActiveRequests("GET").Begin()
	tel.ActiveRequests("GET").End()
	tel.ActiveRequests("BREW").Begin()
	want := map[string]float64{"GET": 1, "_OTHER": 1}
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE", "QUERY"} {
		tel.ActiveRequests(method).Begin()
		tel.ActiveRequests(method).Begin()
		want[method] = 2
	}
	for method, v := range want {
		expect(t, scrape(t, tel), map[string]float64{`http_server_active_requests{http_request_method="` + method + `"}`: v})
	}
}

func TestObserveFromManyGoroutines(t *testing.T) {
	t.Parallel()
	tel := start(t, telemetry.DefaultConfig(), telemetry.Options{})
	var group sync.WaitGroup
	for n := range 5 {
		route := tel.Route("GET", "/"+strconv.Itoa(n))
		begin := make(chan struct{})
		for range 4 {
			group.Go(func() {
				<-begin
				for status := 100; status < 600; status++ {
					route.Observe(status, time.Millisecond)
				}
			})
		}
		close(begin)
		if n == 0 {
			group.Go(func() { scrape(t, tel) })
		}
		group.Wait()
	}
	text := scrape(t, tel)
	if n := strings.Count(text, "http_server_request_duration_seconds_count"); n != 5*500 {
		t.Errorf("%d series, want 5*500", n)
	}
	expect(t, text, map[string]float64{
		`http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="599",http_route="/4"}`: 4,
	})
}

func BenchmarkRouteObserve(b *testing.B) {
	tel := start(b, telemetry.DefaultConfig(), telemetry.Options{})
	route := tel.Route("GET", "/api/v1/products/:id")
	for _, status := range []int{200, 304, 404} {
		route.Observe(status, 0)
	}
	b.ReportAllocs()
	for b.Loop() {
		route.Observe(200, 1700*time.Microsecond)
	}
}

func BenchmarkRouteObserveParallel(b *testing.B) {
	tel := start(b, telemetry.DefaultConfig(), telemetry.Options{})
	route := tel.Route("GET", "/api/v1/products/:id")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			route.Observe(200, 1700*time.Microsecond)
		}
	})
}

func BenchmarkActiveRequests(b *testing.B) {
	tel := start(b, telemetry.DefaultConfig(), telemetry.Options{})
	for b.Loop() {
		active := tel.ActiveRequests("PATCH")
		active.Begin()
		active.End()
	}
}
