package api

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/gofiber/fiber/v2"

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
	// Status is that of success. 0 means 201 for Post, 204 for an Out without Body, 200 for the rest.
	Status int
	// List is the query surface, where In has a field of type page.Query.
	List page.Spec
	// Errors are the failures that the operation is known for, beside those that every one with its types has.
	Errors []*fault.Error
	// Deprecated marks an operation that will go.
	Deprecated bool
}

// Route is one operation: a method, a path and a function. It is a value made by Get, Post, Put, Patch, Delete and Raw.
type Route struct {
	Method string
	// Path is below the module's prefix and may have parameters: "/products/{id}".
	Path string
	Op   Op

	operation *operation
	raw       fiber.Handler
}

// Handler is the function of an operation.
type Handler[In, Out any] func(ctx context.Context, in *In) (*Out, error)

// Get makes a route that reads. HEAD is answered as well.
func Get[In, Out any](path string, h Handler[In, Out], op Op) Route {
	return newRoute(http.MethodGet, path, h, op)
}

// Post makes a route that creates or does something.
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

// Raw makes a route that fiber handles alone: for streams, uploads, pages. Nothing of it is checked or documented but its Op. Whatever it
// keeps beyond the request it has to copy out of c.Request() and c.Context(); strings that c returns may be kept.
func Raw(method, path string, h fiber.Handler, op Op) Route {
	r := Route{Method: method, Path: path, Op: op, raw: h}
	if err := r.check(); err != nil {
		panic(fmt.Sprintf("api: route %s %s: %v", method, path, err))
	}
	return r
}

// newRoute panics when the route is wrong: it is made when the program starts, and no test can miss it.
func newRoute[In, Out any](method, path string, h Handler[In, Out], op Op) Route {
	r := Route{Method: method, Path: path, Op: op}
	err := r.check()
	if err == nil {
		r.operation, err = newOperation[In, Out](&r, h)
	}
	if err != nil {
		panic(fmt.Sprintf("api: route %s %s: %v", method, path, err))
	}
	return r
}

func (r *Route) check() error {
	switch {
	case r.Op.ID == "":
		return fmt.Errorf("has no operation id (Op.ID)")
	case r.Op.Summary == "":
		return fmt.Errorf("has no summary (Op.Summary)")
	case r.Op.Auth == "":
		return fmt.Errorf("does not say who may call it (Op.Auth)")
	case r.Op.Auth.Open() && r.Op.Auth != Public && strings.TrimSpace(r.Op.Auth.Why()) == "":
		return fmt.Errorf("PublicWrite wants a reason")
	}
	_, err := pathParams(r.Path)
	return err
}

var pathSegment = regexp.MustCompile(`^(?:[a-z0-9][a-z0-9_.-]*|\{[a-z][a-z0-9_]*\})$`)

// pathParams returns the names of a path's parameters.
func pathParams(path string) ([]string, error) {
	rest, ok := strings.CutPrefix(path, "/")
	if !ok {
		return nil, fmt.Errorf("the path does not begin with /")
	}
	var names []string
	for segment := range strings.SplitSeq(rest, "/") {
		if !pathSegment.MatchString(segment) {
			return nil, fmt.Errorf("the segment %q of the path is neither a word in lower case nor {a_parameter}", segment)
		}
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			names = append(names, strings.TrimSuffix(name, "}"))
		}
	}
	return names, nil
}

// fiberPath writes a path as fiber has it: /products/:id.
func fiberPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

// Writes reports whether the route may change something.
func (r Route) Writes() bool { return r.Method != http.MethodGet && r.Method != http.MethodHead }

// IsRaw reports whether fiber handles the route alone.
func (r Route) IsRaw() bool { return r.raw != nil }
