package cache_test

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"

	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/cache/redisstore"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/platform"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/redis"
)

// The environment of a process that is killed, and how many are, by whoever wants more of them.
const (
	killedDSN   = "BANYAN_CACHE_KILLED_DSN"
	killedRedis = "BANYAN_CACHE_KILLED_REDIS"
	killedKey   = "BANYAN_CACHE_KILLED_KEY"
	killsVar    = "BANYAN_KILLS"
)

// lanes are how many keys are changed at the same time: a round lasts as long as an invalidation has to be left undone before others do it, and nobody works meanwhile.
const lanes = 4

// Processes are killed right behind their commit, before they have told anybody. What they have changed is seen all the same.
func TestKilledBetweenCommitAndInvalidation(t *testing.T) {
	if dsn := os.Getenv(killedDSN); dsn != "" {
		dies(t, dsn, os.Getenv(killedRedis), os.Getenv(killedKey))
		return
	}
	t.Parallel()
	kills := 2 * lanes
	if os.Getenv("BANYAN_LONG") == "1" {
		kills = 10 * lanes
	}
	if text := os.Getenv(killsVar); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatalf("%s: %v", killsVar, err)
		}
	}
	w := newWorld(t)
	dsn := "file:" + t.TempDir() + "/killed.db"
	w.db = connect(t, dsn)
	m, err := w.db.Migrator([]db.Migrations{platform.Migrations()})
	if err == nil {
		_, err = m.Up(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	write(t, w.db, "CREATE TABLE test_values (k TEXT NOT NULL PRIMARY KEY, v INTEGER NOT NULL)")
	g := cache.Of(w.instance(""), "test.things", cache.Rule{}, func(ctx context.Context, key string) (string, error) { return value(ctx, w.db, key) })
	for lane := range lanes {
		key := strconv.Itoa(lane)
		write(t, w.db, "INSERT INTO test_values (k, v) VALUES ('"+key+"', 0)")
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			for n := 1; n <= kills/lanes; n++ {
				want(t, g, key, strconv.Itoa(n-1)) // it is kept
				child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledBetweenCommitAndInvalidation$")
				child.Env = append(os.Environ(), killedDSN+"="+dsn, killedRedis+"="+w.redis.URL(), killedKey+"="+key)
				out, err := child.CombinedOutput()
				if status, ok := child.ProcessState.Sys().(syscall.WaitStatus); err == nil || !ok || status.Signal() != syscall.SIGKILL {
					t.Fatalf("round %d: it was not killed: %v\n%s", n, err, out)
				}
				becomes(t, g, key, strconv.Itoa(n))
			}
		})
	}
}

// dies changes the value, and dies when that is committed.
func dies(t *testing.T, dsn, url, key string) {
	d := connect(t, dsn)
	cfg := redis.Default()
	cfg.Cache = url
	var lc lifecycle.Lifecycle
	r, err := redis.New(cfg, redis.Options{}, &lc)
	if err != nil {
		t.Fatal(err)
	}
	c := cache.Default()
	c.L2.Driver = "redis"
	values, err := cache.New(c, cache.Options{Drivers: cache.Drivers{"redis": redisstore.Driver{}}, Redis: r, DB: d, Instances: 4}, &lc)
	if err != nil {
		t.Fatal(err)
	}
	values.Hook(func(p cache.Point) {
		if p == cache.Committed {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // until that has arrived
		}
	})
	g := cache.Of(values, "test.things", cache.Rule{}, newSource("").load)
	err = d.Platform().Tx(t.Context(), db.Global, func(ctx context.Context) error {
		if err := d.Platform().Query(ctx, db.Global).Exec("UPDATE test_values SET v = v + 1 WHERE k = ?", key).Error; err != nil {
			return err
		}
		return g.Invalidate(ctx, key)
	})
	t.Fatalf("it lives: %v", err)
}

func write(t *testing.T, d *db.DB, statement string) {
	t.Helper()
	err := d.Platform().Tx(t.Context(), db.Global, func(ctx context.Context) error { return d.Platform().Query(ctx, db.Global).Exec(statement).Error })
	if err != nil {
		t.Fatal(err)
	}
}

func value(ctx context.Context, d *db.DB, key string) (string, error) {
	var n int
	err := d.Platform().Query(ctx, db.Global).Raw("SELECT v FROM test_values WHERE k = ?", key).Scan(&n).Error
	return strconv.Itoa(n), err
}
