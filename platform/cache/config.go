package cache

import (
	"strconv"
	"time"

	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/unit"
)

// None is the driver of a cache that is kept in memory alone.
const None = "none"

// Config is the section `cache`.
type Config struct {
	L1       L1            `config:"l1"`
	L2       L2            `config:"l2"`
	Negative time.Duration `config:"negative_ttl" doc:"How long it is remembered that something is not there; 0 for not at all."`
	Early    float64       `config:"early_refresh" doc:"Share of its time, at the end, in which a value that is in use is loaded anew in the background, at a random moment; 0 for never, at most 0.5."`
	Stale    time.Duration `config:"stale" doc:"How long after its time a value that nothing has changed is still served when its source fails; 0 for never."`
	Load     Load          `config:"load"`
}

// L1 is the section `cache.l1`: the memory of each process.
type L1 struct {
	Size unit.Bytes    `config:"size" doc:"Memory for values in each process, shared out evenly among what is cached."`
	TTL  time.Duration `config:"ttl" doc:"How long a value stays in the memory of a process before it is looked up in the layer behind; 0 keeps nothing there."`
}

// L2 is the section `cache.l2`: what all processes share.
type L2 struct {
	Driver string        `config:"driver" doc:"What all processes share: redis, on the server of redis.cache, or none; one that is compiled in (drivers.go)."`
	TTL    time.Duration `config:"ttl" doc:"How long a value lasts there, and so altogether; without it, cache.l1.ttl is how long."`
	Wait   time.Duration `config:"wait" doc:"How long a process waits for another one that is loading the same value."`
}

// Load is the section `cache.load`.
type Load struct {
	Timeout     time.Duration `config:"timeout" doc:"Longest time of one load of a value from its source."`
	Concurrency int           `config:"concurrency" doc:"Most loads of a process at the same time while what all share is away."`
}

// Default returns the settings of one process.
func Default() Config {
	return Config{
		L1:       L1{Size: 64 * unit.MiB, TTL: time.Minute},
		L2:       L2{Driver: None, TTL: time.Hour, Wait: time.Second},
		Negative: 5 * time.Second,
		Early:    0.1,
		Stale:    time.Minute,
		Load:     Load{Timeout: 5 * time.Second, Concurrency: 8},
	}
}

// The limits of the settings.
const (
	longest = 30 * 24 * time.Hour
	// longestLoad is less than a lease lasts: who loads for all is to be done before somebody else may begin.
	longestLoad = leaseTime - time.Second
)

// Validate reports settings that contradict each other.
func (c Config) Validate(r *config.Report) {
	if c.L1.Size < unit.MiB {
		r.Add("l1.size", c.L1.Size.String(), "1MiB or more")
	}
	if c.L2.Driver == "" {
		r.Add("l2.driver", "nothing", "redis or none")
	}
	for _, d := range []struct {
		key           string
		got           time.Duration
		least, most   time.Duration
		spelled, ends string
	}{
		{"l1.ttl", c.L1.TTL, 0, longest, "0", "720h"},
		{"l2.ttl", c.L2.TTL, time.Second, longest, "1s", "720h"},
		{"l2.wait", c.L2.Wait, 0, longestLoad, "0", longestLoad.String()},
		{"negative_ttl", c.Negative, 0, time.Hour, "0", "1h"},
		{"stale", c.Stale, 0, longest, "0", "720h"},
		{"load.timeout", c.Load.Timeout, 10 * time.Millisecond, longestLoad, "10ms", longestLoad.String()},
	} {
		if d.got < d.least || d.got > d.most {
			r.Add(d.key, d.got.String(), d.spelled+" to "+d.ends)
		}
	}
	if c.Early < 0 || c.Early > 0.5 {
		r.Add("early_refresh", strconv.FormatFloat(c.Early, 'g', -1, 64), "0 to 0.5")
	}
	if n := c.Load.Concurrency; n < 1 || n > 10_000 {
		r.Add("load.concurrency", strconv.Itoa(n), "1 to 10000")
	}
}
