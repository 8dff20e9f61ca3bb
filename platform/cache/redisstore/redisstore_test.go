package redisstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/cache/cachetest"
	"github.com/banyan-go/banyan/platform/cache/driver"
	"github.com/banyan-go/banyan/platform/cache/redisstore"
	"github.com/banyan-go/banyan/platform/leaktest"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/redis"
	"github.com/banyan-go/banyan/platform/servertest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestSuite(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t, servertest.Evicting()...)
	cachetest.Run(t, func(t *testing.T) cachetest.Place {
		return cachetest.Place{Driver: redisstore.Driver{}, Options: driver.Options{Redis: client(t, server.URL(), t.Name())}}
	})
}

// client returns the client of one test.
func client(t *testing.T, url, prefix string) *redis.Redis {
	t.Helper()
	cfg := redis.Default()
	cfg.Cache, cfg.Prefix, cfg.Timeout = url, prefix, 5*time.Second
	var lc lifecycle.Lifecycle
	r, err := redis.New(cfg, redis.Options{}, &lc)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func TestWithoutRedis(t *testing.T) {
	t.Parallel()
	if _, err := (redisstore.Driver{}).Open(driver.Options{}); err == nil {
		t.Error("a store without a server")
	}
}

// What is too large to be read is something that has to be replaced, and no reason to do without the server.
func TestHugeValueIsDamaged(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	r := client(t, server.URL(), "app")
	store, err := redisstore.Driver{}.Open(driver.Options{Redis: r, Lease: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	q := driver.Query{Name: "a.b:1", Lasts: time.Hour}
	if err := redis.Commands(r.Cache()).SetRange(ctx, "app:cache:cache:v:a.b:1", 17<<20, "x").Err(); err != nil {
		t.Fatal(err)
	}
	if a, err := store.Read(ctx, q); !a.Damaged || err != nil {
		t.Errorf("Read: %+v, %v, want something damaged", a, err)
	}
	if answers, err := store.(driver.ManyReader).ReadMany(ctx, []driver.Query{q}); len(answers) != 1 || answers[0].Value != nil || err != nil {
		t.Errorf("ReadMany: %+v, %v, want nothing", answers, err)
	}
}
