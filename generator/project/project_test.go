package project_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/project"
)

// tree makes files, and folders for names that end in a slash.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		full := filepath.Join(root, filepath.FromSlash(name))
		dir := filepath.Dir(full)
		if strings.HasSuffix(name, "/") {
			dir = full
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if dir != full {
			if err := os.WriteFile(full, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}

func shop() map[string]string {
	return map[string]string{
		"go.mod": "module example.com/shop\n\ngo 1.26.0\n", "cmd/shop/wire.go": "", "cmd/tool/main.go": "",
		"modules/catalog/catalogwire/": "", "modules/blog/blogwire/": "", "modules/empty/": "", "modules/Upper/Upperwire/": "",
		"modules/my_mod/my_modwire/": "", "modules/file": "",
		"tools/go.mod": "module example.com/tools\n", "tools/deep/": "",
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	root := tree(t, shop())
	for _, dir := range []string{"", "modules", "modules/catalog/catalogwire", "tools/deep", "cmd/shop", "not/there/yet"} { // tools is a Go module, and no application
		p, err := project.Find(filepath.Join(root, filepath.FromSlash(dir)))
		if err != nil {
			t.Errorf("from %q: %v", dir, err)
			continue
		}
		if p.Root != root || p.Module != "example.com/shop" || p.App != "shop" || p.Main() != "./cmd/shop" || p.Vendored {
			t.Errorf("from %q: %+v", dir, p)
		}
		modules, err := p.Modules()
		if err != nil || !slices.Equal(modules, []string{"blog", "catalog"}) {
			t.Errorf("modules %q, %v", modules, err)
		}
		if got := p.Relative(p.Path("modules", "catalog", "x.go")); got != "modules/catalog/x.go" {
			t.Errorf("relative: %s", got)
		}
		if outside := filepath.Join(filepath.Dir(root), "x.go"); p.Relative(outside) != outside {
			t.Errorf("relative: %s", p.Relative(outside))
		}
	}
}

func TestFindSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	without := func(names ...string) map[string]string {
		files := shop()
		for _, n := range names {
			delete(files, n)
		}
		return files
	}
	with := func(name, text string) map[string]string {
		files := shop()
		files[name] = text
		return files
	}
	for _, c := range []struct {
		files map[string]string
		want  string
	}{
		{with("go.mod", "module \"\n"), "read "},
		{with("go.mod", "go 1.26.0\n"), "names no module"},
		{with("cmd/other/wire.go", ""), "want one application, a folder in cmd with a wire.go, and found cmd/other/wire.go, cmd/shop/wire.go"},
		{without("cmd/shop/wire.go"), "and found none"},
		{with("go.mod", "module example.com/shop\n\ngo 1.26.0\n\nreplace github.com/banyan-go/banyan => ../nowhere\n"), "go.mod takes the framework from the folder ../nowhere, and there is none at "},
	} {
		if _, err := project.Find(tree(t, c.files)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
	for _, files := range []map[string]string{{"README.md": ""}, {"modules/x/xwire/": ""}} {
		if _, err := project.Find(tree(t, files)); !errors.Is(err, project.ErrNone) {
			t.Errorf("error %v, want ErrNone", err)
		}
	}
	root := tree(t, map[string]string{"go.mod": "module example.com/x\n", "cmd/x/wire.go": "", "deep/down/": ""})
	_, err := project.Find(filepath.Join(root, "deep", "down"))
	if !errors.Is(err, project.ErrNone) || !strings.HasSuffix(err.Error(), "(there is none beside "+filepath.Join(root, "go.mod")+")") {
		t.Errorf("without the folder modules: %v", err)
	}
}

func TestVendored(t *testing.T) {
	t.Parallel()
	files := shop()
	files["vendor/modules.txt"] = ""
	if p, err := project.Find(tree(t, files)); err != nil || !p.Vendored {
		t.Errorf("%+v, %v", p, err)
	}
}
