// Command fuzz runs every fuzz target of this module, one after the other: go test can fuzz one at a time.
package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"time"
)

func main() {
	each := flag.Duration("time", 20*time.Second, "time for each target")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *each, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1) //nolint:gocritic // stop has nothing to undo when the process ends
	}
}

// target is one fuzz function.
type target struct{ pkg, name string }

func run(ctx context.Context, each time.Duration, packages []string) error {
	if len(packages) == 0 {
		packages = []string{"./..."}
	}
	list, err := exec.CommandContext(ctx, "go", append([]string{"test", "-list", "^Fuzz"}, packages...)...).Output()
	if err != nil {
		return fmt.Errorf("list the targets: %w", err)
	}
	targets := targetsIn(list)
	if len(targets) == 0 {
		return fmt.Errorf("there is no fuzz target in %s", strings.Join(packages, " "))
	}
	for _, t := range targets {
		fmt.Fprintf(os.Stdout, "%s of %s for %s\n", t.name, t.pkg, each)
		cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-fuzz", "^"+t.name+"$", "-fuzztime", each.String(), t.pkg)
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, os.Stderr
		err := cmd.Run()
		if err != nil && !outOfTime(said.String()) {
			_, _ = said.WriteTo(os.Stdout)
			return fmt.Errorf("%s of %s: %w; the input that failed is in its testdata/fuzz: commit it with what mends it", t.name, t.pkg, err)
		}
		fmt.Fprintln(os.Stdout, progress(said.String()))
	}
	return nil
}

// progress returns the last line that tells how far it has come.
func progress(said string) string {
	last := ""
	for line := range strings.Lines(said) {
		if strings.HasPrefix(line, "fuzz: elapsed: ") {
			last = strings.TrimSpace(line)
		}
	}
	return last
}

// outOfTime reports whether all that failed is that the time was over while go test still handed out work: it then says so as a failure, now and
// then. An input that fails is named.
func outOfTime(said string) bool {
	_, failure, failed := strings.Cut(said, "--- FAIL: ")
	_, failure, _ = strings.Cut(failure, "\n")
	return failed && strings.HasPrefix(failure, "    context deadline exceeded\nFAIL\n")
}

// targetsIn reads what go test -list prints: the names of a package, then a line that names the package.
func targetsIn(list []byte) []target {
	var all []target
	var names []string
	lines := bufio.NewScanner(bytes.NewReader(list))
	for lines.Scan() {
		switch words := strings.Fields(lines.Text()); {
		case len(words) == 1:
			names = append(names, words[0])
		case len(words) > 1 && words[0] == "ok":
			for _, name := range names {
				all = append(all, target{pkg: words[1], name: name})
			}
			names = nil
		}
	}
	return all
}
