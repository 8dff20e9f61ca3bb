package app_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/cli/clitest"
)

// What every command of a program does. A new one belongs here.
func kinds() map[string]clitest.Kind {
	const writes, prints, runs = clitest.Writes, clitest.Prints, clitest.Runs
	return map[string]clitest.Kind{
		"about":           prints,
		"backup create":   writes | prints,
		"backup restore":  writes | prints,
		"backup verify":   prints,
		"check":           prints,
		"completion":      runs,
		"config diff":     prints,
		"config schema":   prints,
		"config show":     prints,
		"db indexes":      prints,
		"db reset":        writes,
		"db seed":         writes,
		"db shell":        prints,
		"doctor":          prints,
		"healthcheck":     prints,
		"help":            runs,
		"keys new":        prints,
		"cache purge":     writes | prints,
		"cache stats":     prints,
		"limits list":     prints,
		"limits reset":    runs, // in a store that this test has not
		"migrate down":    writes | prints,
		"migrate plan":    prints,
		"migrate status":  prints,
		"migrate up":      writes | prints,
		"modules":         prints,
		"openapi":         prints,
		"routes":          prints,
		"serve":           writes | prints,
		"sessions list":   prints,
		"sessions revoke": writes | prints,
		"version":         prints,
	}
}

// arguments are what a command cannot do without.
func arguments(words string) []string {
	return append(strings.Fields(words), strings.Fields(map[string]string{
		"backup restore":  "a.backup",
		"backup verify":   "a.backup",
		"check":           "single server",
		"config diff":     "single server",
		"db shell":        "SELECT(1)",
		"migrate down":    "--module notes",
		"cache purge":     "--tag x --dry-run", // in a store that this test has not
		"sessions list":   "--user ada",
		"sessions revoke": "--all --yes --user ada",
	}[words])...)
}

// process is a command as a process of its own, in the folder of the machine.
func (m *machine) process(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(m.t.Context(), os.Args[0], args...)
	cmd.Dir = m.dir
	cmd.Env = append([]string{asProgram + "=1", "GORACE=atexit_sleep_ms=0"}, m.environ...)
	return cmd
}

// tree is every file of the machine's folder with its mode and content.
func (m *machine) tree() map[string]string {
	m.t.Helper()
	tree := map[string]string{}
	var read func(dir string)
	read = func(dir string) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			m.t.Fatal(err)
		}
		for _, e := range entries {
			path := dir + "/" + e.Name()
			tree[path] = e.Type().String()
			if e.IsDir() {
				read(path)
				continue
			}
			info, err := e.Info()
			if err != nil {
				m.t.Fatal(err)
			}
			text, err := os.ReadFile(path)
			if err != nil {
				m.t.Fatal(err)
			}
			tree[path] = info.Mode().String() + "\n" + string(text)
		}
	}
	read(m.dir)
	return tree
}

