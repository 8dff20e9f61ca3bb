package httpserver

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/fault"
)

// check refuses requests whose form is wrong or ambiguous and that fasthttp lets pass. Whoever stands in front of this server must not be
// able to read a request in another way than this server does.
func (s *Server) check(req *fasthttp.Request) error {
	h := &req.Header
	switch string(h.Protocol()) {
	case "HTTP/1.1":
		if len(h.Host()) == 0 {
			return api.ProtocolError("malformed", "host_missing", "HTTP/1.1 wants a header Host.")
		}
	case "HTTP/1.0":
	default:
		return api.ProtocolError("version-not-supported", "version_not_supported", "Speak HTTP/1.1 or HTTP/1.0.")
	}
	switch string(h.Method()) {
	case "GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS", "TRACE":
	default:
		return api.ProtocolError("not-implemented", "method_unknown", "The server does not know this method.")
	}
	uri := h.RequestURI()
	if len(uri) > int(s.cfg.URILimit) {
		return s.uriTooLong()
	}
	if err := checkHost(h.Host()); err != nil {
		return err
	}
	if err := s.checkFields(h); err != nil {
		return err
	}
	return checkPath(uri)
}

// checkFields looks at the header fields as they came.
func (s *Server) checkFields(h *fasthttp.RequestHeader) error {
	raw := h.RawHeaders()
	chunked := h.ContentLength() == -1
	fields := 0
	for len(raw) > 2 { // the section ends with an empty line
		line := raw
		if i := bytes.IndexByte(raw, '\n'); i >= 0 {
			line, raw = raw[:i], raw[i+1:]
		} else {
			raw = nil
		}
		fields++
		name, _, _ := bytes.Cut(line, []byte(":"))
		if bytes.IndexByte(name, ' ') >= 0 || bytes.IndexByte(name, '\t') >= 0 {
			return api.ProtocolError("malformed", "bad_header", "A header name holds a space.")
		}
		if chunked && bytes.EqualFold(name, []byte("content-length")) {
			return api.ProtocolError("malformed", "ambiguous_length", "The request has both Content-Length and Transfer-Encoding.")
		}
	}
	if fields > s.cfg.HeaderCount {
		return s.headersTooLarge()
	}
	return nil
}

// checkHost wants a host name or an address, and a port at most: the rest of what fits into the header is for confusing caches and links.
func checkHost(host []byte) error {
	for _, c := range host {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(".-_:[]", c) >= 0) {
			return api.ProtocolError("malformed", "bad_host", "The header Host is not a host name.")
		}
	}
	return nil
}

// checkPath refuses escapes that others undo before they route, and this server does not: %2f, %5c, %00, %2e, and those that are none.
func checkPath(uri []byte) error {
	path, _, _ := bytes.Cut(uri, []byte("?"))
	for {
		i := bytes.IndexByte(path, '%')
		if i < 0 {
			return nil
		}
		if len(path) < i+3 || !isHex(path[i+1]) || !isHex(path[i+2]) {
			return errPath()
		}
		switch strings.ToLower(string(path[i+1 : i+3])) {
		case "2f", "5c", "00", "2e":
			return errPath()
		}
		path = path[i+3:]
	}
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

func errPath() error {
	return api.ProtocolError("malformed", "bad_path", "The path holds an escape that is not allowed there.")
}

func (s *Server) uriTooLong() error {
	return api.ProtocolError("uri-too-long", "uri_too_long", fmt.Sprintf("The address may have at most %d bytes.", s.cfg.URILimit))
}

func (s *Server) headersTooLarge() error {
	return api.ProtocolError("headers-too-large", "headers_too_large", fmt.Sprintf("The headers may be at most %d, with %d bytes.", s.cfg.HeaderCount, s.cfg.HeaderLimit))
}

// readError turns what fasthttp says of a request that it could not read into one of our errors.
func (s *Server) readError(fctx *fasthttp.RequestCtx, err error) error {
	var small *fasthttp.ErrSmallBuffer
	var timeout net.Error
	switch {
	case errors.As(err, &small):
		if c, ok := fctx.Conn().(*conn); ok && c.line >= int(s.cfg.HeaderLimit) {
			return s.uriTooLong()
		}
		return s.headersTooLarge()
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		return api.ProtocolError("content-too-large", "body_too_large", fmt.Sprintf("The body may have at most %d bytes.", s.cfg.BodyLimit))
	case errors.As(err, &timeout) && timeout.Timeout():
		return api.ProtocolError("request-timeout", "request_timeout", "The request did not arrive in time.")
	default:
		return fault.New(fault.Malformed, "bad_request", "The request is not HTTP as this server understands it.")
	}
}
