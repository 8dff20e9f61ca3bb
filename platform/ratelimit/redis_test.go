package ratelimit_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/ratelimit"
	"github.com/banyan-go/banyan/platform/redis"
	"github.com/banyan-go/banyan/platform/servertest"
)

// client returns clients of their own for a server, as each process has them.
func client(t *testing.T, url string) *redis.Redis {
	t.Helper()
	cfg, lc := redis.Default(), &lifecycle.Lifecycle{}
	cfg.State, cfg.Timeout = url, 2*time.Second // a machine that tests everything at once is slow
	r, err := redis.New(cfg, redis.Options{}, lc)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lc.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return r
}

// inRedis returns rules by name as one of four processes has them.
func inRedis(t *testing.T, r *redis.Redis, rules map[string]string, change ...func(*ratelimit.Options)) *ratelimit.Limits {
	t.Helper()
	cfg := ratelimit.Default()
	cfg.Store = "redis"
	o := ratelimit.Options{Redis: r, Instances: 4}
	for _, f := range change {
		f(&o)
	}
	limits, declared := ratelimit.New(cfg, o), map[string]ratelimit.Rule{}
	for name, text := range rules {
		var rule ratelimit.Rule
		if err := rule.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		declared[name] = rule
	}
	if err := limits.Declare(declared); err != nil {
		t.Fatal(err)
	}
	return limits
}

func named(t *testing.T, l *ratelimit.Limits, name string) *ratelimit.Limit {
	t.Helper()
	limit, err := l.Named(name)
	if err != nil {
		t.Fatal(err)
	}
	return limit
}

// storm asks 10,000 times for one subject, on all processes at once, and returns how many requests were let through.
func storm(t *testing.T, processes []func(ctx context.Context) (bool, error)) int64 {
	t.Helper()
	var passed atomic.Int64
	var all sync.WaitGroup
	for _, ask := range processes {
		for range 5 {
			all.Go(func() {
				for range 10_000 / 5 / len(processes) {
					switch allowed, err := ask(t.Context()); {
					case err != nil:
						t.Error(err)
						return
					case allowed:
						passed.Add(1)
					}
				}
			})
		}
	}
	all.Wait()
	return passed.Load()
}

// processes returns four that count for one rule: each with clients of its own, and with a clock that is up to five minutes wrong.
func processes(t *testing.T, url, rule string) (asks []func(ctx context.Context) (bool, error)) {
	t.Helper()
	for i := range 4 {
		wrong := time.Duration(i-2) * 150 * time.Second
		limits := inRedis(t, client(t, url), map[string]string{"test.rule": rule}, func(o *ratelimit.Options) {
			o.Now = func() time.Time { return time.Now().Add(wrong) }
		})
		limit := named(t, limits, "test.rule")
		asks = append(asks, func(ctx context.Context) (bool, error) {
			d, err := limit.Take(ctx, []byte("ip:203.0.113.7"))
			return d.Allowed, err
		})
	}
	return asks
}

func TestFourProcessesLetExactlyOneLimitThrough(t *testing.T) {
	t.Parallel()
	s := servertest.StartRedis(t)
	if passed := storm(t, processes(t, s.URL(), "100 per 1h")); passed != 100 {
		t.Errorf("%d of 10000 requests on 4 processes passed, want exactly 100", passed)
	}
}

// All four know the window when somebody resets it, and all ask at once.
func TestAfterAResetFourProcessesLetExactlyOneLimitThrough(t *testing.T) {
	t.Parallel()
	s := servertest.StartRedis(t)
	asks := processes(t, s.URL(), "5 per 1h")
	other := named(t, inRedis(t, client(t, s.URL()), map[string]string{"test.rule": "5 per 1h"}), "test.rule")
	for range 5 {
		if passed := storm(t, asks); passed != 5 {
			t.Errorf("%d of 10000 requests on 4 processes passed, want exactly 5", passed)
		}
		if known, err := other.Reset(t.Context(), []byte("ip:203.0.113.7")); !known || err != nil {
			t.Errorf("the reset: %v, %v", known, err)
		}
	}
}

func TestFourProcessesSpreadRequestsTogether(t *testing.T) {
	t.Parallel()
	s := servertest.StartRedis(t)
	asks, began := processes(t, s.URL(), "100 per 1m, gcra"), time.Now()
	passed := storm(t, asks)
	most := 100 + int64(time.Since(began)/(600*time.Millisecond)) + 1
	if passed < 99 || passed > most {
		t.Errorf("%d of 10000 requests passed, want 100 and one more each 600ms: %d at most", passed, most)
	}
}

