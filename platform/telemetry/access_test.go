package telemetry_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/banyan-go/banyan/platform/telemetry"
)

func entry() *telemetry.Entry {
	return &telemetry.Entry{
		Time:     time.Date(2026, 1, 2, 3, 4, 5, 120_000_000, time.UTC),
		Duration: 3456 * time.Microsecond,
		Request: &telemetry.Request{ID: "abc-1", Trace: telemetry.Trace{
			TraceID: [16]byte{0: 0x0a, 15: 0xf7}, Span: [8]byte{7: 0x31}, Parent: [8]byte{7: 0x20},
		}},
		Method:    "GET",
		Route:     "/api/v1/products/:id",
		Path:      []byte("/api/v1/products/42"),
		Remote:    netip.MustParseAddr("192.0.2.1"),
		UserAgent: []byte(`curl/8 "x"`),
		Status:    200,
		In:        0,
		Out:       1234,
	}
}

func ExampleAccess_Log() {
	t, err := telemetry.New(telemetry.DefaultConfig(), telemetry.Options{Out: os.Stdout})
	if err != nil {
		panic(err)
	}
	t.Access().Log(&telemetry.Entry{
		Time:     time.Date(2026, 1, 2, 3, 4, 5, 120_000_000, time.UTC),
		Duration: 3456 * time.Microsecond,
		Request:  &telemetry.Request{ID: "8fs0jq1kq3ud-000000002q"},
		Method:   "GET",
		Route:    "/api/v1/products/:id",
		Path:     []byte("/api/v1/products/42?token=hush"),
		Remote:   netip.MustParseAddr("192.0.2.1"),
		Status:   200,
		In:       -1,
		Out:      1234,
	})
	if err := t.Stop(context.Background()); err != nil {
		panic(err)
	}
	// Output: {"time":"2026-01-02T03:04:05.123Z","level":"INFO","msg":"request","request_id":"8fs0jq1kq3ud-000000002q","method":"GET","route":"/api/v1/products/:id","path":"/api/v1/products/42","status":200,"duration_ms":3.456,"bytes_out":1234,"remote_addr":"192.0.2.1"}
}

