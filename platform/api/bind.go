package api

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api/internal/plan"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/page"
)

var (
	// errNoSuchPath is the answer to a path parameter that no resource can have.
	errNoSuchPath     = fault.New(fault.NotFound, "not_found", "There is nothing at this address.")
	errBadPath        = fault.New(fault.Malformed, "bad_path", "The path is not percent-encoded text in UTF-8.")
	errNoIfMatch      = fault.New(fault.PreconditionRequired, "if_match_required", "Say which version you have seen: send the header If-Match.")
	errUnexpectedBody = fault.New(fault.Malformed, "unexpected_body", "The request has no body here.")
)

// bind reads a request into v, the In of the operation. It hears everything out before it says what is wrong, but for a request that
// cannot be read.
func (c *call) bind(ctx context.Context, fctx *fasthttp.RequestCtx, v reflect.Value) (s selection, err error) {
	for i, p := range c.op.paths {
		value, ok := unescape(string(segment(fctx.URI().PathOriginal(), c.segments[i])), false)
		if !ok {
			return s, errBadPath
		}
		if p.Set(v, []string{value}) != nil {
			return s, errNoSuchPath
		}
	}
	var bad refusal
	if err := c.bindHeaders(&fctx.Request.Header, v, &bad); err != nil {
		return s, err
	}
	if s, err = c.bindQuery(ctx, fctx, v, &bad); err != nil {
		return s, err
	}
	if err := c.bindBody(&fctx.Request, v, &bad); err != nil {
		return s, err
	}
	return s, bad.err()
}

// segment returns the nth part of a path between slashes; the part in front of the first slash is number 0.
func segment(path []byte, n int) []byte {
	for range n {
		_, path, _ = bytes.Cut(path, []byte("/"))
	}
	s, _, _ := bytes.Cut(path, []byte("/"))
	return s
}

func (c *call) bindHeaders(h *fasthttp.RequestHeader, v reflect.Value, bad *refusal) error {
	for _, p := range c.op.headers {
		var values []string
		for _, value := range h.PeekAll(p.Name) {
			values = append(values, string(value))
		}
		bad.add(p.Set(v, values))
	}
	switch {
	case c.op.ifMatch == nil:
		return nil
	case len(h.PeekAll(fasthttp.HeaderIfMatch)) > 0:
		m, err := parseIfMatch(joined(h, fasthttp.HeaderIfMatch))
		v.FieldByIndex(c.op.ifMatch.Index).Set(reflect.ValueOf(m))
		return err
	case c.op.ifMatch.Required:
		return errNoIfMatch
	default:
		return nil
	}
}

// isPageParam reports whether a query parameter is one of a list's.
func isPageParam(name string) bool {
	switch name {
	case "limit", "after", "before", "sort", "q", "count":
		return true
	default:
		return strings.HasPrefix(name, "filter[")
	}
}

// bindQuery reads the query string. Every name in it has to be known: a misspelt filter that is ignored shows more than was asked for.
func (c *call) bindQuery(ctx context.Context, fctx *fasthttp.RequestCtx, v reflect.Value, bad *refusal) (s selection, err error) {
	op := c.op
	params, err := parseQuery(fctx.URI().QueryString())
	if err != nil {
		return s, err
	}
	for _, p := range op.queries {
		bad.add(p.Set(v, valuesOf(params, p.Name)))
	}
	var ofList []page.Param
	var include Include
	for _, param := range params {
		switch {
		case op.declares(param.Name):
		case op.include != nil && param.Name == "include":
			var wrong *fault.Field
			include, wrong = op.readInclude(param.Value, include.names != nil)
			bad.add(wrong)
		case op.page != nil && isPageParam(param.Name):
			ofList = append(ofList, param)
		case param.Name != "fields" || !c.sparse:
			bad.add(&fault.Field{In: "query", Pointer: pointerTo(param.Name), Code: "unknown", Detail: "is not a parameter here"})
		case s.fields != nil:
			bad.add(&fault.Field{In: "query", Pointer: "/fields", Code: "repeated", Detail: "must not be given twice"})
		default:
			var unknown []string
			if s.fields, unknown = op.result.Mask(strings.Split(param.Value, ",")); len(unknown) > 0 {
				bad.add(&fault.Field{In: "query", Pointer: "/fields", Code: "unknown", Detail: "must be names out of " + strings.Join(op.result.ResourceFields(), ", ")})
			}
		}
	}
	if op.include != nil {
		v.FieldByIndex(op.include).Set(reflect.ValueOf(include))
		s.embeds = include.names != nil
	}
	if op.page == nil {
		return s, nil
	}
	q, err := op.list.Parse(ofList, func(token string) ([]byte, error) { return c.api.openCursor(cursorScope(ctx, fctx), token) })
	if err := bad.take(err); err != nil {
		return s, err
	}
	v.FieldByIndex(op.page).Set(reflect.ValueOf(q))
	return s, nil
}

func (op *operation) declares(name string) bool {
	for _, p := range op.queries {
		if p.Name == name {
			return true
		}
	}
	return false
}

func valuesOf(params []page.Param, name string) (values []string) {
	for _, p := range params {
		if p.Name == name {
			values = append(values, p.Value)
		}
	}
	return values
}

// pointerTo returns the pointer to a name that the caller made up, "" when it does not look like a name.
func pointerTo(name string) string {
	if len(name) == 0 || len(name) > 64 {
		return ""
	}
	for _, c := range name {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("_.-", c)) {
			return ""
		}
	}
	return "/" + name
}

// bindBody reads the body of an operation that wants one, and refuses it elsewhere.
func (c *call) bindBody(req *fasthttp.Request, v reflect.Value, bad *refusal) error {
	if c.op.incoming {
		in, err := incoming(req)
		v.Field(c.op.bodyAt).Set(reflect.ValueOf(in))
		return err
	}
	if c.op.body == nil {
		if len(req.Body()) > 0 {
			return errUnexpectedBody
		}
		return nil
	}
	if c.op.optional && len(req.Body()) == 0 {
		return nil
	}
	data, err := readBody(req, c.op.merge, c.api.limits.Body)
	if err != nil {
		return err
	}
	into := v.Field(c.op.bodyAt)
	if c.op.optional {
		into.Set(reflect.New(into.Type().Elem()))
		into = into.Elem()
	}
	err = c.op.body.Decode(data, into, plan.Limits{Depth: c.api.limits.Depth})
	if f, ok := errors.AsType[*fault.Error](err); ok && c.op.merge {
		c.op.tellFixed(f.Fields)
	}
	return bad.take(err)
}

// tellFixed says of the fields that a change does not know and that its answer has what a caller who sees them there wants to hear.
func (op *operation) tellFixed(fields []fault.Field) {
	if op.result == nil {
		return
	}
	for i := range fields {
		f := &fields[i]
		if f.Code == plan.CodeUnknownField && slices.Contains(op.result.ResourceFields(), strings.TrimPrefix(f.Pointer, "/")) {
			f.Code, f.Detail = "immutable", "cannot be changed"
		}
	}
}
