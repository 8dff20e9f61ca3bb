package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/banyan-go/banyan/platform/servertest"
)

// cached is what the program cached says. Times are nanoseconds.
type cached struct {
	Otter, Hit  []float64
	Allocs      int64
	Get, Shared []float64
	Loads       int64
	Bus, Deaf   coherence
}

// coherence is what readers got while others wrote.
type coherence struct {
	Reads, Wrong  int64
	P999, Longest float64
	After         int64
}

func (c coherence) text() string {
	return fmt.Sprintf("%d of %d reads were of what had been replaced, for %s at most", c.Wrong, c.Reads, time.Duration(c.Longest).Round(time.Microsecond))
}

// cache measures platform/cache against what stands below it.
func (b *bench) cache(ctx context.Context) (_ []figure, err error) {
	const title = "Values that are kept, with four processes on one Redis"
	file := servertest.Redis().Find()
	if file == "" {
		return []figure{{Name: "cache", Title: title, Skipped: "Redis is not installed: " + servertest.Redis().Install()}}, nil
	}
	server, err := servertest.RunRedis(ctx, file)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	b.say("measuring the cache")
	out, err := b.output(ctx, b.dir, settings(), b.path("cached"), "-redis", server.URL(), "-rounds", strconv.Itoa(b.opts.rounds))
	if err != nil {
		return nil, err
	}
	var c cached
	if err := json.Unmarshal(out, &c); err != nil {
		return nil, fmt.Errorf("read what the program cached says: %w", err)
	}
	return []figure{cacheFigure(title, c)}, nil
}

// cacheFigure makes a table of what was measured.
func cacheFigure(title string, c cached) figure {
	took := func(name string, ns []float64) row { return row{name, []value{sampled("time", "ns", ns)}} }
	return figure{
		Name: "cache", Title: title,
		Rows: []row{took("otter, hit", c.Otter), took("group, hit in memory", c.Hit), took("go-redis, GET", c.Get), took("group, not in memory but in Redis", c.Shared)},
		Verdicts: []verdict{
			atMost("hit / otter", median(c.Hit)/median(c.Otter), "", 1.3),
			atMost("allocations of a hit", float64(c.Allocs), "", 0),
			atMost("found in Redis / GET", median(c.Shared)/median(c.Get), "", 1.15),
			atMost("loads for 1,000 who want one key on 4 processes", float64(c.Loads), "", 1),
			atMost("a read after an acknowledged write is stale for, p99.9", c.Bus.P999/1e6, "ms", 100),
			atMost("keys wrong after the last write", float64(c.Bus.After), "", 0),
			atMost("the bus goes silent: a read is stale for, longest", c.Deaf.Longest/1e6, "ms", 1000),
			atMost("keys wrong a second after the last write then", float64(c.Deaf.After), "", 0),
		},
		Notes: []string{"With the bus " + c.Bus.text() + "; when it goes silent after a fifth of the time, " + c.Deaf.text() + "."},
	}
}
