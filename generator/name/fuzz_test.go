package name_test

import (
	"errors"
	"go/token"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/name"
)

// FuzzCheck feeds what a person might type as a name of each kind. It is refused on one line, with a name that is taken, or every spelling of it is
// what Go, SQL and a path want.
func FuzzCheck(f *testing.F) {
	for _, names := range badNames() {
		for _, bad := range names {
			f.Add(bad)
		}
	}
	for _, good := range []string{"catalog", "line_item", "my-shop", "api_key", "news", "https_2"} {
		f.Add(good)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for what, check := range checks() {
			if err := check(s); err != nil {
				wantRefusal(t, check, err)
				continue
			}
			if len(s) > 24 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" || s[0] < 'a' || s[0] > 'z' {
				t.Fatalf("%s %q is taken", what, s)
			}
			if what != "application" {
				wantSpellings(t, s)
			}
		}
	})
}

func wantRefusal(t *testing.T, check func(string) error, err error) {
	t.Helper()
	wantOneLine(t, err.Error())
	e, ok := errors.AsType[*name.Error](err)
	if !ok {
		t.Fatalf("an error of the type %T", err)
	}
	if err := check(e.Proposal); err != nil {
		t.Fatalf("%q: the proposal is no name: %v", e.Name, err)
	}
}

// wantSpellings looks at what is made of a name that was taken.
func wantSpellings(t *testing.T, s string) {
	t.Helper()
	n, many := name.New(s), name.Plural(s)
	if n.Snake != s || !token.IsExported(n.Pascal) || !token.IsIdentifier(n.Pascal) || strings.ReplaceAll(strings.ToLower(n.Words), " ", "_") != s {
		t.Fatalf("%q is spelt %+v", s, n)
	}
	if many == s || len(many) > len(s)+len("_list") || strings.Trim(many, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		t.Fatalf("the plural of %q is %q", s, many)
	}
}
