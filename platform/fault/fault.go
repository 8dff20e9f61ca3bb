// Package fault holds the errors that a use case returns on purpose: a kind that says what sort of failure it is, a code
// that a program can compare, and a sentence that a stranger may read.
//
// Rules and use cases return a *Error. Everything else, a driver's error for instance, is Internal by default, so nothing that
// was not written for a stranger reaches one. The translation to HTTP happens in one place, package api.
package fault

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// Kind sorts failures by what the caller can do about them.
type Kind uint8

// The kinds. The comment names the HTTP status that package api answers with.
const (
	Internal             Kind = iota // 500: a defect or a broken dependency; the caller can only report it
	Malformed                        // 400: the request could not be read
	Unauthenticated                  // 401: the caller is not known
	Forbidden                        // 403: the caller is known and may not do this
	NotFound                         // 404: there is no such thing, or the caller may not know that there is
	Conflict                         // 409: the state of things does not allow it
	Precondition                     // 412: the caller's precondition (If-Match) does not hold
	Invalid                          // 422: understood, but a value breaks a rule; see Fields
	PreconditionRequired             // 428: the caller has to say which version it has seen
	TooMany                          // 429: asked too often
	Unavailable                      // 503: a dependency is away, or the time given to the request is used up; asking again later may help
)

// String returns the kind's name in lower case with hyphens, "not-found" for instance.
func (k Kind) String() string {
	switch k {
	case Malformed:
		return "malformed"
	case Unauthenticated:
		return "unauthenticated"
	case Forbidden:
		return "forbidden"
	case NotFound:
		return "not-found"
	case Conflict:
		return "conflict"
	case Precondition:
		return "precondition-failed"
	case Invalid:
		return "invalid"
	case PreconditionRequired:
		return "precondition-required"
	case TooMany:
		return "too-many-requests"
	case Unavailable:
		return "unavailable"
	default:
		return "internal"
	}
}

// Error is a failure that was foreseen. Its Code, Detail and Fields are written for strangers: never put into them what came
// from a caller, nor SQL, nor a path. Err is the cause: it is logged and never shown.
//
// An Error is a value to share: sentinels are compared with errors.Is, which looks at Code alone, and the With methods copy.
type Error struct {
	Kind   Kind
	Code   string // stable, snake_case, "product_not_found"
	Detail string // one sentence, "No such product."
	Fields []Field
	// RetryAfter is how long a caller should wait before it asks again; 0 says nothing.
	RetryAfter time.Duration
	Err        error
}

// Field says what is wrong with one value of a request.
type Field struct {
	// In is where the value stood: "body", "query", "path" or "header". Empty means body.
	In string
	// Pointer is the JSON Pointer (RFC 6901) of the value inside In: "/price/amount", "/limit".
	Pointer string
	Code    string // stable, snake_case, "max_length"
	Detail  string // "must be at most 64 characters long"
}

// New returns an error of that kind. Code is stable and snake_case, detail one sentence for strangers.
func New(kind Kind, code, detail string) *Error {
	return &Error{Kind: kind, Code: code, Detail: detail}
}

// Error returns the code, the sentence and the cause: a text for logs.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Code + ": " + e.Detail)
	for _, f := range e.Fields {
		b.WriteString(" " + f.Pointer + " " + f.Detail + ";")
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is an *Error with the same code, so that a sentinel matches its copies.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Because returns a copy of e with err as its cause.
func (e *Error) Because(err error) *Error {
	c := *e
	c.Err = err
	return &c
}

// WithDetail returns a copy of e with another sentence for strangers.
func (e *Error) WithDetail(detail string) *Error {
	c := *e
	c.Detail = detail
	return &c
}

// WithFields returns a copy of e that points at these values.
func (e *Error) WithFields(fields ...Field) *Error {
	c := *e
	c.Fields = fields
	return &c
}

// Below returns err with pointer in front of what it points at in the body, for rules that judge a value and do not know where in the body it stands: with "/user" their "/email" becomes
// "/user/email". An error that is no *Error, and one that points at nothing, is returned as it is.
func Below(pointer string, err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || len(e.Fields) == 0 {
		return err
	}
	fields := slices.Clone(e.Fields)
	for i := range fields {
		if f := &fields[i]; f.In == "" || f.In == "body" {
			f.Pointer = pointer + f.Pointer
		}
	}
	return e.WithFields(fields...)
}

// WithRetryAfter returns a copy of e that asks the caller to wait for d.
func (e *Error) WithRetryAfter(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// KindOf returns the kind of the first *Error in err's tree, and Internal when there is none. The kind of nil is Internal too:
// ask only about errors.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}
