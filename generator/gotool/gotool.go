// Package gotool runs the go command and tells a person what it is at.
package gotool

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Go runs the go command in one folder.
type Go struct {
	Dir string
	// Env is added to the environment of this process.
	Env []string
	// Progress gets a line now and then: what is run, downloaded and compiled, and an empty one at the end. Nil keeps quiet.
	Progress func(line string)
}

// Error is a go command that failed.
type Error struct {
	Args   []string
	Output string // what it wrote to standard error
	Err    error
}

func (e *Error) Error() string {
	out := strings.TrimSpace(e.Output)
	if out == "" {
		out = e.Err.Error()
	}
	return "go " + strings.Join(e.Args, " ") + ":\n" + out
}

// Unwrap returns the error of the process.
func (e *Error) Unwrap() error { return e.Err }

// ErrNoGo means that there is no go command.
var ErrNoGo = errors.New("the go command is not there: install Go from https://go.dev/dl and put it into PATH")

// Run runs go with these arguments and returns its standard output. A person is told of it in Progress. When ctx ends, the command and
// what it has started are interrupted.
func (g Go) Run(ctx context.Context, args ...string) ([]byte, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return nil, ErrNoGo
	}
	if g.Progress != nil {
		g.Progress("run       go " + strings.Join(args, " "))
		defer g.Progress("")
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = g.Dir
	cmd.Env = append(os.Environ(), g.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = 5 * time.Second
	var out bytes.Buffer
	cmd.Stdout = &out
	report := newReport(g.Progress)
	cmd.Stderr = report
	err := cmd.Run()
	failure := report.close()
	if err != nil {
		return out.Bytes(), &Error{Args: args, Output: failure, Err: err}
	}
	return out.Bytes(), nil
}

// report reads what the go command writes to standard error: lines of progress, and, kept apart, what went wrong.
type report struct {
	pipe     *io.PipeWriter
	done     chan struct{}
	failure  strings.Builder
	compiled int
	last     time.Time
}

func newReport(progress func(string)) *report {
	r, w := io.Pipe()
	rep := &report{pipe: w, done: make(chan struct{})}
	go func() {
		defer close(rep.done)
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			rep.read(lines.Text(), progress)
		}
		_, _ = io.Copy(io.Discard, r) // a line that is too long must not stop the command
	}()
	return rep
}

// Write is part of io.Writer.
func (r *report) Write(p []byte) (int, error) { return r.pipe.Write(p) }

func (r *report) close() string {
	_ = r.pipe.Close() // never fails
	<-r.done
	return r.failure.String()
}

// every is how often the name of a package is told.
const every = 500 * time.Millisecond

func (r *report) read(line string, progress func(string)) {
	switch {
	case strings.HasPrefix(line, "go: downloading "):
		if progress != nil {
			progress("download  " + strings.TrimPrefix(line, "go: downloading "))
		}
	case isPackage(line):
		r.compiled++
		if progress != nil && time.Since(r.last) >= every {
			r.last = time.Now()
			progress(fmt.Sprintf("compile   %s  (%d packages so far)", line, r.compiled))
		}
	default:
		r.failure.WriteString(line + "\n")
	}
}

// isPackage reports whether a line is one that go build -v writes: an import path alone.
func isPackage(line string) bool {
	return line != "" && !strings.ContainsAny(line, " \t:#(") && !strings.HasPrefix(line, ".")
}
