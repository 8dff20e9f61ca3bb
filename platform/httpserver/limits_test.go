package httpserver_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/httpserver"
	"github.com/banyan-go/banyan/platform/idempotency"
	"github.com/banyan-go/banyan/platform/unit"
)

// limit is one row of the table of limits: what a stranger may ask for, and what happens beyond.
type limit struct {
	what    string
	value   string
	setting string // empty when it is fixed
	answer  string // what happens beyond it, for the document
	// at is a request that goes as far as it may, beyond one that goes further. Both are nil where test does the work.
	at, beyond func(s *server) string
	status     int
	code       string
	change     func(*setup)
	test       func(t *testing.T)
}

const listPath = "/api/v1/test/things"

func query(q string) func(*server) string {
	return func(*server) string { return request("GET", listPath+"?"+q, "") }
}

func post(body string, headers ...string) func(*server) string {
	return func(*server) string { return jsonRequest("POST", listPath, body, headers...) }
}

// sized fills a request up with one header until it has size bytes.
func sized(size int) func(*server) string {
	return func(*server) string {
		head := request("GET", listPath, "", "X-Fill: ")
		return request("GET", listPath, "", "X-Fill: "+strings.Repeat("x", size-len(head)))
	}
}

func limits() []limit {
	cfg := httpserver.Default()
	body := int(cfg.BodyLimit)
	const thing = `{"name":"x"}`
	coded := func(t *testing.T, coding string, size int) func(*server) string {
		return func(*server) string {
			return jsonRequest("POST", listPath, string(compressed(t, coding, []byte(thing+whiteSpace(size-len(thing))))), "Content-Encoding: "+coding)
		}
	}
	manyFilters := func(n int) string {
		names, ops := []string{"name", "size"}, []string{"eq", "ne", "in", "lt", "lte", "gt", "gte"}
		var q []string
		for i := range n {
			q = append(q, fmt.Sprintf("filter[%s][%s]=1", names[i%2], ops[i/2]))
		}
		return strings.Join(q, "&")
	}
	return slices.Concat([]limit{
		{what: "Body of a request, as sent", value: cfg.BodyLimit.String(), setting: "http.body_limit", answer: "413 body_too_large", status: 413, code: "body_too_large",
			at: post(thing + strings.Repeat(" ", body-len(thing))), beyond: post(thing + strings.Repeat(" ", body-len(thing)+1))},
		{what: "Body of a request, decompressed", value: cfg.BodyLimit.String(), setting: "http.body_limit", answer: "413 body_too_large", test: func(t *testing.T) {
			const body = 64 << 10 // 4 MiB take seconds to compress
			s := start(t, func(su *setup) { su.cfg.BodyLimit = body })
			within(t, limit{at: coded(t, "gzip", body), beyond: coded(t, "gzip", body+1), status: 413, code: "body_too_large"}, s)
		}},
		{what: "Growth of a body by decompression", value: "100 times", answer: "413 body_too_large", test: func(t *testing.T) {
			s := start(t)
			fill := func(n int) func(*server) string {
				data := compressed(t, "gzip", []byte(thing+strings.Repeat(" ", n)))
				return func(*server) string {
					return jsonRequest("POST", listPath, string(data), "Content-Encoding: gzip")
				}
			}
			within(t, limit{at: fill(2_000), beyond: fill(200_000), status: 413, code: "body_too_large"}, s)
		}},
		{what: "Content codings of a body", value: "1", answer: "415 unsupported_content_encoding", status: 415, code: "unsupported_content_encoding",
			at: post(thing, "Content-Encoding: identity"), beyond: post(thing, "Content-Encoding: identity, identity")},
		{what: "Nesting of objects and arrays in a body", value: "32", setting: "api.depth", answer: "400 too_deep", status: 400, code: "too_deep",
			at:     post(`{"name":"x","other":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + "}"),
			beyond: post(`{"name":"x","other":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + "}")},
		{what: "Items of an array, unless the field says otherwise", value: "1000", answer: "422 max_items", test: testItems},
		{what: "Characters of a string", value: "as its field says", answer: "422 max_length", status: 422, code: "invalid",
			at: post(`{"name":"` + strings.Repeat("ä", 64) + `"}`), beyond: post(`{"name":"` + strings.Repeat("ä", 65) + `"}`)},
		{what: "Wrong values that one answer names", value: "20", answer: "the first 20 are named", test: testNamedValues},

		{what: "Header section of a request, with its first line", value: cfg.HeaderLimit.String(), setting: "http.header_limit", answer: "431 headers_too_large", status: 431, code: "headers_too_large",
			at: sized(int(cfg.HeaderLimit)), beyond: sized(int(cfg.HeaderLimit) + 1)},
		{what: "Header fields of a request", value: fmt.Sprint(cfg.HeaderCount), setting: "http.header_count", answer: "431 headers_too_large", status: 431, code: "headers_too_large",
			at:     func(*server) string { return request("GET", listPath, "", repeated("X: y", cfg.HeaderCount-1)...) },
			beyond: func(*server) string { return request("GET", listPath, "", repeated("X: y", cfg.HeaderCount)...) }},
		{what: "Address of a request, path and query", value: cfg.URILimit.String(), setting: "http.uri_limit", answer: "414 uri_too_long", status: 414, code: "uri_too_long",
			at:     func(*server) string { return request("GET", "/"+strings.Repeat("x", int(cfg.URILimit)-1), "") },
			beyond: func(*server) string { return request("GET", "/"+strings.Repeat("x", int(cfg.URILimit)), "") }},
		{what: "Entity tags in If-Match", value: "20", answer: "400 bad_if_match", status: 400, code: "bad_if_match",
			at: func(s *server) string { return ifMatch(s, 20) }, beyond: func(s *server) string { return ifMatch(s, 21) }},

		{what: "Characters of an Idempotency-Key", value: fmt.Sprintf("%d, at least %d without signing in", idempotency.MaxKey, idempotency.MinAnonymous), answer: "400 idempotency_key_malformed", test: TestIdempotencyKeyIsRefused},
		{what: "Answer that is kept for an Idempotency-Key", value: unit.Bytes(idempotency.MaxBody).String(), answer: "409 idempotency_answer_gone", test: testKeptAnswer},

		{what: "Parameters of a query", value: "100", answer: "400 too_many_parameters", status: 400, code: "too_many_parameters",
			at: query(strings.Repeat("x=1&", 100)), beyond: query(strings.Repeat("x=1&", 101))},
		{what: "Items on a page", value: "200, 50 unless asked for", answer: "422 range", status: 422, code: "invalid", at: query("limit=200"), beyond: query("limit=201")},
		{what: "Cursor of a page", value: "2048 bytes", answer: "422 cursor", status: 422, code: "invalid",
			at: query("after=" + strings.Repeat("x", 2048)), beyond: query("after=" + strings.Repeat("x", 2049))},
		{what: "Orders of a list", value: "1 field, then the id", answer: "422 enum", status: 422, code: "invalid", at: query("sort=name"), beyond: query("sort=name,id")},
		{what: "Conditions on a list (filter)", value: "10", answer: "422 too_many", status: 422, code: "invalid", at: query(manyFilters(10)), beyond: query(manyFilters(11))},
		{what: "Values of one condition (filter[f][in])", value: "50", answer: "422 too_many", status: 422, code: "invalid",
			at: query("filter[size][in]=1" + strings.Repeat(",1", 49)), beyond: query("filter[size][in]=1" + strings.Repeat(",1", 50))},
		{what: "Characters of a condition's value", value: "255", answer: "422 type", status: 422, code: "invalid",
			at: query("filter[name]=" + strings.Repeat("%C3%A4", 255)), beyond: query("filter[name]=" + strings.Repeat("%C3%A4", 256))},
		{what: "Characters of a search (q)", value: "100", answer: "422 length", status: 422, code: "invalid",
			at: query("q=" + strings.Repeat("%C3%A4", 100)), beyond: query("q=" + strings.Repeat("%C3%A4", 101))},

		{what: "Time for the header section to arrive", value: cfg.HeaderTimeout.String(), setting: "http.header_timeout", answer: "408 request_timeout", test: TestSlowSecondRequest},
		{what: "Time for the body to arrive", value: cfg.BodyTimeout.String(), setting: "http.body_timeout", answer: "408 request_timeout", test: TestSlowBody},
		{what: "Time for an operation", value: cfg.RequestTimeout.String(), setting: "http.request_timeout", answer: "503 timeout", test: TestDeadline},
		{what: "Time for a client to take its answer", value: cfg.WriteTimeout.String(), setting: "http.write_timeout", answer: "the connection is closed", test: TestSlowReader},
		{what: "Time between two requests of a connection", value: cfg.IdleTimeout.String(), setting: "http.idle_timeout", answer: "the connection is closed", test: TestIdleConnections},
		{what: "Time for running requests when the process stops", value: cfg.InFlight.String(), setting: "http.in_flight", answer: "the connection is closed", test: TestRequestsThatDoNotEndAreCutOff},
	}, uploadLimits())
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for _, l := range limits() {
		t.Run(l.what, func(t *testing.T) {
			if l.test != nil {
				l.test(t)
				return
			}
			t.Parallel()
			within(t, l, start(t))
		})
	}
}

// within sends what a limit just allows, and what it does not.
func within(t *testing.T, l limit, s *server) {
	t.Helper()
	if a := s.do(l.at(s)); a.StatusCode == l.status {
		if p := a.problem(t); p.Code == l.code && len(p.Errors) == 0 || l.code == "invalid" && !strings.Contains(string(a.body), `"unknown`) {
			t.Errorf("as far as it may go: %s %s", a.Status, a.body)
		}
	}
	check(t, s.do(l.beyond(s)), l.status, l.code)
}

func repeated(line string, n int) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = line
	}
	return lines
}

