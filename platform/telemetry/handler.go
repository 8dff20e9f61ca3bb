package telemetry

import (
	"context"
	"encoding/hex"
	"log/slog"
	"slices"
	"strings"
)

// redacted stands for the value of an attribute whose key names a secret.
const redacted = "[redacted]"

// handler adds the ids of the context's request to each record, at the top level even inside a group, and sends errors at once.
type handler struct {
	slog.Handler              // with steps applied
	root         slog.Handler // without
	steps        []step
	grouped      bool // one of steps opened a group
	w            *Writer
}

// step is one call of WithAttrs, or of WithGroup when group is set.
type step struct {
	group string
	attrs []slog.Attr
}

func newHandler(root slog.Handler, w *Writer) *handler {
	return &handler{Handler: root, root: root, w: w}
}

// newJSONHandler returns slog's, with our time format and without secrets.
func newJSONHandler(w *Writer, level slog.Leveler) slog.Handler {
	return slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		switch {
		case isSecretKey(a.Key):
			a.Value = slog.StringValue(redacted)
		case a.Value.Kind() == slog.KindTime:
			a.Value = slog.StringValue(string(appendTime(nil, a.Value.Time())))
		}
		return a
	}})
}

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	target := h.Handler
	if req := RequestFrom(ctx); req != nil {
		if h.grouped {
			target = h.root.WithAttrs(req.attrs())
			for _, s := range h.steps {
				target = s.apply(target)
			}
		} else {
			r = r.Clone()
			r.AddAttrs(req.attrs()...)
		}
	}
	err := target.Handle(ctx, r)
	if r.Level >= slog.LevelError {
		h.w.flushNow() // the process may be about to end
	}
	return err
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	return h.with(step{attrs: attrs})
}

func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.with(step{group: name})
}

func (h *handler) with(s step) *handler {
	next := *h
	next.Handler = s.apply(h.Handler)
	next.steps = append(slices.Clip(h.steps), s)
	next.grouped = h.grouped || s.group != ""
	return &next
}

func (s step) apply(h slog.Handler) slog.Handler {
	if s.group != "" {
		return h.WithGroup(s.group)
	}
	return h.WithAttrs(s.attrs)
}

// attrs returns what r adds to a log line.
func (r *Request) attrs() []slog.Attr {
	var attrs []slog.Attr
	if r.ID != "" {
		attrs = append(attrs, slog.String("request_id", r.ID))
	}
	if r.Trace.Valid() {
		attrs = append(attrs,
			slog.String("trace_id", hex.EncodeToString(r.Trace.TraceID[:])),
			slog.String("span_id", hex.EncodeToString(r.Trace.Span[:])))
	}
	return attrs
}

// isSecretKey reports whether key names a value that does not belong into a log: it is, or ends in, one of these words.
func isSecretKey(key string) bool {
	if len(key) < len("dsn") {
		return false
	}
	for _, word := range [...]string{
		"password", "passwd", "passphrase", "secret", "token", "authorization", "cookie", "apikey", "api_key", "api-key",
		"private_key", "dsn",
	} {
		if n := len(key) - len(word); n >= 0 && strings.EqualFold(key[n:], word) {
			return true
		}
	}
	return false
}
