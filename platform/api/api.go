package api

import (
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/api/internal/plan"
	"github.com/banyan-go/banyan/platform/keyring"
	"github.com/banyan-go/banyan/platform/page"
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
	cursors   *keyring.Signer
	problem   *plan.Type // of Problem
	log       *slog.Logger
	mounted   []Mounted
	endpoints []Endpoint
}

// Mounted is a route in its place.
type Mounted struct {
	Route
	Module   string
	FullPath string // "/api/v1/catalog/products/{id}"
}

// Endpoint is what a router needs to know of a route.
type Endpoint struct {
	Method    string
	Path      string // the template, "/api/v1/catalog/products/{id}"
	FiberPath string // the same in fiber's syntax
	Handler   fiber.Handler
}

// New returns an API without operations. Keys may be nil when nothing is going to be served.
func New(limits Limits, keys *keyring.Ring, log *slog.Logger) *API {
	problem, err := compiler().Compile(reflect.TypeFor[Problem](), plan.Output)
	if err != nil {
		panic("api: " + err.Error()) // a tag of Problem is wrong
	}
	a := &API{limits: limits, problem: problem, log: log}
	if keys != nil {
		a.cursors = keys.Signer("api.cursor")
	}
	return a
}

// Mount adds the routes of a module below /api/v1/<module>. It returns an error for what would make an application wrong: two routes
// at one place, two operations with one id, a way in that nobody guards.
func (a *API) Mount(module string, routes ...Route) error {
	for _, r := range routes {
		m := Mounted{Route: r, Module: module, FullPath: Prefix + "/" + module + r.Path}
		if err := a.admit(m); err != nil {
			return fmt.Errorf("route %s %s: %w", r.Method, m.FullPath, err)
		}
		a.mounted = append(a.mounted, m)
		handler := r.raw
		if handler == nil {
			handler = a.handler(r, m.FullPath)
		}
		a.endpoints = append(a.endpoints, Endpoint{Method: r.Method, Path: m.FullPath, FiberPath: fiberPath(m.FullPath), Handler: handler})
	}
	return nil
}

func (a *API) admit(m Mounted) error {
	if !m.Op.Auth.Open() {
		return fmt.Errorf("wants a %s, and nothing in this program knows callers", m.Op.Auth)
	}
	for _, other := range a.mounted {
		switch {
		case other.Op.ID == m.Op.ID:
			return fmt.Errorf("the operation id %s is that of %s %s", m.Op.ID, other.Method, other.FullPath)
		case other.Method == m.Method && samePlace(other.FullPath, m.FullPath):
			return fmt.Errorf("the place is taken by %s", other.Op.ID)
		}
	}
	return nil
}

// samePlace reports whether two paths match the same requests: parameters match whatever their names are.
func samePlace(a, b string) bool {
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	return slices.EqualFunc(as, bs, func(x, y string) bool {
		return x == y || strings.HasPrefix(x, "{") && strings.HasPrefix(y, "{")
	})
}

// Mounted returns the routes in the order of Mount.
func (a *API) Mounted() []Mounted { return a.mounted }

// Endpoints returns what a router needs: routes without parameters first, since a router takes the first that matches.
func (a *API) Endpoints() []Endpoint {
	sorted := slices.Clone(a.endpoints)
	slices.SortStableFunc(sorted, func(x, y Endpoint) int {
		return strings.Count(x.Path, "{") - strings.Count(y.Path, "{")
	})
	return sorted
}

// A cursor is signed together with the path, so that one of another list is a forged one.
func (a *API) signCursor(path string, b []byte) string {
	return a.cursors.SignText(append([]byte(path+"\x00"), b...))
}

func (a *API) openCursor(path, token string) ([]byte, error) {
	b, err := a.cursors.OpenText(token)
	if err != nil {
		return nil, page.ErrCursor
	}
	rest, ok := strings.CutPrefix(string(b), path+"\x00")
	if !ok {
		return nil, page.ErrCursor
	}
	return []byte(rest), nil
}