// What the tests above would not forgive: two calls, between which others call.
func TestReadingAndThenWritingLetsTooManyThrough(t *testing.T) {
	t.Parallel()
	s := servertest.StartRedis(t)
	var asks []func(ctx context.Context) (bool, error)
	var read sync.WaitGroup // nobody writes before each process has read once: else one alone might be through before the others begin
	read.Add(4)
	for range 4 {
		c, first := redis.Commands(client(t, s.URL()).State()), &sync.Once{}
		asks = append(asks, func(ctx context.Context) (bool, error) {
			text, _ := c.Get(ctx, "n").Result() // none yet
			first.Do(func() {
				read.Done()
				read.Wait()
			})
			n, _ := strconv.Atoi(text)
			if n >= 100 {
				return false, nil
			}
			return true, c.Set(ctx, "n", n+1, time.Hour).Err()
		})
	}
	if passed := storm(t, asks); passed <= 100 {
		t.Errorf("%d requests passed: the storm is none", passed)
	}
}

func TestAWindowInRedisEnds(t *testing.T) {
	t.Parallel()
	s := servertest.StartRedis(t)
	r := client(t, s.URL())
	l := named(t, inRedis(t, r, map[string]string{"test.rule": "2 per 1s"}), "test.rule")
	for i := range 2 {
		if d := take(t, l, "a"); !d.Allowed || d.Remaining != 1-i || d.Limit != 2 || d.Reset <= 0 || d.Reset > time.Second {
			t.Errorf("request %d: %+v", i+1, d)
		}
	}
	d := take(t, l, "a")
	if d.Allowed || d.Remaining != 0 || d.RetryAfter <= 0 || d.RetryAfter > time.Second {
		t.Errorf("the third request: %+v, want it refused for what is left of a second", d)
	}
	for until := time.Now().Add(10 * time.Second); !d.Allowed; d = take(t, l, "a") {
		if time.Now().After(until) {
			t.Fatal("the window does not end")
		}
	}
	if d.Remaining != 1 {
		t.Errorf("the first request of the next window: %+v", d)
	}
	left, err := redis.Commands(r.State()).DBSize(t.Context()).Result()
	if err != nil || left != 1 {
		t.Errorf("Redis has %d keys, error %v; want the one of the window", left, err)
	}
}

func TestGCRAInRedisIsThatOfMemory(t *testing.T) {
	t.Parallel()
	s := servertest.StartRedis(t)
	r := client(t, s.URL())
	l := named(t, inRedis(t, r, map[string]string{"test.rule": "3600 per 1h, gcra, burst 3"}), "test.rule")
	for i := range 3 {
		if d := take(t, l, "a"); !d.Allowed || d.Remaining != 2-i || d.Reset <= time.Duration(i)*time.Second || d.Reset > time.Duration(i+1)*time.Second {
			t.Errorf("request %d of the burst: %+v", i+1, d)
		}
	}
	if d := take(t, l, "a"); d.Allowed || d.RetryAfter <= 0 || d.RetryAfter > time.Second || d.Reset > 3*time.Second {
		t.Errorf("behind the burst: %+v, want it refused for what is left of a second", d)
	}
	// A server whose clock is set back by a year has arrivals that are a year away.
	keys, err := redis.Commands(r.State()).Keys(t.Context(), "*").Result()
	if err != nil || len(keys) != 1 {
		t.Fatalf("the keys are %v, error %v", keys, err)
	}
	if ttl, err := redis.Commands(r.State()).PTTL(t.Context(), keys[0]).Result(); err != nil || ttl <= 0 || ttl > 3*time.Second {
		t.Errorf("the key lives %v, error %v; want as long as it matters", ttl, err)
	}
	year := time.Now().AddDate(1, 0, 0).UnixMicro()
	if err := redis.Commands(r.State()).Set(t.Context(), keys[0], year, 0).Err(); err != nil {
		t.Fatal(err)
	}
	if d := take(t, l, "a"); d.Allowed || d.RetryAfter > time.Second {
		t.Errorf("after a clock was set back: %+v, want no longer a wait than behind a burst", d)
	}
}

// Names and subjects that look alike when they are put together.
func TestNoTwoSubjectsShareACount(t *testing.T) {
	t.Parallel()
	s := servertest.StartRedis(t)
	limits := inRedis(t, client(t, s.URL()), map[string]string{"a": "1 per 1h", "a.b": "1 per 1h", "a-b": "1 per 2h"})
	for _, name := range []string{"a", "a.b", "a-b"} {
		for _, subject := range []string{"", "b", "b:c", "a:b", "b*", "{b}", "b\x00", "b\r\nDEL x"} {
			if !take(t, named(t, limits, name), subject).Allowed {
				t.Errorf("rule %s, subject %q: another one has used its limit", name, subject)
			}
		}
	}
}

