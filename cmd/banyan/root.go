package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/banyan-go/banyan/generator"
	"github.com/banyan-go/banyan/generator/apply"
	"github.com/banyan-go/banyan/generator/derive"
	"github.com/banyan-go/banyan/generator/dev"
	"github.com/banyan-go/banyan/generator/field"
	"github.com/banyan-go/banyan/generator/gotool"
	"github.com/banyan-go/banyan/generator/name"
	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/resource"
	"github.com/banyan-go/banyan/generator/scaffold"
	"github.com/banyan-go/banyan/platform/cli"
)

// command is one run of banyan.
type command struct {
	*cli.Console
	dir string // the working folder, an absolute path
}

func newCommand(dir string, in io.Reader, out, errs io.Writer) *command {
	return &command{Console: &cli.Console{In: in, Out: out, Err: errs, Getenv: os.Getenv}, dir: dir}
}

// run runs one command in a folder and returns the exit code.
func run(ctx context.Context, dir string, args []string, in io.Reader, out, errs io.Writer) int {
	dir, err := filepath.Abs(dir)
	c := newCommand(dir, in, out, errs)
	root := c.root()
	switch word := c.foreign(root, args); {
	case err != nil:
	case word == "":
		return c.Execute(ctx, root, args, c.explain)
	case strings.HasPrefix(args[0], cobra.ShellCompRequestCmd):
		c.complete(ctx, args)
	default:
		var cancel context.CancelFunc
		if ctx, cancel, err = c.Limit(ctx); err == nil {
			defer cancel()
			err = c.passThrough(ctx, root, word, args)
		}
	}
	return c.Finish(ctx, err, func(err error) *cli.Error { return c.explain(ctx, root, err) })
}

func (c *command) root() *cobra.Command {
	root := cli.Parent(&cobra.Command{
		Use:   "banyan",
		Short: "Make applications with Banyan, and work on them",
		Long: "Make applications with Banyan, and work on them. In an application's folder every command that is not listed here is one of the " +
			"application itself, run in mode dev: banyan routes, banyan migrate status, banyan config show, banyan db seed.",
		Example: "  banyan new shop\n" +
			"  banyan generate resource catalog/product name:string:required,search\n" +
			"  banyan dev\n" +
			"  banyan test",
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	})
	c.Register(root.PersistentFlags(), "tell each command that is run")
	root.AddCommand(c.new(), c.generate(), c.destroy(), c.dev(), c.test(), c.check(), c.sync(), c.version())
	c.Prepare(root, func(words []string) error {
		return c.passThrough(root.Context(), root, words[0], append([]string{"help"}, words...))
	}, "new", "dev", "generate", "destroy", "sync", "check", "test")
	return root
}

// foreign returns the first word that is no flag when it names no command here: then it is one of the application, which gets everything that
// was typed. The flags that both know are read here as well, wherever they stand.
func (c *command) foreign(root *cobra.Command, args []string) (word string) {
	if len(args) > 1 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		args = args[1 : len(args)-1] // what is in front of the word that is completed
	}
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.ParseErrorsAllowlist.UnknownFlags = true
	f.Usage = func() {}
	c.Register(f, "")
	help := f.BoolP("help", "h", false, "")
	for _, flag := range []string{"profile", "mode", "config", "set"} { // whose values are no commands
		f.String(flag, "", "")
	}
	if err := f.Parse(args); err != nil || f.NArg() == 0 || *help && args[0] != f.Arg(0) {
		return ""
	}
	found, _, err := root.Find(f.Args()[:1])
	if f.Arg(0) == "help" || strings.HasPrefix(f.Arg(0), cobra.ShellCompRequestCmd) || err == nil && found != root {
		return ""
	}
	return f.Arg(0)
}

// passThrough runs a command of the application in mode dev.
func (c *command) passThrough(ctx context.Context, root *cobra.Command, word string, args []string) error {
	p, err := c.project()
	if err != nil {
		next := "banyan new NAME"
		if like := root.SuggestionsFor(word); len(like) > 0 {
			next = "banyan " + like[0]
		}
		return cli.Exit(cli.Usage, next, fmt.Errorf("banyan has no command %s, and %w", word, err))
	}
	err = dev.Exec(ctx, p, c.dir, args, c.Out, c.Err, c.Progress())
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == int(cli.Usage) {
		if like := root.SuggestionsFor(word); len(like) > 0 {
			c.Note("or is it banyan %s?", like[0])
		}
	}
	return err
}

// complete lets the application complete the arguments of its own commands, if it has been built: nobody waits for a compiler behind a key.
func (c *command) complete(ctx context.Context, args []string) {
	p, err := c.project()
	if err != nil {
		return
	}
	cmd := exec.CommandContext(ctx, dev.Binary(p), args[0], "--mode", "dev", "--config", "configs")
	cmd.Args = append(cmd.Args, args[1:]...)
	cmd.Dir, cmd.Stdout = p.Root, c.Out
	_ = cmd.Run() // then there is nothing to offer
}

