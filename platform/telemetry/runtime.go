package telemetry

import (
	"math"
	"runtime/metrics"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// runtimeCollector shows the metrics of the Go runtime, from package runtime/metrics.
type runtimeCollector struct {
	mu      sync.Mutex
	samples []metrics.Sample // reused, since histograms keep their buffers in them
	metrics []runtimeMetric  // one for each sample
	used    *prometheus.Desc
}

// runtimeMetric says how a sample is shown. Without desc it is only an ingredient.
type runtimeMetric struct {
	name string // in runtime/metrics
	desc *prometheus.Desc
	kind prometheus.ValueType
}

// The samples that go_memory_used_bytes is computed from.
const (
	totalMemory    = "/memory/classes/total:bytes"
	releasedMemory = "/memory/classes/heap/released:bytes"
	stackMemory    = "/memory/classes/heap/stacks:bytes"
)

// pauseBounds are upper bounds for pauses and scheduling latencies, in seconds. The runtime's own buckets are many, and between
// 12 and 25 % wide; each is counted under the first of these bounds that it does not exceed.
func pauseBounds() []float64 {
	return []float64{1e-6, 1e-5, 5e-5, 1e-4, 5e-4, 1e-3, 5e-3, 1e-2, 5e-2, 0.1, 0.5, 1}
}

func newRuntimeCollector() *runtimeCollector {
	desc := func(name, help string) *prometheus.Desc { return prometheus.NewDesc(name, help, nil, nil) }
	const counter, gauge = prometheus.CounterValue, prometheus.GaugeValue
	const estimate = " The sum is an estimate from the middle of the runtime's buckets."
	c := &runtimeCollector{
		used: prometheus.NewDesc("go_memory_used_bytes", "Memory used by the Go runtime.", []string{"go_memory_type"}, nil),
		metrics: []runtimeMetric{
			{name: totalMemory}, {name: releasedMemory}, {name: stackMemory},
			{"/gc/gomemlimit:bytes", desc("go_memory_limit_bytes", "Memory limit of the Go runtime, if one is set."), gauge},
			{"/gc/heap/allocs:bytes", desc("go_memory_allocated_bytes_total", "Memory allocated on the heap."), counter},
			{"/gc/heap/allocs:objects", desc("go_memory_allocations_total", "Allocations on the heap."), counter},
			{"/gc/heap/goal:bytes", desc("go_memory_gc_goal_bytes", "Heap size at which the garbage collector means to end its cycle."), gauge},
			{"/gc/cycles/total:gc-cycles", desc("go_memory_gc_cycles_total", "Finished cycles of the garbage collector."), counter},
			{"/sched/pauses/total/gc:seconds", desc("go_memory_gc_pause_duration_seconds", "Pauses of the whole program for the garbage collector."+estimate), 0},
			{"/sched/goroutines:goroutines", desc("go_goroutines", "Live goroutines."), gauge},
			{"/sched/gomaxprocs:threads", desc("go_processor_limit", "Threads that may run Go code at a time (GOMAXPROCS)."), gauge},
			{"/sched/latencies:seconds", desc("go_schedule_duration_seconds", "Time that goroutines waited, ready to run."+estimate), 0},
			{"/gc/gogc:percent", desc("go_config_gogc_percent", "Heap growth between two cycles of the garbage collector (GOGC); -1 for off."), gauge},
		},
	}
	for _, m := range c.metrics {
		c.samples = append(c.samples, metrics.Sample{Name: m.name})
	}
	return c
}

// Describe is part of prometheus.Collector.
func (c *runtimeCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.used
	for _, m := range c.metrics {
		if m.desc != nil {
			ch <- m.desc
		}
	}
}

// Collect is part of prometheus.Collector.
func (c *runtimeCollector) Collect(ch chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	metrics.Read(c.samples)
	var total, released, stack float64
	for i, m := range c.metrics {
		switch value := c.samples[i].Value; value.Kind() {
		case metrics.KindUint64:
			v := float64(int64(value.Uint64())) // GOGC=off is all ones
			switch {
			case m.name == totalMemory:
				total = v
			case m.name == releasedMemory:
				released = v
			case m.name == stackMemory:
				stack = v
			case value.Uint64() != math.MaxInt64: // no memory limit
				ch <- prometheus.MustNewConstMetric(m.desc, m.kind, v)
			}
		case metrics.KindFloat64Histogram:
			count, sum, buckets := rebucket(value.Float64Histogram(), pauseBounds())
			ch <- prometheus.MustNewConstHistogram(m.desc, count, sum, buckets)
		}
	}
	ch <- prometheus.MustNewConstMetric(c.used, prometheus.GaugeValue, stack, "stack")
	ch <- prometheus.MustNewConstMetric(c.used, prometheus.GaugeValue, total-released-stack, "other")
}

// rebucket counts h into the buckets of bounds, cumulatively as Prometheus wants them, and estimates the sum. A bucket of h goes
// whole to the first bound that is not below its upper end, so no value is shown as smaller than it is.
func rebucket(h *metrics.Float64Histogram, bounds []float64) (count uint64, sum float64, cumulative map[float64]uint64) {
	cumulative = make(map[float64]uint64, len(bounds))
	next := 0
	for i, n := range h.Counts {
		low, high := max(h.Buckets[i], 0), h.Buckets[i+1]
		for next < len(bounds) && high > bounds[next] {
			cumulative[bounds[next]] = count
			next++
		}
		count += n
		if math.IsInf(high, 1) {
			high = low
		}
		sum += float64(n) * (low + high) / 2
	}
	for ; next < len(bounds); next++ {
		cumulative[bounds[next]] = count
	}
	return count, sum, cumulative
}
