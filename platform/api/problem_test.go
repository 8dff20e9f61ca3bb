package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/telemetry"
)

// failing returns the answer to err, and what was logged.
func failing(t *testing.T, err error) (answer, string) {
	t.Helper()
	var log bytes.Buffer
	fctx := &fasthttp.RequestCtx{}
	newAPI(t, slog.New(slog.NewJSONHandler(&log, nil))).WriteProblem(t.Context(), fctx, err)
	return answer{fctx.Response.StatusCode(), &fctx.Response.Header, fctx.Response.Body()}, log.String()
}

// cause stands in for all that an error may hold and a stranger may not see.
var errCause = errors.New("select password from users: dial tcp 10.0.0.7:5432")

func TestEveryKindHasItsStatus(t *testing.T) {
	t.Parallel()
	for kind, want := range map[fault.Kind]int{
		fault.Malformed: 400, fault.Unauthenticated: 401, fault.Forbidden: 403, fault.NotFound: 404, fault.Conflict: 409, fault.Precondition: 412,
		fault.Invalid: 422, fault.PreconditionRequired: 428, fault.TooMany: 429, fault.Unavailable: 503,
	} {
		a, log := failing(t, fmt.Errorf("load thing: %w", fault.New(kind, "some_code", "Some sentence.").Because(errCause)))
		p := a.problem(t)
		if a.status != want || p.Type != "/problems/"+kind.String() || p.Title != http.StatusText(want) && want != 422 || p.Code != "some_code" || p.Detail != "Some sentence." {
			t.Errorf("%s: %d %s, want %d", kind, a.status, a.body, want)
		}
		if strings.Contains(string(a.body), "load") || strings.Contains(string(a.body), "select") {
			t.Errorf("%s: the body tells the cause: %s", kind, a.body)
		}
		// What a caller did wrong is no news to those who run the server; a dependency that is away is.
		if logged := strings.Contains(log, "load thing: some_code: Some sentence.: select password"); logged != (want >= 500) {
			t.Errorf("%s: the log is %q", kind, log)
		}
	}
}

func TestErrorsThatSayNothing(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"any error":                 errCause,
		"a wrapped one":             fmt.Errorf("load thing: %w", errCause),
		"an internal fault":         fault.New(fault.Internal, "secret_code", "Secret sentence.").WithFields(fault.Field{Pointer: "/secret"}).WithRetryAfter(time.Hour),
		"of a kind that is not one": fault.New(99, "internal", "Something went wrong here. The trace_id leads to it."),
		"a sort that is not one":    api.ProtocolError("no-such-sort", "internal", "Something went wrong here. The trace_id leads to it."),
	} {
		a, log := failing(t, err)
		want := `{"type":"/problems/internal","title":"Internal Server Error","status":500,"detail":"Something went wrong here. The trace_id leads to it.",` +
			`"instance":"urn:request:","code":"internal","request_id":"","trace_id":"","errors":[]}`
		if a.status != 500 || string(a.body) != want || a.get("Retry-After") != "" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		var line struct{ Level, Msg, Error string }
		if e := json.Unmarshal([]byte(log), &line); e != nil || line.Level != "ERROR" || line.Error != err.Error() {
			t.Errorf("%s: the log is %q", name, log)
		}
	}
}

func TestTimeIsUp(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		context.DeadlineExceeded,
		context.Canceled,
		fmt.Errorf("ask the database: %w", context.DeadlineExceeded),
		fault.New(fault.Internal, "broken", "Broken.").Because(context.DeadlineExceeded),
	} {
		a, log := failing(t, err)
		if p := a.problem(t); a.status != 503 || p.Code != "timeout" || p.Type != "/problems/unavailable" || a.get("Retry-After") != "1" {
			t.Errorf("%v: %d %s, Retry-After %q", err, a.status, a.body, a.get("Retry-After"))
		}
		if !strings.Contains(log, err.Error()) {
			t.Errorf("%v: the log is %q", err, log)
		}
	}
	// What was foreseen goes before how it came about.
	if a, _ := failing(t, fault.New(fault.Conflict, "taken", "Taken.").Because(context.Canceled)); a.status != 409 {
		t.Errorf("a conflict with that cause: %d", a.status)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind fault.Kind
		wait time.Duration
		want string
	}{
		{fault.Unavailable, time.Second, "1"},
		{fault.Unavailable, time.Millisecond, "1"}, // rounded up: whoever came back earlier would be refused again
		{fault.Unavailable, 1001 * time.Millisecond, "2"},
		{fault.TooMany, time.Hour, "3600"},
		{fault.Conflict, 2 * time.Second, "2"},
		{fault.Unavailable, 0, "1"}, // their pages tell to wait as long as Retry-After says
		{fault.TooMany, 0, "1"},
		{fault.TooMany, -time.Second, "1"},
		{fault.Conflict, 0, ""},
		{fault.Conflict, -time.Second, ""},
	} {
		a, _ := failing(t, fault.New(c.kind, "code", "Sentence.").WithRetryAfter(c.wait))
		if got := a.get("Retry-After"); got != c.want {
			t.Errorf("%s, %v: %q, want %q", c.kind, c.wait, got, c.want)
		}
	}
}

