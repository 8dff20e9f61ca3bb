package config_test

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/config"
)

type rules struct {
	Each map[string]int `config:"each" dotted:"true"`
	Next map[string]int `config:"next"`
}

// An entry a and an entry a.b of one map have nothing to do with each other, in whatever layer they stand.
func TestDottedEntriesAreEntriesOfTheirOwn(t *testing.T) {
	t.Parallel()
	got := rules{Each: map[string]int{"accounts.login": 1, "accounts": 2}}
	_, err := config.Load(&got, config.Options{
		Embedded: files("base.yaml", "each:\n  blog: 3\n  blog.posts.new: 4\n", "profiles/single.yaml", "each:\n  accounts: 5\n"),
		Environ:  []string{"APP_EACH__BLOG__POSTS=6"},
		Set:      []string{"each.blog.posts.new=7", "each.a-b.c_d=8"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"accounts.login": 1, "accounts": 5, "blog": 3, "blog.posts": 6, "blog.posts.new": 7, "a-b.c_d": 8}
	if !maps.Equal(got.Each, want) {
		t.Errorf("the entries are %v, want %v", got.Each, want)
	}
}

func TestDotsAreForMapsThatAllowThem(t *testing.T) {
	t.Parallel()
	_, err := config.Load(&rules{}, config.Options{
		Embedded: files("base.yaml", "each:\n  a..b: 1\n  .a: 1\nnext:\n  a.b: 1\n"),
		Set:      []string{"next.a.b=1", "each.a.=1"},
	})
	found, _ := errors.AsType[config.Problems](err)
	var got []string
	for _, p := range found {
		got = append(got, p.String())
	}
	all := strings.Join(got, "\n")
	for _, want := range []string{
		`each  got the name "a..b", want lower case letters and digits, joined by single _, - or .`,
		`each  got the name ".a", want lower case letters and digits, joined by single _, - or .`,
		`next  got the name "a.b", want lower case letters and digits, joined by single _ or -`,
		`next.a.b  unknown key`,
		`each.a.  unknown key`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("nothing says %q:\n%s", want, all)
		}
	}
}
