// Package servertest finds the programs that tests want beside Go: servers, browsers, linters.
//
// Where one is missing, its test is left out and says so; `banyan test` lists at the end what was left out, with the command that installs
// what is missing on this machine. In the environment, BANYAN_SERVERS=require makes such a test fail instead, as continuous integration wants it.
package servertest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// T is the part of *testing.T that is wanted here.
type T interface {
	Helper()
	Name() string
	Skipf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Program is one that tests run.
type Program struct {
	// Name is what people call it: "chromium".
	Name string
	// Commands are the names under which it may stand in PATH, the best one first; Name when empty. One with a slash is a file, relative to
	// the folder of the test.
	Commands []string
	// Debian and Homebrew are the packages that bring it.
	Debian, Homebrew string
	// Command installs it everywhere, from the root of the project; it goes before the packages.
	Command string
}

// Chromium is a browser.
func Chromium() Program {
	return Program{Name: "chromium", Commands: []string{"chromium", "chromium-browser", "google-chrome"}, Debian: "chromium", Homebrew: "chromium"}
}

// Promtool checks metrics, rules and the configuration of Prometheus.
func Promtool() Program {
	return Program{Name: "promtool", Debian: "prometheus", Homebrew: "prometheus"}
}

// GoTool is a program that the module file tools.mod of the project pins, built into the folder bin.
func GoTool(name, pkg string) Program {
	return Program{Name: name, Commands: []string{binary(name), name}, Command: "go build -modfile=tools.mod -o bin/ " + pkg}
}

// binary returns where the project has a program that was built into its folder bin.
func binary(name string) string {
	dir, err := os.Getwd()
	for err == nil && dir != filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	return filepath.Join(dir, "bin", name)
}

// The environment, as `banyan test` sets it.
const (
	mode    = "BANYAN_SERVERS" // require, or anything else
	missing = "BANYAN_MISSING" // file to which a line is added for each test that was left out
)

// Missing is such a line, as JSON.
type Missing struct {
	Folder  string `json:"folder"` // of the test's package
	Test    string `json:"test"`
	Program string `json:"program"`
	Install string `json:"install"` // empty when nobody knows for this system
}

// Need returns the path of a program. Without it the test is left out, or fails when every program is required.
func Need(t T, p Program) string {
	t.Helper()
	if path := p.Find(); path != "" {
		return path
	}
	install := p.Install()
	advice := "install it with: " + install
	if install == "" {
		advice = "install it the way this system installs programs"
	}
	if os.Getenv(mode) == "require" {
		t.Fatalf("%s is missing; %s", p.Name, advice)
	}
	if err := note(Missing{Test: t.Name(), Program: p.Name, Install: install}); err != nil {
		t.Fatalf("%s is missing, and it cannot be noted: %v", p.Name, err)
	}
	t.Skipf("not run: %s is missing; %s", p.Name, advice)
	return ""
}

// Skip leaves a test out for a reason that no program mends. Where every program is required it fails.
func Skip(t T, format string, args ...any) {
	t.Helper()
	if os.Getenv(mode) == "require" {
		t.Fatalf(format, args...)
	}
	t.Skipf("not run: "+format, args...)
}

// Find returns the path of the program, "" when it is not here.
func (p Program) Find() string {
	for _, c := range p.commands() {
		if path, err := exec.LookPath(c); err == nil {
			return path
		}
	}
	return ""
}

func (p Program) commands() []string {
	if len(p.Commands) == 0 {
		return []string{p.Name}
	}
	return p.Commands
}

// Install returns the command that installs the program on this system, "" when nobody knows.
func (p Program) Install() string {
	if p.Command != "" {
		return p.Command
	}
	switch {
	case runtime.GOOS == "darwin" && p.Homebrew != "":
		return "brew install " + p.Homebrew
	case p.Debian == "" || !present("apt-get"):
		return ""
	case os.Geteuid() == 0:
		return "apt-get install -y " + p.Debian
	default:
		return "sudo apt-get install -y " + p.Debian
	}
}

func present(command string) bool {
	_, err := exec.LookPath(command)
	return err == nil
}

// note adds a line to the file for what was left out. Lines of several processes do not mix: each is one write to a file that only grows.
func note(m Missing) (err error) {
	file := os.Getenv(missing)
	if file == "" {
		return nil
	}
	if m.Folder, err = os.Getwd(); err != nil {
		return err
	}
	line, err := json.Marshal(m)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(string(line) + "\n"); err != nil {
		_ = f.Close() // the first error counts
		return err
	}
	return f.Close()
}
