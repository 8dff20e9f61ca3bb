package cache

import (
	"errors"
	"sync/atomic"
	"unsafe"

	"github.com/banyan-go/banyan/platform/telemetry"
)

// counts are what happened to one group.
type counts struct {
	hits                                            striped
	shared, misses, stales                          atomic.Uint64
	loads, failures, refreshes, evictions, rejected atomic.Uint64
	damaged                                         atomic.Uint64
}

// show makes counts metrics; without telemetry nobody sees them.
func (c *counts) show(t *telemetry.Telemetry, group string) error {
	if t == nil {
		return nil
	}
	var errs []error
	add := func(name, help, label string, reads map[string]func() uint64) {
		for value, read := range reads {
			labels := map[string]string{"group": group}
			if label != "" {
				labels[label] = value
			}
			errs = append(errs, t.CounterFunc(name, help, labels, read))
		}
	}
	add("cache_requests_total", "Values that were asked for, by group and where they were found: in memory (l1), in what all processes share (l2), nowhere (miss), or past their time because the source failed (stale). Who waits for somebody else's load is not counted.",
		"result", map[string]func() uint64{"l1": c.hits.sum, "l2": c.shared.Load, "miss": c.misses.Load, "stale": c.stales.Load})
	add("cache_loads_total", "Loads of values from their source, by group: begun, and of those failed, and early, in the background before the old value had ended.",
		"outcome", map[string]func() uint64{"begun": c.loads.Load, "failed": c.failures.Load, "early": c.refreshes.Load})
	add("cache_evictions_total", "Values that have left the memory of the process to make room, by group.", "", map[string]func() uint64{"": c.evictions.Load})
	add("cache_rejects_total", "Values that were loaded and not kept, by group and reason: invalidated meanwhile (late), and those that were stored and could not be read (damaged).",
		"reason", map[string]func() uint64{"late": c.rejected.Load, "damaged": c.damaged.Load})
	return errors.Join(errs...)
}

// steps are what happened between processes.
type steps struct{ gaps, breaks, resets, doubts, swept atomic.Uint64 }

func (s *steps) show(t *telemetry.Telemetry, l2 *layer) error {
	if t == nil || l2 == nil {
		return nil
	}
	var errs []error
	if l2.features.Broadcast {
		errs = append(errs,
			t.GaugeFunc("cache_bus_connected", "Whether this process hears of invalidations by others: 0 while the connection for that is broken, or its heartbeat has had no answer.", nil, state(&l2.connected)),
			t.CounterFunc("cache_bus_breaks_total", "How often this process has ceased to hear of invalidations by others: the connection was broken, or its heartbeat had no answer in time.", nil, s.breaks.Load),
			t.CounterFunc("cache_bus_resets_total", "How often the store came back having forgotten changes, for which everything in it was made unreadable.", nil, s.resets.Load),
		)
	}
	return errors.Join(append(errs,
		t.GaugeFunc("cache_in_step", "Whether this process reads what all share: 0 while that is away, and until everything is done that was left undone meanwhile.", nil, state(&l2.inStep)),
		t.CounterFunc("cache_doubts_total", "How often everything in memory was forgotten, because something may have been invalidated without a word.", nil, s.doubts.Load),
		t.CounterFunc("cache_out_of_step_total", "How often this process could not be sure to hear of every invalidation: what all share was away, or the connection was made anew.", nil, l2.losses.Load),
		t.CounterFunc("cache_gaps_total", "Invalidations by other processes that were missed, and for which everything in memory was forgotten.", nil, s.gaps.Load),
		t.CounterFunc("cache_swept_total", "Invalidations that their process has left undone, and that this one has done.", nil, s.swept.Load),
	)...)
}

// state returns what a gauge shows of a condition: 1 while it holds.
func state(holds *atomic.Bool) func() float64 {
	return func() float64 {
		if holds.Load() {
			return 1
		}
		return 0
	}
}

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
