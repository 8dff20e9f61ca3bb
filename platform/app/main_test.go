package app_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails when a test leaves a goroutine or a socket behind.
func TestMain(m *testing.M) {
	before := sockets()
	code := m.Run()
	if code == 0 {
		// fasthttp keeps one goroutine for the header Date, for ever, and one for each server that sees the end of it within 10 s.
		// os/signal keeps one once somebody has asked for signals.
		if err := goleak.Find(
			goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
			goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
			goleak.IgnoreAnyFunction("os/signal.loop"),
		); err != nil {
			fmt.Fprintln(os.Stderr, "goroutines are left:", err)
			code = 1
		}
		if after := sockets(); after > before {
			fmt.Fprintf(os.Stderr, "sockets are left: %d before, %d after\n", before, after)
			code = 1
		}
	}
	os.Exit(code)
}

// sockets returns how many file descriptors of this process lead to a socket; 0 where there is no /proc.
func sockets() int {
	entries, _ := os.ReadDir("/proc/self/fd") // none on other systems
	n := 0
	for _, e := range entries {
		if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.HasPrefix(target, "socket:") {
			n++
		}
	}
	return n
}
