package app_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/servertest"
)

func TestCacheInMemoryAlone(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.run("cache", "stats").want(0, "values are in the memory of the processes that serve")
	m.run("cache", "purge", "--tag", "x").want(6, "there is no database yet")
	m.untouched("a purge of nothing")
	m.run("serve", "--set", "cache.l2.driver=redis").want(4, "redis.cache  is not set, and cache.l2.driver is redis")
	m.run("serve", "--set", "cache.l2.driver=memcached").want(4, `cache.l2.driver  "memcached" is not compiled in`)
}

func TestCacheIsPurged(t *testing.T) {
	t.Parallel()
	s := servertest.StartRedis(t)
	m := newMachine(t, "REDIS_CACHE_URL="+s.URL(), "APP_CACHE__L2__DRIVER=redis")
	m.run("cache", "stats").want(0, "there is nothing that processes share")
	var done struct{ Purged []string }
	m.run("cache", "purge", "--json", "--key", "notes.list:1", "--tag", "x", "--group", "notes.list").want(0).decode(&done)
	if len(done.Purged) != 3 {
		t.Errorf("purged are %q", done.Purged)
	}
	m.run("cache", "purge", "--group", "notes.lists").want(2, `there is no group "notes.lists", the program has: notes.list`)
	m.run("cache", "purge", "--key", "notes.lists:1", "--dry-run").want(2, `there is no group "notes.lists"`)
	m.run("cache", "purge").want(2, "say what is to be read anew")
	m.run("cache", "purge", "--key", "nothing").want(2, `--key "nothing" is no GROUP:KEY`)
	m.run("cache", "purge", "--all").want(2, "this is mode prod: have everything read anew", "--yes")
	m.run("cache", "purge", "--all", "--dry-run").want(0, "nothing was purged")
	m.run("cache", "purge", "--all", "--yes").want(0)
	s.Kill(t)
	m.run("cache", "stats").want(5, "redis.cache")
	m.run("cache", "purge", "--tag", "x").want(5)
}

// What the process that serves has in its memory, a command of another process has read anew: by a note in their database.
func TestPurgeOfWhatIsInMemoryAlone(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	dropped := make(chan string, 10)
	serving := program(variant{cached: func(c *cache.Cache, _ *db.Handle) []api.Route {
		c.OnDrop(func(names []string) { dropped <- strings.Join(names, " ") })
		return nil
	}})
	m.run("migrate", "up").want(0)
	m.program = serving
	m.serve()
	m.program = program(variant{})
	m.run("cache", "purge", "--tag", "notes", "--key", "notes.list:1").want(0, "the process that serves")
	if got := <-dropped; got != "#notes notes.list:1" {
		t.Errorf("it forgets %s", got)
	}
}

// A purge is one of the caches in front, too, and says so when one of them does not answer.
func TestPurgeReachesTheCachesInFront(t *testing.T) {
	t.Parallel()
	s := servertest.StartRedis(t)
	told := make(chan string, 10)
	inFront := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { told <- r.Header.Get("Xkey-Purge") }))
	m := newMachine(t, "REDIS_CACHE_URL="+s.URL(), "APP_CACHE__L2__DRIVER=redis", "APP_CDN__VENDOR=varnish", "APP_CDN__CACHES="+inFront.URL)
	m.run("cache", "purge", "--tag", "shop.products").want(0)
	m.run("cache", "purge", "--all", "--yes").want(0)
	if got := <-told; got != "shop.products" {
		t.Errorf("it was told to purge %q", got)
	}
	if got := <-told; got == "" || got == "shop.products" {
		t.Errorf("it was told to purge %q, want the tag of everything", got)
	}
	inFront.Close()
	r := m.run("cache", "purge", "--tag", "shop.products")
	if end := "error: tell of an invalidation: purge the cache " + inFront.URL + ": it does not answer\nnext:  prog config show --origin cdn.caches\n"; r.code != 5 || !strings.HasSuffix(r.err, end) {
		t.Errorf("a cache that is away: exit code %d\n%s", r.code, r.err)
	}
}