func ifMatch(s *server, n int) string {
	tags := strings.TrimSuffix(strings.Repeat(`"1",`, n), ",")
	return jsonRequest("PATCH", listPath+"/"+s.things()[0].ID.String(), `{"size":7}`, "If-Match: "+tags)
}

func testItems(t *testing.T) {
	t.Parallel()
	type in struct {
		Body struct {
			Words []string `json:"words"`
		}
	}
	count := func(context.Context, *in) (*struct{}, error) { return nil, nil }
	s := start(t, with(api.Post("/words", count, api.Op{ID: "countWords", Summary: "Count", Auth: api.PublicWrite("a test"), Status: 204})))
	words := func(n int) string {
		return jsonRequest("POST", "/api/v1/test/words", `{"words":["x"`+strings.Repeat(`,"x"`, n-1)+"]}")
	}
	if a := s.do(words(1000)); a.StatusCode != 204 {
		t.Errorf("1000: %s %s", a.Status, a.body)
	}
	wantPointers(t, check(t, s.do(words(1001)), 422, "invalid"), "body", []string{"/words"})
}

func testNamedValues(t *testing.T) {
	t.Parallel()
	s := start(t)
	for sent, named := range map[int]int{20: 20, 21: 20} {
		var b strings.Builder
		for i := range sent {
			fmt.Fprintf(&b, `,"x%d":1`, i)
		}
		if p := check(t, s.do(jsonRequest("POST", listPath, `{"name":"x"`+b.String()+`}`)), 422, "invalid"); len(p.Errors) != named {
			t.Errorf("%d wrong values: the answer names %d", sent, len(p.Errors))
		}
	}
}

