package api

import (
	"net/http"
	"slices"

	"github.com/banyan-go/banyan/platform/api/internal/plan"
	"github.com/banyan-go/banyan/platform/page"
	"github.com/banyan-go/banyan/platform/patch"
)

const codeBadEncoding = "bad_content_encoding"

// codes are the codes of the errors that an operation can answer with, by status: those of its Op first, then those that come with its
// types. What stands in front of all operations, the limits of HTTP for instance, is none of them.
type codes map[int][]string

func (c codes) add(status int, more ...string) {
	for _, code := range more {
		if !slices.Contains(c[status], code) {
			c[status] = append(c[status], code)
		}
	}
}

// declared begins with those of Op.Errors and those of who is let in.
func declared(m Mounted) codes {
	c := codes{}
	switch {
	case !m.Op.Auth.Open() && !m.Op.Allow.anybody:
		c.add(http.StatusUnauthorized, ErrUnauthenticated.Code)
		c.add(http.StatusForbidden, ErrForbidden.Code)
	case m.Op.Auth == Token: // which may be missing, but not be wrong
		c.add(http.StatusUnauthorized, ErrUnauthenticated.Code)
	}
	if m.Op.Auth == Session {
		c.add(http.StatusServiceUnavailable, "sessions_unavailable")
		if m.Writes() {
			c.add(http.StatusForbidden, "cross_site", "csrf_token")
		}
	}
	for _, e := range m.Op.Errors {
		c.add(problemType(e.Kind.String()).Status, e.Code)
	}
	return c
}

// rawCodes are those that a raw route is known for, and what may become of any request.
func rawCodes(m Mounted) codes {
	c := declared(m)
	c.add(http.StatusBadRequest, codeBadEncoding)
	if m.Op.Upload.Size > 0 {
		c.upload()
	}
	c.anywhere()
	return c
}

// upload adds what may become of a body that is read while it arrives.
func (c codes) upload() {
	c.add(http.StatusBadRequest, "body_cut_off")
	c.add(http.StatusRequestTimeout, "request_timeout")
	c.add(http.StatusRequestEntityTooLarge, "body_too_large")
	c.add(http.StatusUnsupportedMediaType, codeCodedUpload)
	c.add(http.StatusUnprocessableEntity, "invalid")
}

// codes returns what m can answer with.
func (op *operation) codes(m Mounted) codes {
	c := declared(m)
	c.add(http.StatusBadRequest, errQuerySyntax.Code, errQueryCount.Code)
	if !op.content {
		c.add(http.StatusNotAcceptable, "not_acceptable")
	}
	c.add(http.StatusUnprocessableEntity, "invalid")
	if len(op.paths) > 0 {
		c.add(http.StatusBadRequest, errBadPath.Code)
		c.add(http.StatusNotFound, errNoSuchPath.Code)
	}
	if op.page != nil {
		c.add(http.StatusBadRequest, page.ErrCursor.Code)
	}
	switch {
	case op.incoming:
		c.upload()
	case op.body == nil:
		c.add(http.StatusBadRequest, errUnexpectedBody.Code)
	default:
		c.add(http.StatusBadRequest, plan.CodeEmptyBody, plan.CodeInvalidJSON, plan.CodeDuplicateKey, plan.CodeTooDeep, plan.CodeTrailingData,
			plan.CodeInvalidUTF8, codeBadEncoding)
		if !op.optional {
			c.add(http.StatusLengthRequired, "length_required")
		}
		c.add(http.StatusRequestEntityTooLarge, "body_too_large")
		c.add(http.StatusUnsupportedMediaType, "unsupported_media_type", "unsupported_content_encoding")
	}
	if m.Method == http.MethodPost {
		c.add(http.StatusBadRequest, "idempotency_key_malformed", "idempotency_key_guessable")
		c.add(http.StatusConflict, "idempotency_in_flight", "idempotency_answer_gone")
		c.add(http.StatusUnprocessableEntity, "idempotency_key_reused")
	}
	if op.ifMatch != nil {
		c.add(http.StatusBadRequest, errIfMatch.Code)
		c.add(http.StatusPreconditionFailed, patch.ErrVersion.Code)
		if op.ifMatch.Required {
			c.add(http.StatusPreconditionRequired, errNoIfMatch.Code)
		}
	}
	c.anywhere()
	return c
}

// anywhere adds what may become of any request.
func (c codes) anywhere() {
	c.add(http.StatusTooManyRequests, "rate_limited")
	c.add(http.StatusInternalServerError, "internal")
	c.add(http.StatusServiceUnavailable, "timeout", "overloaded", "limit_unavailable", "store_unavailable", "database_busy", "database_full")
}

// OnUndeclared has fn called with each code that a handler's error is answered with and that neither the Errors of its operation name nor its
// types imply: no document tells of it. A 404 of an operation with parameters in its path is none of them. It is for the start; fn is called by the goroutines of requests.
func (a *API) OnUndeclared(fn func(operation, code string)) { a.undeclared = fn }

// watch tells of the error of a handler when the document of its operation does not.
func (c *call) watch(err error) {
	if c.api.undeclared == nil {
		return
	}
	t, f := classify(err)
	if t.Status == http.StatusNotFound && len(c.op.paths) > 0 {
		return // routes that were generated before they named it have a 404 of their own, and the status is documented
	}
	if !slices.Contains(c.codes()[t.Status], f.Code) {
		c.api.undeclared(c.id, f.Code)
	}
}
