package api

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
)

// Caching says how long an answer may be kept, and by whom. It is for operations that get something and are open to everybody: what such an
// operation answers with depends on its address and on the headers that its In reads, and on nothing else of a request, so that one answer is
// good for all. The zero Caching lets nobody keep it without asking again. Kept are answers 200, and never one that sets a cookie.
type Caching struct {
	// SMaxAge is how long caches between client and server may keep an answer, in whole seconds (RFC 9111, section 5.2.2.10). 0 lets none.
	// Browsers ask again each time, with If-None-Match.
	SMaxAge time.Duration
	// StaleWhileRevalidate is how long after that they may still give the old answer while they fetch a new one, in whole seconds (RFC 5861).
	StaleWhileRevalidate time.Duration
	// Server is how long the server itself keeps an answer, with its compressed forms, and gives it without asking the operation. It ends
	// earlier with what the operation has read through package cache, and with Tags. 0 keeps none. A raw route has none.
	Server time.Duration
	// Tags are names by which kept answers are dropped, here and in front (cache.Cache.InvalidateTags), beside all that the operation has
	// read through package cache.
	Tags []string
}

// The bounds of a Caching.
const (
	maxAge  = 365 * 24 * time.Hour
	maxTags = 16
	maxTag  = 64 // bytes
)

// IsZero reports whether nobody may keep the answer.
func (c Caching) IsZero() bool {
	return c.SMaxAge == 0 && c.StaleWhileRevalidate == 0 && c.Server == 0 && len(c.Tags) == 0
}

// Control returns the header Cache-Control of an answer that caches in front may keep, "" when they may not.
func (c Caching) Control() string {
	if c.SMaxAge <= 0 {
		return ""
	}
	control := "public, max-age=0, s-maxage=" + seconds(c.SMaxAge)
	if c.StaleWhileRevalidate > 0 {
		control += ", stale-while-revalidate=" + seconds(c.StaleWhileRevalidate)
	}
	return control
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }

// check reports what is wrong with it, for a route with this Op.
func (c Caching) check(r *Route) error {
	switch {
	case c.IsZero():
		return nil
	case r.Method != http.MethodGet:
		return errors.New("Op.Cache is for operations that get")
	case r.Op.Auth != Public:
		return fmt.Errorf("Op.Cache is for what everybody may have (api.Public), and the operation wants a %s: one caller would get what was made for another", r.Op.Auth)
	case r.Op.Status != 0 && r.Op.Status != http.StatusOK:
		return fmt.Errorf("Op.Cache is for answers 200, and Op.Status is %d", r.Op.Status)
	case r.IsRaw() && c.Server != 0:
		return errors.New("Op.Cache.Server is for operations with types: of a raw route nobody knows what its answer depends on")
	case c.SMaxAge == 0 && c.StaleWhileRevalidate != 0:
		return errors.New("Op.Cache.StaleWhileRevalidate says what comes after Op.Cache.SMaxAge, which is 0")
	case c.SMaxAge == 0 && c.Server == 0:
		return errors.New("Op.Cache has tags and no time: set SMaxAge or Server")
	case c.Server < 0 || c.Server > maxAge:
		return fmt.Errorf("Op.Cache.Server is %s: 0 to a year", c.Server)
	}
	for name, d := range map[string]time.Duration{"SMaxAge": c.SMaxAge, "StaleWhileRevalidate": c.StaleWhileRevalidate} {
		if d < 0 || d > maxAge || d%time.Second != 0 {
			return fmt.Errorf("Op.Cache.%s is %s: whole seconds, 0 to a year", name, d)
		}
	}
	if len(c.Tags) > maxTags {
		return fmt.Errorf("Op.Cache has %d tags: at most %d", len(c.Tags), maxTags)
	}
	for _, tag := range c.Tags {
		if !isTag(tag) {
			return fmt.Errorf("the tag %q in Op.Cache is not 1 to %d lower case letters, digits, dots, colons, - and _", tag, maxTag)
		}
	}
	return nil
}

// isTag reports whether a text can be one in the header of every vendor, and in a regular expression that means it alone.
func isTag(text string) bool {
	return len(text) <= maxTag && isWord(text, "_.:-")
}

// cacheable reports why the types of an operation do not go with its Op.Cache.
func (op *operation) cacheable(c Caching) error {
	if c.IsZero() {
		return nil
	}
	if op.result == nil || op.status != http.StatusOK {
		return fmt.Errorf("Op.Cache is for answers 200 with a body, and this one is %d", op.status)
	}
	if op.ifMatch != nil {
		return errors.New("In reads If-Match, which no answer that is kept can heed: see Op.Cache")
	}
	for _, p := range op.headers {
		if strings.EqualFold(p.Name, fasthttp.HeaderCookie) || strings.EqualFold(p.Name, fasthttp.HeaderProxyAuthorization) {
			return fmt.Errorf("In reads the header %s, so the answer is for one caller: see Op.Cache", p.Name)
		}
	}
	for _, name := range []string{fasthttp.HeaderSetCookie, fasthttp.HeaderCacheControl, fasthttp.HeaderVary} {
		if op.answersWith(name) {
			return fmt.Errorf("Out has the header %s, and the operation an Op.Cache: one of them", name)
		}
	}
	return nil
}

// varies returns the headers of a request that In reads, in their canonical letters.
func (op *operation) varies() []string {
	var names []string
	for _, p := range op.headers {
		names = append(names, http.CanonicalHeaderKey(p.Name))
	}
	return names
}
