package resource_test

import (
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/resource"
)

func TestTimesThatAreKept(t *testing.T) {
	t.Parallel()
	for text, want := range map[resource.TTL]struct{ recorded, code string }{
		"1s": {"1s", "time.Second"}, "60s": {"1m", "time.Minute"}, "90s": {"1m30s", "90 * time.Second"}, "5m": {"5m", "5 * time.Minute"},
		"1h": {"1h", "time.Hour"}, "90m": {"1h30m", "90 * time.Minute"}, "3600s": {"1h", "time.Hour"}, "10m0s": {"10m", "10 * time.Minute"}, "24h": {"24h", "24 * time.Hour"},
	} {
		s := spec("order", "name:string")
		s.Cache = text
		if got := text.Canonical(); string(got) != want.recorded {
			t.Errorf("%s is recorded as %s, want %s", text, got, want.recorded)
		}
		if got := mustView(t, s).Cache.TTL; got != want.code {
			t.Errorf("%s is written as %s, want %s", text, got, want.code)
		}
		if s.Cache = text.Canonical(); !strings.HasSuffix(s.Command(), " --cache "+want.recorded) {
			t.Errorf("the command is %s", s.Command())
		}
	}
	for _, text := range []resource.TTL{"0", "0s", "999ms", "1500ms", "-1m", "24h1s", "60", "1 m", "one minute", "1d", "$(1m)", "1m\n"} {
		s := spec("order", "name:string")
		s.Cache = text
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), "want a time of whole seconds from 1s to 24h; try --cache 1m") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if v := mustView(t, spec("order", "name:string")); v.Cache != nil || v.Kept {
		t.Errorf("without a time: %+v", v.Cache)
	}
}

// Caches in front keep answers that are open to everybody, and in which nothing changes without their being told.
func TestAnswersThatAreKept(t *testing.T) {
	t.Parallel()
	open := func(s resource.Spec) resource.Spec {
		s.Read = resource.Public
		return s
	}
	author := func(auth resource.Auth, ttl resource.TTL) resource.Spec {
		return resource.Spec{Module: "crew", Name: "author", Fields: []string{"name:string"}, Auth: auth, Cache: ttl}
	}
	for name, c := range map[string]struct {
		fields []string
		auth   resource.Auth
		read   resource.Auth
		ttl    resource.TTL
		author resource.Spec
		want   string // "" for not at all
	}{
		"public":                       {[]string{"name:string"}, resource.Public, "", "1m", author("", ""), "30 * time.Second"},
		"for a moment":                 {[]string{"name:string"}, resource.Public, "", "10s", author("", ""), "10 * time.Second"},
		"of old":                       {[]string{"name:string"}, "", "", "1m", author("", ""), "30 * time.Second"},
		"a session":                    {[]string{"name:string"}, resource.Session, "", "1m", author("", ""), ""},
		"a token":                      {[]string{"name:string"}, resource.Token, "", "1m", author("", ""), ""},
		"a session, read by all":       {[]string{"name:string"}, resource.Session, resource.Public, "1m", author("", ""), "30 * time.Second"},
		"a token, read by all":         {[]string{"name:string"}, resource.Token, resource.Public, "10s", author("", ""), "10 * time.Second"},
		"itself":                       {[]string{"parent:ref=order:null"}, resource.Public, "", "1m", author("", ""), "30 * time.Second"},
		"refers to what is kept":       {[]string{"author:xref=crew.author"}, resource.Public, "", "1m", author(resource.Public, "1h"), "30 * time.Second"},
		"refers to what is not kept":   {[]string{"author:xref=crew.author"}, resource.Public, "", "1m", author(resource.Public, ""), ""},
		"refers to what all read":      {[]string{"author:xref=crew.author"}, resource.Public, "", "1m", open(author(resource.Token, "1h")), "30 * time.Second"},
		"refers to what is not public": {[]string{"author:xref=crew.author"}, resource.Public, "", "1m", author(resource.Session, "1h"), ""},
	} {
		s := spec("order", c.fields...)
		s.Auth, s.Read, s.Cache = c.auth, c.read, c.ttl
		v, err := s.View("example.com/app", "example.com/platform", c.author)
		if err != nil {
			t.Fatal(err)
		}
		if v.Kept != (c.want != "") || v.Kept && v.Cache.SMaxAge != c.want {
			t.Errorf("%s: kept %v, for %s", name, v.Kept, v.Cache.SMaxAge)
		}
	}
}
