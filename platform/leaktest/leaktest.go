// Package leaktest fails the tests of a package that leave something behind. A TestMain calls Main:
//
//	func TestMain(m *testing.M) { leaktest.Main(m) }
package leaktest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// Main runs the tests and ends the process, with 1 when they pass and leave a goroutine, a socket, or an open file in the folder for temporary
// files. Descriptors are seen where there is a /proc.
func Main(m *testing.M) {
	before := descriptors()
	code := m.Run()
	if code == 0 {
		if err := goleak.Find(
			// fasthttp keeps one for the header Date, for ever, and one for each server that sees the end of it within 10 s.
			goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
			goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
			// os/signal keeps one once somebody has asked for signals.
			goleak.IgnoreAnyFunction("os/signal.loop"),
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

// descriptors returns what the file descriptors of this process lead to, as far as they are sockets and files for a time.
func descriptors() (open []string) {
	links, _ := filepath.Glob("/proc/self/fd/*") // the pattern is good
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && (strings.HasPrefix(target, "socket:") || strings.HasPrefix(target, os.TempDir())) {
			open = append(open, target)
		}
	}
	return open
}
