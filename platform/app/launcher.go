package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/platform/cli"
	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/httpserver"
	"github.com/banyan-go/banyan/platform/keyring"
)

// devKeys is where mode dev keeps its key, beside the embedded database.
const devKeys = "data/keys"

// launcher is one run of a program: the flags, and how to get from them to an application.
type launcher struct {
	*cli.Console
	name string
	proc Process
	load func(config.Options) (*settled, error)
	// embedded are the files of the configuration that are compiled in.
	embedded fs.FS
	// schema returns the JSON Schema of the configuration's files.
	schema func() ([]byte, error)

	// flags
	profile, modeFlag, dir string
	set                    []string

	cmd         *cobra.Command // that runs
	loaded      *config.Loaded // nil before it is
	mode        config.Mode
	profileFrom string             // who named the profile; empty is the flag
	log         io.Writer          // where log lines go
	sockets     httpserver.Sockets // inherited
}

// settled is a configuration that is sound, and the way from it to an application.
type settled struct {
	*config.Loaded
	build func(Env) (*App, error)
}

func (l *launcher) root() *cobra.Command {
	root := cli.Parent(&cobra.Command{
		Use:               l.called(),
		Short:             "The application " + l.name + ": one binary, its commands, its profiles",
		Example:           fmt.Sprintf("  %[1]s serve --mode dev\n  %[1]s migrate up\n  %[1]s config show --origin db\n  %[1]s routes", l.called()),
		PersistentPreRunE: l.readFlags,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	})
	f := root.PersistentFlags()
	f.StringVar(&l.profile, "profile", cmp.Or(l.env("APP_PROFILE"), "single"), "scale profile: `NAME` of a file in configs/profiles")
	f.StringVar(&l.modeFlag, "mode", cmp.Or(l.env("APP_MODE"), string(config.Prod)), "`MODE` is dev, test or prod")
	f.StringVar(&l.dir, "config", "", "`DIR` with base.yaml and profiles/, not those compiled in")
	f.StringArrayVar(&l.set, "set", nil, "override a setting, `KEY=VALUE`; may be given again")
	l.Register(f, "say which configuration is used; log from level debug on")
	l.completeFlags(root)
	root.AddCommand(
		l.serve(), l.migrate(), l.config(), l.keys(), l.routes(), l.modules(), l.openapi(), l.about(), l.db(), l.sessions(), l.backup(), l.doctor(), l.limits(), l.cache(), l.healthcheck(),
		l.version(), l.check(),
	)
	l.Prepare(root, nil, "serve", "migrate", "db", "config", "doctor", "routes", "modules", "about", "openapi", "keys")
	return root
}

// command is a cobra command with the settings that all share.
func command(use, short, example string, run func(cmd *cobra.Command, args []string) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Example: example, Args: cli.NoWords, RunE: func(cmd *cobra.Command, args []string) error {
		err := run(cmd, args)
		if _, coded := errors.AsType[*cli.Error](err); err == nil || coded {
			return err
		}
		return cli.Exit(cli.Failure, "", err)
	}}
}

