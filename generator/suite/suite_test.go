package suite_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/suite"
	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/servertest"
)

// theTest wants a program that its own project can make.
const theTest = `package thing_test

import (
	"testing"

	"github.com/banyan-go/banyan/platform/servertest"
)

func TestWithThing(t *testing.T) {
	servertest.Need(t, servertest.Program{Name: "thing", Commands: []string{"../bin/thing"}, Command: %q})
}

func TestWithoutThing(t *testing.T) {}
`

// newProject makes a project with one package, whose test wants a program that install brings.
func newProject(t *testing.T, install string) *project.Project {
	t.Helper()
	checkout, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(checkout, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":              "module demo\n\ngo 1.26.0\n\nrequire github.com/banyan-go/banyan v0.0.0\n\nreplace github.com/banyan-go/banyan => " + checkout + "\n",
		"go.sum":              string(sums),
		"thing/thing_test.go": fmt.Sprintf(theTest, install),
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &project.Project{Root: root, Module: "demo", App: "demo"}
}

func run(t *testing.T, p *project.Project, mode suite.Mode) (out, errs string, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	err = suite.Run(t.Context(), p, suite.Options{Mode: mode, Flags: []string{"-v"}, Out: &stdout, Err: &stderr})
	return stdout.String(), stderr.String(), err
}

func TestAutoListsWhatWasLeftOut(t *testing.T) {
	t.Parallel()
	p := newProject(t, "make thing")
	for range 2 { // the second time nothing comes from go test's cache
		out, errs, err := run(t, p, suite.Auto)
		if err != nil {
			t.Fatalf("%v\n%s%s", err, out, errs)
		}
		if !strings.Contains(out, "--- SKIP: TestWithThing") || !strings.Contains(out, "--- PASS: TestWithoutThing") {
			t.Errorf("the output is not go test's:\n%s", out)
		}
		want := "\nnot run, because a program is missing: 1\n  thing  TestWithThing  thing  make thing\nnext:  banyan test --servers install\n"
		if errs != want {
			t.Errorf("told %q, want %q", errs, want)
		}
	}
}

func TestRequireFails(t *testing.T) {
	t.Parallel()
	out, errs, err := run(t, newProject(t, "make thing"), suite.Require)
	if _, ok := errors.AsType[*exec.ExitError](err); !ok {
		t.Errorf("the error is %v, want that of go test", err)
	}
	if !strings.Contains(out, "--- FAIL: TestWithThing") || !strings.Contains(out, "thing is missing; install it with: make thing") || errs != "" {
		t.Errorf("printed\n%s%s", out, errs)
	}
}

func TestInstallRunsWhatWasLeftOut(t *testing.T) {
	t.Parallel()
	p := newProject(t, "mkdir -p bin && printf '#!/bin/sh\n' > bin/thing && chmod +x bin/thing")
	out, errs, err := run(t, p, suite.Install)
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, errs)
	}
	if !strings.Contains(out, "--- PASS: TestWithThing") {
		t.Errorf("the test did not run:\n%s", out)
	}
	if !strings.Contains(errs, "install   thing: mkdir") {
		t.Errorf("did not say what it installs: %q", errs)
	}
}

func TestInstallThatFails(t *testing.T) {
	t.Parallel()
	out, _, err := run(t, newProject(t, "exit 3"), suite.Install)
	if err == nil || !strings.Contains(err.Error(), `install thing by "exit 3"`) {
		t.Errorf("the error is %v", err)
	}
	if strings.Count(out, "TestWithoutThing\n") != 1 {
		t.Errorf("the tests ran again:\n%s", out)
	}
}

// Patterns that begin with a dot begin in the folder that somebody stands in, and so do those of hints; without a pattern all tests run.
func TestPatternsOfAFolder(t *testing.T) {
	t.Parallel()
	p := newProject(t, "true")
	for name, text := range map[string]string{
		"root_test.go":              "package demo\n\nimport \"testing\"\n\nfunc TestRoot(t *testing.T) {}\n",
		"thing/part/part_test.go":   "package part\n\nimport \"testing\"\n\nfunc TestPart(t *testing.T) {}\n",
		"thing/thing_test.go":       "package thing\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestThing(t *testing.T) {\n\tdir, _ := os.Getwd()\n\t_ = os.WriteFile(os.Getenv(\"BANYAN_UNBUDGETED\"), []byte(dir+\"\\tGET /a\\n\"), 0o600)\n}\n",
		"elsewhere/another_test.go": "package elsewhere\n\nimport \"testing\"\n\nfunc TestAnother(t *testing.T) {}\n",
	} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(p.Path(name)), 0o755), os.WriteFile(p.Path(name), []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		dir      string
		patterns []string
		ran      []string
		next     string
	}{
		{"", nil, []string{"Root", "Another", "Thing", "Part"}, "./thing"},
		{"thing", nil, []string{"Root", "Another", "Thing", "Part"}, "."},
		{"thing", []string{"."}, []string{"Thing"}, "."},
		{"thing/part", []string{"../..."}, []string{"Thing", "Part"}, ".."},
		{"thing", []string{"./part", "../elsewhere", "demo"}, []string{"Part", "Another", "Root"}, ""},
		{"", []string{"./thing/..."}, []string{"Thing", "Part"}, "./thing"},
	} {
		var out, errs bytes.Buffer
		err := suite.Run(t.Context(), p, suite.Options{Mode: suite.Auto, Dir: p.Path(c.dir), Packages: c.patterns, Flags: []string{"-v"}, Out: &out, Err: &errs})
		var ran []string
		for _, m := range regexp.MustCompile(`(?m)^--- PASS: Test(\w+)`).FindAllStringSubmatch(out.String(), -1) {
			ran = append(ran, m[1])
		}
		slices.Sort(ran)
		if slices.Sort(c.ran); err != nil || !slices.Equal(ran, c.ran) {
			t.Errorf("%v in %q: ran %v, want %v; %v\n%s", c.patterns, c.dir, ran, c.ran, err, errs.String())
		}
		if _, next, _ := strings.Cut(errs.String(), "next:  banyan test --budget update "); strings.TrimSpace(next) != c.next {
			t.Errorf("%v in %q: said %q, want %q", c.patterns, c.dir, errs.String(), c.next)
		}
	}
}

