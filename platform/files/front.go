package files

import (
	"context"

	"github.com/valyala/fasthttp"
)

// Edge is the caches in front, which keep public files for a year. *cdn.CDN is one.
type Edge interface {
	// Label returns the header by which an answer tells what it was made of; no name where no cache wants to know.
	Label(names []string) (header, value string)
	// Drop has caches that know no tags drop the answers at these addresses, and does not wait.
	Drop(addresses []string)
}

// front is where public files are kept beyond the store.
type front struct {
	edge   Edge
	forget func(ctx context.Context, tags ...string) error
}

// InFront has public files tell e by a tag what they are, and forget called with it when one is deleted: cache.Cache.InvalidateTags. Call it before the start.
func (f *Files) InFront(e Edge, forget func(ctx context.Context, tags ...string) error) {
	if f != nil {
		f.front = &front{e, forget}
	}
}

// tag is that of a file and of everything that was made of it: "files:", and the digits of their names.
func tag(name Name) string { return "files:" + name.Stem()[len(public):] }

// label tells the caches in front which file an answer is.
func (f *front) label(fctx *fasthttp.RequestCtx, name Name) {
	if f == nil || !name.Public() {
		return
	}
	if header, value := f.edge.Label([]string{"#" + tag(name)}); header != "" {
		fctx.Response.Header.Set(header, value)
	}
}

// drop takes a file, and what was made of it, out of the caches in front: all is what was deleted. One that does not answer is told again, so that it is no error of the deletion.
func (f *Files) drop(ctx context.Context, name Name, all map[string]int64) {
	var addresses []string
	for n := range all {
		if Name(n).Public() {
			addresses = append(addresses, Name(n).Path())
		}
	}
	if f.front == nil || len(addresses) == 0 {
		return
	}
	f.front.edge.Drop(addresses)
	if err := f.front.forget(ctx, tag(name)); err != nil {
		f.log.WarnContext(ctx, "a cache in front may still have a file that is deleted", "file", string(name), "error", err.Error())
	}
}
