package httpserver

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"

	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/ratelimit"
	"github.com/banyan-go/banyan/platform/session"
)

// Gate is what decides who comes in and how often. What is nil lets everybody pass; an operation that wants what is not there is not mounted
// (api.API.Guard).
type Gate struct {
	Sessions *session.Sessions
	Tokens   api.TokenVerifier
	Limits   *ratelimit.Limits
}

// entrance is what the record of a request has beside the rest when it passes the gate of an operation that somebody guards, or that may begin a
// session.
type entrance struct {
	caller api.Caller
	slot   session.Slot
}

// The answers of the gate.
var (
	errCrossSite = fault.New(fault.Forbidden, "cross_site", "A page of another site has sent this request. Send it from a page of this server, or of an origin that it allows to send credentials (http.cors.origins, http.cors.credentials).")
	errNoCSRF    = fault.New(fault.Forbidden, "csrf_token", "The request says neither where it comes from (Origin), nor has it X-CSRF-Token with the token of this session.")
	errWrongCSRF = fault.New(fault.Forbidden, "csrf_token", "X-CSRF-Token does not hold the token of this session: that is in the answer with which the session began.")
)

const (
	headerCSRF = "X-Csrf-Token"
	// notStored is the Cache-Control of what was made for one caller.
	notStored = "private, no-store"
)

// guard says what the gate has to do for a route. It is settled when the route is mounted.
type guard struct {
	limit     *ratelimit.Limit // nil for none
	key       ratelimit.Key
	header    string // that the key names, "" for none
	byCaller  bool   // the limit has to know who calls
	guarded   bool
	enters    bool // it has a place for a session
	protected bool // a session alone is not enough: a page of another site would act for its user
}

func (g Gate) guard(e *api.Endpoint) (guard, error) {
	writes := e.Method != http.MethodGet && e.Method != http.MethodHead && e.Method != http.MethodOptions
	o := guard{guarded: !e.Op.Auth.Open()}
	o.enters = g.Sessions != nil && (e.Op.Auth == api.Session || !o.guarded && writes)
	o.protected = e.Op.Auth == api.Session && writes
	if g.Limits == nil || e.Unlimited {
		return o, nil
	}
	var err error
	if o.limit, err = g.Limits.Named(e.Op.Limit); err != nil {
		return o, err
	}
	if o.limit.Off() {
		o.limit = nil
		return o, nil
	}
	o.key = o.limit.Key()
	o.header = o.key.Header()
	switch {
	case o.key == ratelimit.Subject:
		return o, fmt.Errorf("the rate limit %s (%s) counts what the code of a module hands to it, and a route hands it nothing: by ip, user, user_or_ip, global or header NAME", o.limit.Name(), o.limit.Rule())
	case o.key == ratelimit.User && (!o.guarded || e.Op.Allow.ForAnybody()):
		return o, fmt.Errorf("the rate limit %s (%s) counts users, and on a public route nobody knows them: by ip, user_or_ip, global or header NAME", o.limit.Name(), o.limit.Rule())
	}
	o.byCaller = o.guarded && (o.key == ratelimit.User || o.key == ratelimit.UserOrIP)
	return o, nil
}

// pass lets a request through to its handler, or returns why not. The entrance, nil where nobody asks who calls, is for leave in either case.
func (s *Server) pass(fctx *fasthttp.RequestCtx, r *request, route *route) (*entrance, error) {
	if route.limit != nil && !route.byCaller {
		if err := s.count(fctx, r, route, ""); err != nil {
			return nil, err
		}
	}
	if !route.guarded && !route.enters {
		return nil, nil
	}
	e := r.enter()
	if !route.guarded {
		s.welcome(fctx, r, &e.slot)
		return e, nil
	}
	return e, s.admit(fctx, r, route, e)
}

