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
)

// destroys asks before something that cannot be undone, in mode prod: the rows of other modes are there to be thrown away.
func (l *launcher) destroys(cmd *cobra.Command, question string) error {
	if l.mode != config.Prod {
		return nil
	}
	return l.Confirm(cmd, "this is mode prod: "+question)
}

func (l *launcher) db() *cobra.Command {
	return cli.Group("db", "Work with the data", l.seed(), l.reset(), l.shell(), l.indexes())
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
				return l.stateOf(err)
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
	if err := db.Fit(all); err != nil && l.mode != config.Dev { // which migrates first
		return l.stateOf(err)
	}
	var names []string
	for _, s := range seeders {
		names = append(names, s.module)
	}
	l.Note("it would add %d rows to each resource of %s; nothing was written", rows, strings.Join(slices.Compact(names), ", "))
	return nil
}

func (l *launcher) reset() *cobra.Command {
	reset := command("reset", "Drop every table and migrate from the start; all rows are gone", "  "+l.called()+" "+resetCommand, func(cmd *cobra.Command, _ []string) error {
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
			return cli.Exit(cli.Down, l.next("serve"), err)
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
