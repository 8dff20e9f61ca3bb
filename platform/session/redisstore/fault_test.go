package redisstore_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/keyring"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/redis"
	"github.com/banyan-go/banyan/platform/servertest"
	"github.com/banyan-go/banyan/platform/session"
	"github.com/banyan-go/banyan/platform/session/redisstore"
)

// visitors is an application's sessions in a Redis of its own.
type visitors struct {
	*session.Sessions
	server *servertest.RedisServer
	client *redis.Client
}

func newVisitors(t *testing.T, settings ...string) visitors {
	t.Helper()
	server := servertest.StartRedis(t, settings...)
	cfg := redis.Default()
	cfg.State = server.URL()
	var lc lifecycle.Lifecycle
	r, err := redis.New(cfg, redis.Options{Strict: true}, &lc)
	if err != nil {
		t.Fatal(err)
	}
	if err := lc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lc.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	keys, err := keyring.Parse(keyring.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	settled := session.Default()
	settled.Store = "redis"
	s, err := session.New(settled, session.Options{Drivers: session.Drivers{"redis": redisstore.Driver{}}, Redis: r, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Flush)
	return visitors{s, server, r.State()}
}

// request returns the context of one, which ends after the time that a request has.
func request(t *testing.T) (context.Context, *session.Slot) {
	t.Helper()
	slot := &session.Slot{}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	t.Cleanup(cancel)
	return context.WithValue(ctx, session.SlotKey{}, slot), slot
}

// signIn returns the header Cookie of a new session.
func (v visitors) signIn(t *testing.T, user string) (string, error) {
	t.Helper()
	ctx, slot := request(t)
	_, err := v.Begin(ctx, session.SignIn{User: user})
	cookie, _, _ := strings.Cut(string(v.AppendCookie(nil, slot)), ";")
	return cookie, err
}

// who returns whose request a cookie makes.
func (v visitors) who(t *testing.T, cookie string) (string, error) {
	t.Helper()
	ctx, slot := request(t)
	err := v.Enter(ctx, slot, []byte(cookie))
	if set := v.AppendCookie(nil, slot); err != nil && len(set) > 0 {
		t.Errorf("the browser loses its cookie: %s", set)
	}
	if sess := slot.Session(); sess != nil {
		return sess.User, err
	}
	return "", err
}

// wantAway fails unless an error is 503 with the time to wait.
func wantAway(t *testing.T, what string, err error) {
	t.Helper()
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || e.Kind != fault.Unavailable || e.RetryAfter == 0 {
		t.Errorf("%s: %v, want 503 and when to come again", what, err)
	}
}

// eventually tries until a cookie is that of a user: the breaker tries the server again once a second.
func (v visitors) eventually(t *testing.T, cookie, user string) {
	t.Helper()
	for t.Context().Err() == nil {
		got, err := v.who(t, cookie)
		if err == nil && got == user {
			return
		}
		if err == nil {
			t.Fatalf("the cookie is that of %q, want %q", got, user)
		}
	}
}

// While Redis does not answer nobody is somebody else, nor nobody: requests get 503 and keep their cookies. Then all go on.
func TestServerThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]struct {
		stop, again func(v visitors, t *testing.T)
	}{
		"killed": {
			func(v visitors, t *testing.T) { v.server.Kill(t) },
			func(v visitors, t *testing.T) { v.server.Start(t) },
		},
		"frozen": {
			func(v visitors, t *testing.T) { v.server.Freeze(t) },
			func(v visitors, t *testing.T) { v.server.Thaw(t) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newVisitors(t, "appendonly=yes", "appendfsync=always")
			ada, err := v.signIn(t, "ada")
			if err != nil {
				t.Fatal(err)
			}
			f.stop(v, t)
			for range 8 { // more than open the breaker
				user, err := v.who(t, ada)
				if user != "" {
					t.Errorf("the request is that of %s", user)
				}
				wantAway(t, "load", err)
			}
			cookie, err := v.signIn(t, "grace")
			wantAway(t, "begin", err)
			if cookie != "" {
				t.Errorf("a cookie for no session: %s", cookie)
			}
			f.again(v, t)
			v.eventually(t, ada, "ada")
		})
	}
}

