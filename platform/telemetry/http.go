package telemetry

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Labels that stand for many.
const (
	otherMethod    = "_OTHER"     // OpenTelemetry's name for methods that HTTP does not know
	unmatchedRoute = "_unmatched" // requests that no route matched
	other          = "_other"     // whatever comes after a metric has reached its cap
)

// httpMetrics collects http_server_request_duration_seconds, http_server_request_statements and http_server_active_requests.
type httpMetrics struct {
	durationDesc, activeDesc *prometheus.Desc
	statementsDesc           *prometheus.Desc
	started                  time.Time
	maxRoutes                int
	active                   [numMethods]ActiveRequests

	mu     sync.Mutex
	routes map[routeKey]*RouteMetrics
}

type routeKey struct{ method, route string }

func newHTTPMetrics(maxRoutes int, started time.Time) *httpMetrics {
	return &httpMetrics{
		durationDesc: prometheus.NewDesc("http_server_request_duration_seconds", "Time from the arrival of a request to the end of its answer.",
			[]string{"http_request_method", "http_route", "http_response_status_code"}, nil),
		statementsDesc: prometheus.NewDesc("http_server_request_statements", "Statements of SQL for an answer, of those that took any.",
			[]string{"http_request_method", "http_route"}, nil),
		activeDesc: prometheus.NewDesc("http_server_active_requests", "Requests that are being served.",
			[]string{"http_request_method"}, nil),
		started:   started,
		maxRoutes: maxRoutes,
		routes:    map[routeKey]*RouteMetrics{},
	}
}

// Route returns the metrics of a route: of a method and the template of its path, never the path itself. An empty template
// stands for requests that no route matched. The same arguments give the same value; ask once, when the routes are set up, since
// this takes a lock. Beyond Config.MaxSeries routes all share one.
func (t *Telemetry) Route(method, route string) *RouteMetrics {
	if route == "" {
		route = unmatchedRoute
	}
	return t.http.route(routeKey{methodName(methodIndex(method)), strings.ToValidUTF8(route, "\uFFFD")})
}

func (h *httpMetrics) route(key routeKey) *RouteMetrics {
	h.mu.Lock()
	defer h.mu.Unlock()
	if m := h.routes[key]; m != nil {
		return m
	}
	if len(h.routes) >= h.maxRoutes {
		key = routeKey{otherMethod, other}
		if m := h.routes[key]; m != nil {
			return m
		}
	}
	m := &RouteMetrics{}
	m.seen.Store(&[]*statusMetrics{})
	h.routes[key] = m
	return m
}

// ActiveRequests counts the requests of one method that are being served.
type ActiveRequests struct {
	n atomic.Int64
	// Requests of different methods should not fight for one cache line.
	_ [56]byte
}

// ActiveRequests returns the gauge of a method. It is cheap enough to be asked for at each request.
func (t *Telemetry) ActiveRequests(method string) *ActiveRequests {
	return &t.http.active[methodIndex(method)]
}

// Begin counts one request more, End one less.
func (a *ActiveRequests) Begin() { a.n.Add(1) }

// End is called once for each Begin.
func (a *ActiveRequests) End() { a.n.Add(-1) }

// RouteMetrics are the latencies of one route, a histogram for each status code. Its methods are safe for concurrent use.
type RouteMetrics struct {
	// A route answers with a handful of codes, so a list is searched faster than a map, and needs no lock to be read.
	seen atomic.Pointer[[]*statusMetrics]
	mu   sync.Mutex // for adding to seen

	statements statementCounts
}

// Observe counts an answer with this status that took d. Codes outside 100 to 599 share one label. It takes no lock and does not
// allocate, but for the first answer with a status.
func (m *RouteMetrics) Observe(status int, d time.Duration) {
	if status < 100 || status > 599 {
		status = 0
	}
	for _, s := range *m.seen.Load() {
		if s.status == status {
			s.observe(d)
			return
		}
	}
	m.add(status).observe(d)
}

func (m *RouteMetrics) add(status int) *statusMetrics {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := *m.seen.Load()
	for _, s := range old {
		if s.status == status {
			return s
		}
	}
	s := &statusMetrics{status: status}
	m.seen.Store(new(append(slices.Clip(old), s)))
	return s
}

// statusMetrics is a histogram with one counter for each bucket, the last one being for what is above all bounds.
type statusMetrics struct {
	status  int // 0 for a code that HTTP does not know
	nanos   atomic.Int64
	buckets [numLatencies + 1]atomic.Uint64
}

func (s *statusMetrics) observe(d time.Duration) {
	d = max(d, 0)
	i := 0
	for i < len(latencies) && d > latencies[i] {
		i++
	}
	s.buckets[i].Add(1)
	s.nanos.Add(int64(d))
}

// latencies are the upper bounds of the buckets: those that OpenTelemetry advises for http.server.request.duration, and three
// below, since half of the answers of this platform take less than 5 ms. Never written.
var latencies = [numLatencies]time.Duration{ //nolint:gochecknoglobals // Go has no constant arrays
	500 * time.Microsecond, time.Millisecond, 2500 * time.Microsecond,
	5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond, 75 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond, 750 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 5 * time.Second, 7500 * time.Millisecond, 10 * time.Second,
}

const numLatencies = 17

// Describe is part of prometheus.Collector.
func (h *httpMetrics) Describe(ch chan<- *prometheus.Desc) {
	ch <- h.durationDesc
	ch <- h.statementsDesc
	ch <- h.activeDesc
}

// Collect is part of prometheus.Collector.
func (h *httpMetrics) Collect(ch chan<- prometheus.Metric) {
	for i := range h.active {
		ch <- prometheus.MustNewConstMetric(h.activeDesc, prometheus.GaugeValue, float64(h.active[i].n.Load()), methodName(i))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for key, m := range h.routes {
		for _, s := range *m.seen.Load() {
			ch <- s.metric(h.durationDesc, h.started, key)
		}
		if counted := m.statements.metric(h.statementsDesc, h.started, key); counted != nil {
			ch <- counted
		}
	}
}

func (s *statusMetrics) metric(desc *prometheus.Desc, started time.Time, key routeKey) prometheus.Metric {
	status := other
	if s.status > 0 {
		status = strconv.Itoa(s.status)
	}
	// The count is the sum of the buckets, so it fits them even while observations come in; the sum of seconds may be one or two
	// observations ahead or behind.
	var count uint64
	bounds := make(map[float64]uint64, numLatencies)
	for i, bound := range latencies {
		count += s.buckets[i].Load()
		bounds[bound.Seconds()] = count
	}
	count += s.buckets[numLatencies].Load()
	sum := time.Duration(s.nanos.Load()).Seconds()
	return prometheus.MustNewConstHistogramWithCreatedTimestamp(desc, count, sum, bounds, started, key.method, key.route, status)
}

const numMethods = 11

// methodIndex returns a number below numMethods for a method; 0 for those that HTTP does not know.
func methodIndex(method string) int {
	switch method {
	case "GET":
		return 1
	case "POST":
		return 2
	case "PUT":
		return 3
	case "PATCH":
		return 4
	case "DELETE":
		return 5
	case "HEAD":
		return 6
	case "OPTIONS":
		return 7
	case "CONNECT":
		return 8
	case "TRACE":
		return 9
	case "QUERY":
		return 10
	default:
		return 0
	}
}

func methodName(index int) string {
	return [numMethods]string{otherMethod, "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE", "QUERY"}[index]
}
