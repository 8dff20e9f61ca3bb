package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/httpserver"
	"github.com/banyan-go/banyan/platform/keyring"
)

// devKeys is where mode dev keeps its key, beside the embedded database.
const devKeys = "data/keys"

// launcher is one run of a program: the flags, and how to get from them to an application.
type launcher struct {
	name string
	proc Process
	load func(config.Options) (*settled, error)
	// schema returns the JSON Schema of the configuration's files.
	schema func() ([]byte, error)

	// flags
	profile, modeFlag, dir string
	set                    []string
	json, noColor          bool

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
	root := parent(&cobra.Command{
		Use:               l.name,
		Short:             "The application " + l.name + ": one binary, its commands, its profiles",
		Example:           fmt.Sprintf("  %[1]s serve --mode dev\n  %[1]s migrate up\n  %[1]s config show --origin db\n  %[1]s routes", l.name),
		SilenceUsage:      true,
		SilenceErrors:     true,
		PersistentPreRunE: l.readFlags,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	})
	root.SetFlagErrorFunc(unknownFlag)
	f := root.PersistentFlags()
	f.StringVar(&l.profile, "profile", cmp.Or(l.env("APP_PROFILE"), "single"), "scale profile, a file in configs/profiles")
	f.StringVar(&l.modeFlag, "mode", cmp.Or(l.env("APP_MODE"), string(config.Prod)), "dev, test or prod")
	f.StringVar(&l.dir, "config", "", "folder with base.yaml and profiles/ (default: those compiled in)")
	f.StringArrayVar(&l.set, "set", nil, "override one setting, key=value; may be given again")
	f.BoolVar(&l.json, "json", false, "print data as JSON")
	f.BoolVar(&l.noColor, "no-color", false, "no colours (also NO_COLOR)")
	root.AddCommand(
		l.serve(), l.migrate(), l.config(), l.keys(), l.routes(), l.modules(), l.openapi(), l.about(), l.db(), l.healthcheck(), l.version(), l.check(),
	)
	return root
}

// command is a cobra command with the settings that all share.
func command(use, short, example string, run func(cmd *cobra.Command, args []string) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Example: example, Args: noWords, RunE: func(cmd *cobra.Command, args []string) error {
		err := run(cmd, args)
		if _, coded := errors.AsType[*exitError](err); err == nil || coded {
			return err
		}
		return exit(exitFailure, "", err)
	}}
}

// group is a command that only has others below it.
func group(use, short string, children ...*cobra.Command) *cobra.Command {
	c := parent(&cobra.Command{Use: use, Short: short, RunE: func(cmd *cobra.Command, _ []string) error {
		return fmt.Errorf("%s wants a command", cmd.CommandPath())
	}})
	c.AddCommand(children...)
	return c
}

// parent gives c what commands with others below them have in common.
func parent(c *cobra.Command) *cobra.Command {
	c.Args, c.DisableFlagsInUseLine, c.SuggestionsMinimumDistance = noWords, true, 2
	return c
}

// noWords refuses words behind a command. Where commands are below it the word was meant to be one of them, and perhaps it can be told which.
func noWords(cmd *cobra.Command, words []string) error {
	switch {
	case len(words) == 0:
		return nil
	case !cmd.HasSubCommands():
		return fmt.Errorf("%s takes no argument %q", cmd.CommandPath(), words[0])
	}
	if near := cmd.SuggestionsFor(words[0]); len(near) > 0 {
		return fmt.Errorf("%s has no command %q, did you mean %s?", cmd.CommandPath(), words[0], strings.Join(near, " or "))
	}
	return fmt.Errorf("%s has no command %q", cmd.CommandPath(), words[0])
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
	fromVariable := func(flag, variable string) bool { return !cmd.Flags().Changed(flag) && l.env(variable) != "" }
	if fromVariable("profile", "APP_PROFILE") {
		l.profileFrom = "env APP_PROFILE"
	}
	if l.mode, err = config.ParseMode(l.modeFlag); err != nil {
		if fromVariable("mode", "APP_MODE") {
			err = fmt.Errorf("env APP_MODE: %w", err)
		}
		return exit(exitUsage, "", err)
	}
	return nil
}

// settings loads the configuration.
func (l *launcher) settings() (*settled, error) {
	s, err := l.load(l.options())
	if err != nil {
		return nil, err
	}
	l.warn(s.Warnings...)
	return s, nil
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
		return nil, exit(exitConfig, l.name+" keys new", errors.Join(missing, err))
	}
	return a, err
}

// judge is runnable for somebody who only wants to know: it makes no key file.
func (l *launcher) judge() (*App, error) {
	_, missing := l.loadKeys(false)
	a, err := l.build(Env{})
	if missing != nil {
		return nil, exit(exitConfig, l.name+" keys new", errors.Join(missing, err))
	}
	return a, err
}

// writable builds the application for a command that writes rows. Not every one needs keys: what has secrets says so when there are none.
func (l *launcher) writable() (*App, error) {
	keys, err := l.loadKeys(true)
	if err != nil && !errors.Is(err, errNoKeys) {
		return nil, exit(exitConfig, l.name+" keys new", err)
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
	env.Name, env.Version, env.Mode, env.Profile = l.name, version(), l.mode, l.profile
	env.Out, env.Color = l.log, l.color(l.log)
	env.Sockets, env.Broken = l.sockets, l.env(brokenFile)
	return env
}

func (l *launcher) options() config.Options {
	return config.Options{
		Profile:     l.profile,
		ProfileFrom: l.profileFrom,
		Mode:        l.mode,
		Dir:         l.dir,
		Environ:     l.proc.Environ,
		Set:         l.set,
		Aliases: []config.Alias{
			{Var: "DATABASE_URL", Key: "db.dsn"},
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
		l.warn(ring.Warning())
		return ring, nil
	case l.mode == config.Dev:
		if _, err := os.Stat(devKeys); errors.Is(err, fs.ErrNotExist) && !create {
			return nil, nil
		}
		ring, err := keyring.Load(devKeys, create)
		if err != nil {
			return nil, err
		}
		l.warn(ring.Warning())
		return ring, nil
	default:
		return nil, errNoKeys
	}
}

var errNoKeys = errors.New("there are no keys: set APP_KEYS, or APP_KEYS_FILE to a file that holds them")

// warn tells a person what is not as it should be; an empty text is nothing.
func (l *launcher) warn(texts ...string) {
	for _, text := range texts {
		if text != "" {
			fmt.Fprintln(l.proc.Err, "warning:", text)
		}
	}
}

// color reports whether w is a terminal whose user has nothing against colours.
func (l *launcher) color(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok || l.noColor || l.env("NO_COLOR") != "" || l.env("TERM") == "dumb" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// print writes data: as JSON with --json, otherwise as text says.
func (l *launcher) print(data any, text func(w io.Writer)) error {
	if !l.json {
		text(l.proc.Out)
		return nil
	}
	e := json.NewEncoder(l.proc.Out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(data)
}

// withDatabase starts the database and nothing else, runs fn and stops it again.
func withDatabase(ctx context.Context, a *App, fn func(ctx context.Context) error) (err error) {
	if err := a.startBase(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.platform.base.Stop(context.WithoutCancel(ctx))) }()
	return fn(ctx)
}
