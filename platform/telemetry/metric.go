package telemetry

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
)

// Counter counts what only grows: orders placed, mails sent. Its methods are safe for concurrent use and do not allocate once a
// combination of label values has been seen.
//
// Label values are given in the order of the labels. A call with too few or too many, and every new combination beyond
// Config.MaxSeries, counts for one series whose label values are all "_other", and in telemetry_folded_observations_total. A value
// is cut at 128 bytes. Never use what a stranger typed as a label value.
type Counter struct{ series *series[prometheus.Counter] }

// Inc adds 1.
func (c *Counter) Inc(values ...string) { c.series.at(values).Inc() }

// Add adds n, which may be a fraction. An n below 0, or not a number, is ignored.
func (c *Counter) Add(n float64, values ...string) {
	if n >= 0 {
		c.series.at(values).Add(n)
	}
}

// With returns the count of one combination of label values, for what is counted so often that finding it each time costs too much.
func (c *Counter) With(values ...string) *Count { return &Count{c.series.at(values)} }

// Count is one series of a Counter. Its methods are safe for concurrent use, and a nil Count counts nothing.
type Count struct{ counter prometheus.Counter }

// Inc adds 1.
func (c *Count) Inc() {
	if c != nil {
		c.counter.Inc()
	}
}

// Add adds n, which is not below 0.
func (c *Count) Add(n int) {
	if c != nil && n > 0 {
		c.counter.Add(float64(n))
	}
}

// Gauge shows what goes up and down: carts open, items in stock. What Counter says about labels holds for it too.
type Gauge struct{ series *series[prometheus.Gauge] }

// Set sets the value.
func (g *Gauge) Set(v float64, values ...string) { g.series.at(values).Set(v) }

// Add adds n, which may be below 0.
func (g *Gauge) Add(n float64, values ...string) { g.series.at(values).Add(n) }

// Histogram counts values by size: seconds, bytes, amounts. What Counter says about labels holds for it too.
type Histogram struct{ series *series[prometheus.Observer] }

// Observe counts v into the buckets that it fits.
func (h *Histogram) Observe(v float64, values ...string) { h.series.at(values).Observe(v) }

// With returns what observes one combination of label values, for values that come so often that finding it each time costs too much.
func (h *Histogram) With(values ...string) *Observer { return &Observer{h.series.at(values)} }

// Observer is one series of a Histogram. Its methods are safe for concurrent use, and a nil Observer observes nothing.
type Observer struct{ observer prometheus.Observer }

// Observe counts v into the buckets that it fits.
func (o *Observer) Observe(v float64) {
	if o != nil {
		o.observer.Observe(v)
	}
}

// customMetrics are those that modules define.
type customMetrics struct {
	registry  *prometheus.Registry
	maxSeries int
	folded    *prometheus.CounterVec
}

func newCustomMetrics(registry *prometheus.Registry, maxSeries int) *customMetrics {
	return &customMetrics{registry, maxSeries, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "telemetry_folded_observations_total",
		Help: "Observations counted under the label value _other, because the metric has as many series as it may or the label values did not fit.",
	}, []string{"metric"})}
}

// Counter defines a counter. Its name is lower snake case, begins with the module's name, and ends in _total, with the unit
// before that when there is one: catalog_orders_total, catalog_refunds_euros_total. Labels are lower snake case. A name that
// Prometheus' linter objects to, or one that is taken, is an error that says so.
func (t *Telemetry) Counter(name, help string, labels ...string) (*Counter, error) {
	if err := checkMetric(dto.MetricType_COUNTER, name, help, labels); err != nil {
		return nil, err
	}
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	if err := t.custom.register(name, vec); err != nil {
		return nil, err
	}
	return &Counter{newSeries[prometheus.Counter](t.custom, vec, name, len(labels))}, nil
}

// CounterFunc defines one series of a counter whose value is read when somebody looks: for what counts by itself, so often that telling a Counter costs too much. Read
// is safe for concurrent use, and what it returns only grows. Labels are the series' own, by name; another series of the same counter has the same names, other
// values, and the same help. What Counter says about names holds.
func (t *Telemetry) CounterFunc(name, help string, labels map[string]string, read func() uint64) error {
	if err := checkMetric(dto.MetricType_COUNTER, name, help, slices.Sorted(maps.Keys(labels))); err != nil {
		return err
	}
	return t.custom.register(name, prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels}, func() float64 { return float64(read()) }))
}

