package telemetry

import (
	"context"
	"crypto/rand"
	"strings"
	"sync/atomic"
)

// Request identifies the request that is being served. It is read by several goroutines: do not change it once it is in a
// context.
type Request struct {
	ID    string // empty for none
	Trace Trace
}

// RequestKey is the context key of a *Request. It is exported for contexts that answer Value themselves, without an allocation;
// everybody else uses WithRequest and RequestFrom.
type RequestKey struct{}

// WithRequest returns a context that carries r. Log lines made with it name r's ids.
func WithRequest(ctx context.Context, r *Request) context.Context {
	return context.WithValue(ctx, RequestKey{}, r)
}

// RequestFrom returns the request that ctx carries, or nil. A nil ctx carries none.
func RequestFrom(ctx context.Context) *Request {
	if ctx == nil {
		return nil
	}
	r, _ := ctx.Value(RequestKey{}).(*Request)
	return r
}

// Inject hands the headers that continue ctx's trace in another process to set: traceparent, and tracestate where there is one.
// Without a trace it does nothing. http.Header.Set fits.
func Inject(ctx context.Context, set func(key, value string)) {
	r := RequestFrom(ctx)
	if r == nil || !r.Trace.Valid() {
		return
	}
	set("Traceparent", string(r.Trace.AppendTraceparent(make([]byte, 0, traceparentLen))))
	if r.Trace.State != "" {
		set("Tracestate", r.Trace.State)
	}
}

// ValidRequestID reports whether an id that a client sent may be taken over: 1 to 64 of the characters A-Z a-z 0-9 and hyphen.
func ValidRequestID(id []byte) bool {
	if len(id) == 0 || len(id) > 64 {
		return false
	}
	for _, c := range id {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

// requestIDs makes ids: 60 random bits of the process, a hyphen and a counter of 50 bits. Ids of one process sort in the
// order in which they were made.
type requestIDs struct {
	process string
	n       atomic.Uint64
}

// base32 is the alphabet of RFC 4648, section 7 (base32hex), in lower case: digits sort like numbers.
const base32 = "0123456789abcdefghijklmnopqrstuv"

func newRequestIDs() *requestIDs {
	return &requestIDs{process: strings.ToLower(rand.Text()[:12])}
}

// append appends the next id: 23 characters that pass ValidRequestID.
func (r *requestIDs) append(dst []byte) []byte {
	n := r.n.Add(1)
	dst = append(dst, r.process...)
	return append(dst, '-',
		base32[n>>45&31], base32[n>>40&31], base32[n>>35&31], base32[n>>30&31], base32[n>>25&31],
		base32[n>>20&31], base32[n>>15&31], base32[n>>10&31], base32[n>>5&31], base32[n&31])
}
