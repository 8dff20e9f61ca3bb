package redisstore_test

import (
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
