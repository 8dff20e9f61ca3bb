package httpserver

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strconv"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api"
)

// Names of headers, in the letters that fasthttp gives them: so it need not look at each.
const (
	headerETag        = "Etag"
	headerRequestID   = "X-Request-Id"
	headerTraceparent = "Traceparent"
)

// maxHashed is the largest body whose entity tag is its hash.
const maxHashed = 1 << 20

// condition gives a whole answer to GET an entity tag, the hash of the body unless the handler has set one, and answers 304 when the
// client has this representation already.
func condition(fctx *fasthttp.RequestCtx) {
	resp := &fctx.Response
	if resp.StatusCode() != fasthttp.StatusOK || resp.IsBodyStream() {
		return
	}
	tag := resp.Header.PeekCanonical([]byte(headerETag))
	var buf [2 + 2*8]byte
	if len(tag) == 0 {
		if tag = appendTag(buf[:0], resp); len(tag) == 0 {
			return
		}
		resp.Header.SetCanonical([]byte(headerETag), tag)
	}
	if len(fctx.Request.Header.PeekCanonical([]byte(fasthttp.HeaderIfNoneMatch))) > 0 {
		has(fctx, string(tag))
	}
}

// appendTag appends the hash of a body as an entity tag, and nothing where there is none to be had.
func appendTag(b []byte, resp *fasthttp.Response) []byte {
	body := resp.Body()
	if len(body) == 0 || len(body) > maxHashed || bytes.Contains(resp.Header.PeekCanonical([]byte(fasthttp.HeaderCacheControl)), []byte("no-store")) {
		return b
	}
	sum := xxhash.Sum64(body)
	return append(hex.AppendEncode(append(b, '"'), binary.BigEndian.AppendUint64(nil, sum)), '"')
}

// entityTag returns the entity tag of an answer as condition gives it, "" for none.
func entityTag(resp *fasthttp.Response) string {
	if tag := resp.Header.PeekCanonical([]byte(headerETag)); len(tag) > 0 {
		return string(tag)
	}
	return string(appendTag(nil, resp))
}

// has answers 304 when the client has the representation with this entity tag, or one of its codings, and reports whether.
func has(fctx *fasthttp.RequestCtx, tag string) bool {
	seen := joined(&fctx.Request.Header, fasthttp.HeaderIfNoneMatch)
	if len(seen) == 0 {
		return false
	}
	match, ok := api.MatchETag(string(seen), tag)
	if !ok {
		return false
	}
	resp := &fctx.Response
	resp.Header.Set(headerETag, match)
	resp.ResetBody()
	resp.SetStatusCode(fasthttp.StatusNotModified)
	resp.Header.Del(fasthttp.HeaderContentType)
	return true
}

// newDefaults returns the headers of every answer that has no others. They are there before the handler runs, which may set others.
func newDefaults() *fasthttp.ResponseHeader {
	h := &fasthttp.ResponseHeader{}
	h.SetCanonical([]byte(fasthttp.HeaderXContentTypeOptions), []byte("nosniff"))
	h.SetCanonical([]byte(fasthttp.HeaderReferrerPolicy), []byte("strict-origin-when-cross-origin"))
	h.SetCanonical([]byte(fasthttp.HeaderContentSecurityPolicy), []byte("default-src 'none'; frame-ancestors 'none'"))
	h.SetCanonical([]byte(fasthttp.HeaderCacheControl), []byte("no-cache")) // stored, and asked for again each time: If-None-Match makes that cheap
	return h
}

// restore puts defaults back that are gone because somebody has reset the whole answer, which fiber does for its own errors.
func (s *Server) restore(h *fasthttp.ResponseHeader) {
	if len(h.PeekCanonical([]byte(fasthttp.HeaderXContentTypeOptions))) > 0 {
		return
	}
	for name, value := range s.defaults.All() {
		if len(h.PeekCanonical(name)) == 0 {
			h.SetCanonical(name, value)
		}
	}
}

// headers adds what is known at the end.
func (s *Server) headers(fctx *fasthttp.RequestCtx, r *request, peer netip.Addr, took time.Duration) {
	h := &fctx.Response.Header
	s.restore(h)
	h.SetCanonical([]byte(headerRequestID), []byte(r.ID))
	var buf [64]byte
	h.SetCanonical([]byte(headerTraceparent), r.Trace.AppendTraceparent(buf[:0]))
	if s.secure(fctx, peer) {
		h.Set(fasthttp.HeaderStrictTransportSecurity, "max-age=31536000")
	}
	if s.dev {
		h.Set("Server-Timing", "app;dur="+strconv.FormatFloat(float64(took.Microseconds())/1000, 'f', 3, 64))
	}
	if s.draining.Load() {
		h.SetConnectionClose()
	}
}

// joined returns the value of a request header that is a list. It may be sent in several lines, which mean one (RFC 9110, section 5.3).
func joined(h *fasthttp.RequestHeader, name string) []byte {
	first := h.PeekCanonical([]byte(name))
	if len(first) == 0 {
		return nil
	}
	if lines := h.PeekAll(name); len(lines) > 1 {
		return bytes.Join(lines, []byte(", "))
	}
	return first
}
