package telemetry

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
)

// sampled is the one flag of trace-flags that level 1 defines.
const sampled = 0x01

// traceparentLen is the length of a traceparent of version 00.
const traceparentLen = len("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")

// Trace is a place in a trace across processes, after W3C Trace Context, level 1 (https://www.w3.org/TR/trace-context-1/). It is a
// value: copy it freely. The zero value means no trace.
type Trace struct {
	TraceID [16]byte // the same in every process that the trace passes
	Parent  [8]byte  // the span that led to Span; zero where the trace began, or when that is not known
	Span    [8]byte  // where we are
	Flags   byte     // bit 0: the caller may have recorded the trace
	State   string   // the tracestate header, passed on as it came; empty for none
}

// NewTrace begins a trace with random ids. It is marked as sampled: its requests are recorded, in the access log. The ids are
// unique, not secret.
func NewTrace() Trace {
	t := Trace{Flags: sampled, Span: newSpan()}
	for t.TraceID == [16]byte{} { // all zero is not an id
		binary.NativeEndian.PutUint64(t.TraceID[:8], rand.Uint64())
		binary.NativeEndian.PutUint64(t.TraceID[8:], rand.Uint64())
	}
	return t
}

func newSpan() (span [8]byte) {
	for span == [8]byte{} {
		binary.NativeEndian.PutUint64(span[:], rand.Uint64())
	}
	return span
}

// ContinueTrace returns the trace for a request that came with these headers: a child of the caller's span, or a new trace when
// traceparent is missing or malformed. A malformed tracestate is left out, which does not end the trace. A repeated tracestate
// header has to be joined by commas before.
func ContinueTrace(traceparent, tracestate []byte) Trace {
	t, ok := ParseTraceparent(traceparent)
	if !ok {
		return NewTrace()
	}
	t.State, _ = ParseTracestate(tracestate)
	return t.Child()
}

// Child returns a new span of the same trace, caused by t's.
func (t Trace) Child() Trace {
	t.Parent, t.Span = t.Span, newSpan()
	return t
}

// Valid reports whether t has a trace id and a span.
func (t Trace) Valid() bool {
	return t.TraceID != [16]byte{} && t.Span != [8]byte{}
}

// ParseTraceparent reads a traceparent header. Span of what it returns is the caller's span. It refuses what the specification
// refuses: version ff, upper case, ids of zeros, anything behind version 00. Of a later version it reads the part that version 00
// knows. It does not allocate.
func ParseTraceparent(b []byte) (Trace, bool) {
	if len(b) < traceparentLen || b[2] != '-' || b[35] != '-' || b[52] != '-' {
		return Trace{}, false
	}
	var t Trace
	var version, flags [1]byte
	if !parseHex(version[:], b) || !parseHex(t.TraceID[:], b[3:]) || !parseHex(t.Span[:], b[36:]) || !parseHex(flags[:], b[53:]) {
		return Trace{}, false
	}
	switch longer := len(b) > traceparentLen; {
	case version[0] == 0xff, version[0] == 0 && longer, longer && b[traceparentLen] != '-', !t.Valid():
		return Trace{}, false
	}
	t.Flags = flags[0] & sampled // the others have no meaning yet and must not be passed on
	return t, true
}

// AppendTraceparent appends the value of a traceparent header, version 00, and returns the longer slice.
func (t Trace) AppendTraceparent(dst []byte) []byte {
	dst = append(dst, "00-"...)
	dst = hex.AppendEncode(dst, t.TraceID[:])
	dst = append(dst, '-')
	dst = hex.AppendEncode(dst, t.Span[:])
	return append(dst, '-', '0', '0'+t.Flags&sampled)
}

// hexDigits maps a byte to the value of the lower case hexadecimal digit it is, plus one; 0 is no digit. A table, since digits of
// a random id make every branch a coin toss.
var hexDigits = [256]byte{ //nolint:gochecknoglobals // Go has no constant arrays
	'0': 1, '1': 2, '2': 3, '3': 4, '4': 5, '5': 6, '6': 7, '7': 8, '8': 9, '9': 10,
	'a': 11, 'b': 12, 'c': 13, 'd': 14, 'e': 15, 'f': 16,
}

// parseHex fills dst from the hexadecimal digits at the start of src, which has to be long enough.
func parseHex(dst, src []byte) bool {
	ok := true
	for i := range dst {
		hi, lo := hexDigits[src[2*i]], hexDigits[src[2*i+1]]
		ok = ok && hi != 0 && lo != 0
		dst[i] = (hi-1)<<4 | (lo - 1)
	}
	return ok
}
