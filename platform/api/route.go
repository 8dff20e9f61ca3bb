package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/api/internal/plan"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/page"
)

// Op says what an operation is for, beside its types.
type Op struct {
	// ID names the operation for generated clients: "createProduct". It is unique in the application.
	ID      string
	Summary string // a few words
	Doc     string // one or more sentences; Summary when empty
	// Auth says who may call it. There is no default.
	Auth Auth
	// Allow says which of those whom Auth makes known may call it. An operation that not everybody may call has to say so: without it nobody may.
	Allow Policy
	// Limit names the rule that counts its requests; routes with one name share a count. Empty is the rule of all others.
	Limit string
	// ShownOnce marks an answer with a secret that is in no other one: it is not kept for a request that is repeated with the same Idempotency-Key.
	ShownOnce bool
	// Concurrency is how many requests a process works on at a time; more are answered with 503. 0 sets no limit of its own.
	Concurrency int
	// Cache says who may keep the answer, and how long. The zero Caching lets nobody keep it without asking again.
	Cache Caching
	// Upload bounds and describes the body where In has a Body of type Incoming.
	Upload UploadLimit
	// Status is that of success. 0 means 201 for Post, 204 for an Out without Body, 200 for the rest.
	Status int
	// List is the query surface, where In has a field of type page.Query.
	List page.Spec
	// Errors are the failures that the operation is known for, beside those that every one with its types has.
	Errors []*fault.Error
	// Deprecated marks an operation that will go.
	Deprecated bool
}

// Route is one operation: a method, a path and a function. It is a value made by Get, Post, Put, Patch, Delete and Raw. What is wrong with one
// is an error of API.Mount.
type Route struct {
	Method string
	// Path is below the module's prefix and may have parameters: "/products/{id}".
	Path string
	Op   Op

	plan      func(*plan.Compiler, *Route) (*operation, error) // nil for a raw route
	operation *operation                                       // of a mounted route
	raw       fiber.Handler
	page      bool // see Page
	group     Group
	at        uintptr // the code that made it
	invalid   error   // what is wrong with it, for Mount to tell
}

// Handler is the function of an operation.
type Handler[In, Out any] func(ctx context.Context, in *In) (*Out, error)

// Get makes a route that reads. HEAD is answered as well.
func Get[In, Out any](path string, h Handler[In, Out], op Op) Route {
	return newRoute(http.MethodGet, path, h, op)
}

// Post makes a route that creates or does something. Of several requests with one Idempotency-Key one is carried out, where keys are heeded.
func Post[In, Out any](path string, h Handler[In, Out], op Op) Route {
	return newRoute(http.MethodPost, path, h, op)
}

// Put makes a route that replaces.
func Put[In, Out any](path string, h Handler[In, Out], op Op) Route {
	return newRoute(http.MethodPut, path, h, op)
}

// Patch makes a route that changes a part. Its body may be called application/merge-patch+json.
func Patch[In, Out any](path string, h Handler[In, Out], op Op) Route {
	return newRoute(http.MethodPatch, path, h, op)
}

// Delete makes a route that removes.
func Delete[In, Out any](path string, h Handler[In, Out], op Op) Route {
	return newRoute(http.MethodDelete, path, h, op)
}

// Raw makes a route, with any method of HTTP but TRACE and CONNECT, that fiber handles alone: for streams, uploads, pages. Nothing of it is checked or documented but its Op; a body in a
// content coding has been decompressed, within the limit. Strings that c returns may be kept; whatever is kept of the bytes in c.Request()
// and c.Context() beyond the request has to be copied. The context of the request ends when h returns: what a stream writes afterwards is
// on its own. Errors become problem bodies as everywhere.
func Raw(method, path string, h fiber.Handler, op Op) Route {
	r := Route{Method: method, Path: path, Op: op.bounded(), raw: h, at: caller(1)}
	r.invalid = r.check()
	if r.invalid == nil && h == nil {
		r.invalid = errNoHandler
	}
	return r
}

