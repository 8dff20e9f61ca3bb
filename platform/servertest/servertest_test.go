package servertest_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/servertest"
)

// recorder is a test that notes how it ends.
type recorder struct {
	name, skipped, failed string
}

func (r *recorder) Helper()                          {}
func (r *recorder) Name() string                     { return r.name }
func (r *recorder) Skipf(format string, args ...any) { r.skipped = fmt.Sprintf(format, args...) }

// Fatalf ends the goroutine, as that of *testing.T does.
func (r *recorder) Fatalf(format string, args ...any) {
	r.failed = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// need asks for a program as a test called TestThing would.
func need(p servertest.Program) (path string, r *recorder) {
	r = &recorder{name: "TestThing"}
	done := make(chan struct{})
	go func() {
		defer close(done)
		path = servertest.Need(r, p)
	}()
	<-done
	return path, r
}

// program puts an executable file into a folder.
func program(t *testing.T, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNeedFindsTheFirstCommand(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	t.Setenv("BANYAN_SERVERS", "require")
	second := program(t, dir, "second")
	p := servertest.Program{Name: "thing", Commands: []string{"first", "second"}}
	if path, r := need(p); path != second || r.skipped+r.failed != "" {
		t.Errorf("found %q, want %q; skipped %q, failed %q", path, second, r.skipped, r.failed)
	}
	first := program(t, dir, "first")
	if path, _ := need(p); path != first {
		t.Errorf("found %q, want %q", path, first)
	}
	file := program(t, t.TempDir(), "third")
	if path, _ := need(servertest.Program{Name: "thing", Commands: []string{file}}); path != file {
		t.Errorf("found %q, want %q", path, file)
	}
}

func TestWithoutTheProgramTheTestIsLeftOutAndNoted(t *testing.T) {
	notes := filepath.Join(t.TempDir(), "notes")
	t.Setenv("PATH", t.TempDir())
	t.Setenv("BANYAN_SERVERS", "auto")
	t.Setenv("BANYAN_MISSING", notes)
	for _, name := range []string{"thing", "other"} {
		_, r := need(servertest.Program{Name: name, Command: "make " + name})
		if want := "not run: " + name + " is missing; install it with: make " + name; r.skipped != want || r.failed != "" {
			t.Errorf("skipped %q, failed %q, want %q", r.skipped, r.failed, want)
		}
	}
	text, err := os.ReadFile(notes)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	var m servertest.Missing
	if err := json.Unmarshal([]byte(lines[0]), &m); err != nil || len(lines) != 2 {
		t.Fatalf("%v: %q", err, text)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if want := (servertest.Missing{Folder: here, Test: "TestThing", Program: "thing", Install: "make thing"}); m != want {
		t.Errorf("noted %+v, want %+v", m, want)
	}
}

func TestWithoutARequiredProgramTheTestFails(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("BANYAN_SERVERS", "require")
	_, r := need(servertest.Program{Name: "thing"})
	if want := "thing is missing; install it the way this system installs programs"; r.failed != want || r.skipped != "" {
		t.Errorf("failed %q, skipped %q, want %q", r.failed, r.skipped, want)
	}
}

func TestWhatCannotBeNotedFails(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("BANYAN_SERVERS", "auto")
	t.Setenv("BANYAN_MISSING", filepath.Join(t.TempDir(), "no", "such", "folder"))
	if _, r := need(servertest.Program{Name: "thing"}); !strings.Contains(r.failed, "cannot be noted") {
		t.Errorf("failed %q", r.failed)
	}
}

func TestInstall(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	p := servertest.Program{Name: "thing", Debian: "libthing", Homebrew: "thing"}
	if got := p.Install(); runtime.GOOS == "linux" && got != "" {
		t.Errorf("without a package manager: %q", got)
	}
	program(t, dir, "apt-get")
	want := map[string]string{"darwin": "brew install thing", "linux": "sudo apt-get install -y libthing"}[runtime.GOOS]
	if os.Geteuid() == 0 {
		want = strings.TrimPrefix(want, "sudo ")
	}
	if got := p.Install(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	p.Command = "make thing"
	if got := p.Install(); got != "make thing" {
		t.Errorf("got %q, want the command", got)
	}
}

func TestGoToolsStandInBin(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	p := servertest.GoTool("linter", "example.com/linter")
	if want := filepath.Join(root, "bin", "linter"); !slices.Equal(p.Commands, []string{want, "linter"}) {
		t.Errorf("looks at %q, want %s, then the PATH", p.Commands, want)
	}
	if want := "go build -modfile=tools.mod -o bin/ example.com/linter"; p.Install() != want {
		t.Errorf("installs by %q, want %q", p.Install(), want)
	}
}
