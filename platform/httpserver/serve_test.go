package httpserver

import (
	"bytes"
	"testing"

	"github.com/valyala/fasthttp"
)

// What a connection keeps of the bodies that it has seen, for those that come.
func TestAConnectionKeepsNoLargeBody(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]bool{0: false, 1000: true, maxKept: true, maxKept + 1: false, 10 * maxKept: false} {
		for name, set := range map[string]func(*fasthttp.RequestCtx, []byte){
			"answer":           func(c *fasthttp.RequestCtx, b []byte) { c.Response.SetBody(b) },
			"raw answer":       func(c *fasthttp.RequestCtx, b []byte) { c.Response.SetBody(b); c.Response.SetBodyRaw(b) },
			"request":          func(c *fasthttp.RequestCtx, b []byte) { c.Request.SetBody(b) },
			"request unlooked": func(c *fasthttp.RequestCtx, b []byte) { c.Request.SetBody(b); c.Response.SetBodyString("short") },
		} {
			var c fasthttp.RequestCtx
			c.Request.KeepBodyBuffer, c.Response.KeepBodyBuffer = true, true // as fasthttp has it on a connection
			body := bytes.Repeat([]byte("x"), size)
			set(&c, body)
			answer := c.Response.Body()
			dropLarge(&c)
			if got := c.Response.Body(); !bytes.Equal(got, answer) {
				t.Errorf("%s of %d bytes: the answer has %d bytes now", name, size, len(got))
			}
			c.Request.Reset()
			c.Response.Reset()
			if kept := cap(c.Response.SwapBody(nil)) + cap(c.Request.SwapBody(nil)); kept > 2*maxKept || want && kept < size {
				t.Errorf("%s of %d bytes: the connection keeps %d", name, size, kept)
			}
		}
	}
}
