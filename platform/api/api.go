package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api/internal/plan"
	"github.com/banyan-go/banyan/platform/keyring"
)

// Prefix is where the operations of all modules begin.
const Prefix = "/api/v1"

// Limits bound the bodies of requests.
type Limits struct {
	Body  int // bytes after decompression
	Depth int // of nested objects and arrays; 0 means 32
}

// API is the operations of an application. Mount is for the start; everything else is safe for concurrent use.
type API struct {
	limits    Limits
	compiler  *plan.Compiler
	cursors   *keyring.Signer
	problem   *plan.Type // of Problem
	log       *slog.Logger
	mounted   []Mounted
	byID      map[string]int // where in mounted
	endpoints []Endpoint
	// undeclared is told of errors that no document tells of; nil for nobody.
	undeclared func(operation, code string)
	late       bool   // see PlanLate
	guarded    []Auth // see Guard
	cookie     string // of sessions
}

// Mounted is a route in its place.
type Mounted struct {
	Route
	Module   string
	FullPath string // "/api/v1/catalog/products/{id}", of a page its path

	errors *errorFormat // nil for a Problem
}

// Endpoint is what a router needs to know of a route: where it is, and one of the two that answer.
type Endpoint struct {
	Method string
	Path   string // the template, "/api/v1/catalog/products/{id}"
	Op     Op     // of an operation; zero, but for its Auth, elsewhere
	// Serve answers a request to an operation. An error that it returns is to be answered with WriteError.
	Serve func(ctx context.Context, fctx *fasthttp.RequestCtx) error
	// Varies returns the names of the headers that the answer of an operation depends on, in their canonical letters, beside Accept and those
	// that everything is asked with (Accept-Encoding, If-None-Match). It is nil for a raw route.
	Varies func() []string
	// Handler answers a request to a raw route, which fiber knows by FiberPath.
	Handler   fiber.Handler
	FiberPath string
	// Upload bounds a body that is not read before Handler is called; zero for every other endpoint.
	Upload UploadLimit
	// Unlimited is an endpoint whose requests no rate limit counts: of a page that somebody looks at there are dozens.
	Unlimited bool

	errors *errorFormat // nil for a Problem
}

// New returns an API without operations. Keys may be nil when nothing is going to be served.
func New(limits Limits, keys *keyring.Ring, log *slog.Logger) *API {
	c := compiler()
	problem, err := c.Compile(reflect.TypeFor[Problem](), plan.Output)
	if err != nil {
		panic("api: " + err.Error()) // a tag of Problem is wrong
	}
	a := &API{limits: limits, compiler: c, problem: problem, log: log, byID: map[string]int{}}
	if keys != nil {
		a.cursors = keys.Signer("api.cursor")
	}
	return a
}

// PlanLate leaves the types of an operation alone until its first request, or until Document is called: a program with hundreds of operations
// starts in half the time. Mount does not see then what is wrong with them, and the first request is answered with 500 and a line in the log. So it
// is for programs that their tests have started without it. Call it before Mount.
func (a *API) PlanLate() { a.late = true }

// Mount adds the routes of a module below /api/v1/<module>, and its pages and groups where they say. The error tells of every route that is not added, with the line that made it: what
// is wrong with itself, a place that has another route, a place with two names for a parameter, an operation id of two, a way in that nobody
// guards.
func (a *API) Mount(module string, routes ...Route) error {
	var wrong []error
	for _, r := range routes {
		m := Mounted{Route: r, Module: module, FullPath: r.FullPath(module)}
		err := r.invalid
		if err == nil {
			m.errors, err = a.errorsOf(&r)
		}
		if err == nil && !a.late {
			err = a.plan(&m)
		}
		if err == nil {
			err = a.admit(m)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("route %s %s: %w (%s)", r.Method, m.FullPath, err, r.At()))
			continue
		}
		a.byID[m.Op.ID] = len(a.mounted)
		a.mounted = append(a.mounted, m)
		e := Endpoint{Method: r.Method, Path: m.FullPath, Op: r.Op, Upload: r.Op.Upload, errors: m.errors}
		switch {
		case r.raw != nil:
			e.Handler, e.FiberPath = a.rawHandler(r.raw), fiberPath(m.FullPath)
			if r.Op.Upload.Size > 0 {
				e.Handler = uploadHandler(r.raw)
			}
		case a.late:
			e.Serve, e.Varies = a.serveLate(m)
		default:
			e.Serve, e.Varies = a.serve(m), m.operation.varies
		}
		a.endpoints = append(a.endpoints, e)
	}
	return errors.Join(wrong...)
}

// plan plans the types of an operation, unless that is done.
func (a *API) plan(m *Mounted) (err error) {
	if m.plan != nil && m.operation == nil {
		m.operation, err = m.plan(a.compiler, &m.Route)
	}
	return err
}

