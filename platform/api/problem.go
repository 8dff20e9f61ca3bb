package api

import (
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/telemetry"
)

// Problem is the body of every error answer (RFC 9457, application/problem+json).
type Problem struct {
	Type      string         `json:"type" doc:"Address of a page that explains this sort of problem." example:"/problems/not-found"`
	Title     string         `json:"title" doc:"The sort of problem in a few words." example:"Not Found"`
	Status    int            `json:"status" doc:"The HTTP status." minimum:"400" maximum:"599" example:"404"`
	Detail    string         `json:"detail" doc:"What is wrong here, for a person." example:"No such product."`
	Instance  string         `json:"instance" doc:"Names this occurrence." example:"urn:request:k3f9-1a"`
	Code      string         `json:"code" doc:"What is wrong here, for a program; it does not change." example:"product_not_found"`
	RequestID string         `json:"request_id" doc:"The id of the request, as in the header X-Request-Id and in the server's log." example:"k3f9-1a"`
	TraceID   string         `json:"trace_id" doc:"The id of the trace (W3C)." example:"4bf92f3577b34da6a3ce929d0e0e4736"`
	Errors    []ProblemField `json:"errors" doc:"The values that are wrong; empty when no single value is."`
}

// ProblemField is one value that is wrong.
type ProblemField struct {
	In      string `json:"in" enum:"body,query,path,header" doc:"Where the value stood." example:"body"`
	Pointer string `json:"pointer" doc:"JSON Pointer of the value there." example:"/price/amount"`
	Code    string `json:"code" doc:"What is wrong with it, for a program." example:"minimum"`
	Detail  string `json:"detail" doc:"What is wrong with it, for a person." example:"must be at least 0"`
}

// ProblemType is one sort of failure that a server answers with.
type ProblemType struct {
	Slug   string // the last part of Problem.Type, "not-found"
	Status int
	Title  string
	Help   string // what the caller can do
}

// ProblemTypes lists every sort of failure. Those of a fault.Kind have its name; the others are failures of HTTP itself.
func ProblemTypes() []ProblemType {
	return []ProblemType{
		{"malformed", 400, "Bad Request", "The request could not be read: its syntax, its encoding or its framing is broken. Correct it; repeating it will not help."},
		{"unauthenticated", 401, "Unauthorized", "The server does not know who you are. Sign in, or send a token."},
		{"forbidden", 403, "Forbidden", "You may not do this."},
		{"not-found", 404, "Not Found", "There is nothing here, or nothing that you may know of."},
		{"method-not-allowed", 405, "Method Not Allowed", "The path exists, with other methods: see the header Allow."},
		{"not-acceptable", 406, "Not Acceptable", "The server answers in application/json here, and your header Accept refuses that."},
		{"request-timeout", 408, "Request Timeout", "The request took too long to arrive."},
		{"conflict", 409, "Conflict", "The present state does not allow it: another one has the same unique value, for instance."},
		{"length-required", 411, "Length Required", "Say how long the body is, with Content-Length or chunked transfer."},
		{"precondition-failed", 412, "Precondition Failed", "The resource has changed since you read it. Read it again, and repeat your change."},
		{"content-too-large", 413, "Content Too Large", "The body is larger than the server takes, as it was sent or after decompression."},
		{"uri-too-long", 414, "URI Too Long", "The address is longer than the server takes."},
		{"unsupported-media-type", 415, "Unsupported Media Type", "Send application/json, in one of the content encodings that the server knows."},
		{"expectation-failed", 417, "Expectation Failed", "The server does not do what the header Expect asks for."},
		{"misdirected", 421, "Misdirected Request", "The server does not answer to the name that the address has. Use one of its own."},
		{"invalid", 422, "Unprocessable Content", "The request was understood, and some of its values are not allowed: see errors."},
		{"precondition-required", 428, "Precondition Required", "Say which version you have seen: send If-Match."},
		{"too-many-requests", 429, "Too Many Requests", "Wait as long as Retry-After says."},
		{"headers-too-large", 431, "Request Header Fields Too Large", "The headers are more, or longer, than the server takes."},
		{"internal", 500, "Internal Server Error", "A defect of the server. Report it with the trace_id."},
		{"not-implemented", 501, "Not Implemented", "The server does not know this method."},
		{"unavailable", 503, "Service Unavailable", "The server cannot answer in time. Wait as long as Retry-After says, and repeat."},
		{"version-not-supported", 505, "HTTP Version Not Supported", "Speak HTTP/1.1 or HTTP/1.0."},
	}
}

// problemType returns the type with that slug.
func problemType(slug string) ProblemType {
	for _, t := range ProblemTypes() {
		if t.Slug == slug {
			return t
		}
	}
	return problemType(fault.Internal.String())
}

