package httpserver_test

import (
	"strconv"
	"strings"
	"testing"
)

// marker stands in every input of these tests and must not stand in any answer.
const marker = "M4RKER$"

// check asserts that an answer is the problem that was wanted and says nothing that it should not.
func check(t *testing.T, a answer, status int, code string) problem {
	t.Helper()
	p := a.problem(t)
	if a.StatusCode != status || p.Code != code {
		t.Errorf("got %d %s, want %d %s\n%s", a.StatusCode, p.Code, status, code, a.body)
	}
	for name, values := range a.Header {
		if strings.Contains(strings.Join(values, ""), marker) {
			t.Errorf("the header %s repeats what was sent", name)
		}
	}
	lower := strings.ToLower(strings.ReplaceAll(string(a.body), p.RequestID, "")) // an id may be any word
	for _, word := range []string{strings.ToLower(marker), "goroutine", ".go:", "select ", "sql", "fasthttp", "fiber", "panic"} {
		if strings.Contains(lower, word) {
			t.Errorf("the body holds %q: %s", word, a.body)
		}
	}
	return p
}

func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	s := start(t)
	good := "Host: localhost\r\n"
	for _, c := range []struct {
		name, request string
		status        int
		code          string
	}{
		// The request line.
		{"no version, HTTP/0.9", "GET /" + marker + "\r\n\r\n", 400, "bad_request"},
		{"HTTP/0.9 by name", "GET /" + marker + " HTTP/0.9\r\n" + good + "\r\n", 505, "version_not_supported"},
		{"HTTP/2.0", "GET /" + marker + " HTTP/2.0\r\n" + good + "\r\n", 505, "version_not_supported"},
		{"preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "bad_request"},
		{"version in lower case", "GET /" + marker + " http/1.1\r\n" + good + "\r\n", 400, "bad_request"},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + marker + "\r\n\r\n", 400, "bad_request"},
		{"no method", " /" + marker + " HTTP/1.1\r\n" + good + "\r\n", 400, "bad_request"},
		{"unknown method", "BREW /" + marker + " HTTP/1.1\r\n" + good + "\r\n", 501, "method_unknown"},
		{"method in lower case", "get /" + marker + " HTTP/1.1\r\n" + good + "\r\n", 501, "method_unknown"},
		{"CONNECT", "CONNECT localhost:80 HTTP/1.1\r\n" + good + "\r\n", 501, "method_unknown"},
		{"method of a kilobyte", strings.Repeat("M", 1024) + " / HTTP/1.1\r\n" + good + "\r\n", 501, "method_unknown"},
		{"space in the address", "GET /a " + marker + " HTTP/1.1\r\n" + good + "\r\n", 400, "bad_request"},
		{"control character in the address", "GET /\x01" + marker + " HTTP/1.1\r\n" + good + "\r\n", 400, "bad_request"},
		{"NUL in the address", "GET /\x00" + marker + " HTTP/1.1\r\n" + good + "\r\n", 400, "bad_request"},
		{"empty address", "GET  HTTP/1.1\r\n" + good + "\r\n", 400, "bad_request"},
		{"address without a slash", "GET " + marker + " HTTP/1.1\r\n" + good + "\r\n", 400, "bad_request"},
		{"asterisk with GET", "GET * HTTP/1.1\r\n" + good + "\r\n", 400, "bad_request"},
		{"absolute form of another host", "GET http://evil.example/" + marker + " HTTP/1.1\r\n" + good + "\r\n", 400, "bad_host"},
		{"absolute form with a user", "GET http://user@localhost/" + marker + " HTTP/1.1\r\n" + good + "\r\n", 400, "bad_host"},
		{"fragment", "GET /livez#" + marker + " HTTP/1.1\r\n" + good + "\r\n", 400, "bad_path"},

		// The path.
		{"escaped slash", request("GET", "/api/v1/test/things/a%2f"+marker, ""), 400, "bad_path"},
		{"escaped backslash", request("GET", "/api/v1/test/things/a%5C"+marker, ""), 400, "bad_path"},
		{"escaped NUL", request("GET", "/api/v1/test/things/a%00"+marker, ""), 400, "bad_path"},
		{"escaped dot-dot", request("GET", "/api/v1/test/%2e%2e/"+marker, ""), 400, "bad_path"},
		{"half-escaped dot-dot", request("GET", "/api/v1/test/.%2E/"+marker, ""), 400, "bad_path"},
		{"dot-dot", request("GET", "/api/v1/test/../"+marker, ""), 400, "bad_path"},
		{"dot-dot at the end", request("GET", "/api/v1/"+marker+"/..", ""), 400, "bad_path"},
		{"dot", request("GET", "/api/v1/./"+marker, ""), 400, "bad_path"},
		{"broken escape", request("GET", "/api/v1/test/things/%zz"+marker, ""), 400, "bad_path"},
		{"cut escape", request("GET", "/api/v1/test/things/"+marker+"%4", ""), 400, "bad_path"},
		{"escape that is not UTF-8", request("GET", "/api/v1/test/things/%ff"+marker, ""), 400, "bad_path"},
		{"double encoding", request("GET", "/api/v1/test/things/%252f"+marker, ""), 404, "not_found"},
		{"id that is none", request("GET", "/api/v1/test/things/"+marker, ""), 404, "not_found"},
		{"id 0", request("GET", "/api/v1/test/things/0", ""), 404, "not_found"},
		{"negative id", request("GET", "/api/v1/test/things/-1", ""), 404, "not_found"},
		{"zero id", request("GET", "/api/v1/test/things/00000000-0000-0000-0000-000000000000", ""), 404, "not_found"},
		{"big-int id", request("GET", "/api/v1/test/things/184467440737095516161844674407370955161", ""), 404, "not_found"},
		{"unknown path", request("GET", "/"+marker, ""), 404, "route_not_found"},
		{"trailing slash", request("GET", "/api/v1/test/things/", ""), 404, "route_not_found"},
		{"other case", request("GET", "/API/v1/test/things", ""), 404, "route_not_found"},
		{"double slash", request("GET", "//api/v1/test/things", ""), 404, "route_not_found"},
		{"path parameter of servlets", request("GET", "/api/v1/test/things;x="+marker, ""), 404, "route_not_found"},
		{"a suffix", request("GET", "/api/v1/test/things.css", ""), 404, "route_not_found"},

		// Methods.
		{"method of another path", request("PUT", "/api/v1/test/things", ""), 405, "method_not_allowed"},
		{"TRACE", request("TRACE", "/api/v1/test/things", "", "X-Secret: "+marker), 405, "method_not_allowed"},
		{"method override", jsonRequest("POST", "/api/v1/test/things/1", "{}", "X-HTTP-Method-Override: DELETE"), 405, "method_not_allowed"},

		// Host.
		{"no host", "GET /" + marker + " HTTP/1.1\r\n\r\n", 400, "bad_request"},
		{"empty host", "GET /" + marker + " HTTP/1.1\r\nHost:\r\n\r\n", 400, "bad_request"},
		{"two hosts", "GET / HTTP/1.1\r\n" + good + "Host: " + marker + "\r\n\r\n", 400, "bad_request"},
		{"host with a path", "GET / HTTP/1.1\r\nHost: localhost/" + marker + "\r\n\r\n", 400, "bad_request"},
		{"host with a user", "GET / HTTP/1.1\r\nHost: " + marker + "@localhost\r\n\r\n", 400, "bad_host"},
		{"host of two words", "GET / HTTP/1.1\r\nHost: a " + marker + "\r\n\r\n", 400, "bad_request"},

		// Headers.
		{"header name with a space", request("GET", "/livez", "", "X Y: "+marker), 400, "bad_header"},
		{"space in front of the colon", request("GET", "/livez", "", "X-Y : "+marker), 400, "bad_request"},
		{"no colon", request("GET", "/livez", "", marker), 400, "bad_request"},
		{"empty name", request("GET", "/livez", "", ": "+marker), 400, "bad_request"},
		{"NUL in a value", request("GET", "/livez", "", "X-Y: \x00"+marker), 400, "bad_request"},
		{"folded line", "GET /livez HTTP/1.1\r\n" + good + "X-Y: a\r\n " + marker + "\r\n\r\n", 400, "bad_header"},
		{"folded first line", "GET /livez HTTP/1.1\r\n " + marker + ": a\r\n" + good + "\r\n", 400, "bad_request"},
		{"bare LF", "GET /livez HTTP/1.1\r\n" + good + "X-Y: a\nX-Z: " + marker + "\r\n\r\n", 400, "bad_header"},
		{"bare LF at the end", "GET /livez HTTP/1.1\r\n" + good + "\nGET /" + marker + " HTTP/1.1\r\n" + good + "\r\n", 400, "bad_header"},
		{"bare CR", "GET /livez HTTP/1.1\r\n" + good + "X-Y: a\rX-Z: " + marker + "\r\n\r\n", 400, "bad_request"},
		{"an expectation", jsonRequest("POST", "/api/v1/test/things", "{}", "Expect: "+marker), 417, "expectation_failed"},

		// The length of the body.
		{"Content-Length and chunked", "POST /api/v1/test/things HTTP/1.1\r\n" + good + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "ambiguous_length"},
		{"chunked and Content-Length", "POST /api/v1/test/things HTTP/1.1\r\n" + good + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 400, "ambiguous_length"},
		{"the same on a path of health", "GET /livez HTTP/1.1\r\n" + good + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 400, "ambiguous_length"},
		{"two lengths", "POST /api/v1/test/things HTTP/1.1\r\n" + good + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}" + marker, 400, "bad_request"},
		{"two equal lengths", "POST /api/v1/test/things HTTP/1.1\r\n" + good + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}" + marker, 400, "bad_request"},
		{"list of lengths", "POST /api/v1/test/things HTTP/1.1\r\n" + good + "Content-Length: 2, 2\r\n\r\n{}" + marker, 400, "bad_request"},
		{"negative length", "POST /api/v1/test/things HTTP/1.1\r\n" + good + "Content-Length: -1\r\n\r\n" + marker, 400, "bad_request"},
		{"length with a sign", "POST /api/v1/test/things HTTP/1.1\r\n" + good + "Content-Length: +2\r\n\r\n{}", 400, "bad_request"},
		{"length in hexadecimal", "POST /api/v1/test/things HTTP/1.1\r\n" + good + "Content-Length: 0x2\r\n\r\n{}", 400, "bad_request"},
		{"empty length", "POST /api/v1/test/things HTTP/1.1\r\n" + good + "Content-Length:\r\n\r\n", 400, "bad_request"},
		{"length beyond 64 bits", "POST /api/v1/test/things HTTP/1.1\r\n" + good + "Content-Length: 99999999999999999999\r\n\r\n" + marker, 400, "bad_request"},
		{"huge length", "POST /api/v1/test/things HTTP/1.1\r\n" + good + "Content-Length: 999999999999\r\n\r\n" + marker, 413, "body_too_large"},
		{"no length", request("POST", "/api/v1/test/things", "", "Content-Type: application/json"), 411, "length_required"},
		{"Transfer-Encoding gzip", "POST /api/v1/test/things HTTP/1.1\r\n" + good + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400, "bad_request"},
		{"Transfer-Encoding identity", "POST /api/v1/test/things HTTP/1.1\r\n" + good + "Transfer-Encoding: identity\r\n\r\n", 400, "bad_transfer_encoding"},
		{"Transfer-Encoding xchunked", "POST /api/v1/test/things HTTP/1.1\r\n" + good + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400, "bad_request"},
		{"Transfer-Encoding twice", "POST /api/v1/test/things HTTP/1.1\r\n" + good + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "bad_request"},
		{"Transfer-Encoding in HTTP/1.0", "POST /api/v1/test/things HTTP/1.0\r\n" + good + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "bad_request"},
		{"chunk of a size that is none", "POST /api/v1/test/things HTTP/1.1\r\n" + good + "Transfer-Encoding: chunked\r\n\r\n" + marker + "\r\n", 400, "bad_request"},
		{"negative chunk", "POST /api/v1/test/things HTTP/1.1\r\n" + good + "Transfer-Encoding: chunked\r\n\r\n-1\r\n", 400, "bad_request"},
		{"chunk of 2^64", "POST /api/v1/test/things HTTP/1.1\r\n" + good + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", 400, "bad_request"},
		{"chunk beyond the limit", "POST /api/v1/test/things HTTP/1.1\r\n" + good + "Transfer-Encoding: chunked\r\n\r\n7fffffff\r\n" + strings.Repeat("x", 4<<20+1), 413, "body_too_large"},
		{"chunk without its end", "POST /api/v1/test/things HTTP/1.1\r\n" + good + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}" + marker, 400, "bad_request"},
		{"bare LF in a chunk extension", "POST /api/v1/test/things HTTP/1.1\r\n" + good + "Transfer-Encoding: chunked\r\n\r\n2;a\n\r\n{}\r\n0\r\n\r\n", 400, "bad_request"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cl := s.on(t).dial()
			cl.send(c.request)
			method, _, _ := strings.Cut(c.request, " ")
			a := cl.answer(method)
			p := check(t, a, c.status, c.code)
			if len(p.Errors) != 0 {
				t.Errorf("it points at values: %s", a.body)
			}
			// Where the request was whole the connection can go on. Everything else casts doubt on what follows.
			whole := strings.Contains("404 405 411", strconv.Itoa(c.status)) || strings.Contains(c.request, "%ff")
			if whole == a.Close {
				t.Errorf("Connection: close is %v", a.Close)
			}
			if !whole && !cl.closed() {
				t.Error("the connection is still open, or something more was sent")
			}
		})
	}
}
