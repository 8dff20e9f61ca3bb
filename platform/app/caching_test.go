package app_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/db"
)

// An answer that is kept, here and in front, ends with the tags that it has: the caches in front have heard of a change when the client hears that it is done.
func TestChangesReachWhoeverKeepsAnswers(t *testing.T) {
	t.Parallel()
	var purged atomic.Value
	inFront := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		purged.Store(r.Method + " " + r.Header.Get("Xkey-Purge") + " " + r.Header.Get("X-Purge-Token"))
	}))
	defer inFront.Close()
	type latest struct{ Body int64 }
	var asked atomic.Int64
	routes := func(c *cache.Cache, h *db.Handle) []api.Route {
		touch := func(ctx context.Context) error { return c.InvalidateTags(ctx, "notes") }
		return []api.Route{
			api.Get("/latest", func(context.Context, *struct{}) (*latest, error) { return &latest{asked.Add(1)}, nil }, api.Op{
				ID: "getLatest", Summary: "Get the latest", Auth: api.Public, Cache: api.Caching{SMaxAge: time.Minute, Server: time.Hour, Tags: []string{"notes"}},
			}),
			api.Post("/touch", func(ctx context.Context, _ *struct{}) (*struct{}, error) { return nil, touch(ctx) }, api.Op{
				ID: "touch", Summary: "Touch all", Auth: api.PublicWrite("a test"),
			}),
			api.Post("/change", func(ctx context.Context, _ *struct{}) (*struct{}, error) { return nil, h.Tx(ctx, db.Global, touch) }, api.Op{
				ID: "change", Summary: "Change all", Auth: api.PublicWrite("a test"),
			}),
		}
	}
	m := newMachine(t, "APP_CDN__VENDOR=varnish", "APP_CDN__CACHES="+inFront.URL, "APP_CDN__TOKEN=sesame")
	m.program = program(variant{cached: routes})
	m.run("migrate", "up").want(0)
	r := m.serve()
	get := func(want string) {
		t.Helper()
		resp, err := r.client.Get(r.url + "/api/v1/notes/latest")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.Body.Close() != nil || string(body) != want {
			t.Errorf("%s, want %s: %v", body, want, err)
		}
		if tags := strings.Fields(resp.Header.Get("Xkey")); len(tags) != 2 || tags[1] != "notes" {
			t.Errorf("its tags are %q, want that of everything and notes", tags)
		}
	}
	get("1")
	get("1")
	for i, way := range []string{"touch", "change"} {
		purged.Store("nothing")
		resp, err := r.client.Post(r.url+"/api/v1/notes/"+way, "", nil)
		if err != nil || resp.Body.Close() != nil || resp.StatusCode != http.StatusCreated {
			t.Fatalf("%s: %v %v", way, resp, err)
		}
		if got := purged.Load(); got != "PURGE notes sesame" {
			t.Errorf("%s: the cache in front was told %v", way, got)
		}
		get(strconv.Itoa(i + 2))
	}
	if code := r.stop(); code != 0 {
		t.Errorf("exit code %d\n%s", code, r.err)
	}
	newMachine(t, "APP_CDN__VENDOR=varnsih").run("serve").want(4, `cdn.vendor`, "nginx, varnish, none")
	newMachine(t, "APP_CDN__CACHES=http://cache/path").run("serve").want(4, `cdn.caches`, "cdn.vendor")
}
