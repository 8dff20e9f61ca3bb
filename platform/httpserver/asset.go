package httpserver

import (
	"context"
	"net/http"

	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/assets"
)

const (
	assetPath = assets.Prefix + "{path...}"
	// assetAge is for what is the same for ever: a year, since caches take a longer time for a mistake (RFC 9111, section 5.2; RFC 8246).
	assetAge = "public, max-age=31536000, immutable"
	// drawingPolicy keeps a drawing that is opened as a page from doing anything; it still has its own colours.
	drawingPolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
)

// mountAssets adds the assets to the router, past the gate: they are for everybody, and a page loads thirty of them at once.
func (s *Server) mountAssets(all *assets.Assets) {
	serve := func(_ context.Context, fctx *fasthttp.RequestCtx) error { return s.serveAsset(fctx, all) }
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		s.router.add(&route{
			Endpoint: api.Endpoint{Method: http.MethodGet, Path: assetPath, Op: api.Op{Auth: api.Public}, Serve: serve},
			method:   method, metrics: s.tel.Route(method, assetPath), asset: true,
		})
	}
}

// serveAsset answers with bytes that are in memory, in the form that the client likes best of those that are there.
func (s *Server) serveAsset(fctx *fasthttp.RequestCtx, all *assets.Assets) error {
	f := all.Find(fctx.URI().PathOriginal())
	if f == nil {
		return errNoRoute // which is not stored: the next program may have it
	}
	resp := &fctx.Response
	h := &resp.Header
	body, coding := f.Body, ""
	if f.Compressible() {
		h.SetCanonical([]byte(fasthttp.HeaderVary), []byte(fasthttp.HeaderAcceptEncoding))
		coding = s.compressor.choose(string(joined(&fctx.Request.Header, fasthttp.HeaderAcceptEncoding)))
	}
	if form := f.Form(coding); form != nil {
		body = form
		h.SetCanonical([]byte(fasthttp.HeaderContentEncoding), []byte(coding))
	}
	h.SetContentType(f.Type)
	h.SetCanonical([]byte(fasthttp.HeaderCacheControl), []byte(assetAge))
	h.SetCanonical([]byte(headerETag), []byte(f.Tag(coding)))
	if f.Type == "image/svg+xml" {
		h.SetCanonical([]byte(fasthttp.HeaderContentSecurityPolicy), []byte(drawingPolicy))
	}
	// Fonts and modules are asked for with CORS where they come from a CDN. That anybody may have them is no secret.
	h.SetCanonical([]byte(fasthttp.HeaderAccessControlAllowOrigin), []byte(everyOrigin))
	h.SetCanonical([]byte("Cross-Origin-Resource-Policy"), []byte("cross-origin"))
	resp.SetBodyRaw(body)
	return nil
}
