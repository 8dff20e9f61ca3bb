package main

import (
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/servertest"
)

// The life of an application on a database server, under the profiles that want one: nothing is migrated by itself, and what is behind is not ready.
func TestLifeOnPostgres(t *testing.T) {
	t.Parallel()
	server, state := servertest.StartPostgres(t), servertest.StartRedis(t)
	for _, profile := range []string{"cached", "replicated", "sharded"} {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, "DATABASE_URL="+server.Database(t), "REDIS_URL="+state.URL(), "APP_PROFILE="+profile, "APP_INSTANCES=1")

			behind := m.serve("--mode", "prod")
			behind.ops.Get("/readyz").Want(503)
			behind.stop()

			if code, printed := m.run("migrate", "up"); code != 0 || !strings.Contains(printed, "applied") {
				t.Fatalf("migrate up: exit code %d: %s", code, printed)
			}
			p := m.serve("--mode", "prod")
			p.ops.Get("/readyz").Want(200)
			made := p.public.Post(products, product("A-1")).Want(201)
			p.public.Get(made.Header.Get("Location")).Want(200).WantBody(made.Body)
			p.stop()

			for _, only := range []string{"", "--dry-run"} {
				args := append([]string{"serve", "--mode", "prod", "--set", "instances=2", "--set", "session.store=redis"}, strings.Fields(only)...)
				if code, printed := m.run(args...); code != 4 || !strings.Contains(printed, "files.dir  auto, and instances is more than 1, name a folder that all instances see") {
					t.Errorf("two processes, each with a folder of its own: %s exit code %d: %s", only, code, printed)
				}
			}
			shared := m.serve("--mode", "prod", "--set", "instances=2", "--set", "session.store=redis", "--set", "files.dir="+t.TempDir())
			shared.ops.Get("/readyz").Want(200)
			shared.stop()
			if code, printed := m.run("about"); code != 0 || !strings.Contains(printed, "postgres") {
				t.Errorf("about: exit code %d: %s", code, printed)
			}
		})
	}
}
