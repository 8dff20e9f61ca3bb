package httpserver_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/httpserver"
	"github.com/banyan-go/banyan/platform/lifecycle"
)

// book is something that operations read through a cache, and that is invalidated when it is written.
type book struct {
	values *cache.Cache
	pages  *cache.Group[string, string]
	text   atomic.Value
	reads  atomic.Int64 // by operations
	before func()       // an operation that has read answers, nil for nothing
}

func newBook(t *testing.T) *book {
	t.Helper()
	var lc lifecycle.Lifecycle
	c, err := cache.New(cache.Default(), cache.Options{}, &lc)
	if err != nil {
		t.Fatal(err)
	}
	if err := lc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lc.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	b := &book{values: c}
	b.pages = cache.Of(c, "test.pages", cache.Rule{}, func(context.Context, string) (string, error) {
		return b.text.Load().(string), nil //nolint:forcetypeassert // write alone stores
	})
	b.text.Store(prose(3000))
	return b
}

func (b *book) write(t *testing.T, text string) {
	t.Helper()
	b.text.Store(text)
	if err := b.pages.Invalidate(t.Context(), "1"); err != nil {
		t.Error(err)
	}
}

func (b *book) collect(ctx context.Context, tags []string) (context.Context, httpserver.Reads) {
	ctx, reads := cache.Collect(ctx)
	b.values.Depend(reads, tags...)
	return ctx, reads
}

type (
	ask struct {
		Fail     string   `query:"fail" default:""`
		Pages    []string `query:"pages" default:"[]"`
		Language string   `header:"Accept-Language"`
	}
	page1 struct {
		ETag api.ETag `header:"ETag"`
		Link string   `header:"Link"`
		Body struct {
			Text string `json:"text"`
		}
	}
)

func (b *book) read(ctx context.Context, in *ask) (*page1, error) {
	b.reads.Add(1)
	text, err := b.pages.Get(ctx, "1")
	if err != nil {
		return nil, err
	}
	if b.before != nil {
		b.before()
	}
	switch in.Fail {
	case "panic":
		panic("the page is torn")
	case "missing":
		return nil, fault.New(fault.NotFound, "page_not_found", "There is no such page.")
	}
	out := &page1{ETag: api.Version(7), Link: `</next>; rel="next"`}
	out.Body.Text = in.Language + strings.Join(in.Pages, "+") + text
	return out, nil
}

const (
	kept    = "/api/v1/test/kept"
	notKept = "/api/v1/test/not-kept"
)

// library runs a server with two operations on a book, one of which the server keeps the answers of.
func library(t *testing.T, b *book, change ...func(*setup)) *server {
	t.Helper()
	c := api.Caching{SMaxAge: time.Minute, Server: time.Hour, Tags: []string{"books"}}
	brief := publicOp("brief", api.Caching{Server: time.Nanosecond})
	return start(t, append([]func(*setup){func(su *setup) { su.opts.Reads = b.collect }, with(
		api.Get("/kept", b.read, publicOp("kept", c)),
		api.Get("/brief", b.read, brief),
		api.Get("/not-kept", b.read, publicOp("notKept", api.Caching{SMaxAge: time.Minute})),
	)}, change...)...)
}

// own returns the headers of an answer that do not belong to one request.
func (a answer) own() http.Header {
	h := maps.Clone(a.Header)
	for _, name := range []string{"Date", "X-Request-Id", "Traceparent"} {
		h.Del(name)
	}
	return h
}

