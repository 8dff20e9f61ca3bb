package httpserver

import (
	"bytes"

	"github.com/valyala/fasthttp"
)

// site says where a request that changes something was sent from.
type site uint8

const (
	unknownSite site = iota // by a program, or by a browser that does not say
	sameSite                // by a page of this server, or of an origin that http.cors lets act for its users
	crossSite               // by a page of somebody else, or one without an origin
)

// siteOf tells by Origin, which browsers send with whatever changes something, and where that is missing by Sec-Fetch-Site. Pages can set
// neither. A page that came over TLS is ours as well where the proxy does not say that this request did; not the other way round.
func (s *Server) siteOf(fctx *fasthttp.RequestCtx) site {
	h := &fctx.Request.Header
	switch origins := h.PeekAll(fasthttp.HeaderOrigin); {
	case len(origins) > 1:
		return crossSite
	case len(origins) == 1:
		if s.ownOrigin(fctx, origins[0]) || s.cors != nil && s.cors.Credentials && s.cors.allowed(h) != "" {
			return sameSite
		}
		return crossSite
	}
	switch string(h.Peek("Sec-Fetch-Site")) {
	case "":
		return unknownSite
	case "same-origin":
		return sameSite
	default:
		return crossSite
	}
}

// ownOrigin reports whether an origin is that of this server, as the client calls it.
func (s *Server) ownOrigin(fctx *fasthttp.RequestCtx, origin []byte) bool {
	host, port := fctx.Request.Header.Host(), []byte(":443")
	rest, ok := bytes.CutPrefix(origin, []byte("https://"))
	if !ok {
		port = []byte(":80")
		if rest, ok = bytes.CutPrefix(origin, []byte("http://")); !ok || s.secure(fctx, peer(fctx)) {
			return false
		}
	}
	return len(host) > 0 && bytes.EqualFold(bytes.TrimSuffix(rest, port), bytes.TrimSuffix(host, port))
}