// What writes takes --dry-run, and what prints data has --json: neither changes a byte, of a database that is there or not, in any mode. The
// keys and types of the JSON are those of testdata/json.json.
func TestCommandsThatOnlyLook(t *testing.T) {
	t.Parallel()
	queries := filepath.Join(t.TempDir(), "queries.json")
	if err := os.WriteFile(queries, []byte(`{"since":"2026-11-26T12:00:00Z","dialect":"sqlite","queries":[{"shape":"SELECT * FROM notes_notes LIMIT ?","calls":1,"runs":1}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, prepare := range map[string]func(m *machine){
		"empty folder": func(*machine) {},
		"filled database": func(m *machine) {
			m.run("migrate", "up").want(0)
			m.run("db", "seed", "--yes", "--rows", "3").want(0, "added 3 rows")
			m.run("backup", "create", m.dir+"/a.backup").want(0)
		},
	} {
		for _, mode := range []string{"dev", "prod"} {
			t.Run(name+", mode "+mode, func(t *testing.T) {
				t.Parallel()
				m := newMachine(t, "APP_MODE="+mode)
				prepare(m)
				if mode == "dev" {
					m = m.without("APP_KEYS") // it would make some
				}
				before := m.tree()
				clitest.Walk(t, m.program.Commands(), kinds(), func(words string, kind clitest.Kind) {
					if kind&clitest.Runs != 0 || words == "healthcheck" || words == "doctor" && name == "empty folder" {
						return
					}
					args := arguments(words)
					if words == "doctor" {
						args = append(args, "--from", queries)
					}
					if kind&clitest.Writes != 0 {
						args = append(args, "--dry-run")
					}
					out, err := m.process(args...).CombinedOutput()
					pending := name == "empty folder" && (words == "migrate status" || words == "db seed" && mode == "prod" || words == "db shell" || words == "backup create")
					missing := name == "empty folder" && (words == "backup verify" || words == "backup restore")
					if code := exitCode(err); code != 0 && !(pending && code == 6) && !(missing && code == 1) {
						t.Errorf("%s: exit code %d\n%s", args, code, out)
					}
					if after := m.tree(); !maps.Equal(after, before) {
						t.Fatalf("%s has changed the folder: %q", args, slices.Sorted(maps.Keys(after)))
					}
				})
			})
		}
	}
}

func exitCode(err error) int {
	if exit, ok := err.(*exec.ExitError); ok {
		return exit.ExitCode()
	}
	if err != nil {
		return -1
	}
	return 0
}

func TestSchemasOfData(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.run("migrate", "up").want(0)
	p := m.serve("--mode", "test")
	schemas := map[string]*clitest.Schema{}
	clitest.Walk(t, m.program.Commands(), kinds(), func(words string, kind clitest.Kind) {
		if kind&clitest.Prints == 0 {
			return
		}
		args, depth, code, m := append(arguments(words), "--json", "-q"), 9, 0, m
		switch words {
		case "doctor": // which has something to find
			m = newMachine(t)
			m.program = program(looping())
			p := m.serve("--mode", "test")
			p.wantGet(p.url+loopPath, 204)
			args, code = append(args, "--ops", p.ops), 3
		case "healthcheck":
			args = append(args, "--set", "http.ops_addr="+strings.TrimPrefix(p.ops, "http://"))
		case "migrate down", "serve":
			args = append(args, "--dry-run")
		case "sessions list", "sessions revoke": // which have something to show
			m.signIn("ada")
		case "migrate plan": // which has something to show
			m = newMachine(t)
		case "backup create", "backup verify", "backup restore":
			args = []string{"backup", strings.Fields(words)[1], m.dir + "/a.backup", "--json", "-q"}
			if words == "backup restore" { // it is served
				args = append(args, "--dry-run")
			}
		case "migrate up": // which has something to do
			m.run("migrate", "down", "--module", "notes", "--yes").want(0)
		case "openapi", "config schema": // documents with a schema of their own
			depth = 1
		}
		ran := m.run(args...)
		if ran.code != code {
			t.Fatalf("%s: exit code %d, want %d\n%s", args, ran.code, code, ran.err)
		}
		out := ran.out
		schema, err := clitest.SchemaOf(out, depth)
		if err != nil {
			t.Fatalf("%s: %v\n%s", args, err, out)
		}
		schemas[words] = schema
	})
	clitest.CompareSchemas(t, "testdata/json.json", schemas)
}

func TestHelpOfEveryCommand(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	clitest.CheckHelp(t, m.program.Commands(), func(args ...string) string { return m.run(args...).want(0).out })
}

// logLine is one of the log, which is as long as it is.
var logLine = regexp.MustCompile(`(?m)^(\d{4}-|\{).*\n`)

// On a terminal of 80 columns no line is wider, with colours or without, and colours are where they are welcome alone.
func TestScreens(t *testing.T) {
	t.Parallel()
	colours := map[string]bool{"TERM=xterm": true, "TERM=xterm NO_COLOR=1": false, "TERM=dumb": false}
	for environ, colourful := range colours {
		t.Run(environ, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, strings.Fields(environ)...)
			for _, c := range []struct {
				args     string
				code     int
				coloured bool
				answers  []clitest.Answer
			}{
				{args: "", coloured: true},
				{args: "help all", coloured: true},
				{args: "migrate down --help", coloured: true},
				{args: "rotues", code: 2, coloured: true},
				{args: "about --set phase=9 --set http.grace=1s --set db.pool.wait=9s", code: 4, coloured: true},
				{args: "migrate up --dry-run"},
				{args: "migrate status", code: 6, coloured: true},
				{args: "migrate up"},
				{args: "migrate status"},
				{args: "migrate down --module notes", code: 1, coloured: true, answers: []clitest.Answer{{To: "[y/N] ", Type: "n\n"}}},
				{args: "migrate down --module notes", answers: []clitest.Answer{{To: "[y/N] ", Type: "y\n"}}},
				{args: "db seed --no-input", code: 2, coloured: true},
				{args: "routes"},
				{args: "modules"},
				{args: "about"},
				{args: "config show"},
				{args: "config show --origin"},
				{args: "config diff single server"},
				{args: "check single server"},
				{args: "serve --mode test --addr 192.0.2.1:0", code: 1, coloured: true},
				{args: "serve --mode dev", answers: []clitest.Answer{{To: "/metrics", Type: "\x03"}}},
			} {
				for _, flag := range []string{"", " --no-color"} {
					if flag != "" && (c.answers != nil || !colourful) {
						continue
					}
					s := clitest.OnTerminal(t, m.process(strings.Fields(c.args+flag)...), c.answers...)
					if s.Code != c.code || strings.TrimSpace(s.Text) == "" && c.args != "migrate up" {
						t.Errorf("%s: exit code %d, want %d\n%s", c.args, s.Code, c.code, s.Text)
					}
					for _, line := range clitest.Wide(logLine.ReplaceAllString(s.Text, ""), 80) {
						t.Errorf("%s: wider than the terminal: %s", c.args, line)
					}
					if want := c.coloured && colourful && flag == ""; want && s.Escapes == 0 || !colourful && s.Escapes > 0 || flag != "" && s.Escapes > 0 {
						t.Errorf("%s%s: %d escape sequences, want some: %v\n%s", c.args, flag, s.Escapes, want, s.Text)
					}
				}
			}
		})
	}
}

// Nobody is asked who cannot answer, and whoever can is asked in mode prod alone.
func TestQuestions(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.run("migrate", "up").want(0)
	yes, no := clitest.Answer{To: "[y/N] ", Type: "y\n"}, clitest.Answer{To: "[y/N] ", Type: "\n"}
	for _, c := range []struct {
		args    string
		answers []clitest.Answer
		code    int
		said    string
	}{
		{"db seed --rows 2", []clitest.Answer{no}, 1, "error: that was no yes; nothing was done"},
		{"db seed --rows 2 --no-input", nil, 2, "next:  prog db seed --rows 2 --yes"},
		{"db seed --rows 2", []clitest.Answer{yes}, 0, "added 2 rows"},
		{"db seed --rows 2 --yes", nil, 0, "added 2 rows"},
		{"db seed --rows 2 --mode test", nil, 0, "added 2 rows"},
		{"db reset --no-input", nil, 2, "next:  prog db reset --yes"},
		{"migrate down --module notes --no-input", nil, 2, "next:  prog migrate down --module notes --yes"},
		{"db reset --timeout 1ms", nil, 1, "--timeout"},
		{"migrate down --module notes", []clitest.Answer{yes}, 0, "pending  notes/20260101000000_notes.sql"},
		{"db reset", []clitest.Answer{yes}, 0, fmt.Sprintf("the database is empty, and has %d migrations", 1+len(ofPlatform(t)))},
	} {
		if s := clitest.OnTerminal(t, m.process(strings.Fields(c.args)...), c.answers...); s.Code != c.code || !strings.Contains(s.Text, c.said) {
			t.Errorf("%s: exit code %d, want %d and %q\n%s", c.args, s.Code, c.code, c.said, s.Text)
		}
	}
}

// After --timeout a command is stopped, whatever it waits for.
func TestTimeout(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.run("serve", "--mode", "test", "--timeout", "1ms").want(1, "error: not done after 1ms, the --timeout: it was stopped\n")
	m.run("migrate", "up", "--timeout", "1ns").want(1, "not done after 1ns")
	m.run("about", "--timeout", "1h").want(0)
	m.run("about", "--timeout", "-1s").want(2, "--timeout -1s")
}

func TestQuietAndVerbose(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	if r := m.run("migrate", "up", "-q").want(0); r.err != "" || r.out == "" {
		t.Errorf("-q says %q and prints %q", r.err, r.out)
	}
	if r := m.run("migrate", "up", "--quiet").want(0); r.err != "" {
		t.Errorf("--quiet says %q", r.err)
	}
	m.run("about", "-v").want(0, "using     profile single, mode prod, configuration compiled in\n")
	if out := m.run("config", "show", "telemetry.logs.level", "-v").want(0, "using").out; !strings.Contains(out, "DEBUG") {
		t.Errorf("-v: %s", out)
	}
	if out := m.run("config", "show", "telemetry.logs.level", "-v", "--set", "telemetry.logs.level=error").want(0, "using").out; !strings.Contains(out, "ERROR") {
		t.Errorf("-v below --set: %s", out)
	}
}

// A shell is offered the names that a person would have to look up.
func TestCompletion(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if out := m.run("completion", shell).want(0).out; !strings.Contains(out, "__complete") {
			t.Errorf("%s: %s", shell, out)
		}
	}
	m.run("completion", "tcsh").want(2, "prog completion wants a shell: bash, zsh, fish, powershell", "\nnext:  prog completion --help\n")
	for words, want := range map[string]string{
		"migrate down --module ": "notes",
		"db seed --module ":      "notes",
		"about --profile ":       "another server single",
		"config diff single ":    "another server",
		"about --mode ":          "dev test prod",
		"config show http.pro":   "http.proxies",
		"about --set phas":       "phase=",
		"completion ":            "bash zsh fish powershell",
		"help migrate ":          "down plan status up",
		"version ":               "",
	} {
		args := strings.Split(words, " ")
		out := m.run(append([]string{"__complete"}, args...)...).out
		var got []string
		for line := range strings.Lines(out) {
			if word, _, _ := strings.Cut(strings.TrimSpace(line), "\t"); !strings.HasPrefix(word, ":") && strings.HasPrefix(word, args[len(args)-1]) {
				got = append(got, word)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q is completed by %q, want %q", words, got, want)
		}
	}
}
