package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/projecttest"
	"github.com/banyan-go/banyan/platform/cli/clitest"
)

// What every command of banyan does. A new one belongs here.
func kinds() map[string]clitest.Kind {
	const writes, prints, runs = clitest.Writes, clitest.Prints, clitest.Runs
	return map[string]clitest.Kind{
		"check":             prints,
		"completion":        runs,
		"destroy module":    writes | prints,
		"destroy resource":  writes | prints,
		"dev":               runs,
		"generate module":   writes | prints,
		"generate resource": writes | prints,
		"help":              runs,
		"new":               writes | prints,
		"sync":              writes | prints,
		"test":              runs,
		"version":           prints,
	}
}

// Every command has the flags of what it does.
func TestKindsOfCommands(t *testing.T) {
	t.Parallel()
	clitest.Walk(t, tree(), kinds(), func(string, clitest.Kind) {})
}

// long leaves a test out that takes minutes, unless it is asked for, as continuous integration does.
func long(t *testing.T) {
	t.Helper()
	if os.Getenv("BANYAN_LONG") != "1" {
		t.Skip("generates and wires nine times; BANYAN_LONG=1 runs it, as continuous integration does")
	}
}

// arguments make a command do something in the project of TestCommandsThatOnlyLook.
func arguments(words string) []string {
	return append(strings.Fields(words), strings.Fields(map[string]string{
		"destroy module":    "billing",
		"destroy resource":  "catalog/product",
		"generate module":   "sale",
		"generate resource": "sale/order number:string:required",
		"new":               "shop",
	}[words])...)
}

