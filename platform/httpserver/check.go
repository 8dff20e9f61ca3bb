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
	case "HTTP/1.1", "HTTP/1.0":
	default:
		return api.ProtocolError("version-not-supported", "version_not_supported", "Speak HTTP/1.1 or HTTP/1.0.")
	}
	switch string(h.Method()) {
	case "GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS", "TRACE":
	default:
		return api.ProtocolError("not-implemented", "method_unknown", "The server does not know this method.")
	}
	target := h.RequestURI()
	if len(target) > int(s.cfg.URILimit) {
		return s.uriTooLong()
	}
	if err := s.checkFields(h); err != nil {
		return err
	}
	if err := checkHost(h.Host(), target); err != nil {
		return err
	}
	if err := s.hosts.check(h.Host()); err != nil {
		return err
	}
	return checkTarget(target)
}

// checkFields looks at the header fields as they came.
func (s *Server) checkFields(h *fasthttp.RequestHeader) error {
	raw := h.RawHeaders()
	if len(raw) > 0 && !bytes.HasSuffix(raw, []byte("\r\n\r\n")) {
		return errLine()
	}
	var seen framing
	fields := 0
	for len(raw) > 2 { // the section ends with an empty line
		end := bytes.IndexByte(raw, '\n')
		if end < 1 || raw[end-1] != '\r' || raw[0] == ' ' || raw[0] == '\t' {
			return errLine()
		}
		name, value, _ := bytes.Cut(raw[:end-1], []byte(":"))
		raw = raw[end+1:]
		fields++
		if bytes.IndexByte(name, ' ') >= 0 {
			return api.ProtocolError("malformed", "bad_header", "The name of a header holds a space.")
		}
		if err := seen.add(name, value); err != nil {
			return err
		}
	}
	if fields > s.cfg.HeaderCount {
		return s.headersTooLarge()
	}
	return nil
}

func errLine() error {
	return api.ProtocolError("malformed", "bad_header", "The headers hold a line that ends without a carriage return, or one that is folded.")
}

// framing is what the header fields say of where the request ends.
type framing struct{ length, chunked bool }

func (f *framing) add(name, value []byte) error {
	switch len(name) { // few names get beyond this
	case len("Expect"):
		if bytes.EqualFold(name, []byte("Expect")) && !bytes.EqualFold(bytes.TrimSpace(value), []byte("100-continue")) {
			return api.ProtocolError("expectation-failed", "expectation_failed", "The server meets no expectation but 100-continue.")
		}
	case len("Content-Length"):
		f.length = f.length || bytes.EqualFold(name, []byte("Content-Length"))
	case len("Transfer-Encoding"):
		if !bytes.EqualFold(name, []byte("Transfer-Encoding")) {
			return nil
		}
		if !bytes.EqualFold(bytes.TrimSpace(value), []byte("chunked")) {
			return api.ProtocolError("malformed", "bad_transfer_encoding", "Transfer-Encoding has to be chunked, and nothing else.")
		}
		f.chunked = true
	}
	if f.length && f.chunked {
		return api.ProtocolError("malformed", "ambiguous_length", "The request has both Content-Length and Transfer-Encoding.")
	}
	return nil
}

// checkHost wants a host name or an address, and a port at most: the rest of what fits into the header is for confusing caches and links.
// A target that names a host has to name the same one.
func checkHost(host, target []byte) error {
	for _, c := range host {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(".-_:[]", c) >= 0) {
			return api.ProtocolError("malformed", "bad_host", "The header Host is not a host name.")
		}
	}
	if target[0] == '/' || len(host) == 0 {
		return nil
	}
	if _, rest, absolute := bytes.Cut(target, []byte("://")); absolute {
		if i := bytes.IndexAny(rest, "/?"); i >= 0 {
			rest = rest[:i]
		}
		if !bytes.EqualFold(rest, host) {
			return api.ProtocolError("malformed", "bad_host", "The address names another host than the header Host.")
		}
	}
	return nil
}

// checkTarget refuses what others undo before they route, and this server does not: escapes of / \ . and NUL, segments of dots, a
// fragment; and escapes that are none.
func checkTarget(target []byte) error {
	if bytes.IndexByte(target, '#') >= 0 {
		return errPath()
	}
	path, _, _ := bytes.Cut(target, []byte("?"))
	for rest := path; ; {
		i := bytes.IndexByte(rest, '%')
		if i < 0 {
			break
		}
		if len(rest) < i+3 || !isHex(rest[i+1]) || !isHex(rest[i+2]) {
			return errPath()
		}
		switch strings.ToLower(string(rest[i+1 : i+3])) {
		case "2f", "5c", "00", "2e":
			return errPath()
		}
		rest = rest[i+3:]
	}
	for rest := path; ; {
		i := bytes.Index(rest, []byte("/."))
		if i < 0 {
			return nil
		}
		rest = bytes.TrimPrefix(rest[i+2:], []byte("."))
		if len(rest) == 0 || rest[0] == '/' {
			return errPath()
		}
	}
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

func errPath() error {
	return api.ProtocolError("malformed", "bad_path", "The path holds something that is not allowed there: an escape of a slash, a dot or NUL, a segment of dots, or a fragment.")
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
	c := connOf(fctx)
	switch {
	case errors.As(err, &small):
		if inHeaders := len(fctx.Request.Header.RawHeaders()) == 0; inHeaders && c != nil && c.line >= int(s.cfg.HeaderLimit) {
			return s.uriTooLong()
		}
		return s.headersTooLarge()
	case errors.Is(err, fasthttp.ErrBodyTooLarge), c != nil && c.flooded():
		return tooLarge(s.bodyLimit(s.uploadOf(fctx)))
	case errors.As(err, &timeout) && timeout.Timeout():
		return api.ProtocolError("request-timeout", "request_timeout", "The request did not arrive in time.")
	default:
		return fault.New(fault.Malformed, "bad_request", "The request is not HTTP as this server understands it.")
	}
}
