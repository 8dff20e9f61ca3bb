package files_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/files"
)

// get asks for a path of the public files; headers are lines.
func get(t *testing.T, f *files.Files, path string, headers ...string) (*fasthttp.Response, error) {
	t.Helper()
	var fctx fasthttp.RequestCtx
	fctx.Request.SetRequestURI(path)
	fctx.Request.URI().DisablePathNormalizing = true
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		fctx.Request.Header.Set(name, value)
	}
	err := f.Pages()[0].Serve(t.Context(), &fctx)
	return &fctx.Response, err
}

func TestAPublicFileIsKeptForEverAndAPrivateOneByNobody(t *testing.T) {
	t.Parallel()
	f := start(t)
	public, err := f.Put(t.Context(), strings.NewReader(png), files.Rule{Public: true})
	if err != nil {
		t.Fatal(err)
	}
	private, err := f.Put(t.Context(), strings.NewReader("report"), files.Rule{})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := get(t, f.Files, public.Name.Path())
	if err != nil {
		t.Fatal(err)
	}
	h := &resp.Header
	if got := string(h.Peek("Cache-Control")); got != "public, max-age=31536000, immutable" || string(resp.Body()) != png || string(h.ContentType()) != "image/png" {
		t.Errorf("%s, %q\n%s", got, resp.Body(), h)
	}
	resp, err = get(t, f.Files, public.Name.Path(), "If-None-Match: "+string(h.Peek("Etag")))
	if err != nil || resp.StatusCode() != 304 || len(resp.Body()) > 0 {
		t.Errorf("again: %d, %v", resp.StatusCode(), err)
	}
	for _, path := range []string{private.Name.Path(), "/files/", "/files/pub-" + strings.Repeat("0", 32) + ".png", "/files/../own", public.Name.Path() + "/x"} {
		if resp, err := get(t, f.Files, path); !errors.Is(err, files.ErrNotFound) {
			t.Errorf("%s: %d, %v", path, resp.StatusCode(), err)
		}
	}
	var fctx fasthttp.RequestCtx
	if err := f.Send(t.Context(), &fctx, private.Name, "Réport \"1\".txt"); err != nil {
		t.Fatal(err)
	}
	h = &fctx.Response.Header
	if got := string(h.Peek("Cache-Control")); got != "private, no-store" || string(fctx.Response.Body()) != "report" {
		t.Errorf("by its handler: %s", got)
	}
	if got := string(h.Peek("Content-Disposition")); !strings.HasPrefix(got, "attachment;") || strings.ContainsAny(got, "\r\n") {
		t.Errorf("it is saved as %s", got)
	}
}

// A browser that is sent somebody's file neither guesses what it might be, nor runs it with the rights of this site.
func TestWhatIsNoPictureIsSaved(t *testing.T) {
	t.Parallel()
	f := start(t)
	for content, shown := range map[string]bool{
		png: true, jpeg: true, gif: true,
		pdf: false, "hello": false, "<script>alert(1)</script>": false, `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`: false, "<?xml version='1.0'?>": false,
	} {
		s, err := f.Put(t.Context(), strings.NewReader(content), files.Rule{Public: true})
		if err != nil {
			t.Fatal(err)
		}
		resp, err := get(t, f.Files, s.Name.Path())
		if err != nil {
			t.Fatal(err)
		}
		h := &resp.Header
		if got := string(h.Peek("Content-Disposition")); strings.HasPrefix(got, "inline") != shown {
			t.Errorf("%.20q: %s", content, got)
		}
		if string(h.Peek("X-Content-Type-Options")) != "nosniff" || !strings.Contains(string(h.Peek("Content-Security-Policy")), "sandbox") || strings.Contains(string(h.ContentType()), "html") || strings.Contains(string(h.ContentType()), "xml") {
			t.Errorf("%.20q: %s", content, h)
		}
	}
}

func TestRanges(t *testing.T) {
	t.Parallel()
	f := start(t)
	s, err := f.Put(t.Context(), strings.NewReader(png+"9abcdef"), files.Rule{Public: true}) // 15 bytes
	if err != nil {
		t.Fatal(err)
	}
	all := png + "9abcdef"
	tag := `"` + string(s.Name) + `"`
	for _, c := range []struct {
		asked, ifRange string
		status         int
		body, said     string
	}{
		{"bytes=0-3", "", 206, all[:4], "bytes 0-3/15"},
		{"bytes=9-", "", 206, "abcdef", "bytes 9-14/15"},
		{"bytes=-3", "", 206, "def", "bytes 12-14/15"},
		{"bytes=-99", "", 206, all, "bytes 0-14/15"},
		{"bytes=14-99999999", "", 206, "f", "bytes 14-14/15"},
		{"bytes=0-3", tag, 206, all[:4], "bytes 0-3/15"},
		{"bytes=0-3", `"another"`, 200, all, ""},
		{"bytes=15-", "", 416, "", "bytes */15"},
		{"bytes=-0", "", 416, "", "bytes */15"},
		// Each of these may be answered with the file.
		{"bytes=0-,0-,0-,0-", "", 200, all, ""},
		{"bytes=3-2", "", 200, all, ""},
		{"bytes=a-b", "", 200, all, ""},
		{"bytes=--1", "", 200, all, ""},
		{"bytes=+1-3", "", 200, all, ""},
		{"bytes=-", "", 200, all, ""},
		{"bytes=99999999999999999999-", "", 200, all, ""},
		{"lines=1-2", "", 200, all, ""},
	} {
		headers := []string{"Range: " + c.asked}
		if c.ifRange != "" {
			headers = append(headers, "If-Range: "+c.ifRange)
		}
		resp, err := get(t, f.Files, s.Name.Path(), headers...)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(resp.Header.Peek("Content-Range")); resp.StatusCode() != c.status || string(resp.Body()) != c.body || got != c.said {
			t.Errorf("%s %s: %d %q %s", c.asked, c.ifRange, resp.StatusCode(), resp.Body(), got)
		}
	}
}
