package httpserver

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/telemetry"
)

// serve is the stack: everything that happens to a request, in order.
func (s *Server) serve(fctx *fasthttp.RequestCtx) {
	sent, err := s.takeBody(fctx)
	if err != nil {
		fctx.Request.ResetBody() // what is left of it is read by nobody
		s.refuse(fctx, err)
		return
	}
	refused := s.check(&fctx.Request)
	if refused == nil && s.answerHealth(fctx) {
		return
	}
	r := s.identify(fctx, fctx.Time())
	if sent != nil {
		r.receives(sent)
	}
	var route *route
	active := s.tel.ActiveRequests(methodOf(fctx))
	active.Begin()
	defer func() {
		if p := recover(); p != nil {
			s.log.ErrorContext(r, "panic", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			fctx.Response.Reset()
			s.writeError(r, fctx, route, errPanic)
		}
		active.End()
		s.finish(fctx, r, route)
	}()
	if refused != nil {
		hangUp(fctx, briefly()) // what follows on this connection may be part of a request that was misread
		s.api.WriteProblem(r, fctx, refused)
		return
	}
	s.defaults.CopyTo(&fctx.Response.Header)
	route, err = s.find(fctx)
	if err == nil && route != nil {
		err = s.answer(fctx, r, route)
	}
	if err != nil {
		s.writeError(r, fctx, route, err)
	}
}

// writeError answers with an error, as the route has it; route may be nil.
func (s *Server) writeError(r *request, fctx *fasthttp.RequestCtx, route *route, err error) {
	var e *api.Endpoint
	if route != nil {
		e = &route.Endpoint
	}
	s.api.WriteError(r, fctx, e, err)
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
	r.unread = len(fctx.Request.Header.RawHeaders()) == 0
	fctx.Response.Reset()
	if errors.Is(err, fasthttp.ErrBodyTooLarge) {
		hangUp(fctx, toTheEnd())
	} else {
		hangUp(fctx, briefly())
	}
	s.api.WriteProblem(r, fctx, s.readError(fctx, err))
	s.finish(fctx, r, nil)
}

// hangUp ends the connection with this answer, and listens a little longer.
func hangUp(fctx *fasthttp.RequestCtx, l *lingering) {
	fctx.SetConnectionClose()
	if c := connOf(fctx); c != nil {
		c.linger(l)
	}
}

// bodyTime gives a request with a body the time for it. It is called when the headers are there.
func (s *Server) bodyTime(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	length := h.ContentLength()
	if length <= 0 && length != chunked {
		return fasthttp.RequestConfig{}
	}
	path, _, _ := bytes.Cut(h.RequestURI(), []byte("?"))
	u := s.upload(h.Method(), path)
	cfg := fasthttp.RequestConfig{ReadTimeout: s.cfg.BodyTimeout}
	if u.Size > 0 {
		cfg.ReadTimeout = u.Time
	}
	if int64(length) > s.bodyLimit(u) {
		cfg.MaxRequestBodySize = 1 // it is refused, by takeBody, with its first byte; fasthttp would wait for more of it
	}
	return cfg
}

// chunked is what fasthttp returns as the length of a body that comes in chunks.
const chunked = -1

// identify makes the request's record: its time, its ids, its deadline.
func (s *Server) identify(fctx *fasthttp.RequestCtx, started time.Time) *request {
	r := &request{until: started.Add(s.cfg.RequestTimeout)}
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
	return r
}

// finish completes the answer and tells of the request. Route is nil when there was none.
func (s *Server) finish(fctx *fasthttp.RequestCtx, r *request, route *route) {
	r.end(over)
	if n := r.statements(); n > 0 {
		route.metrics.ObserveStatements(n)
	}
	resp := &fctx.Response
	asset := route != nil && route.asset && resp.StatusCode() < http.StatusBadRequest
	if !r.settled {
		s.settle(fctx, asset)
	}
	started, in := s.received(fctx, r)
	took := time.Since(started)
	if c := connOf(fctx); c != nil {
		c.answered(started.Add(took), resp.IsBodyStream())
	}
	peer := peer(fctx)
	s.headers(fctx, r, peer, took)
	if !asset {
		s.cors.answer(fctx)
	}

	entry := telemetry.Entry{
		Time: started, Duration: took, Request: &r.Request,
		Path: fctx.URI().PathOriginal(), Remote: s.client(fctx, peer), UserAgent: fctx.UserAgent(),
		Status: resp.StatusCode(), In: in, Out: -1,
	}
	if !r.unread { // else the method is fasthttp's default
		entry.Method = methodOf(fctx)
	}
	switch {
	case fctx.IsHead():
		entry.Out = 0
	case !resp.IsBodyStream():
		entry.Out = int64(len(resp.Body()))
	}
	if route != nil {
		entry.Route = route.Path
		route.metrics.Observe(entry.Status, took)
	} else {
		s.tel.Route(entry.Method, "").Observe(entry.Status, took)
	}
	s.tel.Access().Log(&entry)
	dropLarge(fctx)
}

// maxKept is the most bytes of a body whose memory a connection keeps for the next one. A thousand connections that have each seen one list of a megabyte would
// else hold a gigabyte for as long as they are open.
const maxKept = 64 << 10

// dropLarge takes the memory of large bodies from the connection. The answer is still to be written.
func dropLarge(fctx *fasthttp.RequestCtx) {
	if resp := &fctx.Response; !resp.IsBodyStream() {
		if body := resp.Body(); len(body) > maxKept {
			resp.SwapBody(nil)
			resp.SetBodyRaw(body)
		}
	}
	if req := &fctx.Request; !req.IsBodyStream() && len(req.Body()) > maxKept {
		req.SwapBody(nil)
	}
}

// settle gives an answer its entity tag, or makes it a 304, and compresses it, unless it is an asset, which has its forms.
func (s *Server) settle(fctx *fasthttp.RequestCtx, asset bool) {
	coded := !asset && s.compressor.applies(&fctx.Response)
	if fctx.IsGet() || fctx.IsHead() {
		condition(fctx)
	}
	if coded {
		s.compressor.compress(fctx)
	}
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
