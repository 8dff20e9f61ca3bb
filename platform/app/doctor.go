package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/platform/cli"
	"github.com/banyan-go/banyan/platform/db/doctor"
	"github.com/banyan-go/banyan/platform/db/querystat"
	"github.com/banyan-go/banyan/platform/httpserver"
)

// maxSnapshot bounds what the doctor reads: some thousand statements.
const maxSnapshot = 64 << 20

func (l *launcher) doctor() *cobra.Command {
	var ops, from, save string
	c := command("doctor", "Say what the statements of a running process ask for: indexes, batches, limits; exit 3 when there is something",
		fmt.Sprintf("  %[1]s doctor\n  %[1]s doctor --ops http://10.0.0.7:9090 --save queries.json\n  %[1]s doctor --from queries.json --json", l.called()),
		func(cmd *cobra.Command, _ []string) error {
			if from != "" && (ops != "" || save != "") {
				return cli.Exit(cli.Usage, cmd.CommandPath()+" --help", errors.New("--from reads a file: --ops and --save are for a running process"))
			}
			a, err := l.connectable()
			if err != nil {
				return err
			}
			snap, err := l.snapshot(cmd.Context(), a, ops, l.file(from), l.file(save))
			if err != nil {
				return err
			}
			if snap.Dialect != a.platform.DB.Dialect() {
				return cli.Exit(cli.Config, l.next("config show --origin db.driver"),
					fmt.Errorf("the statements are those of a process on %q, and db.driver is %s: choose its profile", snap.Dialect, a.platform.DB.Dialect()))
			}
			report, err := l.examine(cmd.Context(), a, snap)
			if err != nil {
				return err
			}
			if err := l.Print(report, func(w io.Writer) { tellFindings(w, report) }); err != nil {
				return err
			}
			for _, what := range report.Unexplained {
				l.Warn("no plan for " + what)
			}
			if len(report.Findings) > 0 {
				return cli.Exit(cli.Findings, "", nil)
			}
			l.Note("ok: %d statements of %d routes since %s", report.Shapes, report.Routes, snap.Since.Local().Format(time.DateTime))
			return nil
		})
	c.Flags().StringVar(&ops, "ops", "", "`URL` of the ops listener of a process; without it the one that this configuration makes on this machine")
	c.Flags().StringVar(&from, "from", "", "`FILE` that --save has written, and not a running process")
	c.Flags().StringVar(&save, "save", "", "keep what the process says in `FILE`")
	return l.Data(c)
}

// snapshot reads the statistics from where they are.
func (l *launcher) snapshot(ctx context.Context, a *App, ops, from, save string) (snap querystat.Snapshot, err error) {
	var text []byte
	if from != "" {
		text, err = os.ReadFile(from)
	} else {
		text, err = l.fetchQueries(ctx, a, ops)
	}
	if err != nil {
		return snap, err
	}
	if err := json.Unmarshal(text, &snap); err != nil || snap.Since.IsZero() {
		return snap, errors.Join(errors.New("these are no statistics of statements"), err)
	}
	if save != "" {
		if err := os.WriteFile(save, text, 0o600); err != nil {
			return snap, err
		}
		l.Note("saved %s", save)
	}
	return snap, nil
}

// fetchQueries asks a process, with the token of http.ops_token when it is not on this machine.
func (l *launcher) fetchQueries(ctx context.Context, a *App, ops string) ([]byte, error) {
	if ops == "" {
		ops = "http://" + a.opsHost()
	}
	at, err := url.JoinPath(ops, httpserver.QueriesPath)
	if err != nil || !strings.Contains(ops, "://") {
		return nil, cli.Exit(cli.Usage, l.next("doctor --ops http://127.0.0.1:9090"), fmt.Errorf("--ops %s is no URL", ops))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, err
	}
	if token := a.platform.cfg.HTTP.OpsToken; token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second} // and no proxy, whatever the environment says
	resp, err := client.Do(req)
	if err != nil {
		return nil, cli.Exit(cli.Down, l.next("serve")+", or --ops URL of the ops listener", err)
	}
	defer resp.Body.Close() //nolint:errcheck // it has been read, or nobody wants it
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxSnapshot))
	switch {
	case err != nil:
		return nil, err
	case resp.StatusCode == http.StatusForbidden:
		return nil, cli.Exit(cli.Failure, "set http.ops_token there and here", fmt.Errorf("%s: %s", at, strings.TrimSpace(string(text))))
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%s: %s", at, resp.Status)
	}
	return text, nil
}

// examine looks at the statements, with the plans of the database that this configuration names.
func (l *launcher) examine(ctx context.Context, a *App, snap querystat.Snapshot) (report doctor.Report, err error) {
	o := doctor.Options{Explain: a.platform.DB.Explain, Slow: a.platform.cfg.DB.Slow, Now: a.platform.Clock.Now()}
	for _, m := range a.modules {
		o.Modules = append(o.Modules, m.Name())
	}
	there, err := a.platform.DB.Exists()
	if err != nil {
		return report, err
	}
	if !there {
		return report, cli.Exit(cli.Down, l.next("migrate up"), errors.New("the database is not there, which tells how it runs the statements"))
	}
	return report, withDatabase(ctx, a, func(ctx context.Context) error {
		report, err = doctor.Examine(ctx, snap, o)
		return err
	})
}

// tellFindings writes findings for people.
func tellFindings(w io.Writer, r doctor.Report) {
	for i, f := range r.Findings {
		level := "WARN"
		if f.Fails {
			level = "FAIL"
		}
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s  %-9s  %s\n", level, f.Check, f.What)
		line := func(name, text string) {
			if text != "" {
				fmt.Fprintf(w, "      %-9s  %s\n", name, text)
			}
		}
		line("routes", strings.Join(f.Routes, ", "))
		line("at", strings.Join(f.At, ", by "))
		line("sql", f.SQL)
		for _, step := range f.Plan {
			line("plan", step)
		}
		line("fix", f.Fix)
		for _, m := range f.Migrations {
			fmt.Fprintf(w, "\n      %s\n", m.File)
			for text := range strings.Lines(m.Text) {
				fmt.Fprintln(w, strings.TrimRight("        "+text, " \n"))
			}
		}
	}
}
