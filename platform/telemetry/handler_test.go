package telemetry_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"testing/synctest"
	"time"

	"github.com/banyan-go/banyan/platform/telemetry"
)

func requestContext(t *testing.T) context.Context {
	tr, ok := telemetry.ParseTraceparent([]byte(traceparent))
	if !ok {
		t.Fatal("traceparent refused")
	}
	return telemetry.WithRequest(t.Context(), &telemetry.Request{ID: "req-1", Trace: tr})
}

func TestJSONHandlerKeepsTheRulesOfSlog(t *testing.T) {
	t.Parallel()
	var out *output
	var tel *telemetry.Telemetry
	slogtest.Run(t, func(t *testing.T) slog.Handler {
		out = &output{}
		tel = start(t, telemetry.DefaultConfig(), telemetry.Options{Out: out})
		return tel.Logger().Handler()
	}, func(t *testing.T) map[string]any { return line(t, flushed(t, tel, out)) })
}

func TestLogLine(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 4, 4, 5, 120_000_000, time.FixedZone("", 3600))
	record := func(level slog.Level, args ...any) slog.Record {
		r := slog.NewRecord(at, level, "hello \"you\"", 0)
		r.Add(args...)
		return r
	}
	const ids = `"request_id":"req-1","trace_id":"` + traceID + `","span_id":"` + spanID + `"`
	const head = `{"time":"2026-01-02T03:04:05.120Z","level":"INFO","msg":"hello \"you\""`
	identity := func(h slog.Handler) slog.Handler { return h }
	for name, c := range map[string]struct {
		request bool
		build   func(slog.Handler) slog.Handler
		args    []any
		want    string
	}{
		"bare":       {false, identity, nil, head + `}`},
		"attributes": {false, identity, []any{"n", 1, "at", at, "err", errors.New("no")}, head + `,"n":1,"at":"2026-01-02T03:04:05.120Z","err":"no"}`},
		"request":    {true, identity, []any{"n", 1}, head + `,"n":1,` + ids + `}`},
		"request and With": {true, func(h slog.Handler) slog.Handler { return h.WithAttrs([]slog.Attr{slog.Int("m", 2)}) },
			[]any{"n", 1}, head + `,"m":2,"n":1,` + ids + `}`},
		"request and group": {true, func(h slog.Handler) slog.Handler {
			return h.WithAttrs([]slog.Attr{slog.Int("m", 2)}).WithGroup("g").WithAttrs([]slog.Attr{slog.Int("o", 3)})
		}, []any{"n", 1}, head + `,` + ids + `,"m":2,"g":{"o":3,"n":1}}`},
		"nothing added": {true, func(h slog.Handler) slog.Handler { return h.WithAttrs(nil).WithGroup("") }, nil, head + `,` + ids + `}`},
		"secrets": {false, func(h slog.Handler) slog.Handler { return h.WithAttrs([]slog.Attr{slog.String("API_KEY", "hush")}) },
			[]any{"password", "hush", "csrf_token", "hush", slog.Group("db", "dsn", "hush"), "Set-Cookie", "hush", "tokens", 3},
			head + `,"API_KEY":"[redacted]","password":"[redacted]","csrf_token":"[redacted]","db":{"dsn":"[redacted]"},"Set-Cookie":"[redacted]","tokens":3}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out output
			tel := start(t, telemetry.DefaultConfig(), telemetry.Options{Out: &out})
			ctx := t.Context()
			if c.request {
				ctx = requestContext(t)
			}
			if err := c.build(tel.Logger().Handler()).Handle(ctx, record(slog.LevelInfo, c.args...)); err != nil {
				t.Fatal(err)
			}
			if got := flushed(t, tel, &out); got != c.want+"\n" {
				t.Errorf("got  %swant %s", got, c.want)
			}
		})
	}
}

func TestSiblingLoggersDoNotShareAttributes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text bool
		ctx  context.Context
	}{
		"json": {false, t.Context()}, "json in a request": {false, requestContext(t)},
		"text": {true, t.Context()}, "text in a request": {true, requestContext(t)},
	} {
		var out output
		tel := start(t, telemetry.DefaultConfig(), telemetry.Options{Out: &out, Text: c.text})
		parent := tel.Logger().WithGroup("g")
		// Whatever grows inside, at one of these lengths it has room to spare.
		for n := range 20 {
			one, two := parent.With("own", "first", "stack", "x\nfirst"), parent.With("own", "later", "stack", "x\nlater")
			one.InfoContext(c.ctx, "first", "call", "a\nb")
			two.InfoContext(c.ctx, "later", "call", "a\nb")
			first, second, _ := strings.Cut(flushed(t, tel, &out), "later")
			if strings.Count(first, "first") != 3 || strings.Contains(second, "first") {
				t.Fatalf("%s, %d attributes: %s", name, n, out.String())
			}
			out.buf.Reset()
			parent = parent.With("k", n, "s", "a\nb")
		}
	}
}

func TestOneTextLoggerServesManyGoroutines(t *testing.T) {
	t.Parallel()
	var out output
	tel := start(t, telemetry.DefaultConfig(), telemetry.Options{Out: &out, Text: true})
	logger := tel.Logger().With("stack", "a\nb")
	var group sync.WaitGroup
	for id := range 4 {
		group.Go(func() {
			for range 100 {
				logger.Info("m", "own", strings.Repeat(strconv.Itoa(id), 3)+"\n")
				logger.Info("m", "own", "x\n"+strings.Repeat(strconv.Itoa(id), 3))
			}
		})
	}
	group.Wait()
	for id := range 4 {
		if n := strings.Count(out.String(), "      "+strings.Repeat(strconv.Itoa(id), 3)+"\n"); n != 100 {
			t.Errorf("%d lines of goroutine %d are whole, want 100", n, id)
		}
	}
}

func TestErrorsGoOutAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var out output
		tel := start(t, telemetry.DefaultConfig(), telemetry.Options{Out: &out})
		tel.Logger().Info("before")
		tel.Logger().Warn("before")
		synctest.Wait()
		if got := out.String(); got != "" {
			t.Fatalf("%q went out at once", got)
		}
		tel.Logger().Error("now") // returns when it is out: os.Exit may follow
		if got := out.String(); strings.Count(got, "\n") != 3 || !strings.HasSuffix(got, "\"now\"}\n") {
			t.Fatalf("after an error: %q", got)
		}
	})
}

func TestLevel(t *testing.T) {
	t.Parallel()
	for _, text := range []bool{false, true} {
		var out output
		cfg := telemetry.DefaultConfig()
		cfg.Logs.Level = slog.LevelWarn
		tel := start(t, cfg, telemetry.Options{Out: &out, Text: text})
		tel.Logger().Info("quiet")
		tel.Logger().Warn("loud")
		if got := flushed(t, tel, &out); strings.Contains(got, "quiet") || !strings.Contains(got, "loud") {
			t.Errorf("text %v: %q", text, got)
		}
	}
}

func TestTextHandlerKeepsTheRulesOfSlog(t *testing.T) {
	t.Parallel()
	var out *output
	slogtest.Run(t, func(t *testing.T) slog.Handler {
		out = &output{}
		return start(t, telemetry.DefaultConfig(), telemetry.Options{Out: out, Text: true}).Logger().Handler()
	}, func(t *testing.T) map[string]any { return parseText(t, out.String()) })
}

// parseText reads a text line back whose message is one word; dots in keys are groups.
func parseText(t *testing.T, s string) map[string]any {
	t.Helper()
	m := map[string]any{}
	words := strings.Fields(s)
	if _, err := time.Parse("2006-01-02T15:04:05.000Z", words[0]); err == nil {
		m["time"], words = words[0], words[1:]
	}
	m["level"], words = words[0], words[1:]
	m["msg"], words = words[0], words[1:]
	for _, word := range words {
		key, value, _ := strings.Cut(word, "=")
		at := m
		for group, rest, ok := strings.Cut(key, "."); ok; group, rest, ok = strings.Cut(key, ".") {
			if at[group] == nil {
				at[group] = map[string]any{}
			}
			at, key = at[group].(map[string]any), rest
		}
		at[key] = value
	}
	return m
}

func TestTextLine(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	const head = "2026-01-02T03:04:05.000Z "
	type point struct{ X, Y int }
	for name, c := range map[string]struct {
		level slog.Level
		color bool
		msg   string
		args  []any
		want  string
	}{
		"bare":    {slog.LevelInfo, false, "hello", nil, head + "INFO  hello\n"},
		"aligned": {slog.LevelWarn, false, "hello", []any{"a", 1}, head + "WARN  hello" + strings.Repeat(" ", 27) + " a=1\n"},
		"long":    {slog.LevelError, false, strings.Repeat("m", 40), []any{"a", 1}, head + "ERROR " + strings.Repeat("m", 40) + " a=1\n"},
		"values": {slog.LevelDebug, false, "v", []any{
			"s", "two words", "e", "", "q", `"`, "eq", "a=b", "d", 1500 * time.Millisecond, "at", at, "p", point{1, 2}, "nil", nil, "err", errors.New("no")},
			head + "DEBUG v" + strings.Repeat(" ", 31) + ` s="two words" e="" q="\"" eq="a=b" d=1.5s at=2026-01-02T03:04:05.000Z p="{X:1 Y:2}" nil=<nil> err=no` + "\n"},
		"hostile": {slog.LevelInfo, false, "a\x1b[31mb", []any{"k\x1b", "\x1b]0;x\a", "bad", "\xff", "bidi", "\u202e"},
			head + `INFO  "a\x1b[31mb"` + strings.Repeat(" ", 20) + ` "k\x1b"="\x1b]0;x\a" bad="\xff" bidi="\u202e"` + "\n"},
		"forged": {slog.LevelInfo, false, "a\nINFO b", nil, head + `INFO  "a\nINFO b"` + "\n"},
		"stack": {slog.LevelError, false, "panic", []any{"stack", "main.go:1\n\tcall\n\x1b\n", "n", 1},
			head + "ERROR panic" + strings.Repeat(" ", 27) + " n=1\n    stack:\n      main.go:1\n          call\n      \"\\x1b\"\n"},
		"secret": {slog.LevelInfo, false, "s", []any{"password", "hush"}, head + "INFO  s" + strings.Repeat(" ", 31) + " password=[redacted]\n"},
		"color":  {slog.LevelError, true, "red", nil, head + "\x1b[31mERROR\x1b[0m red\n"},
		"yellow": {slog.LevelWarn, true, "yellow", nil, head + "\x1b[33mWARN\x1b[0m  yellow\n"},
		"green":  {slog.LevelInfo, true, "green", nil, head + "\x1b[32mINFO\x1b[0m  green\n"},
		"grey":   {slog.LevelDebug, true, "grey", nil, head + "\x1b[90mDEBUG\x1b[0m grey\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out output
			tel := start(t, telemetry.DefaultConfig(), telemetry.Options{Out: &out, Text: true, Color: c.color, Level: slog.LevelDebug})
			r := slog.NewRecord(at, c.level, c.msg, 0)
			r.Add(c.args...)
			if err := tel.Logger().Handler().Handle(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			if got := out.String(); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestTextLineNamesTheRequest(t *testing.T) {
	t.Parallel()
	var out output
	tel := start(t, telemetry.DefaultConfig(), telemetry.Options{Out: &out, Text: true})
	tel.Logger().WithGroup("g").With("a", 1).InfoContext(requestContext(t), "hello", "b", 2)
	if got, want := out.String(), " request_id=req-1 trace_id="+traceID+" span_id="+spanID+" g.a=1 g.b=2\n"; !strings.HasSuffix(got, want) {
		t.Errorf("got %q, want it to end in %q", got, want)
	}
}

func TestConfigOfLogs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		format telemetry.Format
		text   bool
		json   bool
	}{
		"auto in prod": {telemetry.FormatAuto, false, true},
		"auto in dev":  {telemetry.FormatAuto, true, false},
		"json in dev":  {telemetry.FormatJSON, true, true},
		"text in prod": {telemetry.FormatText, false, false},
	} {
		var out output
		cfg := telemetry.DefaultConfig()
		cfg.Logs.Format = c.format
		tel := start(t, cfg, telemetry.Options{Out: &out, Text: c.text})
		tel.Logger().Info("hello")
		if got := json.Valid([]byte(flushed(t, tel, &out))); got != c.json {
			t.Errorf("%s: JSON = %v", name, got)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*telemetry.Config){
		`logs.format is "xml", want auto, json or text`: func(c *telemetry.Config) { c.Logs.Format = "xml" },
		`max_series is 0, want 1 or more`:               func(c *telemetry.Config) { c.MaxSeries = 0 },
	} {
		cfg := telemetry.DefaultConfig()
		change(&cfg)
		if _, err := telemetry.New(cfg, telemetry.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want %s", err, want)
		}
	}
	var f telemetry.Format
	if err := f.UnmarshalText([]byte("text")); err != nil || f != telemetry.FormatText {
		t.Errorf("text = %v, %v", f, err)
	}
	if err := f.UnmarshalText([]byte("JSON")); err == nil || f != telemetry.FormatText {
		t.Errorf("JSON = %v, %v", f, err)
	}
}

func BenchmarkLoggerInfo(b *testing.B) {
	tel := start(b, telemetry.DefaultConfig(), telemetry.Options{})
	ctx := telemetry.WithRequest(b.Context(), &telemetry.Request{ID: "one", Trace: telemetry.NewTrace()})
	b.ReportAllocs()
	for b.Loop() {
		tel.Logger().InfoContext(ctx, "product created", "id", 42)
	}
}
