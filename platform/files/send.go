package files

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/files/driver"
)

// The age of an answer. What stands under a name never changes.
const (
	forEver   = "public, max-age=31536000, immutable"
	notStored = "private, no-store"
)

// policy keeps a file that is opened as a page from doing anything.
const policy = "default-src 'none'; sandbox; frame-ancestors 'none'"

// Pages returns the endpoint of public files. As assets do, they come past the limits: a page shows fifty pictures at once.
func (f *Files) Pages() []api.Endpoint {
	if f == nil {
		return nil
	}
	serve := func(ctx context.Context, fctx *fasthttp.RequestCtx) error {
		text := strings.TrimPrefix(string(fctx.URI().PathOriginal()), Prefix)
		name, ok := ParseName(text)
		if !ok || !name.Public() {
			return ErrNotFound
		}
		return f.Send(ctx, fctx, name, "")
	}
	return []api.Endpoint{{Method: http.MethodGet, Path: Prefix + "{name}", Op: api.Op{Auth: api.Public}, Serve: serve, Unlimited: true}}
}

// Send answers a request with a file: whole, the range that was asked for, or 304. Pictures are shown; everything else is saved, under label, or the
// name in the store where that is empty. A private file is stored by no cache. The caller has decided who may have it.
func (f *Files) Send(ctx context.Context, fctx *fasthttp.RequestCtx, name Name, label string) error {
	content, err := f.Open(ctx, name)
	if err != nil {
		return err
	}
	h := &fctx.Response.Header
	h.SetContentType(TypeOf(name))
	h.Set(fasthttp.HeaderContentSecurityPolicy, policy)
	h.Set(fasthttp.HeaderContentDisposition, disposition(name, label))
	h.Set(fasthttp.HeaderAcceptRanges, "bytes")
	h.Set(fasthttp.HeaderXContentTypeOptions, "nosniff")
	age := notStored
	if name.Public() {
		age = forEver
	}
	h.Set(fasthttp.HeaderCacheControl, age)
	f.front.label(fctx, name)
	tag := `"` + string(name) + `"`
	h.Set(fasthttp.HeaderETag, tag)
	if seen := fctx.Request.Header.Peek(fasthttp.HeaderIfNoneMatch); len(seen) > 0 {
		if _, same := api.MatchETag(string(seen), tag); same {
			fctx.SetStatusCode(http.StatusNotModified)
			h.Del(fasthttp.HeaderContentType)
			return content.Close()
		}
	}
	return sendRange(fctx, content, tag)
}

// sendRange gives the file, or the part that was asked for, to the connection, which closes it.
func sendRange(fctx *fasthttp.RequestCtx, content driver.Content, tag string) error {
	h := &fctx.Response.Header
	asked := string(fctx.Request.Header.Peek(fasthttp.HeaderRange))
	if unless := fctx.Request.Header.Peek(fasthttp.HeaderIfRange); len(unless) > 0 && string(unless) != tag {
		asked = ""
	}
	r, state := parseRange(asked, content.Size())
	switch state {
	case unsatisfiable:
		h.Set(fasthttp.HeaderContentRange, "bytes */"+strconv.FormatInt(content.Size(), 10))
		fctx.SetStatusCode(http.StatusRequestedRangeNotSatisfiable)
		h.Del(fasthttp.HeaderContentType)
		h.Set(fasthttp.HeaderCacheControl, "no-store")
		return content.Close()
	case partial:
		if _, err := content.Seek(r.first, io.SeekStart); err != nil {
			_ = content.Close() // nothing was written
			return fmt.Errorf("send file: %w", err)
		}
		h.Set(fasthttp.HeaderContentRange, fmt.Sprintf("bytes %d-%d/%d", r.first, r.first+r.length-1, content.Size()))
		fctx.SetStatusCode(http.StatusPartialContent)
	}
	fctx.Response.SetBodyStream(body{io.LimitReader(content, r.length), content}, int(r.length))
	return nil
}

// body is a part of a file, closed when it was sent.
type body struct {
	io.Reader
	io.Closer
}

// disposition says whether a browser shows a file, and under which name it saves it.
func disposition(name Name, label string) string {
	how := "attachment"
	for _, k := range kinds() {
		if k.shown && k.ext == name.Ext() {
			how = "inline"
		}
	}
	if label == "" {
		label = string(name)
	}
	if v := mime.FormatMediaType(how, map[string]string{"filename": label}); v != "" {
		return v
	}
	return how
}

// byteRange is a part of a file.
type byteRange struct{ first, length int64 }

// outcome is what becomes of a header Range.
type outcome uint8

const (
	whole outcome = iota
	partial
	unsatisfiable
)

// parseRange reads the header Range (RFC 9110, section 14). Several ranges, or what cannot be read, are answered with the whole file, which is
// always allowed: many small ranges of a large file are a way to make a server work.
func parseRange(header string, size int64) (byteRange, outcome) {
	all := byteRange{0, size}
	spec, ok := strings.CutPrefix(header, "bytes=")
	if !ok || strings.Contains(spec, ",") {
		return all, whole
	}
	from, to, ok := strings.Cut(strings.TrimSpace(spec), "-")
	if !ok {
		return all, whole
	}
	if from == "" {
		n, ok := number(to)
		switch {
		case !ok:
			return all, whole
		case n == 0 || size == 0:
			return all, unsatisfiable
		}
		n = min(n, size)
		return byteRange{size - n, n}, partial
	}
	first, ok := number(from)
	last, hasLast := number(to)
	switch {
	case !ok || to != "" && !hasLast || hasLast && last < first:
		return all, whole
	case first >= size:
		return all, unsatisfiable
	case !hasLast:
		last = size - 1
	}
	last = min(last, size-1)
	return byteRange{first, last - first + 1}, partial
}

// number reads digits and nothing else.
func number(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && strings.Trim(text, "0123456789") == ""
}
