package generator_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/generator"
	"github.com/banyan-go/banyan/generator/apply"
	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/projecttest"
	"github.com/banyan-go/banyan/generator/resource"
)

func invoice() resource.Spec {
	return resource.Spec{Module: "sale", Name: "invoice", Fields: []string{"number:string:required,unique"}}
}

func clock(minute int) time.Time {
	return time.Date(2026, time.November, 26, 10, minute, 0, 0, time.UTC)
}

func edit(t *testing.T, p *project.Project, file, suffix string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(p.Path(filepath.FromSlash(file))), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(p.Path(filepath.FromSlash(file)), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err == nil {
		_, err = f.WriteString(suffix)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// What was generated and not touched goes without a trace, in the order in which people think of it; what a hand has touched holds it up.
func TestDestroyTakesBackExactlyWhatWasWritten(t *testing.T) {
	t.Parallel()
	p := projecttest.New(t, filepath.Join(t.TempDir(), "shop"))
	fresh := projecttest.Read(t, p.Root)
	plan, err := generator.Module(t.Context(), p, "sale", nil)
	empty := keep(t, p.Root, plan, err)
	plan, err = generator.Resource(t.Context(), p, invoice(), clock(0), nil)
	full := keep(t, p.Root, plan, err)

	var inUse *generator.InUseError
	if _, err := generator.DestroyModule(t.Context(), p, "sale", nil); !errors.As(err, &inUse) || !strings.Contains(err.Error(), "banyan destroy resource sale/invoice") {
		t.Errorf("a module with a resource: %v", err)
	}
	var edited *apply.EditedError
	edit(t, p, "modules/sale/internal/invoice/service.go", "\n// Ours.\n")
	if _, err := generator.DestroyResource(t.Context(), p, "sale", "invoice", clock(1), nil); !errors.As(err, &edited) || !strings.Contains(edited.Diff, "\n+// Ours.\n") {
		t.Errorf("an edited resource: %v", err)
	}
	restore(t, p, full, "modules/sale/internal/invoice/service.go")

	// The contract is used elsewhere: it does not compile without it, and the line is named.
	edit(t, p, "internal/user/user.go", "package user\n\nimport \"shop/modules/sale\"\n\nvar Known sale.Invoice\n")
	var check *apply.CheckError
	if _, err := generator.DestroyResource(t.Context(), p, "sale", "invoice", clock(1), nil); !errors.As(err, &check) || !strings.Contains(check.Output, "internal/user/user.go:5:") {
		t.Errorf("a resource that is used: %v", err)
	}
	if err := os.RemoveAll(p.Path("internal/user")); err != nil {
		t.Fatal(err)
	}
	if diff := full.Diff(projecttest.Read(t, p.Root)); len(diff) > 0 {
		t.Fatalf("what was refused left %v", diff)
	}

	d, err := generator.DestroyResource(t.Context(), p, "sale", "invoice", clock(1), nil)
	if err != nil {
		t.Fatal(err)
	}
	if d.Applied != 20261126100000 || d.Down != 0 {
		t.Errorf("a migration that git does not have: applied %d, down %d", d.Applied, d.Down)
	}
	if diff := empty.Diff(keep(t, p.Root, d.Plan, nil)); len(diff) > 0 {
		t.Errorf("after the resource: %v", diff)
	}

	edit(t, p, "modules/sale/notes.txt", "ours")
	if _, err := generator.DestroyModule(t.Context(), p, "sale", nil); !errors.As(err, &inUse) || !strings.Contains(err.Error(), "modules/sale/notes.txt") {
		t.Errorf("a module with a file of ours: %v", err)
	}
	if err := os.Remove(p.Path("modules/sale/notes.txt")); err != nil {
		t.Fatal(err)
	}
	edit(t, p, "modules/sale/testdata/queries.golden", "written by tests")
	d, err = generator.DestroyModule(t.Context(), p, "sale", nil)
	if err != nil {
		t.Fatal(err)
	}
	// The list of modules was there before, and the folder of the records has come with the first of them.
	if diff := fresh.Diff(keep(t, p.Root, d.Plan, nil)); len(diff) > 0 {
		t.Errorf("after the module: %v", diff)
	}
}

func restore(t *testing.T, p *project.Project, tree projecttest.Tree, file string) {
	t.Helper()
	_, text, _ := strings.Cut(tree[file], "\n")
	if err := os.WriteFile(p.Path(filepath.FromSlash(file)), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A migration that others have stays, and one is added that undoes it, in both dialects.
func TestDestroyKeepsMigrationsThatGitHas(t *testing.T) {
	t.Parallel()
	p := projecttest.New(t, filepath.Join(t.TempDir(), "shop"))
	plan, err := generator.Resource(t.Context(), p, invoice(), clock(0), nil)
	full := keep(t, p.Root, plan, err)
	projecttest.Git(t, p, "init", "-q")
	projecttest.Git(t, p, "add", ".")
	projecttest.Git(t, p, "commit", "-q", "-m", "The first invoice")

	d, err := generator.DestroyResource(t.Context(), p, "sale", "invoice", clock(1), nil)
	if err != nil {
		t.Fatal(err)
	}
	if d.Applied != 0 || d.Down != 20261126100100 {
		t.Errorf("a migration that git has: applied %d, down %d", d.Applied, d.Down)
	}
	after := keep(t, p.Root, d.Plan, nil)
	for _, dialect := range []string{"sqlite", "postgres"} {
		made, undone := "modules/sale/migrations/"+dialect+"/20261126100000_invoices.sql", "modules/sale/migrations/"+dialect+"/20261126100100_drop_invoices.sql"
		if after[made] != full[made] {
			t.Errorf("%s is not as it was", made)
		}
		_, was, _ := strings.Cut(full[made], "\n")
		_, is, _ := strings.Cut(after[undone], "\n")
		up, down := halves(t, was)
		backUp, backDown := halves(t, is)
		if up != backDown || down != backUp || !strings.Contains(backUp, "DROP TABLE sale_invoices") {
			t.Errorf("%s:\n%s", undone, is)
		}
	}
	if slices.ContainsFunc(slices.Collect(maps.Keys(after)), func(f string) bool { return strings.Contains(f, ".banyan") && strings.Contains(f, "invoice") }) {
		t.Error("a record of the invoice is left")
	}

	// It can come back, beside what has been.
	plan, err = generator.Resource(t.Context(), p, invoice(), clock(2), nil)
	again := keep(t, p.Root, plan, err)
	if again["modules/sale/migrations/sqlite/20261126100200_invoices.sql"] == "" {
		t.Error("the resource has no new migration")
	}
}

// halves returns the ways up and down of a migration.
func halves(t *testing.T, text string) (up, down string) {
	t.Helper()
	_, rest, ok := strings.Cut(text, "-- +goose Up\n")
	up, down, both := strings.Cut(rest, "-- +goose Down\n")
	if !ok || !both {
		t.Fatalf("no migration: %q", text)
	}
	return strings.TrimSpace(up), strings.TrimSpace(down)
}

func TestDestroyOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	p := projecttest.New(t, filepath.Join(t.TempDir(), "shop"))
	var unknown *generator.UnknownError
	if _, err := generator.DestroyResource(t.Context(), p, "sale", "invoice", clock(0), nil); !errors.As(err, &unknown) {
		t.Errorf("a resource: %v", err)
	}
	if _, err := generator.DestroyModule(t.Context(), p, "sale", nil); !errors.As(err, &unknown) {
		t.Errorf("a module: %v", err)
	}
}
