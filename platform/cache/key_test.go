package cache_test

import (
	"context"
	"testing"

	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/id"
)

func TestJoinedKeysDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string][]string{}
	for _, parts := range [][]string{{"a b", "c"}, {"a", "b c"}, {"a b c"}, {"a", "b", "c"}, {"", "abc"}, {"abc", ""}, {"abc"}, {}, {""}, {"1:a"}, {"1", "a"}, {"3:abc", ""}} {
		key := cache.Join(parts...)
		if other, ok := seen[key]; ok {
			t.Errorf("%q and %q have the key %q", parts, other, key)
		}
		seen[key] = parts
	}
}

// Two tenants whose keys read the same when they are written one behind the other get what is their own.
func TestTenantsAreApart(t *testing.T) {
	t.Parallel()
	var tenant string // who asks
	load := func(context.Context, string) (string, error) { return "of " + tenant, nil }
	for _, row := range []struct{ mine, theirs []string }{
		{[]string{"acme", "1 users"}, []string{"acme 1", "users"}},
		{[]string{"acme", "1users"}, []string{"acme1", "users"}},
		{[]string{"acme", ":1", "users"}, []string{"acme:", "1", "users"}},
		{[]string{"acme", "", "users"}, []string{"acme", "users", ""}},
		{[]string{"acme", "5:users"}, []string{"acme5:", "users"}},
	} {
		g := cache.Of(started(t, exactly(), cache.Options{}), "test.things", cache.Rule{}, load)
		for range 2 {
			for _, key := range [][]string{row.mine, row.theirs} {
				tenant = key[0]
				want(t, g, cache.Join(key...), "of "+key[0])
			}
		}
	}
}

type sku string

func TestKeysOfEachType(t *testing.T) {
	t.Parallel()
	c := started(t, exactly(), cache.Options{})
	a, b, n := newSource("one"), newSource("one"), newSource("one")
	texts := cache.Of(c, "test.texts", cache.Rule{}, func(ctx context.Context, key sku) (string, error) { return a.load(ctx, string(key)) })
	ids := cache.Of(c, "test.ids", cache.Rule{}, func(ctx context.Context, key id.ID) (string, error) { return b.load(ctx, key.String()) })
	odd := cache.Of(c, "test.odd", cache.Rule{}, n.load)
	key := id.New()
	const strange = "a:b#c@d*\x00\n"
	want(t, texts, "x", "one")
	want(t, ids, key, "one")
	want(t, odd, strange, "one")
	for _, s := range []*source{a, b, n} {
		s.set("two")
	}
	// By their names, as other processes do it.
	for _, name := range []string{"test.texts:x", "test.ids:" + key.String(), "test.odd:" + strange} {
		if err := c.Invalidate(t.Context(), name); err != nil {
			t.Error(err)
		}
	}
	want(t, texts, "x", "two")
	want(t, ids, key, "two")
	want(t, odd, strange, "two")
}

func TestCheckName(t *testing.T) {
	t.Parallel()
	for name, ok := range map[string]bool{
		"catalog.products:1": true, "catalog.products:": true, "#tag": true, "@catalog.products": true, "*": true,
		"": false, "#": false, "@": false, "catalog.products": false, "Catalog:1": false, "@a:b": false, ":1": false,
	} {
		if err := cache.CheckName(name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}
