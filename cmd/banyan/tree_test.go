package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/projecttest"
	"github.com/banyan-go/banyan/platform/servertest"
)

// rewrite writes what is made of the text of a file in its place.
func rewrite(t *testing.T, p *project.Project, file string, of func(text string) string) {
	t.Helper()
	full := p.Path(filepath.FromSlash(file))
	text, err := os.ReadFile(full)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(of(string(text))), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A tree with work that is not committed is written to, with a warning; so is what other templates have written left as it is.
func TestWarnings(t *testing.T) {
	t.Parallel()
	p := projecttest.New(t, filepath.Join(t.TempDir(), "shop"))
	projecttest.Git(t, p, "init", "-q")
	projecttest.Git(t, p, "add", ".")
	projecttest.Git(t, p, "commit", "-q", "-m", "A shop")
	rewrite(t, p, "README.md", func(text string) string { return text + "\nOurs.\n" })

	const dirty = "warning: 1 file has changes that no commit has (README.md); committed first, they are easily told from what is written now\n"
	if r := banyan(t, p.Root, "-q", "g", "module", "billing"); r.code != 0 || r.errs != dirty || !strings.Contains(r.out, "  new     modules/billing/billing.go") {
		t.Errorf("with a change that is not committed: exit code %d\n%s%s", r.code, r.out, r.errs)
	}
	const nothing = "everything is there as it was written; nothing to do\n"
	if r := banyan(t, p.Root, "g", "module", "billing"); r.code != 0 || r.out != nothing || r.errs != "" {
		t.Errorf("again, with nothing to write: exit code %d\n%s%s", r.code, r.out, r.errs)
	}

	const tokens = "warning: nothing in this application knows whose a token is, and until something does no command of it starts: write a part with the method VerifyToken"
	if r := banyan(t, p.Root, "-q", "g", "resource", "billing/invoice", "number:string", "--auth", "token", "--dry-run"); r.code != 0 || !strings.HasPrefix(r.errs, dirty+tokens) {
		t.Errorf("for programs, where nobody knows one: exit code %d\n%s", r.code, r.errs)
	}

	record, version := p.Path(".banyan/modules/billing.json"), ""
	rewrite(t, p, ".banyan/modules/billing.json", func(text string) string {
		before, rest, _ := strings.Cut(text, `"templates": "`)
		version, rest, _ = strings.Cut(rest, `"`)
		return before + `"templates": "0123456789ab"` + rest
	})
	older := "warning: it was written by the templates 0123456789ab, and this banyan has " + version + ", which might write it in another way\n"
	before := projecttest.Read(t, p.Root)
	if r := banyan(t, p.Root, "g", "module", "billing"); r.code != 0 || r.out != nothing || r.errs != older {
		t.Errorf("written by other templates: exit code %d\n%s%swant %s", r.code, r.out, r.errs, older)
	}
	if diff := before.Diff(projecttest.Read(t, p.Root)); len(diff) > 0 {
		t.Errorf("%s: changed: %v", record, diff)
	}
}

// Where nothing can be written, a plan can be made and shown; to write it fails with the folder in the message, and before it has begun.
func TestReadOnlyFolder(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "banyan")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	command := []string{binary}
	if os.Geteuid() == 0 { // for whom the modes of files hold only without this power
		setpriv := servertest.Need(t, servertest.Program{Name: "setpriv", Debian: "util-linux"})
		command = []string{setpriv, "--bounding-set=-dac_override,-dac_read_search", binary}
	}
	p := projecttest.New(t, filepath.Join(t.TempDir(), "shop"))
	modules := p.Path("modules")
	if err := os.Chmod(modules, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(modules, 0o755) })
	before := projecttest.Read(t, p.Root)
	for _, c := range []struct {
		args, said string
		code       int
	}{
		{"-q g module billing --dry-run", "", 0},
		{"-q g module billing", "error: the folder modules cannot be written to (permission denied); nothing was written\nnext:  chmod u+w modules, or mount it for writing; then run it again\n", 1},
	} {
		var out, errs bytes.Buffer
		args := append(slices.Clone(command), strings.Fields(c.args)...)
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = p.Root, &out, &errs
		_ = cmd.Run() // the exit code is below
		if code := cmd.ProcessState.ExitCode(); code != c.code || errs.String() != c.said || code != 0 && out.Len() > 0 {
			t.Errorf("%s: exit code %d, want %d\n%s%s", c.args, code, c.code, &out, &errs)
		}
	}
	if diff := before.Diff(projecttest.Read(t, p.Root)); len(diff) > 0 {
		t.Errorf("changed: %v", diff)
	}
}

// A folder that is a link to another place is none of the tree: nothing is written there, and nothing beside it.
func TestLinkOutOfTheTree(t *testing.T) {
	t.Parallel()
	p := projecttest.New(t, filepath.Join(t.TempDir(), "shop"))
	outside := t.TempDir()
	if err := os.Symlink(outside, p.Path("modules", "billing")); err != nil {
		t.Fatal(err)
	}
	before := projecttest.Read(t, p.Root)
	for _, args := range []string{"g module billing", "g resource billing/invoice number:string"} {
		r := banyan(t, p.Root, strings.Fields(args)...)
		if r.code != 1 || r.out != "" || !strings.HasPrefix(r.errs, "error: nothing was written: ") || !strings.Contains(r.errs, "modules/billing/billing.go: path escapes from parent") {
			t.Errorf("%s: exit code %d\n%s%s", args, r.code, r.out, r.errs)
		}
	}
	if diff := append(before.Diff(projecttest.Read(t, p.Root)), projecttest.Tree{}.Diff(projecttest.Read(t, outside))...); len(diff) > 0 {
		t.Errorf("changed: %v", diff)
	}
}

