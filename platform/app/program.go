package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"strings"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/httpserver"
)

// Program is an application binary. C is its configuration: a struct that embeds Config.
type Program[C any] struct {
	Name    string
	Info    api.Info
	Configs fs.FS // base.yaml and profiles/, compiled in
	// Default returns the built-in settings.
	Default func() C
	// Build builds the application; Wire writes it.
	Build func(env Env, cfg C) (*App, error)
}

// Main runs the program with the arguments, the environment and the streams of the process, and ends it.
func Main[C any](p Program[C]) {
	environ := os.Environ()
	for _, name := range append(httpserver.SocketVariables(), notifySocket) {
		_ = os.Unsetenv(name) // it is for this process, not for those that it starts; the name is a good one
	}
	os.Exit(p.Run(context.Background(), Process{
		Args: os.Args[1:], Environ: environ, Out: os.Stdout, Err: os.Stderr,
	}))
}

// Process is what a program gets from its surroundings.
type Process struct {
	Args    []string
	Environ []string
	// Out takes data and, of the command serve, log lines; Err what is for a person, and the log lines of other commands. Log lines are
	// written by a goroutine of their own: both have to be safe for concurrent use, as files are.
	Out, Err io.Writer
}

// Exit codes of an application binary.
const (
	exitOK       = 0
	exitFailure  = 1
	exitUsage    = 2
	exitFindings = 3 // a check found something
	exitConfig   = 4
	exitDown     = 5 // a dependency did not answer
	exitConflict = 6
	exitSignal   = 130
)

// exitError is an error that ends the program with a code of its own.
type exitError struct {
	code int
	err  error
	next string // what to do about it, a command if there is one
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// exit wraps err with the code that ends the program, and with the next step.
func exit(code int, next string, err error) error {
	return &exitError{code: code, err: err, next: next}
}

// Run runs one command and returns the exit code.
func (p Program[C]) Run(ctx context.Context, proc Process) int {
	l := &launcher{name: p.Name, proc: proc, mode: config.Prod, log: proc.Err} // in commands that print data, log lines are not data
	l.load = func(o config.Options) (*settled, error) {
		cfg := p.Default()
		o.Embedded = p.Configs
		loaded, err := config.Load(&cfg, o)
		if err != nil {
			return nil, exit(exitConfig, "", err)
		}
		return &settled{Loaded: loaded, build: func(env Env) (*App, error) {
			env.Info = p.Info
			a, err := p.Build(env, cfg)
			if _, coded := errors.AsType[*exitError](err); err != nil && !coded {
				err = exit(exitConfig, "", loaded.Locate(err))
			}
			return a, err
		}}, nil
	}
	l.schema = func() ([]byte, error) {
		cfg := p.Default()
		return config.JSONSchema(&cfg)
	}
	root := l.root()
	root.SetArgs(proc.Args)
	root.SetOut(proc.Out)
	root.SetErr(proc.Err)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitOK
	}
	e, ok := errors.AsType[*exitError](err)
	if !ok { // cobra's, or about the arguments
		e = &exitError{code: exitUsage, err: err, next: cmd.CommandPath() + " --help"}
	}
	e.write(proc.Err)
	return e.code
}

// write tells a person what is wrong and what to do about it. The problems of a configuration are one on each line, and counted.
func (e *exitError) write(w io.Writer) {
	lines := strings.Split(e.err.Error(), "\n")
	if e.code == exitConfig && len(lines) > 1 {
		lines = append([]string{fmt.Sprintf("the configuration has %d problems", len(lines))}, lines...)
	}
	fmt.Fprintf(w, "error: %s\n", strings.Join(lines, "\n  "))
	if e.next != "" {
		fmt.Fprintf(w, "next:  %s\n", e.next)
	}
}

// version returns what the Go toolchain has noted of the program's version.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