func (l *launcher) env(name string) string {
	for _, pair := range slices.Backward(l.proc.Environ) { // of two the last one counts, as for settings
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}

// readFlags reads what the flags that every command has, or the variables in their place, say.
func (l *launcher) readFlags(cmd *cobra.Command, _ []string) (err error) {
	l.cmd = cmd
	fromVariable := func(flag, variable string) bool { return !cmd.Flags().Changed(flag) && l.env(variable) != "" }
	if fromVariable("profile", "APP_PROFILE") {
		l.profileFrom = "env APP_PROFILE"
	}
	if l.mode, err = config.ParseMode(l.modeFlag); err != nil {
		if fromVariable("mode", "APP_MODE") {
			err = fmt.Errorf("env APP_MODE: %w", err)
		}
		return cli.Exit(cli.Usage, "", err)
	}
	return nil
}

// settings loads the configuration.
func (l *launcher) settings() (*settled, error) {
	s, err := l.load(l.options())
	if err != nil {
		return nil, err
	}
	l.loaded = s.Loaded
	l.Warn(s.Warnings...)
	if l.Verbose {
		l.Note("  using     profile %s, mode %s, configuration %s", l.profile, l.mode, cmp.Or(l.dir, "compiled in"))
	}
	return s, nil
}

// called is what somebody has typed to get here: banyan, where that runs a command of the application.
func (l *launcher) called() string { return cmp.Or(l.env("BANYAN_COMMAND"), l.name) }

// file returns where a file is that somebody has named. Banyan runs a command in the root of the source, and says where whoever called it stands.
func (l *launcher) file(name string) string {
	folder := l.env("BANYAN_FOLDER")
	if name == "" || folder == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(folder, name)
}

// describe builds the application for commands that say what it is. They need no key, no database and no driver.
func (l *launcher) describe() (*App, error) { return l.build(Env{Describe: true}) }

// connectable builds the application for commands that work with its database and sign nothing.
func (l *launcher) connectable() (*App, error) { return l.build(Env{}) }

// runnable builds the application for the command that serves it. What is wrong with the keys and with the settings is told together.
func (l *launcher) runnable() (*App, error) {
	l.log = l.proc.Out
	keys, missing := l.loadKeys(true)
	a, err := l.build(Env{Keys: keys})
	if missing != nil {
		return nil, cli.Exit(cli.Config, l.called()+" keys new", errors.Join(missing, err))
	}
	return a, err
}

// judge is runnable for somebody who only wants to know: it makes no key file.
func (l *launcher) judge() (*App, error) {
	_, missing := l.loadKeys(false)
	a, err := l.build(Env{})
	if missing != nil {
		return nil, cli.Exit(cli.Config, l.called()+" keys new", errors.Join(missing, err))
	}
	return a, err
}

// writable builds the application for a command that writes rows. Not every one needs keys: what has secrets says so when there are none.
func (l *launcher) writable() (*App, error) {
	keys, err := l.loadKeys(!l.DryRun)
	if err != nil && !errors.Is(err, errNoKeys) {
		return nil, cli.Exit(cli.Config, l.called()+" keys new", err)
	}
	return l.build(Env{Keys: keys})
}

// build loads the configuration and builds the application.
func (l *launcher) build(env Env) (*App, error) {
	s, err := l.settings()
	if err != nil {
		return nil, err
	}
	return s.build(l.complete(env))
}

// complete fills in what is the same in every environment of this run.
func (l *launcher) complete(env Env) Env {
	env.Name, env.Version, env.Mode, env.Profile, env.called = l.name, version(), l.mode, l.profile, l.caller()
	env.Out, env.Color = l.log, l.Color(l.log)
	env.Sockets, env.Broken = l.sockets, l.env(brokenFile)
	return env
}

func (l *launcher) options() config.Options {
	set := l.set
	if l.Verbose {
		set = append([]string{"telemetry.logs.level=debug"}, set...) // of two the last one counts
	}
	return config.Options{
		Profile:     l.profile,
		ProfileFrom: l.profileFrom,
		Mode:        l.mode,
		Dir:         l.dir,
		Environ:     l.proc.Environ,
		Set:         set,
		Aliases: []config.Alias{
			{Var: "DATABASE_URL", Key: "db.dsn"},
			{Var: "REDIS_URL", Key: "redis.state"},
			{Var: "REDIS_CACHE_URL", Key: "redis.cache"},
			{Var: "PORT", Key: "http.addr", Map: func(port string) (string, error) { return ":" + port, nil }},
		},
		Reserved: []string{"APP_KEYS", "APP_KEYS_FILE", "APP_PROFILE", "APP_MODE"},
	}
}

// loadKeys reads the key ring: from APP_KEYS, from the file that APP_KEYS_FILE names, or, in mode dev, from a file that is made when it is
// not there, if it may be; if not, there is no ring.
func (l *launcher) loadKeys(create bool) (*keyring.Ring, error) {
	text, file := l.env("APP_KEYS"), l.env("APP_KEYS_FILE")
	switch {
	case text != "" && file != "":
		return nil, errors.New("both APP_KEYS and APP_KEYS_FILE are set: keep one")
	case text != "":
		ring, err := keyring.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("APP_KEYS: %w", err)
		}
		return ring, nil
	case file != "":
		ring, err := keyring.Load(file, false)
		if err != nil {
			return nil, fmt.Errorf("APP_KEYS_FILE: %w", err)
		}
		l.Warn(ring.Warning())
		return ring, nil
	case l.mode == config.Dev:
		if _, err := os.Stat(devKeys); errors.Is(err, fs.ErrNotExist) && !create {
			return nil, nil
		}
		ring, err := keyring.Load(devKeys, create)
		if err != nil {
			return nil, err
		}
		l.Warn(ring.Warning())
		return ring, nil
	default:
		return nil, errNoKeys
	}
}

var errNoKeys = errors.New("there are no keys: set APP_KEYS, or APP_KEYS_FILE to a file that holds them")

// withDatabase starts the database, and what tells the caches in front of changes, and nothing else, runs fn and stops them again.
func withDatabase(ctx context.Context, a *App, fn func(ctx context.Context) error) (err error) {
	if err := a.startBase(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.platform.base.Stop(context.WithoutCancel(ctx))) }()
	return withFronts(ctx, a, fn)
}

// withFronts runs fn while the caches in front can be told of what it changes.
func withFronts(ctx context.Context, a *App, fn func(ctx context.Context) error) (err error) {
	if err := a.fronts.Start(ctx); err != nil {
		return err
	}
	if err := fn(ctx); err != nil {
		over, cancel := context.WithCancel(ctx)
		cancel() // what they have not been told yet fn has said
		_ = a.fronts.Stop(over)
		return err
	}
	return a.fronts.Stop(context.WithoutCancel(ctx))
}