// broken is a server, with the network before it.
type broken struct {
	*servertest.RedisServer
	network *servertest.Proxy
	redis   *redis.Redis
}

// away are the ways in which a Redis does not do its work, and the way back.
func away() map[string]func(t *testing.T, b broken) (back func()) {
	return map[string]func(t *testing.T, b broken) (back func()){
		"killed": func(t *testing.T, b broken) func() {
			t.Helper()
			b.Kill(t)
			return func() { b.Start(t) }
		},
		"frozen": func(t *testing.T, b broken) func() {
			t.Helper()
			b.Freeze(t)
			return func() { b.Thaw(t) }
		},
		"out of reach": func(_ *testing.T, b broken) func() {
			b.network.Silence(true)
			return func() { b.network.Silence(false) }
		},
		"out of memory": func(t *testing.T, b broken) func() {
			t.Helper()
			limit := func(bytes string) {
				if err := redis.Commands(b.redis.State()).ConfigSet(t.Context(), "maxmemory", bytes).Err(); err != nil {
					t.Fatal(err)
				}
			}
			limit("1")
			return func() { limit("0") }
		},
	}
}

func TestWhileRedisIsAwayEachRuleDoesWhatItSays(t *testing.T) {
	t.Parallel()
	for name, goes := range away() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servertest.StartRedis(t)
			cfg, lc := redis.Default(), &lifecycle.Lifecycle{}
			network := servertest.StartProxy(t, "unix", s.Socket())
			cfg.State, cfg.Timeout = "redis://"+network.Addr(), 200*time.Millisecond
			r, err := redis.New(cfg, redis.Options{}, lc)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = lc.Stop(context.Background()) })
			limits := inRedis(t, r, map[string]string{
				"test.local": "8 per 1h", "test.allow": "8 per 1h, down allow", "test.deny": "8 per 1h, down deny", "test.gcra": "8 per 1h, gcra, burst 4",
			})
			back := goes(t, broken{s, network, r})
			for rule, want := range map[string]int{"test.local": 2, "test.allow": 20, "test.deny": 0, "test.gcra": 1} {
				passed := 0
				for range 20 {
					d, err := named(t, limits, rule).Take(t.Context(), []byte("a"))
					f, _ := errors.AsType[*fault.Error](err)
					switch {
					case rule == "test.deny" && (f == nil || f.Kind != fault.Unavailable || f.RetryAfter <= 0 || !errors.Is(err, ratelimit.ErrStore)):
						t.Fatalf("%s: %+v, %v; want a fault that says when to ask again", rule, d, err)
					case rule != "test.deny" && err != nil:
						t.Fatalf("%s: %v", rule, err)
					case d.Allowed:
						passed++
					}
				}
				if passed != want {
					t.Errorf("%s: %d of 20 requests passed, want %d", rule, passed, want)
				}
			}
			back()
			deny := named(t, limits, "test.deny")
			for until := time.Now().Add(20 * time.Second); ; {
				if _, err := deny.Take(t.Context(), []byte("b")); err == nil {
					break
				} else if time.Now().After(until) {
					t.Fatalf("Redis is back, and the rule is not: %v", err)
				}
			}
		})
	}
}