// What is kept is given as the operation would give it: in every coding, to HEAD, to who has it already, whatever else stands in the request.
func TestKeptAnswersAreThoseOfTheOperation(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	s := library(t, b, calledFrom(false, shop))
	for _, headers := range [][]string{
		nil,
		{"Accept-Encoding: gzip"},
		{"Accept-Encoding: br"},
		{"Accept-Encoding: zstd"},
		{"Accept-Encoding: gzip;q=0, *;q=0"},
		{"Accept-Encoding: deflate"},
		{`If-None-Match: "7"`},
		{`If-None-Match: "7"`, "Accept-Encoding: br"},
		{`If-None-Match: "7-br"`, "Accept-Encoding: gzip"},
		{`If-None-Match: "6", W/"7-zstd"`},
		{`If-None-Match: "6"`, "Accept-Encoding: br"},
		{`If-None-Match: "7-x"`},
		{"If-None-Match: *"},
		{"Range: bytes=0-9"},
		{"Range: bytes=0-9", "Accept-Encoding: gzip"},
		{"If-Modified-Since: Thu, 01 Jan 2032 00:00:00 GMT"},
		{"Origin: " + shop},
		{"Accept: application/json;q=0.5, text/html"},
		{"Accept: text/html"},
		{"Accept-Language: de"},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			want := s.do(request(method, notKept, "", headers...))
			reads := b.reads.Load()
			for i := range 3 {
				got := s.do(request(method, kept, "", headers...))
				if got.StatusCode != want.StatusCode || got.StatusCode < 400 && (string(got.body) != string(want.body) || fmt.Sprint(got.own()) != fmt.Sprint(want.own())) {
					t.Errorf("%s %q, time %d: %s %v\nwant %s %v", method, headers, i, got.Status, got.own(), want.Status, want.own())
				}
			}
			if n := b.reads.Load() - reads; n > 1 {
				t.Errorf("%s %q: the operation was asked %d times", method, headers, n)
			}
		}
	}
	if n := b.reads.Load(); n != 38+2 { // one of the others is refused before; of what is kept there are two, by language
		t.Errorf("the operations were asked %d times", n)
	}
	// A body where none belongs is refused, whatever is kept.
	if a := s.do(request("GET", kept, "x")); a.StatusCode != 400 {
		t.Errorf("with a body: %s", a.Status)
	}
	if got, want := unpack(t, "br", s.get(kept, "Accept-Encoding: br").body), string(s.get(kept).body); got != want {
		t.Error("the compressed form is another text")
	}
}

// What is no part of the key changes nothing in what is kept: what one client sends is not what the next one gets.
func TestNoHeaderChangesWhatIsKept(t *testing.T) {
	t.Parallel()
	clean := library(t, newBook(t)).get(kept)
	for _, header := range []string{
		"X-Forwarded-Host: evil.example", "X-Forwarded-Proto: https", "X-Forwarded-For: 192.0.2.1", "Forwarded: host=evil.example", "X-Host: evil.example",
		"X-Original-URL: /admin", "X-Rewrite-URL: /admin", "X-HTTP-Method-Override: DELETE", "X-HTTP-Method: PUT", "X-Method-Override: POST",
		"Cookie: __Host-session=abc", "Authorization: Bearer good", "Accept: */*", "Content-Type: text/html", "User-Agent: <script>", "Referer: https://evil.example",
		"Cache-Control: no-cache", "Pragma: no-cache", "Range: bytes=0-0", "If-Range: \"7\"", "Te: trailers", "Upgrade: h2c", "Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"X-Request-Id: evil", "Via: 1.0 evil", "Max-Forwards: 0", "Expect: 100-continue",
	} {
		t.Run(header, func(t *testing.T) {
			t.Parallel()
			b := newBook(t)
			s := library(t, b)
			s.get(kept, header)
			a := s.get(kept)
			if string(a.body) != string(clean.body) || fmt.Sprint(a.own()) != fmt.Sprint(clean.own()) {
				t.Errorf("%s %v", a.Status, a.own())
			}
			if n := b.reads.Load(); n != 1 {
				t.Errorf("the operation was asked %d times: the header is a part of the key", n)
			}
		})
	}
}

