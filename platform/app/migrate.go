package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/platform/cli"
	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/module"
)

func (l *launcher) migrate() *cobra.Command {
	return cli.Group("migrate", "Change the schema of the database", l.migrateUp(), l.migrateDown(), l.migrateStatus(), l.migratePlan())
}

// migrationRow is one line of what the commands about migrations print.
type migrationRow struct {
	Module  string `json:"module"`
	Version int64  `json:"version"`
	Name    string `json:"name"`
	State   string `json:"state"`
}

// span is the flags that say which migrations a command is about.
type span struct {
	to      string
	modules []string
}

// lockTimeout is how long a command waits for another process that migrates, unless it is told.
const lockTimeout = time.Minute

// waits gives a command that migrates the flag --lock-timeout.
func waits(cmd *cobra.Command) *time.Duration {
	return cmd.Flags().Duration("lock-timeout", lockTimeout, "wait this `TIME` for another process that migrates; 0 for as long as it takes")
}

// spans gives a command the flags --to and --module.
func (l *launcher) spans(cmd *cobra.Command) *span {
	s := &span{}
	cmd.Flags().StringVar(&s.to, "to", "", "nothing newer than `VERSION`, the time in the name of a file")
	cmd.Flags().StringSliceVar(&s.modules, "module", nil, "only these modules")
	l.completeModules(cmd, "module")
	return s
}

// options turns the flags into what a migrator wants. A version has to be there: a digit that is missing would be another time.
func (s *span) options(l *launcher, a *App, wait time.Duration) (o db.MigrateOptions, err error) {
	ofModules := slices.DeleteFunc(slices.Clone(s.modules), func(name string) bool { return name == db.PlatformSet })
	if err := l.knows(a, ofModules...); err != nil {
		return o, err
	}
	if wait < 0 {
		return o, cli.Exit(cli.Usage, "", fmt.Errorf("--lock-timeout %s: want a time that is not over, 30s for instance", wait))
	}
	o = db.MigrateOptions{Modules: s.modules, LockWait: wait}
	if s.to != "" {
		o.To, err = l.versionOf(a, s.to, s.modules...)
	}
	return o, err
}

// versionOf returns the version that a word is, of a migration of these modules, or of any.
func (l *launcher) versionOf(a *App, word string, modules ...string) (int64, error) {
	version, err := strconv.ParseInt(word, 10, 64)
	known := err == nil && slices.ContainsFunc(a.migrator.Files(), func(m db.Migration) bool {
		return m.Version == version && (len(modules) == 0 || slices.Contains(modules, m.Module))
	})
	if !known {
		return 0, cli.Exit(cli.Usage, l.next("migrate status"), fmt.Errorf("--to %s: there is no migration with this version", word))
	}
	return version, nil
}

func (l *launcher) migrateUp() *cobra.Command {
	var s *span
	var wait *time.Duration
	up := command("up", "Apply what is pending", fmt.Sprintf("  %[1]s migrate up\n  %[1]s migrate up --module catalog --lock-timeout 5m", l.called()), func(cmd *cobra.Command, _ []string) error {
		return l.migrations("nothing is pending", func(a *App) (done []db.Migration, err error) {
			o, err := s.options(l, a, *wait)
			if err != nil {
				return nil, err
			}
			if l.DryRun {
				steps, err := a.plan(cmd.Context(), o)
				for _, step := range steps {
					done = append(done, step.Migration)
				}
				return done, err
			}
			return done, withDatabase(cmd.Context(), a, func(ctx context.Context) error {
				done, err = a.migrator.With(o).Up(ctx)
				return err
			})
		})
	})
	s, wait = l.spans(up), waits(up)
	return l.Data(l.Writes(up, "list what it would apply, and apply nothing"))
}

func (l *launcher) migrateDown() *cobra.Command {
	var module, to string
	var wait *time.Duration
	down := command("down --module NAME", "Take back the last migration of a module, or several", fmt.Sprintf("  %[1]s migrate down --module catalog\n  %[1]s migrate down --module catalog --to 0", l.called()), func(cmd *cobra.Command, _ []string) error {
		return l.migrations("nothing is applied", func(a *App) ([]db.Migration, error) {
			s := span{modules: []string{module}}
			o, err := s.options(l, a, *wait)
			if err != nil {
				return nil, err
			}
			t := takeBack{migrator: a.migrator.With(o), module: module}
			if t.several = to != ""; t.several && to != "0" {
				if t.to, err = l.versionOf(a, to, module); err != nil {
					return nil, err
				}
			}
			return a.down(cmd.Context(), t, l.DryRun, func(all []db.Migration) error {
				return l.destroys(cmd, "take back "+names(all)+" and lose what it made room for")
			})
		})
	})
	down.Flags().StringVar(&module, "module", "", "the module")
	down.Flags().StringVar(&to, "to", "", "all that are newer than `VERSION`, the time in the name of a file; 0 for all there are")
	_ = down.MarkFlagRequired("module") // the flag is there: two lines above
	l.completeModules(down, "module")
	wait = waits(down)
	return l.Data(l.Asks(l.Writes(down, "name what it would take back, and change nothing")))
}

