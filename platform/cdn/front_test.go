package cdn_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/files"
)

// What a cache in front has is what the application says, until the moment of a change: in every form, and also where an answer is made of more parts than
// a header holds.
func TestChangesReachTheCachesInFront(t *testing.T) {
	behind(t, func(t *testing.T, s *site) {
		for i := range 100 {
			s.mustWrite(strconv.Itoa(i), "first "+strconv.Itoa(i)+".")
		}
		all := []string{"/pages/1", "/pages/%31", "/html/1", "/many?ids=1&ids=2", "/many" + ids(100)}
		for _, path := range append(all, "/kept/1") {
			for _, coding := range []string{"", "gzip"} {
				s.get(path, "Accept-Encoding: "+coding)
				s.want(path, "first 1.", false, "Accept-Encoding: "+coding)
			}
		}
		s.want("/pages/2", "first 2.", true)
		s.mustWrite("1", "second 1.")
		for _, path := range all {
			s.want(path, "second 1.", true)
			s.want(path, "second 1.", false)
			if a := s.get(path, "Accept-Encoding: gzip"); !strings.Contains(a.text, "second 1.") {
				t.Errorf("%s, compressed where it is long: %.80s", path, a.text)
			}
		}
		s.want("/kept/1", "second 1.", true)
		s.want("/pages/2", "first 2.", false)
		if err := s.tagged("pages"); err != nil {
			t.Error(err)
		}
		s.want("/pages/1", "second 1.", true)
		s.want("/pages/2", "first 2.", true)
	}, "varnish", "varnish with bans", "nginx")
}

// One address that says something else to each caller, a cookie, an error, and what looks like a file behind such an address, are in no cache.
func TestWhatNoCacheInFrontKeeps(t *testing.T) {
	behind(t, func(t *testing.T, s *site) {
		for range 2 {
			s.want("/me", `"ada"`, true, "Authorization: Bearer ada")
			s.want("/me", `"bob"`, true, "Authorization: Bearer bob")
			s.want("/cookie", "welcome", true)
		}
		for _, path := range []string{"/me", "/me/x.css", "/me;x.css", "/me%2fx.css", "/me%00.css", "/me?x.css", "/me/", "/me/..%2fpages/1", "/pages/none"} {
			mine, others := s.get(path, "Authorization: Bearer ada"), s.get(path)
			if strings.Contains(others.text, `"ada"`) { // an id of a request may hold the three letters
				t.Errorf("%s: what ada has got is everybody's: %s", path, others.text)
			}
			for _, a := range []answer{mine, others} {
				if a.StatusCode < 400 || a.Header.Get("Cache-Control") != "no-store" && a.Header.Get("Server") == "" {
					if a.StatusCode != 200 || a.Header.Get("Cache-Control") != "private, no-store" {
						t.Errorf("%s: %s, Cache-Control %q", path, a.Status, a.Header.Get("Cache-Control"))
					}
				}
			}
		}
		s.mustWrite("none", "there it is")
		s.want("/pages/none", "there it is", true)
	}, "varnish", "nginx")
}

// No header changes what the next client gets.
func TestNobodyPoisonsACacheInFront(t *testing.T) {
	behind(t, func(t *testing.T, s *site) {
		for i, header := range []string{
			"X-Forwarded-Host: evil.example", "X-Forwarded-For: 192.0.2.1, evil", "X-Original-URL: /api/v1/test/me", "X-Rewrite-URL: /api/v1/test/me", "X-HTTP-Method-Override: DELETE",
			"X-HTTP-Method: HEAD", "Xkey: evil", "Range: bytes=0-3", "Accept: text/html", "Accept-Language: evil", "Forwarded: host=evil.example", "If-None-Match: *", "Te: trailers",
		} {
			id := strconv.Itoa(i)
			s.mustWrite(id, "page "+id+".")
			s.get("/pages/"+id, header)
			a := s.get("/pages/" + id)
			if a.StatusCode != http.StatusOK || a.text != `{"text":"page `+id+`."}` {
				t.Errorf("%s: the next one gets %s %s", header, a.Status, a.text)
			}
			for name, values := range a.Header {
				if strings.Contains(strings.Join(values, " "), "evil") || strings.EqualFold(name, "xkey") {
					t.Errorf("%s: the next one gets %s: %q", header, name, values)
				}
			}
		}
	}, "varnish", "nginx")
}

