package archtest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/archtest"
)

const framework = "github.com/banyan-go/banyan"

// tree is a Go module: the texts of files by their paths. Where a file of Go is wanted a list of imports does, see source.
type tree map[string]string

// write writes the tree, with a go.mod unless it has one, and returns its folder.
func (files tree) write(t *testing.T, module string) string {
	t.Helper()
	root := t.TempDir()
	if _, ok := files["go.mod"]; !ok {
		files["go.mod"] = "module " + module + "\n"
	}
	for name, text := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".go") && !strings.Contains(text, "package ") {
			text = source(module, strings.Fields(text)...)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// source is a file with these imports, from line 4 on. What begins like a folder of the application is in this module, what begins like
// one of the framework in that one.
func source(module string, imports ...string) string {
	var b strings.Builder
	b.WriteString("package p\n\nimport (\n")
	for _, path := range imports {
		switch first, _, _ := strings.Cut(path, "/"); first {
		case "modules", "cmd", "configs":
			path = module + "/" + path
		case "internal":
			path = module + "/" + path
		case "platform", "generator", "templates", "bench":
			path = framework + "/" + path
		}
		fmt.Fprintf(&b, "\t_ %q\n", path)
	}
	return b.String() + ")\n"
}

// find returns the findings in a tree, as texts.
func find(t *testing.T, module string, files tree) []string {
	t.Helper()
	findings, err := archtest.Find(files.write(t, module))
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, f := range findings {
		texts = append(texts, f.String())
	}
	return texts
}

// What the go command does not build has no rules; what a build tag hides from it has.
func TestFilesThatAreRead(t *testing.T) {
	t.Parallel()
	const bad = "github.com/spf13/viper"
	for file, isRead := range map[string]bool{
		"cmd/shop/main.go":          true,
		"cmd/shop/main_windows.go":  true,
		"internal/a/b/c/d/e/x.go":   true,
		"internal/vendors/x.go":     true,
		"vendor/example.com/x/x.go": false,
		"internal/vendor/x.go":      false,
		"internal/testdata/x.go":    false,
		"testdata/x.go":             false,
		"web/node_modules/x/x.go":   false,
		".git/x.go":                 false,
		"internal/.hidden/x.go":     false,
		"internal/_old/x.go":        false,
		"internal/a/_x.go":          false,
		"internal/a/.x.go":          false,
		"internal/a/x.go.txt":       false,
		"internal/a/x_test.go":      false, // tests may use what they like
	} {
		if got := find(t, "example.com/shop", tree{file: bad}); (len(got) > 0) != isRead {
			t.Errorf("%s: %q", file, got)
		}
	}
	tagged := "//go:build ignore && never\n\npackage p\n\nimport (\n\t\"fmt\"\n\tv \"" + bad + "\"\n)\n"
	if got := find(t, "example.com/shop", tree{"internal/a/x.go": tagged}); len(got) != 1 || !strings.HasPrefix(got[0], "internal/a/x.go:7: internal/a imports "+bad) {
		t.Errorf("behind a build tag: %q", got)
	}
	if got := find(t, "example.com/shop", tree{"tools/go.mod": "module example.com/tools\n", "tools/x.go": bad}); len(got) > 0 {
		t.Errorf("another Go module: %q", got)
	}
	// An editor's copy is a file that cannot be read as Go.
	if got := find(t, "example.com/shop", tree{"internal/a/._x.go": "package \x00"}); len(got) > 0 {
		t.Errorf("a file that no build has: %q", got)
	}
}

func TestFindingsAreInOrder(t *testing.T) {
	t.Parallel()
	files := tree{"cmd/b/b.go": "fmt github.com/spf13/viper gorm.io/gorm", "cmd/a/a.go": "github.com/spf13/viper", "a.go": "gorm.io/gorm"}
	var places []string
	for _, f := range find(t, "example.com/shop", files) {
		place, _, _ := strings.Cut(f, ": ")
		places = append(places, place)
	}
	if want := []string{"a.go:4", "cmd/a/a.go:4", "cmd/b/b.go:5", "cmd/b/b.go:6"}; !slices.Equal(places, want) {
		t.Errorf("%q, want %q", places, want)
	}
}

func TestModulePaths(t *testing.T) {
	t.Parallel()
	for gomod, path := range map[string]string{
		"module example.com/shop\n":                             "example.com/shop",
		"// The shop.\n\nmodule example.com/shop // it sells\n": "example.com/shop",
		"module \"example.com/shop\"\r\ngo 1.26\r\n":            "example.com/shop",
		"\tmodule\t`example.com/shop`\n":                        "example.com/shop",
		"go 1.26\nmodule shop\n":                                "shop",
	} {
		files := tree{"go.mod": gomod, "internal/x/x.go": source(path, "modules/shop")}
		if got := find(t, path, files); len(got) != 1 || !strings.Contains(got[0], noModule) {
			t.Errorf("%q: %q", gomod, got)
		}
	}
}

// reporter is a T that writes down what is reported.
type reporter struct{ errors []string }

func (*reporter) Helper() {}
func (r *reporter) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func TestCheckFailsForEachFinding(t *testing.T) {
	t.Parallel()
	var r reporter
	archtest.Check(&r, tree{"a.go": "gorm.io/gorm github.com/spf13/viper"}.write(t, "example.com/shop"))
	want := []string{
		"a.go:4: the root package imports gorm.io/gorm: only stores speak SQL; add a method to the module's service",
		"a.go:5: the root package imports github.com/spf13/viper: settings arrive as values of a Config; add a field to the component's Config",
	}
	if !slices.Equal(r.errors, want) {
		t.Errorf("got  %q\nwant %q", r.errors, want)
	}
	r = reporter{}
	if archtest.Check(&r, tree{"a.go": "fmt"}.write(t, "example.com/shop")); len(r.errors) > 0 {
		t.Errorf("where all is well: %q", r.errors)
	}
}

// A tree that cannot be read is no tree without findings.
func TestTreesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files tree
		want  string
	}{
		"no module in go.mod": {tree{"go.mod": "go 1.26\n"}, "go.mod names no module"},
		"a file that is none": {tree{"internal/x/x.go": "package p\n\nimport fmt\n"}, "x.go:3:11"},
	} {
		var r reporter
		archtest.Check(&r, c.files.write(t, "example.com/shop"))
		if len(r.errors) != 1 || !strings.HasPrefix(r.errors[0], "read the imports: ") || !strings.Contains(r.errors[0], c.want) {
			t.Errorf("%s: %q", name, r.errors)
		}
	}
	var r reporter
	if archtest.Check(&r, t.TempDir()); len(r.errors) != 1 || !strings.Contains(r.errors[0], "go.mod") {
		t.Errorf("no go.mod: %q", r.errors)
	}
}
