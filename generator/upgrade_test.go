package generator_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator"
	"github.com/banyan-go/banyan/generator/derive"
	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/projecttest"
)

// An application that was made long ago, and that its team has edited, builds and passes with the library of today: as it is, and after a sync by
// the generator of today, which changes derived files alone.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("compiles an application twice")
	}
	checkout := projecttest.Checkout(t)
	dir := filepath.Join(t.TempDir(), "shop")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(checkout, "testdata/upgrade/shop"))); err != nil {
		t.Fatal(err)
	}
	p, err := project.Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	// What `go get` and `go mod tidy` do when a team takes a newer version: the modules that it wants, in the versions that it wants.
	for _, args := range [][]string{
		{"mod", "edit", "-replace", "github.com/banyan-go/banyan=" + checkout}, {"mod", "edit", "-require", "golang.org/x/crypto@" + required(t, checkout, "golang.org/x/crypto")},
	} {
		upgraded(t, dir, args...)
	}
	sums, err := os.ReadFile(filepath.Join(checkout, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "go.sum"), sums, 0o644); err != nil {
		t.Fatal(err)
	}
	upgraded(t, dir, "test", "-vet=all", "-mod=mod", "./...")

	before := projecttest.Read(t, dir)
	plan, err := generator.Sync(t.Context(), p, nil)
	for _, line := range before.Diff(keep(t, dir, plan, err)) {
		if !strings.HasPrefix(line, "~ ") && !strings.HasSuffix(line, "_gen_test.go") || !derive.Derived(line) {
			t.Errorf("sync: %s", line)
		}
	}
	upgraded(t, dir, "test", "./...")
}

// required returns the version of a module that the checkout requires.
func required(t *testing.T, checkout, module string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Version}}", module)
	cmd.Dir = checkout
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func upgraded(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}