// bounded gives an upload that does not say how many are worked on at a time a number.
func (o Op) bounded() Op {
	if o.Upload.valid() && o.Concurrency == 0 {
		o.Concurrency = uploads
	}
	return o
}

// UploadLimit bounds what one request of an upload sends, and says for the document what that is.
type UploadLimit struct {
	Size int64         // bytes of the body; http.body_limit does not count here
	Time time.Duration // until all of it has to be there, instead of http.body_timeout; the context of the handler lasts as much longer
	// Types are the media types of a file that are taken; none is all. It is for the document, and checked by whoever reads the body.
	Types []string
	// Form has the fields of a form beside that of the file, and what they mean. It is for the document as well.
	Form map[string]string
}

// Upload makes a raw route that answers POST and reads the body itself, while it arrives: c.Context().RequestBodyStream(). Reading ends with an error
// of the platform's, to be returned as it is, when more than the limit comes or when it takes longer. What the handler leaves unread ends the
// connection. Without Op.Concurrency it works on 16 at a time: each holds a connection for as long as the client likes.
func Upload(path string, limit UploadLimit, h fiber.Handler, op Op) Route {
	op.Upload = limit
	r := Raw(http.MethodPost, path, h, op)
	r.at = caller(1)
	if r.invalid == nil && !limit.valid() {
		r.invalid = errNoUploadLimit
	}
	return r
}

func (l UploadLimit) valid() bool { return l.Size > 0 && l.Time > 0 }

var errNoUploadLimit = errors.New("has no limit for the size and the time of what is sent: api.UploadLimit")

// uploads are how many a process takes at a time unless the operation says it.
const uploads = 16

// Page makes a route that answers GET with what a browser shows: a raw route outside of the API and its document, whose path is the whole one,
// "/catalog". What begins with the name of the module meets nobody else's. By default a page may load nothing; assets.Assets has a policy that
// lets it.
func Page(path string, h fiber.Handler, op Op) Route {
	r := Route{Method: http.MethodGet, Path: path, Op: op, raw: h, page: true, at: caller(1)}
	r.invalid = r.check()
	if r.invalid == nil && h == nil {
		r.invalid = errNoHandler
	}
	if first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/"); r.invalid == nil && slices.Contains(reserved(), first) {
		r.invalid = fmt.Errorf("what is below /%s is the platform's", first)
	}
	return r
}

// reserved are the first segments of paths that the platform has, or is going to have.
func reserved() []string {
	return []string{"api", "assets", "dev", "docs", "files", "livez", "openapi.json", "problems", "readyz", "startupz", "up"}
}

func newRoute[In, Out any](method, path string, h Handler[In, Out], op Op) Route {
	r := Route{Method: method, Path: path, Op: op.bounded(), at: caller(2)}
	r.invalid = r.check()
	if r.invalid == nil && h == nil {
		r.invalid = errNoHandler
	}
	r.plan = func(c *plan.Compiler, r *Route) (*operation, error) { return newOperation[In, Out](c, r, h) }
	return r
}

// caller returns the place in the code that is that many calls up, 0 for whoever calls caller. Few want to know what it is called.
func caller(up int) uintptr {
	var place [1]uintptr
	runtime.Callers(up+2, place[:])
	return place[0]
}

var errNoHandler = errors.New("has no handler")

// openAuth returns the Auth, as Go, that an operation has which everybody may call.
func openAuth(method string) string {
	if method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions {
		return "api.Public"
	}
	return `api.PublicWrite("the reason")`
}