// Everybody gets the form that they can read, and a part of it where they ask for that.
func TestFormsInACacheInFront(t *testing.T) {
	behind(t, func(t *testing.T, s *site) {
		long := strings.Repeat("a long page. ", 500)
		s.mustWrite("1", long)
		for range 2 {
			for _, accept := range []string{"gzip", "", "gzip, deflate", "identity"} {
				a := s.get("/pages/1", "Accept-Encoding: "+accept)
				text := a.text
				if coding := a.Header.Get("Content-Encoding"); coding != "" {
					if !strings.Contains(accept, coding) {
						t.Fatalf("%q is answered in %q", accept, coding)
					}
					r, err := gzip.NewReader(strings.NewReader(text))
					if err != nil {
						t.Fatal(err)
					}
					plain, err := io.ReadAll(r)
					if err != nil {
						t.Fatal(err)
					}
					text = string(plain)
				} else if strings.Contains(accept, "gzip") {
					t.Errorf("%q is answered without a coding", accept)
				}
				if text != `{"text":"`+long+`"}` {
					t.Errorf("%q: %d bytes", accept, len(text))
				}
			}
			if a := s.get("/pages/1", "Range: bytes=9-14"); a.StatusCode == http.StatusPartialContent && a.text != "a long" || a.StatusCode >= 400 {
				t.Errorf("a part: %s %.80s", a.Status, a.text)
			}
			for _, language := range []string{"de", "en"} {
				if a := s.get("/greeting", "Accept-Language: "+language); !strings.Contains(a.text, "greeting in "+language) {
					t.Errorf("asked in %s: %s", language, a.text)
				}
			}
			if a := s.get("/pages/1", "If-None-Match: "+s.get("/pages/1").Header.Get("ETag")); a.StatusCode != http.StatusNotModified {
				t.Errorf("who has it already gets %s", a.Status)
			}
		}
	}, "varnish", "nginx")
}

// No address that somebody asks for keeps the cache from being told of the others: neither one that just fits into its line, nor one with a host.
func TestAddressesThatCannotBePurged(t *testing.T) {
	behind(t, func(t *testing.T, s *site) {
		s.mustWrite("1", "first.")
		const line = 8 << 10 // of nginx, with the method and the version
		for n := line - 24; n <= line-8; n++ {
			path := "/html/1?"
			s.get(path + strings.Repeat("x", n-len("/api/v1/test"+path)))
		}
		long := "/html/1?" + strings.Repeat("x", 5000)
		s.want(long, "first.", true)
		s.want(long, "first.", true) // it could not be purged
		s.direct("GET http://shop.example/api/v1/test/html/1 HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n", "first.")
		s.want("/html/1?short", "first.", true)
		s.want("/html/1?short", "first.", false)
		s.mustWrite("1", "second.")
		s.want("/html/1?short", "second.", true)
	}, "nginx")
}

// What belongs to one request is in its answer, and in no other that is made of that.
func TestWhatBelongsToOneRequest(t *testing.T) {
	behind(t, func(t *testing.T, s *site) {
		s.mustWrite("1", "page 1.")
		const trace = "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
		first := s.want("/pages/1", "page 1.", true, trace)
		kept := s.want("/pages/1", "page 1.", false, trace)
		for _, name := range []string{"X-Request-Id", "Traceparent"} {
			if first.Header.Get(name) == "" || kept.Header.Get(name) != "" {
				t.Errorf("%s: %q, and of a kept answer %q", name, first.Header.Get(name), kept.Header.Get(name))
			}
		}
	}, "varnish", "nginx")
}

// A public file is kept for a year, and no longer than it is there.
func TestAFileIsDeleted(t *testing.T) {
	behind(t, func(t *testing.T, s *site) {
		kept, err := s.files.Put(t.Context(), strings.NewReader("a text"), files.Rule{Public: true})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if a := s.get(kept.Name.Path()); a.text != "a text" || a.Header.Get("xkey") != "" {
				t.Errorf("%s %v", a.text, a.Header)
			}
		}
		if err := s.files.Delete(t.Context(), kept.Name); err != nil {
			t.Error(err)
		}
		for deadline := time.Now().Add(20 * time.Second); s.get(kept.Name.Path()).StatusCode != http.StatusNotFound; {
			if time.Now().After(deadline) {
				t.Fatal("it is still there")
			}
		}
	}, "varnish", "varnish with bans", "nginx")
}

// An answer that was being made while something in it changed is kept by nobody.
func TestChangesWhileAnAnswerIsMade(t *testing.T) {
	behind(t, func(t *testing.T, s *site) {
		s.mustWrite("held", "first")
		answers := make(chan answer, 1)
		go func() {
			a, err := s.ask("/pages/held")
			if err != nil {
				t.Error(err)
			}
			answers <- a
		}()
		leave := <-s.hold
		s.mustWrite("held", "second")
		close(leave)
		if a := <-answers; !strings.Contains(a.text, "first") || a.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s, Cache-Control %q", a.text, a.Header.Get("Cache-Control"))
		}
		go func() { close(<-s.hold) }()
		s.want("/pages/held", "second", true)
	}, "varnish", "nginx")
}

// A cache that does not answer holds nobody up for long, and learns of everything as soon as it does.
func TestACacheInFrontThatIsFrozen(t *testing.T) {
	t.Parallel()
	s, inFront := newSite(t, "nginx", time.Hour)
	s.mustWrite("1", "first")
	s.want("/pages/1", "first", true)
	s.want("/pages/1", "first", false)
	inFront.Freeze(t)
	if err := s.write("1", "second"); err == nil || !strings.Contains(err.Error(), "purge the cache http://") {
		t.Errorf("a change that the cache has not heard of: %v", err)
	}
	inFront.Thaw(t)
	for deadline := time.Now().Add(20 * time.Second); ; {
		if a := s.get("/pages/1"); strings.Contains(a.text, "second") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the cache never hears of the change")
		}
	}
}
