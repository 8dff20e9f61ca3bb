package api

import (
	"fmt"
	"reflect"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/api/internal/plan"
)

// completer is an Out that needs the request for its last strokes.
type completer interface {
	complete(cursor func([]byte) string, path, query string)
}

// respond writes out, a pointer to the Out of r. Everything that may fail comes before the first header, so that an error is still a whole
// answer.
func (a *API) respond(c *fiber.Ctx, r *Route, out any, mask plan.Mask) error {
	op := r.operation
	if list, ok := out.(completer); ok {
		scope := cursorScope(c)
		list.complete(func(b []byte) string { return a.signCursor(scope, b) }, c.Path(), string(c.Request().URI().QueryString()))
	}
	v := reflect.ValueOf(out).Elem()
	resp := c.Response()
	if op.result != nil {
		old := resp.SwapBody(nil)
		body, err := op.result.Append(old[:0], v.Field(op.resultAt), mask)
		if err != nil {
			return fmt.Errorf("write the answer of %s: %w", r.Op.ID, err)
		}
		resp.SwapBody(body)
		resp.Header.SetContentType("application/json")
	}
	var buf [256]byte
	for i := range op.answers {
		h := &op.answers[i]
		value, set, err := h.Append(buf[:0], v)
		if err != nil {
			resp.ResetBody()
			return fmt.Errorf("write the answer of %s: %w", r.Op.ID, err)
		}
		if !set {
			continue
		}
		if mask != nil && h.Name == fiber.HeaderETag {
			value = ETag(value).of(mask)
		}
		resp.Header.SetBytesV(h.Name, value)
	}
	resp.SetStatusCode(op.status)
	return nil
}
