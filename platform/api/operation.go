package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api/internal/plan"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/page"
)

// operation is a handler with the plans of its types.
type operation struct {
	status   int
	merge    bool // a merge-patch
	params   []plan.Param
	paths    []*plan.Param // those in the path
	queries  []*plan.Param
	headers  []*plan.Param
	ifMatch  *plan.Param   // the IfMatch of In, nil for none
	page     []int         // where In has its page.Query, nil for nowhere
	list     *page.List    // for page
	include  []int         // where In has its Include, nil for nowhere
	bodyAt   int           // the field of In, -1 for none
	body     *plan.Type    // of In
	optional bool          // the Body of In is a pointer: there may be none
	incoming bool          // the Body of In is an Incoming
	answers  []plan.Header // of Out
	resultAt int           // the field of Out, -1 for none
	result   *plan.Type    // of Out
	content  bool          // Out is a Content
	newIn    func() (any, reflect.Value)
	call     func(ctx context.Context, in any) (any, error)
}

// compiler returns what plans the types of all operations of an API: those of a resource share most of theirs.
func compiler() *plan.Compiler {
	return plan.New(plan.Options{Mine: func(t reflect.Type) bool {
		return t == reflect.TypeFor[page.Query]() || t == reflect.TypeFor[IfMatch]() || t == reflect.TypeFor[Include]()
	}})
}

func newOperation[In, Out any](c *plan.Compiler, r *Route, h Handler[In, Out]) (*operation, error) {
	op := &operation{
		status: r.Op.Status,
		merge:  r.Method == http.MethodPatch,
		newIn: func() (any, reflect.Value) {
			in := new(In)
			return in, reflect.ValueOf(in).Elem()
		},
		call: func(ctx context.Context, in any) (any, error) {
			out, err := h(ctx, in.(*In)) //nolint:forcetypeassert // newIn made it
			if out == nil {
				return nil, err // not a nil *Out in an interface, which is not nil
			}
			return out, err
		},
	}
	if err := op.planIn(c, r, reflect.TypeFor[In]()); err != nil {
		return nil, err
	}
	if err := op.planOut(c, reflect.TypeFor[Out]()); err != nil {
		return nil, err
	}
	return op, op.settle(r)
}

// settle looks at what concerns both types.
func (op *operation) settle(r *Route) error {
	if op.status == 0 {
		switch {
		case r.Method == http.MethodPost:
			op.status = http.StatusCreated
		case op.result == nil && !op.content:
			op.status = http.StatusNoContent
		default:
			op.status = http.StatusOK
		}
	}
	if bodiless := op.status == http.StatusNoContent || op.status == http.StatusResetContent || op.status == http.StatusNotModified; bodiless && op.result != nil {
		return fmt.Errorf("the Body of Out has no place in an answer %d", op.status)
	}
	for _, p := range op.queries {
		if op.page != nil && isPageParam(p.Name) || op.sparse(r.Method) && p.Name == "fields" || op.include != nil && p.Name == "include" {
			return fmt.Errorf("the query parameter %s is one of the framework's here", p.Name)
		}
	}
	if op.include != nil && (op.result == nil || len(op.result.EmbeddedFields()) == 0) {
		return errors.New("In has a field of type api.Include, and the resource in Out none of type api.Included")
	}
	for _, p := range op.headers {
		if r.Method == http.MethodGet && strings.EqualFold(p.Name, "If-None-Match") {
			return fmt.Errorf("the header %s is one of the framework's here", p.Name)
		}
	}
	return op.cacheable(r.Op.Cache)
}

func (op *operation) planIn(c *plan.Compiler, r *Route, t reflect.Type) (err error) {
	if op.params, op.bodyAt, err = c.Params(t); err != nil {
		return err
	}
	names, err := pathParams(r.Path)
	if err != nil {
		return err
	}
	for i := range op.params {
		p := &op.params[i]
		switch {
		case p.Custom:
			err = op.planCustom(r, p)
		case p.In == "query":
			op.queries = append(op.queries, p)
		case p.In == "header":
			op.headers = append(op.headers, p)
		case slices.Contains(names, p.Name):
			op.paths = append(op.paths, p)
		default:
			err = fmt.Errorf("the path has no parameter {%s}", p.Name)
		}
		if err != nil {
			return err
		}
	}
	if len(op.paths) != len(names) {
		return fmt.Errorf("%s has no field for each of the path's parameters: %v", t, names)
	}
	if op.page == nil && !isZero(r.Op.List) {
		return fmt.Errorf("Op.List says what may be asked for, and %s has no field of type page.Query", t)
	}
	if op.incoming = op.bodyAt >= 0 && t.Field(op.bodyAt).Type == reflect.TypeFor[Incoming](); op.incoming != (r.Op.Upload.Size != 0) || op.incoming && !r.Op.Upload.valid() {
		return errors.New("a Body of type api.Incoming and a limit of its size and its time (Op.Upload) belong together")
	}
	if op.bodyAt < 0 {
		return nil
	}
	if !r.Writes() || r.Method == http.MethodDelete {
		return fmt.Errorf("%s has a Body, which has no meaning with %s", t, r.Method)
	}
	if op.incoming {
		return nil
	}
	body := t.Field(op.bodyAt).Type
	if op.optional = body.Kind() == reflect.Pointer; op.optional {
		body = body.Elem()
	}
	op.body, err = c.Compile(body, plan.Input)
	return err
}

