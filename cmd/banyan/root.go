package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/generator"
	"github.com/banyan-go/banyan/generator/apply"
	"github.com/banyan-go/banyan/generator/derive"
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
	exitFindings = 3 // a check found problems
	exitConflict = 6
	exitSignal   = 130
)

// cli is one run of the command.
type cli struct {
	dir      string // the working folder, an absolute path
	out, err io.Writer
	quiet    bool
	noColor  bool // nothing here has colours; it is passed on
}

// run runs one command in a folder and returns the exit code.
func run(ctx context.Context, dir string, args []string, out, errs io.Writer) int {
	c := &cli{out: out, err: errs}
	var err error
	if c.dir, err = filepath.Abs(dir); err != nil {
		return c.code(ctx, nil, err)
	}
	root := c.root()
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errs)
	if word, rest := c.unknown(root, args); word != "" {
		return c.code(ctx, root, c.passThrough(ctx, root, word, rest))
	}
	cmd, err := root.ExecuteContextC(ctx)
	return c.code(ctx, cmd, err)
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
	f := root.PersistentFlags()
	f.BoolVarP(&c.quiet, "quiet", "q", false, "say nothing about progress")
	f.BoolVar(&c.noColor, "no-color", false, "no colours (also NO_COLOR)")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{unknownFlag(cmd, err), cmd.CommandPath() + " --help"}
	})
	root.SuggestionsMinimumDistance = 2
	root.AddCommand(c.new(), c.generate(), c.destroy(), c.dev(), c.test(), c.check(), c.sync(), c.version())
	checkArgs(root)
	return root
}

// checkArgs makes every command turn a wrong number of arguments into an error of usage. Where a word was meant to be a command, it says
// which, if it can be told.
func checkArgs(cmd *cobra.Command) {
	cmd.SuggestionsMinimumDistance = 2
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				if cmd.HasSubCommands() && len(args) > 0 {
					if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
						err = fmt.Errorf("%w, did you mean %s?", err, strings.Join(near, " or "))
					}
				}
				return &usageError{err, cmd.CommandPath() + " --help"}
			}
			return nil
		}
	}
	for _, child := range cmd.Commands() {
		checkArgs(child)
	}
}

// unknown returns the first word that is no flag when it names no command here: then it is one of the application. The rest is what the
// application gets: everything but the flags before the word that only banyan knows.
func (c *cli) unknown(root *cobra.Command, args []string) (word string, rest []string) {
	for i, arg := range args {
		if arg == "-q" || arg == "--quiet" {
			c.quiet = true
			continue
		}
		rest = append(rest, arg)
		if strings.HasPrefix(arg, "-") {
			continue
		}
		if arg == "help" || arg == "completion" || strings.HasPrefix(arg, "__complete") {
			return "", nil
		}
		if found, _, err := root.Find([]string{arg}); err == nil && found != root {
			return "", nil
		}
		return arg, append(rest, args[i+1:]...)
	}
	return "", nil
}

// unknownFlag adds to the error about a flag the one that was meant, if it can be told.
func unknownFlag(cmd *cobra.Command, err error) error {
	word, ok := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !ok {
		return err
	}
	names := &cobra.Command{SuggestionsMinimumDistance: 2} // cobra knows what is near a command
	for _, m := range regexp.MustCompile(`--([a-z][a-z-]*)`).FindAllStringSubmatch(cmd.Flags().FlagUsages(), -1) {
		names.AddCommand(&cobra.Command{Use: m[1], Run: func(*cobra.Command, []string) {}})
	}
	near := names.SuggestionsFor(word)
	if len(near) == 0 {
		return err
	}
	return fmt.Errorf("%w, did you mean --%s?", err, strings.Join(near, " or --"))
}

// passThrough runs a command of the application in mode dev.
func (c *cli) passThrough(ctx context.Context, root *cobra.Command, word string, args []string) error {
	p, err := c.project()
	if err != nil {
		next := "banyan new NAME"
		if like := root.SuggestionsFor(word); len(like) > 0 {
			next = "banyan " + like[0]
		}
		return &usageError{fmt.Errorf("banyan has no command %s, and %w", word, err), next}
	}
	return dev.Exec(ctx, p, args, c.out, c.err, c.progress())
}