// admit lets a caller in that the operation allows.
func (s *Server) admit(fctx *fasthttp.RequestCtx, r *request, route *route, e *entrance) error {
	fctx.Response.Header.SetCanonical([]byte(fasthttp.HeaderCacheControl), []byte(notStored))
	refused, err := s.recognise(fctx, r, route, e)
	if err != nil {
		return err
	}
	caller := e.caller
	if route.byCaller {
		if err := s.count(fctx, r, route, caller.Subject); err != nil {
			return err
		}
	}
	if refused && route.Op.Allow.ForAnybody() {
		challenge(fctx, api.Token)
		return api.ErrUnauthenticated
	}
	if route.protected && !caller.Anonymous() {
		if err := s.checkSite(fctx, &e.slot); err != nil {
			return err
		}
	}
	err = route.Admit(caller)
	switch {
	case errors.Is(err, api.ErrUnauthenticated):
		challenge(fctx, route.Op.Auth)
		return s.otherWay(fctx, route.Op.Auth)
	case errors.Is(err, api.ErrForbidden) && route.Op.Auth == api.Token:
		fctx.Response.Header.Set(fasthttp.HeaderWWWAuthenticate, `Bearer error="insufficient_scope"`)
	}
	return err
}

// otherWay returns the error for somebody who is not known: with a word about it when the request came by the other way in.
func (s *Server) otherWay(fctx *fasthttp.RequestCtx, auth api.Auth) error {
	switch {
	case auth == api.Session && bearer(&fctx.Request.Header) != "":
		return api.ErrUnauthenticated.WithDetail("This operation wants a session, by its cookie; a token does not open it.")
	case auth == api.Token && s.gate.Sessions != nil && s.gate.Sessions.Sent(cookieHeader(fctx)):
		return api.ErrUnauthenticated.WithDetail("This operation wants a bearer token, in the header Authorization; a session does not open it.")
	default:
		return api.ErrUnauthenticated
	}
}

// count counts a request against the limit of its route, and tells the client what is left.
func (s *Server) count(fctx *fasthttp.RequestCtx, r *request, route *route, user string) error {
	var buf [128]byte
	who := ratelimit.Who{User: user}
	if user == "" || route.key == ratelimit.IP {
		who.Address = s.client(fctx, peer(fctx))
	}
	if route.header != "" {
		who.Header = fctx.Request.Header.Peek(route.header)
	}
	subject, counted := route.key.AppendSubject(buf[:0], who)
	if !counted {
		return nil
	}
	d, err := route.limit.TakeAt(r, subject, fctx.Time())
	if err != nil {
		return err
	}
	err = d.Err()
	if d.Counted() && (err != nil || !route.shared()) { // what is left to one client is no news for all
		h := &fctx.Response.Header
		h.SetCanonical([]byte(ratelimit.HeaderPolicy), d.AppendPolicy(buf[:0]))
		h.SetCanonical([]byte(ratelimit.HeaderLimit), d.AppendLimit(buf[:0]))
		if s.gate.Limits.Legacy() {
			legacy(h, d)
		}
	}
	return err
}

