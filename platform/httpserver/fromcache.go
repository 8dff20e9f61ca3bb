package httpserver

import (
	"bytes"
	"context"
	"hash/maphash"
	"net/http"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api"
)

// fromCache answers a request for what the server keeps: with that, or by the operation, of several requests at once by one of them. A request that the
// operation is going to refuse for what is no part of the key gets to it. What the operation sees, and the answer may depend on, is in the key.
func (s *Server) fromCache(fctx *fasthttp.RequestCtx, r *request, route *route) error {
	req := &fctx.Request
	if len(req.Body()) > 0 || !api.AcceptsJSON(&req.Header) || !s.droppable(fctx) {
		return s.operate(fctx, r, route)
	}
	query := fctx.URI().QueryString()
	if sorted := sortQuery(query); !bytes.Equal(sorted, query) {
		fctx.URI().SetQueryStringBytes(sorted)
		query = fctx.URI().QueryString()
	}
	var buf [256]byte
	key := appendKey(buf[:0], &req.Header, fctx.URI().PathOriginal(), query, route.varies())
	c := s.responses
	if kept := c.find(maphash.Bytes(c.seed, key), key, fctx.Time()); kept != nil {
		c.hits.Inc()
		s.noteAddress(fctx, route, kept.names)
		s.give(fctx, r, kept)
		return nil
	}
	return s.fill(fctx, r, route, string(key))
}

// fill has the operation answer, or waits for whoever does. One that has waited for nothing asks the operation itself: what is for one alone, an
// error or an answer that is out of date by now, would otherwise be made for one after the other.
func (s *Server) fill(fctx *fasthttp.RequestCtx, r *request, route *route, key string) error {
	c := s.responses
	f, begun := c.join(key)
	if begun {
		defer c.end(key, f) // also of a handler that panics
		c.misses.Inc()
		var err error
		f.response, err = s.produce(fctx, r, route, key)
		return err
	}
	c.joins.Inc()
	select {
	case <-f.done:
	case <-r.Done():
		return r.Err()
	}
	if f.response != nil && f.response.good(fctx.Time()) {
		s.noteAddress(fctx, route, f.response.names)
		s.give(fctx, r, f.response)
		return nil
	}
	_, err := s.produce(fctx, r, route, key)
	return err
}

// produce has the operation answer, and keeps the answer where it is for others. It returns nil where it is not.
func (s *Server) produce(fctx *fasthttp.RequestCtx, r *request, route *route, key string) (*response, error) {
	ctx, reads := s.collect(r, route)
	if err := route.Serve(ctx, fctx); err != nil {
		return nil, err
	}
	s.publish(fctx, route, reads)
	resp := &fctx.Response
	if resp.StatusCode() != http.StatusOK || resp.IsBodyStream() || setsCookie(&resp.Header) || private(&resp.Header) || reads != nil && !reads.Fresh() {
		return nil, nil
	}
	kept := &response{key: key, until: fctx.Time().Add(route.Op.Cache.Server), reads: reads, coded: s.compressor.applies(resp), tag: entityTag(resp)}
	if s.edge != nil && s.edge.ByAddress() {
		kept.names = namesOf(reads)
	}
	kept.header = s.ownHeader(&resp.Header)
	kept.body = bytes.Clone(resp.Body())
	if coding := s.codingFor(fctx, kept); coding != "" {
		kept = kept.with(coding, s.compressor.shrink(coding, kept.body))
	}
	s.responses.keep(kept)
	s.give(fctx, r, kept)
	return kept, nil
}

// ownHeader returns what an answer says beside what every answer of this client does.
func (s *Server) ownHeader(h *fasthttp.ResponseHeader) (own []field) {
	for name, value := range h.All() {
		switch string(name) {
		case fasthttp.HeaderContentLength, fasthttp.HeaderServer, fasthttp.HeaderDate, fasthttp.HeaderConnection, fasthttp.HeaderTransferEncoding, headerETag:
			continue
		}
		if bytes.HasPrefix(name, []byte("Ratelimit")) || bytes.HasPrefix(name, []byte("X-Ratelimit")) || bytes.Equal(s.defaults.PeekCanonical(name), value) {
			continue
		}
		own = append(own, field{bytes.Clone(name), bytes.Clone(value)})
	}
	return own
}

// give answers with what is kept, in the form that the client wants, or says that it has it.
func (s *Server) give(fctx *fasthttp.RequestCtx, r *request, kept *response) {
	r.settled = true
	resp := &fctx.Response
	for _, f := range kept.header {
		resp.Header.SetCanonical(f.name, f.value)
	}
	if kept.tag != "" {
		resp.Header.SetCanonical([]byte(headerETag), []byte(kept.tag))
		if has(fctx, kept.tag) {
			return
		}
	}
	coding := s.codingFor(fctx, kept)
	body := kept.body
	if coding != "" {
		compressed, made := kept.in(coding)
		if !made {
			compressed = s.compressor.shrink(coding, kept.body)
			s.responses.replace(kept, kept.with(coding, compressed))
		}
		if compressed != nil {
			body = compressed
			resp.Header.SetContentEncoding(coding)
			if kept.tag != "" {
				resp.Header.SetCanonical([]byte(headerETag), []byte(tagIn(kept.tag, coding)))
			}
		}
	}
	resp.SetBodyRaw(body)
}

// codingFor returns the coding in which a client wants an answer, "" for none.
func (s *Server) codingFor(fctx *fasthttp.RequestCtx, kept *response) string {
	if !kept.coded {
		return ""
	}
	return s.compressor.choose(string(joined(&fctx.Request.Header, fasthttp.HeaderAcceptEncoding)))
}

// operate has the operation answer for this request alone.
func (s *Server) operate(fctx *fasthttp.RequestCtx, r *request, route *route) error {
	if !route.shared() && route.Op.Cache.IsZero() {
		err := route.Serve(r, fctx)
		if err == nil {
			s.publish(fctx, route, nil)
		}
		return err
	}
	ctx, reads := s.collect(r, route)
	err := route.Serve(ctx, fctx)
	if err == nil {
		s.publish(fctx, route, reads)
	}
	return err
}

// collect returns the context for an operation whose answer may be kept, and what it reads; nil where nobody knows.
func (s *Server) collect(r *request, route *route) (context.Context, Reads) {
	if s.reads == nil {
		return r, nil
	}
	return s.reads(r, route.Op.Cache.Tags)
}

// tagIn returns the entity tag of a representation in a coding, which is another one.
func tagIn(tag, coding string) string { return strings.TrimSuffix(tag, `"`) + "-" + coding + `"` }
