package gotool_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/gotool"
)

func TestRunReturnsOutput(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/there\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := gotool.Go{Dir: dir, Env: []string{"GOFLAGS=-mod=mod"}}.Run(t.Context(), "list", "-m")
	if err != nil || string(out) != "example.com/there\n" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestErrorHoldsWhatGoSays(t *testing.T) {
	t.Parallel()
	_, err := gotool.Go{Dir: t.TempDir()}.Run(t.Context(), "build", "./nowhere")
	e, ok := errors.AsType[*gotool.Error](err)
	if !ok || !strings.HasPrefix(e.Error(), "go build ./nowhere:\n") || !strings.Contains(e.Output, "go.mod") {
		t.Errorf("error %v", err)
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("the error of the process is lost: %v", err)
	}
}

// fakeGo puts a shell script in the place of the go command.
func fakeGo(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
}

func TestProgressTellsDownloadsAndPackages(t *testing.T) {
	fakeGo(t, `
echo 'go: downloading example.com/a v1.2.3' >&2
echo 'example.com/a/b' >&2
echo 'runtime' >&2
echo '# example.com/shop' >&2
echo './main.go:1:2: syntax error' >&2
echo 'go: warning: something' >&2
echo data
exit 3
`)
	var lines []string
	out, err := gotool.Go{Progress: func(line string) { lines = append(lines, line) }}.Run(t.Context(), "build", "-v")
	// The second package came too soon after the first to be told.
	if want := []string{"run       go build -v", "download  example.com/a v1.2.3", "compile   example.com/a/b  (1 packages so far)", ""}; !slices.Equal(lines, want) {
		t.Errorf("progress %q", lines)
	}
	e, ok := errors.AsType[*gotool.Error](err)
	if want := "# example.com/shop\n./main.go:1:2: syntax error\ngo: warning: something\n"; !ok || e.Output != want || string(out) != "data\n" {
		t.Errorf("output %q, error %v", out, err)
	}
}

// A line of a megabyte, an object file for instance, must not stop the command.
func TestLongLine(t *testing.T) {
	fakeGo(t, "head -c 3000000 /dev/zero | tr '\\0' x >&2\necho done\n")
	out, err := gotool.Go{}.Run(t.Context(), "build")
	if err != nil || string(out) != "done\n" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestEndOfContextInterruptsEverything(t *testing.T) {
	// What the command has started, a compiler for instance, notes that it was interrupted.
	fakeGo(t, `
sh -c 'trap "echo interrupted >$NOTE; exit 1" INT; echo "go: downloading x" >&2; while :; do sleep 0.01; done'
`)
	note := filepath.Join(t.TempDir(), "note")
	ctx, cancel := context.WithCancel(t.Context())
	_, err := gotool.Go{Env: []string{"NOTE=" + note}, Progress: func(line string) {
		if strings.HasPrefix(line, "download") {
			cancel()
		}
	}}.Run(ctx, "build")
	if err == nil {
		t.Error("no error")
	}
	if text, err := os.ReadFile(note); string(text) != "interrupted\n" {
		t.Errorf("the note says %q, %v", text, err)
	}
}

func TestNoGo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := (gotool.Go{}).Run(t.Context(), "version"); !errors.Is(err, gotool.ErrNoGo) {
		t.Errorf("error %v", err)
	}
}
