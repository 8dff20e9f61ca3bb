package httpserver_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/httpserver"
)

// calledFrom is a change of a server that lets pages of these origins call it.
func calledFrom(credentials bool, origins ...string) func(*setup) {
	return func(su *setup) { su.cfg.CORS.Origins, su.cfg.CORS.Credentials = origins, credentials }
}

// varies returns what the answer depends on.
func (a answer) varies() []string {
	return strings.Split(strings.Join(a.Header.Values("Vary"), ", "), ", ")
}

const shop = "https://shop.example.com"

// Nobody is let in who was not named, and nothing is said of it.
func TestCORSIsOff(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, text := range []string{
		request("GET", "/api/v1/test/things", "", "Origin: "+shop),
		request("OPTIONS", "/api/v1/test/things", "", "Origin: "+shop, "Access-Control-Request-Method: POST"),
	} {
		a := s.do(text)
		for name := range a.Header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%.30q is answered with %s", text, name)
			}
		}
		if slices.Contains(a.varies(), "Origin") {
			t.Errorf("%.30q varies by origin", text)
		}
	}
}

// A page may read the answer, whatever it is: an error without these headers is a riddle to who writes the page.
func TestCORSOnEveryAnswer(t *testing.T) {
	t.Parallel()
	s := start(t, calledFrom(true, "https://other.example.com", shop), func(su *setup) { su.cfg.BodyLimit = 1 << 10 })
	const things = "/api/v1/test/things"
	created := s.do(jsonRequest("POST", things, `{"name":"a"}`, "Origin: "+shop))
	at := created.Header.Get("Location")
	etag := "If-None-Match: " + s.get(at, "Origin: "+shop).Header.Get("ETag")
	for text, status := range map[string]int{
		jsonRequest("POST", things, `{"name":"b"}`):                              201,
		request("GET", things, ""):                                               200,
		request("HEAD", things, ""):                                              200,
		request("GET", at, "", etag):                                             304,
		jsonRequest("POST", things, `{"name":`):                                  400,
		request("GET", "/nowhere", ""):                                           404,
		request("PUT", things, ""):                                               405,
		jsonRequest("PATCH", at, `{"name":"c"}`, `If-Match: "99"`):               412,
		jsonRequest("POST", things, `{"name":"`+strings.Repeat("x", 2<<10)+`"}`): 413,
		request("POST", things, "x", "Content-Type: text/plain"):                 415,
		jsonRequest("POST", things, `{"name":""}`):                               422,
	} {
		head, rest, _ := strings.Cut(text, "\r\n")
		a := s.do(head + "\r\nOrigin: " + shop + "\r\n" + rest)
		if a.StatusCode != status {
			t.Errorf("%s: status %d, want %d: %s", head, a.StatusCode, status, a.body)
		}
		if h := a.Header; h.Get("Access-Control-Allow-Origin") != shop || h.Get("Access-Control-Allow-Credentials") != "true" || !slices.Contains(a.varies(), "Origin") {
			t.Errorf("%s: %v", head, h)
		}
		for _, name := range []string{"ETag", "Location", "X-Request-Id", "RateLimit", "Retry-After"} {
			if !slices.Contains(strings.Split(a.Header.Get("Access-Control-Expose-Headers"), ", "), name) {
				t.Errorf("%s: the page may not read %s", head, name)
			}
		}
	}
}

// An origin is the one that was named, to the letter.
func TestOriginsThatLookAlike(t *testing.T) {
	t.Parallel()
	s := start(t, calledFrom(true, shop, "http://localhost:5173"))
	for origin, want := range map[string]string{
		shop:                                shop,
		"http://localhost:5173":             "http://localhost:5173",
		"null":                              "",
		"":                                  "",
		"*":                                 "",
		"http://shop.example.com":           "",
		"https://shop.example.com:443":      "",
		"https://shop.example.com:8443":     "",
		"https://shop.example.com/":         "",
		"https://shop.example.com.evil.com": "",
		"https://evilshop.example.com":      "",
		"https://a.shop.example.com":        "",
		"https://example.com":               "",
		"https://SHOP.example.com":          "",
		"https://shop.example.com.":         "",
		"https://shop_example.com":          "",
		"https://shop.example.com@evil.com": "",
		"https://shop.example.com https://evil.com":            "",
		"https://shop.example.com\r\nOrigin: https://evil.com": "",
		"https://evil.com\r\nOrigin: https://shop.example.com": "",
		"http://localhost":       "",
		"http://localhost:51730": "",
	} {
		for _, method := range []string{"GET", "OPTIONS"} {
			a := s.do(request(method, "/api/v1/test/things", "", "Origin: "+origin, "Access-Control-Request-Method: GET"))
			if got := a.Header.Get("Access-Control-Allow-Origin"); got != want {
				t.Errorf("%s from %q: allowed %q, want %q", method, origin, got, want)
			}
			if allows := a.Header.Get("Access-Control-Allow-Methods"); (allows != "") != (want != "" && method == "OPTIONS") {
				t.Errorf("%s from %q: methods %q", method, origin, allows)
			}
			if want == "" && a.Header.Get("Access-Control-Allow-Credentials")+a.Header.Get("Access-Control-Expose-Headers") != "" {
				t.Errorf("%s from %q: %v", method, origin, a.Header)
			}
			if !slices.Contains(a.varies(), "Origin") {
				t.Errorf("%s from %q: it varies by %v", method, origin, a.varies())
			}
		}
	}
	if a := s.get("/api/v1/test/things"); a.Header.Get("Access-Control-Allow-Origin") != "" || !slices.Contains(a.varies(), "Origin") {
		t.Errorf("without an origin: %v", a.Header)
	}
}

