package telemetry_test

import (
	"compress/gzip"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/banyan-go/banyan/platform/servertest"
	"github.com/banyan-go/banyan/platform/telemetry"
)

// scrape returns what /metrics says, in Prometheus' text format.
func scrape(tb testing.TB, t *telemetry.Telemetry) string {
	tb.Helper()
	rec := httptest.NewRecorder()
	t.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if rec.Code != http.StatusOK {
		tb.Fatalf("status %d: %s", rec.Code, rec.Body)
	}
	return rec.Body.String()
}

// sample returns the value of one series, NaN when there is none.
func sample(tb testing.TB, exposition, series string) float64 {
	tb.Helper()
	for text := range strings.Lines(exposition) {
		if rest, ok := strings.CutPrefix(text, series+" "); ok {
			v, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			if err != nil {
				tb.Fatal(err)
			}
			return v
		}
	}
	return math.NaN()
}

func expect(tb testing.TB, exposition string, want map[string]float64) {
	tb.Helper()
	for series, v := range want {
		if got := sample(tb, exposition, series); got != v {
			tb.Errorf("%s = %v, want %v", series, got, v)
		}
	}
}

// full returns a Telemetry with at least one series of every metric there is.
func full(t *testing.T) *telemetry.Telemetry {
	t.Helper()
	tel := start(t, telemetry.DefaultConfig(), telemetry.Options{Service: "shop", Version: "1.2.3", Instance: "one"})
	tel.Route("GET", "/api/v1/products").Observe(200, time.Millisecond)
	tel.Route("GET", "/api/v1/products").ObserveStatements(2)
	c, err := tel.Counter("catalog_orders_total", "Orders.", "country")
	if err != nil {
		t.Fatal(err)
	}
	c.Inc("se")
	c.Inc()
	g, err := tel.Gauge("catalog_carts", "Carts.")
	if err != nil {
		t.Fatal(err)
	}
	g.Set(3)
	h, err := tel.Histogram("catalog_import_duration_seconds", "Time of an import.", nil)
	if err != nil {
		t.Fatal(err)
	}
	h.Observe(2)
	return tel
}

func TestMetricsPassTheLinter(t *testing.T) {
	t.Parallel()
	problems, err := promlint.New(strings.NewReader(scrape(t, full(t)))).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestMetricsPassPromtool(t *testing.T) {
	t.Parallel()
	path := servertest.Need(t, servertest.Promtool())
	cmd := exec.CommandContext(t.Context(), path, "check", "metrics")
	cmd.Stdin = strings.NewReader(scrape(t, full(t)))
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool: %v\n%s", err, out)
	}
}

func TestHandlerNegotiates(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(full(t).Handler())
	defer server.Close()
	get := func(header http.Header) (*http.Response, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header = header
		client := &http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body := io.Reader(res.Body)
		if res.Header.Get("Content-Encoding") == "gzip" {
			if body, err = gzip.NewReader(body); err != nil {
				t.Fatal(err)
			}
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		return res, string(text)
	}
	res, text := get(http.Header{})
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/plain") || res.Header.Get("Content-Encoding") != "" || !strings.Contains(text, "catalog_carts 3") {
		t.Errorf("by default: %v", res.Header)
	}
	res, text = get(http.Header{"Accept": {"application/openmetrics-text;version=1.0.0"}, "Accept-Encoding": {"gzip"}})
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "application/openmetrics-text") || res.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("for Prometheus: %v", res.Header)
	}
	if !strings.HasSuffix(text, "# EOF\n") || !strings.Contains(text, `catalog_orders_total{country="se"} 1.0`) {
		t.Errorf("OpenMetrics: %s", text)
	}
}

