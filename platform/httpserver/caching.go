package httpserver

import (
	"bytes"
	"net/http"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api"
)

// keeping says who may keep the answers of a route. It is settled when the route is mounted.
type keeping struct {
	control []byte          // of answers that caches in front may keep; empty where they may not
	varies  func() []string // the headers that answers depend on; nil where nobody keeps any
	here    bool            // the server keeps them
}

func (s *Server) keepingOf(e *api.Endpoint) keeping {
	if e.Op.Cache.IsZero() {
		return keeping{}
	}
	k := keeping{control: []byte(e.Op.Cache.Control()), here: e.Op.Cache.Server > 0 && s.responses != nil}
	if e.Varies != nil {
		k.varies = sync.OnceValue(e.Varies)
	}
	return k
}

// shared reports whether the route has answers that caches in front may keep: these say nothing about one client.
func (k *keeping) shared() bool { return len(k.control) > 0 }

// publish says of an answer that was made of reads, nil for nothing, who may keep it. It comes when everything in it is there but what every
// answer has. What is out of date by now nobody may.
func (s *Server) publish(fctx *fasthttp.RequestCtx, route *route, reads Reads) {
	h := &fctx.Response.Header
	if answersGet(route) && setsCookie(h) {
		if !private(h) {
			h.SetCanonical([]byte(fasthttp.HeaderCacheControl), []byte(notStored))
		}
		return
	}
	if !route.shared() || fctx.Response.StatusCode() != http.StatusOK || private(h) || reads != nil && !reads.Fresh() {
		return
	}
	if route.Serve == nil && credentials(&fctx.Request.Header) {
		h.SetCanonical([]byte(fasthttp.HeaderCacheControl), []byte(notStored)) // what has been looked at, only the handler knows
		return
	}
	if !s.label(fctx, route, reads) {
		return
	}
	h.SetCanonical([]byte(fasthttp.HeaderCacheControl), route.control)
	if route.varies != nil {
		for _, name := range route.varies() {
			vary(h, name)
		}
	}
}

// Edge is the caches in front, which are told what is out of date. *cdn.CDN is one.
type Edge interface {
	// Label returns the header by which an answer tells what it was made of: the name is empty where no cache wants to know, and the value where
	// there is too much to tell.
	Label(names []string) (header, value string)
	// ByAddress reports whether Note wants to know of answers.
	ByAddress() bool
	// Note takes the address of an answer, what it was made of, and how long caches may keep it.
	Note(address string, names []string, lasts time.Duration)
}

// label tells the caches in front what an answer was made of. It returns false when that cannot be told: then nobody could drop it.
func (s *Server) label(fctx *fasthttp.RequestCtx, route *route, reads Reads) bool {
	if s.edge == nil {
		return true
	}
	names := namesOf(reads)
	header, value := s.edge.Label(names)
	if header != "" && value == "" || !s.droppable(fctx) {
		return false
	}
	if header != "" {
		fctx.Response.Header.Set(header, value)
	}
	s.noteAddress(fctx, route, names)
	return true
}

// longestNoted is how long the address of an answer may be, in bytes, that caches in front keep by it. They take lines of 8 KiB, and that of a purge is
// longer than that of a GET.
const longestNoted = 4 << 10

// droppable reports whether caches in front can be told to drop the answer to a request.
func (s *Server) droppable(fctx *fasthttp.RequestCtx) bool {
	return s.edge == nil || !s.edge.ByAddress() || len(fctx.Request.Header.RequestURI()) <= longestNoted
}

// noteAddress notes where an answer was given that caches in front may keep.
func (s *Server) noteAddress(fctx *fasthttp.RequestCtx, route *route, names []string) {
	if s.edge == nil || !route.shared() || !s.edge.ByAddress() {
		return
	}
	c := route.Op.Cache
	s.edge.Note(string(originForm(fctx.Request.Header.RequestURI())), names, c.SMaxAge+c.StaleWhileRevalidate)
}

// originForm returns the path and the query of what a request is for, without the host that a client of proxies writes in front.
func originForm(target []byte) []byte {
	_, rest, absolute := bytes.Cut(target, []byte("://"))
	if target[0] == '/' || !absolute {
		return target
	}
	switch i := bytes.IndexAny(rest, "/?"); {
	case i < 0:
		return []byte("/")
	case rest[i] == '?':
		return append([]byte("/"), rest[i:]...)
	default:
		return rest[i:]
	}
}

// namesOf returns what an answer was made of.
func namesOf(reads Reads) []string {
	if reads != nil {
		return reads.Names()
	}
	return nil
}

// answersGet reports whether the answers of a route are of the kind that caches keep.
func answersGet(r *route) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// setsCookie reports whether an answer has something for one client.
func setsCookie(h *fasthttp.ResponseHeader) bool {
	for range h.Cookies() {
		return true
	}
	return false
}

// private reports whether a handler has said itself that its answer is not for others.
func private(h *fasthttp.ResponseHeader) bool {
	control := h.PeekCanonical([]byte(fasthttp.HeaderCacheControl))
	return bytes.Contains(control, []byte("private")) || bytes.Contains(control, []byte("no-store"))
}

// credentials reports whether a request says who sends it.
func credentials(h *fasthttp.RequestHeader) bool {
	return len(h.PeekCanonical([]byte(fasthttp.HeaderCookie))) > 0 || len(h.PeekCanonical([]byte(fasthttp.HeaderAuthorization))) > 0
}

// vary adds the name of a header that the answer depends on. All of them stand in one line: nginx before 1.23 heeds the last line alone, and
// would give a compressed body to whoever cannot read it.
func vary(h *fasthttp.ResponseHeader, name string) {
	if len(h.PeekCanonical([]byte(fasthttp.HeaderVary))) == 0 {
		h.SetCanonical([]byte(fasthttp.HeaderVary), []byte(name))
		return
	}
	var names []byte
	for _, line := range h.PeekAll(fasthttp.HeaderVary) {
		if len(names) > 0 {
			names = append(names, ", "...)
		}
		names = append(names, line...)
	}
	for listed := range bytes.SplitSeq(names, []byte(",")) {
		if listed = bytes.TrimSpace(listed); bytes.EqualFold(listed, []byte(name)) || string(listed) == "*" {
			return
		}
	}
	h.Del(fasthttp.HeaderVary)
	h.SetCanonical([]byte(fasthttp.HeaderVary), append(append(names, ", "...), name...))
}
