package generator

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/generator/apply"
	"github.com/banyan-go/banyan/generator/field"
	"github.com/banyan-go/banyan/generator/name"
	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/render"
	"github.com/banyan-go/banyan/generator/resource"
)

func order() resource.Spec {
	return resource.Spec{Module: "shop", Name: "order", Fields: []string{"number:string:required,unique", "status:enum=draft+live"}}
}

// withOrder is a project in which shop/order has been generated, as far as plans look at one.
func withOrder(t *testing.T) *project.Project {
	t.Helper()
	p := &project.Project{Root: t.TempDir(), Module: "example.com/app", App: "app"}
	s := order()
	s.Migration = 20261123101500
	edit, err := resourceEdit(p, s, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range slices.Concat(edit.Add, edit.Keep) {
		full := p.Path(filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, f.Data, f.Mode); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func noon() time.Time { return time.Date(2026, 11, 23, 10, 15, 0, 0, time.UTC) }

// What cannot be generated is refused before anything is compiled, and without a trace.
func TestResourceRefuses(t *testing.T) {
	t.Parallel()
	p := withOrder(t)
	before := contents(t, p.Root)
	other, badName, badField := (*OtherError)(nil), (*name.Error)(nil), (*field.Error)(nil)
	more := order()
	more.Fields = append(more.Fields, "note:text")
	for _, c := range []struct {
		spec   resource.Spec
		target any // for errors.As
		want   string
	}{
		{more, &other, "shop/order exists, made by: banyan generate resource shop/order number:string:required,unique status:enum=draft+live --auth public"},
		{resource.Spec{Module: "shop", Name: "orders", Fields: []string{"a:int"}}, &badName, `resource name "orders": is a plural; try order`},
		{resource.Spec{Module: "shop", Name: "order_status", Fields: []string{"a:int"}}, &badName, "would have the name in the contract OrderStatus, as the resource order has; try order_status_item"},
		{resource.Spec{Module: "shop", Name: "item", Fields: []string{"a:int"}, Path: "orders"}, &badName, "would have the address orders, as the resource order has; try --path items-2"},
		{resource.Spec{Module: "shop", Name: "item", Fields: []string{"a:in"}}, &badField, `field "a:in": the type "in" is not known`},
	} {
		_, err := Resource(t.Context(), p, c.spec, noon(), nil)
		if !errors.As(err, c.target) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s/%s: %v, want %s", c.spec.Module, c.spec.Name, err, c.want)
		}
	}
	var exists *apply.ExistsError
	if err := os.MkdirAll(p.Path("modules/mine/minewire"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Module(t.Context(), p, "mine", nil); !errors.As(err, &exists) || err.Error() != "modules/mine exists; nothing was written" {
		t.Errorf("a module that was not generated: %v", err)
	}
	if _, err := Module(t.Context(), p, "Shop", nil); !errors.As(err, &badName) {
		t.Errorf("a module with a bad name: %v", err)
	}
	if after := contents(t, p.Root); !maps.Equal(before, after) {
		t.Error("something was written")
	}
}

// The same command again has nothing to do, until somebody has changed a file.
func TestTheSameAgain(t *testing.T) {
	t.Parallel()
	p := withOrder(t)
	again := func() (*apply.Plan, error) { return Resource(t.Context(), p, order(), noon(), nil) }
	module := func() (*apply.Plan, error) { return Module(t.Context(), p, "shop", nil) }
	for file, run := range map[string]func() (*apply.Plan, error){"modules/shop/order.go": again, "modules/shop/shop.go": module} {
		if plan, err := run(); err != nil || len(plan.Changes) != 0 {
			t.Errorf("%s, again: %+v, %v", file, plan, err)
		}
		full := p.Path(filepath.FromSlash(file))
		text, err := os.ReadFile(full)
		if err != nil {
			t.Fatal(err)
		}
		crlf := bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
		for _, c := range []struct {
			text []byte // nil removes the file
			diff string
		}{{crlf, ""}, {append([]byte("// Ours.\n"), text...), "\n+// Ours.\n"}, {nil, "\n-package shop\n"}} {
			if err := os.Remove(full); err != nil {
				t.Fatal(err)
			}
			if c.text != nil {
				if err := os.WriteFile(full, c.text, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			plan, err := run()
			var edited *apply.EditedError
			if c.diff == "" {
				if err != nil || len(plan.Changes) != 0 {
					t.Errorf("%s with other ends of lines: %+v, %v", file, plan, err)
				}
			} else if !errors.As(err, &edited) || !slices.Equal(edited.Paths, []string{file}) || !strings.Contains(edited.Diff, c.diff) {
				t.Errorf("%s, edited: %v", file, err)
			}
		}
		if err := os.WriteFile(full, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func contents(t *testing.T, root string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(root), ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(p)))
		files[p] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// A migration's version is drawn once; two in one module are a second apart.
func TestVersionsOfMigrations(t *testing.T) {
	t.Parallel()
	p := withOrder(t)
	for _, c := range []struct {
		module string
		now    time.Time
		want   int64
	}{
		{"shop", noon(), 20261123101501},
		{"shop", noon().Add(time.Second), 20261123101501},
		{"shop", noon().Add(time.Hour), 20261123111500},
		{"shop", time.Date(2026, 11, 23, 12, 15, 0, 0, time.FixedZone("", 2*3600)), 20261123101501}, // UTC
		{"blog", noon(), 20261123101500},
	} {
		if got, err := freeVersion(p, c.module, c.now); err != nil || got != c.want {
			t.Errorf("%s at %s: %d, %v, want %d", c.module, c.now, got, err, c.want)
		}
	}
}

func TestSameSpecGivesSameFiles(t *testing.T) {
	t.Parallel()
	for _, s := range parseMatrix() {
		if s.Name == "" {
			continue
		}
		first, second := rendered(t, s), rendered(t, s)
		if !maps.Equal(first, second) {
			t.Errorf("%s/%s: two times two results", s.Module, s.Name)
		}
	}
}

func rendered(t *testing.T, s resource.Spec) map[string]string {
	t.Helper()
	files, err := resourceFiles("example.com/app", s, true, parseMatrix()...)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, f := range files {
		if _, twice := texts[f.Path]; twice {
			t.Errorf("%s/%s: %s comes twice", s.Module, s.Name, f.Path)
		}
		texts[f.Path] = string(f.Data)
	}
	return texts
}

// A second resource only adds files: what it shares with the first is the module's, and depends on the module's name alone.
func TestResourcesOfOneModuleShareNoFile(t *testing.T) {
	t.Parallel()
	of := func(name string, withModule bool) []render.File {
		s := order()
		s.Name, s.Migration = name, 20261123101500
		files, err := resourceFiles("example.com/app", s, withModule)
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	for _, f := range of("invoice", true) {
		for _, g := range of("order", true) {
			if f.Path == g.Path && !bytes.Equal(f.Data, g.Data) {
				t.Errorf("%s depends on the resource", f.Path)
			}
		}
		if slices.ContainsFunc(of("order", false), func(g render.File) bool { return g.Path == f.Path }) {
			t.Errorf("both resources write %s", f.Path)
		}
	}
}

// The folders of migrations are embedded, and an empty one would not be in a repository.
func TestMigrationsOfAnEmptyModule(t *testing.T) {
	t.Parallel()
	kept := func(files []render.File) (n int) {
		for _, f := range files {
			if path.Base(f.Path) == ".keep" {
				n++
			}
		}
		return n
	}
	empty, err := moduleFiles("example.com/app", "shop")
	if err != nil {
		t.Fatal(err)
	}
	full, err := resourceFiles("example.com/app", order(), true)
	if err != nil {
		t.Fatal(err)
	}
	if kept(empty) != 2 || kept(full) != 0 {
		t.Errorf("%d files keep the folders of an empty module, %d those of one with a resource", kept(empty), kept(full))
	}
}

// A team reads what is generated, line by line, on the first day.
func TestGeneratedFilesAreTidy(t *testing.T) {
	t.Parallel()
	for _, s := range parseMatrix() {
		if s.Name == "" {
			continue
		}
		for p, text := range rendered(t, s) {
			for i, line := range strings.Split(text, "\n") {
				if strings.TrimRight(line, " \t") != line || strings.Contains(line, "<no value>") {
					t.Errorf("%s:%d: %q", p, i+1, line)
				}
			}
			if strings.Contains(text, "\n\n\n") || strings.HasPrefix(text, "\n") || !strings.HasSuffix(text, "\n") || strings.HasSuffix(text, "\n\n") {
				t.Errorf("%s has empty lines at its ends or two in a row", p)
			}
		}
	}
}