func TestStandardMetrics(t *testing.T) {
	t.Parallel()
	text := scrape(t, full(t))
	for _, series := range []string{
		`process_cpu_time_seconds_total{cpu_mode="user"}`, `process_cpu_time_seconds_total{cpu_mode="system"}`,
		"process_open_fds", "process_max_fds", "process_start_time_seconds", "process_uptime_seconds",
		`go_memory_used_bytes{go_memory_type="stack"}`, `go_memory_used_bytes{go_memory_type="other"}`,
		"go_memory_allocated_bytes_total", "go_memory_allocations_total", "go_memory_gc_goal_bytes", "go_memory_gc_cycles_total",
		`go_memory_gc_pause_duration_seconds_bucket{le="+Inf"}`, "go_memory_gc_pause_duration_seconds_sum",
		"go_goroutines", "go_processor_limit", "go_config_gogc_percent",
		`go_schedule_duration_seconds_bucket{le="0.001"}`, "go_schedule_duration_seconds_count",
		"telemetry_log_written_bytes_total", "telemetry_log_write_errors_total", "telemetry_log_dropped_lines_total",
	} {
		if v := sample(t, text, series); math.IsNaN(v) || v < 0 {
			t.Errorf("%s = %v", series, v)
		}
	}
	if v := sample(t, text, "go_goroutines"); v < 2 {
		t.Errorf("goroutines = %v", v)
	}
	if !strings.Contains(text, `service_instance_id="one",service_name="shop",service_version="1.2.3"} 1`) {
		t.Errorf("target_info is missing or incomplete")
	}
	if strings.Contains(text, "go_memory_limit_bytes") {
		t.Error("a memory limit is shown, though none is set")
	}
}

func TestTwoApplicationsDoNotMeet(t *testing.T) {
	t.Parallel()
	one, two := full(t), full(t)
	one.Route("GET", "/only/here").Observe(200, time.Second)
	if strings.Contains(scrape(t, two), "/only/here") {
		t.Error("metrics of one application show in another")
	}
}

func TestBusinessMetrics(t *testing.T) {
	t.Parallel()
	tel := start(t, telemetry.DefaultConfig(), telemetry.Options{})
	c, err := tel.Counter("shop_orders_total", "Orders.", "country", "kind")
	if err != nil {
		t.Fatal(err)
	}
	c.Inc("se", "gift")
	c.Add(1.5, "se", "gift")
	c.Add(-1, "se", "gift")
	c.Add(math.NaN(), "se", "gift")
	c.Inc("s", "egift") // the same letters
	c.Inc("\xff", strings.Repeat("é", 100))
	c.Inc("alone")
	c.Inc("one", "too", "many")
	plain, err := tel.Counter("shop_visits_total", "Visits.")
	if err != nil {
		t.Fatal(err)
	}
	g, err := tel.Gauge("shop_carts", "Carts.", "country")
	if err != nil {
		t.Fatal(err)
	}
	g.Set(5, "se")
	g.Add(-7, "se")
	h, err := tel.Histogram("shop_basket_euros", "Worth of a basket.", []float64{10, 100}, "country")
	if err != nil {
		t.Fatal(err)
	}
	h.Observe(10, "se")
	h.Observe(11, "se")
	text := scrape(t, tel)
	expect(t, text, map[string]float64{
		`shop_orders_total{country="se",kind="gift"}`:                                          2.5,
		`shop_orders_total{country="s",kind="egift"}`:                                          1,
		`shop_orders_total{country="` + "\uFFFD" + `",kind="` + strings.Repeat("é", 64) + `"}`: 1,
		`shop_orders_total{country="_other",kind="_other"}`:                                    2,
		`telemetry_folded_observations_total{metric="shop_orders_total"}`:                      2,
		`shop_visits_total`:                              0,
		`shop_carts{country="se"}`:                       -2,
		`shop_basket_euros_bucket{country="se",le="10"}`: 1,
		`shop_basket_euros_count{country="se"}`:          2,
	})
	plain.Inc()
	plain.Inc("unexpected")
	expect(t, scrape(t, tel), map[string]float64{
		`shop_visits_total`: 2,
		`telemetry_folded_observations_total{metric="shop_visits_total"}`: 1,
	})
}

func TestSeriesAreCapped(t *testing.T) {
	t.Parallel()
	cfg := telemetry.DefaultConfig()
	cfg.MaxSeries = 10
	tel := start(t, cfg, telemetry.Options{})
	c, err := tel.Counter("shop_orders_total", "Orders.", "customer")
	if err != nil {
		t.Fatal(err)
	}
	c.Inc("known")
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for n := range 1000 {
				c.Inc(strconv.Itoa(n))
			}
		})
	}
	group.Wait()
	text := scrape(t, tel)
	if n := strings.Count(text, "\nshop_orders_total{"); n != 11 {
		t.Errorf("%d series, want 10 and the one for the rest", n)
	}
	expect(t, text, map[string]float64{
		`shop_orders_total{customer="_other"}`:                            3964,
		`telemetry_folded_observations_total{metric="shop_orders_total"}`: 3964,
	})
	c.Inc("known")
	expect(t, scrape(t, tel), map[string]float64{`shop_orders_total{customer="known"}`: 2, `shop_orders_total{customer="_other"}`: 3964})
}

