package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/banyan-go/banyan/platform/servertest"
)

// A process that has never reached the Redis for state gets no requests, and says why to those who may know. One that has reached it stays in service
// when it goes, as all the others do: there is nobody who would answer better.
func TestRedisAway(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	server.Kill(t)
	m := newMachine(t, "REDIS_URL="+server.URL(), "APP_LIMITS__STORE=redis")
	if code, printed := m.run("migrate", "up"); code != 0 {
		t.Fatalf("migrate up: exit code %d: %s", code, printed)
	}
	p := m.serve("--mode", "prod")
	p.public.Get("/readyz").Want(503)
	if why := p.ops.Get("/readyz").Want(503).Text("/checks/redis"); !strings.Contains(why, "connection refused") && !strings.Contains(why, "breaker") {
		t.Errorf("it says %q", why)
	}
	p.public.Get(products).Want(200)
	server.Start(t)
	p.eventually("it is ready", func() bool { return p.public.Get("/readyz").Status == 200 })
	server.Kill(t)
	for range 10 {
		p.public.Get("/readyz").Want(200)
		p.public.Get(products).Want(200)
	}
	if why := p.ops.Get("/readyz").Want(200).WantAt("/status", `"ok"`).Text("/checks/redis"); !strings.HasPrefix(why, "away: ") {
		t.Errorf("while it is away it says %q", why)
	}
	server.Start(t)
	p.eventually("it says that Redis is back", func() bool { return p.ops.Get("/readyz").Want(200).Text("/checks/redis") == "ok" })
	if metrics := string(p.ops.Get("/metrics").Body); !strings.Contains(metrics, `redis_calls_total{role="state",outcome="away"}`) && !strings.Contains(metrics, `redis_calls_total{outcome="away",role="state"}`) {
		t.Error("the calls without an answer are not counted")
	}
	p.stop()
}

// A server that wants another password is a mistake in the configuration, and ends the start.
func TestRedisRefuses(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t, "requirepass=hush")
	code, printed := newMachine(t, "REDIS_URL="+server.URL()).run("serve", "--mode", "prod")
	if code != 4 || !strings.Contains(printed, "redis.state refuses: NOAUTH") || !strings.Contains(printed, "config show --origin redis") {
		t.Errorf("exit code %d: %s", code, printed)
	}
}

// Reads that are cached are answered while the Redis behind the cache goes, in whichever way, stays away and comes back, under load. Nothing is in memory here: each of them asks Redis.
func TestCachedReadsWithoutRedis(t *testing.T) {
	t.Parallel()
	type fault struct {
		begin, end func(t *testing.T, s *servertest.RedisServer, p *servertest.Proxy)
	}
	for name, f := range map[string]fault{
		"killed": {func(t *testing.T, s *servertest.RedisServer, _ *servertest.Proxy) { t.Helper(); s.Kill(t) },
			func(t *testing.T, s *servertest.RedisServer, _ *servertest.Proxy) { t.Helper(); s.Start(t) }},
		"frozen": {func(t *testing.T, s *servertest.RedisServer, _ *servertest.Proxy) { t.Helper(); s.Freeze(t) },
			func(t *testing.T, s *servertest.RedisServer, _ *servertest.Proxy) { t.Helper(); s.Thaw(t) }},
		"blackholed": {func(_ *testing.T, _ *servertest.RedisServer, p *servertest.Proxy) { p.Silence(true) },
			func(_ *testing.T, _ *servertest.RedisServer, p *servertest.Proxy) { p.Silence(false) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := servertest.StartRedis(t, servertest.Evicting()...)
			proxy := servertest.StartProxy(t, "unix", server.Socket())
			m := newMachine(t, "REDIS_CACHE_URL=redis://"+proxy.Addr(), "APP_CACHE__L2__DRIVER=redis", "APP_CACHE__L1__TTL=0s")
			if code, printed := m.run("migrate", "up"); code != 0 {
				t.Fatalf("migrate up: exit code %d: %s", code, printed)
			}
			p := m.serve("--mode", "prod")
			var paths []string
			for n := range 10 {
				paths = append(paths, products+"/"+p.public.Post(products, product(strconv.Itoa(n))).Want(201).Text("/id"))
			}
			shows := func(line string) bool { return strings.Contains(string(p.ops.Get("/metrics").Body), "\n"+line+"\n") }
			inStep := func() bool { return shows("cache_in_step 1") }
			p.eventually("it reads what Redis has", inStep)
			reads := p.load(paths)
			p.answers(reads, 200)
			f.begin(t, server, proxy)
			p.eventually("it has noticed", func() bool { return shows("cache_in_step 0") && shows("cache_bus_connected 0") })
			p.answers(reads, 500)
			f.end(t, server, proxy)
			p.eventually("it reads what Redis has again", inStep)
			p.answers(reads, 200)
			reads.stop()
			if !shows("cache_bus_connected 1") || shows("cache_bus_breaks_total 0") || shows("cache_out_of_step_total 0") {
				t.Errorf("the metrics do not tell what happened:\n%s", p.ops.Get("/metrics").Body)
			}
			for answer, n := range reads.others {
				t.Errorf("%d times %s", n, answer)
			}
			p.stop()
		})
	}
}

// load has clients read these paths, again and again.
func (p *process) load(paths []string) *load {
	l := &load{done: make(chan struct{}), others: map[string]int{}}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}, Timeout: patience}
	p.t.Cleanup(client.CloseIdleConnections)
	for n := range 8 {
		l.running.Go(func() {
			for ; ; n++ {
				select {
				case <-l.done:
					return
				default:
					l.note(p.read(client, paths[n%len(paths)]))
				}
			}
		})
	}
	return l
}

// read returns the status of an answer, or why there is none.
func (p *process) read(client *http.Client, path string) string {
	req, err := http.NewRequestWithContext(context.WithoutCancel(p.t.Context()), http.MethodGet, p.public.URL+path, nil)
	if err != nil {
		return err.Error()
	}
	p.sign(req, ada)
	resp, err := client.Do(req)
	if err != nil {
		return err.Error()
	}
	_, err = io.Copy(io.Discard, resp.Body)
	if wrong := errors.Join(err, resp.Body.Close()); wrong != nil {
		return wrong.Error()
	}
	return resp.Status
}

// load is what clients have got.
type load struct {
	running sync.WaitGroup
	done    chan struct{}
	good    atomic.Int64

	mu     sync.Mutex
	others map[string]int // than 200
}

func (l *load) note(answer string) {
	if answer == "200 OK" {
		l.good.Add(1)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.others[answer]++
}

// answers waits for n more good answers.
func (p *process) answers(l *load, n int64) {
	p.t.Helper()
	until := l.good.Load() + n
	p.eventually("the next reads are answered", func() bool { return l.good.Load() >= until })
}

func (l *load) stop() {
	close(l.done)
	l.running.Wait()
}