func (c *cli) project() (*project.Project, error) { return project.Find(c.dir) }

// locked returns the project, which no other run may change until it is unlocked.
func (c *cli) locked() (p *project.Project, unlock func(), err error) {
	if p, err = c.project(); err != nil {
		return nil, nil, err
	}
	lock, err := apply.TakeLock(p)
	if err != nil {
		return nil, nil, err
	}
	if n := len(lock.Recovered); n > 0 {
		fmt.Fprintf(c.err, "  recovered %d files: a run of banyan had been killed while it wrote them, and they are as they were before\n", n)
	}
	return p, func() { _ = lock.Close() }, nil // it ends with the process at the latest
}

// progress tells a person what takes long.
func (c *cli) progress() func(string) {
	if c.quiet {
		return nil
	}
	return func(line string) { fmt.Fprintln(c.err, "  "+line) }
}

// code prints an error of a command and turns it into an exit code.
func (c *cli) code(ctx context.Context, cmd *cobra.Command, err error) int {
	var process *exec.ExitError
	var goTool *gotool.Error
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errFindings): // they have been printed
		return exitFindings
	case ctx.Err() != nil:
		return exitSignal
	case errors.As(err, &process) && !errors.As(err, &goTool):
		if code := process.ExitCode(); code > 0 { // the command has said what is wrong
			return code
		}
		return exitFailure
	}
	if edited, ok := errors.AsType[*apply.EditedError](err); ok {
		fmt.Fprint(c.err, edited.Diff)
	}
	fmt.Fprintln(c.err, "error:", err)
	code, next := advice(cmd, err)
	if next != "" {
		fmt.Fprintln(c.err, "next: ", next)
	}
	return code
}

// advice returns the exit code of an error and the next step, a command if there is one.
func advice(cmd *cobra.Command, err error) (code int, next string) {
	var badName *name.Error
	var badField *field.Error
	var badOption *scaffold.OptionError
	var exists *apply.ExistsError
	var changed *apply.ChangedError
	var edited *apply.EditedError
	var locked *apply.LockedError
	var other *generator.OtherError
	var inUse *generator.InUseError
	var unknown *generator.UnknownError
	var check *apply.CheckError
	var goTool *gotool.Error
	var usage *usageError
	var taken *dev.TakenError
	switch {
	case errors.As(err, &taken):
		return exitConflict, "banyan dev -- --addr :9000 --ops-addr 127.0.0.1:9001"
	case errors.As(err, &exists):
		return exitConflict, "choose another name, or remove what is there"
	case errors.As(err, &changed):
		return exitConflict, "run it again"
	case errors.As(err, &edited):
		return exitConflict, "bring the files back (git checkout), or go on by hand"
	case errors.As(err, &locked):
		return exitConflict, "wait for the other one, then run it again"
	case errors.As(err, &other):
		return exitConflict, "banyan destroy resource " + other.Resource + ", or choose another name"
	case errors.As(err, &inUse):
		return exitConflict, ""
	case errors.As(err, &unknown):
		return exitUsage, cmd.CommandPath() + " --help"
	case errors.Is(err, scaffold.ErrTaken):
		return exitConflict, "choose another folder"
	case errors.Is(err, scaffold.ErrNoCheckout):
		return exitUsage, "banyan new NAME --replace PATH"
	case errors.As(err, &usage):
		return exitUsage, usage.next
	case errors.As(err, &badName), errors.As(err, &badField), errors.As(err, &badOption):
		return exitUsage, cmd.CommandPath() + " --help"
	case errors.Is(err, project.ErrNone):
		return exitUsage, "banyan new NAME"
	case errors.As(err, &goTool) && derive.Stale(goTool.Output):
		return exitFailure, "banyan sync"
	case errors.As(err, &check), errors.As(err, &goTool):
		return exitFailure, "mend what is named above, then run it again"
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
