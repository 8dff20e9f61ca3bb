package cache

import (
	"errors"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/banyan-go/banyan/platform/telemetry"
)

// counts are what happened to one group.
type counts struct {
	hits                                  striped
	misses, stales                        atomic.Uint64
	loads, failures, refreshes, evictions atomic.Uint64
}

// show makes counts metrics; without telemetry nobody sees them.
func (c *counts) show(t *telemetry.Telemetry, group string) error {
	if t == nil {
		return nil
	}
	var errs []error
	for result, read := range map[string]func() uint64{"l1": c.hits.sum, "miss": c.misses.Load, "stale": c.stales.Load} {
		errs = append(errs, t.CounterFunc("cache_requests_total",
			"Values that were asked for, by group and where they were found: in memory (l1), nowhere (miss), or in memory past their time because the source failed (stale).",
			map[string]string{"group": group, "result": result}, read))
	}
	for outcome, read := range map[string]func() uint64{"begun": c.loads.Load, "failed": c.failures.Load, "early": c.refreshes.Load} {
		errs = append(errs, t.CounterFunc("cache_loads_total", "Loads of values from their source, by group: begun, and of those failed, and early, in the background before the old value had ended.",
			map[string]string{"group": group, "outcome": outcome}, read))
	}
	errs = append(errs, t.CounterFunc("cache_evictions_total", "Values that have left the memory of the process to make room, by group.", map[string]string{"group": group}, c.evictions.Load))
	return errors.Join(errs...)
}

// counts listens to what otter does by itself. Hits and misses are counted by those who know what came of them.

// RecordEviction is part of stats.Recorder.
func (c *counts) RecordEviction(uint32) { c.evictions.Add(1) }

// RecordHits is part of stats.Recorder.
func (c *counts) RecordHits(int) {}

// RecordMisses is part of stats.Recorder.
func (c *counts) RecordMisses(int) {}

// RecordLoadSuccess is part of stats.Recorder.
func (c *counts) RecordLoadSuccess(time.Duration) {}

// RecordLoadFailure is part of stats.Recorder.
func (c *counts) RecordLoadFailure(time.Duration) {}

// stripes is how many counters a striped one is made of.
const stripes = 16

// striped is a counter for what happens so often on all cores that they would wait for each other's turn at one.
type striped [stripes]struct {
	n atomic.Uint64
	_ [56]byte // the rest of a cache line
}

// add adds 1. Goroutines have stacks of their own, whose addresses spread them over the stripes.
func (s *striped) add() {
	var here byte
	s[uintptr(unsafe.Pointer(&here))>>11%stripes].n.Add(1) //nolint:gosec // the address is a number here, and nothing else
}

func (s *striped) sum() (n uint64) {
	for i := range s {
		n += s[i].n.Load()
	}
	return n
}
