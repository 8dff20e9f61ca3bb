package httpserver

import (
	"bytes"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/telemetry"
)

// Reads are what an answer was made of. *cache.Reads are some.
type Reads interface {
	// Fresh reports whether nothing of it has changed since.
	Fresh() bool
	// Names returns what it is called.
	Names() []string
}

// responses are the answers that the server keeps itself (api.Caching.Server), of a size together: who was asked for lately stays. It is safe for
// concurrent use.
type responses struct {
	seed maphash.Seed
	kept *otter.Cache[uint64, *response]
	most int // bytes of a single one

	mu      sync.Mutex
	flights map[string]*flight

	hits, misses, joins *telemetry.Count
}

// response is an answer 200 with its compressed forms. It does not change: with another form it is another one.
type response struct {
	key    string
	until  time.Time
	reads  Reads // nil for nothing
	header []field
	tag    string // of the body as it is, "" for none
	body   []byte
	coded  bool     // it may be compressed
	forms  []form   // for the codings that were asked for
	names  []string // of reads, where Edge.Note wants them
}

type field struct{ name, value []byte }

// form is a body in a content coding; nil where it does not shrink.
type form struct {
	coding string
	body   []byte
}

// flight is a request whose answer others wait for.
type flight struct {
	done     chan struct{}
	response *response // once done; nil where it is for one alone
}

// overhead is about what an answer takes beside its bytes.
const overhead = 512

// newResponses returns nil where none are to be kept.
func newResponses(size int, tel *telemetry.Telemetry) (*responses, error) {
	if size == 0 {
		return nil, nil
	}
	requests, err := tel.Counter("http_server_response_cache_requests_total",
		"Requests for answers that the server keeps, by what became of them: hit, miss, or join, which has waited for the answer to another one.", "outcome")
	if err != nil {
		return nil, err
	}
	kept, err := otter.New(&otter.Options[uint64, *response]{
		MaximumWeight: uint64(size),
		Weigher:       func(_ uint64, r *response) uint32 { return uint32(r.size()) },
	})
	if err != nil {
		return nil, err
	}
	return &responses{
		seed: maphash.MakeSeed(), kept: kept, most: size / 8, flights: map[string]*flight{},
		hits: requests.With("hit"), misses: requests.With("miss"), joins: requests.With("join"),
	}, nil
}

func (r *response) size() int {
	n := overhead + len(r.key) + len(r.body)
	for _, f := range r.header {
		n += len(f.name) + len(f.value)
	}
	for _, f := range r.forms {
		n += len(f.body)
	}
	return n
}

// good reports whether the answer may still be given.
func (r *response) good(now time.Time) bool {
	return now.Before(r.until) && (r.reads == nil || r.reads.Fresh())
}

// find returns the answer with this key, nil when there is none that may be given.
func (c *responses) find(hash uint64, key []byte, now time.Time) *response {
	r, ok := c.kept.GetIfPresent(hash)
	if !ok || r.key != string(key) || !r.good(now) {
		return nil
	}
	return r
}

// keep keeps an answer, unless it is too large.
func (c *responses) keep(r *response) {
	if r.size() <= c.most {
		c.kept.Set(maphash.String(c.seed, r.key), r)
	}
}

// replace keeps an answer in the place of the one that it was made of, unless that has gone.
func (c *responses) replace(old, with *response) {
	if with.size() > c.most {
		return
	}
	c.kept.ComputeIfPresent(maphash.String(c.seed, old.key), func(now *response) (*response, otter.ComputeOp) {
		if now != old {
			return now, otter.CancelOp
		}
		return with, otter.WriteOp
	})
}

// join returns the flight for a key. Who begins one ends it.
func (c *responses) join(key string) (f *flight, begun bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.flights[key]; f != nil {
		return f, false
	}
	f = &flight{done: make(chan struct{})}
	c.flights[key] = f
	return f, true
}

func (c *responses) end(key string, f *flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.flights, key)
	close(f.done)
}

// in returns the body in a coding, and whether there is one that has been made.
func (r *response) in(coding string) (body []byte, made bool) {
	i := slices.IndexFunc(r.forms, func(f form) bool { return f.coding == coding })
	if i < 0 {
		return nil, false
	}
	return r.forms[i].body, true
}

// with returns the answer with one more form.
func (r *response) with(coding string, body []byte) *response {
	more := *r
	more.forms = append(slices.Clone(r.forms), form{coding, body})
	return &more
}

// appendKey appends what an answer depends on: its address, with the parameters in the order of their names, and headers. Two requests with one
// key get one answer; two that mean the same and are written differently may have two.
func appendKey(b []byte, h *fasthttp.RequestHeader, path, query []byte, varies []string) []byte {
	b = append(append(append(b, path...), '?'), query...)
	for _, name := range varies {
		b = append(append(b, 0), joined(h, name)...) // no header has a zero byte, nor has an address
	}
	return b
}

// sortQuery returns a query string with its parameters in the order of their names. Where a name is written in an unusual way it stays as it is:
// what has one name in two ways has an order among its values.
func sortQuery(query []byte) []byte {
	if bytes.IndexByte(query, '&') < 0 {
		return query
	}
	var pairs [][]byte
	for pair := range bytes.SplitSeq(query, []byte("&")) {
		if bytes.ContainsAny(nameOf(pair), "%+") {
			return query
		}
		if len(pair) > 0 {
			pairs = append(pairs, pair)
		}
	}
	slices.SortStableFunc(pairs, func(a, b []byte) int { return bytes.Compare(nameOf(a), nameOf(b)) })
	return bytes.Join(pairs, []byte("&"))
}

func nameOf(pair []byte) []byte {
	name, _, _ := bytes.Cut(pair, []byte("="))
	return name
}
