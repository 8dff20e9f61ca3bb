// Package telemetry is how an application tells what it does: log lines, the ids that tie them together, and metrics.
//
// One Telemetry value serves one application. Nothing in it is global: two applications in one process, or a hundred in a test,
// do not see each other. New starts no goroutine; the first log line that may wait starts one, and Stop ends it.
//
// # Logs
//
// Every line, from the slog.Logger and from the access log, goes through one Writer, so lines stand in the order in which they
// were made. They go out in batches: after 32 KiB, or 100 ms after the first of them. A line at level error goes out at once,
// and in text format every line does. What happens when the output is slow, or broken, stands at Writer.
//
// In JSON a line begins with time (UTC, milliseconds), level and msg; whatever is logged with the context of a request also
// carries request_id, trace_id and span_id. An attribute whose key says that it is a secret (password, token, dsn and the like)
// is logged as [redacted]. The access log never holds a query string.
//
// # Traces
//
// A Trace is read from and written to the W3C traceparent and tracestate headers. This package records no spans: a trace id ties
// the log lines of several processes together.
//
// # Metrics
//
// Names follow OpenTelemetry's semantic conventions, translated to Prometheus: dots become underscores, then the unit, then
// _total for a counter. Where Prometheus' linter refuses such a name, the one of Prometheus' own list of process metrics is used:
//
//	go.goroutine.count                   go_goroutines
//	process.thread.count                 process_threads
//	process.unix.file_descriptor.count   process_open_fds
//
// since a name may end in _count only for a histogram or a summary. process_max_fds and process_start_time_seconds come from that
// list too: the conventions have no name for them.
//
// Cardinality is bounded everywhere. Methods that HTTP does not know share the label "_OTHER", requests without a route
// "_unmatched", and label values beyond the cap of a metric (see Config) "_other".
package telemetry