func TestAServerThatStartsEmptyCountsFromTheBeginning(t *testing.T) {
	t.Parallel()
	s := servertest.StartRedis(t)
	r := client(t, s.URL())
	l := named(t, inRedis(t, r, map[string]string{"test.rule": "1 per 1h, down deny"}), "test.rule")
	if !take(t, l, "a").Allowed || take(t, l, "a").Allowed {
		t.Fatal("the limit is not 1")
	}
	if err := redis.Commands(r.State()).ScriptFlush(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if take(t, l, "a").Allowed {
		t.Error("a server that has forgotten the script has forgotten the count")
	}
	s.Kill(t)
	s.Start(t)
	for until := time.Now().Add(20 * time.Second); ; {
		d, err := l.Take(t.Context(), []byte("a"))
		if err == nil {
			if !d.Allowed {
				t.Error("a server that knows nothing refuses")
			}
			return
		}
		if time.Now().After(until) {
			t.Fatal(err)
		}
	}
}

func TestAResetForgetsOneSubject(t *testing.T) {
	t.Parallel()
	s := servertest.StartRedis(t)
	limits := inRedis(t, client(t, s.URL()), map[string]string{"test.rule": "1 per 1h"})
	l := named(t, limits, "test.rule")
	take(t, l, "a")
	take(t, l, "b")
	for _, want := range []bool{true, false} {
		if known, err := l.Reset(t.Context(), []byte("a")); known != want || err != nil {
			t.Errorf("reset: %v, %v; want %v", known, err, want)
		}
	}
	if !take(t, l, "a").Allowed || take(t, l, "b").Allowed {
		t.Error("the reset was of another subject")
	}
	memory, _ := inMemory(t, "1 per 1h")
	if _, err := memory.Reset(t.Context(), []byte("a")); !errors.Is(err, ratelimit.ErrNotShared) {
		t.Errorf("the memory of this process: %v, want that no other process sees it", err)
	}
}

// Between two processes that know a window somebody resets it. Whoever counts first in the new one sees to its end.
func TestAResetWindowEnds(t *testing.T) {
	t.Parallel()
	s := servertest.StartRedis(t)
	r := client(t, s.URL())
	var known [2]*ratelimit.Limit
	for i := range known {
		known[i] = named(t, inRedis(t, client(t, s.URL()), map[string]string{"test.rule": "9 per 1h"}), "test.rule")
		take(t, known[i], "a")
	}
	if d := take(t, known[0], "a"); d.Remaining != 6 || d.Reset > time.Hour || d.Reset < 50*time.Minute {
		t.Errorf("in a window that is known: %+v", d)
	}
	if _, err := known[0].Reset(t.Context(), []byte("a")); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{8, 7} {
		if d := take(t, known[1-i], "a"); !d.Allowed || d.Remaining != want {
			t.Errorf("after the reset: %+v, want %d remaining", d, want)
		}
		if left := life(t, r); left <= 0 {
			t.Errorf("after the reset, request %d: the window lives %v", i+1, left)
		}
	}
}

// A process was killed between the count that began a window and its end.
func TestAWindowWithoutAnEndGetsOne(t *testing.T) {
	t.Parallel()
	s := servertest.StartRedis(t)
	r := client(t, s.URL())
	l := named(t, inRedis(t, r, map[string]string{"test.rule": "9 per 1h"}), "test.rule")
	take(t, l, "a")
	keys, err := redis.Commands(r.State()).Keys(t.Context(), "*").Result()
	if err != nil || len(keys) != 1 {
		t.Fatalf("the keys are %v, error %v", keys, err)
	}
	if err := redis.Commands(r.State()).Persist(t.Context(), keys[0]).Err(); err != nil {
		t.Fatal(err)
	}
	other := named(t, inRedis(t, client(t, s.URL()), map[string]string{"test.rule": "9 per 1h"}), "test.rule")
	if d := take(t, other, "a"); d.Remaining != 7 || d.Reset <= 0 {
		t.Errorf("%+v, want the second request of the window", d)
	}
	if left := life(t, r); left <= 0 {
		t.Errorf("the window lives %v", left)
	}
}

// life returns how long the only key lives.
func life(t *testing.T, r *redis.Redis) time.Duration {
	t.Helper()
	keys, err := redis.Commands(r.State()).Keys(t.Context(), "*").Result()
	if err != nil || len(keys) != 1 {
		t.Fatalf("the keys are %v, error %v", keys, err)
	}
	left, err := redis.Commands(r.State()).PTTL(t.Context(), keys[0]).Result()
	if err != nil {
		t.Fatal(err)
	}
	return left
}

func BenchmarkRedis(b *testing.B) {
	s, err := servertest.RunRedis(b.Context(), servertest.Need(b, servertest.Redis()))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Stop() })
	cfg, lc := redis.Default(), &lifecycle.Lifecycle{}
	cfg.State, cfg.Timeout = s.URL(), 5*time.Second
	r, err := redis.New(cfg, redis.Options{}, lc)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = lc.Stop(context.Background()) })
	run := func(name string, call func() error) {
		b.Run(name, func(b *testing.B) {
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := call(); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
	run("INCR", func() error { return redis.Commands(r.State()).Incr(b.Context(), "n").Err() })
	for _, text := range []string{"1000000000 per 1h", "1000000000 per 1h, gcra"} {
		var rule ratelimit.Rule
		if err := rule.UnmarshalText([]byte(text)); err != nil {
			b.Fatal(err)
		}
		limits := ratelimit.New(ratelimit.Config{Enabled: true, Store: "redis", Default: rule, Subjects: 1000}, ratelimit.Options{Redis: r})
		run(text, func() error {
			_, err := limits.Take(b.Context(), "", []byte("ip:203.0.113.7"))
			return err
		})
	}
}
