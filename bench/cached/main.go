// Command cached measures package cache against what stands below it: memory against otter, what processes share against one GET of the raw client. It also counts loads of a
// key that many want at once, and how long another process serves what was changed. It prints one line of JSON.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/maypok86/otter/v2"
	goredis "github.com/redis/go-redis/v9"

	"github.com/banyan-go/banyan/bench/internal/rig"
	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/cache/redisstore"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/redis"
	"github.com/banyan-go/banyan/platform/servertest"
)

// thing is what is cached: 128 bytes and a name.
type thing struct {
	Name string
	Text string
}

// result is what was measured. Times are nanoseconds.
type result struct {
	Otter, Hit  []float64
	Allocs      int64
	Get, Shared []float64
	Loads       int64     // of 1,000 on 4 processes
	Bus, Deaf   coherence // with the bus, and when nobody hears it any more
}

// coherence is what readers got while others wrote.
type coherence struct {
	Reads, Wrong  int64   // reads of all, and those of what had been replaced
	P999, Longest float64 // for how long it had been
	After         int64   // of the last values, how many are wrong in the end
}

const processes = 4

func main() {
	url := flag.String("redis", "", "the address of a Redis server")
	rounds := flag.Int("rounds", 5, "rounds of each comparison")
	lasts := flag.Duration("coherence", 5*time.Second, "how long writers and readers run")
	flag.Parse()
	if err := run(*url, *rounds, *lasts); err != nil {
		fmt.Fprintln(os.Stderr, "cached:", err)
		os.Exit(1)
	}
}

func run(url string, rounds int, lasts time.Duration) (err error) {
	var lc lifecycle.Lifecycle
	all := make([]*cache.Cache, processes)
	for i := range all {
		if all[i], err = process(url, &lc); err != nil {
			return err
		}
	}
	ctx := context.Background()
	if err := lc.Start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lc.Stop(ctx)) }()
	var r result
	r.hits(all[0], rounds)
	if err := r.trips(ctx, url, all, rounds); err != nil {
		return err
	}
	r.stampede(ctx, all)
	r.Bus = watch(ctx, all, lasts, 100*time.Millisecond)
	if r.Deaf, err = deaf(ctx, url, lasts); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

// deaf watches processes whose bus goes silent: its connections stay open, and nothing comes out of them; those that replace them are as bad.
func deaf(ctx context.Context, url string, lasts time.Duration) (c coherence, err error) {
	err = rig.Run(ctx, "deaf", func(t servertest.Test) (err error) {
		var lc lifecycle.Lifecycle
		all := make([]*cache.Cache, processes)
		var proxies []*servertest.Proxy
		for i := range all {
			p := servertest.StartProxy(t, "unix", strings.TrimPrefix(url, "unix://"))
			proxies = append(proxies, p)
			if all[i], err = process("redis://"+p.Addr(), &lc); err != nil {
				return err
			}
		}
		if err := lc.Start(ctx); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, lc.Stop(ctx)) }()
		time.AfterFunc(lasts/5, func() {
			for _, p := range proxies {
				p.OnRequest(func(request []byte) servertest.Verdict {
					if text := bytes.ToLower(request); bytes.Contains(text, []byte("\nping\r")) || bytes.Contains(text, []byte("subscribe")) {
						return servertest.Deafen
					}
					return servertest.Forward
				})
			}
		})
		c = watch(ctx, all, lasts, time.Second)
		return nil
	})
	return c, err
}

// process returns what one process of an application has.
func process(url string, lc *lifecycle.Lifecycle) (*cache.Cache, error) {
	cfg := redis.Default()
	cfg.Cache, cfg.Prefix = url, "bench"
	stores, err := redis.New(cfg, redis.Options{}, lc)
	if err != nil {
		return nil, err
	}
	c := cache.Default()
	c.L2.Driver = "redis"
	return cache.New(c, cache.Options{Drivers: cache.Drivers{"redis": redisstore.Driver{}}, Redis: stores, Instances: processes}, lc)
}

func load(context.Context, string) (*thing, error) {
	return &thing{Name: "one", Text: strings.Repeat("x", 128)}, nil // of any bytes JSON would make others, and more
}

// hits compares a hit in memory with otter's, one after the other.
func (r *result) hits(c *cache.Cache, rounds int) {
	const keys = 1024
	names := make([]string, keys)
	raw := otter.Must(&otter.Options[string, *thing]{MaximumSize: 10 * keys})
	g := cache.Of(c, "bench.hits", cache.Rule{}, load)
	ctx := context.Background()
	for i := range names {
		names[i] = "key" + strconv.Itoa(i)
		raw.Set(names[i], &thing{})
		_, _ = g.Get(ctx, names[i]) // it is there
	}
	for range rounds {
		r.Otter = append(r.Otter, perOp(func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				raw.GetIfPresent(names[i%keys])
			}
		}, nil))
		r.Hit = append(r.Hit, perOp(func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				_, _ = g.Get(ctx, names[i%keys])
			}
		}, &r.Allocs))
	}
}