// Gauge defines a gauge. What Counter says about names holds, but the name must not end in _total.
func (t *Telemetry) Gauge(name, help string, labels ...string) (*Gauge, error) {
	if err := checkMetric(dto.MetricType_GAUGE, name, help, labels); err != nil {
		return nil, err
	}
	vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	if err := t.custom.register(name, vec); err != nil {
		return nil, err
	}
	return &Gauge{newSeries[prometheus.Gauge](t.custom, vec, name, len(labels))}, nil
}

// GaugeFunc defines one series of a gauge whose value is read when somebody looks: for a state that stands somewhere already. Read is safe for concurrent use. What CounterFunc
// says about labels holds, and what Gauge says about names.
func (t *Telemetry) GaugeFunc(name, help string, labels map[string]string, read func() float64) error {
	if err := checkMetric(dto.MetricType_GAUGE, name, help, slices.Sorted(maps.Keys(labels))); err != nil {
		return err
	}
	return t.custom.register(name, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, read))
}

// Histogram defines a histogram. Bounds are the upper bounds of its buckets, increasing, at most 100; nil means those of the HTTP
// latencies, from 0.0005 to 10, for seconds. What Counter says about names holds, but the name must not end in _total.
func (t *Telemetry) Histogram(name, help string, bounds []float64, labels ...string) (*Histogram, error) {
	if bounds == nil {
		for _, d := range latencies {
			bounds = append(bounds, d.Seconds())
		}
	}
	err := checkMetric(dto.MetricType_HISTOGRAM, name, help, labels)
	if err == nil {
		err = checkBounds(name, bounds)
	}
	if err != nil {
		return nil, err
	}
	vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: slices.Clone(bounds)}, labels)
	if err := t.custom.register(name, vec); err != nil {
		return nil, err
	}
	return &Histogram{newSeries[prometheus.Observer](t.custom, vec, name, len(labels))}, nil
}

func (m *customMetrics) register(name string, c prometheus.Collector) error {
	err := m.registry.Register(c)
	if _, taken := errors.AsType[prometheus.AlreadyRegisteredError](err); taken {
		return fmt.Errorf("define metric %s: the name is taken", name)
	}
	if err != nil {
		return fmt.Errorf("define metric %s: %w", name, err)
	}
	return nil
}

// checkMetric returns an error that lists everything that is wrong with a definition.
func checkMetric(kind dto.MetricType, name, help string, labels []string) error {
	var wrong []string
	if !isSnakeCase(name) {
		wrong = append(wrong, "the name has to be lower snake case")
	}
	if strings.TrimSpace(help) == "" {
		wrong = append(wrong, "the help text is missing")
	}
	metric := &dto.Metric{}
	for i, label := range labels {
		switch {
		case !isSnakeCase(label):
			wrong = append(wrong, fmt.Sprintf("label %q has to be lower snake case", label))
		case label == "le" || label == "quantile":
			wrong = append(wrong, fmt.Sprintf("label %q is reserved", label))
		case slices.Contains(labels[:i], label):
			wrong = append(wrong, fmt.Sprintf("label %q stands twice", label))
		}
		metric.Label = append(metric.Label, &dto.LabelPair{Name: &label})
	}
	if len(wrong) == 0 {
		family := &dto.MetricFamily{Name: &name, Help: &help, Type: &kind, Metric: []*dto.Metric{metric}}
		problems, err := promlint.NewWithMetricFamilies([]*dto.MetricFamily{family}).Lint()
		if err != nil {
			return fmt.Errorf("define metric %q: %w", name, err)
		}
		for _, p := range problems {
			wrong = append(wrong, p.Text)
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("define metric %q: %s", name, strings.Join(wrong, "; "))
	}
	return nil
}

func checkBounds(name string, bounds []float64) error {
	if len(bounds) == 0 || len(bounds) > 100 {
		return fmt.Errorf("define metric %q: %d bounds, want 1 to 100", name, len(bounds))
	}
	for i, b := range bounds {
		if math.IsNaN(b) || math.IsInf(b, 0) || i > 0 && b <= bounds[i-1] {
			return fmt.Errorf("define metric %q: bound %v has to be a number above the one before it", name, b)
		}
	}
	return nil
}

// isSnakeCase reports whether s is words of lower case letters and digits, joined by single underscores, beginning with a letter.
func isSnakeCase(s string) bool {
	if s == "" || s[0] < 'a' || s[0] > 'z' || s[len(s)-1] == '_' || strings.Contains(s, "__") {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
}
