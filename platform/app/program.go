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

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/cli"
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
		Args: os.Args[1:], Environ: environ, In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
	}))
}

// Process is what a program gets from its surroundings.
type Process struct {
	Args    []string
	Environ []string
	// In is where a person answers; nil when nobody can.
	In io.Reader
	// Out takes data and, of the command serve, log lines; Err what is for a person, and the log lines of other commands. Log lines are
	// written by a goroutine of their own: both have to be safe for concurrent use, as files are.
	Out, Err io.Writer
}

// Run runs one command and returns the exit code.
func (p Program[C]) Run(ctx context.Context, proc Process) int {
	l := p.launcher(proc)
	return l.Execute(ctx, l.root(), proc.Args, explain)
}

func (p Program[C]) launcher(proc Process) *launcher {
	l := &launcher{name: p.Name, embedded: p.Configs, proc: proc, mode: config.Prod, log: proc.Err} // in commands that print data, log lines are not data
	l.Console = &cli.Console{In: proc.In, Out: proc.Out, Err: proc.Err, Getenv: l.env, Retype: l.retype}
	l.load = func(o config.Options) (*settled, error) {
		cfg := p.Default()
		o.Embedded = p.Configs
		loaded, err := config.Load(&cfg, o)
		if err != nil {
			return nil, cli.Exit(cli.Config, "", err)
		}
		return &settled{Loaded: loaded, build: func(env Env) (*App, error) {
			env.Info = p.Info
			a, err := p.Build(env, cfg)
			if _, coded := errors.AsType[*cli.Error](err); err != nil && !coded {
				err = cli.Exit(cli.Config, "", loaded.Locate(err))
			}
			return a, err
		}}, nil
	}
	l.schema = func() ([]byte, error) {
		cfg := p.Default()
		return config.JSONSchema(&cfg)
	}
	return l
}

// explain gives an error its exit code and its next step, unless it has them: then it is cobra's, or about the arguments. The problems of a
// configuration, one on each line, are counted.
func explain(_ context.Context, cmd *cobra.Command, err error) *cli.Error {
	e, ok := errors.AsType[*cli.Error](err)
	if !ok {
		return &cli.Error{Code: cli.Usage, Err: err, Next: cmd.CommandPath() + " --help"}
	}
	if n := strings.Count(e.Error(), "\n") + 1; e.Code == cli.Config && n > 1 {
		return &cli.Error{Code: e.Code, Err: fmt.Errorf("the configuration has %d problems\n%w", n, e.Err), Next: e.Next}
	}
	return e
}

// version returns what the Go toolchain has noted of the program's version.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
