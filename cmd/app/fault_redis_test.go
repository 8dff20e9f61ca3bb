package main

import (
	"strings"
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
