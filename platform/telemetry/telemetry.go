package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Options is what the program, rather than its operator, knows. The zero value works.
type Options struct {
	Service  string       // name of the application; default "app"
	Version  string       // its version; empty for unknown
	Instance string       // this process among its replicas; default a random word, with which its request ids begin too
	Text     bool         // what format auto means: text, as in mode dev, or JSON
	Color    bool         // whether text lines may colour the level
	Out      io.Writer    // where log lines go; default standard output
	Data     string       // folder whose disk is measured; empty for none
	Level    slog.Leveler // replaces Config.Logs.Level; a *slog.LevelVar can be changed while the process runs
}

// Telemetry holds the log, the request ids and the metrics of one application. All methods are safe for concurrent use.
type Telemetry struct {
	writer   *Writer
	logger   *slog.Logger
	access   *Access
	ids      *requestIDs
	registry *prometheus.Registry
	http     *httpMetrics
	custom   *customMetrics
}

// New returns a Telemetry. It does no I/O and starts no goroutine. An error names the key of the configuration that is wrong.
func New(cfg Config, o Options) (*Telemetry, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("configure telemetry: %w", err)
	}
	if o.Out == nil {
		o.Out = os.Stdout
	}
	if o.Level == nil {
		o.Level = cfg.Logs.Level
	}
	t := &Telemetry{writer: NewWriter(o.Out), ids: newRequestIDs(), registry: prometheus.NewRegistry()}
	if o.Instance == "" {
		o.Instance = t.ids.process
	}

	text := cfg.Logs.Format == FormatText || cfg.Logs.Format == FormatAuto && o.Text
	var root slog.Handler
	if text {
		root = &textHandler{w: t.writer, level: o.Level, color: o.Color}
	} else {
		root = newJSONHandler(t.writer, o.Level)
	}
	t.logger = slog.New(newHandler(root, t.writer))
	t.access = &Access{w: t.writer, level: o.Level, text: text, color: o.Color}

	started := time.Now()
	t.http = newHTTPMetrics(cfg.MaxSeries, started)
	t.custom = newCustomMetrics(t.registry, cfg.MaxSeries)
	for _, c := range []prometheus.Collector{
		newTargetInfo(o), newProcessCollector(started), newIOCollector(o.Data), newRuntimeCollector(), newWriterCollector(t.writer), t.http, t.custom.folded,
	} {
		if err := t.registry.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return t, nil
}

// Logger returns the logger of the application. Pass the context of a request to its methods, as InfoContext does, and the line
// carries the request's ids.
func (t *Telemetry) Logger() *slog.Logger { return t.logger }

// Access returns the access log.
func (t *Telemetry) Access() *Access { return t.access }

// Writer returns what all log lines go through.
func (t *Telemetry) Writer() *Writer { return t.writer }

// AppendRequestID appends a new request id to dst: a word for the process, a hyphen and a counter, 23 characters that are safe in
// a URL and pass ValidRequestID. It is unique across processes and restarts, and no secret: it can be guessed.
func (t *Telemetry) AppendRequestID(dst []byte) []byte { return t.ids.append(dst) }

// lastWords is how long an output may take for the lines that still wait at the end.
const lastWords = 2 * time.Second

// Stop writes the log lines that still wait and ends the helper goroutine. When ctx ends first, or an output that nobody reads takes none of them for two
// seconds, it returns the cause: a process has to end. Lines that are logged afterwards are written one by one.
func (t *Telemetry) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lastWords)
	defer cancel()
	return t.writer.Close(ctx)
}
