package httpserver

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/telemetry"
)

const headerRequestID = "X-Request-Id"

// requestKey is where a *request stands among fasthttp's user values.
type requestKey struct{}

func requestOf(fctx *fasthttp.RequestCtx) *request {
	r, _ := fctx.UserValue(requestKey{}).(*request)
	return r
}

// serve is the stack: everything that happens to a request, in order.
func (s *Server) serve(fctx *fasthttp.RequestCtx) {
	if s.health.public(fctx) {
		return
	}
	r := s.identify(fctx)
	active := s.tel.ActiveRequests(methodOf(fctx))
	active.Begin()
	defer func() {
		if p := recover(); p != nil {
			s.log.ErrorContext(r, "panic", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			fctx.Response.Reset()
			s.api.WriteProblem(r, fctx, errPanic)
		}
		active.End()
		s.finish(fctx, r)
	}()
	if err := s.check(&fctx.Request); err != nil {
		fctx.SetConnectionClose() // what follows on this connection may be part of a request that was misread
		s.api.WriteProblem(r, fctx, err)
		return
	}
	s.router(fctx)
}

// errPanic is answered after a panic; what was thrown is in the log.
var errPanic = errors.New("a handler panicked")

// refuse answers a request that fasthttp could not read.
func (s *Server) refuse(fctx *fasthttp.RequestCtx, err error) {
	r := s.identify(fctx)
	fctx.Response.Reset()
	s.api.WriteProblem(r, fctx, s.readError(fctx, err))
	s.finish(fctx, r)
}

// bodyTime gives a request with a body the time for it. It is called when the headers are there.
func (s *Server) bodyTime(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	if h.ContentLength() == 0 || h.IsGet() && h.ContentLength() < 0 {
		return fasthttp.RequestConfig{}
	}
	return fasthttp.RequestConfig{ReadTimeout: s.cfg.BodyTimeout}
}

// identify makes the request's record: its time, its ids, its deadline.
func (s *Server) identify(fctx *fasthttp.RequestCtx) *request {
	started := fctx.Time()
	if started.IsZero() { // the request was never read to its end
		started = time.Now()
	}
	r := &request{started: started, until: started.Add(s.cfg.RequestTimeout)}
	h := &fctx.Request.Header
	if id := h.Peek(headerRequestID); telemetry.ValidRequestID(id) {
		r.ID = string(id)
	} else {
		var buf [64]byte
		r.ID = string(s.tel.AppendRequestID(buf[:0]))
	}
	if parent := h.Peek("Traceparent"); len(parent) > 0 {
		r.Trace = telemetry.ContinueTrace(parent, h.Peek("Tracestate"))
	} else {
		r.Trace = telemetry.NewTrace()
	}
	fctx.SetUserValue(requestKey{}, r)
	return r
}

// finish completes the answer and tells of the request.
func (s *Server) finish(fctx *fasthttp.RequestCtx, r *request) {
	r.end(context.Canceled)
	resp := &fctx.Response
	coded := s.compressor.applies(resp)
	if fctx.IsGet() || fctx.IsHead() {
		s.condition(fctx)
	}
	if coded {
		s.compressor.compress(fctx)
	}
	took := time.Since(r.started)
	s.headers(fctx, r, took)
	if s.draining.Load() {
		fctx.SetConnectionClose()
	}

	size := int64(-1)
	if !resp.IsBodyStream() {
		size = int64(len(resp.Body()))
	}
	template := ""
	if r.route != nil {
		template = r.route.template
		r.route.metrics.Observe(resp.StatusCode(), took)
	} else {
		s.tel.Route(methodOf(fctx), "").Observe(resp.StatusCode(), took)
	}
	entry := telemetry.Entry{
		Time: r.started, Duration: took, Request: &r.Request,
		Method: methodOf(fctx), Route: template, Path: fctx.Request.URI().PathOriginal(),
		Remote: s.client(fctx, peer(fctx)), UserAgent: fctx.UserAgent(),
		Status: resp.StatusCode(), In: int64(len(fctx.Request.Body())), Out: size,
	}
	s.tel.Access().Log(&entry)
}

// methodOf returns the method without an allocation for those that HTTP has.
func methodOf(fctx *fasthttp.RequestCtx) string {
	switch m := fctx.Method(); string(m) {
	case "GET":
		return "GET"
	case "HEAD":
		return "HEAD"
	case "POST":
		return "POST"
	case "PATCH":
		return "PATCH"
	case "PUT":
		return "PUT"
	case "DELETE":
		return "DELETE"
	default:
		return string(m)
	}
}

// maxHashed is the largest body whose entity tag is its hash.
const maxHashed = 1 << 20

// condition gives a whole answer to GET an entity tag, the hash of the body unless the handler has set one, and answers 304 when the
// client has this representation already.
func (s *Server) condition(fctx *fasthttp.RequestCtx) {
	resp := &fctx.Response
	if resp.StatusCode() != fasthttp.StatusOK || resp.IsBodyStream() {
		return
	}
	tag := resp.Header.Peek(fasthttp.HeaderETag)
	if len(tag) == 0 {
		body := resp.Body()
		if len(body) == 0 || len(body) > maxHashed || string(resp.Header.Peek(fasthttp.HeaderCacheControl)) == "no-store" {
			return
		}
		var buf [20]byte
		tag = append(strconv.AppendUint(append(buf[:0], '"'), xxhash.Sum64(body), 36), '"')
		resp.Header.SetBytesV(fasthttp.HeaderETag, tag)
	}
	seen := fctx.Request.Header.Peek(fasthttp.HeaderIfNoneMatch)
	if len(seen) == 0 {
		return
	}
	if match, ok := api.MatchETag(string(seen), string(tag)); ok {
		resp.Header.Set(fasthttp.HeaderETag, match)
		resp.ResetBody()
		resp.SetStatusCode(fasthttp.StatusNotModified)
		resp.Header.Del(fasthttp.HeaderContentType)
	}
}

// headers adds what every answer carries, unless the handler has set it.
func (s *Server) headers(fctx *fasthttp.RequestCtx, r *request, took time.Duration) {
	h := &fctx.Response.Header
	h.Set(headerRequestID, r.ID)
	var buf [64]byte
	h.SetBytesV("Traceparent", r.Trace.AppendTraceparent(buf[:0]))
	h.Set(fasthttp.HeaderXContentTypeOptions, "nosniff")
	h.Set(fasthttp.HeaderReferrerPolicy, "strict-origin-when-cross-origin")
	if len(h.Peek(fasthttp.HeaderContentSecurityPolicy)) == 0 {
		h.Set(fasthttp.HeaderContentSecurityPolicy, "default-src 'none'; frame-ancestors 'none'")
	}
	if len(h.Peek(fasthttp.HeaderCacheControl)) == 0 {
		h.Set(fasthttp.HeaderCacheControl, "no-cache") // stored, and asked for again each time: If-None-Match makes that cheap
	}
	if s.secure(fctx, peer(fctx)) {
		h.Set(fasthttp.HeaderStrictTransportSecurity, "max-age=31536000")
	}
	if s.dev {
		h.Set("Server-Timing", "app;dur="+strconv.FormatFloat(float64(took.Microseconds())/1000, 'f', 3, 64))
	}
}
