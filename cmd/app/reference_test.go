package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/configs"
	"github.com/banyan-go/banyan/modules"
	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/app"
	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/cli/clitest"
	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/httpserver"
	"github.com/banyan-go/banyan/platform/keyring"
	"github.com/banyan-go/banyan/platform/ratelimit"
	"github.com/banyan-go/banyan/platform/servertest"
	"github.com/banyan-go/banyan/platform/telemetry"
	"github.com/banyan-go/banyan/platform/unit"
)

// The pages of docs/reference that say what the application knows of itself. They are rendered here, and compared with the files;
// BANYAN_UPDATE=1 writes them.

const referenceFolder = "../../docs/reference"

// compare fails the test unless a page of the reference is what was rendered.
func compare(t *testing.T, name, rendered string) {
	t.Helper()
	path := filepath.Join(referenceFolder, name)
	rendered = strings.TrimRight(rendered, "\n") + "\n"
	if os.Getenv("BANYAN_UPDATE") == "1" {
		if err := os.WriteFile(path, []byte(rendered), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != rendered {
		t.Errorf("%s is not what the code says; write it with BANYAN_UPDATE=1 go test -run TestReference ./cmd/app", path)
	}
}

const rendered = "This page is written by `BANYAN_UPDATE=1 go test -run TestReference ./cmd/app`.\n\n"

// cell writes text into a table of Markdown.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "<", `\<`).Replace(text)
}

func TestReferenceCommands(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	compare(t, "cli-app.md", clitest.Reference("Commands of the application",
		"One binary, in development and in production; `banyan X` runs its command X from the source, in mode dev.\n"+rendered+
			"Data goes to standard output, with `--json` as JSON; everything else to standard error. An error is followed by the next step. What writes\n"+
			"takes `--dry-run`. In mode prod, what cannot be undone asks on a terminal; elsewhere it wants `--yes`.", m.help))
}

// help returns the help that a command prints.
func (m *machine) help(args ...string) string {
	m.t.Helper()
	code, text := m.run(args...)
	if code != 0 {
		m.t.Fatal(text)
	}
	return text
}

// What the help shows as examples works when it is typed.
func TestExamplesOfTheHelp(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "APP_MODE=dev")
	p := m.serve() // for healthcheck
	m.environ = append(m.environ, "APP="+os.Args[0], "APP_HTTP__OPS_ADDR="+strings.TrimPrefix(p.ops.URL, "http://"))
	var lines []string
	for _, command := range append(clitest.ReadHelp(m.help("help", "all")).Commands(), nil) {
		lines = append(lines, clitest.ReadHelp(m.help(append(command, "--help")...)).Examples...)
	}
	if err := os.WriteFile(filepath.Join(m.dir, "question.sql"), []byte("SELECT 1;\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	try := func(line string) {
		cmd := exec.CommandContext(t.Context(), "sh", "-ec", `app() { "$APP" "$@"; }; app migrate up; `+strings.ReplaceAll(line, "http://10.0.0.7:9090", p.ops.URL))
		cmd.Dir, cmd.Env, cmd.Stdin = m.dir, m.environ, strings.NewReader("SELECT 1;\n")
		out, err := cmd.CombinedOutput()
		if failed, ok := errors.AsType[*exec.ExitError](err); ok && failed.ExitCode() == 3 && strings.HasPrefix(line, "app doctor") {
			return // it has found something
		}
		if err != nil {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
	}
	var last []string
	for _, line := range lines {
		switch {
		case strings.HasPrefix(line, "app serve "), strings.Contains(line, "app completion "):
			// The one does not end, the other is for a shell; their flags and words are those of other tests.
		case strings.HasPrefix(line, "app limits reset "), strings.HasPrefix(line, "app sessions revoke 5f"), strings.HasPrefix(line, "app cache purge "):
			// What they name is not there: a count in Redis, a session, a cache that processes share.
		case strings.HasPrefix(line, "app backup restore "):
			last = append(last, line) // which wants a database that nobody uses
		default:
			try(line)
		}
	}
	p.stop()
	for _, line := range last {
		try(line)
	}
}

func TestReferenceConfiguration(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("# Settings\n\n" + rendered +
		"From low to high: built-in values, `configs/base.yaml`, `configs/profiles/<profile>.yaml`, `configs/local.yaml` (mode dev only), the environment, `--set key=value`.\n" +
		"The variable of `db.pool.max_open` is `APP_DB__POOL__MAX_OPEN`; with `_FILE` behind it, it names a file that holds the value, which is the way for secrets.\n" +
		"`PORT` sets `http.addr`, `DATABASE_URL` sets `db.dsn`; `APP_PROFILE` and `APP_MODE` are the flags `--profile` and `--mode`; `APP_KEYS` or `APP_KEYS_FILE` hold the\n" +
		"keys, see `app keys new`. `app config show --origin` says what is in force, and where it comes from.\n\n" +
		"A *duration* has a unit: `10s`, `1m30s`, `200ms`; a day is `24h`. A *size* is in powers of two: `512B`, `64KiB`, `4MiB`, `1GiB`. A *list* is written with commas in\n" +
		"the environment and with `--set`, and with `[ ]` in a file.\n")
	section := ""
	types := settingTypes(t, reflect.TypeFor[Config](), "")
	cfg := Config{Config: app.Default(), Modules: modules.Default()}
	loaded, err := config.Load(&cfg, config.Options{Set: []string{"limits.rules.accounts.login=20 per 15m"}}) // those without a name are no settings
	if err != nil {
		t.Fatal(err)
	}
	types["limits.rules.accounts.login"] = "rule"
	settings := loaded.Settings()
	slices.SortStableFunc(settings, func(a, b config.Setting) int { return strings.Compare(head(a.Key), head(b.Key)) })
	for _, s := range settings {
		if s.Doc == "" {
			t.Errorf("%s says nothing of what it is (the tag doc)", s.Key)
		}
		if head := head(s.Key); head != section {
			section = head
			fmt.Fprintf(&b, "\n## %s\n\n| key | type | default | |\n|---|---|---|---|\n", section)
		}
		byDefault, doc := "`"+s.Default+"`", s.Doc
		if s.Default == "" {
			byDefault = "empty"
		}
		if s.Secret {
			doc += " Secret."
			if s.Default != "" {
				byDefault = "set"
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.Key, types[s.Key], byDefault, cell(doc))
	}
	b.WriteString("\n## Profiles\n\nWhat each of them sets:\n")
	for _, profile := range profiles(t) {
		fmt.Fprintf(&b, "\n- **%s**: %s\n", profile, strings.Join(setBy(t, profile), ", "))
	}
	compare(t, "configuration.md", b.String())
}

// head returns the section of a key.
func head(key string) string {
	if section, _, nested := strings.Cut(key, "."); nested {
		return section
	}
	return "General" // which comes before every section
}

// profiles returns the names of those that are compiled in.
func profiles(t *testing.T) (names []string) {
	t.Helper()
	files, err := fs.Glob(configs.Files, "profiles/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no profiles: %v", err)
	}
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".yaml"))
	}
	return names
}

