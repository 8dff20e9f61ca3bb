// Package suite runs the tests of a project, and says which of them could not run and what installs what they miss.
package suite

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/banyan-go/banyan/generator/project"
)

// Mode says what happens to tests that want a program that is not here.
type Mode string

// The modes.
const (
	Auto    Mode = "auto"    // they are left out and listed
	Install Mode = "install" // what they miss is installed first
	Require Mode = "require" // they fail
)

// ParseMode reads a mode.
func ParseMode(s string) (Mode, error) {
	switch m := Mode(s); m {
	case Auto, Install, Require:
		return m, nil
	default:
		return "", fmt.Errorf("--servers %s: want auto, install or require", s)
	}
}

// Options say what to run.
type Options struct {
	Mode     Mode
	Packages []string // patterns of packages; empty means all
	Flags    []string // of go test
	Out, Err io.Writer
}

// Run runs go test. Its output is go test's own; what was left out stands before its last lines. The error of tests that fail is the
// *exec.ExitError of go test.
func Run(ctx context.Context, p *project.Project, o Options) error {
	args := []string{"test"}
	args = append(args, o.Flags...)
	if len(o.Packages) == 0 {
		args = append(args, "./...")
	}
	args = append(args, o.Packages...)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.Root, o.Out, o.Err
	cmd.Env = append(os.Environ(), "BANYAN_SERVERS="+string(o.Mode))
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 10 * time.Second
	return cmd.Run()
}
