package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// fakeBanyan answers a shell's questions as a program with cobra does, and counts how often it is told to make something.
const fakeBanyan = `#!/bin/sh
case "$*" in
"__complete ") printf 'new\tMake a repository\ntesting\tSomething else\ngenerate\tWrite code\ncompletion\n:4\n' ;;
"__complete generate ") printf 'module\tAn empty module\n:4\n' ;;
new*) mkdir "$2" && printf 'a v1 h1:x\na v1/go.mod h1:y\n' >"$2"/go.sum ;;
*) echo "there is no such command" >&2; exit 2 ;;
esac
`

func fakeBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{root: t.TempDir(), dir: t.TempDir(), log: io.Discard, opts: options{rounds: 2}}
	b.opts.banyan = filepath.Join(b.root, "banyan")
	if err := os.WriteFile(b.opts.banyan, []byte(fakeBanyan), 0o700); err != nil { // it has to be run
		t.Fatal(err)
	}
	return b
}

func TestCLIHas(t *testing.T) {
	t.Parallel()
	b := fakeBench(t)
	c, ok, err := b.cli(t.Context())
	if err != nil || !ok {
		t.Fatalf("cli() = %v, %v", ok, err)
	}
	for _, q := range []struct {
		words []string
		want  bool
	}{
		{[]string{"new"}, true},
		{[]string{"generate", "module"}, true},
		{[]string{"generate", "resource"}, false},
		{[]string{"test"}, false},
		{[]string{"no", "such"}, false},
	} {
		if got := c.has(t.Context(), q.words...); got != q.want {
			t.Errorf("has(%v) = %v, want %v", q.words, got, q.want)
		}
	}
}

func TestNoCLI(t *testing.T) {
	t.Parallel()
	b := &bench{root: t.TempDir(), log: io.Discard}
	fs, err := b.project(t.Context())
	if err != nil || len(fs) != 1 || fs[0].Skipped == "" || len(fs[0].Rows) > 0 {
		t.Errorf("project() without a banyan = %+v, %v, want it skipped", fs, err)
	}
}

func TestProjectMeasuresWhatIsThere(t *testing.T) {
	t.Parallel()
	fs, err := fakeBench(t).project(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f := fs[0]
	if want := []value{single("go.sum", "lines", 2)}; !slices.Equal(f.Rows[0].Values, want) {
		t.Errorf("project() measured %+v, want %+v", f.Rows[0].Values, want)
	}
	if len(f.Notes) != 2 || len(f.Verdicts) != 0 {
		t.Errorf("project() has notes %q and verdicts %+v, want a note for each missing command and no verdict", f.Notes, f.Verdicts)
	}
}

func TestProjectCountsTheGivenApplication(t *testing.T) {
	t.Parallel()
	b := fakeBench(t)
	b.opts.app = t.TempDir()
	if err := os.WriteFile(filepath.Join(b.opts.app, "go.sum"), []byte("1\n2\n3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	fs, err := b.project(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := []value{single("go.sum", "lines", 3)}; !slices.Equal(fs[0].Rows[0].Values, want) {
		t.Errorf("project() measured %+v, want %+v", fs[0].Rows[0].Values, want)
	}
}

func TestWarmLeavesOutTheFirst(t *testing.T) {
	t.Parallel()
	got, err := warm(2, func(i int) (time.Duration, error) {
		return []time.Duration{90 * time.Second, time.Second, 3 * time.Second}[i], nil
	})
	if want := []float64{1, 3}; err != nil || !slices.Equal(got, want) {
		t.Errorf("warm() = %v, %v, want %v", got, err, want)
	}
	broken := errors.New("broken")
	if _, err := warm(2, func(int) (time.Duration, error) { return 0, broken }); !errors.Is(err, broken) {
		t.Errorf("warm() of what fails returned %v", err)
	}
}
