package cache

import (
	"context"
	"hash/maphash"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/banyan-go/banyan/platform/cache/driver"
	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/redis"
	"github.com/banyan-go/banyan/platform/telemetry"
)

const (
	// leaseTime is how long one process may load for all.
	leaseTime = 10 * time.Second
	// deafLife is how long a value lasts in a process that hears nothing of invalidations by others.
	deafLife = 250 * time.Millisecond
)

// Drivers are what all processes can share, by the name that cache.l2.driver uses. None is always there.
type Drivers map[string]driver.Driver

// Options are what a cache stands on. All may be left out but what the chosen driver needs.
type Options struct {
	Drivers   Drivers
	Redis     *redis.Redis
	DB        *db.DB // takes invalidations with the transactions that they are about; nil for none that survive the process
	Instances int    // processes of the application; 0 for one
	Positions Positions
	Log       *slog.Logger
	Metrics   *telemetry.Telemetry
}

// Positions know how far a source has got that is read from copies which lag behind. Positions only grow. It is safe for concurrent use.
type Positions interface {
	// Written returns one at or behind everything that was written before the call; 0 for unknown.
	Written(ctx context.Context) uint64
	// Read returns one that everything which is read with ctx from now on has reached; 0 for unknown.
	Read(ctx context.Context) uint64
}

// Cache holds the groups of an application. It is safe for concurrent use.
type Cache struct {
	cfg       Config
	alone     bool // there is no other process
	l2        *layer
	outbox    *outbox // nil without a database
	positions Positions
	floors    *floors // nil without positions
	log       *slog.Logger
	metrics   *telemetry.Telemetry
	counts    steps
	gens      generations
	timer     timer

	life    context.Context // of what runs beside requests
	end     context.CancelFunc
	running sync.WaitGroup
	moment  atomic.Pointer[brief]

	hook func(point) // for tests: called where two things that are one must not be seen as two

	mu      sync.RWMutex
	groups  map[string]member
	told    []teller
	dropped []func([]string)

	serves atomic.Bool // it was started: a command that is not leaves to those that are what takes time
	swept  atomic.Bool // what others have left undone was looked for once
	// What keeps invalidations from where they belong.
	unreached, untold, unswept trouble
}

// point is a place in the middle of an invalidation.
type point uint8

const (
	counted   point = iota // the counter of a key has moved, and its value is still in memory
	committed              // a transaction is committed, and nobody knows
)

func (c *Cache) reached(p point) {
	if c.hook != nil {
		c.hook(p)
	}
}

// member is a group of whatever types.
type member interface {
	forget(key string)
	clear()
	doubt()
	limit(bytes uint64)
}

// New builds a cache without I/O, and appends its start and stop to lc. What is wrong with the settings it returns as config.Problems: a driver that is not
// compiled in, or lacks what it stands on.
func New(cfg Config, o Options, lc *lifecycle.Lifecycle) (*Cache, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c := &Cache{cfg: cfg, alone: o.Instances <= 1, positions: o.Positions, log: o.Log, metrics: o.Metrics, groups: map[string]member{}}
	if err := c.open(o); err != nil {
		return nil, err
	}
	if o.Positions != nil {
		c.floors = &floors{}
	}
	if o.DB != nil {
		c.outbox = newOutbox(o.DB)
	}
	if err := c.counts.show(o.Metrics, c.l2); err != nil {
		return nil, err
	}
	c.gens.seed = maphash.MakeSeed()
	c.timer.began = time.Now()
	c.life, c.end = context.WithCancel(context.Background())
	lc.Append(c.timer.hook())
	lc.Append(lifecycle.Hook{Name: "cache", Start: c.start, Stop: c.stop})
	return c, nil
}

// open makes what all processes share.
func (c *Cache) open(o Options) error {
	if c.cfg.L2.Driver == None {
		return nil
	}
	drv, ok := o.Drivers[c.cfg.L2.Driver]
	if !ok {
		return config.NotCompiledIn("cache.l2.driver", c.cfg.L2.Driver, o.Drivers, None)
	}
	store, err := drv.Open(driver.Options{Redis: o.Redis, Lease: leaseTime, Log: o.Log})
	if err != nil {
		return config.Problems{{Key: "cache.l2.driver", Got: strconv.Quote(c.cfg.L2.Driver) + " " + err.Error()}}
	}
	c.l2 = newLayer(store, drv.Features(), c.cfg.Load.Concurrency)
	return nil
}

// start begins what runs beside requests.
func (c *Cache) start(ctx context.Context) error {
	if c.l2 != nil && c.l2.features.Broadcast {
		c.running.Go(func() { c.listen(c.life) })
	}
	c.serves.Store(true)
	if c.l2 != nil || c.outbox != nil {
		c.running.Go(func() { c.keepUp(c.life) })
	}
	if c.outbox != nil {
		c.running.Go(func() { c.settleAlways(c.life) })
	}
	if c.l2 == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for !c.l2.inStep.Load() && ctx.Err() == nil {
		pause(ctx, 2*time.Millisecond)
	}
	return nil
}

// stop ends it, and the loads that are under way.
func (c *Cache) stop(context.Context) error {
	c.end()
	c.running.Wait()
	return nil
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

// Groups returns the names of the groups that there are, sorted. It is safe for concurrent use.
func (c *Cache) Groups() []string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.Sorted(maps.Keys(c.groups))
}
