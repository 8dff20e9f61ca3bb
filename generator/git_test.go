package generator

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/projecttest"
	"github.com/banyan-go/banyan/generator/record"
)

// Before something is written people hear of what they have done and not committed. What the generator has done is no news, nor is a file that
// git does not know: it cannot be changed by what is generated.
func TestUncommitted(t *testing.T) {
	t.Parallel()
	p := withOrder(t)
	put := func(file, text string) {
		t.Helper()
		full := p.Path(filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text := func(file string) string { return contents(t, p.Root)[file] }
	put("README.md", "Ours.\n")
	put("LICENSE", "Ours.\n")
	put("notes/größe.md", "Ours.\n")
	put("modules/modules_gen.go", "package modules\n")
	repository := &project.Project{Root: filepath.Dir(p.Root)} // the application is a part of it
	want := func(when string, want ...string) {
		t.Helper()
		if got := uncommitted(t.Context(), p); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	want("without a repository")
	projecttest.Git(t, repository, "init", "-q")
	projecttest.Git(t, repository, "add", ".")
	want("without a commit")
	projecttest.Git(t, repository, "commit", "-q", "-m", "The first order")
	want("after a commit")

	generated := "// Another field.\n" + text("modules/shop/order.go")
	put("modules/shop/order.go", generated)
	put(record.BasePath("modules/shop/order.go"), generated)
	put("modules/shop/order_test.go", strings.ReplaceAll(text("modules/shop/order_test.go"), "\n", "\r\n"))
	for _, file := range []string{"modules/shop/load/order.js", record.BasePath("modules/shop/load/order.js")} { // destroyed
		if err := os.Remove(p.Path(filepath.FromSlash(file))); err != nil {
			t.Fatal(err)
		}
	}
	put("modules/modules_gen.go", "package modules\n\n")
	put("new.md", "Ours.\n")
	want("after the generator")

	put("README.md", "Ours!\n")
	put("notes/größe.md", "Ours!\n")
	put("modules/shop/shop.go", "// Ours.\n"+text("modules/shop/shop.go"))
	if err := errors.Join(os.Remove(p.Path("LICENSE")), os.Remove(p.Path("modules", "shop", "internal", "order", "seed.go"))); err != nil {
		t.Fatal(err)
	}
	want("after us", "LICENSE", "README.md", "modules/shop/internal/order/seed.go", "modules/shop/shop.go", "notes/größe.md")
	projecttest.Git(t, repository, "add", ".")
	want("and with new.md known to git", "LICENSE", "README.md", "modules/shop/internal/order/seed.go", "modules/shop/shop.go", "new.md", "notes/größe.md")
}

func TestDirty(t *testing.T) {
	t.Parallel()
	const end = "; committed first, they are easily told from what is written now"
	for files, want := range map[string]string{
		"a": "1 file has changes that no commit has (a)", "a b": "2 files have changes that no commit has (a, b)", "a b c": "3 files have changes that no commit has (a, b, c)", "a b c d": "4 files have changes that no commit has (a, b, c, ...)",
	} {
		if got := dirty(strings.Fields(files)); got != want+end {
			t.Errorf("%s: %s", files, got)
		}
	}
}
