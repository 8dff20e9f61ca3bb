package files_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/cdn"
	"github.com/banyan-go/banyan/platform/files"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/telemetry"
)

// behind puts files behind a cache of a vendor, and returns what that is told to purge: tags, or a path.
func behind(t *testing.T, f *files.Files, vendor string) (purged chan string) {
	t.Helper()
	purged = make(chan string, 100)
	inFront := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { purged <- r.Header.Get("Xkey-Purge") + r.URL.Path }))
	tel, err := telemetry.New(telemetry.DefaultConfig(), telemetry.Options{Out: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	var lc lifecycle.Lifecycle
	values, err := cache.New(cache.Default(), cache.Options{}, &lc)
	if err != nil {
		t.Fatal(err)
	}
	cfg := cdn.Default()
	cfg.Vendor, cfg.Caches = vendor, []string{inFront.URL}
	edge, err := cdn.New(cfg, cdn.Options{App: "test", Metrics: tel, Again: time.Hour}, &lc)
	if err != nil {
		t.Fatal(err)
	}
	values.OnInvalidate(10*time.Second, edge.Invalidate)
	f.InFront(edge, values.InvalidateTags)
	if err := lc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lc.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
		inFront.Close()
		_ = tel.Stop(context.WithoutCancel(t.Context()))
	})
	return purged
}

// A public file that is deleted is gone from the caches in front, too, which would keep it for a year, and so is what was made of it. Others stay.
func TestADeletedFileLeavesTheCachesInFront(t *testing.T) {
	t.Parallel()
	for _, vendor := range []string{"varnish", "nginx"} {
		t.Run(vendor, func(t *testing.T) {
			t.Parallel()
			f := start(t)
			purged := behind(t, f.Files, vendor)
			var tags [2][]string
			var names [2]files.Name
			for i := range names {
				s, err := f.Put(t.Context(), strings.NewReader(png), files.Rule{Public: true})
				if err != nil {
					t.Fatal(err)
				}
				resp, err := get(t, f.Files, s.Name.Path())
				if err != nil {
					t.Fatal(err)
				}
				names[i], tags[i] = s.Name, strings.Fields(string(resp.Header.Peek("xkey")))
			}
			if err := f.Delete(t.Context(), names[0]); err != nil {
				t.Fatal(err)
			}
			got := <-purged
			if vendor == "nginx" {
				if got != names[0].Path() {
					t.Errorf("purged is %s, want %s", got, names[0].Path())
				}
				return
			}
			got = strings.TrimSuffix(got, "/")
			if !slices.Contains(tags[0], got) || slices.Contains(tags[1], got) {
				t.Errorf("purged is %q; the file has %q, another one %q", got, tags[0], tags[1])
			}
		})
	}
}