// setBy returns what a profile sets.
func setBy(t *testing.T, profile string) (set []string) {
	t.Helper()
	cfg := Config{Config: app.Default(), Modules: modules.Default()}
	loaded, err := config.Load(&cfg, config.Options{Embedded: configs.Files, Profile: profile})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range loaded.Settings() {
		if strings.HasPrefix(s.Origin, "embedded:profiles/") {
			set = append(set, "`"+s.Key+": "+cmp.Or(s.Value, `""`)+"`")
		}
	}
	return set
}

// settingTypes returns what each key takes, in words.
func settingTypes(t *testing.T, of reflect.Type, prefix string) map[string]string {
	t.Helper()
	words := map[reflect.Type]string{
		reflect.TypeFor[string]():                    "text",
		reflect.TypeFor[int]():                       "whole number",
		reflect.TypeFor[bool]():                      "true or false",
		reflect.TypeFor[time.Duration]():             "duration",
		reflect.TypeFor[unit.Bytes]():                "size",
		reflect.TypeFor[unit.Auto[string]]():         "auto or text",
		reflect.TypeFor[unit.Auto[int]]():            "auto or whole number",
		reflect.TypeFor[unit.Auto[unit.Bytes]]():     "auto or size",
		reflect.TypeFor[unit.Auto[time.Duration]]():  "auto or duration",
		reflect.TypeFor[float64]():                   "number",
		reflect.TypeFor[[]string]():                  "list of texts",
		reflect.TypeFor[[]httpserver.Proxy]():        "list of addresses",
		reflect.TypeFor[telemetry.Format]():          "auto, json or text",
		reflect.TypeFor[slog.Level]():                "debug, info, warn or error",
		reflect.TypeFor[ratelimit.Rule]():            "rule",
		reflect.TypeFor[map[string]ratelimit.Rule](): "names with rules",
	}
	types := map[string]string{}
	for field := range of.Fields() {
		name, squash, _ := strings.Cut(field.Tag.Get("config"), ",")
		if name == "-" {
			continue // no setting
		}
		key := strings.Trim(prefix+"."+name, ".")
		switch word := words[field.Type]; {
		case word != "":
			types[key] = word
		case field.Type.Kind() == reflect.Struct && (name != "" || squash != ""):
			maps.Copy(types, settingTypes(t, field.Type, key))
		default:
			t.Errorf("say here in words what %s takes: %s", key, field.Type)
		}
	}
	return types
}

func TestReferenceProblems(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("# Problems\n\nEvery error of the server is an `application/problem+json` body (RFC 9457). Its `type` is one of these; the application serves a page for each at that address.\n" +
		"Its `code` says what is wrong in particular, and where single values are wrong, `errors` points at each of them: `in` is `body`, `query`, `path` or `header`,\n" +
		"`pointer` is a JSON Pointer. `request_id` and `trace_id` lead to the lines in the log.\n" + rendered +
		"| type | status | title | what to do |\n|---|---|---|---|\n")
	for _, p := range api.ProblemTypes() {
		fmt.Fprintf(&b, "| `/problems/%s` | %d | %s | %s |\n", p.Slug, p.Status, p.Title, cell(p.Help))
	}
	compare(t, "problems.md", b.String())
}

