package app_test

import (
	"testing"

	"github.com/banyan-go/banyan/platform/servertest"
)

func TestCacheInMemoryAlone(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.run("cache", "stats").want(0, "values are in the memory of the processes that serve")
	m.run("cache", "purge", "--tag", "x").want(1, "values are in the memory of the processes that serve")
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
	m.run("cache", "purge", "--key", "nothing").want(2, "names neither a key")
	m.run("cache", "purge", "--all").want(2, "this is mode prod: have everything read anew", "--yes")
	m.run("cache", "purge", "--all", "--dry-run").want(0, "nothing was purged")
	m.run("cache", "purge", "--all", "--yes").want(0)
	s.Kill(t)
	m.run("cache", "stats").want(5, "redis.cache")
	m.run("cache", "purge", "--tag", "x").want(5)
}
