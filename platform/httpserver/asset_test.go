package httpserver_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/banyan-go/banyan/platform/assets"
	"github.com/banyan-go/banyan/platform/files"
	filesdisk "github.com/banyan-go/banyan/platform/files/disk"
	"github.com/banyan-go/banyan/platform/httpserver"
	"github.com/banyan-go/banyan/platform/keyring"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/ratelimit"
)

// disk is files that can be taken away.
type disk struct {
	fs.FS
	gone atomic.Bool
}

func (d *disk) Open(name string) (fs.File, error) {
	if d.gone.Load() {
		return nil, errors.New("a request reads from the disk")
	}
	return d.FS.Open(name)
}

const drawing = `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`

// withAssets gives a server three assets, whose files are gone once it has started.
func withAssets(t *testing.T) (all *assets.Assets, change func(*setup)) {
	t.Helper()
	noise := make([]byte, 4096)
	_, _ = rand.Read(noise) // it never fails
	tree := &disk{FS: fstest.MapFS{
		"app.css":  {Data: bytes.Repeat([]byte("main { margin: 0 auto }\n"), 100)},
		"logo.svg": {Data: []byte(drawing)},
		"a.woff2":  {Data: []byte("wOF2")},
		"keys.txt": {Data: noise},
	}}
	var lc lifecycle.Lifecycle
	all = assets.New(assets.Config{}, &lc)
	if err := all.Add("shop", tree); err != nil {
		t.Fatal(err)
	}
	if err := lc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	tree.gone.Store(true)
	return all, func(su *setup) { su.opts.Assets = all }
}

// address returns where the server has an asset.
func address(t *testing.T, all *assets.Assets, name string) string {
	t.Helper()
	u, err := all.URL(name)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// ask asks for a path with headers, and neither decodes nor asks for a coding on its own.
func (s *server) ask(method, path string, headers ...string) (*http.Response, []byte) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.addr+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Add(name, value)
	}
	transport := &http.Transport{DisableCompression: true}
	s.t.Cleanup(transport.CloseIdleConnections)
	resp, err := transport.RoundTrip(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close() // it is read below
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp, body
}

func TestAnAssetIsKeptForAYearInEachCoding(t *testing.T) {
	t.Parallel()
	all, with := withAssets(t)
	s := start(t, with)
	path := address(t, all, "shop/app.css")
	tags := map[string]bool{}
	for accept, coding := range map[string]string{"": "", "gzip": "gzip", "br;q=0.5, zstd;q=0.4": "br", "gzip, deflate, br, zstd": "zstd", "identity": "", "*;q=0": ""} {
		resp, body := s.ask(http.MethodGet, path, "Accept-Encoding: "+accept)
		h := resp.Header
		if got := h.Get("Content-Encoding"); resp.StatusCode != http.StatusOK || got != coding || h.Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%q: %s, Content-Encoding %q, %v", accept, resp.Status, got, h)
		}
		if h.Get("Etag") != all.Find([]byte(path)).Tag(coding) {
			t.Errorf("%q: the entity tag is %s", accept, h.Get("Etag"))
		}
		if h.Get("Vary") != "Accept-Encoding" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Type") != "text/css; charset=utf-8" {
			t.Errorf("%q: %v", accept, h)
		}
		if f := all.Find([]byte(path)); coding == "" && !bytes.Equal(body, f.Body) || coding != "" && !bytes.Equal(body, f.Form(coding)) {
			t.Errorf("%q: %d bytes, not those that were made before", accept, len(body))
		}
		tags[h.Get("Etag")] = true
		resp, body = s.ask(http.MethodGet, path, "Accept-Encoding: "+accept, "If-None-Match: "+h.Get("Etag"))
		if resp.StatusCode != http.StatusNotModified || len(body) > 0 {
			t.Errorf("%q: again it is %s with %d bytes", accept, resp.Status, len(body))
		}
	}
	if len(tags) != 4 {
		t.Errorf("four representations have the entity tags %v", tags)
	}
	if resp, body := s.ask(http.MethodGet, address(t, all, "shop/keys.txt"), "Accept-Encoding: gzip"); resp.Header.Get("Vary") != "" || len(body) != 4096 {
		t.Errorf("what does not shrink has been tried again: %v", resp.Header)
	}
	resp, body := s.ask(http.MethodHead, path, "Accept-Encoding: gzip")
	if form := all.Find([]byte(path)).Form("gzip"); len(body) > 0 || int(resp.ContentLength) != len(form) {
		t.Errorf("HEAD: %d of %d bytes, the form has %d", len(body), resp.ContentLength, len(form))
	}
}

