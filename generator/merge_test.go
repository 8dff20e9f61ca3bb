package generator

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/generator/apply"
	"github.com/banyan-go/banyan/generator/derive"
	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/projecttest"
	"github.com/banyan-go/banyan/generator/render"
	"github.com/banyan-go/banyan/generator/resource"
)

// Six people work on branches of their own: each adds a module with a resource, a resource to the module that all share, a migration to it, and a part
// with settings. Whatever the order, Git merges them without a question, one sync writes what is derived, and everything builds, passes, and
// migrates the filled database of main.
func TestSixBranchesMerge(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("compiles an application of seven modules")
	}
	p := newProject(t)
	order := resource.Spec{Module: "sale", Name: "order", Fields: []string{"number:string:required,unique", "note:text"}, Migration: 20261126090000}
	develop(t, p, edits(t, p, order))
	projecttest.Git(t, p, "init", "-q", "-b", "main")
	projecttest.Git(t, p, "add", ".")
	projecttest.Git(t, p, "commit", "-q", "-m", "Orders")
	run(t, p, "run", p.Main(), "migrate", "up", "--mode", "dev")
	run(t, p, "run", p.Main(), "db", "seed", "--rows", "30", "--mode", "dev")

	branches := []string{"ann", "bob", "cat", "dan", "eve", "fay"}
	for i, name := range branches {
		projecttest.Git(t, p, "checkout", "-q", "-b", name, "main")
		develop(t, p, work(t, p, name, i))
		projecttest.Git(t, p, "add", ".")
		projecttest.Git(t, p, "commit", "-q", "-m", "The work of "+name)
	}
	projecttest.Git(t, p, "checkout", "-q", "main")
	rand.Shuffle(len(branches), func(i, j int) { branches[i], branches[j] = branches[j], branches[i] })
	t.Logf("merged in the order %v", branches)
	for _, name := range branches {
		projecttest.Git(t, p, "merge", "-q", "-m", "Merge "+name, name)
	}
	plan, err := Sync(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range plan.Changes {
		if !derive.Derived(c.Path) {
			t.Errorf("sync changes %s", c.Path)
		}
	}
	write(t, plan)
	run(t, p, "test", "-vet=all", "./...")
	run(t, p, "run", p.Main(), "migrate", "up", "--mode", "dev")
	out, err := goCommand(t, p, "run", p.Main(), "migrate", "status", "--mode", "dev")
	own := strings.ReplaceAll(out, "applied  platform/", "") // those of the framework's own tables are left out
	if err != nil || strings.Contains(out, "pending") || strings.Count(own, "applied") != 1+3*len(branches) {
		t.Errorf("after migrate up: %v\n%s", err, out)
	}
	if out, err = goCommand(t, p, "run", p.Main(), "config", "show", "modules.sale", "--mode", "dev"); err != nil || strings.Count(out, ".batch") != len(branches) {
		t.Errorf("settings: %v\n%s", err, out)
	}
}

// develop does to a project what a command would do.
func develop(t *testing.T, p *project.Project, edit apply.Edit) {
	t.Helper()
	plan, err := apply.Make(t.Context(), p, edit, nil)
	if err != nil {
		t.Fatal(err)
	}
	write(t, plan)
}

// edits adds resources, with their modules where these are new.
func edits(t *testing.T, p *project.Project, specs ...resource.Spec) apply.Edit {
	t.Helper()
	var all apply.Edit
	modules, err := p.Modules()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range specs {
		edit, err := resourceEdit(p, s, !slices.Contains(modules, s.Module))
		if err != nil {
			t.Fatal(err)
		}
		all.Add, all.Keep = append(all.Add, edit.Add...), append(all.Keep, edit.Keep...)
	}
	return all
}

// work is what somebody does on a branch, the i-th one.
func work(t *testing.T, p *project.Project, name string, i int) apply.Edit {
	t.Helper()
	at := time.Date(2026, 11, 26, 10, i, 0, 0, time.UTC)
	version := func(seconds int) int64 {
		v, err := freeVersion(p, "none", at.Add(time.Duration(seconds)*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	edit := edits(t, p,
		resource.Spec{Module: name, Name: "ticket", Fields: []string{"title:string:required,search", "open:bool:default=true,filter"}, Migration: version(0)},
		resource.Spec{Module: "sale", Name: name + "_invoice", Fields: []string{"number:string:required,unique", "total:money"}, Migration: version(1)},
	)
	for _, dialect := range []string{"sqlite", "postgres"} {
		edit.Add = append(edit.Add, render.File{
			Path: fmt.Sprintf("modules/sale/migrations/%s/%d_%s_index.sql", dialect, version(2), name), Mode: 0o644,
			Data: fmt.Appendf(nil, "-- +goose Up\nCREATE INDEX sale_orders_%[1]s ON sale_orders (created_at, id);\n\n-- +goose Down\nDROP INDEX sale_orders_%[1]s;\n", name),
		})
	}
	part := strings.NewReplacer("reportSet", name+"ReportSet", "Report", strings.ToUpper(name[:1])+name[1:]+"Report")
	edit.Add = append(edit.Add, render.File{Path: "modules/sale/salewire/" + name + "_report.go", Mode: 0o644, Data: []byte(part.Replace(reportPart))})
	return edit
}

// reportPart is a part of a module that somebody has written by hand.
const reportPart = `package salewire

import "github.com/google/wire"

// Report is a part without routes.
type Report struct{ batch int }

// ReportConfig are its settings.
type ReportConfig struct {
	Batch int ` + "`config:\"batch\"`" + `
}

func defaultReport() ReportConfig { return ReportConfig{Batch: 100} }

func newReport(cfg ReportConfig) *Report { return &Report{cfg.Batch} }

var reportSet = wire.NewSet(newReport)
`