func TestAProblemNamesItsRequest(t *testing.T) {
	t.Parallel()
	r := &telemetry.Request{ID: "k3f9-1a", Trace: telemetry.Trace{TraceID: [16]byte{0x4b, 15: 0x36}, Span: [8]byte{1}}}
	fctx := &fasthttp.RequestCtx{}
	newAPI(t, slog.New(slog.DiscardHandler)).WriteProblem(telemetry.WithRequest(t.Context(), r), fctx, errCause)
	p := answer{500, &fctx.Response.Header, fctx.Response.Body()}.problem(t)
	if p.RequestID != "k3f9-1a" || p.Instance != "urn:request:k3f9-1a" || p.TraceID != "4b000000000000000000000000000036" {
		t.Errorf("%+v", p)
	}
}

func TestAProblemPointsAtValues(t *testing.T) {
	t.Parallel()
	a, _ := failing(t, fault.New(fault.Invalid, "invalid", "No.").WithFields(
		fault.Field{Pointer: "/price/amount", Code: "minimum", Detail: "must be at least 0"},
		fault.Field{In: "query", Pointer: "/limit", Code: "range", Detail: "must be less"}))
	want := []api.ProblemField{
		{In: "body", Pointer: "/price/amount", Code: "minimum", Detail: "must be at least 0"},
		{In: "query", Pointer: "/limit", Code: "range", Detail: "must be less"},
	}
	if got := a.problem(t).Errors; !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}

// An error may come after half an answer: nothing of it may be left that speaks of the body or of what has not happened.
func TestAProblemReplacesTheAnswer(t *testing.T) {
	t.Parallel()
	fctx := &fasthttp.RequestCtx{}
	h := &fctx.Response.Header
	gone := []string{"ETag", "Location", "Last-Modified", "Content-Encoding", "Content-Disposition", "Content-Language", "Content-Range"}
	for _, name := range append([]string{"Cache-Control", "Content-Type", "X-Other"}, gone...) {
		h.Set(name, "old")
	}
	fctx.SetStatusCode(201)
	fctx.SetBodyString("half an answer")
	newAPI(t, slog.New(slog.DiscardHandler)).WriteProblem(t.Context(), fctx, fault.New(fault.Conflict, "taken", "Taken."))
	a := answer{fctx.Response.StatusCode(), h, fctx.Response.Body()}
	a.problem(t)
	for _, name := range gone {
		if a.get(name) != "" {
			t.Errorf("%s is left", name)
		}
	}
	if a.status != 409 || a.get("Content-Type") != "application/problem+json" || a.get("Cache-Control") != "no-store" || a.get("X-Other") != "old" {
		t.Errorf("%d\n%s", a.status, h)
	}
}

func TestProtocolErrors(t *testing.T) {
	t.Parallel()
	for _, typ := range api.ProblemTypes() {
		err := fmt.Errorf("read: %w", api.ProtocolError(typ.Slug, "some_code", "Some sentence."))
		a, _ := failing(t, err)
		if p := a.problem(t); p.Type != "/problems/"+typ.Slug || a.status != typ.Status || p.Title != typ.Title || p.Code != "some_code" || p.Detail != "Some sentence." {
			t.Errorf("%s: %s", typ.Slug, a.body)
		}
		if want := "read: some_code: Some sentence."; err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
	}
}

func TestProblemTypes(t *testing.T) {
	t.Parallel()
	slugs, statuses := map[string]bool{}, map[int]bool{}
	for _, p := range api.ProblemTypes() {
		if slugs[p.Slug] || statuses[p.Status] {
			t.Errorf("%s, %d: there are two of it", p.Slug, p.Status) // the document has one description for each status
		}
		slugs[p.Slug], statuses[p.Status] = true, true
		if p.Title != http.StatusText(p.Status) && p.Status != 413 && p.Status != 414 && p.Status != 422 || !strings.HasSuffix(p.Help, ".") {
			t.Errorf("%+v: the title is that of RFC 9110, the help a sentence", p)
		}
		if strings.ReplaceAll(p.Code(), "_", "-") != p.Slug || strings.Contains(p.Code(), "-") {
			t.Errorf("%s: code %s", p.Slug, p.Code())
		}
	}
	for kind := fault.Internal; kind <= fault.Unavailable; kind++ {
		if !slugs[kind.String()] {
			t.Errorf("the kind %s has no type", kind)
		}
	}
}
