package scaffold_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/generator/name"
	"github.com/banyan-go/banyan/generator/projecttest"
	"github.com/banyan-go/banyan/generator/scaffold"
)

// options are those of an application shop in a new folder of the test, in need of nothing but this checkout.
func options(t *testing.T) scaffold.Options {
	t.Helper()
	return scaffold.Options{
		Dir: filepath.Join(t.TempDir(), "shop"), Replace: projecttest.Checkout(t), NoGit: true,
		Now: time.Date(2026, time.November, 26, 0, 0, 0, 0, time.UTC),
	}
}

func scaffolded(t *testing.T, o scaffold.Options) projecttest.Tree {
	t.Helper()
	if _, err := scaffold.New(t.Context(), o, nil); err != nil {
		t.Fatal(err)
	}
	return projecttest.Read(t, o.Dir)
}

func TestTree(t *testing.T) {
	t.Parallel()
	tree := scaffolded(t, options(t))
	want := []string{
		".dockerignore", ".gitattributes", ".github", ".github/workflows", ".github/workflows/ci.yml", ".gitignore", ".golangci.yml",
		"Dockerfile", "LICENSE", "README.md", "Taskfile.yml", "arch_test.go",
		"cmd", "cmd/shop", "cmd/shop/drivers.go", "cmd/shop/main.go", "cmd/shop/wire.go", "cmd/shop/wire_gen.go",
		"compose.yaml", "configs", "configs/base.yaml", "configs/configs.go", "configs/profiles",
		"configs/profiles/cached.yaml", "configs/profiles/replicated.yaml", "configs/profiles/sharded.yaml", "configs/profiles/single.yaml", "go.mod", "go.sum",
		"internal", "internal/keep", "internal/keep/keep.go", "modules", "modules/modules_gen.go",
	}
	shown := maps.Clone(tree)
	maps.DeleteFunc(shown, func(path, _ string) bool { return strings.HasPrefix(path, ".banyan") })
	if got := slices.Sorted(maps.Keys(shown)); !slices.Equal(got, want) {
		t.Errorf("written:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for path, text := range tree {
		base, kept := tree[".banyan/base/"+path]
		written := text != "folder" && !strings.HasPrefix(path, ".banyan") && path != "go.mod" && path != "go.sum" && !strings.HasSuffix(path, "_gen.go")
		if text != "folder" && (kept != written || kept && base != text) {
			t.Errorf("%s: its text is kept: %v, and is another one: %v", path, kept, base != text)
		}
		if text != "folder" && !strings.HasPrefix(text, "-rw-r--r--\n") {
			t.Errorf("%s has the mode of %.10q", path, text)
		}
		if strings.Contains(text, "{{") || strings.Contains(text, "<no value>") {
			t.Errorf("%s holds a piece of its template", path)
		}
	}
	if lines := strings.Count(tree["cmd/shop/main.go"], "\n") - 1; lines > 40 {
		t.Errorf("main.go has %d lines: behaviour lives in the library", lines)
	}
}

// A new application gets the configuration files of the reference application, which is tested with each of them.
func TestConfigurationIsThatOfTheReference(t *testing.T) {
	t.Parallel()
	want := projecttest.Read(t, filepath.Join(projecttest.Checkout(t), "configs"))
	tree := scaffolded(t, options(t))
	for path, text := range want {
		if got := tree["configs/"+path]; got != strings.ReplaceAll(text, "app config", "shop config") {
			t.Errorf("configs/%s is\n%s\nwant\n%s", path, got, text)
		}
	}
	if len(want) < 6 {
		t.Errorf("the reference application has only %d files", len(want))
	}
}

func TestLicense(t *testing.T) {
	t.Parallel()
	for choice, want := range map[string]struct{ begins, spdx string }{
		"":            {"MIT License\n\nCopyright (c) 2026 the authors of shop\n", "MIT"},
		"mit":         {"MIT License\n\nCopyright (c) 2026 Acme\n", "MIT"},
		"Apache-2.0":  {"                                 Apache License\n", "Apache-2.0"},
		"proprietary": {"Copyright (c) 2026 Acme. All rights reserved.\n", "LicenseRef-Proprietary"},
	} {
		t.Run(choice, func(t *testing.T) {
			t.Parallel()
			o := options(t)
			if o.License = choice; choice != "" {
				o.Holder = "Acme"
			}
			tree := scaffolded(t, o)
			if _, text, _ := strings.Cut(tree["LICENSE"], "\n"); !strings.HasPrefix(strings.TrimPrefix(text, "\n"), want.begins) {
				t.Errorf("LICENSE begins with %.80q", text)
			}
			// The API document names it, by the identifier that tools know.
			if main := tree["cmd/shop/main.go"]; !strings.Contains(main, `License: "`+want.spdx+`"`) {
				t.Errorf("want %s in %s", want.spdx, main)
			}
		})
	}
}

func TestModulePath(t *testing.T) {
	t.Parallel()
	for path, imports := range map[string]string{"": "shop/modules", "acme-shop": "acme-shop/modules", "github.com/acme/shop/v2": "github.com/acme/shop/v2/modules"} {
		t.Run(imports, func(t *testing.T) {
			t.Parallel()
			o := options(t)
			o.Module = path
			tree := scaffolded(t, o)
			if module := strings.TrimSuffix(imports, "/modules"); !strings.Contains(tree["go.mod"], "\nmodule "+module+"\n") {
				t.Errorf("go.mod names no module %s", module)
			}
			if !strings.Contains(tree["cmd/shop/main.go"], `"`+imports+`"`) {
				t.Errorf("main.go does not import %s", imports)
			}
		})
	}
}

// Below a path that the standard library has, nothing is built: the go command finds the package in two modules.
func TestModulePathsOfTheStandardLibrary(t *testing.T) {
	t.Parallel()
	list, err := exec.CommandContext(t.Context(), "go", "list", "std").Output()
	if err != nil {
		t.Fatal(err)
	}
	paths := slices.DeleteFunc(strings.Fields(string(list)), func(p string) bool { return strings.Contains(p, "/") })
	if len(paths) < 40 {
		t.Fatalf("the standard library has %q", paths)
	}
	for _, path := range append(paths, "go", "toolchain") {
		o := options(t)
		o.Module = path
		_, err := scaffold.New(t.Context(), o, nil)
		if e, ok := errors.AsType[*scaffold.OptionError](err); !ok || !strings.HasSuffix(e.Error(), "; try example.com/"+path) {
			t.Errorf("%s: error %v", path, err)
		}
	}
}

// go.mod says where the framework is by a relative path that holds behind symbolic links, and on the way through folders that are not there
// yet.
func TestReplace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	checkout := filepath.Join(dir, "my banyan")
	if err := errors.Join(os.MkdirAll(filepath.Join(dir, "deep/down/here"), 0o755), os.Symlink("deep/down/here", filepath.Join(dir, "link")),
		os.Mkdir(checkout, 0o755), os.Symlink("my banyan", filepath.Join(dir, "current"))); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ dir, replace, want string }{
		{"shop", checkout, `"../my banyan"`},
		{"shop2", filepath.Join(dir, "current"), `"../my banyan"`},
		{"link/shop", checkout, `"../../../../my banyan"`},
		{"link/new/folders/shop", checkout, `"../../../../../../my banyan"`},
		{"my banyan/examples/shop", checkout, "../.."},
	} {
		t.Run(c.dir, func(t *testing.T) {
			t.Parallel()
			o := options(t)
			o.Dir, o.Replace = filepath.Join(dir, c.dir), c.replace
			tree := scaffolded(t, o)
			if line := "replace github.com/banyan-go/banyan => " + c.want + "\n"; !strings.Contains(tree["go.mod"], line) {
				t.Errorf("want %q in %s", line, tree["go.mod"])
			}
		})
	}
}

