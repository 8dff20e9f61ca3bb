package redis_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/redis"
	"github.com/banyan-go/banyan/platform/servertest"
	"github.com/banyan-go/banyan/platform/unit"
)

// bounded is what no call may exceed on a machine that has other things to do: far above Config.Timeout, and far below the limits of the library,
// which are 5 s, and those of TCP.
const bounded = 3 * time.Second

// behind returns a client whose server is behind a proxy.
func behind(t *testing.T, s *servertest.RedisServer, cfg redis.Config) (*redis.Client, *servertest.Proxy) {
	t.Helper()
	p := servertest.StartProxy(t, "unix", s.Socket())
	cfg.State = "redis://" + p.Addr()
	return open(t, cfg, redis.Options{}).State(), p
}

// call sends a command, which has to end in time, and returns its error.
func call(t *testing.T, c *redis.Client) error {
	t.Helper()
	began := time.Now()
	err := redis.Commands(c).Get(t.Context(), "kept").Err()
	if took := time.Since(began); took > bounded {
		t.Errorf("a call took %s", took)
	}
	return err
}

// away wants calls to fail until the breaker is open, and all of them as those of a server that is away.
func away(t *testing.T, c *redis.Client) {
	t.Helper()
	for n := range 6 {
		err := call(t, c)
		if !redis.IsDown(err) {
			t.Fatalf("call %d: %v, want one that says that the server is away", n, err)
		}
		if open := errors.Is(err, redis.ErrOpen); open != (n == 5) {
			t.Fatalf("call %d: %v; the breaker is to open after 5", n, err)
		}
	}
}

// back waits until the server is reached, without anybody's help.
func back(t *testing.T, c *redis.Client) {
	t.Helper()
	eventually(t, func() error {
		if err := call(t, c); !errors.Is(err, goredis.Nil) {
			return err
		}
		return nil
	})
}

// eventually tries until there is no error.
func eventually(t *testing.T, try func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for err := try(); err != nil; err = try() {
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatal(err)
		}
	}
}

// However a server goes away, calls end at their limit, and at once when that has happened five times. When it is there again, so are its answers.
func TestServerAway(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]struct {
		begin, end func(*testing.T, *servertest.RedisServer, *servertest.Proxy)
	}{
		"killed": {
			func(t *testing.T, s *servertest.RedisServer, _ *servertest.Proxy) { t.Helper(); s.Kill(t) },
			func(t *testing.T, s *servertest.RedisServer, _ *servertest.Proxy) { t.Helper(); s.Start(t) },
		},
		"frozen": {
			func(t *testing.T, s *servertest.RedisServer, _ *servertest.Proxy) { t.Helper(); s.Freeze(t) },
			func(t *testing.T, s *servertest.RedisServer, _ *servertest.Proxy) { t.Helper(); s.Thaw(t) },
		},
		"behind a network that drops everything": {
			func(_ *testing.T, _ *servertest.RedisServer, p *servertest.Proxy) { p.Silence(true) },
			func(_ *testing.T, _ *servertest.RedisServer, p *servertest.Proxy) { p.Silence(false) },
		},
		"slow": {
			func(_ *testing.T, _ *servertest.RedisServer, p *servertest.Proxy) { p.Delay(time.Second) },
			func(_ *testing.T, _ *servertest.RedisServer, p *servertest.Proxy) { p.Delay(0) },
		},
		"cut off in the middle of an answer": {
			func(_ *testing.T, _ *servertest.RedisServer, p *servertest.Proxy) { p.Cut(3) },
			func(_ *testing.T, _ *servertest.RedisServer, p *servertest.Proxy) { p.Cut(-1) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servertest.StartRedis(t)
			c, p := behind(t, s, redis.Default())
			if err := redis.Commands(c).Set(t.Context(), "kept", "1", 0).Err(); err != nil {
				t.Fatal(err)
			}
			fault.begin(t, s, p)
			away(t, c)
			fault.end(t, s, p)
			back(t, c)
		})
	}
}

// A server that starts anew has nothing, neither keys nor scripts, and works with that.
func TestRestartedEmpty(t *testing.T) {
	t.Parallel()
	s := servertest.StartRedis(t)
	c := open(t, at(s.URL()), redis.Options{}).State()
	count := redis.NewScript("return redis.call('incr', KEYS[1])")
	for range 2 {
		for want := range int64(3) {
			if n, err := redis.Run(t.Context(), c, count, []string{"n"}).Int64(); n != want+1 || err != nil {
				t.Fatalf("%d, %v; want %d", n, err, want+1)
			}
		}
		s.Kill(t)
		s.Start(t)
	}
}