// A cache that keeps "not found" keeps it also from the next program, which has the file.
func TestAnAssetThatIsNotThereIsNotStored(t *testing.T) {
	t.Parallel()
	all, with := withAssets(t)
	s := start(t, with)
	path := address(t, all, "shop/app.css")
	for _, other := range []string{"/assets/shop/app-0000000000000000.css", "/assets/shop/app.css", "/assets/shop/", "/assets/", path + "/x", path + ";x"} {
		resp, _ := s.ask(http.MethodGet, other)
		if resp.StatusCode != http.StatusNotFound || resp.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %s, %s", other, resp.Status, resp.Header.Get("Cache-Control"))
		}
	}
	for _, other := range []string{"/assets/../things", "/assets/shop/%2e%2e/app.css", "/assets/shop%2fapp.css"} {
		if resp, _ := s.ask(http.MethodGet, other); resp.StatusCode != http.StatusBadRequest && resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", other, resp.Status)
		}
	}
	if resp, _ := s.ask(http.MethodPost, path); resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "GET, HEAD, OPTIONS" {
		t.Errorf("POST: %s, Allow %s", resp.Status, resp.Header.Get("Allow"))
	}
}

// Fonts are asked for with CORS from a CDN, whose cache has one answer for all pages: it depends on no origin.
func TestEveryPageMayUseAssets(t *testing.T) {
	t.Parallel()
	all, with := withAssets(t)
	s := start(t, with, func(su *setup) { su.cfg.CORS.Origins = []string{"https://shop.example.com"} })
	for _, origin := range []string{"", "https://shop.example.com", "https://evil.example.com"} {
		resp, _ := s.ask(http.MethodGet, address(t, all, "shop/a.woff2"), "Origin: "+origin)
		if h := resp.Header; h.Get("Access-Control-Allow-Origin") != "*" || len(h["Access-Control-Allow-Origin"]) != 1 || h.Get("Vary") != "" || h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("to %q: %v", origin, h)
		}
	}
}

// A drawing may hold a script, which would run with the rights of the site when the drawing is opened as a page.
func TestADrawingRunsNoScript(t *testing.T) {
	t.Parallel()
	all, with := withAssets(t)
	resp, _ := start(t, with).ask(http.MethodGet, address(t, all, "shop/logo.svg"))
	if got := resp.Header.Get("Content-Security-Policy"); !strings.Contains(got, "sandbox") || strings.Contains(got, "script-src") {
		t.Errorf("the policy is %q", got)
	}
}

// A page loads thirty of them at once, and fifty pictures: its reader has used up no share of anything.
func TestWhatAPageLoadsIsNotCounted(t *testing.T) {
	t.Parallel()
	all, with := withAssets(t)
	picture, kept := withPicture(t)
	s := start(t, with, kept, func(su *setup) {
		su.gate = func(*keyring.Ring) httpserver.Gate {
			cfg := ratelimit.Default()
			cfg.Default.Max = 1
			return httpserver.Gate{Limits: ratelimit.New(cfg, ratelimit.Options{})}
		}
	})
	for _, path := range []string{address(t, all, "shop/app.css"), picture, files.Prefix + "pub-nothing.png"} {
		for range 5 {
			if resp, _ := s.ask(http.MethodGet, path); resp.StatusCode == http.StatusTooManyRequests || resp.Header.Get("RateLimit") != "" {
				t.Fatalf("%s: %s, RateLimit %q", path, resp.Status, resp.Header.Get("RateLimit"))
			}
		}
	}
}

// withPicture gives a server one public file, at that path.
func withPicture(t *testing.T) (path string, change func(*setup)) {
	t.Helper()
	var lc lifecycle.Lifecycle
	f, err := files.New(files.Default(), t.TempDir(), files.Drivers{"disk": filesdisk.Driver{}}, slog.New(slog.DiscardHandler), &lc)
	if err != nil {
		t.Fatal(err)
	}
	f.Announce()
	if err := lc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lc.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	stored, err := f.Put(t.Context(), strings.NewReader("GIF89a"), files.Rule{Public: true})
	if err != nil {
		t.Fatal(err)
	}
	return stored.Name.Path(), func(su *setup) { su.opts.Pages = f.Pages() }
}

// Whoever is offered what the server does not keep still gets an answer that can be read, and nothing is compressed for it.
func TestACodingThatIsSwitchedOffIsNotUsed(t *testing.T) {
	t.Parallel()
	all, with := withAssets(t)
	s := start(t, with, func(su *setup) { su.cfg.Compress = []string{"gzip"} })
	resp, body := s.ask(http.MethodGet, address(t, all, "shop/app.css"), "Accept-Encoding: br, zstd, gzip;q=0.1")
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil || resp.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("%v: %v", resp.Header, err)
	}
	if plain, err := io.ReadAll(r); err != nil || !bytes.Equal(plain, all.Find([]byte(address(t, all, "shop/app.css"))).Body) {
		t.Errorf("%.100q, %v", plain, err)
	}
}
