package httpserver_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/gofiber/fiber/v2"
	"github.com/klauspost/compress/zstd"
)

// unpack undoes a content coding.
func unpack(t *testing.T, coding string, data []byte) string {
	t.Helper()
	var r io.Reader = bytes.NewReader(data)
	var err error
	switch coding {
	case "":
	case "gzip":
		r, err = gzip.NewReader(r)
	case "br":
		r = brotli.NewReader(r)
	case "zstd":
		var z *zstd.Decoder
		if z, err = zstd.NewReader(r); err == nil {
			defer z.Close()
			r = z
		}
	default:
		t.Fatalf("the server answered in the coding %q", coding)
	}
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

// prose is text that shrinks as texts do.
func prose(n int) string {
	words := strings.Fields("the banyan grows from one trunk and puts down more trunks as it spreads and nobody replants it")
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(words[r.IntN(len(words))] + " ")
	}
	return b.String()[:n]
}

func TestCompressionIsNegotiated(t *testing.T) {
	t.Parallel()
	body := prose(5000)
	s := start(t, with(raw("GET", "/text", text(body))))
	gzipOnly := start(t, func(su *setup) { su.cfg.Compress = []string{"gzip"} }, with(raw("GET", "/text", text(body))))
	off := start(t, func(su *setup) { su.cfg.Compress = nil }, with(raw("GET", "/text", text(body))))
	for _, c := range []struct {
		s      *server
		accept string
		want   string
	}{
		{s, "", ""},
		{s, "gzip", "gzip"},
		{s, "GZIP", "gzip"},
		{s, "br", "br"},
		{s, "zstd", "zstd"},
		{s, "gzip, deflate, br, zstd", "zstd"},
		{s, "gzip, deflate, br", "br"},
		{s, "*", "zstd"},
		{s, "gzip;q=1.0, br;q=0.8", "gzip"},
		{s, "gzip;q=0.5, br;q=0.5", "br"},
		{s, "gzip ; q=0.001", "gzip"},
		{s, "gzip;q=0", ""},
		{s, "gzip;q=0.0, *", "zstd"},
		{s, "zstd;q=0, br;q=0, *;q=0.1", "gzip"},
		{s, "*;q=0", ""},
		{s, "identity", ""},
		{s, "deflate", ""},
		{s, "compress, x-gzip", ""},
		{s, "gzip;q=2", ""},
		{s, "gzip;q=-1", ""},
		{s, "gzip;q=0.5x", ""},
		{s, marker, ""},
		{s, strings.Repeat("x,", 2000) + "gzip", "gzip"},
		{gzipOnly, "br, zstd", ""},
		{gzipOnly, "br, zstd, gzip", "gzip"},
		{off, "gzip, br, zstd", ""},
	} {
		a := c.s.get("/api/v1/test/text", "Accept-Encoding: "+c.accept)
		if got := a.Header.Get("Content-Encoding"); got != c.want {
			t.Errorf("%.40q: got %q, want %q", c.accept, got, c.want)
		}
		if unpack(t, c.want, a.body) != body {
			t.Errorf("%.40q: the body is another one", c.accept)
		}
		vary := "Accept-Encoding"
		if c.s == off {
			vary = ""
		}
		if got := strings.Join(a.Header.Values("Vary"), "|"); got != vary {
			t.Errorf("%.40q: Vary is %q, want %q", c.accept, got, vary)
		}
		if c.want != "" && !strings.HasSuffix(a.Header.Get("ETag"), "-"+c.want+`"`) {
			t.Errorf("%.40q: the entity tag is %s", c.accept, a.Header.Get("ETag"))
		}
	}
	if a := s.get("/api/v1/test/text", "Accept-Encoding: identity", "Accept-Encoding: br"); a.Header.Get("Content-Encoding") != "br" {
		t.Errorf("the second line of Accept-Encoding is not seen: %v", a.Header)
	}
}

