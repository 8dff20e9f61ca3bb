package api

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/banyan-go/banyan/platform/api/internal/plan"
)

// Group is what routes have in common whose API somebody else has specified: one that clients know already, or a public one.
type Group struct {
	// Path is where they are, "/api" for instance, in the place of /api/v1/<module>; empty leaves them there. It meets no path of the platform and of other modules.
	Path string
	// Errors is how they write their errors; nil is RFC 9457's way, with a Problem.
	Errors *ErrorFormat
}

// Routes returns the routes as members of the group.
func (g Group) Routes(routes ...Route) []Route {
	group := slices.Clone(routes)
	for i := range group {
		r := &group[i]
		if r.group = g; r.invalid == nil {
			r.invalid = g.check(r)
		}
	}
	return group
}

func (g Group) check(r *Route) error {
	if g.Path == "" {
		return nil
	}
	if r.page {
		return fmt.Errorf("is a page, whose path is the whole one, in a group below %s", g.Path)
	}
	switch names, err := pathParams(g.Path); {
	case err != nil:
		return fmt.Errorf("the path of its group: %w", err)
	case len(names) > 0:
		return fmt.Errorf("the path of its group has the parameter {%s}: parameters are for the paths of the routes", names[0])
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(g.Path, "/"), "/")
	if first != "api" && slices.Contains(reserved(), first) {
		return fmt.Errorf("the path of its group: what is below /%s is the platform's", first)
	}
	return nil
}

// ErrorFormat is a way to write errors: see ErrorsAs.
type ErrorFormat struct {
	of   reflect.Type
	body func(Problem) any
}

// ErrorsAs returns the format in which an error is the T that body makes of its Problem, as application/json; the status and the headers stay. Body is called by the goroutines of
// requests.
func ErrorsAs[T any](body func(Problem) T) *ErrorFormat {
	return &ErrorFormat{reflect.TypeFor[T](), func(p Problem) any {
		v := body(p)
		return &v
	}}
}

// errorFormat is a format that is planned.
type errorFormat struct {
	*ErrorFormat
	plan *plan.Type
}

// append writes an error.
func (f *errorFormat) append(p Problem) ([]byte, error) {
	return f.plan.Append(nil, reflect.ValueOf(f.body(p)).Elem(), nil)
}

// FormatsErrors reports whether the group of the endpoint has a format of its own for errors.
func (e *Endpoint) FormatsErrors() bool { return e.errors != nil }

// errorsOf returns the format of a route's errors, nil for that of all others.
func (a *API) errorsOf(r *Route) (*errorFormat, error) {
	if r.group.Errors == nil {
		return nil, nil
	}
	t, err := a.compiler.Compile(r.group.Errors.of, plan.Output)
	if err != nil {
		return nil, fmt.Errorf("the format of its errors: %w", err)
	}
	return &errorFormat{r.group.Errors, t}, nil
}
