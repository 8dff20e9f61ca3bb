package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/generator/apply"
	"github.com/banyan-go/banyan/generator/dev"
	"github.com/banyan-go/banyan/generator/field"
	"github.com/banyan-go/banyan/generator/gotool"
	"github.com/banyan-go/banyan/generator/name"
	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/scaffold"
)

// Exit codes.
const (
	exitFailure  = 1
	exitUsage    = 2
	exitConflict = 6
	exitSignal   = 130
)

// cli is one run of the command.
type cli struct {
	out, err io.Writer
	quiet    bool
}

// run runs one command and returns the exit code.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	c := &cli{out: out, err: errs}
	root := c.root()
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errs)
	if unknown(root, args) {
		return c.code(ctx, c.passThrough(ctx, args))
	}
	return c.code(ctx, root.ExecuteContext(ctx))
}

func (c *cli) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "banyan",
		Short: "Make applications with Banyan, and work on them",
		Long: "Make applications with Banyan, and work on them.\n\n" +
			"In an application's folder every command that is not listed here is one of the application itself, run in mode dev:\n" +
			"banyan routes, banyan migrate status, banyan config show, banyan db seed.",
		Example: "  banyan new shop\n" +
			"  banyan dev\n" +
			"  banyan generate resource catalog/product sku:string:required,unique name:string:required,search price:money\n" +
			"  banyan test",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().BoolVarP(&c.quiet, "quiet", "q", false, "say nothing about progress")
	root.AddCommand(c.new(), c.generate(), c.dev(), c.test(), c.sync(), c.version())
	return root
}

// unknown reports whether the first word that is no flag names no command here: then it is one of the application.
func unknown(root *cobra.Command, args []string) bool {
	for _, arg := range args {
		if strings.HasPrefix(arg, "-") {
			continue
		}
		if arg == "help" || arg == "completion" || strings.HasPrefix(arg, "__complete") {
			return false
		}
		found, _, err := root.Find([]string{arg})
		return err != nil || found == root
	}
	return false
}

// passThrough runs a command of the application in mode dev.
func (c *cli) passThrough(ctx context.Context, args []string) error {
	p, err := c.project()
	if err != nil {
		return fmt.Errorf("banyan has no command %s, and %w", args[0], err)
	}
	return dev.Exec(ctx, p, args, c.out, c.err, c.progress())
}

func (c *cli) project() (*project.Project, error) {
	wd, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	return project.Find(wd)
}

// progress tells a person what takes long.
func (c *cli) progress() func(string) {
	if c.quiet {
		return nil
	}
	return func(line string) { fmt.Fprintln(c.err, "  "+line) }
}

// code prints an error and turns it into an exit code.
func (c *cli) code(ctx context.Context, err error) int {
	var process *exec.ExitError
	var goTool *gotool.Error
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		return exitSignal
	case errors.As(err, &process) && !errors.As(err, &goTool):
		if code := process.ExitCode(); code > 0 { // the command has said what is wrong
			return code
		}
		return exitFailure
	}
	fmt.Fprintln(c.err, "error:", err)
	code, next := advice(err)
	if next != "" {
		fmt.Fprintln(c.err, "next: ", next)
	}
	return code
}

// advice returns the exit code of an error and the next command.
func advice(err error) (code int, next string) {
	var badName *name.Error
	var badField *field.Error
	var exists *apply.ErrExists
	var usage *usageError
	switch {
	case errors.As(err, &exists):
		return exitConflict, "choose another name, or remove what is there"
	case errors.Is(err, scaffold.ErrTaken):
		return exitConflict, "choose another folder"
	case errors.Is(err, scaffold.ErrNoCheckout):
		return exitUsage, "banyan new NAME --replace PATH"
	case errors.As(err, &usage):
		return exitUsage, usage.next
	case errors.As(err, &badName), errors.As(err, &badField):
		return exitUsage, "banyan generate resource --help"
	case errors.Is(err, project.ErrNone):
		return exitUsage, "banyan new NAME"
	case strings.HasPrefix(err.Error(), "unknown "), strings.HasPrefix(err.Error(), "accepts "), strings.HasPrefix(err.Error(), "requires "):
		return exitUsage, "banyan --help"
	default:
		return exitFailure, ""
	}
}

// usageError is a command that was called in a way that cannot work.
type usageError struct {
	err  error
	next string
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func (c *cli) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Run: func(*cobra.Command, []string) {
			version := "(devel)"
			if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
				version = info.Main.Version
			}
			fmt.Fprintln(c.out, "banyan", version)
		},
	}
}