// The first call after a restart does not find the connections of before, which are dead: nobody pays for them.
func TestDeadConnectionsAreNotUsed(t *testing.T) {
	t.Parallel()
	s := servertest.StartRedis(t)
	c := open(t, at(s.URL()), redis.Options{}).State()
	var busy sync.WaitGroup
	for range 10 {
		busy.Go(func() { _ = c.Ping(t.Context()) })
	}
	busy.Wait()
	s.Kill(t)
	s.Start(t)
	for range 20 {
		if err := c.Ping(t.Context()); err != nil {
			t.Fatalf("after a restart: %v", err)
		}
	}
}

// A server without memory takes no writes, and answers everything else.
func TestOutOfMemory(t *testing.T) {
	t.Parallel()
	s := servertest.StartRedis(t, "maxmemory=3mb", "maxmemory-policy=noeviction")
	c := open(t, at(s.URL()), redis.Options{}).State()
	big := strings.Repeat("x", 100<<10)
	var full error
	for i := 0; i < 100 && full == nil; i++ {
		full = redis.Commands(c).Set(t.Context(), fmt.Sprint("big", i), big, 0).Err()
	}
	for range 10 {
		if err := redis.Commands(c).Set(t.Context(), "one more", big, 0).Err(); !redis.IsDown(err) || errors.Is(err, redis.ErrOpen) {
			t.Fatalf("a write without memory: %v", err)
		}
	}
	if err := redis.Commands(c).Get(t.Context(), "big0").Err(); err != nil {
		t.Errorf("a read without memory: %v", err)
	}
	if err := redis.Commands(c).Del(t.Context(), "big0", "big1").Err(); err != nil {
		t.Fatal(err)
	}
	if err := redis.Commands(c).Set(t.Context(), "one more", "x", 0).Err(); err != nil {
		t.Errorf("with memory again: %v", err)
	}
}

// Whatever happens to a connection, nobody gets the answer to the question of somebody else: each asks for a key of its own while answers come late,
// in parts, and not at all.
func TestAnswersAreNotSwapped(t *testing.T) {
	t.Parallel()
	const askers = 8
	s := servertest.StartRedis(t)
	cfg := redis.Default()
	cfg.Timeout, cfg.Pool.MaxOpen = 20*time.Millisecond, unit.Exactly(3)
	c, p := behind(t, s, cfg)
	direct := open(t, at(s.URL()), redis.Options{}).State()
	for i := range askers {
		if err := redis.Commands(direct).Set(t.Context(), fmt.Sprint("key", i), strconv.Itoa(i), 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	answers := make([]int, askers)
	for i := range askers {
		all.Go(func() {
			for ctx.Err() == nil {
				limit, cancel := context.WithTimeout(ctx, time.Duration(5+i)*time.Millisecond) // less than a call may take, which is nobody's fault
				got, err := redis.Commands(c).Get(limit, fmt.Sprint("key", i)).Result()
				cancel()
				if err == nil && got != strconv.Itoa(i) {
					t.Errorf("key%d holds %q", i, got)
				}
				if err == nil {
					answers[i]++
				}
			}
		})
	}
	trouble := time.NewTicker(15 * time.Millisecond)
	defer trouble.Stop()
	for n := range 40 {
		<-trouble.C
		p.Delay([]time.Duration{0, 8 * time.Millisecond, 30 * time.Millisecond, 0}[n%4])
		p.Cut([]int{-1, -1, -1, 4}[n%4])
	}
	p.Delay(0)
	p.Cut(-1)
	stop()
	all.Wait()
	for i, n := range answers {
		if n == 0 {
			t.Errorf("nobody has answered key%d", i)
		}
	}
	back(t, c)
}

// What is in a cache is somewhere else, too: of two calls without an answer that one ends first.
func TestACacheIsWaitedForLess(t *testing.T) {
	t.Parallel()
	s := servertest.StartRedis(t)
	p := servertest.StartProxy(t, "unix", s.Socket())
	cfg := at("redis://" + p.Addr())
	cfg.Timeout = 2 * time.Second
	r := open(t, cfg, redis.Options{})
	p.Silence(true)
	ended := make(chan string, 2)
	for role, c := range map[string]*redis.Client{"state": r.State(), "cache": r.Cache()} {
		go func() {
			if err := c.Ping(t.Context()); !redis.IsDown(err) {
				t.Errorf("%s: %v", role, err)
			}
			ended <- role
		}()
	}
	if first, second := <-ended, <-ended; first != "cache" {
		t.Errorf("the call of %s has ended before that of %s", first, second)
	}
}

// A caller who has little time left, or has gone, learns nothing about the server.
func TestImpatientCallersOpenNoBreaker(t *testing.T) {
	t.Parallel()
	s := servertest.StartRedis(t)
	c, p := behind(t, s, redis.Default())
	if err := c.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.Silence(true)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 10 {
		limit, cancel := context.WithTimeout(t.Context(), 2*time.Millisecond)
		if err := c.Ping(limit); !errors.Is(err, context.DeadlineExceeded) && !redis.IsDown(err) || errors.Is(err, redis.ErrOpen) {
			t.Fatalf("with 2 ms: %v", err)
		}
		cancel()
		if err := c.Ping(gone); !errors.Is(err, context.Canceled) || redis.IsDown(err) {
			t.Fatalf("of a caller who has gone: %v", err)
		}
	}
	p.Silence(false)
	if err := c.Ping(t.Context()); err != nil {
		t.Errorf("of a patient caller: %v", err)
	}
}

// A call whose answer is lost may have been done: it is not done again.
func TestNoCallIsRepeated(t *testing.T) {
	t.Parallel()
	s := servertest.StartRedis(t)
	c, p := behind(t, s, redis.Default())
	if err := c.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	var lost atomic.Bool
	p.OnRequest(func([]byte) servertest.Verdict {
		if lost.Swap(true) {
			return servertest.Forward
		}
		return servertest.LoseReply
	})
	err := redis.Commands(c).Incr(t.Context(), "n").Err()
	if n, read := redis.Commands(c).Get(t.Context(), "n").Result(); !redis.IsDown(err) || n != "1" || read != nil {
		t.Errorf("the call says %v, and n is %s, %v; want 1", err, n, read)
	}
}

// Connections have their limit, also while none of them gets an answer.
func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	s := servertest.StartRedis(t)
	cfg := redis.Default()
	cfg.Pool.MaxOpen = unit.Exactly(3)
	c, p := behind(t, s, cfg)
	storm := func() {
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				if i%2 == 0 {
					_ = c.Ping(t.Context())
					return
				}
				_, _ = redis.Commands(c).Pipelined(t.Context(), func(pipe goredis.Pipeliner) error { return pipe.Ping(t.Context()).Err() })
			})
		}
		all.Wait()
	}
	p.Delay(10 * time.Millisecond)
	for range 3 {
		storm()
	}
	const most = 3 + 1 + 2 // and one of the cache, whose server is the same, and those of direct
	direct := open(t, at(s.URL()), redis.Options{}).State()
	eventually(t, func() error {
		list, err := redis.Commands(direct).ClientList(t.Context()).Result()
		if n := strings.Count(list, "\n"); n > most { // the server may have to hear yet that one is closed
			return fmt.Errorf("%d connections, want at most %d\n%s", n, most, list)
		}
		return err
	})
}

