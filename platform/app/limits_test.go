package app_test

import (
	"net/http"
	"testing"

	"github.com/banyan-go/banyan/platform/servertest"
)

func TestLimitsSayWhereTheyComeFrom(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.run("limits", "list").want(0, "")
	type row struct {
		Rule, Limit, Store, From string
		Routes                   int
	}
	var rows []row
	m.run("limits", "list", "--json", "--set", "limits.default=7 per 1m, gcra").want(0).decode(&rows)
	if want := (row{"default", "7 per 1m by user_or_ip, gcra, burst 7, down local", "memory", "--set", 3}); len(rows) != 1 || rows[0] != want {
		t.Errorf("the rules are %+v, want %+v", rows, want)
	}
	m.run("limits", "list", "--json", "--set", "limits.enabled=false").want(0).decode(&rows)
	if len(rows) != 1 || rows[0].Limit != "off" || rows[0].From != "--set" {
		t.Errorf("with limits that are off the rules are %+v", rows)
	}
}

func TestLimitsThatCannotBe(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"serve", "--set", "limits.store=redis"}, "redis.state  is not set, and limits.store is redis"},
		{[]string{"serve", "--set", "instances=2", "--set", "db.driver=postgres"}, "limits.store  got memory, want redis, where instances is more than 1"},
		{[]string{"serve", "--set", "limits.rules.notes.list=1 per 1m"}, "--set  limits.rules.notes.list  got 1 per 1m, want a rule that a module has"},
		{[]string{"serve", "--set", "limits.default=1 per 0s"}, "--set  limits.default"},
	} {
		m.run(c.args...).want(4, c.says)
	}
	m.run("limits", "reset", "default").want(2, "want a RULE and a SUBJECT")
	m.run("limits", "reset", "default", "127.0.0.1").want(1, "counted in the memory of the process")
	m.run("limits", "reset", "notes.list", "127.0.0.1").want(2, `there is no rate limit "notes.list"`, "limits list")
}

// Somebody who has asked too often may ask again after a reset, and nobody else.
func TestALimitIsReset(t *testing.T) {
	t.Parallel()
	s := servertest.StartRedis(t)
	m := newMachine(t, "REDIS_URL="+s.URL(), "APP_LIMITS__STORE=redis", "APP_LIMITS__DEFAULT=2 per 1h by ip, down deny")
	m.run("migrate", "up").want(0)
	r := m.serve()
	const path = "/api/v1/notes/notes"
	for range 2 {
		r.wantGet(r.url+path, http.StatusOK)
	}
	r.wantGet(r.url+path, http.StatusTooManyRequests)
	m.run("limits", "reset", "default", "127.0.0.1").want(2, "this is mode prod: forget what 127.0.0.1 has asked for", "--yes")
	r.wantGet(r.url+path, http.StatusTooManyRequests)
	m.run("limits", "reset", "default", "127.0.0.1", "--yes").want(0, "127.0.0.1 may ask again")
	r.wantGet(r.url+path, http.StatusOK)
	m.run("limits", "reset", "default", "user:nobody", "--yes").want(0, "user:nobody has not asked for anything that default counts (2 per 1h by ip, window, down deny)")
	r.wantGet(r.url+path, http.StatusOK)
	s.Kill(t)
	r.wantGet(r.url+path, http.StatusServiceUnavailable)
	m.run("limits", "reset", "default", "127.0.0.1", "--yes").want(5, "reset a limit")
}