func (c *command) project() (*project.Project, error) { return project.Find(c.dir) }

// locked returns the project, which no other run may change until it is unlocked.
func (c *command) locked() (p *project.Project, unlock func(), err error) {
	if p, err = c.project(); err != nil {
		return nil, nil, err
	}
	lock, err := apply.TakeLock(p)
	if err != nil {
		return nil, nil, err
	}
	if n := len(lock.Recovered); n > 0 {
		c.Warn(fmt.Sprintf("a run of banyan had been killed while it wrote %d files: they are as they were before", n))
	}
	return p, func() { _ = lock.Close() }, nil // it ends with the process at the latest
}

// explain gives an error its exit code and its next step.
func (c *command) explain(ctx context.Context, cmd *cobra.Command, err error) *cli.Error {
	if e, ok := errors.AsType[*cli.Error](err); ok {
		return e
	}
	if ctx.Err() != nil {
		return &cli.Error{Code: cli.Interrupted}
	}
	process, _ := errors.AsType[*exec.ExitError](err)
	if err = unsaid(err); err == nil {
		return &cli.Error{Code: max(cli.Failure, process.ExitCode())} // -1 after a signal
	}
	if edited, ok := errors.AsType[*apply.EditedError](err); ok {
		fmt.Fprint(c.Err, edited.Diff)
	}
	code, next := advice(cmd, err)
	return &cli.Error{Code: code, Err: err, Next: next}
}

// unsaid returns what of an error has not been told yet. A command that has written to the terminal itself leaves its *exec.ExitError as it is; one
// with a text around it is told, since that command may have written elsewhere.
func unsaid(err error) error {
	if _, ok := err.(*exec.ExitError); ok { // as it is, and not in another one
		return nil
	}
	several, ok := err.(interface{ Unwrap() []error })
	if !ok || errors.Join(several.Unwrap()...).Error() != err.Error() { // which has a text of its own
		return err
	}
	var rest []error
	for _, each := range several.Unwrap() {
		rest = append(rest, unsaid(each))
	}
	return errors.Join(rest...)
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
	var target *resource.TargetError
	var contract *generator.ContractError
	var circle *generator.CircleError
	var unknown *generator.UnknownError
	var check *apply.CheckError
	var goTool *gotool.Error
	var taken *dev.TakenError
	var readOnly *apply.ReadOnlyError
	var missing *project.MissingError
	switch {
	case errors.As(err, &taken):
		return cli.Conflict, "banyan dev -- --addr :9000 --ops-addr 127.0.0.1:9001"
	case errors.As(err, &exists):
		return cli.Conflict, "choose another name, or remove what is there"
	case errors.As(err, &changed):
		return cli.Conflict, "run it again"
	case errors.As(err, &edited):
		return cli.Conflict, "undo what has been edited, or go on by hand"
	case errors.As(err, &locked):
		return cli.Conflict, "wait for the other one, then run it again"
	case errors.As(err, &other):
		return cli.Conflict, "banyan destroy resource " + other.Resource + ", or choose another name"
	case errors.As(err, &inUse):
		return cli.Conflict, ""
	case errors.As(err, &circle):
		return cli.Usage, ""
	case errors.As(err, &contract):
		return cli.Failure, "mend what is named above, then run it again"
	case errors.As(err, &unknown):
		return cli.Usage, cmd.CommandPath() + " --help"
	case errors.Is(err, scaffold.ErrTaken):
		return cli.Conflict, "choose another folder"
	case errors.Is(err, scaffold.ErrNoCheckout):
		return cli.Usage, "banyan new NAME --replace PATH"
	case errors.As(err, &badName), errors.As(err, &badField), errors.As(err, &badOption), errors.As(err, &target), errors.Is(err, resource.ErrReadsAlready):
		return cli.Usage, cmd.CommandPath() + " --help"
	case errors.Is(err, project.ErrNone):
		return cli.Usage, "banyan new NAME"
	case errors.As(err, &missing):
		return cli.Failure, "git clone the framework to " + missing.Path + ", or name another folder: go mod edit -replace github.com/banyan-go/banyan=FOLDER"
	case errors.As(err, &readOnly):
		return cli.Failure, "chmod u+w " + readOnly.Folder + ", or mount it for writing; then run it again"
	case errors.As(err, &goTool) && derive.Stale(goTool.Output):
		return cli.Failure, "banyan sync"
	case errors.As(err, &check), errors.As(err, &goTool):
		return cli.Failure, "mend what is named above, then run it again"
	default:
		return cli.Failure, ""
	}
}

func (c *command) version() *cobra.Command {
	return c.Data(&cobra.Command{
		Use: "version", Short: "Print the version", Example: "  banyan version", Args: cli.NoWords,
		RunE: func(*cobra.Command, []string) error {
			version := "(devel)"
			if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
				version = info.Main.Version
			}
			return c.Print(map[string]string{"name": "banyan", "version": version, "go": runtime.Version()}, func(w io.Writer) {
				fmt.Fprintln(w, "banyan", version)
			})
		},
	})
}