func TestReleasedVersion(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Replace, o.Version = "", "v1.2.3"
	gomod := scaffolded(t, o)["go.mod"]
	if !strings.Contains(gomod, "\tgithub.com/banyan-go/banyan v1.2.3\n") || strings.Contains(gomod, "replace") {
		t.Errorf("go.mod does not require the version: %s", gomod)
	}
}

func TestRefusedOptions(t *testing.T) {
	t.Parallel()
	type change = func(*scaffold.Options)
	app := func(name string) change {
		return func(o *scaffold.Options) { o.Dir = filepath.Join(filepath.Dir(o.Dir), name) }
	}
	module := func(path string) change { return func(o *scaffold.Options) { o.Module = path } }
	refused := map[string]change{
		"name in capitals": app("Shop"), "name with a space": app("my shop"), "name with a digit first": app("1shop"), "name with a dot": app("shop.io"),
		"name of a template": app("{{.App}}"), "name with a newline": app("shop\n"), "name with another script": app("ѕhop"),
		"name of Go's": app("main"), "long name": app(strings.Repeat("s", 200)), "name with a dash last": app("shop-"),
		"module of the standard library": module("internal"), "module with a space": module("example.com/my shop"), "module without a dot": module("Acme/shop"),
		"module with a wrong version": module("example.com/shop/v1"), "module with dots": module("example.com/../shop"), "module of the framework": module(scaffold.Framework),
		"module in the framework": module(scaffold.Framework + "/shop"), "module with a newline": module("example.com/shop\nreplace a => b"),
		"licence": func(o *scaffold.Options) { o.License = "WTFPL" }, "holder": func(o *scaffold.Options) { o.Holder = "Acme\n\nNo warranty" },
	}
	for what, change := range refused {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			o := options(t)
			around := filepath.Dir(o.Dir)
			change(&o)
			_, err := scaffold.New(t.Context(), o, nil)
			var badName *name.Error
			var badOption *scaffold.OptionError
			if !errors.As(err, &badName) && !errors.As(err, &badOption) {
				t.Errorf("got %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("the error has more than one line: %v", err)
			}
			if left := projecttest.Read(t, around); len(left) > 0 {
				t.Errorf("written: %v", left)
			}
		})
	}
}

