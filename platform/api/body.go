package api

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/valyala/fasthttp"
)

// maxRatio is the most that a compressed body may grow: no honest JSON does more, a bomb does.
const maxRatio = 100

// readBody returns the body of a request whose operation wants one, decompressed, at most limit bytes. The bytes belong to the request.
func readBody(req *fasthttp.Request, merge bool, limit int) ([]byte, error) {
	body := req.Body()
	if len(body) == 0 && !hasLength(req.Header.RawHeaders()) {
		return nil, ProtocolError("length-required", "length_required", "The request has a body here: say how long it is.")
	}
	if !isJSON(string(req.Header.ContentType()), merge) {
		return nil, ProtocolError("unsupported-media-type", "unsupported_media_type", "The body has to be JSON: send Content-Type: application/json.")
	}
	return decoded(req, limit)
}

// hasLength reports whether a header section says how long the body is. fasthttp says 0 where nobody said anything.
func hasLength(headers []byte) bool {
	for line := range bytes.SplitSeq(headers, []byte("\n")) {
		name, _, _ := bytes.Cut(line, []byte(":"))
		if bytes.EqualFold(name, []byte(fasthttp.HeaderContentLength)) || bytes.EqualFold(name, []byte(fasthttp.HeaderTransferEncoding)) {
			return true
		}
	}
	return false
}

// decoded returns the body without its content coding, at most limit bytes.
func decoded(req *fasthttp.Request, limit int) ([]byte, error) {
	body := req.Body()
	coding := strings.ToLower(strings.TrimSpace(joined(&req.Header, fasthttp.HeaderContentEncoding)))
	if coding == "" || coding == "identity" {
		if len(body) > limit {
			return nil, tooLarge(limit)
		}
		return body, nil
	}
	return decompress(coding, body, limit)
}

// isJSON reports whether a content type is JSON in UTF-8. A merge-patch may be called so.
func isJSON(contentType string, merge bool) bool {
	if contentType == "application/json" {
		return true
	}
	mediaType, params, _ := strings.Cut(contentType, ";")
	mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	if mediaType != "application/json" && !(merge && mediaType == "application/merge-patch+json") {
		return false
	}
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(name, "charset") && !strings.EqualFold(strings.Trim(value, `"`), "utf-8") {
			return false
		}
	}
	return true
}

// decompress undoes one content coding and stops where the result would be larger than limit, or than maxRatio times what was sent.
func decompress(coding string, body []byte, limit int) ([]byte, error) {
	r, err := decoder(coding, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	defer r.Close() //nolint:errcheck // it reads from memory
	most := min(limit, maxRatio*len(body))
	out, err := io.ReadAll(io.LimitReader(r, int64(most)+1))
	switch {
	case len(out) > most:
		return nil, tooLarge(limit)
	case err != nil:
		return nil, ProtocolError("malformed", codeBadEncoding, "The body is not what Content-Encoding says.")
	default:
		return out, nil
	}
}

func decoder(coding string, r io.Reader) (io.ReadCloser, error) {
	var d io.ReadCloser
	var err error
	switch coding {
	case "gzip", "x-gzip":
		d, err = gzip.NewReader(r)
	case "deflate":
		d, err = zlib.NewReader(r)
	case "br":
		d = io.NopCloser(brotli.NewReader(r))
	case "zstd":
		var z *zstd.Decoder
		z, err = zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxZstdWindow), zstd.WithDecoderLowmem(true))
		if err == nil {
			d = z.IOReadCloser()
		}
	default:
		return nil, ProtocolError("unsupported-media-type", "unsupported_content_encoding", "Content-Encoding has to be one of gzip, deflate, br and zstd, once.")
	}
	if err != nil {
		return nil, ProtocolError("malformed", codeBadEncoding, "The body is not what Content-Encoding says.")
	}
	return d, nil
}

// maxZstdWindow bounds the memory of one decompression: a frame may ask for a window of gigabytes.
const maxZstdWindow = 8 << 20

func tooLarge(limit int) error {
	return ProtocolError("content-too-large", "body_too_large", fmt.Sprintf("The body may have at most %d bytes, and at most %d times what was sent.", limit, maxRatio))
}
