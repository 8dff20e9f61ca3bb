package api

import (
	"context"
	"fmt"
	"reflect"

	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api/internal/plan"
)

// completer is an Out that needs the request for its last strokes.
type completer interface {
	complete(cursor func([]byte) string, path, query string)
}

// respond writes out, a pointer to the Out of the operation. Everything that may fail comes before the first header, so that an error is
// still a whole answer.
func (c *call) respond(ctx context.Context, fctx *fasthttp.RequestCtx, out any, mask plan.Mask) error {
	if list, ok := out.(completer); ok {
		scope := cursorScope(ctx, fctx)
		list.complete(func(b []byte) string { return c.api.signCursor(scope, b) }, string(fctx.URI().PathOriginal()), string(fctx.URI().QueryString()))
	}
	v := reflect.ValueOf(out).Elem()
	resp := &fctx.Response
	if c.op.result != nil {
		old := resp.SwapBody(nil)
		body, err := c.op.result.Append(old[:0], v.Field(c.op.resultAt), mask)
		if err != nil {
			return fmt.Errorf("write the answer of %s: %w", c.id, err)
		}
		resp.SwapBody(body)
		resp.Header.SetContentType("application/json")
	}
	var value []byte
	for i := range c.op.answers {
		h := &c.op.answers[i]
		var set bool
		var err error
		value, set, err = h.Append(value[:0], v)
		if err != nil {
			resp.ResetBody()
			return fmt.Errorf("write the answer of %s: %w", c.id, err)
		}
		if !set {
			continue
		}
		if mask != nil && h.Name == fasthttp.HeaderETag {
			value = ETag(value).of(mask)
		}
		resp.Header.SetBytesV(h.Name, value)
	}
	resp.SetStatusCode(c.op.status)
	return nil
}