// TestFarBeyondTheLimits sends so much that the server does not read it to the end, and wants the answer to arrive all the same.
func TestFarBeyondTheLimits(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, c := range []struct {
		name, request string
		status        int
	}{
		{"address of 100 KB", request("GET", "/"+strings.Repeat(marker, 15_000), ""), 414},
		{"address of 100 KB behind another request", request("GET", listPath, "") + request("GET", "/"+strings.Repeat(marker, 15_000), ""), 414},
		{"query of 10,000 parameters", request("GET", listPath+"?"+strings.Repeat("a=1&", 10_000), ""), 414},
		{"10,000 headers", request("GET", listPath, "", repeated("X-"+strings.Trim(marker, "$")+": "+marker, 10_000)...), 431},
		{"header of 100 KB", request("GET", listPath, "", "X-Large: "+strings.Repeat(marker, 15_000)), 431},
		{"header name of 100 KB", request("GET", listPath, "", strings.Repeat("x", 100_000)+": y"), 431},
		{"cookie of 100 KB", request("GET", listPath, "", "Cookie: a="+strings.Repeat(marker, 15_000)), 431},
		{"body of 5 MB", jsonRequest("POST", listPath, strings.Repeat(marker, 700_000)), 413},
		{"chunks of 5 MB", "POST " + listPath + " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("4000\r\n"+strings.Repeat("x", 0x4000)+"\r\n", 320) + "0\r\n\r\n", 413},
		{"100,000 chunks of a byte", "POST " + listPath + " HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1\r\nx\r\n", 100_000) + "0\r\n\r\n", 400},
		{"chunk extension of 40 MB", "POST " + listPath + " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;" + strings.Repeat("x", 40<<20), 413},
		{"trailer of 100 KB", "POST " + listPath + " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + strings.Repeat("x", 100_000) + "\r\n\r\n", 431},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cl := s.on(t).dial()
			cl.send(c.request)
			a := cl.answer("GET")
			if a.StatusCode == 200 && strings.Contains(c.name, "another") {
				a = cl.answer("GET")
			}
			if a.StatusCode != c.status {
				t.Errorf("got %s, want %d: %s", a.Status, c.status, a.body)
			}
			check(t, a, a.StatusCode, a.problem(t).Code)
		})
	}
}

// TestLimitsDocument compares docs/reference/limits.md with the table above. BANYAN_UPDATE=1 writes it.
func TestLimitsDocument(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("# Limits\n\nWhat a client may ask of an application, and what happens beyond. Each row has a test; this page is written by\n" +
		"`BANYAN_UPDATE=1 go test -run TestLimitsDocument ./platform/httpserver`.\n\n" +
		"A setting can be changed, see `config show`; limits without one are the same everywhere. Where the answer is 422, its `errors` point at the\nvalue with the code that stands here.\n\n" +
		"| limit | value | setting | beyond it |\n|---|---|---|---|\n")
	for _, l := range limits() {
		setting := ""
		if l.setting != "" {
			setting = "`" + l.setting + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", l.what, l.value, setting, l.answer)
	}
	const path = "../../docs/reference/limits.md"
	if os.Getenv("BANYAN_UPDATE") == "1" {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != b.String() {
		t.Errorf("%s is not what the table says; write it with BANYAN_UPDATE=1", path)
	}
}
