package httpserver

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/db/querystat"
	"github.com/banyan-go/banyan/platform/telemetry"
)

// router finds the endpoint of a request. It is a tree of path segments, so that the time it takes does not grow with the number of
// routes; fiber would try them one by one.
type router struct {
	static []branch // few at each place, and compared faster than hashed
	param  *router  // for a segment that is a parameter
	here   *place   // what ends here
	rest   *place   // for whatever is below, where nothing else is
}

type branch struct {
	segment string
	below   *router
}

// place is what there is at one path.
type place struct {
	routes []*route
	allow  string // the methods, for the header Allow
}

// route is an endpoint with what finish wants to know of it.
type route struct {
	api.Endpoint
	method  string // that of the endpoint, or HEAD for one of GET
	metrics *telemetry.RouteMetrics
	// admission bounds how many of its requests run; nil for none of its own.
	admission *adaptive
	idle      *querystat.Recorder // nil where nobody counts
	asset     bool                // its answers are the same for everybody, and compressed already
	guard
	keeping
}

// add puts a route at its place: below a path that ends in a parameter with dots, {path...}, is everything. It panics when the place is taken.
func (t *router) add(r *route) {
	at := &t.here
	for segment := range strings.SplitSeq(strings.TrimPrefix(r.Path, "/"), "/") {
		if strings.HasSuffix(segment, "...}") {
			at = &t.rest
			break
		}
		t = t.child(segment)
		at = &t.here
	}
	if *at == nil {
		*at = &place{}
	}
	p := *at
	for _, other := range p.routes {
		if other.method == r.method {
			panic(fmt.Sprintf("httpserver: two endpoints at %s %s", r.method, r.Path))
		}
	}
	p.routes = append(p.routes, r)
	p.allow = allow(p.routes)
}

func (t *router) child(segment string) *router {
	if strings.HasPrefix(segment, "{") {
		if t.param == nil {
			t.param = &router{}
		}
		return t.param
	}
	for _, b := range t.static {
		if b.segment == segment {
			return b.below
		}
	}
	t.static = append(t.static, branch{segment, &router{}})
	return t.static[len(t.static)-1].below
}

// allow lists methods in the order in which people know them.
func allow(routes []*route) string {
	var methods []string
	for _, m := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if slices.ContainsFunc(routes, func(r *route) bool { return r.method == m }) {
			methods = append(methods, m)
		}
	}
	return strings.Join(append(methods, http.MethodOptions), ", ")
}

// find returns the place of a path, nil when there is none. A word goes before a parameter, and both before the rest.
func (t *router) find(path []byte) *place {
	path, rooted := bytes.CutPrefix(path, []byte("/"))
	if !rooted {
		return nil
	}
	return t.walk(path)
}

func (t *router) walk(path []byte) *place {
	segment, rest, more := bytes.Cut(path, []byte("/"))
	for i := range t.static {
		if string(segment) == t.static[i].segment {
			if p := t.static[i].below.end(rest, more); p != nil {
				return p
			}
			break
		}
	}
	if t.param != nil && len(segment) > 0 {
		if p := t.param.end(rest, more); p != nil {
			return p
		}
	}
	return t.rest
}

func (t *router) end(rest []byte, more bool) *place {
	if more {
		return t.walk(rest)
	}
	return t.here
}

// route returns the route for a method, nil when there is none.
func (p *place) route(method []byte) *route {
	for _, r := range p.routes {
		if r.method == string(method) {
			return r
		}
	}
	return nil
}

// find returns the route of a request. Without one it says so, or answers OPTIONS, and returns nil.
func (s *Server) find(fctx *fasthttp.RequestCtx) (*route, error) {
	path := fctx.URI().PathOriginal()
	p := s.router.find(path)
	switch {
	case p != nil:
	case fctx.IsOptions() && string(path) == "*":
		fctx.SetStatusCode(http.StatusNoContent)
		return nil, nil
	default:
		return nil, errNoRoute
	}
	if r := p.route(fctx.Method()); r != nil {
		return r, nil
	}
	fctx.Response.Header.Set(fasthttp.HeaderAllow, p.allow)
	if fctx.IsOptions() {
		s.cors.preflight(fctx, p)
		fctx.SetStatusCode(http.StatusNoContent)
		return nil, nil
	}
	return nil, errMethod
}

// answer lets the endpoint of a request answer it.
func (s *Server) answer(fctx *fasthttp.RequestCtx, r *request, route *route) error {
	if s.shed.enter(fctx.Time(), route.admission) != admitted {
		if route.FormatsErrors() {
			return errBusy
		}
		s.answerBusy(fctx, r)
		return nil
	}
	defer s.shed.leave(route.admission)
	r.queries = route.idle
	e, err := s.pass(fctx, r, route)
	switch {
	case err != nil:
	case route.Serve == nil:
		err = s.serveRaw(fctx, r, route)
	case s.keyed(fctx, route):
		err = s.once(fctx, r, route)
	case route.here:
		err = s.fromCache(fctx, r, route)
	default:
		err = s.operate(fctx, r, route)
	}
	s.leave(fctx, e)
	return err
}
