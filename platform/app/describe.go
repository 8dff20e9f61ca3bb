package app

import (
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/platform/cli"
	"github.com/banyan-go/banyan/platform/keyring"
	"github.com/banyan-go/banyan/platform/unit"
)

func (l *launcher) routes() *cobra.Command {
	type row struct {
		Method  string `json:"method"`
		Path    string `json:"path"`
		ID      string `json:"operation_id"`
		Auth    string `json:"auth"`
		Anybody bool   `json:"anybody"` // Auth may be missing
		Summary string `json:"summary"`
		Raw     bool   `json:"raw"`
	}
	return l.Data(command("routes", "List the operations", "  "+l.called()+" routes --json", func(*cobra.Command, []string) error {
		a, err := l.describe()
		if err != nil {
			return err
		}
		rows := []row{}
		for _, m := range a.operations.Mounted() {
			rows = append(rows, row{m.Method, m.FullPath, m.Op.ID, string(m.Op.Auth), m.Op.Allow.ForAnybody(), m.Op.Summary, m.IsRaw()})
		}
		return l.Print(rows, func(w io.Writer) {
			lines := [][]string{{"METHOD", "PATH", "OPERATION", "AUTH"}}
			for _, r := range rows {
				auth, _, _ := strings.Cut(r.Auth, ":")
				if r.Anybody {
					auth += ", or nobody"
				}
				lines = append(lines, []string{r.Method, r.Path, r.ID, auth})
			}
			l.Table(w, lines...)
		})
	}))
}

func (l *launcher) modules() *cobra.Command {
	type row struct {
		Name       string `json:"name"`
		Operations int    `json:"operations"`
	}
	return l.Data(command("modules", "List the modules", "  "+l.called()+" modules", func(*cobra.Command, []string) error {
		a, err := l.describe()
		if err != nil {
			return err
		}
		rows := []row{}
		for _, m := range a.modules {
			r := row{Name: m.Name()}
			for _, o := range a.operations.Mounted() {
				if o.Module == m.Name() {
					r.Operations++
				}
			}
			rows = append(rows, r)
		}
		return l.Print(rows, func(w io.Writer) {
			lines := [][]string{{"MODULE", "OPERATIONS"}}
			for _, r := range rows {
				lines = append(lines, []string{r.Name, strconv.Itoa(r.Operations)})
			}
			l.Table(w, lines...)
		})
	}))
}

func (l *launcher) openapi() *cobra.Command {
	return l.Data(command("openapi", "Print the OpenAPI 3.1 document", "  "+l.called()+" openapi > openapi.json", func(*cobra.Command, []string) error {
		a, err := l.describe()
		if err != nil {
			return err
		}
		document, err := a.Document()
		if err != nil {
			return err
		}
		_, err = l.proc.Out.Write(append(document, '\n'))
		return err
	}))
}

func (l *launcher) about() *cobra.Command {
	return l.Data(command("about", "Say what this program is and what it has chosen", "  "+l.called()+" about --json", func(*cobra.Command, []string) error {
		a, err := l.describe()
		if err != nil {
			return err
		}
		cfg, env := a.platform.cfg, a.platform.env
		memory := "unlimited"
		if limit := cfg.limitMemory(); limit > 0 {
			memory = (limit / unit.MiB * unit.MiB).String()
		}
		facts := [][2]string{
			{"name", env.Name}, {"version", env.Version}, {"go", runtime.Version()},
			{"profile", env.Profile}, {"phase", strconv.Itoa(cfg.Phase)}, {"mode", string(env.Mode)},
			{"database", a.platform.DB.Dialect()}, {"db.pool.max_open", strconv.Itoa(a.platform.DB.MaxOpen())}, {"db.pool.share", strconv.Itoa(a.platform.DB.Share())},
			{"cpus", strconv.Itoa(runtime.GOMAXPROCS(0))}, {"memory_limit", memory},
			{"modules", strconv.Itoa(len(a.modules))}, {"operations", strconv.Itoa(len(a.operations.Mounted()))},
		}
		data := map[string]string{}
		for _, f := range facts {
			data[f[0]] = f[1]
		}
		return l.Print(data, func(w io.Writer) {
			var lines [][]string
			for _, f := range facts {
				lines = append(lines, f[:])
			}
			l.Table(w, lines...)
		})
	}))
}

func (l *launcher) version() *cobra.Command {
	return l.Data(command("version", "Print the version", "  "+l.called()+" version", func(*cobra.Command, []string) error {
		return l.Print(map[string]string{"name": l.name, "version": version(), "go": runtime.Version()}, func(w io.Writer) {
			fmt.Fprintln(w, l.name, version(), runtime.Version())
		})
	}))
}

func (l *launcher) config() *cobra.Command {
	var origin bool
	show := command("show [KEY...]", "Print the effective settings, secrets masked", fmt.Sprintf("  %[1]s config show\n  %[1]s config show --origin db http.body_limit", l.called()), func(_ *cobra.Command, args []string) error {
		loaded, err := l.settings()
		if err != nil {
			return err
		}
		for _, key := range args {
			if len(loaded.Settings(key)) == 0 {
				err := fmt.Errorf("there is no setting %q", key)
				if near := loaded.Nearest(key); near != "" {
					err = fmt.Errorf("%w, did you mean %s?", err, near)
				}
				return cli.Exit(cli.Usage, l.next("config show"), err)
			}
		}
		type row struct {
			Key     string `json:"key"`
			Value   string `json:"value"`
			Origin  string `json:"origin"`
			Default string `json:"default"`
			Secret  bool   `json:"secret"`
			Doc     string `json:"doc"`
		}
		var rows []row
		for _, s := range loaded.Settings(args...) {
			rows = append(rows, row{s.Key, s.Value, s.Origin, s.Default, s.Secret, s.Doc})
		}
		return l.Print(rows, func(w io.Writer) {
			var lines [][]string
			for _, r := range rows {
				line := []string{r.Key, r.Value}
				if origin {
					line = append(line, r.Origin)
				}
				lines = append(lines, line)
			}
			l.Table(w, lines...)
		})
	})
	show.Args = cobra.ArbitraryArgs
	show.ValidArgsFunction = cli.Complete(l.keysOfSettings)
	show.Flags().BoolVar(&origin, "origin", false, "say where each value comes from")
	schema := command("schema", "Print a JSON Schema of the configuration's files, for editors", "  "+l.called()+" config schema > settings.schema.json", func(*cobra.Command, []string) error {
		document, err := l.schema()
		if err != nil {
			return err
		}
		_, err = l.proc.Out.Write(document)
		return err
	})
	return cli.Group("config", "Show the configuration, compare it, describe it", l.Data(show), l.configDiff(), l.Data(schema))
}

func (l *launcher) keys() *cobra.Command {
	return cli.Group("keys", "Make keys", l.Data(command("new", "Print a new key for APP_KEYS; of several the first one signs, and all verify", fmt.Sprintf("  export APP_KEYS=$(%[1]s keys new)\n  export APP_KEYS=$(%[1]s keys new),$APP_KEYS   # rotate", l.called()), func(*cobra.Command, []string) error {
		key := keyring.NewKey()
		return l.Print(map[string]string{"key": key}, func(w io.Writer) { fmt.Fprintln(w, key) })
	})))
}
