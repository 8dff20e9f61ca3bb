package generator_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/generator"
	"github.com/banyan-go/banyan/generator/apply"
	"github.com/banyan-go/banyan/generator/projecttest"
	"github.com/banyan-go/banyan/generator/resource"
	"github.com/banyan-go/banyan/platform/servertest"
)

// keep writes what was planned and returns the tree as it is then.
func keep(t *testing.T, root string, plan *apply.Plan, err error) projecttest.Tree {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Write(); err != nil {
		t.Fatal(err)
	}
	return projecttest.Read(t, root)
}

// TestLifeOfAProject goes through what happens to the derived files of a project: two resources, a merge that went wrong, and a module that
// is removed.
func TestLifeOfAProject(t *testing.T) {
	t.Parallel()
	p := projecttest.New(t, filepath.Join(t.TempDir(), "shop"))
	fresh := projecttest.Read(t, p.Root)
	now := time.Date(2026, time.November, 23, 10, 15, 0, 0, time.UTC)

	// One has nothing but what is guarded, the other one of each: the linters of a new application find nothing in either.
	order := resource.Spec{Module: "sale", Name: "order", Fields: []string{"pin:password", "code:string:secret,null"}}
	plan, err := generator.Resource(t.Context(), p, order, now, nil)
	keep(t, p.Root, plan, err)

	// The team goes on with what is theirs; nobody has to know of it.
	mine := p.Path("modules/sale/internal/order/order.go")
	text, err := os.ReadFile(mine)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(mine, append(text, "\n// A note of ours.\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	first := projecttest.Read(t, p.Root)
	refund := resource.Spec{Module: "sale", Name: "refund", Fields: []string{"order:ref=order:unique", "reason:text:required,search", "amount:money", "iban:string:pii,sort"}}
	plan, err = generator.Resource(t.Context(), p, refund, now, nil)
	second := keep(t, p.Root, plan, err)
	for _, line := range first.Diff(second) {
		derived := line == "~ modules/sale/salewire/sale_gen.go" || line == "~ modules/sale/salewire/wire_gen.go"
		if !strings.HasPrefix(line, "+ ") && !derived {
			t.Errorf("the second resource: %s", line)
		}
	}
	if second["modules/sale/migrations/sqlite/20261123101501_refunds.sql"] == "" {
		t.Error("the second migration has not the next second as its version")
	}
	t.Run("lint", func(t *testing.T) { lint(t, p.Root) })

	spoil := []string{"modules/modules_gen.go", "modules/sale/salewire/sale_gen.go", "modules/sale/salewire/wire_gen.go", "cmd/shop/wire_gen.go"}
	for _, path := range spoil {
		if err := os.WriteFile(p.Path(path), []byte("<<<<<<< HEAD\n"+second[path]+"=======\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	plan, err = generator.Sync(t.Context(), p, nil)
	if diff := second.Diff(keep(t, p.Root, plan, err)); len(diff) > 0 {
		t.Errorf("after the merge and a sync: %v", diff)
	}

	if err := os.RemoveAll(p.Path("modules/sale")); err != nil {
		t.Fatal(err)
	}
	plan, err = generator.Sync(t.Context(), p, nil)
	last := keep(t, p.Root, plan, err)
	if left := slices.DeleteFunc(fresh.Diff(last), func(line string) bool { return strings.HasPrefix(line, "+ .banyan") }); len(left) > 0 {
		t.Errorf("after the module was removed, and a sync: %v", left)
	}
}

func lint(t *testing.T, dir string) {
	program := servertest.Need(t, servertest.GoTool("golangci-lint", "github.com/golangci/golangci-lint/v2/cmd/golangci-lint"))
	cmd := exec.CommandContext(t.Context(), program, "run", "--allow-parallel-runners", "./...")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
