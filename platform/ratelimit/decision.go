package ratelimit

import (
	"strconv"
	"time"

	"github.com/banyan-go/banyan/platform/fault"
)

// Names of headers (draft-ietf-httpapi-ratelimit-headers-11).
const (
	HeaderPolicy = "RateLimit-Policy"
	HeaderLimit  = "RateLimit"
)

// Decision is what has been decided about one request.
type Decision struct {
	Allowed bool
	Rule    string // its name; "" where there is no limit
	Limit   int    // what the rule lets through in its window
	// Remaining is how many requests more would be let through now.
	Remaining int
	// Reset is the time until the whole limit is there again.
	Reset time.Duration
	// RetryAfter is the time until the next request is let through; 0 where this one was.
	RetryAfter time.Duration

	policy string // the value of RateLimit-Policy
}

// ErrLimited is the error of a request that came too early.
var ErrLimited = fault.New(fault.TooMany, "rate_limited", "You have asked too often.")

// Err returns nil for a request that was let through, and for another one ErrLimited with the time to wait.
func (d Decision) Err() error {
	if d.Allowed {
		return nil
	}
	return ErrLimited.WithRetryAfter(d.RetryAfter)
}

// Counted reports whether there is a limit, and so something to say in headers.
func (d Decision) Counted() bool { return d.policy != "" }

// AppendPolicy appends the value of the header RateLimit-Policy: "default";q=600;w=60.
func (d Decision) AppendPolicy(dst []byte) []byte { return append(dst, d.policy...) }

// AppendLimit appends the value of the header RateLimit: "default";r=599;t=42.
func (d Decision) AppendLimit(dst []byte) []byte {
	dst = append(append(append(dst, '"'), d.Rule...), `";r=`...)
	dst = strconv.AppendInt(dst, int64(d.Remaining), 10)
	return strconv.AppendInt(append(dst, ";t="...), seconds(d.Reset), 10)
}

// AppendRetryAfter appends the value of the header Retry-After, in seconds and at least 1.
func (d Decision) AppendRetryAfter(dst []byte) []byte {
	return strconv.AppendInt(dst, max(1, seconds(d.RetryAfter)), 10)
}

// seconds rounds up: who waits as long as it is told has waited long enough.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// policy writes the value of RateLimit-Policy.
func policy(name string, r Rule) string {
	return `"` + name + `";q=` + strconv.Itoa(r.Max) + ";w=" + strconv.FormatInt(seconds(r.Window), 10)
}