func TestAccessLine(t *testing.T) {
	t.Parallel()
	const head = `{"time":"2026-01-02T03:04:05.123Z","level":"INFO","msg":"request"`
	const ids = `,"request_id":"abc-1","trace_id":"0a0000000000000000000000000000f7","span_id":"0000000000000031","parent_span_id":"0000000000000020"`
	for name, c := range map[string]struct {
		change func(*telemetry.Entry)
		want   string
	}{
		"all": {func(*telemetry.Entry) {}, head + ids +
			`,"method":"GET","route":"/api/v1/products/:id","path":"/api/v1/products/42","status":200,"duration_ms":3.456,"bytes_in":0,"bytes_out":1234,` +
			`"remote_addr":"192.0.2.1","user_agent":"curl/8 \"x\""}`},
		"least": {func(e *telemetry.Entry) { *e = telemetry.Entry{Time: e.Time, Duration: e.Duration, In: -1, Out: -1} }, head +
			`,"method":"","path":"","status":0,"duration_ms":3.456}`},
		"no trace": {func(e *telemetry.Entry) {
			*e = telemetry.Entry{Time: e.Time, Duration: e.Duration, Request: &telemetry.Request{}}
		}, head +
			`,"method":"","path":"","status":0,"duration_ms":3.456,"bytes_in":0,"bytes_out":0}`},
		"error": {func(e *telemetry.Entry) { *e = telemetry.Entry{Time: e.Time, Duration: e.Duration, Status: 503} },
			strings.Replace(head, "INFO", "ERROR", 1) + `,"method":"","path":"","status":503,"duration_ms":3.456,"bytes_in":0,"bytes_out":0}`},
		"zone of an address": {func(e *telemetry.Entry) {
			*e = telemetry.Entry{Time: e.Time, Duration: e.Duration, Remote: netip.MustParseAddr(`fe80::1%"}`)}
		}, head + `,"method":"","path":"","status":0,"duration_ms":3.456,"bytes_in":0,"bytes_out":0,"remote_addr":"fe80::1"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out output
			tel := start(t, telemetry.DefaultConfig(), telemetry.Options{Out: &out})
			e := entry()
			c.change(e)
			tel.Access().Log(e)
			if got := flushed(t, tel, &out); got != c.want+"\n" {
				t.Errorf("got  %swant %s", got, c.want)
			}
		})
	}
}

func TestAccessNeverLogsAQuery(t *testing.T) {
	t.Parallel()
	for _, text := range []bool{false, true} {
		for _, path := range []string{"/a?token=hush", "/a#hush", "/a?hush?x", "?hush"} {
			var out output
			tel := start(t, telemetry.DefaultConfig(), telemetry.Options{Out: &out, Text: text})
			e := entry()
			e.Path = []byte(path)
			tel.Access().Log(e)
			if got := flushed(t, tel, &out); strings.Contains(got, "hush") || got == "" {
				t.Errorf("path %q, text %v: %s", path, text, got)
			}
		}
	}
}

func TestAccessCutsLongTexts(t *testing.T) {
	t.Parallel()
	var out output
	tel := start(t, telemetry.DefaultConfig(), telemetry.Options{Out: &out})
	e := entry()
	e.Method, e.Route = strings.Repeat("M", 99999), strings.Repeat("r", 99999)
	e.Path, e.UserAgent = []byte("/"+strings.Repeat("é", 99999)), []byte(strings.Repeat("u", 99999))
	tel.Access().Log(e)
	got := line(t, flushed(t, tel, &out))
	for key, want := range map[string]int{"method": 32, "route": 256, "path": 1023, "user_agent": 256} {
		if s := got[key].(string); len(s) != want || !utf8.ValidString(s) {
			t.Errorf("%s has %d bytes, want %d", key, len(s), want)
		}
	}
}

func TestAccessLevel(t *testing.T) {
	t.Parallel()
	var level slog.LevelVar
	var out output
	tel := start(t, telemetry.DefaultConfig(), telemetry.Options{Out: &out, Level: &level})
	log := func(status int) {
		e := entry()
		e.Status = status
		tel.Access().Log(e)
	}
	log(201)
	level.Set(slog.LevelWarn)
	log(202)
	log(500)
	level.Set(slog.LevelError + 1)
	log(501)
	var statuses []int
	for text := range strings.Lines(flushed(t, tel, &out)) {
		statuses = append(statuses, int(line(t, text)["status"].(float64)))
	}
	if len(statuses) != 2 || statuses[0] != 201 || statuses[1] != 500 {
		t.Errorf("logged %v, want 201 and 500", statuses)
	}
}

func TestAccessLinesOfFailuresAndOfTextGoOutAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		text   bool
		status int
		want   bool
	}{
		"json 200": {false, 200, false},
		"json 500": {false, 500, true},
		"text 200": {true, 200, true},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var out output
				tel := start(t, telemetry.DefaultConfig(), telemetry.Options{Out: &out, Text: c.text})
				e := entry()
				e.Status = c.status
				tel.Access().Log(e)
				synctest.Wait() // no time passes
				if got := out.String() != ""; got != c.want {
					t.Errorf("out at once: %v, want %v", got, c.want)
				}
			})
		})
	}
}

func TestAccessText(t *testing.T) {
	t.Parallel()
	var out output
	tel := start(t, telemetry.DefaultConfig(), telemetry.Options{Out: &out, Text: true})
	tel.Access().Log(entry())
	e := entry()
	e.Status, e.Request, e.Out, e.Route, e.Remote = 500, nil, -1, "", netip.Addr{}
	e.Path, e.UserAgent = []byte("/\x1b[2J\xff\n/x y"), nil
	tel.Access().Log(e)
	want := "2026-01-02T03:04:05.123Z INFO  GET /api/v1/products/42 200 3.456ms 1234B route=/api/v1/products/:id remote_addr=192.0.2.1 " +
		`user_agent="curl/8 \"x\"" request_id=abc-1 trace_id=0a0000000000000000000000000000f7 span_id=0000000000000031` + "\n" +
		`2026-01-02T03:04:05.123Z ERROR GET "/\x1b[2J\xff\n/x y" 500 3.456ms` + "\n"
	if got := out.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAccessAndLogLinesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	var out output
	tel := start(t, telemetry.DefaultConfig(), telemetry.Options{Out: &out})
	for n := range 2000 {
		if n%2 == 0 {
			e := entry()
			e.Path = strconv.AppendInt(nil, int64(n), 10)
			tel.Access().Log(e)
		} else {
			tel.Logger().Info("step", "path", strconv.Itoa(n))
		}
	}
	n := 0
	for text := range strings.Lines(flushed(t, tel, &out)) {
		if got := line(t, text)["path"]; got != strconv.Itoa(n) {
			t.Fatalf("line %d says %v", n, got)
		}
		n++
	}
	if n != 2000 {
		t.Errorf("%d lines, want 2000", n)
	}
}

func TestAccessDoesNotAllocate(t *testing.T) {
	tel := start(t, telemetry.DefaultConfig(), telemetry.Options{})
	e := entry()
	e.Path, e.UserAgent = []byte("/\xff\"\u2028"), []byte("\x00€")
	tel.Access().Log(e)
	if n := testing.AllocsPerRun(1000, func() { tel.Access().Log(e) }); n != 0 {
		t.Errorf("%v allocations for one line", n)
	}
}

// FuzzAccess proves that whatever a client sends, a line is one JSON object that says what was sent.
func FuzzAccess(f *testing.F) {
	f.Add("GET", "/a/:id", []byte("/a/1"), []byte("curl"), "id-1", 200, int64(0), int64(1))
	f.Add("G\"ET\n", "\xff", []byte("/\x00\xe2\x80\xa8\\?secret"), []byte("\xed\xa0\x80\x7f"), "\"\r\n", -1, int64(-1), int64(-5))
	f.Fuzz(func(t *testing.T, method, route string, path, agent []byte, id string, status int, in, outBytes int64) {
		var out output
		tel := start(t, telemetry.DefaultConfig(), telemetry.Options{Out: &out})
		e := entry()
		e.Method, e.Route, e.Path, e.UserAgent, e.Status, e.In, e.Out = method, route, path, agent, status, in, outBytes
		e.Request.ID = id
		tel.Access().Log(e)
		got := line(t, flushed(t, tel, &out))

		plain, _, _ := strings.Cut(string(path[:limit(path, 1024)]), "?")
		plain, _, _ = strings.Cut(plain, "#")
		want := map[string]any{
			"time": "2026-01-02T03:04:05.123Z", "level": "INFO", "msg": "request", "duration_ms": 3.456, "remote_addr": "192.0.2.1",
			"trace_id": "0a0000000000000000000000000000f7", "span_id": "0000000000000031", "parent_span_id": "0000000000000020",
			"method": method[:limit([]byte(method), 32)], "path": plain, "status": float64(status),
		}
		if status >= 500 {
			want["level"] = "ERROR"
		}
		optional := map[string]string{"request_id": id, "route": route[:limit([]byte(route), 256)], "user_agent": string(agent[:limit(agent, 256)])}
		for key, value := range optional {
			if value != "" {
				want[key] = value
			}
		}
		if in >= 0 {
			want["bytes_in"] = float64(in)
		}
		if outBytes >= 0 {
			want["bytes_out"] = float64(outBytes)
		}
		// encoding/json says what is left of bytes that are not UTF-8.
		reference, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		have, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if unify(t, have) != unify(t, reference) {
			t.Fatalf("got  %s\nwant %s", have, reference)
		}
	})
}

// limit is where a text has to be cut: the straightforward way.
func limit(s []byte, size int) int {
	if len(s) <= size {
		return len(s)
	}
	for back := range utf8.UTFMax {
		if size-back >= 0 && utf8.RuneStart(s[size-back]) {
			return size - back
		}
	}
	return size - utf8.UTFMax
}

func unify(t *testing.T, text []byte) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func BenchmarkAccessLog(b *testing.B) {
	tel := start(b, telemetry.DefaultConfig(), telemetry.Options{Out: io.Discard})
	e := entry()
	e.Path = []byte("/api/v1/catalog/products/0198c2a4-7e4b-7c11-9d6a-2f5b8e1c3a77")
	e.UserAgent = []byte("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36")
	e.Request.ID = "8fs0jq1kq3ud-000000002q"
	b.ReportAllocs()
	for b.Loop() {
		tel.Access().Log(e)
	}
}