// What the generator looks for and does not find is told with its place, and the tree stays as it is.
func TestTreeOfAnotherShape(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		spoil func(p *project.Project) error
		code  int
		said  string // ROOT stands for the folder
		next  string
	}{
		"no folder modules": {func(p *project.Project) error { return os.RemoveAll(p.Path("modules")) }, 2,
			"this is not in a Banyan application: there is no go.mod with a folder modules beside it; make one with banyan new NAME (there is none beside ROOT/go.mod)", "banyan new NAME"},
		"no injector": {func(p *project.Project) error { return os.Remove(p.Path("cmd/shop/wire.go")) }, 1,
			"ROOT: want one application, a folder in cmd with a wire.go, and found none", ""},
		"two injectors": {func(p *project.Project) error { return os.CopyFS(p.Path("cmd/tool"), os.DirFS(p.Path("cmd/shop"))) }, 1,
			"ROOT: want one application, a folder in cmd with a wire.go, and found cmd/shop/wire.go, cmd/tool/wire.go", ""},
		"a go.mod of nobody": {func(p *project.Project) error { return os.WriteFile(p.Path("go.mod"), []byte("go 1.26.0\n"), 0o644) }, 1,
			"ROOT/go.mod names no module", ""},
		"a module by hand": {func(p *project.Project) error {
			return errors.Join(os.MkdirAll(p.Path("modules/billing"), 0o755), os.WriteFile(p.Path("modules/billing/billing.go"), []byte("package billing\n"), 0o644))
		}, 6, "modules/billing/billing.go exists; nothing was written", "choose another name, or remove what is there"},
		"a record that a merge has spoilt": {func(p *project.Project) error {
			return errors.Join(os.MkdirAll(p.Path(".banyan/modules"), 0o755), os.WriteFile(p.Path(".banyan/modules/billing.json"), []byte("<<<<<<< HEAD\n"), 0o644))
		}, 1, ".banyan/modules/billing.json: invalid character '<' looking for beginning of value", ""},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			p := projecttest.New(t, filepath.Join(t.TempDir(), "shop"))
			if err := c.spoil(p); err != nil {
				t.Fatal(err)
			}
			before := projecttest.Read(t, p.Root)
			want := "error: " + strings.ReplaceAll(c.said, "ROOT", p.Root) + "\n"
			if c.next != "" {
				want += "next:  " + c.next + "\n"
			}
			if r := banyan(t, p.Root, "g", "module", "billing"); r.code != c.code || r.out != "" || r.errs != want {
				t.Errorf("exit code %d, want %d\n%s%swant\n%s", r.code, c.code, r.out, r.errs, want)
			}
			if diff := before.Diff(projecttest.Read(t, p.Root)); len(diff) > 0 {
				t.Errorf("changed: %v", diff)
			}
		})
	}
}

// A checkout whose lines end in CR LF, by core.autocrlf for instance, is worked on like any other: nothing in it is taken for an edit, what is
// written anew is what follows from the change, and the application loads its configuration and its migrations.
func TestCheckoutWithCRLF(t *testing.T) {
	t.Parallel()
	if os.Getenv("BANYAN_LONG") != "1" {
		t.Skip("generates, builds and migrates an application, for half a minute; BANYAN_LONG=1 runs it, as continuous integration does")
	}
	p := projecttest.New(t, filepath.Join(t.TempDir(), "shop"))
	crlf := func() projecttest.Tree {
		t.Helper()
		for file, text := range projecttest.Read(t, p.Root) {
			if text != "folder" {
				rewrite(t, p, file, func(text string) string {
					return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
				})
			}
		}
		return projecttest.Read(t, p.Root)
	}
	before := crlf()
	invoice := strings.Fields("-q g resource billing/invoice number:string:required,unique")
	if r := banyan(t, p.Root, invoice...); r.code != 0 || r.errs != "" {
		t.Fatalf("exit code %d\n%s%s", r.code, r.out, r.errs)
	}
	for _, line := range before.Diff(projecttest.Read(t, p.Root)) {
		if !strings.HasPrefix(line, "+ ") && line != "~ modules/modules_gen.go" && line != "~ cmd/shop/wire_gen.go" {
			t.Errorf("the resource: %s", line)
		}
	}
	before = crlf()
	const nothing = "everything is there as it was written; nothing to do\n"
	for _, args := range [][]string{{"-q", "sync"}, invoice} {
		if r := banyan(t, p.Root, args...); r.code != 0 || r.out != nothing || r.errs != "" {
			t.Errorf("%v: exit code %d\n%s%s", args, r.code, r.out, r.errs)
		}
	}
	if diff := before.Diff(projecttest.Read(t, p.Root)); len(diff) > 0 {
		t.Errorf("changed: %v", diff)
	}
	for args, want := range map[string]string{"-q config show --origin db.dsn": "configs/profiles/single.yaml:5", "-q migrate up": "applied  billing/"} {
		if r := banyan(t, p.Root, strings.Fields(args)...); r.code != 0 || !strings.Contains(r.out, want) {
			t.Errorf("%s: exit code %d\n%s%s", args, r.code, r.out, r.errs)
		}
	}
}
