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

// The environment of a process that is killed.
const (
	killedDSN   = "BANYAN_CACHE_KILLED_DSN"
	killedRedis = "BANYAN_CACHE_KILLED_REDIS"
)

// Processes are killed right behind their commit, before they have told anybody. What they have changed is seen all the same.
func TestKilledBetweenCommitAndInvalidation(t *testing.T) {
	if dsn := os.Getenv(killedDSN); dsn != "" {
		dies(t, dsn, os.Getenv(killedRedis))
		return
	}
	t.Parallel()
	rounds := 3
	if os.Getenv("BANYAN_LONG") == "1" {
		rounds = 20 // each takes as long as an invalidation has to be left undone
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
	write(t, w.db, "CREATE TABLE test_values (v INTEGER NOT NULL)")
	write(t, w.db, "INSERT INTO test_values (v) VALUES (0)")
	g := cache.Of(w.instance(""), "test.things", cache.Rule{}, func(ctx context.Context, _ string) (string, error) { return value(ctx, w.db) })
	for n := 1; n <= rounds; n++ {
		want(t, g, "k", strconv.Itoa(n-1)) // it is kept
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledBetweenCommitAndInvalidation$")
		child.Env = append(os.Environ(), killedDSN+"="+dsn, killedRedis+"="+w.redis.URL())
		out, err := child.CombinedOutput()
		if status, ok := child.ProcessState.Sys().(syscall.WaitStatus); err == nil || !ok || status.Signal() != syscall.SIGKILL {
			t.Fatalf("round %d: it was not killed: %v\n%s", n, err, out)
		}
		becomes(t, g, "k", strconv.Itoa(n))
	}
}

// dies changes the value, and dies when that is committed.
func dies(t *testing.T, dsn, url string) {
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
		if err := d.Platform().Query(ctx, db.Global).Exec("UPDATE test_values SET v = v + 1").Error; err != nil {
			return err
		}
		return g.Invalidate(ctx, "k")
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

func value(ctx context.Context, d *db.DB) (string, error) {
	var n int
	err := d.Platform().Query(ctx, db.Global).Raw("SELECT v FROM test_values").Scan(&n).Error
	return strconv.Itoa(n), err
}