// protocolError is a failure of HTTP itself: the request never got to an operation.
type protocolError struct {
	slug         string // of its ProblemType
	code, detail string
}

func (e *protocolError) Error() string { return e.code + ": " + e.detail }

// ProtocolError returns an error that is answered with the problem type of that slug, for packages that stand in front of the operations.
// Code is snake_case, detail one sentence; neither may hold anything of the request.
func ProtocolError(slug, code, detail string) error {
	return &protocolError{slug: slug, code: code, detail: detail}
}

// Code returns the slug as a code: "not_found".
func (t ProblemType) Code() string { return strings.ReplaceAll(t.Slug, "-", "_") }

// classify finds the sort of problem that err is, and what may be said of it.
func classify(err error) (ProblemType, *fault.Error) {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Kind != fault.Internal {
		return problemType(f.Kind.String()), f
	}
	if p, ok := errors.AsType[*protocolError](err); ok {
		return problemType(p.slug), &fault.Error{Code: p.code, Detail: p.detail}
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return problemType(fault.Unavailable.String()), fault.New(fault.Unavailable, "timeout", "The request took longer than the server gives it.")
	}
	t := problemType(fault.Internal.String())
	return t, &fault.Error{Code: t.Code(), Detail: "Something went wrong here. The trace_id leads to it."}
}

// retryAfter returns how long the caller should wait, 0 for nothing to wait for. What may be repeated always says when.
func retryAfter(t ProblemType, f *fault.Error) time.Duration {
	if f.RetryAfter <= 0 && t.mayBeRepeated() {
		return time.Second
	}
	return f.RetryAfter
}

// mayBeRepeated reports whether the same request may succeed later.
func (t ProblemType) mayBeRepeated() bool {
	return t.Status == http.StatusTooManyRequests || t.Status == http.StatusServiceUnavailable
}

// WriteProblem answers with the problem that err is, and logs err when it is a defect or a broken dependency: the latter, which may
// pass, as a warning. It replaces the body, the status
// and the headers that speak of them.
func (a *API) WriteProblem(ctx context.Context, fctx *fasthttp.RequestCtx, err error) {
	a.WriteError(ctx, fctx, nil, err)
}

// WriteError is WriteProblem for an endpoint, whose group may have a format of its own. The endpoint may be nil.
func (a *API) WriteError(ctx context.Context, fctx *fasthttp.RequestCtx, e *Endpoint, err error) {
	t, f := classify(err)
	if t.Status >= 500 {
		level := slog.LevelError
		if t.mayBeRepeated() { // no defect, and the access log has a line at level error for each
			level = slog.LevelWarn
		}
		a.log.Log(ctx, level, "request failed", "code", f.Code, "error", err.Error())
	}
	p := Problem{Type: "/problems/" + t.Slug, Title: t.Title, Status: t.Status, Detail: f.Detail, Code: f.Code}
	if r := telemetry.RequestFrom(ctx); r != nil {
		p.RequestID, p.TraceID = r.ID, hex.EncodeToString(r.Trace.TraceID[:])
	}
	p.Instance = "urn:request:" + p.RequestID
	for _, x := range f.Fields {
		if x.In == "" {
			x.In = "body"
		}
		p.Errors = append(p.Errors, ProblemField(x))
	}
	resp := &fctx.Response
	resp.ResetBody()
	resp.SetStatusCode(t.Status)
	for _, name := range []string{
		fasthttp.HeaderETag, fasthttp.HeaderLocation, fasthttp.HeaderLastModified, fasthttp.HeaderContentEncoding, fasthttp.HeaderContentDisposition,
		fasthttp.HeaderContentLanguage, fasthttp.HeaderContentRange,
	} {
		resp.Header.Del(name)
	}
	resp.Header.Set(fasthttp.HeaderCacheControl, "no-store")
	if wait := retryAfter(t, f); wait > 0 {
		resp.Header.Set(fasthttp.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	if e != nil && e.errors != nil {
		body, err := e.errors.append(p)
		if err == nil {
			resp.Header.SetContentType("application/json")
			resp.SetBody(body)
			return
		}
		a.log.ErrorContext(ctx, "write an error in the format of its group", "error", err.Error())
	}
	resp.Header.SetContentType("application/problem+json")
	body, err := a.problem.Append(nil, reflect.ValueOf(&p).Elem(), nil)
	if err != nil { // a struct of texts and a number: there is nothing in it that JSON cannot hold
		a.log.ErrorContext(ctx, "write problem", "error", err.Error())
	}
	resp.SetBody(body)
}