func (l *launcher) migrateStatus() *cobra.Command {
	return l.Data(command("status", "List the migrations; exit 6 when one is not as it should be", "  "+l.called()+" migrate status --json", func(cmd *cobra.Command, _ []string) error {
		var all []db.Migration
		err := l.migrations("there are no migrations", func(a *App) (_ []db.Migration, err error) {
			all, err = a.migrations(cmd.Context())
			return all, err
		})
		if err == nil {
			err = l.judgement(all)
		}
		if !errors.Is(err, db.ErrUnknown) {
			l.Warn(unknown(all, l.caller(), l.mode))
		}
		return err
	}))
}

func (l *launcher) migratePlan() *cobra.Command {
	type step struct {
		migrationRow
		Transaction bool   `json:"transaction"`
		Contract    bool   `json:"contract"`
		SQL         string `json:"sql"`
	}
	var s *span
	plan := command("plan", "Print the SQL that up would run", fmt.Sprintf("  %[1]s migrate plan\n  %[1]s migrate plan --module catalog --json", l.called()), func(cmd *cobra.Command, _ []string) error {
		a, err := l.connectable()
		if err != nil {
			return err
		}
		o, err := s.options(l, a, 0)
		if err != nil {
			return err
		}
		planned, err := a.plan(cmd.Context(), o)
		if err != nil {
			return l.stateOf(err)
		}
		steps := []step{}
		for _, p := range planned {
			steps = append(steps, step{rowOf(p.Migration), p.Transaction, p.Contract, p.SQL})
		}
		return l.Print(steps, func(w io.Writer) {
			if len(planned) == 0 {
				l.Note("nothing is pending")
			}
			for i, p := range planned {
				if i > 0 {
					fmt.Fprintln(w)
				}
				fmt.Fprintf(w, "-- %s%s\n%s\n", p, particulars(p), p.SQL)
			}
		})
	})
	s = l.spans(plan)
	return l.Data(plan)
}

// particulars says what is not as usual about a step.
func particulars(p db.Step) string {
	var all string
	if p.State == db.Dirty {
		all += ", begun before and not finished"
	}
	if !p.Transaction {
		all += ", no transaction"
	}
	if p.Contract {
		all += ", contract: programs without it do not work any more"
	}
	return all
}

// migrations does something with the migrations of the application and prints what that returns, also beside an error.
func (l *launcher) migrations(empty string, fn func(a *App) ([]db.Migration, error)) error {
	a, err := l.connectable()
	if err != nil {
		return err
	}
	done, failure := fn(a)
	failure = l.stateOf(failure)
	if len(done) == 0 && failure != nil {
		return failure
	}
	if l.DryRun && len(done) > 0 {
		defer l.Note("nothing was written")
	}
	rows := []migrationRow{}
	for _, m := range done {
		rows = append(rows, rowOf(m))
	}
	return errors.Join(l.Print(rows, func(w io.Writer) {
		if len(done) == 0 {
			l.Note("%s", empty)
		}
		var lines [][]string
		for _, m := range done {
			lines = append(lines, []string{string(m.State), m.String()})
		}
		l.Table(w, lines...)
	}), failure)
}

func rowOf(m db.Migration) migrationRow {
	return migrationRow{m.Module, m.Version, m.Name, string(m.State)}
}

// migrations returns every migration and its state. A database that is not there is not made for that: all are pending.
func (a *App) migrations(ctx context.Context) (all []db.Migration, err error) {
	if there, err := a.platform.DB.Exists(); !there || err != nil {
		return a.migrator.Files(), err
	}
	return all, withDatabase(ctx, a, func(ctx context.Context) error {
		all, err = a.migrator.Status(ctx)
		return err
	})
}

// plan returns what up would do.
func (a *App) plan(ctx context.Context, o db.MigrateOptions) ([]db.Step, error) {
	all, err := a.migrations(ctx)
	if err != nil {
		return nil, err
	}
	return a.migrator.With(o).Plan(all)
}

// takeBack says what of a module is to be taken back: the last migration, or all that are newer than a version.
type takeBack struct {
	migrator *db.Migrator
	module   string
	several  bool
	to       int64
}

func (t takeBack) look(ctx context.Context) ([]db.Migration, error) {
	if t.several {
		return t.migrator.Since(ctx, t.module, t.to)
	}
	return t.migrator.Last(ctx, t.module)
}

func (t takeBack) do(ctx context.Context) ([]db.Migration, error) {
	if t.several {
		return t.migrator.DownTo(ctx, t.module, t.to)
	}
	return t.migrator.Down(ctx, t.module)
}

