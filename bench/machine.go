package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// machine says where a report was made.
type machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Kernel string `json:"kernel"`
	Go     string `json:"go"`
	Commit string `json:"commit"`
	Load   string `json:"load_average"` // before the first measurement
	Method string `json:"method"`
}

func (b *bench) machine(ctx context.Context) machine {
	return machine{
		CPU:    cpuModel(read("/proc/cpuinfo")),
		Cores:  runtime.NumCPU(),
		Kernel: strings.TrimSpace(read("/proc/sys/kernel/osrelease")),
		Go:     runtime.Version(),
		Commit: b.commit(ctx),
		Load:   strings.Join(strings.Fields(read("/proc/loadavg"))[:3], " "),
		Method: fmt.Sprintf("%d interleaved rounds, wrk %s with %d connections, server on core %s, client on core %s",
			b.opts.rounds, b.opts.duration, b.opts.conns, b.opts.serverCore, b.opts.clientCore),
	}
}

// read returns a file of /proc, or what the caller can do without: nothing of a report depends on these.
func read(name string) string {
	text, err := os.ReadFile(name)
	if err != nil {
		return strings.Repeat("unknown ", 3)
	}
	return string(text)
}

// cpuModel finds the name of the first processor in /proc/cpuinfo.
func cpuModel(cpuinfo string) string {
	for line := range strings.Lines(cpuinfo) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// commit names the source, with a + when files differ from it.
func (b *bench) commit(ctx context.Context) string {
	c := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty=+")
	c.Dir = b.root
	out, err := c.Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

func (m machine) text() string {
	return fmt.Sprintf("%s, %d cores, Linux %s, %s, commit %s, load average before %s\n%s\n", m.CPU, m.Cores, m.Kernel, m.Go, m.Commit, m.Load, m.Method)
}
