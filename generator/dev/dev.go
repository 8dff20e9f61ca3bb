// Package dev runs an application in development: it builds it, starts it, and does both again when a file changes.
package dev

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/banyan-go/banyan/generator/gotool"
	"github.com/banyan-go/banyan/generator/project"
)

// stopTime is how long an application has to end after the signal before it is killed.
const stopTime = 20 * time.Second

// Run serves the application in mode dev until ctx ends. Args are further flags of its command serve. Out gets its log, errs everything for a
// person.
func Run(ctx context.Context, p *project.Project, args []string, out, errs io.Writer, progress func(string)) error {
	w, err := watch(p.Root)
	if err != nil {
		return err
	}
	defer w.close()
	fmt.Fprintf(errs, "  build     ./cmd/%s with %s; the first time everything is downloaded and compiled\n", p.App, runtime.Version())
	binary, err := build(ctx, p, progress)
	if err != nil {
		return err
	}
	command := append([]string{"serve"}, args...)
	app, err := start(p, binary, command, out, errs)
	if err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return app.stop()
		case err := <-app.ended:
			// It has said why. It is started again when somebody changes something.
			if err == nil {
				return nil
			}
			fmt.Fprintf(errs, "  ended     %v; change a file to start it again\n", err)
			app.ended = nil
		case <-w.changed:
			fmt.Fprintln(errs, "  change    building again")
			binary, err := build(ctx, p, progress)
			if err != nil {
				if ctx.Err() == nil {
					fmt.Fprintf(errs, "  broken    the last good one goes on serving\n%v\n", err)
				}
				continue
			}
			if err := app.stop(); err != nil {
				return err
			}
			if app, err = start(p, binary, command, out, errs); err != nil {
				return err
			}
		}
	}
}

// build builds the application's binary and returns its path. Two binaries take turns, because one that runs cannot be written.
func build(ctx context.Context, p *project.Project, progress func(string)) (string, error) {
	dir := p.Path("bin")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	binary := filepath.Join(dir, p.App)
	g := gotool.Go{Dir: p.Root, Env: []string{"CGO_ENABLED=0"}, Progress: progress}
	if _, err := g.Run(ctx, "build", "-v", "-o", binary+".new", p.Main()); err != nil {
		return "", err
	}
	// Replacing the name leaves the file of a running process alone.
	return binary, os.Rename(binary+".new", binary)
}

// process is the running application.
type process struct {
	cmd   *exec.Cmd
	ended chan error // nil once the end has been seen
}

func start(p *project.Project, binary string, args []string, out, errs io.Writer) (*process, error) {
	cmd := exec.Command(binary, withDefaults(p, args)...) //nolint:noctx // it is stopped by a signal, so that it can end in its own order
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.Root, out, errs
	// Not in the terminal's group: Ctrl-C is for banyan, which passes it on once.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	proc := &process{cmd: cmd, ended: make(chan error, 1)}
	go func() { proc.ended <- cmd.Wait() }()
	return proc, nil
}

// stop ends the process and waits for it.
func (p *process) stop() error {
	if p.ended == nil {
		return nil
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	timer := time.NewTimer(stopTime)
	defer timer.Stop()
	select {
	case <-p.ended:
	case <-timer.C:
		_ = p.cmd.Process.Kill() // it may have ended just now
		<-p.ended
	}
	p.ended = nil
	return nil
}

// Exec runs one command of the application in mode dev, with the files of the tree as its configuration. Its exit code is in the
// *exec.ExitError that it returns.
func Exec(ctx context.Context, p *project.Project, args []string, out, errs io.Writer, progress func(string)) error {
	binary, err := build(ctx, p, progress)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, binary, withDefaults(p, args)...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = p.Root, os.Stdin, out, errs
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopTime
	return cmd.Run()
}

// withDefaults adds mode dev and the configuration of the tree, unless the arguments or the environment say otherwise.
func withDefaults(p *project.Project, args []string) []string {
	var flags []string
	has := func(flag string) bool {
		return slices.ContainsFunc(args, func(a string) bool { return a == flag || strings.HasPrefix(a, flag+"=") })
	}
	if !has("--mode") && os.Getenv("APP_MODE") == "" {
		flags = append(flags, "--mode", "dev")
	}
	if !has("--config") {
		flags = append(flags, "--config", p.Path("configs"))
	}
	return append(flags, args...)
}
