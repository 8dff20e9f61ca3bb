package token

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// Scanners for secrets look for this.
func TestSecretsHaveTheirForm(t *testing.T) {
	t.Parallel()
	one, two := newSecret(), newSecret()
	if !regexp.MustCompile(`^banyan_pat_[A-Za-z0-9_-]{43}$`).MatchString(string(one)) || one == two || !possible(string(one)) {
		t.Errorf("%s and %s", string(one), string(two))
	}
	for _, other := range []string{"", "banyan_pat_", string(one) + "x", string(one)[:53], "Banyan_pat_" + string(one)[11:], strings.Repeat("x", 54)} {
		if possible(other) {
			t.Errorf("%q may be a token", other)
		}
	}
	if text := fmt.Sprintf("%v %+v %#v %s %q", one, one, one, one, one); strings.Contains(text, string(one)) {
		t.Errorf("it shows: %s", text)
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	good := Draft{Name: "CI", Scopes: []string{"blog:write", "read"}, Days: 90}
	if err := good.check(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Draft){
		"no name":         func(d *Draft) { d.Name = " " },
		"a long name":     func(d *Draft) { d.Name = strings.Repeat("x", 101) },
		"no scope":        func(d *Draft) { d.Scopes = nil },
		"too many scopes": func(d *Draft) { d.Scopes = strings.Split(strings.Repeat("a,", 20)+"a", ",") },
		"two words":       func(d *Draft) { d.Scopes = []string{"blog write"} },
		"an empty scope":  func(d *Draft) { d.Scopes = []string{""} },
		"no day":          func(d *Draft) { d.Days = 0 },
		"over a year":     func(d *Draft) { d.Days = 366 },
	} {
		d := good
		spoil(&d)
		if d.check() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestScopesOfAUser(t *testing.T) {
	t.Parallel()
	s := Settings{Scopes: []string{"*:read", "blog:write", "shop:*", "deploy"}, Admin: "admin"}
	for scope, want := range map[string]bool{
		"blog:read": true, "other.module:read": true, "blog:write": true, "shop:write": true, "shop:anything": true, "deploy": true,
		"other:write": false, "read": false, "write": false, "shop": false, "blog": false, "deploy:write": false, "blog:reader": false, "shopping:write": false, "": false,
	} {
		if got := s.allow([]string{"editor"}, scope); got != want {
			t.Errorf("%q: %v, want %v", scope, got, want)
		}
		if !s.allow([]string{"admin", "editor"}, scope) {
			t.Errorf("%q is kept from an admin", scope)
		}
	}
	if (Settings{Admin: "admin"}).allow(nil, "blog:read") {
		t.Error("without a setting everybody reads")
	}
}

func TestEntries(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"blog:write": true, "*:read": true, "blog:*": true, "deploy": true,
		"": false, "*": false, "*:*": false, "blog:": false, ":read": false, "blog:re*": false, "b*:read": false, "Blog:read": false, "a:b:c": false, "*:read\n": false,
	} {
		if got := Entry(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
