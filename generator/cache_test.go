package generator

import (
	"errors"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/resource"
)

// Whoever repeats a command without --cache means what is there, however that was spelled.
func TestCacheOfWhatIsThere(t *testing.T) {
	t.Parallel()
	s := post("title:string")
	s.Cache = "1m"
	p := related(t, s)
	for asked, same := range map[resource.TTL]bool{"": true, "1m": true, "60s": true, "1m0s": true, "2m": false} {
		s.Cache = asked
		plan, err := Resource(t.Context(), p, s, noon(), nil)
		_, other := errors.AsType[*OtherError](err)
		if other == same || same && (err != nil || len(plan.Changes) > 0) {
			t.Errorf("%q is asked for: %v", asked, err)
		}
		if other && !strings.Contains(err.Error(), "--cache 1m") {
			t.Errorf("it does not say what is there: %v", err)
		}
	}
}

// A resource says how long its answers may be kept where everybody gets the same ones, and of one that nothing is kept of there is no trace of a cache.
func TestCodeThatKeeps(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		auth         resource.Auth
		ttl          resource.TTL
		kept, answer int // places in the service, and operations
	}{
		"public":      {resource.Public, "1m", 7, 2},
		"a session":   {resource.Session, "1m", 7, 0},
		"nothing":     {resource.Public, "", 0, 0},
		"nothing yet": {resource.Session, "", 0, 0},
	} {
		files, err := resourceFiles("example.com/app", resource.Spec{Module: "shop", Name: "thing", Fields: []string{"name:string"}, Auth: c.auth, Cache: c.ttl, Migration: 1}, false)
		if err != nil {
			t.Fatal(err)
		}
		kept, answers := 0, 0
		for _, f := range files {
			switch f.Path {
			case "modules/shop/internal/thing/service.go":
				kept = strings.Count(string(f.Data), "s.cached") - strings.Count(string(f.Data), "s.cachedIn") + strings.Count(string(f.Data), "s.forget(ctx, r)")
			case "modules/shop/internal/web/thing.go":
				answers = strings.Count(string(f.Data), "Cache: keep")
			case "modules/shop/internal/thing/cache.go":
				if c.ttl == "" {
					t.Errorf("%s: there is %s", name, f.Path)
				}
			}
		}
		if kept != c.kept || answers != c.answer {
			t.Errorf("%s: %d places in the service, %d operations, want %d and %d", name, kept, answers, c.kept, c.answer)
		}
	}
}
