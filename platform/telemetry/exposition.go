package telemetry

import (
	"cmp"
	"log/slog"
	"net/http"
	"runtime"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Handler returns the handler of /metrics: the Prometheus text format, or OpenMetrics for who asks for it, compressed with gzip
// where that is accepted. Requests at the same time share one reading. Serve it where strangers do not come.
func (t *Telemetry) Handler() http.Handler {
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{
		ErrorLog:          slog.NewLogLogger(t.logger.Handler(), slog.LevelError),
		ErrorHandling:     promhttp.ContinueOnError, // what can be read is better than nothing
		EnableOpenMetrics: true,
		CoalesceGather:    true,
	})
}

// newTargetInfo returns the gauge that tells who is measured. It is always 1; join it to other metrics on job and instance.
func newTargetInfo(o Options) prometheus.Collector {
	labels := prometheus.Labels{}
	for name, value := range map[string]string{
		"service_name":            cmp.Or(o.Service, "app"),
		"service_version":         o.Version,
		"service_instance_id":     o.Instance,
		"process_runtime_name":    "go",
		"process_runtime_version": runtime.Version(),
		"os_type":                 runtime.GOOS,
		"host_arch":               runtime.GOARCH,
	} {
		if value != "" {
			labels[name] = strings.ToValidUTF8(value, "\uFFFD")
		}
	}
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "target_info", Help: "Who is measured.", ConstLabels: labels,
	}, func() float64 { return 1 })
}

// writerCollector shows what became of log lines.
type writerCollector struct {
	w                      *Writer
	bytes, errors, dropped *prometheus.Desc
}

func newWriterCollector(w *Writer) *writerCollector {
	return &writerCollector{
		w:       w,
		bytes:   prometheus.NewDesc("telemetry_log_written_bytes_total", "Bytes of log lines that were written.", nil, nil),
		errors:  prometheus.NewDesc("telemetry_log_write_errors_total", "Writes of log lines that the output refused.", nil, nil),
		dropped: prometheus.NewDesc("telemetry_log_dropped_lines_total", "Log lines lost, because the output was too slow or refused them.", nil, nil),
	}
}

// Describe is part of prometheus.Collector.
func (c *writerCollector) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, ch) }

// Collect is part of prometheus.Collector.
func (c *writerCollector) Collect(ch chan<- prometheus.Metric) {
	stats := c.w.Stats()
	ch <- prometheus.MustNewConstMetric(c.bytes, prometheus.CounterValue, float64(stats.Bytes))
	ch <- prometheus.MustNewConstMetric(c.errors, prometheus.CounterValue, float64(stats.Errors))
	ch <- prometheus.MustNewConstMetric(c.dropped, prometheus.CounterValue, float64(stats.Dropped))
}