// What writes takes --dry-run, and what prints data has --json: together they change no byte of a project. The keys and types of the JSON are
// those of testdata/json.json. Without --dry-run the same is printed, and written.
func TestCommandsThatOnlyLook(t *testing.T) {
	t.Parallel()
	long(t)
	p := projecttest.New(t, filepath.Join(t.TempDir(), "shop"))
	for _, args := range []string{"g module billing", "g resource catalog/product name:string:required"} {
		if r := banyan(t, p.Root, strings.Fields(args)...); r.code != 0 {
			t.Fatalf("%s: %+v", args, r)
		}
	}
	// What sync writes anew.
	if err := os.WriteFile(p.Path("modules/modules_gen.go"), []byte("// Nothing.\npackage modules\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	before := projecttest.Read(t, p.Root)
	schemas := map[string]*clitest.Schema{}
	clitest.Walk(t, tree(), kinds(), func(words string, kind clitest.Kind) {
		if kind&clitest.Runs != 0 {
			return
		}
		args := append(arguments(words), "--json", "-q")
		if kind&clitest.Writes != 0 {
			args = append(args, "--dry-run")
		}
		r := banyan(t, p.Root, args...)
		if want := map[string]int{"check": 3}[words]; r.code != want || r.errs != "" { // it finds what sync mends
			t.Errorf("%s: exit code %d, want %d\n%s%s", args, r.code, want, r.out, r.errs)
		}
		schema, err := clitest.SchemaOf(r.out, 9)
		if err != nil {
			t.Fatalf("%s: %v\n%s", args, err, r.out)
		}
		schemas[words] = schema
		if diff := before.Diff(without(projecttest.Read(t, p.Root), "bin")); len(diff) > 0 { // where check builds the application
			t.Fatalf("%s has changed %v", args, diff)
		}
	})
	clitest.CompareSchemas(t, "testdata/json.json", schemas)

	r := banyan(t, p.Root, "sync", "--json", "-q")
	if r.code != 0 || !strings.Contains(r.out, `"written": true`) || !strings.Contains(r.out, `"next": "banyan test"`) {
		t.Errorf("sync: exit code %d\n%s%s", r.code, r.out, r.errs)
	}
}

func without(tree projecttest.Tree, folder string) projecttest.Tree {
	maps.DeleteFunc(tree, func(path, _ string) bool { return path == folder || strings.HasPrefix(path, folder+"/") })
	return tree
}

func TestHelpOfEveryCommand(t *testing.T) {
	t.Parallel()
	clitest.CheckHelp(t, tree(), func(args ...string) string {
		r := banyan(t, t.TempDir(), args...)
		if r.code != 0 || r.errs != "" {
			t.Errorf("%s: exit code %d\n%s", args, r.code, r.errs)
		}
		return r.out
	})
}

var (
	diffLine = regexp.MustCompile(`(?m)^([-+@]| [^ ]).*\n`) // a line of one
	logLine  = regexp.MustCompile(`(?m)^\d{4}-.*\n`)
)

// On a terminal of 80 columns no line is wider, with colours or without, and colours are where they are welcome alone. What a difference shows
// is the text of files, which is as wide as it is.
func TestScreens(t *testing.T) {
	t.Parallel()
	p := projecttest.New(t, filepath.Join(t.TempDir(), "shop"))
	for _, environ := range []string{"TERM=xterm", "TERM=xterm NO_COLOR=1", "TERM=dumb", "TERM=xterm --no-color"} {
		environ, flag, _ := strings.Cut(environ, " --")
		if flag != "" {
			flag = "--" + flag + " "
		}
		colourful := environ == "TERM=xterm" && flag == ""
		screen := func(args string, code int, answers ...clitest.Answer) {
			t.Helper()
			s := clitest.OnTerminal(t, process(t, p.Root, strings.Fields(environ), strings.Fields(flag+args)...), answers...)
			if s.Code != code || strings.TrimSpace(s.Text) == "" {
				t.Errorf("%s: exit code %d, want %d\n%s", args, s.Code, code, s.Text)
			}
			for _, line := range clitest.Wide(diffLine.ReplaceAllString(s.Text, ""), 80) {
				t.Errorf("%s: wider than the terminal: %s", args, line)
			}
			if coloured := s.Escapes > 0; coloured != colourful {
				t.Errorf("%s%s: %d escape sequences\n%s", flag, args, s.Escapes, s.Text)
			}
		}
		screen("", 0)
		screen("help all", 0)
		screen("generate resource --help", 0)
		screen("genrate", 2)
		screen("g resource catalog/products name:string", 2)
		screen("g resource catalog/product name:string:match=phone", 2)
		screen("new ../shop", 6)
		screen("test --servers sometimes", 2)
		if os.Getenv("BANYAN_LONG") != "1" || environ == "TERM=dumb" || flag != "" {
			continue // what follows generates and builds
		}
		screen("g module sale --dry-run", 0)
		screen("check", 0)
		screen("rotues", 2)
	}
}

// The application starts on the terminal of dev, which then ends by Ctrl-C.
func TestScreenOfDev(t *testing.T) {
	t.Parallel()
	p := projecttest.New(t, filepath.Join(t.TempDir(), "shop"))
	s := clitest.OnTerminal(t, process(t, p.Root, []string{"TERM=dumb"}, "dev", "--set", "http.drain=0s", "--", "--addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0"),
		clitest.Answer{To: "/metrics", Type: "\x03"})
	if wide := clitest.Wide(logLine.ReplaceAllString(s.Text, ""), 80); s.Code != 0 || s.Escapes > 0 || len(wide) > 0 {
		t.Errorf("exit code %d, %d escape sequences, too wide: %q\n%s", s.Code, s.Escapes, wide, s.Text)
	}
}

// process is banyan as a process of its own.
func process(t *testing.T, dir string, environ []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Dir, cmd.Env = dir, slices.Concat(os.Environ(), []string{asBanyan + "=1"}, environ)
	return cmd
}

// asBanyan is the variable with which the binary of these tests is banyan.
const asBanyan = "RUN_AS_BANYAN"

func TestMain(m *testing.M) {
	if os.Getenv(asBanyan) != "" {
		main()
	}
	os.Exit(m.Run())
}

// What takes too long is stopped, the compiler as well.
func TestTimeout(t *testing.T) {
	t.Parallel()
	root := projecttest.New(t, filepath.Join(t.TempDir(), "shop")).Root
	for _, args := range []string{"sync --timeout 1ns", "check --timeout 1ms", "routes --timeout 1ms"} {
		r := banyan(t, root, strings.Fields(args)...)
		if r.code != 1 || !strings.HasSuffix(r.errs, ", the --timeout: it was stopped\n") {
			t.Errorf("%s: %+v", args, r)
		}
	}
}
