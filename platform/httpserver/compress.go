package httpserver

import (
	"bytes"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api"
)

// minCompress is the size from which a body is worth the work: about one packet.
const minCompress = 1024

// The levels for answers that are made once. Higher ones cost many times the CPU for a few per cent.
const (
	gzipLevel   = 1
	brotliLevel = 4
	zstdLevel   = zstd.SpeedFastest
)

// compressor compresses bodies in the codings that are offered. It is safe for concurrent use.
type compressor struct {
	codings []string // the best one first
	gzip    sync.Pool
	brotli  sync.Pool
	zstd    *zstd.Encoder
	buffers sync.Pool
}

func newCompressor(codings []string) (*compressor, error) {
	c := &compressor{codings: codings}
	c.gzip.New = func() any {
		w, _ := gzip.NewWriterLevel(nil, gzipLevel) // the level is valid
		return w
	}
	c.brotli.New = func() any { return brotli.NewWriterLevel(nil, brotliLevel) }
	c.buffers.New = func() any { return new(bytes.Buffer) }
	var err error
	c.zstd, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstdLevel), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(128<<10))
	return c, err
}

// applies reports whether a client may get this answer in a coding, and says so in Vary when it may.
func (c *compressor) applies(resp *fasthttp.Response) bool {
	if resp.IsBodyStream() || len(resp.Body()) < minCompress || len(c.codings) == 0 || !compressible(resp) {
		return false
	}
	vary(&resp.Header, fasthttp.HeaderAcceptEncoding)
	return true
}

// compress replaces the body by a compressed one when the client wants that and it shrinks. The entity tag gets the coding's name, because
// it is another representation.
func (c *compressor) compress(fctx *fasthttp.RequestCtx) {
	resp := &fctx.Response
	if len(resp.Body()) == 0 {
		return // 304
	}
	coding := c.choose(string(joined(&fctx.Request.Header, fasthttp.HeaderAcceptEncoding)))
	if coding == "" {
		return
	}
	buf := c.buffers.Get().(*bytes.Buffer) //nolint:forcetypeassert // the pool holds nothing else
	defer c.buffers.Put(buf)
	if !c.into(buf, coding, resp.Body()) {
		return
	}
	resp.SetBody(buf.Bytes())
	resp.Header.Set(fasthttp.HeaderContentEncoding, coding)
	if tag := string(resp.Header.Peek(fasthttp.HeaderETag)); strings.HasSuffix(tag, `"`) {
		resp.Header.Set(fasthttp.HeaderETag, tagIn(tag, coding))
	}
}

// shrink returns a body in a coding, nil when it does not shrink.
func (c *compressor) shrink(coding string, body []byte) []byte {
	buf := c.buffers.Get().(*bytes.Buffer) //nolint:forcetypeassert // the pool holds nothing else
	defer c.buffers.Put(buf)
	if !c.into(buf, coding, body) {
		return nil
	}
	return bytes.Clone(buf.Bytes())
}

// into writes a body in a coding into an empty buffer, and reports whether it has shrunk.
func (c *compressor) into(buf *bytes.Buffer, coding string, body []byte) bool {
	buf.Reset()
	return c.encode(coding, buf, body) == nil && buf.Len() < len(body)
}

// compressible reports whether a body is neither compressed nor partial nor of a type that does not shrink.
func compressible(resp *fasthttp.Response) bool {
	switch resp.StatusCode() {
	case fasthttp.StatusPartialContent, fasthttp.StatusNoContent, fasthttp.StatusNotModified:
		return false
	}
	if len(resp.Header.ContentEncoding()) > 0 || bytes.Contains(resp.Header.Peek(fasthttp.HeaderCacheControl), []byte("no-transform")) {
		return false
	}
	mediaType, _, _ := strings.Cut(string(resp.Header.ContentType()), ";")
	switch mediaType = strings.ToLower(strings.TrimSpace(mediaType)); mediaType {
	case "application/json", "application/javascript", "application/xml", "application/wasm", "image/svg+xml":
		return true
	case "text/event-stream":
		return false // each event has to leave at once
	default:
		return strings.HasPrefix(mediaType, "text/") || strings.HasSuffix(mediaType, "+json") || strings.HasSuffix(mediaType, "+xml")
	}
}

// choose returns the coding that the client likes best, of equals the one that is offered first; "" for none.
func (c *compressor) choose(accept string) string {
	if accept == "" {
		return ""
	}
	best, bestWeight := "", 0
	others := api.Weight(accept, "*")
	for _, coding := range c.codings {
		w := api.Weight(accept, coding)
		if w < 0 {
			w = others
		}
		if w > bestWeight {
			best, bestWeight = coding, w
		}
	}
	return best
}

func (c *compressor) encode(coding string, dst *bytes.Buffer, body []byte) error {
	switch coding {
	case "zstd":
		dst.Write(c.zstd.EncodeAll(body, dst.AvailableBuffer()))
		return nil
	case "br":
		w := c.brotli.Get().(*brotli.Writer) //nolint:forcetypeassert // the pool holds nothing else
		defer c.brotli.Put(w)
		w.Reset(dst)
		if _, err := w.Write(body); err != nil {
			return err
		}
		return w.Close()
	default:
		w := c.gzip.Get().(*gzip.Writer) //nolint:forcetypeassert // the pool holds nothing else
		defer c.gzip.Put(w)
		w.Reset(dst)
		if _, err := w.Write(body); err != nil {
			return err
		}
		return w.Close()
	}
}
