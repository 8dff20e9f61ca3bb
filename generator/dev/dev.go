// Package dev runs an application in development: it builds it, starts it, and does both again when a file changes.
package dev

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
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

// Exit codes of an application that no change of a file mends.
const (
	exitUsage    = 2
	exitConflict = 6 // a port is taken
)

// Run serves the application in mode dev until ctx ends, which is no error. Args are further flags of its command serve. Out gets its log, errs
// everything for a person. An application that cannot start with these flags ends Run with its *exec.ExitError; after any other end, and
// while it does not build, Run waits for the next change.
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
	ended := app.ended // nil once it has been told
	for {
		select {
		case <-ctx.Done():
			return app.stop()
		case <-ended:
			// It has said why. It is started again when somebody changes something, unless that cannot help.
			if app.err == nil {
				return nil
			}
			if code := app.cmd.ProcessState.ExitCode(); code == exitUsage || code == exitConflict {
				if code == exitConflict {
					fmt.Fprintln(errs, "next:  banyan dev -- --addr :9000 --ops-addr 127.0.0.1:9001")
				}
				return app.err
			}
			fmt.Fprintf(errs, "  ended     %v; change a file to start it again\n", app.err)
			ended = nil
		case <-w.changed:
			fmt.Fprintln(errs, "  change    building again")
			binary, err := build(ctx, p, progress)
			if err != nil {
				if ctx.Err() == nil {
					fmt.Fprintf(errs, "  broken    %s\n%v\n", standing(ended != nil), err)
				}
				continue
			}
			if err := app.stop(); err != nil {
				return err
			}
			if app, err = start(p, binary, command, out, errs); err != nil {
				return err
			}
			ended = app.ended
		}
	}
}

// standing says what there is while the application does not build.
func standing(serves bool) string {
	if serves {
		return "the last good one goes on serving"
	}
	return "nothing serves until it builds"
}

// build builds the application's binary and returns its path.
func build(ctx context.Context, p *project.Project, progress func(string)) (string, error) {
	dir := p.Path("bin")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	// Under a name of its own until it is whole: another banyan may build as well. Taking over the name leaves the file of a process that
	// runs alone.
	binary := filepath.Join(dir, p.App)
	fresh := fmt.Sprintf("%s.%d", binary, os.Getpid())
	_ = os.Link(binary, fresh) // what is up to date is not linked again; where that fails, it is
	g := gotool.Go{Dir: p.Root, Env: []string{"CGO_ENABLED=0"}, Progress: progress}
	_, err := g.Run(ctx, "build", "-v", "-buildvcs=false", "-o", fresh, p.Main()) // a commit does not link it again
	if err == nil {
		err = os.Rename(fresh, binary) // does nothing when both are one file
	}
	return binary, errors.Join(err, remove(fresh))
}

func remove(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// process is the running application.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed at its end
	err   error         // why it has ended
}

func start(p *project.Project, binary string, args []string, out, errs io.Writer) (*process, error) {
	cmd := exec.Command(binary, withDefaults(args)...) //nolint:noctx // it is stopped by a signal, so that it can end in its own order
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.Root, out, errs
	// Not in the terminal's group: Ctrl-C is for banyan, which passes it on once.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	proc := &process{cmd: cmd, ended: make(chan struct{})}
	go func() {
		proc.err = cmd.Wait()
		close(proc.ended)
	}()
	return proc, nil
}

// stop asks the process to end and waits for it. A second signal to banyan is passed on: it ends the waiting for running requests.
func (p *process) stop() error {
	hurry := make(chan os.Signal, 1)
	signal.Notify(hurry, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(hurry)
	if err := p.signal(); err != nil {
		return err
	}
	timer := time.NewTimer(stopTime)
	defer timer.Stop()
	for {
		select {
		case <-p.ended:
			return nil
		case <-hurry:
			if err := p.signal(); err != nil {
				return err
			}
		case <-timer.C:
			_ = p.cmd.Process.Kill() // it may have ended just now
		}
	}
}

func (p *process) signal() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// Exec runs one command of the application in mode dev, with the files of the tree as its configuration. Its exit code is in the
// *exec.ExitError that it returns.
func Exec(ctx context.Context, p *project.Project, args []string, out, errs io.Writer, progress func(string)) error {
	binary, err := build(ctx, p, progress)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, binary, withDefaults(args)...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = p.Root, os.Stdin, out, errs
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopTime
	return cmd.Run()
}

// withDefaults adds mode dev and the configuration of the tree, unless the arguments or the environment say otherwise.
func withDefaults(args []string) []string {
	var flags []string
	has := func(flag string) bool {
		return slices.ContainsFunc(args, func(a string) bool { return a == flag || strings.HasPrefix(a, flag+"=") })
	}
	if !has("--mode") && os.Getenv("APP_MODE") == "" {
		flags = append(flags, "--mode", "dev")
	}
	if !has("--config") {
		flags = append(flags, "--config", "configs") // of p.Root, where it runs
	}
	return append(flags, args...)
}