func TestWhatIsNotCompressed(t *testing.T) {
	t.Parallel()
	body := prose(5000)
	noise := make([]byte, 5000)
	r := rand.NewChaCha8([32]byte{})
	_, _ = r.Read(noise)
	for _, c := range []struct {
		name    string
		handler fiber.Handler
		vary    string
	}{
		{"small", text(prose(1023)), ""},
		{"an image", text(body, "Content-Type: image/png"), ""},
		{"an archive", text(body, "Content-Type: application/zip"), ""},
		{"an event stream", text(body, "Content-Type: text/event-stream"), ""},
		{"in a coding already", text(body, "Content-Encoding: gzip", "Vary: Accept-Encoding"), "Accept-Encoding"},
		{"not to be transformed", text(body, "Cache-Control: public, no-transform"), ""},
		{"part of something", func(c *fiber.Ctx) error { return c.Status(206).SendString(body) }, ""},
		{"a stream", func(c *fiber.Ctx) error { return c.SendStream(strings.NewReader(body)) }, ""},
		{"what does not shrink", func(c *fiber.Ctx) error { c.Set("Content-Type", "text/plain"); return c.Send(noise) }, "Accept-Encoding"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, with(raw("GET", "/it", c.handler)))
			a := s.get("/api/v1/test/it", "Accept-Encoding: gzip, br, zstd")
			if got := a.Header.Get("Content-Encoding"); got != "" && c.name != "in a coding already" {
				t.Errorf("it came in the coding %q", got)
			}
			if got := strings.Join(a.Header.Values("Vary"), "|"); got != c.vary {
				t.Errorf("Vary is %q, want %q", got, c.vary)
			}
			if strings.Contains(a.Header.Get("ETag"), "-") {
				t.Errorf("the entity tag is that of a coding: %s", a.Header.Get("ETag"))
			}
			if want := map[bool]string{true: string(noise), false: body}[c.name == "what does not shrink"]; len(a.body) == 5000 && string(a.body) != want {
				t.Error("the body is another one")
			}
		})
	}
}

func TestWhatIsCompressed(t *testing.T) {
	t.Parallel()
	body := prose(1024)
	for _, contentType := range []string{
		"application/json", "Application/JSON; charset=utf-8", "application/problem+json", "text/html; charset=utf-8", "text/css",
		"text/javascript", "image/svg+xml", "application/xml", "application/atom+xml", "application/wasm",
	} {
		t.Run(contentType, func(t *testing.T) {
			t.Parallel()
			s := start(t, with(raw("GET", "/it", text(body, "Content-Type: "+contentType, "Vary: Origin"))))
			a := s.get("/api/v1/test/it", "Accept-Encoding: br")
			if got := a.Header.Get("Content-Encoding"); got != "br" || unpack(t, got, a.body) != body {
				t.Errorf("it came in the coding %q", got)
			}
			if got := strings.Join(a.Header.Values("Vary"), ", "); got != "Origin, Accept-Encoding" {
				t.Errorf("Vary is %q", got)
			}
		})
	}
}

// TestLevels holds the levels of compression down: an answer that is made once is not worth more. It compares sizes with those of the
// codings' own encoders.
func TestLevels(t *testing.T) {
	t.Parallel()
	body := prose(100_000)
	s := start(t, with(raw("GET", "/text", text(body))))
	pack := func(w io.WriteCloser, b *bytes.Buffer) int {
		_, _ = io.WriteString(w, body)
		_ = w.Close()
		return b.Len()
	}
	for coding, better := range map[string]func(b *bytes.Buffer) io.WriteCloser{
		"gzip": func(b *bytes.Buffer) io.WriteCloser { w, _ := gzip.NewWriterLevel(b, 5); return w },
		"br":   func(b *bytes.Buffer) io.WriteCloser { return brotli.NewWriterLevel(b, 5) },
		"zstd": func(b *bytes.Buffer) io.WriteCloser {
			w, _ := zstd.NewWriter(b, zstd.WithEncoderLevel(zstd.SpeedBetterCompression))
			return w
		},
	} {
		got := len(s.get("/api/v1/test/text", "Accept-Encoding: "+coding).body)
		var b bytes.Buffer
		if best := pack(better(&b), &b); got <= best {
			t.Errorf("%s: %d bytes, as few as a higher level makes (%d)", coding, got, best)
		}
		if got > len(body)/2 {
			t.Errorf("%s: %d of %d bytes are left", coding, got, len(body))
		}
	}
}

func TestCompressionInParallel(t *testing.T) {
	t.Parallel()
	s := start(t, with(raw("GET", "/text/{n}", func(c *fiber.Ctx) error { return c.SendString(strings.Repeat(c.Params("n"), 2000)) })))
	for _, coding := range []string{"gzip", "br", "zstd"} {
		for n := range 20 {
			t.Run(fmt.Sprintf("%s %d", coding, n), func(t *testing.T) {
				t.Parallel()
				want := strings.Repeat(fmt.Sprintf("x%d", n), 2000)
				for range 5 {
					a := s.on(t).get(fmt.Sprintf("/api/v1/test/text/x%d", n), "Accept-Encoding: "+coding)
					if unpack(t, a.Header.Get("Content-Encoding"), a.body) != want {
						t.Fatal("the body is another one")
					}
				}
			})
		}
	}
}
