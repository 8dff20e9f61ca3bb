package telemetry

import (
	"os"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// processCollector shows what the operating system says about the process. What it does not say is left out: on macOS that are
// memory and threads, which are not to be had without cgo.
type processCollector struct {
	started time.Time

	cpu, memory, virtual, threads, openFDs, maxFDs, start, uptime *prometheus.Desc
}

// processStats is what differs between operating systems. Zero means unknown.
type processStats struct {
	residentBytes, virtualBytes uint64
	threads, openFDs            int
}

func newProcessCollector(started time.Time) *processCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &processCollector{
		started: started,
		cpu:     desc("process_cpu_time_seconds_total", "CPU time that the process used.", "cpu_mode"),
		memory:  desc("process_memory_usage_bytes", "Physical memory that the process uses."),
		virtual: desc("process_memory_virtual_bytes", "Virtual memory that the process uses."),
		threads: desc("process_threads", "Threads of the operating system."),
		openFDs: desc("process_open_fds", "Open file descriptors."),
		maxFDs:  desc("process_max_fds", "File descriptors that may be open at a time."),
		start:   desc("process_start_time_seconds", "Start of the process, in seconds since 1970."),
		uptime:  desc("process_uptime_seconds", "Time since the start of the process."),
	}
}

// Describe is part of prometheus.Collector.
func (c *processCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.cpu, c.memory, c.virtual, c.threads, c.openFDs, c.maxFDs, c.start, c.uptime} {
		ch <- d
	}
}

// Collect is part of prometheus.Collector.
func (c *processCollector) Collect(ch chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, v float64) {
		if v > 0 {
			ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, v)
		}
	}
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) == nil {
		user, system := time.Duration(usage.Utime.Nano()), time.Duration(usage.Stime.Nano())
		ch <- prometheus.MustNewConstMetric(c.cpu, prometheus.CounterValue, user.Seconds(), "user")
		ch <- prometheus.MustNewConstMetric(c.cpu, prometheus.CounterValue, system.Seconds(), "system")
	}
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil && limit.Cur < 1<<62 { // above is a way to say unlimited
		gauge(c.maxFDs, float64(limit.Cur))
	}
	stats := readProcess()
	gauge(c.memory, float64(stats.residentBytes))
	gauge(c.virtual, float64(stats.virtualBytes))
	gauge(c.threads, float64(stats.threads))
	gauge(c.openFDs, float64(stats.openFDs))
	gauge(c.start, float64(c.started.UnixMilli())/1000)
	gauge(c.uptime, time.Since(c.started).Seconds())
}

// countEntries returns how many file descriptors a folder of the process lists, without the one that reads it; 0 on an error.
func countEntries(dir string) int {
	f, err := os.Open(dir)
	if err != nil {
		return 0
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return 0
	}
	return len(names) - 1
}