func TestTakenFolder(t *testing.T) {
	t.Parallel()
	for what, take := range map[string]func(dir string) error{
		"a file in it": func(dir string) error {
			return errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(dir+"/.keep", nil, 0o644))
		},
		"a file":          func(dir string) error { return os.WriteFile(dir, []byte("mine"), 0o644) },
		"a dangling link": func(dir string) error { return os.Symlink("nowhere", dir) },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			o := options(t)
			if err := take(o.Dir); err != nil {
				t.Fatal(err)
			}
			before := projecttest.Read(t, filepath.Dir(o.Dir))
			if _, err := scaffold.New(t.Context(), o, nil); !errors.Is(err, scaffold.ErrTaken) {
				t.Errorf("got %v, want ErrTaken", err)
			}
			if diff := before.Diff(projecttest.Read(t, filepath.Dir(o.Dir))); len(diff) > 0 {
				t.Errorf("changed: %v", diff)
			}
		})
	}
	t.Run("an empty folder is free", func(t *testing.T) {
		t.Parallel()
		o := options(t)
		if err := os.Mkdir(o.Dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if tree := scaffolded(t, o); tree["go.mod"] == "" {
			t.Errorf("written: %v", tree)
		}
	})
}

// Vendoring is the step that can fail, or be interrupted, when everything is written.
func TestFailureLeavesNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for what, dir := range map[string]string{"folders on the way": "some/folders/shop", "an empty folder": "shop"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			o := options(t)
			around := filepath.Dir(o.Dir)
			o.Dir, o.Vendor = filepath.Join(around, dir), true
			if dir == "shop" {
				if err := os.Mkdir(o.Dir, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			before := projecttest.Read(t, around)
			if _, err := scaffold.New(ctx, o, nil); err == nil {
				t.Error("no error")
			}
			if diff := before.Diff(projecttest.Read(t, around)); len(diff) > 0 {
				t.Errorf("left behind: %v", diff)
			}
		})
	}
}