// A pipeline is one call: when it has no answer, none of its commands has.
func TestPipelineAway(t *testing.T) {
	t.Parallel()
	s := servertest.StartRedis(t)
	c, p := behind(t, s, redis.Default())
	p.Silence(true)
	for n := range 6 {
		pipe := redis.Commands(c).Pipeline()
		one, two := pipe.Incr(t.Context(), "a"), pipe.Incr(t.Context(), "b")
		_, err := pipe.Exec(t.Context())
		for _, err := range []error{err, one.Err(), two.Err()} {
			if !redis.IsDown(err) || errors.Is(err, redis.ErrOpen) != (n == 5) {
				t.Errorf("pipeline %d: %v", n, err)
			}
		}
	}
}

// An application starts without its servers, says so, and not with a server that refuses it.
func TestStart(t *testing.T) {
	t.Parallel()
	locked := servertest.StartRedis(t, "requirepass=hush")
	evicting := servertest.StartRedis(t, servertest.Evicting()...)
	gone := servertest.StartRedis(t)
	if err := gone.Stop(); err != nil {
		t.Fatal(err)
	}
	untrusted := httptest.NewUnstartedServer(nil)
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	for name, c := range map[string]struct {
		url     string
		refused bool
		log     string
	}{
		"TLS of a stranger":           {"rediss://" + untrusted.Listener.Addr().String(), true, ""},
		"a server that is away":       {gone.URL(), false, "Redis is away"},
		"no password":                 {locked.URL(), true, ""},
		"a wrong password":            {strings.Replace(locked.URL(), "unix://", "unix://:guess@", 1), true, ""},
		"the password":                {strings.Replace(locked.URL(), "unix://", "unix://:hush@", 1), false, ""},
		"state where it is forgotten": {evicting.URL(), false, "policy=allkeys-lru"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var said bytes.Buffer
			lc := &lifecycle.Lifecycle{}
			if _, err := redis.New(at(c.url), redis.Options{Log: slog.New(slog.NewTextHandler(&said, nil))}, lc); err != nil {
				t.Fatal(err)
			}
			err := lc.Start(t.Context())
			if redis.IsRefused(err) != c.refused || err != nil != c.refused || err != nil && strings.Contains(err.Error(), "hush") {
				t.Errorf("the start says %v", err)
			}
			if !strings.Contains(said.String(), c.log) || c.log == "" && said.Len() > 0 {
				t.Errorf("the log says %q", said.String())
			}
			if err := lc.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}