func TestDefinitionsAreChecked(t *testing.T) {
	t.Parallel()
	tel := full(t)
	counter := func(name, help string, labels ...string) error {
		_, err := tel.Counter(name, help, labels...)
		return err
	}
	gauge := func(name, help string, labels ...string) error {
		_, err := tel.Gauge(name, help, labels...)
		return err
	}
	histogram := func(name string, bounds []float64, labels ...string) error {
		_, err := tel.Histogram(name, "Help.", bounds, labels...)
		return err
	}
	for want, err := range map[string]error{
		`"shop_orders": counter metrics should have "_total" suffix`:        counter("shop_orders", "Help."),
		`"shopOrders_total": the name has to be lower snake case`:           counter("shopOrders_total", "Help."),
		`"": the name has to be lower snake case; the help text is missing`: counter("", " "),
		`"1a_total": the name`:                                counter("1a_total", "Help."),
		`"a__b_total": the name`:                              counter("a__b_total", "Help."),
		`"a\n_total": the name`:                               counter("a\n_total", "Help."),
		`"a:b_total": the name`:                               counter("a:b_total", "Help."),
		`use base unit "seconds" instead of "milliseconds"`:   counter("shop_wait_milliseconds_total", "Help."),
		`non-counter metrics should not have "_total" suffix`: gauge("shop_carts_total", "Help."),
		`should not have "_count" suffix`:                     gauge("shop_carts_count", "Help."),
		`should not include type 'gauge'`:                     gauge("shop_carts_gauge", "Help."),
		`label "Country" has to be lower snake case`:          gauge("shop_a", "Help.", "Country"),
		`label "__x" has to be lower snake case`:              gauge("shop_b", "Help.", "__x"),
		`label "a" stands twice`:                              gauge("shop_c", "Help.", "a", "b", "a"),
		`label "le" is reserved`:                              histogram("shop_d_seconds", nil, "le"),
		`label "quantile" is reserved`:                        gauge("shop_e", "Help.", "quantile"),
		`catalog_carts: the name is taken`:                    gauge("catalog_carts", "Carts."),
		`catalog_orders_total: `:                              counter("catalog_orders_total", "Orders.", "other"),
		`http_server_active_requests: `:                       gauge("http_server_active_requests", "Mine."),
		`"shop_f_seconds": bound 1 has to be a number above`:  histogram("shop_f_seconds", []float64{1, 1}),
		`"shop_g_seconds": bound NaN has to be`:               histogram("shop_g_seconds", []float64{math.NaN()}),
		`"shop_k_seconds": bound +Inf has to be`:              histogram("shop_k_seconds", []float64{1, math.Inf(1)}),
		`"shop_i_seconds": 0 bounds, want 1 to 100`:           histogram("shop_i_seconds", []float64{}),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want %s", err, want)
		}
	}
}

func TestMetricsDoNotAllocate(t *testing.T) {
	tel := start(t, telemetry.DefaultConfig(), telemetry.Options{})
	route := tel.Route("GET", "/")
	c, err := tel.Counter("shop_orders_total", "Orders.", "country", "kind")
	if err != nil {
		t.Fatal(err)
	}
	country := strings.Repeat("s", 20)
	if n := testing.AllocsPerRun(100, func() {
		tel.ActiveRequests("GET").Begin()
		route.Observe(200, time.Millisecond)
		route.ObserveStatements(2)
		c.Inc(country, "gift")
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkCounter(b *testing.B) {
	tel := start(b, telemetry.DefaultConfig(), telemetry.Options{})
	c, err := tel.Counter("shop_orders_total", "Orders.", "country", "kind")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		c.Inc("se", "gift")
	}
}

func BenchmarkScrape(b *testing.B) {
	tel := start(b, telemetry.DefaultConfig(), telemetry.Options{})
	for n := range 100 {
		tel.Route("GET", "/"+strconv.Itoa(n)).Observe(200, time.Millisecond)
	}
	b.ReportAllocs()
	for b.Loop() {
		scrape(b, tel)
	}
}
