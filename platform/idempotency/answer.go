package idempotency

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
)

// Answer is what a request was answered with.
type Answer struct {
	Status int
	// Header are the headers that are kept; see Kept.
	Header map[string]string
	Body   []byte
	// Unrepeatable says that nobody else may get this answer, or nobody can: it gives the cookie of a session or a secret that is shown once, or its body is a stream. It is
	// not kept, though that there was one is: a repetition gets ErrGone.
	Unrepeatable bool
}

// Kept returns the names of the headers that belong into Answer.Header: those that speak of the body and of what was made. A cookie is none of
// them: it would make whoever repeats the request the one who sent it.
func Kept() []string { return []string{"Content-Type", "Location", "ETag", "Cache-Control"} }

// kept reports whether the answer would be the same again.
func (a Answer) kept() bool {
	switch a.Status {
	case http.StatusTooManyRequests, // says that the request has not been looked at
		http.StatusNotAcceptable, http.StatusRequestTimeout, http.StatusLengthRequired, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType: // speak of the form
		return false
	default:
		return a.Status < 500
	}
}

// encode returns the headers as a line of JSON and the body behind it.
func (a Answer) encode() []byte {
	line, _ := json.Marshal(a.Header) // texts
	return append(append(line, '\n'), a.Body...)
}

var errDamaged = errors.New("the answer is damaged")

// decode returns what encode has made.
func decode(status int, text []byte) (*Answer, error) {
	line, body, found := bytes.Cut(text, []byte("\n"))
	a := &Answer{Status: status, Body: body}
	if !found || json.Unmarshal(line, &a.Header) != nil {
		return nil, ErrGone.Because(errDamaged)
	}
	return a, nil
}
