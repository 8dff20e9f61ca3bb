package httpserver

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/telemetry"
)

// requestKey is where a *request stands among fasthttp's user values.
type requestKey struct{}

func requestOf(fctx *fasthttp.RequestCtx) *request {
	r, _ := fctx.UserValue(requestKey{}).(*request)
	return r
}

// serve is the stack: everything that happens to a request, in order.
func (s *Server) serve(fctx *fasthttp.RequestCtx) {
	refused := s.check(&fctx.Request)
	if refused == nil && s.answerHealth(fctx) {
		return
	}
	r := s.identify(fctx, fctx.Time())
	active := s.tel.ActiveRequests(r.method)
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
	if refused != nil {
		hangUp(fctx) // what follows on this connection may be part of a request that was misread
		s.api.WriteProblem(r, fctx, refused)
		return
	}
	s.router(fctx)
}

// errPanic is answered after a panic; what was thrown is in the log.
var errPanic = errors.New("a handler panicked")

// refuse answers what fasthttp could not read as a request.
func (s *Server) refuse(fctx *fasthttp.RequestCtx, err error) {
	c := connOf(fctx)
	if c != nil && (!c.heard || errors.Is(err, syscall.ECONNRESET)) {
		c.silent = true // nobody asked, or nobody is there any more; browsers open connections ahead and show what comes unasked
		return
	}
	r := s.identify(fctx, time.Now())
	if len(fctx.Request.Header.RawHeaders()) == 0 {
		r.method = "" // what the server says now is its default
	}
	fctx.Response.Reset()
	refused := s.readError(fctx, err)
	if !isTimeout(err) {
		hangUp(fctx)
	}
	s.api.WriteProblem(r, fctx, refused)
	s.finish(fctx, r)
}

// hangUp ends the connection with this answer.
func hangUp(fctx *fasthttp.RequestCtx) {
	fctx.SetConnectionClose()
	if c := connOf(fctx); c != nil {
		c.linger()
	}
}

// bodyTime gives a request with a body the time for it. It is called when the headers are there.
func (s *Server) bodyTime(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	if length := h.ContentLength(); length > 0 || length == chunked {
		return fasthttp.RequestConfig{ReadTimeout: s.cfg.BodyTimeout}
	}
	return fasthttp.RequestConfig{}
}

// chunked is what fasthttp returns as the length of a body that comes in chunks.
const chunked = -1

// identify makes the request's record: its time, its ids, its deadline.
func (s *Server) identify(fctx *fasthttp.RequestCtx, started time.Time) *request {
	r := &request{method: methodOf(fctx), started: started, until: started.Add(s.cfg.RequestTimeout)}
	h := &fctx.Request.Header
	if id := h.PeekCanonical([]byte(headerRequestID)); telemetry.ValidRequestID(id) {
		r.ID = string(id)
	} else {
		var buf [32]byte
		r.ID = string(s.tel.AppendRequestID(buf[:0]))
	}
	if parent := h.PeekCanonical([]byte(headerTraceparent)); len(parent) > 0 {
		r.Trace = telemetry.ContinueTrace(parent, joined(h, "Tracestate"))
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
		condition(fctx)
	}
	if coded {
		s.compressor.compress(fctx)
	}
	took := time.Since(r.started)
	peer := peer(fctx)
	s.headers(fctx, r, peer, took)

	status, size := resp.StatusCode(), int64(-1)
	switch {
	case fctx.IsHead():
		size = 0
	case !resp.IsBodyStream():
		size = int64(len(resp.Body()))
	}
	entry := telemetry.Entry{
		Time: r.started, Duration: took, Request: &r.Request,
		Method: r.method, Path: fctx.URI().PathOriginal(), Remote: s.client(fctx, peer), UserAgent: fctx.UserAgent(),
		Status: status, In: int64(len(fctx.Request.Body())), Out: size,
	}
	if r.route != nil {
		entry.Route = r.route.template
		r.route.metrics.Observe(status, took)
	} else {
		s.tel.Route(r.method, "").Observe(status, took)
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
