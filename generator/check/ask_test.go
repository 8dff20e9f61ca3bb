package check

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/project"
)

// script is a program that answers like an application.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func newChecker(t *testing.T) *checker {
	t.Helper()
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "modules"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "go.mod"), []byte("module shop\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return &checker{project: &project.Project{Root: root, Module: "shop", App: "shop"}}
}

// An application on a library without the command is told of, one that fails ends the check, and what is added to the answer does no harm.
func TestApplicationsOfOtherVersions(t *testing.T) {
	t.Parallel()
	c := newChecker(t)
	if err := c.inspect(t.Context(), script(t, `echo 'error: shop has no command "check"' >&2; exit 2`)); err != nil || len(c.findings) != 1 || c.findings[0].Rule != "unchecked" {
		t.Errorf("%v, %+v", err, c.findings)
	}
	c = newChecker(t)
	if err := c.inspect(t.Context(), script(t, "echo no memory >&2; exit 1")); err == nil || !strings.Contains(err.Error(), "no memory") {
		t.Errorf("an application that fails: %v", err)
	}
	if err := c.inspect(t.Context(), script(t, "echo hello")); err == nil {
		t.Error("an answer that is none is taken")
	}
	if err := c.inspect(t.Context(), script(t, `echo '{"described":true,"later":[1],"problems":[{"profile":"single","note":true,"key":"db.dsn","what":"is not set","later":1}]}'`)); err != nil {
		t.Error(err)
	}
	if len(c.findings) != 1 || c.findings[0].Rule != "secret" || c.findings[0].File != "configs/profiles/single.yaml" {
		t.Errorf("%+v", c.findings)
	}
}

// A panic ends a program with the exit code of a command that it does not know, and is no older version: it is found at its line, with what was said.
func TestApplicationThatPanics(t *testing.T) {
	t.Parallel()
	c := newChecker(t)
	main := c.project.Path("cmd", "shop", "drivers.go")
	if err := errors.Join(os.MkdirAll(filepath.Dir(main), 0o755), os.WriteFile(main, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	text := "panic: no spare parts\n\ngoroutine 1 [running]:\nshop/lib.Must(...)\n\t/usr/lib/go/lib.go:3 +0x1\nmain.init()\n\t" + main + ":12 +0x4c\n"
	if err := c.inspect(t.Context(), script(t, "cat >&2 <<'END'\n"+text+"END\nexit 2")); err != nil || len(c.findings) != 2 {
		t.Fatalf("%v, %+v", err, c.findings)
	}
	if f := c.findings[0]; f.Rule != "start" || f.Severity != Error || f.File != "cmd/shop/drivers.go" || f.Line != 12 || f.What != "the application ends: panic: no spare parts" {
		t.Errorf("%+v", f)
	}
	if c.findings[1].Rule != "unchecked" {
		t.Errorf("%+v", c.findings[1])
	}
	c = newChecker(t)
	if err := c.inspect(t.Context(), script(t, "exit 2")); err != nil || c.findings[0].File != "cmd/shop/main.go" || !strings.Contains(c.findings[0].What, "it says nothing") {
		t.Errorf("without a word: %v, %+v", err, c.findings)
	}
}

// Where a route was made is a path of the project, however the program was built.
func TestRelative(t *testing.T) {
	t.Parallel()
	c := newChecker(t)
	root := c.project.Root
	linked := filepath.Join(t.TempDir(), "linked")
	if err := os.Symlink(root, linked); err != nil {
		t.Fatal(err)
	}
	for _, in := range []string{filepath.Join(root, "modules/a/a.go"), "shop/modules/a/a.go"} {
		if got := c.relative(in); got != "modules/a/a.go" {
			t.Errorf("%s is %s", in, got)
		}
	}
	c.project.Root = linked
	if got := c.relative(filepath.Join(root, "modules/a/a.go")); got != "modules/a/a.go" {
		t.Errorf("behind a link it is %s", got)
	}
}

// A file whose imports cannot be read is found at its line, instead of ending the check.
func TestImportsThatDoNotParse(t *testing.T) {
	t.Parallel()
	c := newChecker(t)
	if err := os.WriteFile(c.project.Path("modules", "x.go"), []byte("package modules\n\nimport fmt\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := c.imports(t.Context()); err != nil || len(c.findings) != 1 || c.findings[0].Rule != "compile" || c.findings[0].File != "modules/x.go" || c.findings[0].Line != 3 {
		t.Errorf("%v, %+v", err, c.findings)
	}
	if err := os.Remove(c.project.Path("go.mod")); err != nil {
		t.Fatal(err)
	}
	if err := c.imports(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a tree that cannot be read: %v", err)
	}
}
