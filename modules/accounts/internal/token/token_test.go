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
