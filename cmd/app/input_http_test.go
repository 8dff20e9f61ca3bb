package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/module"
	"github.com/banyan-go/banyan/platform/page"
)

// A precondition holds or nothing happens.
func TestPreconditions(t *testing.T) {
	t.Parallel()
	a := openShop(t)
	at := a.anyone()
	for _, c := range []struct {
		header string
		status int
		code   string
	}{
		{`"2"`, 412, "version_mismatch"}, {`"0"`, 412, "version_mismatch"}, {`"-1"`, 412, "version_mismatch"}, {`"01"`, 412, "version_mismatch"}, {`"+1"`, 412, "version_mismatch"}, {`"1 "`, 412, "version_mismatch"},
		{`"1.0"`, 412, "version_mismatch"}, {`"1e0"`, 412, "version_mismatch"}, {`""`, 412, "version_mismatch"}, {`"9223372036854775808"`, 412, "version_mismatch"}, {`"` + marker + `"`, 412, "version_mismatch"},
		{`"1' OR '1'='1"`, 412, "version_mismatch"}, {`W/"1"`, 412, "version_mismatch"}, {`"2", W/"1"`, 412, "version_mismatch"}, {`"1-deflate"`, 412, "version_mismatch"}, {`"*"`, 412, "version_mismatch"},
		{"1", 400, "bad_if_match"}, {marker, 400, "bad_if_match"}, {`"1`, 400, "bad_if_match"}, {`1"`, 400, "bad_if_match"}, {`'1'`, 400, "bad_if_match"}, {`"1" "2"`, 400, "bad_if_match"},
		{`w/"1"`, 400, "bad_if_match"}, {`*, "1"`, 400, "bad_if_match"}, {"true", 400, "bad_if_match"}, {strings.Repeat(`"2", `, 20) + `"1"`, 400, "bad_if_match"},
	} {
		refused(t, a.Patch(at, `{"name":"x"}`, "If-Match", c.header), c.status, c.code)
		refused(t, a.Delete(at, "If-Match", c.header), c.status, c.code)
	}
	for _, good := range []string{"*", `"1"`, `"2", "1"`, `"1-gzip"`, `"1-zstd"`, `"1-f0"`, `"1-f0-br"`} {
		made := a.Post(products, product("new")).Want(201).Header.Get("Location")
		a.Delete(made, "If-Match", good).Want(204)
	}
	for _, seen := range []string{`"1"`, `W/"1"`, `*`, `"0", "1"`, `"1-br"`} {
		a.Get(at, "If-None-Match", seen).Want(304)
	}
	for _, other := range []string{`"0"`, marker, `"`, `1`} {
		a.Get(at, "If-None-Match", other).Want(200)
	}
}

// The method is that of the request line, and the rest of them do nothing.
func TestMethodInput(t *testing.T) {
	t.Parallel()
	a := openShop(t)
	at := a.anyone()
	for _, name := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
		a.Get(at, name, "DELETE").Want(200)
		refused(t, a.Post(at, product("new"), name, "PATCH"), 405, "method_not_allowed")
		refused(t, a.Post(products, "{}", name, "GET"), 422, "invalid")
	}
	for path, allow := range map[string]string{products: "GET, HEAD, POST, OPTIONS", at: "GET, HEAD, PATCH, DELETE, OPTIONS"} {
		if got := a.Do("OPTIONS", path, "").Want(204).Header.Get("Allow"); got != allow {
			t.Errorf("OPTIONS %s: %s, want %s", path, got, allow)
		}
		get, head := a.Get(path).Want(200), a.Do("HEAD", path, "").Want(200)
		if len(head.Body) > 0 || head.Header.Get("Content-Length") != fmt.Sprint(len(get.Body)) || head.Header.Get("ETag") != get.Header.Get("ETag") {
			t.Errorf("HEAD %s: %v %q", path, head.Header, head.Body)
		}
		for _, method := range []string{"TRACE", "PUT"} {
			r := a.Do(method, path, "", "X-Secret", marker)
			refused(t, r, 405, "method_not_allowed")
			if r.Header.Get("Allow") != allow {
				t.Errorf("%s %s: Allow is %q", method, path, r.Header.Get("Allow"))
			}
		}
		refused(t, a.Do("BREW", path, ""), 501, "method_unknown")
	}
	if r := a.Do("HEAD", products+"/"+id.New().String(), "").Want(404); len(r.Body) > 0 {
		t.Errorf("HEAD of nothing: %s", r.Body)
	}
	for _, media := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "application/json; charset=latin1", marker} {
		refused(t, a.Post(products, product("new"), "Content-Type", media), 415, "unsupported_media_type")
		refused(t, a.Patch(at, "{}", "Content-Type", media), 415, "unsupported_media_type")
	}
	refused(t, a.Get(at, "Accept", "text/html"), 406, "not_acceptable")
	refused(t, a.Do("GET", at, "{}"), 400, "unexpected_body")
	refused(t, a.Do("DELETE", at, "{}"), 400, "unexpected_body")
}

