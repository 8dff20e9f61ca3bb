package httpserver_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// flusher is a compressor that can end a block.
type flusher interface {
	io.WriteCloser
	Flush() error
}

// compressors are the content codings that a body may have.
func compressors() map[string]func(io.Writer) flusher {
	return map[string]func(io.Writer) flusher{
		"gzip": func(w io.Writer) flusher {
			z, _ := gzip.NewWriterLevel(w, gzip.BestCompression) // the level is valid
			return z
		},
		"deflate": func(w io.Writer) flusher {
			z, _ := zlib.NewWriterLevel(w, zlib.BestCompression)
			return z
		},
		"br": func(w io.Writer) flusher { return brotli.NewWriterLevel(w, 5) },
		"zstd": func(w io.Writer) flusher {
			z, _ := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
			return z
		},
	}
}

// compressed returns data in a content coding.
func compressed(t *testing.T, coding string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := compressors()[coding](&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// bomb returns at most size bytes that unpack to as much as the coding can make of them, and how much that is. It compresses two blocks of
// spaces and repeats the second one, which refers to nothing but spaces before it.
func bomb(t *testing.T, coding string, size int) (data []byte, unpacked int64) {
	t.Helper()
	const block = 1 << 20
	spaces := bytes.Repeat([]byte(" "), block)
	var b bytes.Buffer
	z := compressors()[coding](&b)
	var ends [2]int
	for i := range ends {
		if _, err := z.Write(spaces); err != nil {
			t.Fatal(err)
		}
		if err := z.Flush(); err != nil {
			t.Fatal(err)
		}
		ends[i] = b.Len()
	}
	data = b.Bytes()
	second := bytes.Clone(data[ends[0]:ends[1]])
	unpacked = 2 * block
	for len(data)+len(second) <= size {
		data = append(data, second...)
		unpacked += block
	}
	_ = z.Close() // what it writes is not used
	return data, unpacked
}

// TestBombs is not parallel: it measures what the whole process allocates.
func TestBombs(t *testing.T) {
	s := start(t)
	for coding := range compressors() {
		t.Run(coding, func(t *testing.T) {
			s := s.on(t)
			data, unpacked := bomb(t, coding, 4<<20)
			if unpacked < 3<<30 {
				t.Fatalf("the bomb unpacks to %d bytes only", unpacked)
			}
			text := jsonRequest("POST", "/api/v1/test/things", string(data), "Content-Encoding: "+coding)
			c := s.dial()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			c.send(text)
			a := c.answer("POST")
			runtime.ReadMemStats(&after)
			check(t, a, 413, "body_too_large")
			// All that was allocated, whether it was freed again or not, the body as sent included: the heap cannot have grown by more.
			allocated := after.TotalAlloc - before.TotalAlloc
			t.Logf("%d bytes that unpack to %d: %d bytes allocated", len(data), unpacked, allocated)
			if allocated > 64<<20 {
				t.Errorf("%d bytes were allocated for it, want at most 64 MiB", allocated)
			}
		})
	}
}

// whiteSpace returns JSON white space that shrinks to a quarter and not much further.
func whiteSpace(n int) string {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = " \t\r\n"[r.IntN(4)]
	}
	return string(b)
}

func TestCodings(t *testing.T) {
	t.Parallel()
	s := start(t, func(su *setup) { su.cfg.BodyLimit = 64 << 10 })
	const path, body = "/api/v1/test/things", `{"name":"packed"}`
	for coding := range compressors() {
		t.Run(coding, func(t *testing.T) {
			t.Parallel()
			send := func(data []byte) answer {
				return s.on(t).do(jsonRequest("POST", path, string(data), "Content-Encoding: "+strings.ToUpper(coding)))
			}
			good := compressed(t, coding, []byte(body))
			if a := send(good); a.StatusCode != 201 || !strings.Contains(string(a.body), `"packed"`) {
				t.Errorf("good: %s %s", a.Status, a.body)
			}
			limit := body + whiteSpace(64<<10-len(body))
			if a := send(compressed(t, coding, []byte(limit))); a.StatusCode != 201 {
				t.Errorf("as large as it may be: %s %s", a.Status, a.body)
			}
			check(t, send(compressed(t, coding, []byte(limit+" "))), 413, "body_too_large")
			check(t, send(compressed(t, coding, []byte(body+strings.Repeat(" ", 40<<10)))), 413, "body_too_large") // more than 100 times
			check(t, send(compressed(t, coding, good)), 400, "invalid_utf8")                                       // the coding once more
			check(t, send(good[:len(good)/2]), 400, "bad_content_encoding")
			check(t, send([]byte(body)), 400, "bad_content_encoding")
			check(t, send([]byte(marker)), 400, "bad_content_encoding")
			check(t, send(good[:1]), 400, "bad_content_encoding")
		})
	}
}
