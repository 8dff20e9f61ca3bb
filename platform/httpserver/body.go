package httpserver

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/fault"
)

// takeBody reads the body of a request, unless its route takes it as it arrives: then it returns the body that the handler reads. fasthttp gives
// every body as a stream, because it knows no other way to give one as such.
func (s *Server) takeBody(fctx *fasthttp.RequestCtx) (*uploadBody, error) {
	req := &fctx.Request
	if !req.IsBodyStream() {
		return nil, nil
	}
	length, u := req.Header.ContentLength(), s.uploadOf(fctx)
	if int64(length) > s.bodyLimit(u) {
		return nil, fasthttp.ErrBodyTooLarge
	}
	if u.Size > 0 {
		if c := connOf(fctx); c != nil {
			c.more = int(4 * u.Size) // chunks of a few bytes are as good as large ones
		}
		body := &uploadBody{stream: req.BodyStream(), length: int64(length), limit: u}
		req.SetBodyStream(body, length)
		return body, nil
	}
	body, err := readBody(req.BodyStream(), length, int(s.cfg.BodyLimit))
	if err != nil {
		return nil, err
	}
	req.SetBodyRaw(body)
	return nil, nil
}

// readBody reads a body of a length, chunked for one that is not known, of which at most limit bytes are allowed.
func readBody(r io.Reader, length, limit int) ([]byte, error) {
	if length >= 0 {
		body := make([]byte, length)
		if _, err := io.ReadFull(r, body); err != nil {
			return nil, err
		}
		return body, nil
	}
	body, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err == nil && len(body) > limit {
		err = fasthttp.ErrBodyTooLarge
	}
	return body, err
}

// upload returns the limits of the upload at a path, zero ones where there is none.
func (s *Server) upload(method, path []byte) api.UploadLimit {
	if m := string(method); !s.uploads || m != http.MethodPost && m != http.MethodPut && m != http.MethodPatch {
		return api.UploadLimit{}
	}
	if p := s.router.find(path); p != nil {
		if r := p.route(method); r != nil {
			return r.Upload
		}
	}
	return api.UploadLimit{}
}

// uploadOf returns the limits of the upload that a request is, zero ones where it is none.
func (s *Server) uploadOf(fctx *fasthttp.RequestCtx) api.UploadLimit {
	return s.upload(fctx.Method(), fctx.URI().PathOriginal())
}

// bodyLimit returns how many bytes a body may have where these are the limits of the upload.
func (s *Server) bodyLimit(u api.UploadLimit) int64 {
	if u.Size > 0 {
		return u.Size
	}
	return int64(s.cfg.BodyLimit)
}

// expect answers Expect: 100-continue, with what fasthttp takes for the status: a body whose length is too large is refused before it is sent.
func (s *Server) expect(fctx *fasthttp.RequestCtx) int {
	if int64(fctx.Request.Header.ContentLength()) <= s.bodyLimit(s.uploadOf(fctx)) {
		return http.StatusContinue
	}
	s.refuse(fctx, fasthttp.ErrBodyTooLarge)
	return fctx.Response.StatusCode()
}

// tooLarge is the answer to a body of more bytes than it may have.
func tooLarge(limit int64) error {
	return api.ProtocolError("content-too-large", "body_too_large", fmt.Sprintf("The body may have at most %d bytes.", limit))
}

// received returns when a request began, and how many bytes its body had. What a handler has left unread ends the connection.
func (s *Server) received(fctx *fasthttp.RequestCtx, r *request) (began time.Time, size int64) {
	began = r.until.Add(-s.cfg.RequestTimeout)
	sent := r.sent()
	if sent == nil {
		return began, int64(len(fctx.Request.Body()))
	}
	switch {
	case sent.ended:
	case sent.broken:
		hangUp(fctx, briefly())
	default:
		hangUp(fctx, toTheEnd())
	}
	return began.Add(-sent.limit.Time), sent.read
}

// uploadBody is a body that its handler reads while it arrives.
type uploadBody struct {
	stream io.Reader
	length int64 // as the client has said it, chunked for nothing
	limit  api.UploadLimit
	read   int64
	ended  bool
	broken bool // it came too slowly, or not as it has to
}

// Read is part of io.Reader. Its errors are answers.
func (b *uploadBody) Read(p []byte) (int, error) {
	if over := b.limit.Size - b.read + 1; int64(len(p)) > over {
		p = p[:over]
	}
	n, err := b.stream.Read(p)
	b.read += int64(n)
	switch {
	case b.read > b.limit.Size:
		return 0, tooLarge(b.limit.Size)
	case err == io.EOF && b.length > b.read:
		b.broken = true
		return n, errCutOff
	case err != nil && err != io.EOF:
		b.broken = true
		return n, uploadError(err)
	}
	b.ended = err == io.EOF || b.read == b.length
	return n, err
}

var errCutOff = fault.New(fault.Malformed, "body_cut_off", "The body has ended before all of it was there.")

// uploadError is the answer to a body that cannot be read on.
func uploadError(err error) error {
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return api.ProtocolError("request-timeout", "request_timeout", "The body did not arrive in time.")
	}
	return errCutOff.Because(err)
}