func TestWhatAnAnswerIsKeptUnder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		first, second string
		headers       [2]string
		same          bool
	}{
		{first: kept + "?", second: kept, same: true},
		{first: kept + "?fail=&pages=a", second: kept + "?pages=a&fail=", same: true},
		{first: kept + "?&pages=a&&fail=", second: kept + "?pages=a&fail=", same: true},
		{first: kept + "?pages=a&pages=b", second: kept + "?pages=b&pages=a"},
		{first: kept + "?pages=a&fail=&pages=b", second: kept + "?pages=a&pages=b&fail=", same: true},
		{first: kept + "?pages=a", second: kept},
		{first: kept + "?pages=a", second: kept + "?pages=A"},
		{first: kept + "?pages=a%26fail=", second: kept + "?pages=a&fail="},
		{first: kept + "?p%61ges=b&pages=a", second: kept + "?pages=a&p%61ges=b"}, // one parameter with two values, in two orders
		{first: kept, second: kept, headers: [2]string{"Accept-Language: de", "Accept-Language: en"}},
		{first: kept, second: kept, headers: [2]string{"Accept-Language: de", "Accept-Language: de"}, same: true},
		{first: kept, second: kept, headers: [2]string{"Accept-Language: de", "X: y"}},
	} {
		b := newBook(t)
		s := library(t, b)
		for i, path := range []string{c.first, c.second} {
			var headers []string
			if c.headers[i] != "" {
				headers = []string{c.headers[i]}
			}
			a := s.get(path, headers...)
			want := s.get(strings.Replace(path, kept, notKept, 1), headers...)
			if a.StatusCode != 200 || string(a.body) != string(want.body) {
				t.Errorf("%s %q: %s %.60s, want %.60s", path, headers, a.Status, a.body, want.body)
			}
		}
		if n := b.reads.Load(); n != map[bool]int64{true: 3, false: 4}[c.same] {
			t.Errorf("%s and %s, %q: the operations were asked %d times", c.first, c.second, c.headers, n)
		}
	}
}

// Errors are told each time anew, and what has a time is given no longer than that.
func TestWhatIsNotKept(t *testing.T) {
	t.Parallel()
	for path, status := range map[string]int{
		kept + "?fail=missing": 404, kept + "?fail=panic": 500, kept + "?unknown=1": 422, kept + "?%zz": 400, "/api/v1/test/brief": 200,
		kept + "/x.css": 404, kept + ";x.css": 404, kept + "%2fx.css": 400, kept + "%00.css": 400, kept + "/": 404, kept + "/..;/kept": 404, "//api/v1/test/kept": 404,
	} {
		b := newBook(t)
		s := library(t, b)
		for i := range 2 {
			before := b.reads.Load()
			a := s.get(path)
			if a.StatusCode != status || status >= 400 && a.problem(t).Status != status {
				t.Errorf("%s, time %d: %s", path, i, a.Status)
			}
			if asked := b.reads.Load() > before; asked != (status == 200 || status == 500 || strings.Contains(path, "missing")) {
				t.Errorf("%s, time %d: whether the operation was asked: %v", path, i, asked)
			}
		}
	}
}

// A read after a write sees it, and so does one that has waited for an answer that was begun before the write.
func TestWritesEndWhatIsKept(t *testing.T) {
	t.Parallel()
	inside, leave := make(chan struct{}), make(chan struct{})
	b := newBook(t)
	s := library(t, b)
	s.get(kept)
	b.write(t, "second")
	if a := s.get(kept); !strings.Contains(string(a.body), "second") || a.Header.Get("Cache-Control") != "public, max-age=0, s-maxage=60" {
		t.Errorf("after a write: %.60s, %v", a.body, a.Header)
	}
	if err := b.values.InvalidateTags(t.Context(), "books"); err != nil {
		t.Fatal(err)
	}
	before := b.reads.Load()
	if s.get(kept); b.reads.Load() != before+1 {
		t.Error("after the end of a tag it is still kept")
	}
	b.write(t, "third")
	var once sync.Once
	b.before = func() { once.Do(func() { close(inside); <-leave }) }
	answers := make(chan answer, 2)
	go func() { answers <- s.get(kept) }()
	await(t, inside)
	b.write(t, "fourth") // the operation has read
	go func() { answers <- s.get(kept) }()
	s.awaitMetric(`http_server_response_cache_requests_total{outcome="join"}`, 1)
	close(leave)
	for range 2 {
		a := <-answers
		late := strings.Contains(string(a.body), "third")
		if control := a.Header.Get("Cache-Control"); late != (control == "no-cache") {
			t.Errorf("%.60s may be kept: %q", a.body, control)
		}
	}
	for range 2 {
		if a := s.get(kept); !strings.Contains(string(a.body), "fourth") {
			t.Errorf("after a write while it was made: %.60s", a.body)
		}
	}
}

