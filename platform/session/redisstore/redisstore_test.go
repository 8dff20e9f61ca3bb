package redisstore_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/redis"
	"github.com/banyan-go/banyan/platform/servertest"
	"github.com/banyan-go/banyan/platform/session/driver"
	"github.com/banyan-go/banyan/platform/session/redisstore"
	"github.com/banyan-go/banyan/platform/session/sessiontest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	var places atomic.Int32
	sessiontest.Run(t, func(t *testing.T, o driver.Options) sessiontest.Place {
		o.Redis = connect(t, server, fmt.Sprintf("app%d", places.Add(1)))
		store, err := redisstore.Driver{}.Open(o)
		if err != nil {
			t.Fatal(err)
		}
		p := place{t, o.Redis.State()}
		return sessiontest.Place{Store: store, Advance: p.advance, Damage: p.damage}
	})
}

// connect returns clients whose keys begin with a name.
func connect(t *testing.T, server *servertest.RedisServer, name string) *redis.Redis {
	t.Helper()
	cfg := redis.Default()
	cfg.State, cfg.Timeout = server.URL(), 10*time.Second
	var lc lifecycle.Lifecycle
	r, err := redis.New(cfg, redis.Options{App: name}, &lc)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lc.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	if err := lc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r
}

// place is what only the test does with the keys of a store.
type place struct {
	t      *testing.T
	client *redis.Client
}

func (p place) keys(t *testing.T, pattern string) []string {
	t.Helper()
	keys, err := redis.Commands(p.client).Keys(t.Context(), p.client.Prefix()+pattern).Result()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// advance makes everything older: the times that are stored, and what is left of the lives of keys.
func (p place) advance(t *testing.T, d time.Duration) {
	t.Helper()
	c := redis.Commands(p.client)
	for _, key := range p.keys(t, "session:*") {
		text, left := c.Get(t.Context(), key).Val(), c.PTTL(t.Context(), key).Val()-d
		if left <= 0 {
			c.Del(t.Context(), key)
			continue
		}
		line, body, _ := strings.Cut(text, "\n")
		fields := strings.Fields(line)
		for i, field := range fields[1:4] {
			n, err := strconv.ParseInt(field, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			fields[i+1] = strconv.FormatInt(n-d.Milliseconds(), 10)
		}
		if err := c.Set(t.Context(), key, strings.Join(fields, " ")+"\n"+body, left).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range p.keys(t, "sessions:*") {
		for _, z := range c.ZRangeWithScores(t.Context(), key, 0, -1).Val() {
			if err := c.ZAdd(t.Context(), key, goredis.Z{Score: z.Score - float64(d.Milliseconds()), Member: z.Member}).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// damage puts a text in the place of the body.
func (p place) damage(t *testing.T, id driver.ID, text string) {
	t.Helper()
	c, key := redis.Commands(p.client), p.client.Prefix()+"session:"+id.String()
	line, _, _ := strings.Cut(c.Get(t.Context(), key).Val(), "\n")
	if err := c.Set(t.Context(), key, line+"\n"+text, goredis.KeepTTL).Err(); err != nil {
		t.Fatal(err)
	}
}
