package cache

import (
	"context"
	"hash/maphash"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/telemetry"
)

const (
	// leaseTime is how long one process may load for all.
	leaseTime = 10 * time.Second
	// deafLife is how long a value lasts in a process that hears nothing of invalidations by others.
	deafLife = 250 * time.Millisecond
)

// Options are what a cache stands on. All may be left out.
type Options struct {
	Instances int // processes of the application; 0 for one
	Log       *slog.Logger
	Metrics   *telemetry.Telemetry
}

// Cache holds the groups of an application. It is safe for concurrent use.
type Cache struct {
	cfg     Config
	alone   bool // there is no other process
	log     *slog.Logger
	metrics *telemetry.Telemetry
	gens    generations
	timer   timer

	life    context.Context // of what runs beside requests
	end     context.CancelFunc
	running sync.WaitGroup

	mu     sync.RWMutex
	groups map[string]member
	told   []func(context.Context, []string) error
}

// member is a group of whatever types.
type member interface {
	forget(key string)
	clear()
	doubt()
	limit(bytes uint64)
}

// New builds a cache without I/O, and appends its start and stop to lc. What is wrong with the settings it returns as config.Problems.
func New(cfg Config, o Options, lc *lifecycle.Lifecycle) (*Cache, error) {
	if cfg.L2.Driver != None {
		return nil, config.Problems{{Key: "cache.l2.driver", Got: strconv.Quote(cfg.L2.Driver) + " is not compiled in", Hint: None}}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c := &Cache{cfg: cfg, alone: o.Instances <= 1, log: o.Log, metrics: o.Metrics, groups: map[string]member{}}
	c.gens.seed = maphash.MakeSeed()
	c.timer.began = time.Now()
	c.life, c.end = context.WithCancel(context.Background())
	lc.Append(c.timer.hook())
	lc.Append(lifecycle.Hook{Name: "cache", Stop: func(context.Context) error {
		c.end()
		c.running.Wait()
		return nil
	}})
	return c, nil
}

// register takes a group, and gives every one an equal share of the memory.
func (c *Cache) register(name string, g member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.groups[name] != nil {
		panic("cache: there are two groups with the name " + name)
	}
	c.groups[name] = g
	for _, one := range c.groups {
		one.limit(max(uint64(c.cfg.L1.Size)/uint64(len(c.groups)), 1))
	}
}

// shared reports whether there is a layer behind the memory.
func (c *Cache) shared() bool { return false }

// deaf reports whether this process hears nothing of invalidations by others.
func (c *Cache) deaf() bool { return !c.alone }

// tagCounters returns the generations of tags.
func (c *Cache) tagCounters(tags []string) []*atomic.Uint64 {
	if len(tags) == 0 {
		return nil
	}
	counters := make([]*atomic.Uint64, 0, len(tags))
	for _, t := range tags {
		counters = append(counters, c.gens.tag(t))
	}
	return counters
}