// What Redis has forgotten signs users out; it signs nobody in.
func TestServerThatHasForgotten(t *testing.T) {
	t.Parallel()
	v := newVisitors(t)
	ada, err := v.signIn(t, "ada")
	if err != nil {
		t.Fatal(err)
	}
	v.server.Kill(t)
	v.server.Start(t)
	v.eventually(t, ada, "")
	grace, err := v.signIn(t, "grace")
	if err != nil {
		t.Fatal(err)
	}
	v.eventually(t, grace, "grace")
	v.eventually(t, ada, "")
}

// Without memory no session begins, and those that there are go on.
func TestServerWithoutMemory(t *testing.T) {
	t.Parallel()
	v := newVisitors(t)
	ada, err := v.signIn(t, "ada")
	if err != nil {
		t.Fatal(err)
	}
	ctx, _ := request(t)
	if err := redis.Commands(v.client).ConfigSet(ctx, "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	_, err = v.signIn(t, "grace")
	wantAway(t, "begin", err)
	if user, err := v.who(t, ada); user != "ada" || err != nil {
		t.Errorf("the request is that of %q, %v", user, err)
	}
}

// After SCRIPT FLUSH, or on another server after a failover, scripts are sent again.
func TestServerThatHasForgottenScripts(t *testing.T) {
	t.Parallel()
	v := newVisitors(t)
	ada, err := v.signIn(t, "ada")
	if err != nil {
		t.Fatal(err)
	}
	ctx, slot := request(t)
	if err := redis.Commands(v.client).ScriptFlush(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	if err := v.Enter(ctx, slot, []byte(ada)); err != nil {
		t.Fatal(err)
	}
	if err := v.Put(ctx, "cart", 1); err != nil {
		t.Error(err)
	}
}

// A key that holds something else, of another program for instance, is no session and no error.
func TestKeyOfSomethingElse(t *testing.T) {
	t.Parallel()
	v := newVisitors(t)
	ada, err := v.signIn(t, "ada")
	if err != nil {
		t.Fatal(err)
	}
	ctx, _ := request(t)
	keys, err := redis.Commands(v.client).Keys(ctx, v.client.Prefix()+"session:*").Result()
	if err != nil || len(keys) != 1 {
		t.Fatal(keys, err)
	}
	if err := errors.Join(redis.Commands(v.client).Del(ctx, keys...).Err(), redis.Commands(v.client).HSet(ctx, keys[0], "a", "b").Err()); err != nil {
		t.Fatal(err)
	}
	if user, err := v.who(t, ada); user != "" || err != nil {
		t.Errorf("the request is that of %q, %v", user, err)
	}
}

// The session of every request is one GET: nothing else is asked.
func TestLoadIsOneGet(t *testing.T) {
	t.Parallel()
	v := newVisitors(t)
	ada, err := v.signIn(t, "ada")
	if err != nil {
		t.Fatal(err)
	}
	ctx, _ := request(t)
	before := v.calls(ctx, t)
	for range 10 {
		if user, err := v.who(t, ada); user != "ada" || err != nil {
			t.Fatalf("%q, %v", user, err)
		}
	}
	v.Flush()
	after := v.calls(ctx, t)
	if after["get"]-before["get"] != 10 || after["evalsha"] != before["evalsha"] || after["set"] != before["set"] {
		t.Errorf("before %v, after %v", before, after)
	}
}

// calls counts the commands that the server has carried out.
func (v visitors) calls(ctx context.Context, t *testing.T) map[string]int {
	t.Helper()
	text, err := redis.Commands(v.client).Info(ctx, "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]int{}
	for line := range strings.Lines(text) {
		name, rest, ok := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls=")
		if !ok {
			continue
		}
		for _, c := range rest {
			if c < '0' || c > '9' {
				break
			}
			calls[name] = calls[name]*10 + int(c-'0')
		}
	}
	return calls
}
