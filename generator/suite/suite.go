// Package suite runs the tests of a project, and says which of them could not run and what installs what they miss.
package suite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/build"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/banyan-go/banyan/generator/derive"
	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/platform/servertest"
)

// Mode says what happens to tests that want a program that is not here.
type Mode string

// The modes.
const (
	Auto    Mode = "auto"    // they are left out and listed
	Install Mode = "install" // what they miss is installed, and they run then
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
	Profiles []string // what stands around an application under test, one run for each; empty means single alone
	Dir      string   // where patterns that begin with a dot begin, and those of hints; empty means the project's root
	Packages []string // patterns of packages; empty means all
	Flags    []string // of go test
	Budget   string   // UpdateBudget, or nothing
	NoInput  bool     // what is installed asks nothing
	Out, Err io.Writer

	environ    []string // of go test, beside that of the process
	unbudgeted string   // file for routes whose cost no golden file has
}

// Profiles are those under which the tests of an application can run, as platform/apptest knows them.
func Profiles() []string { return []string{"single", "postgres", "cached", "replicated"} }

// ParseProfiles reads a list of profiles, or "all".
func ParseProfiles(list string) ([]string, error) {
	if list == "all" {
		return Profiles(), nil
	}
	profiles := strings.Split(list, ",")
	for _, profile := range profiles {
		if !slices.Contains(Profiles(), profile) {
			return nil, fmt.Errorf("--profiles %s: want all, or some of %s", list, strings.Join(Profiles(), ","))
		}
	}
	return profiles, nil
}

// Run runs go test, once for each profile. Its output is go test's own; what was left out is told on Err behind it. The error of tests that
// fail is the *exec.ExitError of go test.
func Run(ctx context.Context, p *project.Project, o Options) error {
	if o.Budget == UpdateBudget {
		return o.updateBudget(ctx, p, func() error { return o.runAll(ctx, p) })
	}
	return o.noteUnbudgeted(p, func(o Options) error { return o.runAll(ctx, p) })
}

func (o Options) runAll(ctx context.Context, p *project.Project) error {
	if len(o.Profiles) == 0 {
		return o.run(ctx, p)
	}
	var failed []error
	for _, profile := range o.Profiles {
		if ctx.Err() != nil {
			break
		}
		fmt.Fprintln(o.Err, "  profile  ", profile)
		failed = append(failed, o.under(ctx, p, profile))
	}
	return errors.Join(failed...)
}

// under runs the tests under one profile, on its servers for all of them. Where one is missing, the tests that want it are left out.
func (o Options) under(ctx context.Context, p *project.Project, profile string) (err error) {
	o.environ = []string{"BANYAN_PROFILE=" + profile}
	stop := func(server interface{ Stop() error }) { err = errors.Join(err, server.Stop()) }
	if file := servertest.Postgres().Find(); profile != "single" && file != "" && os.Getenv("BANYAN_POSTGRES") == "" {
		server, wrong := servertest.RunPostgres(ctx, file, "max_connections=500")
		if wrong != nil {
			return wrong
		}
		defer stop(server)
		o.environ = append(o.environ, "BANYAN_POSTGRES="+server.DSN("postgres"))
	}
	if file := servertest.Redis().Find(); (profile == "cached" || profile == "replicated") && file != "" && os.Getenv("BANYAN_REDIS") == "" {
		for variable, settings := range map[string][]string{"BANYAN_REDIS": nil, "BANYAN_REDIS_CACHE": servertest.Evicting()} {
			server, wrong := servertest.RunRedis(ctx, file, settings...)
			if wrong != nil {
				return wrong
			}
			defer stop(server)
			o.environ = append(o.environ, variable+"="+server.URL())
		}
	}
	return o.run(ctx, p)
}

// run runs the tests, and again those that were left out once what they want is installed.
func (o Options) run(ctx context.Context, p *project.Project) error {
	packages := o.packages(p)
	mode := o.Mode
	if mode == Install {
		mode = Auto
	}
	left, failed := o.test(ctx, p, mode, packages)
	if len(left) == 0 || ctx.Err() != nil {
		return failed
	}
	if o.Mode != Install {
		tell(o.Err, p, left)
		return failed
	}
	if err := o.install(ctx, p, left); err != nil {
		return errors.Join(failed, err)
	}
	fmt.Fprintln(o.Err, "  test      those that were left out")
	_, again := o.test(ctx, p, Require, left.packages())
	if failed != nil {
		return failed // the first failure counts; both have been printed
	}
	return again
}

// packages returns the patterns as the go command reads them in the project's root, where it runs.
func (o Options) packages(p *project.Project) (patterns []string) {
	if len(o.Packages) == 0 {
		return []string{"./..."}
	}
	for _, pattern := range o.Packages {
		if build.IsLocalImport(pattern) {
			pattern = relative(p.Root, filepath.Join(o.dir(p), filepath.FromSlash(pattern)))
		}
		patterns = append(patterns, pattern)
	}
	return patterns
}

func (o Options) dir(p *project.Project) string { return cmp.Or(o.Dir, p.Root) }

// relative returns the pattern of a package's folder as it is written in another folder.
func relative(from, folder string) string {
	rel, err := filepath.Rel(from, folder)
	if err != nil {
		return folder
	}
	if rel = filepath.ToSlash(rel); build.IsLocalImport(rel) {
		return rel
	}
	return "./" + rel
}

// test runs go test once and returns what was left out.
func (o Options) test(ctx context.Context, p *project.Project, mode Mode, packages []string) (leftOut, error) {
	dir, err := os.MkdirTemp("", "banyan-test-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a folder for temporary files
	notes := filepath.Join(dir, "missing")

	args := append([]string{"test"}, o.Flags...)
	if o.Budget != "" {
		args = append(args, "-count=1") // what comes from a cache writes nothing
		o.environ = append(slices.Clip(o.environ), "BANYAN_BUDGET="+o.Budget)
	}
	cmd := o.command(ctx, p, "go", append(args, packages...)...)
	// The name of the file is another one each time: a test that was left out is not taken from go test's cache.
	cmd.Env = slices.Concat(os.Environ(), o.environ, []string{"BANYAN_SERVERS=" + string(mode), "BANYAN_MISSING=" + notes, "BANYAN_UNBUDGETED=" + o.unbudgeted})
	var broken strings.Builder // what does not compile
	cmd.Stderr = io.MultiWriter(o.Err, &broken)
	failed := cmd.Run()
	if failed != nil && derive.Stale(broken.String()) {
		fmt.Fprintln(o.Err, "a derived file does not fit any more what it follows from\nnext:  banyan sync")
	}
	left, err := readNotes(notes, p)
	return left, errors.Join(failed, err)
}

// install runs the command for each program that was missing.
func (o Options) install(ctx context.Context, p *project.Project, left leftOut) error {
	for _, program := range left.programs() {
		if program.Install == "" {
			return fmt.Errorf("%s is missing, and there is no known way to install it on this system", program.Program)
		}
		fmt.Fprintf(o.Err, "  install   %s: %s\n", program.Program, program.Install)
		cmd := o.command(ctx, p, "sh", "-c", program.Install)
		cmd.Stdin, cmd.Stdout = os.Stdin, o.Err // sudo may ask
		if o.NoInput {
			cmd.Stdin, cmd.SysProcAttr = nil, &syscall.SysProcAttr{Setsid: true} // without a terminal it cannot
		}
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("install %s by %q: %w", program.Program, program.Install, err)
		}
	}
	return nil
}

func (o Options) command(ctx context.Context, p *project.Project, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.Root, o.Out, o.Err
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}