// await waits for something that has to happen.
func await(t *testing.T, happens <-chan struct{}) {
	t.Helper()
	select {
	case <-happens:
	case <-time.After(patience):
		t.Fatal("it does not happen")
	}
}

// awaitMetric asks for the metrics until one has this value.
func (s *server) awaitMetric(series string, want int) {
	s.t.Helper()
	line := series + " " + strconv.Itoa(want) + "\n"
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		resp, err := http.Get("http://" + s.ops + "/metrics")
		if err != nil {
			s.t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			s.t.Fatal(err)
		}
		if strings.Contains(string(text), line) {
			return
		}
	}
	s.t.Fatalf("%s has not become %d", series, want)
}

// Of many requests at once for what is not there yet, one asks the operation.
func TestOneRequestMakesAnAnswerForAll(t *testing.T) {
	t.Parallel()
	const all = 20
	inside, leave := make(chan struct{}), make(chan struct{})
	b := newBook(t)
	var once sync.Once
	b.before = func() { once.Do(func() { close(inside); <-leave }) }
	s := library(t, b)
	answers := make(chan answer, all)
	for i := range all {
		go func() { answers <- s.get(kept, "Accept-Encoding: "+[]string{"gzip", "br", "zstd", ""}[i%4]) }()
	}
	await(t, inside)
	s.awaitMetric(`http_server_response_cache_requests_total{outcome="join"}`, all-1)
	close(leave)
	want := ""
	for range all {
		a := <-answers
		body := unpack(t, a.Header.Get("Content-Encoding"), a.body)
		if want == "" {
			want = body
		}
		if a.StatusCode != 200 || body != want {
			t.Errorf("%s %.60s", a.Status, body)
		}
	}
	if n := b.reads.Load(); n != 1 {
		t.Errorf("the operation was asked %d times", n)
	}
}

// Whoever waits for an answer that fails, or that panics, gets one of its own.
func TestNobodyWaitsForWhatFails(t *testing.T) {
	t.Parallel()
	for fail, status := range map[string]int{"missing": 404, "panic": 500} {
		inside, leave := make(chan struct{}), make(chan struct{})
		b := newBook(t)
		var once sync.Once
		b.before = func() { once.Do(func() { close(inside); <-leave }) }
		s := library(t, b)
		answers := make(chan answer, 2)
		ask := func() { answers <- s.get(kept + "?fail=" + fail) }
		go ask()
		await(t, inside)
		go ask()
		s.awaitMetric(`http_server_response_cache_requests_total{outcome="join"}`, 1)
		close(leave)
		for range 2 {
			if a := <-answers; a.StatusCode != status {
				t.Errorf("%s: %s", fail, a.Status)
			}
		}
		if n := b.reads.Load(); n != 2 {
			t.Errorf("%s: the operation was asked %d times", fail, n)
		}
	}
}

// Without memory for them nothing is kept, and everything else is as before.
func TestNothingIsKept(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	s := library(t, b, func(su *setup) { su.cfg.ResponseCache = 0 })
	first, second := s.get(kept, "Accept-Encoding: br"), s.get(kept, "Accept-Encoding: br")
	if b.reads.Load() != 2 || string(first.body) != string(second.body) || fmt.Sprint(first.own()) != fmt.Sprint(second.own()) {
		t.Errorf("%d times asked, %v and %v", b.reads.Load(), first.own(), second.own())
	}
	if !slices.Equal(first.Header.Values("Cache-Control"), []string{"public, max-age=0, s-maxage=60"}) {
		t.Errorf("Cache-Control %q", first.Header.Values("Cache-Control"))
	}
}