// TestReferenceMetrics is not parallel: it sets the memory limit of the process, without which one of the metrics is not there.
func TestReferenceMetrics(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("some systems do not tell everything of a process")
	}
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(1 << 40))
	var b strings.Builder
	b.WriteString("# Metrics\n\nServed at `/metrics` of the ops listener, named by OpenTelemetry's conventions; a module's own begin with its name. A metric has at most\n" +
		"`telemetry.max_series` combinations of label values: what comes later is counted under the value `_other`.\n" +
		"These are those of the profile single. With Redis, a cache in front or a mail server come those of the guide's pages on [the cache](../guide/cache.md), [Redis](../guide/redis.md),\n" +
		"[HTTP caching](../guide/http-caching.md) and [mail](../guide/mail.md).\n" + rendered +
		"| metric | type | labels | |\n|---|---|---|---|\n")
	for _, m := range everyMetric(t) {
		var labels []string
		for _, l := range slices.Sorted(maps.Keys(m.labels)) {
			labels = append(labels, "`"+l+"`")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.name, m.kind, strings.Join(labels, ", "), cell(m.help))
	}
	compare(t, "metrics.md", b.String())
}

type metric struct {
	name, kind, help string
	labels           map[string]bool
}

// everyMetric runs the application until each of its metrics has a value, and returns them in the order of their names.
func everyMetric(t *testing.T) []*metric {
	t.Helper()
	cfg := Config{Config: app.Default(), Modules: modules.Default()}
	cfg.DB.DSN = "file:" + filepath.Join(t.TempDir(), "app.db")
	cfg.HTTP.Addr, cfg.HTTP.OpsAddr, cfg.HTTP.Drain = "127.0.0.1:0", unit.Exactly("127.0.0.1:0"), unit.Exactly(time.Duration(0))
	cfg.Telemetry.MaxSeries = 1
	keys, err := keyring.Parse(keyring.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	a, err := build(app.Env{Name: "app", Version: "v1.0.0", Mode: config.Test, Keys: keys, Out: &screen{}}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	file := filepath.Join(t.TempDir(), "signed in")
	if err := signIn(a.Platform().Sessions, file); err != nil {
		t.Fatal(err)
	}
	apptest.At(t, "http://"+a.Server().Addr().String()).With(signedHeaders(t, file)[ada]...).Get(products).Want(200)
	example, err := a.Platform().Telemetry.Counter("example_things_total", "Has more series than it may.", "thing")
	if err != nil {
		t.Fatal(err)
	}
	example.Inc("one")
	example.Inc("two")

	var all []*metric
	samples := regexp.MustCompile(`^\w+(?:\{(.*)\})? `)
	labels := regexp.MustCompile(`(\w+)="`)
	lines := bufio.NewScanner(strings.NewReader(string(apptest.At(t, "http://"+a.Server().OpsAddr().String()).Get("/metrics").Want(200).Body)))
	for lines.Scan() {
		line := lines.Text()
		if text, ok := strings.CutPrefix(line, "# HELP "); ok {
			name, help, _ := strings.Cut(text, " ")
			all = append(all, &metric{name: name, help: help, labels: map[string]bool{}})
			continue
		}
		last := all[len(all)-1]
		if text, ok := strings.CutPrefix(line, "# TYPE "+last.name+" "); ok {
			last.kind = text
		} else if found := samples.FindStringSubmatch(line); found != nil {
			for _, l := range labels.FindAllStringSubmatch(found[1], -1) {
				if l[1] != "le" {
					last.labels[l[1]] = true
				}
			}
		}
	}
	return slices.DeleteFunc(all, func(m *metric) bool { return strings.HasPrefix(m.name, "example_") })
}

func TestReferenceIndex(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob(filepath.Join(referenceFolder, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("# Reference\n\nMost of these pages are rendered from the code, and the tests compare them with it.\n" +
		"[api.txt](api.txt) has the exported names of the platform; [Compatibility](../compatibility.md) says what is promised of them.\n\n")
	for _, page := range pages {
		if filepath.Base(page) == "README.md" {
			continue
		}
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		title, _, _ := strings.Cut(string(text), "\n")
		fmt.Fprintf(&b, "- [%s](%s)\n", strings.TrimPrefix(title, "# "), filepath.Base(page))
	}
	compare(t, "README.md", b.String())
}

// Prometheus' own linter has nothing to say of the metrics.
func TestMetricsPassPromtool(t *testing.T) {
	t.Parallel()
	promtool := servertest.Need(t, servertest.Promtool())
	p := newMachine(t).serve("--mode", "test")
	p.public.Get(products).Want(200)
	p.public.Get("/nothing").Want(404)
	cmd := exec.CommandContext(t.Context(), promtool, "check", "metrics")
	cmd.Stdin = bytes.NewReader(p.ops.Get("/metrics").Want(200).Body)
	if said, err := cmd.CombinedOutput(); err != nil || len(said) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, said)
	}
	p.stop()
}