func (r *Route) check() error {
	switch {
	case !isMethod(r.Method):
		return fmt.Errorf("the method is none of GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS")
	case !isID(r.Op.ID):
		return fmt.Errorf("has no operation id of letters and digits (Op.ID), createProduct for instance")
	case r.Op.Summary == "":
		return fmt.Errorf("has no summary (Op.Summary)")
	case r.Op.Auth == "":
		return fmt.Errorf("does not say who may call it: write Auth: %s into its api.Op", openAuth(r.Method))
	case !r.Op.Auth.known():
		return fmt.Errorf("Op.Auth is none of Public, PublicWrite with a reason, Session and Token")
	case !r.Op.Auth.Open() && r.Op.Allow.IsZero():
		return fmt.Errorf("says that it wants a %s and not whose, so nobody may call it: write Allow: api.SignedIn() or api.Roles(\"admin\") into its api.Op", r.Op.Auth)
	case r.Op.Auth.Open() && !r.Op.Allow.IsZero():
		return fmt.Errorf("lets everybody in (Op.Auth), and Op.Allow says %s: take one of the two away", r.Op.Allow)
	case r.Op.Allow.anybody && r.Writes():
		return fmt.Errorf("writes, and Op.Allow lets everybody in: say so with Auth: %s, or ask for somebody", openAuth(r.Method))
	case r.Op.Auth == Session && r.Op.Allow.scope != "":
		return fmt.Errorf("wants a session, and Op.Allow says %s: a session has no scopes. An operation has one way in; for programs, write a second one with Auth: api.Token over the same handler", r.Op.Allow)
	case r.Op.Concurrency < 0:
		return fmt.Errorf("Op.Concurrency is %d: 0 or more", r.Op.Concurrency)
	case r.Op.Status != 0 && (r.Op.Status < 200 || r.Op.Status > 399):
		return fmt.Errorf("Op.Status is %d: it is that of success", r.Op.Status)
	}
	if err := r.Op.Cache.check(r); err != nil {
		return err
	}
	if r.page && r.Path == "/" {
		return nil
	}
	_, err := pathParams(r.Path)
	return err
}

func isMethod(s string) bool {
	switch s {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return true
	default:
		return false
	}
}

// isID reports whether s can be the name of a function in most languages.
func isID(s string) bool {
	for i, c := range s {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || i > 0 && '0' <= c && c <= '9') {
			return false
		}
	}
	return s != ""
}

// pathParams returns the names of a path's parameters.
func pathParams(path string) ([]string, error) {
	rest, ok := strings.CutPrefix(path, "/")
	if !ok {
		return nil, fmt.Errorf("the path does not begin with /")
	}
	var names []string
	for segment := range strings.SplitSeq(rest, "/") {
		name, isParam := strings.CutPrefix(segment, "{")
		switch {
		case !isParam && isWord(segment, "_.-"):
		case isParam && strings.HasSuffix(name, "}") && isWord(name[:len(name)-1], "_"):
			name = name[:len(name)-1]
			if slices.Contains(names, name) {
				return nil, fmt.Errorf("the path has the parameter {%s} twice", name)
			}
			names = append(names, name)
		default:
			return nil, fmt.Errorf("the segment %q of the path is neither a word in lower case nor {a_parameter}", segment)
		}
	}
	return names, nil
}

// isWord reports whether s is lower case letters and digits, with others in between.
func isWord(s, others string) bool {
	for i, c := range s {
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || i > 0 && strings.ContainsRune(others, c)) {
			return false
		}
	}
	return s != ""
}

// fiberPath writes a path as fiber has it: /products/:id.
func fiberPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

// Writes reports whether the route may change something.
func (r Route) Writes() bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodOptions
}

// IsRaw reports whether fiber handles the route alone.
func (r Route) IsRaw() bool { return r.raw != nil }

// IsPage reports whether the route is a page: its path is below no module's prefix, and it is no operation of the document.
func (r Route) IsPage() bool { return r.page }

// At returns the place in the code that made the route, "modules/catalog/internal/web/product.go:26", as the compiler knows the file: with its
// absolute path, or below the path of its Go module in a program that was built with -trimpath.
func (r Route) At() string {
	frame, _ := runtime.CallersFrames([]uintptr{r.at}).Next()
	if frame.File == "" {
		return "unknown"
	}
	return frame.File + ":" + strconv.Itoa(frame.Line)
}
