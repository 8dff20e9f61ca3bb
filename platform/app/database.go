package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

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
	// run opens the database and prints what fn returns, also beside an error.
	run := func(cmd *cobra.Command, empty string, fn func(context.Context, *db.Migrator) ([]db.Migration, error), modules ...string) error {
		a, err := l.connectable()
		if err == nil {
			err = l.knows(a, modules...)
		}
		if err != nil {
			return err
		}
		var failure error
		if err := withDatabase(cmd.Context(), a, func(ctx context.Context) error {
			done, err := fn(ctx, a.migrator)
			failure = err
			return l.print(rowsOf(done), func(w io.Writer) {
				if len(done) == 0 && err == nil {
					fmt.Fprintln(l.proc.Err, empty)
				}
				var lines [][]string
				for _, m := range done {
					lines = append(lines, []string{string(m.State), m.String()})
				}
				table(w, lines...)
			})
		}); err != nil {
			return err
		}
		return failure
	}
	up := command("up", "Apply what is pending", "  "+l.name+" migrate up", func(cmd *cobra.Command, _ []string) error {
		return run(cmd, "nothing is pending", func(ctx context.Context, m *db.Migrator) ([]db.Migration, error) { return m.Up(ctx) })
	})
	var module string
	down := command("down --module NAME", "Take back the last migration of a module", "  "+l.name+" migrate down --module catalog", func(cmd *cobra.Command, _ []string) error {
		return run(cmd, "nothing is applied", func(ctx context.Context, m *db.Migrator) ([]db.Migration, error) {
			done, err := m.Down(ctx, module)
			if errors.Is(err, db.ErrUnknown) && l.mode == config.Dev {
				err = exit(exitFailure, l.name+resetCommand, err)
			}
			for i := range done {
				done[i].State = db.Pending
			}
			return done, err
		}, module)
	})
	down.Flags().StringVar(&module, "module", "", "the module")
	_ = down.MarkFlagRequired("module") // the flag is there: the line above
	status := command("status", "List the migrations; exit 6 when some are pending", "  "+l.name+" migrate status --json", func(cmd *cobra.Command, _ []string) error {
		var pending int
		err := run(cmd, "there are no migrations", func(ctx context.Context, m *db.Migrator) ([]db.Migration, error) {
			all, err := m.Status(ctx)
			for _, mig := range all {
				if mig.State == db.Pending {
					pending++
				}
			}
			l.warn(unknown(all, l.name, l.mode))
			return all, err
		})
		if err == nil && pending > 0 {
			return exit(exitConflict, l.name+" migrate up", fmt.Errorf("pending migrations: %d", pending))
		}
		return err
	})
	return group("migrate", "Change the schema of the database", up, down, status)
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
			return exit(exitUsage, l.name+" modules", fmt.Errorf("there is no module %q", name))
		}
	}
	return nil
}

func (l *launcher) db() *cobra.Command {
	var rows int
	var modules []string
	var yes bool
	seed := command("seed", "Add invented rows", fmt.Sprintf("  %[1]s db seed --rows 1000\n  %[1]s db seed --rows 50 --module catalog", l.name), func(cmd *cobra.Command, _ []string) error {
		if rows < 1 {
			return exit(exitUsage, cmd.CommandPath()+" --rows 1000", fmt.Errorf("--rows is %d, want 1 or more", rows))
		}
		if l.mode == config.Prod && !yes {
			return exit(exitUsage, cmd.CommandPath()+" --yes", errors.New("this is mode prod: invented rows among real ones are hard to find again"))
		}
		a, err := l.writable()
		if err == nil {
			err = l.knows(a, modules...)
		}
		if err != nil {
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
				return exit(exitConflict, l.name+" migrate up", err)
			}
			seeded, err := a.Seed(ctx, rows, modules...)
			if errors.Is(err, keyring.ErrNoKeys) {
				return exit(exitConfig, l.name+" keys new", err)
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(l.proc.Err, "added %d rows to each resource of %s in %s\n", rows, strings.Join(seeded, ", "), time.Since(began).Round(time.Millisecond))
			return nil
		})
	})
	seed.Flags().IntVar(&rows, "rows", 100, "rows for each resource")
	seed.Flags().StringSliceVar(&modules, "module", nil, "only these modules")
	seed.Flags().BoolVar(&yes, "yes", false, "also in mode prod")
	return group("db", "Work with the data", seed, l.reset())
}

func (l *launcher) reset() *cobra.Command {
	return command("reset", "Drop every table and migrate from the start, in mode dev alone", "  "+l.name+resetCommand, func(cmd *cobra.Command, _ []string) error {
		if l.mode != config.Dev {
			return exit(exitUsage, l.name+resetCommand, fmt.Errorf("this is mode %s: only in mode dev are rows there to be thrown away", l.mode))
		}
		a, err := l.connectable()
		if err != nil {
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
			fmt.Fprintf(l.proc.Err, "the database is empty, and has %d migrations\n", len(done))
			return nil
		})
	})
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
	return command("healthcheck", "Ask the running process whether it is ready; for images without a shell", "  "+l.name+" healthcheck", func(cmd *cobra.Command, _ []string) error {
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
			return exit(exitDown, l.name+" serve", err)
		}
		defer resp.Body.Close() //nolint:errcheck // read below, or not at all
		body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
		if err != nil {
			return err
		}
		fmt.Fprintln(l.proc.Out, strings.TrimSpace(string(body)))
		if resp.StatusCode != http.StatusOK {
			return exit(exitFailure, "", fmt.Errorf("not ready: %s", resp.Status))
		}
		return nil
	})
}