// legacy adds the headers that clients looked for before there was a draft of the IETF's.
func legacy(h *fasthttp.ResponseHeader, d ratelimit.Decision) {
	h.Set("X-RateLimit-Limit", strconv.Itoa(d.Limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(d.Remaining))
	h.Set("X-RateLimit-Reset", strconv.Itoa(int(math.Ceil(d.Reset.Seconds()))))
}

// welcome makes a place for the session that an operation for everybody may begin. That the store of sessions is away does not keep such an
// operation from working; beginning a session fails then.
func (s *Server) welcome(fctx *fasthttp.RequestCtx, r *request, slot *session.Slot) {
	slot.CrossSite = s.siteOf(fctx) == crossSite
	s.note(fctx, slot)
	_ = s.gate.Sessions.Enter(r, slot, cookieHeader(fctx))
}

// note keeps where a session begins that begins with this request.
func (s *Server) note(fctx *fasthttp.RequestCtx, slot *session.Slot) {
	slot.Device, slot.Address = string(fctx.UserAgent()), s.client(fctx, peer(fctx)).String()
}

// recognise finds out who calls, and whether a token was sent that is nobody's. That nobody known calls is no error.
func (s *Server) recognise(fctx *fasthttp.RequestCtx, r *request, route *route, e *entrance) (refused bool, err error) {
	if route.Op.Auth == api.Token {
		token := bearer(&fctx.Request.Header)
		if token == "" {
			return false, nil
		}
		e.caller, err = s.gate.Tokens(r, token)
		if e.caller.Anonymous() {
			return err == nil, err
		}
		e.caller.Way = api.Token
		return false, err
	}
	if route.protected {
		s.note(fctx, &e.slot)
	}
	if err := s.gate.Sessions.Enter(r, &e.slot, cookieHeader(fctx)); err != nil {
		return false, err
	}
	if sess := e.slot.Session(); sess != nil {
		e.caller = api.Caller{Subject: sess.User, Roles: sess.Roles, Way: api.Session}
	}
	return false, nil
}

// checkSite keeps other sites from acting for the user of a session: the browser would send its cookie along. What says where it comes from has
// to come from here; what does not, and is no browser's, has to hold the token of the session.
func (s *Server) checkSite(fctx *fasthttp.RequestCtx, slot *session.Slot) error {
	token := fctx.Request.Header.PeekCanonical([]byte(headerCSRF))
	switch from := s.siteOf(fctx); {
	case from == crossSite:
		slot.CrossSite = true
		return errCrossSite
	case from == sameSite && len(token) == 0:
		return nil
	case s.gate.Sessions.CheckCSRF(slot.Session(), string(token)):
		return nil
	case len(token) > 0:
		return errWrongCSRF
	default:
		return errNoCSRF
	}
}

// leave gives the browser the cookie of a session that has begun or ended, and to a program the token that goes with a session that has begun.
func (s *Server) leave(fctx *fasthttp.RequestCtx, e *entrance) {
	if e == nil || s.gate.Sessions == nil {
		return
	}
	var buf [256]byte
	if cookie := s.gate.Sessions.AppendCookie(buf[:0], &e.slot); len(cookie) > 0 {
		h := &fctx.Response.Header
		h.AddBytesV(fasthttp.HeaderSetCookie, cookie)
		if sess := e.slot.Session(); sess != nil {
			h.SetCanonical([]byte(headerCSRF), []byte(s.gate.Sessions.CSRF(sess)))
		}
		h.SetCanonical([]byte(fasthttp.HeaderCacheControl), []byte(notStored))
	}
}

// challenge says what a caller has to show (RFC 9110, section 11.6.1). Of a session there is no scheme in the register, and browsers ignore one
// that they do not know.
func challenge(fctx *fasthttp.RequestCtx, auth api.Auth) {
	value := "Session"
	if auth == api.Token {
		value = "Bearer"
		if len(fctx.Request.Header.Peek(fasthttp.HeaderAuthorization)) > 0 {
			value = `Bearer error="invalid_token"`
		}
	}
	fctx.Response.Header.Set(fasthttp.HeaderWWWAuthenticate, value)
}

// cookieHeader returns the cookies of a request, in one line also where it came in several.
func cookieHeader(fctx *fasthttp.RequestCtx) []byte {
	lines := fctx.Request.Header.PeekAll(fasthttp.HeaderCookie)
	switch len(lines) {
	case 0:
		return nil
	case 1:
		return lines[0]
	default:
		return bytes.Join(lines, []byte("; "))
	}
}

// bearer returns the token of a request's Authorization (RFC 6750, section 2.1); "" where there is none, or more than one header. The scheme Token is what
// some APIs had before there was a standard.
func bearer(h *fasthttp.RequestHeader) string {
	lines := h.PeekAll(fasthttp.HeaderAuthorization)
	if len(lines) != 1 {
		return ""
	}
	scheme, token, _ := bytes.Cut(lines[0], []byte(" "))
	if !bytes.EqualFold(scheme, []byte("Bearer")) && !bytes.EqualFold(scheme, []byte("Token")) {
		return ""
	}
	return string(bytes.TrimSpace(token))
}
