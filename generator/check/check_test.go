package check_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/generator"
	"github.com/banyan-go/banyan/generator/check"
	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/projecttest"
	"github.com/banyan-go/banyan/generator/resource"
)

// shop makes an application with a resource.
func shop(t *testing.T) *project.Project {
	t.Helper()
	p := projecttest.New(t, filepath.Join(t.TempDir(), "shop"))
	s := resource.Spec{Module: "catalog", Name: "product", Fields: []string{"sku:string:required,unique", "price:money"}}
	plan, err := generator.Resource(t.Context(), p, s, time.Date(2026, time.November, 23, 10, 15, 0, 0, time.UTC), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Write(); err != nil {
		t.Fatal(err)
	}
	return p
}

// write writes files of a project until the end of the test.
func write(t *testing.T, p *project.Project, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := p.Path(filepath.FromSlash(name))
		restore(t, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// restore makes a file at the end of the test what it is now.
func restore(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	there := err == nil
	t.Cleanup(func() {
		err := os.Remove(path)
		if there {
			err = os.WriteFile(path, data, 0o644)
		}
		if err != nil {
			t.Error(err)
		}
	})
}

// edit replaces a text, which has to be there, by another.
func edit(t *testing.T, p *project.Project, name, old, fresh string) {
	t.Helper()
	data, err := os.ReadFile(p.Path(filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(data), old, fresh, 1)
	if text == string(data) {
		t.Fatalf("%s does not hold %q", name, old)
	}
	write(t, p, map[string]string{name: text})
}

// places runs the check and returns a line for each finding but the notes about profiles that this application was not made for, and sees
// to it that the tree is as it was.
func places(t *testing.T, p *project.Project) []string {
	t.Helper()
	before := projecttest.Read(t, p.Root)
	found, err := check.Run(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := before.Diff(projecttest.Read(t, p.Root)); len(diff) > 0 {
		t.Errorf("the check changed %v", diff)
	}
	var lines []string
	for _, f := range found {
		if f.What == "" || f.Reason == "" || f.Fix == "" {
			t.Errorf("does not explain itself: %+v", f)
		}
		if f.Rule == "driver" || f.Rule == "secret" {
			continue
		}
		lines = append(lines, fmt.Sprintf("%s %s/%s %s:%d %s", f.Severity, f.Area, f.Rule, f.File, f.Line, f.What))
	}
	return lines
}

func want(t *testing.T, got []string, lines ...string) {
	t.Helper()
	if !slices.Equal(got, lines) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(lines, "\n"))
	}
}

// One application goes through what happens to a team: a run takes seconds, and most of them the first time alone.
func TestRun(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("compiles an application in six states")
	}
	p := shop(t)
	t.Run("fresh", func(t *testing.T) { want(t, places(t, p)) })
	t.Run("findings of all areas", func(t *testing.T) { everyArea(t, p) })
	t.Run("base", func(t *testing.T) { spoiltBase(t, p) })
	t.Run("route", func(t *testing.T) { wrongRoute(t, p) })
	t.Run("compile", func(t *testing.T) { doesNotCompile(t, p) })
	t.Run("derived", func(t *testing.T) { spoiltMerge(t, p) })
}

// everyArea: what a team may do is found at its line, and nothing else is.
func everyArea(t *testing.T, p *project.Project) {
	const web = "modules/catalog/internal/web/product.go"
	edit(t, p, web, `"Create a product", Auth: open`, `"Create a product", Auth: api.Public`)
	edit(t, p, web, "\treturn []api.Route{\n",
		"\tstream := func(c *fiber.Ctx) error { return c.SendString(\"\") }\n\treturn []api.Route{\n\t\tapi.Raw(\"GET\", \"/stream\", stream, api.Op{ID: \"stream\", Summary: \"Stream\", Auth: api.Public}),\n")
	edit(t, p, web, "import (\n", "import (\n\t\"github.com/gofiber/fiber/v2\"\n")
	edit(t, p, "modules/catalog/catalogwire/catalog_gen.go", "// Default returns", "// Default of a merge returns")
	write(t, p, map[string]string{
		"internal/report/report.go":                                "package report\n\nimport _ \"shop/modules/catalog\"\n",
		"modules/a/a.go":                                           "package a\n",
		"modules/a/internal/x/x.go":                                "package x\n\nimport _ \"shop/modules/b\"\n",
		"modules/b/b.go":                                           "package b\n",
		"modules/b/internal/x/x.go":                                "package x\n\nimport _ \"shop/modules/a\"\n",
		"configs/profiles/typo.yaml":                               "phase: 9\n",
		"configs/profiles/unknown.yaml":                            "phase: 1\nbd:\n  slow: 1s\n",
		"modules/catalog/migrations/postgres/20261201000000_x.sql": "-- +goose Up\nALTER TABLE catalog_products DROP COLUMN sku;\n-- +goose Down\nSELECT 1;\n",
		"modules/catalog/migrations/sqlite/20261201000000_x.sql": "-- +goose Up\n-- banyan:contract not read since 1.4\nDROP INDEX catalog_products_sku_key;\n" +
			"-- banyan:contract not read since 1.4\nALTER TABLE catalog_products DROP COLUMN sku;\n-- +goose Down\nSELECT 1;\n",
		"modules/catalog/migrations/postgres/20261202000000_y.sql": "-- +goose Up\nCREATE TABLE catalog_links (id uuid NOT NULL PRIMARY KEY,\n  thing uuid NOT NULL REFERENCES b_things (id));\n-- +goose Down\nDROP TABLE catalog_links;\n",
		"modules/catalog/migrations/sqlite/20261202000000_y.sql":   "-- +goose Up\nCREATE TABLE catalog_links (id TEXT NOT NULL PRIMARY KEY, thing TEXT NOT NULL,\n  FOREIGN KEY (thing) REFERENCES b_things (id));\n-- +goose Down\nDROP TABLE catalog_links;\n",
	})
	line := func(name, text string) int { return lineOf(t, p, name, text) }
	want(t, places(t, p),
		"error imports/import internal/report/report.go:3 internal/report imports modules/catalog",
		"error imports/module-cycle modules/a/internal/x/x.go:3 the modules a -> b -> a call each other in a circle",
		fmt.Sprintf("error wiring/derived modules/catalog/catalogwire/catalog_gen.go:%d it is not what the folders and files say", line("modules/catalog/catalogwire/catalog_gen.go", "of a merge")),
		"error configuration/setting configs/profiles/typo.yaml:1 phase: got 9, want 1 to 4",
		"error configuration/setting configs/profiles/unknown.yaml:2 bd: unknown key, did you mean db?",
		fmt.Sprintf("error routes/public-write %s:%d POST /api/v1/catalog/products", web, line(web, "api.Post(")),
		fmt.Sprintf("note routes/raw %s:%d GET /api/v1/catalog/stream", web, line(web, "api.Raw(")),
		"error migrations/drop modules/catalog/migrations/postgres/20261201000000_x.sql:2 the column catalog_products.sku goes",
		"error migrations/foreign-key modules/catalog/migrations/postgres/20261202000000_y.sql:2 a foreign key to b_things",
		"error migrations/foreign-key modules/catalog/migrations/sqlite/20261202000000_y.sql:2 a foreign key to b_things",
	)
}

// lineOf returns the number of the first line that holds a text.
func lineOf(t *testing.T, p *project.Project, name, text string) int {
	t.Helper()
	data, err := os.ReadFile(p.Path(filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	before, _, ok := strings.Cut(string(data), text)
	if !ok {
		t.Fatalf("%s does not hold %q", name, text)
	}
	return strings.Count(before, "\n") + 1
}

// spoiltBase: a mistake in base.yaml is one mistake, whichever profiles read it. Without a configuration there are no routes to look at, and the
// check says so.
func spoiltBase(t *testing.T, p *project.Project) {
	write(t, p, map[string]string{"configs/base.yaml": "htttp:\n  addr: 1\n"})
	want(t, places(t, p),
		"note build/unchecked cmd/shop/main.go:1 no profile has a configuration that can be used: routes were not looked at",
		"error configuration/setting configs/base.yaml:1 htttp: unknown key, did you mean http?",
	)
}

// wrongRoute: a route that cannot be made is found at its line, and once.
func wrongRoute(t *testing.T, p *project.Project) {
	const web = "modules/catalog/internal/web/product.go"
	edit(t, p, web, `"/products", h.create`, `"/Products", h.create`)
	want(t, places(t, p), fmt.Sprintf("error routes/route %s:%d route POST /api/v1/catalog/Products: "+
		`the segment "Products" of the path is neither a word in lower case nor {a_parameter}`, web, lineOf(t, p, web, "/Products")))
}

// doesNotCompile: it is found at its line, in tests as well, and the check says what it could not look at.
func doesNotCompile(t *testing.T, p *project.Project) {
	const test = "modules/catalog/mistake_test.go"
	write(t, p, map[string]string{test: "package catalog\n\nvar mistake int = \"text\"\n"})
	want(t, places(t, p),
		"error build/compile "+test+":3 cannot use \"text\" (untyped string constant) as int value in variable declaration",
		"note build/unchecked cmd/shop/main.go:1 the application does not compile: configuration and routes were not looked at",
	)
}

// spoiltMerge: derived files that a merge has spoilt are told as such, and not by what the compiler makes of them.
func spoiltMerge(t *testing.T, p *project.Project) {
	empty := projecttest.New(t, filepath.Join(t.TempDir(), "shop"))
	list, err := os.ReadFile(empty.Path("modules", "modules_gen.go"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, p, map[string]string{"modules/modules_gen.go": string(list)})
	const injector = "modules/catalog/catalogwire/wire_gen.go"
	path := p.Path(filepath.FromSlash(injector))
	restore(t, path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	want(t, places(t, p),
		"error imports/module-list modules/modules_gen.go:1 the module catalog is not in the list",
		"error wiring/derived "+injector+":1 it is missing",
		"note build/unchecked cmd/shop/main.go:1 the application does not compile as it is: configuration and routes were not looked at",
	)
}
