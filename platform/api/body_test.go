package api

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func TestContentTypesThatAreJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		contentType string
		json, patch bool // accepted, accepted by a merge-patch
	}{
		{"application/json", true, true},
		{"Application/JSON", true, true},
		{" application/json ; charset=utf-8", true, true},
		{`application/json;charset="UTF-8"`, true, true},
		{"application/json; version=2", true, true},
		{"application/json;", true, true},
		{"application/merge-patch+json", false, true},
		{"application/Merge-Patch+JSON; charset=utf-8", false, true},

		{"", false, false},
		{"json", false, false},
		{"text/json", false, false},
		{"application/jsonp", false, false},
		{"application/json-patch+json", false, false},
		{"application/vnd.api+json", false, false},
		{"application/json, text/plain", false, false},
		{"application /json", false, false},
		{"text/plain; application/json", false, false},
		{"application/json; charset=utf-16", false, false},
		{"application/json; charset=", false, false},
		{"application/json; charset", false, false},
		{"application/json; charset=utf-8; CHARSET=latin1", false, false},
		{"application/merge-patch+json; charset=latin1", false, false},
		{"application/json\x00", false, false},
		{"\xff", false, false},
	} {
		if got := isJSON(c.contentType, false); got != c.json {
			t.Errorf("%q: %v", c.contentType, got)
		}
		if got := isJSON(c.contentType, true); got != c.patch {
			t.Errorf("%q of a merge-patch: %v", c.contentType, got)
		}
	}
}

func TestHasLength(t *testing.T) {
	t.Parallel()
	for headers, want := range map[string]bool{
		"Host: a\r\nContent-Length: 0\r\n\r\n":          true,
		"content-length:0\r\n\r\n":                      true,
		"Host: a\r\nTRANSFER-ENCODING: chunked\r\n\r\n": true,
		"":                false,
		"Host: a\r\n\r\n": false,
		"X-Content-Length: 1\r\nContent-Length-X: 1\r\n\r\n": false,
		"X: Content-Length: 1\r\n\r\n":                       false,
		"X: a\r\n Content-Length: 1\r\n\r\n":                 false, // a folded line, which package httpserver refuses
	} {
		if got := hasLength([]byte(headers)); got != want {
			t.Errorf("%q: %v", headers, got)
		}
	}
}

// A frame of zstd says how much memory its reader needs, which may be more than all there is.
func TestZstdWindowIsBounded(t *testing.T) {
	t.Parallel()
	pack := func(window int) []byte {
		var b bytes.Buffer
		w, err := zstd.NewWriter(&b, zstd.WithWindowSize(window), zstd.WithEncoderConcurrency(1))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Repeat("{}", 50)
		for range 2 { // in two blocks: one that is all would need no window
			if _, err := w.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	if out, err := decompress("zstd", pack(maxZstdWindow), 1<<20); err != nil || len(out) != 200 {
		t.Errorf("a window of 8 MiB: %q, %v", out, err)
	}
	var refused *protocolError
	if out, err := decompress("zstd", pack(2*maxZstdWindow), 1<<20); !errors.As(err, &refused) || refused.code != "bad_content_encoding" {
		t.Errorf("a window of 16 MiB: %q, %v", out, err)
	}
}