// serveLate is serve and varies for an operation whose types are planned when it is first asked for.
func (a *API) serveLate(m Mounted) (serve func(context.Context, *fasthttp.RequestCtx) error, varies func() []string) {
	planned := sync.OnceValues(func() (func(context.Context, *fasthttp.RequestCtx) error, error) {
		if err := a.plan(&m); err != nil {
			return nil, fmt.Errorf("route %s %s: %w (%s)", m.Method, m.FullPath, err, m.At())
		}
		return a.serve(m), nil
	})
	serve = func(ctx context.Context, fctx *fasthttp.RequestCtx) error {
		serve, err := planned()
		if err != nil {
			return err
		}
		return serve(ctx, fctx)
	}
	varies = func() []string {
		if _, err := planned(); err != nil {
			return nil // each request is told
		}
		return m.operation.varies()
	}
	return serve, varies
}

// Guard says which ways in are guarded by whoever serves the operations; those that want another one are not mounted. Cookie is the name of that
// of sessions, for the document. Call it before Mount.
func (a *API) Guard(cookie string, ways ...Auth) { a.cookie, a.guarded = cookie, ways }

// rawHandler hands over bodies decompressed: c.Body would do that without any limit.
func (a *API) rawHandler(h fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		req := c.Request()
		if len(req.Header.Peek(fiber.HeaderContentEncoding)) > 0 {
			body, err := decoded(req, a.limits.Body)
			if err != nil {
				return err
			}
			req.Header.Del(fiber.HeaderContentEncoding)
			req.SetBodyRaw(body)
		}
		return h(c)
	}
}

// uploadHandler lets nobody send what has to be decompressed: how large it is would only be known when it has been.
func uploadHandler(h fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if len(c.Request().Header.Peek(fiber.HeaderContentEncoding)) > 0 {
			return errCodedUpload
		}
		return h(c)
	}
}

func (a *API) admit(m Mounted) error {
	if !m.Op.Auth.Open() && !slices.Contains(a.guarded, m.Op.Auth) {
		return fmt.Errorf("wants a %s, and nothing in this program knows one", m.Op.Auth)
	}
	if i, taken := a.byID[m.Op.ID]; taken {
		return fmt.Errorf("the operation id %s is that of %s %s", m.Op.ID, a.mounted[i].Method, a.mounted[i].FullPath)
	}
	for i := range a.mounted {
		other := &a.mounted[i]
		if other.Module != m.Module && other.below() && m.below() { // which is a part of the path
			continue
		}
		if answersFor(other.Method) == answersFor(m.Method) && clash(other.FullPath, m.FullPath) {
			return fmt.Errorf("it cannot be told from %s %s of %s", other.Method, other.FullPath, other.Op.ID)
		}
		if other.FullPath != m.FullPath && withoutNames(other.FullPath) == withoutNames(m.FullPath) {
			return fmt.Errorf("its parameters have other names than those of %s %s of %s", other.Method, other.FullPath, other.Op.ID)
		}
	}
	return nil
}

// FullPath returns where the route is when that module has it.
func (r Route) FullPath(module string) string {
	switch {
	case r.page:
		return r.Path
	case r.group.Path != "":
		return r.group.Path + r.Path
	default:
		return Prefix + "/" + module + r.Path
	}
}

// below reports whether the route is below the prefix of its module.
func (r Route) below() bool { return !r.page && r.group.Path == "" }

// answersFor returns the method, GET for HEAD: wherever there is the one, the other is answered, too.
func answersFor(method string) string {
	if method == http.MethodHead {
		return http.MethodGet
	}
	return method
}

// clash reports whether there are requests that match both paths, and neither path is the more specific one: /a/{x} and /a/{y} clash, and
// so do /a/{x}/c and /a/b/{y}; /a/{x} and /a/b do not.
func clash(a, b string) bool {
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	if len(as) != len(bs) {
		return false
	}
	wider, narrower := false, false // a than b
	for i := range as {
		aParam, bParam := strings.HasPrefix(as[i], "{"), strings.HasPrefix(bs[i], "{")
		if !aParam && !bParam && as[i] != bs[i] {
			return false
		}
		wider = wider || aParam && !bParam
		narrower = narrower || bParam && !aParam
	}
	return wider == narrower
}

// withoutNames returns a path without the names of its parameters, by which OpenAPI does not tell paths apart.
func withoutNames(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if strings.HasPrefix(s, "{") {
			segments[i] = "{}"
		}
	}
	return strings.Join(segments, "/")
}

// Mounted returns the routes in the order of Mount.
func (a *API) Mounted() []Mounted { return a.mounted }

// Endpoints returns what a router needs: of routes that match the same request the more specific one first, since a router takes the
// first that matches.
func (a *API) Endpoints() []Endpoint {
	sorted := slices.Clone(a.endpoints)
	slices.SortStableFunc(sorted, func(x, y Endpoint) int {
		return strings.Count(x.Path, "{") - strings.Count(y.Path, "{")
	})
	return sorted
}