// Each profile has its run, on private servers that end with it.
func TestProfiles(t *testing.T) {
	t.Setenv("BANYAN_POSTGRES", "")
	t.Setenv("BANYAN_REDIS", "")
	servertest.Need(t, servertest.Postgres())
	servertest.Need(t, servertest.Redis())
	p := newProject(t, "true")
	const test = `package thing_test

import (
	"fmt"
	"os"
	"testing"
)

func TestProfile(t *testing.T) {
	fmt.Printf("profile %s on %s;%s;%s;\n", os.Getenv("BANYAN_PROFILE"), os.Getenv("BANYAN_POSTGRES"), os.Getenv("BANYAN_REDIS"), os.Getenv("BANYAN_REDIS_CACHE"))
	if os.Getenv("BANYAN_PROFILE") == "replicated" {
		t.Fail()
	}
}
`
	if err := os.WriteFile(filepath.Join(p.Root, "thing", "thing_test.go"), []byte(test), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	err := suite.Run(t.Context(), p, suite.Options{Mode: suite.Auto, Profiles: suite.Profiles(), Flags: []string{"-v"}, Out: &stdout, Err: &stderr})
	if _, ok := errors.AsType[*exec.ExitError](err); !ok {
		t.Errorf("the error is %v, want that of go test", err)
	}
	const postgres, redis = `host=(\S+) user=\S+ dbname=postgres;`, `unix://(\S+)/redis\.sock;`
	for _, want := range []string{"single on ;;;", "postgres on " + postgres + ";;", "cached on " + postgres + redis + redis, "replicated on " + postgres + redis + redis} {
		found := regexp.MustCompile("(?m)^profile " + want + "$").FindStringSubmatch(stdout.String())
		if found == nil {
			t.Fatalf("no test has said %q in\n%s%s", want, stdout.String(), stderr.String())
		}
		servers := found[1:]
		if slices.Sort(servers); len(slices.Compact(servers)) != len(found[1:]) {
			t.Errorf("servers are the same: %q", found[0])
		}
		for _, dir := range servers {
			if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the server in %s has left something: %v", dir, err)
			}
		}
	}
}

func TestParseProfiles(t *testing.T) {
	t.Parallel()
	if got, err := suite.ParseProfiles("all"); err != nil || !slices.Equal(got, suite.Profiles()) {
		t.Errorf("all are %v, %v", got, err)
	}
	if got, err := suite.ParseProfiles("postgres,single"); err != nil || !slices.Equal(got, []string{"postgres", "single"}) {
		t.Errorf("two are %v, %v", got, err)
	}
	for _, list := range []string{"", "sharded", "single,", "single postgres"} {
		if _, err := suite.ParseProfiles(list); err == nil || !strings.Contains(err.Error(), "single,postgres,cached,replicated") {
			t.Errorf("%q: %v", list, err)
		}
	}
}

// The profiles of the tests are those that apptest knows.
func TestProfilesAreThoseOfApptest(t *testing.T) {
	t.Parallel()
	var want []string
	for _, p := range apptest.Profiles() {
		want = append(want, string(p))
	}
	if got := suite.Profiles(); !slices.Equal(got, want) {
		t.Errorf("the profiles are %v, and those of apptest %v", got, want)
	}
}

func TestParseMode(t *testing.T) {
	t.Parallel()
	if _, err := suite.ParseMode("all"); err == nil || err.Error() != "--servers all: want auto, install or require" {
		t.Errorf("got %v", err)
	}
}

// A constructor that has changed breaks a file that nobody wrote: the command that writes it anew is said.
func TestDerivedFileThatIsStale(t *testing.T) {
	t.Parallel()
	p := newProject(t, "true")
	for name, text := range map[string]string{
		"thing/new.go":      "package thing\n\nfunc New(int) int { return 1 }\n",
		"thing/wire_gen.go": "package thing\n\nvar one = New()\n",
	} {
		if err := os.WriteFile(filepath.Join(p.Root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, errs, err := run(t, p, suite.Auto)
	if err == nil || !strings.Contains(errs, "wire_gen.go:3:11: not enough arguments in call to New") || !strings.HasSuffix(errs, "\nnext:  banyan sync\n") {
		t.Errorf("%v\n%s", err, errs)
	}
}
