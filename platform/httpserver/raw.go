package httpserver

import (
	"context"
	"errors"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/fault"
)

// requestKey is where a *request stands among fasthttp's user values on its way through fiber.
type requestKey struct{}

func requestOf(fctx *fasthttp.RequestCtx) *request {
	r, _ := fctx.UserValue(requestKey{}).(*request)
	return r
}

// contextKey is where the context of a request stands that is not the *request itself.
type contextKey struct{}

// withContext gives a raw handler the context of its request.
func withContext(h fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if ctx, other := c.Context().UserValue(contextKey{}).(context.Context); other {
			c.SetUserContext(ctx)
		} else {
			c.SetUserContext(requestOf(c.Context()))
		}
		return h(c)
	}
}

// failureKey is where the error of a raw handler stands on its way back.
type failureKey struct{}

// serveRaw has fiber answer, and says who may keep the answer.
func (s *Server) serveRaw(fctx *fasthttp.RequestCtx, r *request, route *route) error {
	fctx.SetUserValue(requestKey{}, r)
	var reads Reads
	if route.shared() {
		var ctx context.Context
		if ctx, reads = s.collect(r, route); reads != nil {
			fctx.SetUserValue(contextKey{}, ctx)
		}
	}
	s.raw(fctx)
	if err, failed := fctx.UserValue(failureKey{}).(error); failed {
		return err
	}
	s.publish(fctx, route, reads)
	return nil
}

// rawError takes what a raw handler returns as an error.
func (s *Server) rawError(c *fiber.Ctx, err error) error {
	if fe, ok := errors.AsType[*fiber.Error](err); ok {
		err = fromFiber(fe)
	}
	c.Context().SetUserValue(failureKey{}, err)
	return nil
}

// fromFiber keeps the status of fiber's error and drops its text, which may hold the path.
func fromFiber(fe *fiber.Error) error {
	for _, t := range api.ProblemTypes() {
		if t.Status == fe.Code {
			return api.ProtocolError(t.Slug, t.Code(), t.Help)
		}
	}
	return fe
}

// The answers of the router.
var (
	errNoRoute = fault.New(fault.NotFound, "route_not_found", "There is nothing at this address.")
	errMethod  = api.ProtocolError("method-not-allowed", "method_not_allowed", "The path exists, with other methods: see the header Allow.")
)