func perOp(fn func(*testing.B), allocs *int64) float64 {
	res := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		fn(b)
	})
	if allocs != nil {
		*allocs = max(*allocs, res.AllocsPerOp())
	}
	return float64(res.T.Nanoseconds()) / float64(res.N)
}

// trips compares a value that memory has not and the others share with one GET.
func (r *result) trips(ctx context.Context, url string, all []*cache.Cache, rounds int) error {
	o, err := goredis.ParseURL(url)
	if err != nil {
		return err
	}
	raw := goredis.NewClient(o)
	defer func() { _ = raw.Close() }() // it is the end
	if err := raw.Set(ctx, "bench:raw", make([]byte, 220), 0).Err(); err != nil {
		return err
	}
	g := cache.Of(all[0], "bench.trips", cache.Rule{L1: -1}, load)
	if _, err := g.Get(ctx, "key"); err != nil {
		return err
	}
	for range rounds {
		get, shared := inTurns(time.Second, func() { _ = raw.Get(ctx, "bench:raw").Err() }, func() { _, _ = g.Get(ctx, "key") })
		r.Get, r.Shared = append(r.Get, get), append(r.Shared, shared)
	}
	return nil
}

// inTurns calls two functions, some hundred times each in turn, for about so long each, and returns how long a call took on average. What a trip takes depends most on which cores
// the scheduler has put both ends on, which lasts for a while: so both have to be measured in the same while.
func inTurns(lasts time.Duration, one, other func()) (ns, otherNs float64) {
	const turn = 300
	var took [2]time.Duration
	calls := 0
	for ; min(took[0], took[1]) < lasts; calls += turn {
		for i, call := range []func(){one, other} {
			began := time.Now()
			for range turn {
				call()
			}
			took[i] += time.Since(began)
		}
	}
	return float64(took[0]) / float64(calls), float64(took[1]) / float64(calls)
}

// stampede has 1,000 ask for one key that is nowhere.
func (r *result) stampede(ctx context.Context, all []*cache.Cache) {
	var loads atomic.Int64
	var wait sync.WaitGroup
	for _, c := range all {
		g := cache.Of(c, "bench.stampede", cache.Rule{}, func(context.Context, string) (string, error) {
			loads.Add(1)
			time.Sleep(50 * time.Millisecond)
			return "one", nil
		})
		for range 1000 / processes {
			wait.Go(func() { _, _ = g.Get(ctx, "key") })
		}
	}
	wait.Wait()
	r.Loads = loads.Load()
}

// watch has 50 write and all processes read. A read is stale for as long as its value had been replaced, and that acknowledged, when it began. So long
// after the last write everything has to be right.
func watch(ctx context.Context, all []*cache.Cache, lasts, grace time.Duration) (c coherence) {
	const keys, writers = 100, 50
	type version struct {
		n  int64
		at time.Time // when it was acknowledged
	}
	var database [keys]atomic.Int64
	var mu sync.RWMutex
	history := make([][]version, keys)
	groups := make([]*cache.Group[string, int64], len(all))
	for i, c := range all {
		groups[i] = cache.Of(c, "bench.coherence", cache.Rule{}, func(_ context.Context, key string) (int64, error) {
			k, err := strconv.Atoi(key)
			return database[k].Load(), err
		})
	}
	within, cancel := context.WithTimeout(ctx, lasts)
	defer cancel()
	var wait sync.WaitGroup
	for w := range writers {
		wait.Go(func() {
			for n := int64(1); within.Err() == nil; n++ {
				for k := w; k < keys; k += writers {
					database[k].Store(n)
					_ = groups[w%len(groups)].Invalidate(ctx, strconv.Itoa(k)) // a failure shows in what is read
					mu.Lock()
					history[k] = append(history[k], version{n, time.Now()})
					mu.Unlock()
				}
				time.Sleep(20 * time.Millisecond)
			}
		})
	}
	var stale []float64
	for _, g := range groups {
		wait.Go(func() {
			var mine []float64
			var n, wrong int64
			for k := 0; within.Err() == nil; k = (k + 1) % keys {
				began := time.Now()
				v, err := g.Get(ctx, strconv.Itoa(k))
				mu.RLock()
				h := history[k]
				mu.RUnlock()
				age := 0.0
				for _, next := range h[min(int(v), len(h)):] { // versions are numbered from 1
					if next.at.Before(began) {
						age = float64(began.Sub(next.at))
						wrong++
					}
					break
				}
				if n++; err == nil {
					mine = append(mine, age)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			stale = append(stale, mine...)
			c.Reads, c.Wrong = c.Reads+n, c.Wrong+wrong
		})
	}
	wait.Wait()
	slices.Sort(stale)
	c.P999, c.Longest = stale[len(stale)*999/1000], stale[len(stale)-1]
	time.Sleep(grace)
	for k := range keys {
		for _, g := range groups {
			if v, err := g.Get(ctx, strconv.Itoa(k)); err != nil || v != database[k].Load() {
				c.After++
			}
		}
	}
	return c
}