// down takes migrations back once that is confirmed, or, dry, only says which.
func (a *App) down(ctx context.Context, t takeBack, dry bool, confirmed func([]db.Migration) error) (done []db.Migration, err error) {
	if there, err := a.platform.DB.Exists(); !there || err != nil {
		return nil, err
	}
	return done, withDatabase(ctx, a, func(ctx context.Context) error {
		if done, err = t.look(ctx); dry || err != nil || len(done) == 0 {
			return err
		}
		if err = confirmed(done); err != nil {
			done = nil
			return err
		}
		done, err = t.do(ctx)
		for i := range done {
			done[i].State = db.Pending
		}
		return err
	})
}

func names(all []db.Migration) string {
	var list []string
	for _, m := range all {
		list = append(list, m.String())
	}
	return strings.Join(list, ", ")
}

// judgement returns the error of the command that lists the migrations, when one of them is not as it should be.
func (l *launcher) judgement(all []db.Migration) error {
	of := func(states ...db.MigrationState) (some []db.Migration) {
		return slices.DeleteFunc(slices.Clone(all), func(m db.Migration) bool { return !slices.Contains(states, m.State) })
	}
	pending, dirty, changed, missing := of(db.Pending), of(db.Dirty), of(db.Changed), of(db.Missing)
	switch {
	case len(changed) > 0:
		return l.stateOf(fmt.Errorf("migrations %w: %s", db.ErrChanged, names(changed)))
	case len(missing) > 0:
		return l.stateOf(fmt.Errorf("the database has migrations between those of this program: %s, and %w", names(missing), db.ErrUnknown))
	case len(dirty) > 0:
		return l.stateOf(fmt.Errorf("%w: %s", db.ErrDirty, names(dirty)))
	case len(pending) > 0:
		return cli.Exit(cli.Conflict, l.next("migrate up"), fmt.Errorf("pending migrations: %d", len(pending)))
	}
	return l.stateOf(db.Fit(all)) // a newer program has taken something away
}

// stateOf gives an error about the state of the schema its exit code and its next step, and returns every other one as it is.
func (l *launcher) stateOf(err error) error { return stateOf(err, l.caller(), l.mode) }

func stateOf(err error, as caller, mode config.Mode) error {
	if next, ok := nextOf(err, as, mode); ok {
		return cli.Exit(cli.Conflict, next, err)
	}
	return err
}

// nextOf returns the way on from a state of the schema; ok is false for other errors.
func nextOf(err error, as caller, mode config.Mode) (next string, ok bool) {
	switch {
	case errors.Is(err, db.ErrBehind), errors.Is(err, db.ErrDirty):
		return as.command("migrate up"), true
	case errors.Is(err, db.ErrInvalidIndex):
		return "run that statement in the database, and then " + as.command("migrate up"), true
	case errors.Is(err, db.ErrContract):
		return "run the newer program, or take that migration back with it", true
	case errors.Is(err, db.ErrChanged), errors.Is(err, db.ErrUnknown):
		return cmp.Or(reset(as, mode), "git log --all --stat -- modules"), true
	case errors.Is(err, db.ErrLocked):
		return as.command("migrate status") + ", when that process is done", true
	case errors.Is(err, db.ErrMalformed):
		return "mend the file, and then " + as.command("migrate plan"), true
	case errors.Is(err, db.ErrOneWay):
		return "", true
	}
	return "", false
}

// reset returns the command that starts afresh, in mode dev alone.
func reset(as caller, mode config.Mode) string {
	if mode != config.Dev {
		return ""
	}
	return as.command(resetCommand)
}

// resetCommand starts afresh.
const resetCommand = "db reset --mode dev"

// unknown says which migrations the database has and the program has not, and what to do about it; "" when there is none.
func unknown(all []db.Migration, as caller, mode config.Mode) string {
	var names []string
	for _, m := range all {
		if m.Name == "" && (m.State != db.Missing || mode == config.Dev) {
			names = append(names, m.String())
		}
	}
	switch {
	case len(names) == 0:
		return ""
	case mode == config.Dev:
		return fmt.Sprintf("the database has migrations that this program does not have, thrown away or of another branch: %s\n"+
			"  go back to the code that has them and take them back there: %s\n"+
			"  or start afresh without the rows: %s", strings.Join(names, ", "), as.command("migrate down --module NAME --mode dev"), as.command(resetCommand))
	default:
		return "the database has migrations that this program does not have, perhaps of a newer one: " + strings.Join(names, ", ")
	}
}

// knows returns an error that is one of usage unless all of these modules exist.
func (l *launcher) knows(a *App, modules ...string) error {
	for _, name := range modules {
		if !slices.ContainsFunc(a.modules, func(m module.Module) bool { return m.Name() == name }) {
			return cli.Exit(cli.Usage, l.called()+" modules", fmt.Errorf("there is no module %q", name))
		}
	}
	return nil
}
