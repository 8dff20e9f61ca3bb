package api

import (
	"reflect"
	"regexp"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/api/internal/plan"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/page"
)

// errNoSuchPath is the answer to a path parameter that no resource can have.
var errNoSuchPath = fault.New(fault.NotFound, "not_found", "There is nothing at this address.")

// bind reads a request into v, the In of r. It hears everything out before it says what is wrong, but for a request that cannot be read.
func (a *API) bind(c *fiber.Ctx, r *Route, path string, v reflect.Value) (plan.Mask, error) {
	op := r.operation
	for _, i := range op.pathAt {
		p := &op.params[i]
		value, ok := unescape(c.Params(p.Name), false)
		if !ok {
			return nil, fault.New(fault.Malformed, "bad_path", "The path is not percent-encoded text in UTF-8.")
		}
		if p.Set(v, []string{value}) != nil {
			return nil, errNoSuchPath
		}
	}
	var bad refusal
	if err := op.bindHeaders(c, v, &bad); err != nil {
		return nil, err
	}
	mask, err := a.bindQuery(c, r, path, v, &bad)
	if err != nil {
		return nil, err
	}
	if err := a.bindBody(c, op, v, &bad); err != nil {
		return nil, err
	}
	return mask, bad.err()
}

func (op *operation) bindHeaders(c *fiber.Ctx, v reflect.Value, bad *refusal) error {
	for i := range op.params {
		p := &op.params[i]
		if p.In != "header" || p.Custom {
			continue
		}
		var values []string
		for _, value := range c.Request().Header.PeekAll(p.Name) {
			values = append(values, string(value))
		}
		bad.add(p.Set(v, values))
	}
	if op.ifMatch == nil {
		return nil
	}
	m, err := parseIfMatch(string(c.Request().Header.Peek(fiber.HeaderIfMatch)))
	v.FieldByIndex(op.ifMatch).Set(reflect.ValueOf(m))
	return err
}

// pageParams are the query parameters of a list.
func isPageParam(name string) bool {
	switch name {
	case "limit", "after", "before", "sort", "q", "count":
		return true
	default:
		return strings.HasPrefix(name, "filter[")
	}
}

// bindQuery reads the query string. Every name in it has to be known: a misspelt filter that is ignored shows more than was asked for.
func (a *API) bindQuery(c *fiber.Ctx, r *Route, path string, v reflect.Value, bad *refusal) (mask plan.Mask, err error) {
	op := r.operation
	params, err := parseQuery(c.Request().URI().QueryString())
	if err != nil {
		return nil, err
	}
	var ofList []page.Param
	values := map[int][]string{}
	for _, param := range params {
		i, declared := op.byName[param.Name]
		switch {
		case declared:
			values[i] = append(values[i], param.Value)
		case op.query != nil && isPageParam(param.Name):
			ofList = append(ofList, param)
		case param.Name == "fields" && op.sparse(r.Method):
			if mask != nil {
				bad.add(&fault.Field{In: "query", Pointer: "/fields", Code: "repeated", Detail: "must not be given twice"})
				continue
			}
			var unknown []string
			if mask, unknown = op.result.Mask(strings.Split(param.Value, ",")); len(unknown) > 0 {
				bad.add(&fault.Field{In: "query", Pointer: "/fields", Code: "unknown", Detail: "must be names out of " + strings.Join(op.result.ResourceFields(), ", ")})
			}
		default:
			bad.add(&fault.Field{In: "query", Pointer: pointerTo(param.Name), Code: "unknown", Detail: "is not a parameter here"})
		}
	}
	for _, i := range op.byName {
		bad.add(op.params[i].Set(v, values[i]))
	}
	if op.query == nil {
		return mask, nil
	}
	q, err := op.list.Parse(ofList, func(token string) ([]byte, error) { return a.openCursor(path, token) })
	if err := bad.take(err); err != nil {
		return nil, err
	}
	v.FieldByIndex(op.query).Set(reflect.ValueOf(q))
	return mask, nil
}

var fieldName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// pointerTo returns the pointer to a name that the caller made up, "" when it does not look like a name.
func pointerTo(name string) string {
	if !fieldName.MatchString(name) {
		return ""
	}
	return "/" + name
}

// bindBody reads the body of an operation that wants one, and refuses it elsewhere.
func (a *API) bindBody(c *fiber.Ctx, op *operation, v reflect.Value, bad *refusal) error {
	req := c.Request()
	if op.body == nil {
		if len(req.Body()) > 0 {
			return fault.New(fault.Malformed, "unexpected_body", "The request has no body here.")
		}
		return nil
	}
	data, err := readBody(req, op.merge, a.limits.Body)
	if err != nil {
		return err
	}
	return bad.take(op.body.Decode(data, v.Field(op.bodyAt), plan.Limits{Depth: a.limits.Depth}))
}
