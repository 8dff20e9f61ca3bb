package httpserver

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/config"
)

// CORS is the section `http.cors`: which pages of other origins may call the API from a browser (the Fetch standard, section 3.3). It keeps no
// program out, and no page from sending what a form can send: who may call an operation is a question of its Auth.
type CORS struct {
	Origins     []string      `config:"origins" doc:"Origins whose pages may call the API from a browser, each as the browser sends it, https://shop.example.com; * is every one, and an empty list, the default, none."`
	Methods     []string      `config:"methods" doc:"Methods that they may use, where a route has them."`
	Headers     []string      `config:"headers" doc:"Headers that they may send."`
	Credentials bool          `config:"credentials" doc:"Whether a browser sends cookies along; not with the origin *."`
	MaxAge      time.Duration `config:"max_age" doc:"How long a browser may remember what it was allowed; 0 asks again each time."`
}

// defaultCORS allows no origin, and one that is added to its list all that generated operations want.
func defaultCORS() CORS {
	return CORS{
		Methods: []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete},
		Headers: []string{"Accept", "Accept-Language", "Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Traceparent", "Tracestate", "X-CSRF-Token", "X-Request-Id"},
		MaxAge:  10 * time.Minute,
	}
}

// exposed are the headers of answers that pages may read, beside those that they always may.
const exposed = "ETag, Idempotency-Replayed, Location, Link, RateLimit, RateLimit-Policy, Retry-After, Traceparent, X-CSRF-Token, X-Request-Id"

// everyOrigin is the origin that stands for all.
const everyOrigin = "*"

// Validate reports what no browser sends or accepts.
func (c CORS) Validate(r *config.Report) {
	for _, origin := range c.Origins {
		switch want := properOrigin(origin); {
		case origin == everyOrigin && len(c.Origins) > 1:
			r.Add("origins", strings.Join(c.Origins, ","), "* alone, or a list without it")
		case origin == everyOrigin && c.Credentials:
			r.Add("credentials", "true", "false with the origin *, or the list of the origins: any page could act as whoever is logged in")
		case origin != everyOrigin && origin != want:
			r.Add("origins", origin, want)
		}
	}
	known := []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	for _, method := range c.Methods {
		if !slices.Contains(known, method) {
			r.Add("methods", method, strings.Join(known, ", "))
		}
	}
	for _, header := range c.Headers {
		if !isToken(header) {
			r.Add("headers", header, "the name of a header")
		}
	}
	if c.MaxAge < 0 || c.MaxAge > 24*time.Hour {
		r.Add("max_age", c.MaxAge.String(), "0 to 24h")
	}
}

// properOrigin returns an origin as browsers send it, or what to write instead of something else.
func properOrigin(text string) string {
	const example = "an origin as a browser sends it, https://shop.example.com"
	u, err := url.Parse(strings.ToLower(text))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || strings.Contains(u.Host, "*") || u.User != nil {
		return example
	}
	host := u.Hostname()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" && !(u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80") {
		host = net.JoinHostPort(u.Hostname(), port)
	}
	return u.Scheme + "://" + host
}

// isToken reports whether a text can be the name of a header (RFC 9110, section 5.6.2).
func isToken(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// cors is what is answered to browsers. A nil one answers nothing.
type cors struct {
	CORS
	headers, maxAge string
}

func newCORS(c CORS) *cors {
	if len(c.Origins) == 0 {
		return nil
	}
	return &cors{CORS: c, headers: strings.Join(c.Headers, ", "), maxAge: strconv.Itoa(int(c.MaxAge.Seconds()))}
}

// allowed returns what is said to allow the origin of a request, "" when it is not allowed.
func (c *cors) allowed(h *fasthttp.RequestHeader) string {
	origins := h.PeekAll(fasthttp.HeaderOrigin)
	switch {
	case len(origins) != 1:
		return ""
	case c.Origins[0] == everyOrigin:
		return everyOrigin
	case slices.Contains(c.Origins, string(origins[0])):
		return string(origins[0])
	default:
		return ""
	}
}

// answer adds to an answer, whatever its status, who may read it. That it depends on the origin is said in every answer: a cache would give that
// of one origin to another.
func (c *cors) answer(fctx *fasthttp.RequestCtx) {
	if c == nil {
		return
	}
	h := &fctx.Response.Header
	vary(h, fasthttp.HeaderOrigin)
	origin := c.allowed(&fctx.Request.Header)
	if origin == "" {
		return
	}
	h.Set(fasthttp.HeaderAccessControlAllowOrigin, origin)
	if c.Credentials {
		h.Set(fasthttp.HeaderAccessControlAllowCredentials, "true")
	}
	h.Set(fasthttp.HeaderAccessControlExposeHeaders, exposed)
}

// preflight tells a browser, which asks before it sends a request, what it may send to a place.
func (c *cors) preflight(fctx *fasthttp.RequestCtx, p *place) {
	if c == nil || len(fctx.Request.Header.Peek(fasthttp.HeaderAccessControlRequestMethod)) == 0 {
		return
	}
	h := &fctx.Response.Header
	vary(h, fasthttp.HeaderAccessControlRequestMethod)
	vary(h, fasthttp.HeaderAccessControlRequestHeaders)
	if c.allowed(&fctx.Request.Header) == "" {
		return
	}
	var methods []string
	for method := range strings.SplitSeq(p.allow, ", ") {
		if slices.Contains(c.Methods, method) {
			methods = append(methods, method)
		}
	}
	h.Set(fasthttp.HeaderAccessControlAllowMethods, strings.Join(methods, ", "))
	h.Set(fasthttp.HeaderAccessControlAllowHeaders, c.headers)
	h.Set(fasthttp.HeaderAccessControlMaxAge, c.maxAge)
}
