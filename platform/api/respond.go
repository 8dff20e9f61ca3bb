package api

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api/internal/plan"
)

// selection is what a caller chose of an answer.
type selection struct {
	fields plan.Mask
	embeds bool // related resources
}

// completer is an Out that needs the request for its last strokes.
type completer interface {
	complete(cursor func([]byte) string, path, query string)
}

// respond writes out, a pointer to the Out of the operation. Everything that may fail comes before the first header, so that an error is
// still a whole answer.
func (c *call) respond(ctx context.Context, fctx *fasthttp.RequestCtx, out any, s selection) error {
	if list, ok := out.(completer); ok {
		scope := cursorScope(ctx, fctx)
		list.complete(func(b []byte) string { return c.api.signCursor(scope, b) }, string(fctx.URI().PathOriginal()), string(fctx.URI().QueryString()))
	}
	v := reflect.ValueOf(out).Elem()
	resp := &fctx.Response
	if c.op.result != nil {
		old := resp.SwapBody(nil)
		body, err := c.op.result.Append(old[:0], v.Field(c.op.resultAt), s.fields)
		if err != nil {
			return fmt.Errorf("write the answer of %s: %w", c.id, err)
		}
		resp.SwapBody(body)
	}
	if err := c.respondHeaders(resp, v, s); err != nil {
		return fmt.Errorf("write the answer of %s: %w", c.id, err)
	}
	if c.op.result != nil {
		resp.Header.SetContentType("application/json")
	}
	resp.SetStatusCode(c.op.status)
	return nil
}

// respondHeaders sets the headers in v, the Out of the operation: all of them or none.
func (c *call) respondHeaders(resp *fasthttp.Response, v reflect.Value, s selection) error {
	var values []byte // all of them, one behind the other
	ends := make([]int, 0, 8)
	for i := range c.op.answers {
		var err error
		if values, _, err = c.op.answers[i].Append(values, v); err != nil {
			return err
		}
		ends = append(ends, len(values))
	}
	begin := 0
	for i, end := range ends {
		name, value := c.op.answers[i].Name, values[begin:end]
		begin = end
		if len(value) == 0 {
			continue
		}
		if strings.EqualFold(name, fasthttp.HeaderETag) {
			if s.fields != nil {
				value = ETag(value).of(s.fields)
			}
			if s.embeds {
				value = ETag(value).with(resp.Body())
			}
		}
		resp.Header.SetBytesV(name, value)
	}
	return nil
}