// planCustom takes a field of a type that this package reads itself.
func (op *operation) planCustom(r *Route, p *plan.Param) (err error) {
	if p.Type == reflect.TypeFor[IfMatch]() {
		if op.ifMatch != nil || p.In != "header" || !strings.EqualFold(p.Name, "If-Match") {
			return fmt.Errorf(`a field of type api.IfMatch stands once, with the tag header:"If-Match"`)
		}
		op.ifMatch = p
		return nil
	}
	if p.Type == reflect.TypeFor[Include]() {
		if op.include != nil || p.Tag != "" || r.Method != http.MethodGet {
			return errors.New("a field of type api.Include stands once, without a tag, in an operation that gets")
		}
		op.include = p.Index
		return nil
	}
	if op.page != nil || p.Tag != "" || r.Method != http.MethodGet {
		return fmt.Errorf("a field of type page.Query stands once, without a tag, in an operation that gets")
	}
	op.page = p.Index
	op.list, err = page.New(r.Op.List)
	return err
}

func isZero(s page.Spec) bool { return len(s.Fields) == 0 && len(s.Search) == 0 && s.Sort == "" }

func (op *operation) planOut(c *plan.Compiler, t reflect.Type) (err error) {
	op.content = t == reflect.TypeFor[Content]()
	if op.answers, op.resultAt, err = c.Headers(t); err != nil || op.resultAt < 0 {
		return err
	}
	op.result, err = c.Compile(t.Field(op.resultAt).Type, plan.Output)
	return err
}

// sparse reports whether a caller may choose the fields of the answer.
func (op *operation) sparse(method string) bool {
	return method == http.MethodGet && op.result != nil && len(op.result.ResourceFields()) > 0
}

// errNoResult is a defect of a handler.
var errNoResult = errors.New("the handler returned neither a result nor an error")

var errNotAcceptable = ProtocolError("not-acceptable", "not_acceptable", "The server answers in application/json here, and the header Accept refuses that.")

// serve returns the function for the router.
func (a *API) serve(m Mounted) func(context.Context, *fasthttp.RequestCtx) error {
	op := m.operation
	c := call{api: a, op: op, id: m.Op.ID, sparse: op.sparse(m.Method), codes: sync.OnceValue(func() codes { return op.codes(m) })}
	for _, p := range op.paths {
		c.segments = append(c.segments, slices.Index(strings.Split(m.FullPath, "/"), "{"+p.Name+"}"))
	}
	return func(ctx context.Context, fctx *fasthttp.RequestCtx) error {
		if !op.content && !AcceptsJSON(&fctx.Request.Header) {
			return errNotAcceptable
		}
		in, v := op.newIn()
		chosen, err := c.bind(ctx, fctx, v)
		if err != nil {
			return err
		}
		out, err := op.call(ctx, in)
		if err != nil {
			c.watch(err)
			return err
		}
		if content, ok := out.(*Content); ok {
			if err := content.send(ctx, fctx); err != nil {
				c.watch(err)
				return err
			}
			return nil
		}
		if out == nil {
			if op.result != nil || op.content {
				return errNoResult
			}
			fctx.SetStatusCode(op.status)
			return nil
		}
		return c.respond(ctx, fctx, out, chosen)
	}
}

// call is an operation in its place.
type call struct {
	api      *API
	op       *operation
	id       string
	sparse   bool
	codes    func() codes
	segments []int // where op.paths stand in the path, the part in front of the first slash being 0
}

// refusal collects what is wrong with a request that was understood.
type refusal struct{ fields []fault.Field }

// take keeps the fields of an error of kind Invalid and returns every other error.
func (r *refusal) take(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Kind == fault.Invalid {
		r.fields = append(r.fields, f.Fields...)
		return nil
	}
	return err
}

func (r *refusal) add(f *fault.Field) {
	if f != nil {
		r.fields = append(r.fields, *f)
	}
}

// maxFields is the most that one answer points at.
const maxFields = 20

func (r *refusal) err() error {
	if len(r.fields) == 0 {
		return nil
	}
	return fault.InvalidFields(r.fields[:min(len(r.fields), maxFields)]...)
}
