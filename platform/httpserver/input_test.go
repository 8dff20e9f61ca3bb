package httpserver_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestBadBodies(t *testing.T) {
	t.Parallel()
	s := start(t)
	const path = "/api/v1/test/things"
	for _, c := range []struct {
		name, body string
		status     int
		code       string
		pointers   []string
	}{
		{"empty", " ", 400, "empty_body", nil},
		{"cut", `{"name":"` + marker, 400, "invalid_json", nil},
		{"not JSON", marker, 400, "invalid_json", nil},
		{"form", "name=" + marker, 400, "invalid_json", nil},
		{"single quotes", `{'name':'` + marker + `'}`, 400, "invalid_json", nil},
		{"comment", `{"name":"x"/* ` + marker + ` */}`, 400, "invalid_json", nil},
		{"comma at the end", `{"name":"` + marker + `",}`, 400, "invalid_json", nil},
		{"NaN", `{"name":"x","ratio":NaN}`, 400, "invalid_json", nil},
		{"number in hexadecimal", `{"name":"x","size":0x1}`, 400, "invalid_json", nil},
		{"leading zero", `{"name":"x","size":01}`, 400, "invalid_json", nil},
		{"byte order mark", "\ufeff" + `{"name":"x"}`, 400, "invalid_json", nil},
		{"control character in a string", "{\"name\":\"\x01" + marker + "\"}", 400, "invalid_json", nil},
		{"not UTF-8", "{\"name\":\"\xff" + marker + "\"}", 400, "invalid_utf8", nil},
		{"UTF-16", "{\x00}\x00", 400, "invalid_json", nil},
		{"overlong UTF-8", "{\"name\":\"\xc0\xaf\"}", 400, "invalid_utf8", nil},
		{"half a surrogate pair", `{"name":"\ud800"}`, 400, "invalid_json", nil},
		{"something behind", `{"name":"x"} ` + marker, 400, "trailing_data", nil},
		{"two values", `{"name":"x"}{"name":"y"}`, 400, "trailing_data", nil},
		{"key twice", `{"name":"x","name":"` + marker + `"}`, 400, "duplicate_key", nil},
		{"key twice, once escaped", `{"name":"x","n\u0061me":"` + marker + `"}`, 400, "duplicate_key", nil},
		{"key twice, in an unknown field", `{"name":"x","other":{"a":1,"a":2}}`, 400, "duplicate_key", nil},
		{"10,000 arrays", strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), 400, "too_deep", nil},
		{"10,000 arrays in an unknown field", `{"name":"x","other":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + "}", 400, "too_deep", nil},
		{"10,000 objects", strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000), 400, "too_deep", nil},
		{"10,000 arrays that do not end", strings.Repeat("[", 10_000), 400, "too_deep", nil},

		{"null", "null", 422, "invalid", []string{""}},
		{"a list", "[]", 422, "invalid", []string{""}},
		{"a string", `"` + marker + `"`, 422, "invalid", []string{""}},
		{"a number", "1", 422, "invalid", []string{""}},
		{"nothing in it", "{}", 422, "invalid", []string{"/name"}},
		{"unknown field", `{"name":"x","role":"admin"}`, 422, "invalid", []string{"/role"}},
		{"field of the server", `{"name":"x","id":"018f6d3a-0000-7000-8000-000000000000","version":7}`, 422, "invalid", []string{"/id", "/version"}},
		{"unknown field that is no name", `{"name":"x","` + marker + `":1}`, 422, "invalid", []string{""}},
		{"unknown field of 100 KB", `{"name":"x","` + strings.Repeat("x", 100_000) + `":1}`, 422, "invalid", []string{""}},
		{"null for a string", `{"name":null}`, 422, "invalid", []string{"/name"}},
		{"number for a string", `{"name":1}`, 422, "invalid", []string{"/name"}},
		{"empty string", `{"name":""}`, 422, "invalid", []string{"/name"}},
		{"long string", `{"name":"` + strings.Repeat("x", 65) + marker + `"}`, 422, "invalid", []string{"/name"}},
		{"NUL", `{"name":"a\u0000` + marker + `"}`, 422, "invalid", []string{"/name"}},
		{"string for a number", `{"name":"x","size":"` + marker + `"}`, 422, "invalid", []string{"/size"}},
		{"below the minimum", `{"name":"x","size":-1}`, 422, "invalid", []string{"/size"}},
		{"above the maximum", `{"name":"x","size":1001}`, 422, "invalid", []string{"/size"}},
		{"fraction", `{"name":"x","size":1.5}`, 422, "invalid", []string{"/size"}},
		{"exponent", `{"name":"x","size":1e2}`, 422, "invalid", []string{"/size"}},
		{"beyond 64 bits", `{"name":"x","size":18446744073709551616}`, 422, "invalid", []string{"/size"}},
		{"1e400", `{"name":"x","ratio":1e400}`, 422, "invalid", []string{"/ratio"}},
		{"number of 100,000 digits", `{"name":"x","size":` + strings.Repeat("9", 100_000) + `}`, 422, "invalid", []string{"/size"}},
		{"id that is none", `{"name":"x","owner":"` + marker + `"}`, 422, "invalid", []string{"/owner"}},
		{"id of the wrong type", `{"name":"x","owner":1}`, 422, "invalid", []string{"/owner"}},
		{"many items", `{"name":"x","tags":[` + strings.Repeat(`"a",`, 10) + `"a"]}`, 422, "invalid", []string{"/tags"}},
		{"an item of the wrong type", `{"name":"x","tags":["a",1]}`, 422, "invalid", []string{"/tags/1"}},
		{"several at once", `{"size":-1,"ratio":"x","tags":1}`, 422, "invalid", []string{"/name", "/ratio", "/size", "/tags"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := check(t, s.on(t).do(jsonRequest("POST", path, c.body)), c.status, c.code)
			wantPointers(t, p, "body", c.pointers)
		})
	}
	t.Run("100 wrong values", func(t *testing.T) {
		t.Parallel()
		var b strings.Builder
		for i := range 100 {
			fmt.Fprintf(&b, `,"x%d":1`, i)
		}
		p := check(t, s.on(t).do(jsonRequest("POST", path, `{"name":"x"`+b.String()+`}`)), 422, "invalid")
		if len(p.Errors) != 20 {
			t.Errorf("the answer points at %d values, want the first 20", len(p.Errors))
		}
	})
	if a := s.get(path); a.StatusCode != 200 || strings.Count(string(a.body), `"id"`) != 5 {
		t.Errorf("after all that: %s %s", a.Status, a.body)
	}
}

// wantPointers checks what an error points at, in any order.
func wantPointers(t *testing.T, p problem, in string, want []string) {
	t.Helper()
	var got []string
	for _, e := range p.Errors {
		got = append(got, e.Pointer)
		if e.In != in || e.Code == "" || e.Detail == "" {
			t.Errorf("incomplete field %+v", e)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the answer points at %q, want %q", got, want)
	}
}

func TestBadQueries(t *testing.T) {
	t.Parallel()
	s := start(t)
	const path = "/api/v1/test/things?"
	for _, c := range []struct {
		name, query string
		status      int
		code        string
		pointers    []string
	}{
		{"broken escape", "limit=%zz" + marker, 400, "bad_query", nil},
		{"cut escape", "limit=" + marker + "%4", 400, "bad_query", nil},
		{"not UTF-8", "q=%ff" + marker, 400, "bad_query", nil},
		{"NUL", "q=%00" + marker, 400, "bad_query", nil},
		{"NUL in a name", "q%00=" + marker, 400, "bad_query", nil},
		{"101 parameters", strings.Repeat("a&", 101), 400, "too_many_parameters", nil},
		{"cursor that is none", "after=" + marker, 400, "bad_cursor", nil},
		{"cursor of the right alphabet", "after=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 400, "bad_cursor", nil},

		{"unknown parameter", "page=-1", 422, "invalid", []string{"/page"}},
		{"unknown parameter that is no name", marker + "=1", 422, "invalid", []string{""}},
		{"index of a form", "a.99999999=1", 422, "invalid", []string{"/a.99999999"}},
		{"negative index of a form", "a[-1]=1", 422, "invalid", []string{""}},
		{"limit -1", "limit=-1", 422, "invalid", []string{"/limit"}},
		{"limit 0", "limit=0", 422, "invalid", []string{"/limit"}},
		{"limit 1e9", "limit=1e9", 422, "invalid", []string{"/limit"}},
		{"limit 201", "limit=201", 422, "invalid", []string{"/limit"}},
		{"limit with a sign", "limit=%2B5", 422, "invalid", []string{"/limit"}},
		{"limit beyond 64 bits", "limit=99999999999999999999", 422, "invalid", []string{"/limit"}},
		{"empty limit", "limit=", 422, "invalid", []string{"/limit"}},
		{"limit twice", "limit=1&limit=2", 422, "invalid", []string{"/limit"}},
		{"sort by an unknown column", "sort=" + marker, 422, "invalid", []string{"/sort"}},
		{"sort by a column that is not allowed", "sort=secret_plan", 422, "invalid", []string{"/sort"}},
		{"sort that injects", "sort=name;drop%20table%20" + marker, 422, "invalid", []string{"/sort"}},
		{"filter by an unknown column", "filter[" + marker + "]=1", 422, "invalid", []string{"/filter"}},
		{"filter by a column that is not allowed", "filter[secret_plan]=1", 422, "invalid", []string{"/filter"}},
		{"filter of the wrong type", "filter[size]=" + marker, 422, "invalid", []string{"/filter[size][eq]"}},
		{"filter with an unknown operator", "filter[size][" + marker + "]=1", 422, "invalid", []string{"/filter[size]"}},
		{"filter by null where there is none", "filter[size][null]=true", 422, "invalid", []string{"/filter[size]"}},
		{"filter twice", "filter[size]=1&filter[size][eq]=2", 422, "invalid", []string{"/filter[size][eq]"}},
		{"broken filter", "filter[size=1", 422, "invalid", []string{"/filter"}},
		{"empty search", "q=", 422, "invalid", []string{"/q"}},
		{"count that is none", "count=" + marker, 422, "invalid", []string{"/count"}},
		{"after and before", "after=a&before=b", 422, "invalid", []string{"/before"}},
		{"unknown field", "fields=" + marker, 422, "invalid", []string{"/fields"}},
		{"empty fields", "fields=", 422, "invalid", []string{"/fields"}},
		{"fields twice", "fields=id&fields=name", 422, "invalid", []string{"/fields"}},
		{"several at once", "limit=x&sort=x&page=1", 422, "invalid", []string{"/limit", "/page", "/sort"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := check(t, s.on(t).get(path+c.query), c.status, c.code)
			wantPointers(t, p, "query", c.pointers)
		})
	}
	t.Run("on an operation without a query", func(t *testing.T) {
		t.Parallel()
		id := s.on(t).things()[0].ID
		p := check(t, s.on(t).get("/api/v1/test/things/"+id.String()+"?limit=1"), 422, "invalid")
		wantPointers(t, p, "query", []string{"/limit"})
	})
}

// things returns what the list of things shows.
func (s *server) things() []thing {
	s.t.Helper()
	var list struct{ Data []thing }
	if err := json.Unmarshal(s.get("/api/v1/test/things?sort=id").body, &list); err != nil {
		s.t.Fatal(err)
	}
	return list.Data
}

func TestBadContent(t *testing.T) {
	t.Parallel()
	s := start(t)
	const path = "/api/v1/test/things"
	parts := strings.Repeat("--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"../../"+marker+"\"\r\n\r\nx\r\n", 10_000) + "--b--\r\n"
	form := strings.Repeat("a.99999999="+marker+"&", 1000)
	for _, c := range []struct {
		name, request string
		status        int
		code          string
	}{
		{"no type", request("POST", path, `{"name":"x"}`), 415, "unsupported_media_type"},
		{"text", request("POST", path, `{"name":"x"}`, "Content-Type: text/plain"), 415, "unsupported_media_type"},
		{"type that is none", request("POST", path, `{"name":"x"}`, "Content-Type: "+marker), 415, "unsupported_media_type"},
		{"JSON by suffix", request("POST", path, `{"name":"x"}`, "Content-Type: application/problem+json"), 415, "unsupported_media_type"},
		{"JSON in Latin-1", request("POST", path, `{"name":"x"}`, "Content-Type: application/json; charset=iso-8859-1"), 415, "unsupported_media_type"},
		{"merge-patch where there is nothing to patch", request("POST", path, `{"name":"x"}`, "Content-Type: application/merge-patch+json"), 415, "unsupported_media_type"},
		{"form", request("POST", path, form, "Content-Type: application/x-www-form-urlencoded"), 415, "unsupported_media_type"},
		{"10,000 parts", request("POST", path, parts, "Content-Type: multipart/form-data; boundary=b"), 415, "unsupported_media_type"},
		{"multipart without a boundary", request("POST", path, parts, "Content-Type: multipart/form-data"), 415, "unsupported_media_type"},
		{"unknown coding", jsonRequest("POST", path, `{"name":"x"}`, "Content-Encoding: "+marker), 415, "unsupported_content_encoding"},
		{"list of codings", jsonRequest("POST", path, `{"name":"x"}`, "Content-Encoding: gzip, gzip"), 415, "unsupported_content_encoding"},
		{"list of codings in two lines", jsonRequest("POST", path, `{"name":"x"}`, "Content-Encoding: gzip", "Content-Encoding: br"), 415, "unsupported_content_encoding"},
		{"body where there is none", jsonRequest("GET", path, `{"name":"`+marker+`"}`), 400, "unexpected_body"},
		{"body of a delete", jsonRequest("DELETE", path+"/018f6d3a-0000-7000-8000-000000000000", `{}`), 400, "unexpected_body"},
		{"HTML wanted", request("GET", path, "", "Accept: text/html"), 406, "not_acceptable"},
		{"JSON refused", request("GET", path, "", "Accept: application/json;q=0, */*"), 406, "not_acceptable"},
		{"JSON refused in the second line", request("GET", path, "", "Accept: */*", "Accept: application/json;q=0"), 406, "not_acceptable"},
		{"If-Match that is no list of tags", jsonRequest("PATCH", path+"/018f6d3a-0000-7000-8000-000000000000", `{}`, "If-Match: "+marker), 400, "bad_if_match"},
		{"empty If-Match", jsonRequest("PATCH", path+"/018f6d3a-0000-7000-8000-000000000000", `{}`, "If-Match:"), 400, "bad_if_match"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			check(t, s.on(t).do(c.request), c.status, c.code)
		})
	}
}

func TestGoodContent(t *testing.T) {
	t.Parallel()
	s := start(t)
	const path = "/api/v1/test/things"
	for _, c := range []struct {
		name, request string
		status        int
	}{
		{"parameters of the type", request("POST", path, `{"name":"x"}`, `Content-Type: Application/JSON; charset="UTF-8"; v=1`), 201},
		{"white space around", jsonRequest("POST", path, " \r\n\t{\"name\":\"x\"}\n"), 201},
		{"4 bytes a character", jsonRequest("POST", path, `{"name":"`+strings.Repeat("😀", 64)+`"}`), 201},
		{"chunks", "POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"na\r\n8;ext=1\r\nme\":\"x\"}\r\n0\r\nX-Sum: 1\r\n\r\n", 201},
		{"identity", jsonRequest("POST", path, `{"name":"x"}`, "Content-Encoding: Identity"), 201},
		{"Accept of a browser", request("GET", path, "", "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), 200},
		{"Accept in two lines", request("GET", path, "", "Accept: text/html", "Accept: application/json"), 200},
		{"absolute form", "GET http://LOCALHOST" + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n", 200},
		{"HTTP/1.0", "GET " + path + " HTTP/1.0\r\n\r\n", 200},
		{"port of the host", "GET " + path + " HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", 200},
		{"ranges, which nothing here has", request("GET", path, "", "Range: bytes="+strings.Repeat("0-,", 1000)+"0-"), 200},
		{"empty lines in front", "\r\n\r\nGET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n", 200},
		{"all of the query", request("GET", path+"?limit=200&sort=-name&q=thing&count=exact&filter%5Bsize%5D%5Bgte%5D=0&filter[name][in]=a,b&fields=id,name", ""), 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if a := s.on(t).do(c.request); a.StatusCode != c.status {
				t.Errorf("got %s %s", a.Status, a.body)
			}
		})
	}
}

// In mode dev no page of a stranger, whose name leads to this machine, is a part of the application; elsewhere http.hosts says which names it has.
func TestHosts(t *testing.T) {
	t.Parallel()
	mine := []string{"localhost", "LOCALHOST:8080", "shop.localhost", "127.0.0.1", "192.168.1.7:8080", "[::1]", "[::1]:8080", "localhost."}
	for name, c := range map[string]struct {
		dev         bool
		hosts       []string
		good, wrong []string
	}{
		"dev":               {true, nil, mine, []string{"evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "xlocalhost", "shop", ".localhost.evil"}},
		"dev with names":    {true, []string{"app", "*.ngrok.example"}, append([]string{"app:8080", "APP", "x.ngrok.example", "y.x.Ngrok.Example:443"}, mine...), []string{"evil.example", "ngrok.example", "xngrok.example", "app.evil"}},
		"without names":     {false, nil, append([]string{"evil.example"}, mine...), nil},
		"names of a server": {false, []string{"Shop.example"}, append([]string{"shop.example", "SHOP.EXAMPLE:443"}, mine...), []string{"evil.example", "www.shop.example"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, func(su *setup) { su.opts.Dev, su.cfg.Hosts = c.dev, c.hosts })
			for status, all := range map[int][]string{200: c.good, 421: c.wrong} {
				for _, host := range all {
					a := s.on(t).do("GET /api/v1/test/things HTTP/1.1\r\nHost: " + host + "\r\n\r\n")
					if a.StatusCode != status || status == 421 && !strings.Contains(string(a.body), `"code":"host_unknown"`) {
						t.Errorf("%q: %s %s, want %d", host, a.Status, a.body, status)
					}
				}
			}
		})
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, c := range []struct {
		request string
		status  int
		allow   string
	}{
		{request("PUT", "/api/v1/test/things", ""), 405, "GET, HEAD, POST, OPTIONS"},
		{request("OPTIONS", "/api/v1/test/things", ""), 204, "GET, HEAD, POST, OPTIONS"},
		{request("OPTIONS", "/api/v1/test/things/1", ""), 204, "GET, HEAD, PATCH, DELETE, OPTIONS"},
		{request("OPTIONS", "/nothing", ""), 404, ""},
		{request("OPTIONS", "*", ""), 204, ""},
	} {
		a := s.do(c.request)
		if got := a.Header.Get("Allow"); a.StatusCode != c.status || got != c.allow {
			t.Errorf("%s: got %d with Allow %q, want %d with %q", c.request, a.StatusCode, got, c.status, c.allow)
		}
		if a.StatusCode == 204 && (len(a.body) > 0 || a.Header.Get("X-Request-Id") == "") {
			t.Errorf("%s: %v %q", c.request, a.Header, a.body)
		}
	}
}