// A cursor goes on where it comes from: in the same list with the same words, in the same application.
func TestCursorInput(t *testing.T) {
	t.Parallel()
	a := openShop(t, newNotes)
	for i := range 4 { // active ones that a search finds
		at := a.Post(products, product(fmt.Sprint(i))).Want(201).Header.Get("Location")
		defer a.Delete(at)
	}
	next := func(query string) string { return a.Get(products + "?limit=3" + query).Want(200).Text("/page/next") }
	good := next("")
	a.Get(products + "?limit=2&count=exact&after=" + good).Want(200)
	a.Get(products + "?limit=2&fields=id&before=" + good).Want(200)
	for name, cursor := range map[string]string{
		"another order": next("&sort=id"), "a filter": next("&filter[active]=true"), "another filter": next("&filter[active][ne]=false"), "a search": next("&q=product"),
		"another list":        a.Get("/api/v1/notes/notes?limit=1").Want(200).Text("/page/next"),
		"another application": openShop(t).Get(products + "?limit=3").Want(200).Text("/page/next"),
	} {
		refused(t, a.Get(products+"?after="+cursor), 400, "bad_cursor")
		refused(t, a.Get(products+"?before="+cursor), 400, "bad_cursor")
		if strings.HasPrefix(name, "another list") {
			a.Get("/api/v1/notes/notes?after=" + cursor).Want(200)
		}
	}
	refused(t, a.Get(products+"?sort=id&after="+good), 400, "bad_cursor")
	refused(t, a.Get(products+"?q=x&after="+good), 400, "bad_cursor")
	refused(t, a.Get(products+"?filter[active]=true&after="+good), 400, "bad_cursor")
	refused(t, a.Get("/api/v1/notes/notes?after="+good), 400, "bad_cursor")
	refused(t, a.Get(products+"?after="+good+"&before="+good), 422, "invalid", "/before")
	refused(t, a.Get(products+"?after="+good+"&after="+good), 422, "invalid", "/after")
	refused(t, a.Get(products+"?after="), 422, "invalid", "/after")
	refused(t, a.Get(products+"?after="+strings.Repeat("A", 2049)), 422, "invalid", "/after")

	for i := range len(good) {
		refused(t, a.Get(products+"?after="+good[:i]+"%7E"), 400, "bad_cursor")
		if i > 0 {
			refused(t, a.Get(products+"?after="+good[:i]), 400, "bad_cursor")
		}
		for _, other := range "AzZ9-_" {
			if forged := good[:i] + string(other) + good[i+1:]; forged != good {
				refused(t, a.Get(products+"?after="+forged), 400, "bad_cursor")
			}
		}
	}
	for _, tail := range []string{"A", "AAAA", "=", "==", "%20", "%0A", ".", "'"} {
		refused(t, a.Get(products+"?after="+good+tail), 400, "bad_cursor")
	}
	for _, text := range append(corpus(), "null", "0", "-1", "AAAA", base64.RawURLEncoding.EncodeToString(make([]byte, 100)), `{"id":1}`) {
		refused(t, a.Get(products+"?after="+url.QueryEscape(text)), 400, "bad_cursor")
		refused(t, a.Get(products+"?before="+url.QueryEscape(text)), 400, "bad_cursor")
	}
}

// notes is a second module with a list, whose cursors are signed by the same application.
type notes struct{}

type (
	note struct {
		ID id.ID `json:"id"`
	}
	listNotes struct{ Query page.Query }
)

func newNotes(module.Platform) (module.Module, error) { return notes{}, nil }

func (notes) Name() string           { return "notes" }
func (notes) Migrations() fs.FS      { return fstest.MapFS{} }
func (n notes) Parts() []module.Part { return []module.Part{n} }
func (n notes) Routes() []api.Route {
	return []api.Route{api.Get("/notes", n.list, api.Op{ID: "listNotes", Summary: "List notes", Auth: api.Public})}
}

func (notes) list(_ context.Context, in *listNotes) (*api.List[note], error) {
	only := note{id.New()}
	return api.NewList(in.Query, page.Page[note]{Items: []note{only}, Next: &page.Key{Value: only.ID, ID: only.ID}}), nil
}
