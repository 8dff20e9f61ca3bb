package httpserver

import (
	"context"
	"net/http"

	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/idempotency"
	"github.com/banyan-go/banyan/platform/session"
)

const (
	headerIdempotencyKey = "Idempotency-Key"
	// headerReplayed marks an answer that an earlier request got.
	headerReplayed = "Idempotency-Replayed"
)

// keyed reports whether a request is to be carried out once: a POST to an operation, with a key. Raw routes may stream, and see to it themselves; of an
// upload nobody knows, before it is here, whether it is the same one.
func (s *Server) keyed(fctx *fasthttp.RequestCtx, route *route) bool {
	return s.keys != nil && route.method == http.MethodPost && route.Upload.Size == 0 && len(fctx.Request.Header.PeekAll(headerIdempotencyKey)) > 0
}

// once has the operation answer a request with a key, or repeats its answer. It comes behind everything that says whether the caller may: who may
// no longer does not get the answer of when he might.
func (s *Server) once(fctx *fasthttp.RequestCtx, r *request, route *route) error {
	given := fctx.Request.Header.PeekAll(headerIdempotencyKey)
	if len(given) != 1 {
		return idempotency.ErrMalformed
	}
	key := string(given[0]) // now: the slice is fasthttp's, for whoever peeks next
	uri := fctx.URI()
	attempt, before, err := s.keys.Begin(r, idempotency.Request{
		Caller: idempotency.Caller{Subject: api.CallerFrom(r).Subject, Address: s.client(fctx, peer(fctx))},
		Route:  route.method + " " + route.Path,
		Key:    key,
		Sum:    idempotency.Sum(fctx.Method(), uri.PathOriginal(), uri.QueryString(), fctx.Request.Body()),
	})
	switch {
	case err != nil:
		return err
	case before != nil:
		repeat(&fctx.Response, before)
		return nil
	}
	undo := s.undoing(fctx, r)
	err = attempt.Run(r, func(ctx context.Context) idempotency.Answer {
		if err := route.Serve(ctx, fctx); err != nil {
			s.api.WriteError(ctx, fctx, &route.Endpoint, err)
		}
		a := answerOf(&fctx.Response)
		a.Unrepeatable = a.Unrepeatable || route.Op.ShownOnce || s.givesCookie(r)
		return a
	})
	undo(err)
	return err
}

// undoing returns what takes back from the answer, as it is now, what a request adds that is undone: one that ends with an error, of whose answer
// nothing is true, or with a failure of the server.
func (s *Server) undoing(fctx *fasthttp.RequestCtx, r *request) func(err error) {
	var header fasthttp.ResponseHeader
	fctx.Response.Header.CopyTo(&header)
	e := r.entrance()
	var sess *session.Session
	if e != nil {
		sess = e.slot.Session()
	}
	return func(err error) {
		if err != nil {
			fctx.Response.Reset()
			header.CopyTo(&fctx.Response.Header)
		}
		if e != nil && (err != nil || fctx.Response.StatusCode() >= http.StatusInternalServerError) {
			e.slot.Restore(sess)
		}
	}
}

// givesCookie reports whether the answer gives the cookie of a session. That is for whoever has sent the secret this time; taking a cookie away may be
// repeated.
func (s *Server) givesCookie(r *request) bool {
	e := r.entrance()
	return e != nil && s.gate.Sessions != nil && e.slot.Session() != nil && len(s.gate.Sessions.AppendCookie(nil, &e.slot)) > 0
}

// answerOf returns what is kept of an answer. The body belongs to the response.
func answerOf(resp *fasthttp.Response) idempotency.Answer {
	a := idempotency.Answer{Status: resp.StatusCode(), Header: map[string]string{}, Unrepeatable: resp.IsBodyStream()}
	for _, name := range idempotency.Kept() {
		if value := resp.Header.Peek(name); len(value) > 0 {
			a.Header[name] = string(value)
		}
	}
	if !a.Unrepeatable {
		a.Body = resp.Body()
	}
	return a
}

// repeat answers as before.
func repeat(resp *fasthttp.Response, a *idempotency.Answer) {
	resp.SetStatusCode(a.Status)
	for name, value := range a.Header {
		resp.Header.Set(name, value)
	}
	resp.Header.Set(headerReplayed, "true")
	resp.SetBodyRaw(a.Body)
}