// Every page may ask where every origin is named, without anybody's cookies.
func TestEveryOrigin(t *testing.T) {
	t.Parallel()
	s := start(t, calledFrom(false, "*"))
	for _, origin := range []string{shop, "null", "https://anybody.example"} {
		h := s.get("/api/v1/test/things", "Origin: "+origin).Header
		if h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("from %s: %v", origin, h)
		}
	}
}

// A browser that asks first learns what it may send to that route, and asks about routes that there are.
func TestPreflight(t *testing.T) {
	t.Parallel()
	s := start(t, calledFrom(false, shop), func(su *setup) {
		su.cfg.CORS.Methods = slices.DeleteFunc(su.cfg.CORS.Methods, func(m string) bool { return m == "DELETE" })
		su.cfg.CORS.MaxAge = time.Minute
	})
	ask := func(path string) answer {
		return s.do(request("OPTIONS", path, "", "Origin: "+shop, "Access-Control-Request-Method: DELETE", "Access-Control-Request-Headers: if-match"))
	}
	for path, methods := range map[string]string{
		"/api/v1/test/things": "GET, HEAD, POST",
		"/api/v1/test/things/018f6d3a-0000-7000-8000-000000000000": "GET, HEAD, PATCH",
	} {
		a := ask(path)
		h := a.Header
		if a.StatusCode != 204 || len(a.body) > 0 || h.Get("Access-Control-Allow-Methods") != methods || h.Get("Access-Control-Allow-Origin") != shop || h.Get("Access-Control-Max-Age") != "60" {
			t.Errorf("%s: %d %v", path, a.StatusCode, h)
		}
		for _, name := range []string{"If-Match", "Idempotency-Key", "Content-Type", "Authorization"} {
			if !slices.Contains(strings.Split(h.Get("Access-Control-Allow-Headers"), ", "), name) {
				t.Errorf("%s: %s may not be sent", path, name)
			}
		}
		for _, name := range []string{"Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"} {
			if !slices.Contains(a.varies(), name) {
				t.Errorf("%s: it varies by %v", path, a.varies())
			}
		}
	}
	if a := ask("/nowhere"); a.StatusCode != 404 || a.Header.Get("Access-Control-Allow-Methods") != "" {
		t.Errorf("no route: %d %v", a.StatusCode, a.Header)
	}
	if a := s.do(request("OPTIONS", "/api/v1/test/things", "", "Origin: "+shop)); a.StatusCode != 204 || a.Header.Get("Access-Control-Allow-Methods") != "" {
		t.Errorf("OPTIONS that is no preflight: %d %v", a.StatusCode, a.Header)
	}
}

// What no browser sends would let nobody in, and what lets everybody in as anybody is refused.
func TestCORSConfig(t *testing.T) {
	t.Parallel()
	for set, key := range map[string]string{
		"http.cors.origins=" + shop + ",http://localhost:5173,https://[::1]:8443": "",
		"http.cors.origins=*":                            "",
		"http.cors.origins=null":                         "http.cors.origins",
		"http.cors.origins=*," + shop:                    "http.cors.origins",
		"http.cors.origins=shop.example.com":             "http.cors.origins",
		"http.cors.origins=https://shop.example.com/":    "http.cors.origins",
		"http.cors.origins=https://shop.example.com/a":   "http.cors.origins",
		"http.cors.origins=https://shop.example.com:443": "http.cors.origins",
		"http.cors.origins=https://Shop.example.com":     "http.cors.origins",
		"http.cors.origins=https://*.example.com":        "http.cors.origins",
		"http.cors.origins=https://me@shop.example.com":  "http.cors.origins",
		"http.cors.origins=ftp://shop.example.com":       "http.cors.origins",
		"http.cors.origins=https://":                     "http.cors.origins",
		"http.cors.methods=get":                          "http.cors.methods",
		"http.cors.methods=GET,TRACE":                    "http.cors.methods",
		"http.cors.headers=X-A,*":                        "http.cors.headers",
		"http.cors.headers=X A":                          "http.cors.headers",
		"http.cors.max_age=-1s":                          "http.cors.max_age",
		"http.cors.max_age=25h":                          "http.cors.max_age",
	} {
		_, err := load("prod", set)
		if key == "" && err != nil || key != "" && (err == nil || !strings.Contains(err.Error(), key)) {
			t.Errorf("%s: %v, want a problem with %q", set, err, key)
		}
	}
	if _, err := load("prod", "http.cors.origins=*", "http.cors.credentials=true"); err == nil || !strings.Contains(err.Error(), "http.cors.credentials") {
		t.Errorf("every origin with credentials: %v", err)
	}
	if _, err := load("prod", "http.cors.origins="+shop, "http.cors.credentials=true"); err != nil {
		t.Errorf("one origin with credentials: %v", err)
	}
	if c := httpserver.Default().CORS; len(c.Origins) > 0 || c.Credentials {
		t.Errorf("at first it is on: %+v", c)
	}
}
