package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/platform/cli"
	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/keyring"
	"github.com/banyan-go/banyan/platform/module"
)

func (l *launcher) migrate() *cobra.Command {
	type row struct {
		Module  string `json:"module"`
		Version int64  `json:"version"`
		Name    string `json:"name"`
		State   string `json:"state"`
	}
	rowsOf := func(ms []db.Migration) []row {
		rows := []row{}
		for _, m := range ms {
			rows = append(rows, row{m.Module, m.Version, m.Name, string(m.State)})
		}
		return rows
	}
	// run does something with the migrations and prints what that returns, also beside an error.
	run := func(cmd *cobra.Command, empty string, fn func(ctx context.Context, a *App) ([]db.Migration, error), modules ...string) error {
		a, err := l.connectable()
		if err == nil {
			err = l.knows(a, modules...)
		}
		if err != nil {
			return err
		}
		done, failure := fn(cmd.Context(), a)
		if len(done) == 0 && failure != nil {
			return failure
		}
		if l.DryRun && len(done) > 0 {
			defer l.Note("nothing was written")
		}
		return errors.Join(l.Print(rowsOf(done), func(w io.Writer) {
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
	up := command("up", "Apply what is pending", "  "+l.called()+" migrate up", func(cmd *cobra.Command, _ []string) error {
		return run(cmd, "nothing is pending", func(ctx context.Context, a *App) (done []db.Migration, err error) {
			if l.DryRun {
				done, err = a.migrations(ctx)
				return slices.DeleteFunc(done, func(m db.Migration) bool { return m.State != db.Pending }), err
			}
			return done, withDatabase(ctx, a, func(ctx context.Context) error {
				done, err = a.migrator.Up(ctx)
				return err
			})
		})
	})
	var module string
	down := command("down --module NAME", "Take back the last migration of a module", "  "+l.called()+" migrate down --module catalog", func(cmd *cobra.Command, _ []string) error {
		return run(cmd, "nothing is applied", func(ctx context.Context, a *App) (done []db.Migration, err error) {
			done, err = a.down(ctx, module, l.DryRun, func(last db.Migration) error {
				return l.destroys(cmd, "take back "+last.String()+" and lose what it made room for")
			})
			if errors.Is(err, db.ErrUnknown) && l.mode == config.Dev {
				err = cli.Exit(cli.Failure, l.called()+resetCommand, err)
			}
			return done, err
		}, module)
	})
	down.Flags().StringVar(&module, "module", "", "the module")
	_ = down.MarkFlagRequired("module") // the flag is there: the line above
	l.completeModules(down, "module")
	status := command("status", "List the migrations; exit 6 when some are pending", "  "+l.called()+" migrate status --json", func(cmd *cobra.Command, _ []string) error {
		var pending int
		err := run(cmd, "there are no migrations", func(ctx context.Context, a *App) ([]db.Migration, error) {
			all, err := a.migrations(ctx)
			for _, mig := range all {
				if mig.State == db.Pending {
					pending++
				}
			}
			l.Warn(unknown(all, l.called(), l.mode))
			return all, err
		})
		if err == nil && pending > 0 {
			return cli.Exit(cli.Conflict, l.called()+" migrate up", fmt.Errorf("pending migrations: %d", pending))
		}
		return err
	})
	return cli.Group("migrate", "Change the schema of the database",
		l.Data(l.Writes(up, "list what it would apply, and apply nothing")),
		l.Data(l.Asks(l.Writes(down, "name what it would take back, and change nothing"))),
		l.Data(status))
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

// down takes back the last migration of a module once that is confirmed, or, dry, only says which that is.
func (a *App) down(ctx context.Context, module string, dry bool, confirmed func(db.Migration) error) (done []db.Migration, err error) {
	if there, err := a.platform.DB.Exists(); !there || err != nil {
		return nil, err
	}
	return done, withDatabase(ctx, a, func(ctx context.Context) error {
		if done, err = a.migrator.Last(ctx, module); dry || err != nil || len(done) == 0 {
			return err
		}
		if err = confirmed(done[0]); err != nil {
			done = nil
			return err
		}
		done, err = a.migrator.Down(ctx, module)
		for i := range done {
			done[i].State = db.Pending
		}
		return err
	})
}

// destroys asks before something that cannot be undone, in mode prod: the rows of other modes are there to be thrown away.
func (l *launcher) destroys(cmd *cobra.Command, question string) error {
	if l.mode != config.Prod {
		return nil
	}
	return l.Confirm(cmd, "this is mode prod: "+question)
}

// resetCommand is what is behind the name of the program in the command that starts afresh.
const resetCommand = " db reset --mode dev"

// unknown says which migrations the database has and the program has not, and what to do about it; "" when there is none.
func unknown(all []db.Migration, name string, mode config.Mode) string {
	var names []string
	for _, m := range all {
		if m.State == db.Unknown {
			names = append(names, m.String())
		}
	}
	switch {
	case len(names) == 0:
		return ""
	case mode == config.Dev:
		return fmt.Sprintf("the database has migrations that this program does not have, thrown away or of another branch: %s\n"+
			"  go back to the code that has them and take them back there: %[2]s migrate down --module NAME --mode dev\n"+
			"  or start afresh without the rows: %[2]s%[3]s", strings.Join(names, ", "), name, resetCommand)
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

func (l *launcher) db() *cobra.Command {
	return cli.Group("db", "Work with the data", l.seed(), l.reset())
}

func (l *launcher) seed() *cobra.Command {
	var rows int
	var modules []string
	seed := command("seed", "Add invented rows", fmt.Sprintf("  %[1]s db seed --rows 1000\n  %[1]s db seed --rows 50 --module catalog", l.called()), func(cmd *cobra.Command, _ []string) error {
		if rows < 1 {
			return cli.Exit(cli.Usage, cmd.CommandPath()+" --rows 1000", fmt.Errorf("--rows is %d, want 1 or more", rows))
		}
		a, err := l.writable()
		if err == nil {
			err = l.knows(a, modules...)
		}
		if err != nil {
			return err
		}
		if l.DryRun {
			return l.seedDry(cmd.Context(), a, rows, modules)
		}
		if err := l.destroys(cmd, "add invented rows, which are hard to find again among real ones"); err != nil {
			return err
		}
		began := time.Now()
		return withDatabase(cmd.Context(), a, func(ctx context.Context) error {
			if l.mode == config.Dev {
				if err := a.migrate(ctx); err != nil {
					return err
				}
			}
			if err := a.migrator.Ready(ctx); err != nil {
				return l.behind(err)
			}
			seeded, err := a.Seed(ctx, rows, modules...)
			if errors.Is(err, keyring.ErrNoKeys) {
				return cli.Exit(cli.Config, l.called()+" keys new", err)
			}
			if err != nil {
				return err
			}
			l.Note("added %d rows to each resource of %s in %s", rows, strings.Join(seeded, ", "), time.Since(began).Round(time.Millisecond))
			return nil
		})
	})
	seed.Flags().IntVar(&rows, "rows", 100, "rows for each resource")
	seed.Flags().StringSliceVar(&modules, "module", nil, "only these modules")
	l.completeModules(seed, "module")
	return l.Asks(l.Writes(seed, "say where it would add rows, and add none"))
}

// seedDry says what seed would do, and fails where it would.
func (l *launcher) seedDry(ctx context.Context, a *App, rows int, modules []string) error {
	seeders, err := a.seeders(modules)
	if err != nil {
		return err
	}
	all, err := a.migrations(ctx)
	if err != nil {
		return err
	}
	if err := db.Behind(all); err != nil && l.mode != config.Dev { // which migrates first
		return l.behind(err)
	}
	var names []string
	for _, s := range seeders {
		names = append(names, s.module)
	}
	l.Note("it would add %d rows to each resource of %s; nothing was written", rows, strings.Join(slices.Compact(names), ", "))
	return nil
}

func (l *launcher) behind(err error) error {
	return cli.Exit(cli.Conflict, l.called()+" migrate up", err)
}

func (l *launcher) reset() *cobra.Command {
	reset := command("reset", "Drop every table and migrate from the start; all rows are gone", "  "+l.called()+resetCommand, func(cmd *cobra.Command, _ []string) error {
		a, err := l.connectable()
		if err != nil {
			return err
		}
		if l.DryRun {
			return l.resetDry(cmd.Context(), a)
		}
		if err := l.destroys(cmd, "drop every table with all rows"); err != nil {
			return err
		}
		return withDatabase(cmd.Context(), a, func(ctx context.Context) error {
			if err := a.migrator.Reset(ctx); err != nil {
				return err
			}
			done, err := a.migrator.Up(ctx)
			if err != nil {
				return err
			}
			l.Note("the database is empty, and has %d migrations", len(done))
			return nil
		})
	})
	return l.Asks(l.Writes(reset, "name the tables that it would drop, and drop none"))
}

// resetDry says what reset would do.
func (l *launcher) resetDry(ctx context.Context, a *App) error {
	there, err := a.platform.DB.Exists()
	if err != nil {
		return err
	}
	tables := []string{}
	if there {
		if err := withDatabase(ctx, a, func(ctx context.Context) error {
			tables, err = a.migrator.Tables(ctx)
			return err
		}); err != nil {
			return err
		}
	}
	l.Note("it would drop %d tables (%s) and apply %d migrations; nothing was written", len(tables), strings.Join(tables, ", "), len(a.migrator.Files()))
	return nil
}

// opsHost returns where a process with this configuration has its ops listener, as seen from its own machine.
func (a *App) opsHost() string {
	host, port, err := net.SplitHostPort(a.platform.cfg.HTTP.OpsAddr.Or("127.0.0.1:9090"))
	if ip := net.ParseIP(host); err != nil || host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

func (l *launcher) healthcheck() *cobra.Command {
	return l.Data(command("healthcheck", "Ask the running process whether it is ready; for images without a shell", "  "+l.called()+" healthcheck", func(cmd *cobra.Command, _ []string) error {
		a, err := l.describe()
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), 5*time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+a.opsHost()+"/readyz", nil)
		if err != nil {
			return err
		}
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // and no proxy, whatever the environment says
		resp, err := client.Do(req)
		if err != nil {
			return cli.Exit(cli.Down, l.called()+" serve", err)
		}
		defer resp.Body.Close() //nolint:errcheck // read below, or not at all
		body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
		if err != nil {
			return err
		}
		text := strings.TrimSpace(string(body))
		if err := l.Print(json.RawMessage(text), func(w io.Writer) { fmt.Fprintln(w, text) }); err != nil {
			return err
		}
		if resp.StatusCode != http.StatusOK {
			return cli.Exit(cli.Failure, "", fmt.Errorf("not ready: %s", resp.Status))
		}
		return nil
	}))
}
