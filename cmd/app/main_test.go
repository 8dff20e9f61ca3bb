package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// asApplication tells a process of this test binary that it is the application: it has the same main, and with -race the race detector.
const asApplication = "APPTEST_MAIN"

// TestMain runs the application in the processes that the tests start. In their own it fails when something is left behind: a goroutine, a
// socket, an open file.
func TestMain(m *testing.M) {
	if os.Getenv(asApplication) != "" {
		main() // which ends the process
	}
	before := descriptors()
	code := m.Run()
	if code == 0 {
		// fasthttp keeps one goroutine for the header Date, for ever, and one for each server that sees the end of it within 10 s.
		if err := goleak.Find(
			goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
			goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
		); err != nil {
			fmt.Fprintln(os.Stderr, "goroutines are left:", err)
			code = 1
		}
		if after := descriptors(); len(after) > len(before) {
			fmt.Fprintf(os.Stderr, "descriptors are left: %q before, %q after\n", before, after)
			code = 1
		}
	}
	os.Exit(code)
}

// descriptors returns what the file descriptors of this process lead to, as far as they are sockets and files for a time; none where there is
// no /proc.
func descriptors() (open []string) {
	links, _ := filepath.Glob("/proc/self/fd/*") // the pattern is good
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && (strings.HasPrefix(target, "socket:") || strings.HasPrefix(target, os.TempDir())) {
			open = append(open, target)
		}
	}
	return open
}
