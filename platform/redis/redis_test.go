package redis_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/banyan-go/banyan/platform/leaktest"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/redis"
	"github.com/banyan-go/banyan/platform/servertest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// open returns the clients for a configuration, started, and stops them with the test.
func open(t *testing.T, cfg redis.Config, o redis.Options) *redis.Redis {
	t.Helper()
	lc := &lifecycle.Lifecycle{}
	r, err := redis.New(cfg, o, lc)
	if err != nil {
		t.Fatal(err)
	}
	if err := lc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lc.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return r
}

// at returns the configuration for a server.
func at(url string) redis.Config {
	cfg := redis.Default()
	cfg.State = url
	return cfg
}

func TestBothRolesHaveTheirKeys(t *testing.T) {
	t.Parallel()
	s := servertest.StartRedis(t)
	r := open(t, at(s.URL()), redis.Options{App: "shop"})
	state, cache := r.State(), r.Cache()
	if state.Prefix() != "shop:state:" || cache.Prefix() != "shop:cache:" {
		t.Errorf("the prefixes are %q and %q", state.Prefix(), cache.Prefix())
	}
	if err := redis.Commands(state).Set(t.Context(), state.Prefix()+"a", "1", time.Minute).Err(); err != nil {
		t.Fatal(err)
	}
	if got, err := redis.Commands(cache).Get(t.Context(), "shop:state:a").Result(); got != "1" || err != nil {
		t.Errorf("without redis.cache there is one server: got %q, %v", got, err)
	}
}

func TestNoAddressIsNoClient(t *testing.T) {
	t.Parallel()
	r := open(t, redis.Default(), redis.Options{})
	var none *redis.Redis
	if r.State() != nil || r.Cache() != nil || none.State() != nil || none.Cache() != nil {
		t.Error("there is a client for no server")
	}
}

func TestStrictWantsADeadline(t *testing.T) {
	t.Parallel()
	s := servertest.StartRedis(t)
	c := open(t, at(s.URL()), redis.Options{Strict: true}).State()
	if err := c.Ping(context.Background()); !errors.Is(err, redis.ErrNoDeadline) {
		t.Errorf("a context without a deadline: %v", err)
	}
	pipe := redis.Commands(c).Pipeline()
	pipe.Incr(context.Background(), "a")
	if _, err := pipe.Exec(context.Background()); !errors.Is(err, redis.ErrNoDeadline) {
		t.Errorf("a pipeline without a deadline: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := c.Ping(ctx); err != nil {
		t.Errorf("with a deadline: %v", err)
	}
}

func TestScriptsOutliveAFlush(t *testing.T) {
	t.Parallel()
	s := servertest.StartRedis(t)
	c := open(t, at(s.URL()), redis.Options{}).State()
	double := redis.NewScript("return 2 * redis.call('incrby', KEYS[1], ARGV[1])")
	for i, want := range []int64{6, 12, 18} {
		if got, err := redis.Run(t.Context(), c, double, []string{"n"}, 3).Int64(); got != want || err != nil {
			t.Errorf("run %d: %d, %v; want %d", i, got, err, want)
		}
		if i == 1 {
			if err := redis.Commands(c).ScriptFlush(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestAnswersAreNotAway(t *testing.T) {
	t.Parallel()
	s := servertest.StartRedis(t)
	c := open(t, at(s.URL()), redis.Options{}).State()
	if err := redis.Commands(c).Get(t.Context(), "none").Err(); !errors.Is(err, goredis.Nil) || redis.IsDown(err) {
		t.Errorf("a key that is not there: %v", err)
	}
	if err := redis.Commands(c).Set(t.Context(), "word", "a", 0).Err(); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		if err := redis.Commands(c).Incr(t.Context(), "word").Err(); err == nil || redis.IsDown(err) {
			t.Fatalf("a wrong command: %v", err)
		}
	}
	if err := c.Ping(t.Context()); err != nil {
		t.Errorf("answers have opened the breaker: %v", err)
	}
}

func TestIsDown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{goredis.Nil, false},
		{redis.ErrNoDeadline, false},
		{context.Canceled, false},
		{&net.OpError{Op: "dial", Err: context.Canceled}, false}, // the caller has gone
		{answer("WRONGTYPE Operation against a key holding the wrong kind of value"), false},
		{answer("NOAUTH Authentication required."), false},
		{answer("ERR no such key"), false},
		{redis.ErrOpen, true},
		{context.DeadlineExceeded, true},
		{fmt.Errorf("load: %w", io.EOF), true},
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, true},
		{answer("LOADING Redis is loading the dataset in memory"), true},
		{answer("READONLY You can't write against a read only replica."), true},
		{answer("OOM command not allowed when used memory > 'maxmemory'."), true},
		{answer("ERR max number of clients reached"), true},
	} {
		if got := redis.IsDown(c.err); got != c.want {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}

// answer is an error that a server has answered with.
type answer string

func (a answer) Error() string { return string(a) }
func (answer) RedisError()     {}
