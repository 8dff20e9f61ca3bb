package docs_test

import (
	"context"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/field"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/files"
	"github.com/banyan-go/banyan/platform/files/disk"
	"github.com/banyan-go/banyan/platform/lifecycle"
)

func TestFieldsPageHasEveryTypeAndModifier(t *testing.T) {
	t.Parallel()
	page := read(t, "docs/reference/fields.md")
	for _, typ := range field.Types() {
		if !strings.Contains(page, "\n| `"+string(typ)+"`") && !strings.Contains(page, "\n| `"+string(typ)+"=") {
			t.Errorf("the type %s has no row", typ)
		}
	}
	for _, p := range field.Patterns() {
		if !strings.Contains(page, "\n| `"+p.Name+"` |") {
			t.Errorf("the pattern %s has no row", p.Name)
		}
	}
	for _, f := range field.FileTypes() {
		if !strings.Contains(page, "`"+f.Word+"`") {
			t.Errorf("the type %s of a file is not named", f.Word)
		}
	}
	for _, mod := range field.Modifiers() {
		if !strings.Contains(page, "`"+mod+"`") && !strings.Contains(page, "`"+mod+"=") {
			t.Errorf("the modifier %s has no row", mod)
		}
	}
}

// The flags of the page are those of the command, as its help lists them; those about the command itself are not about the resource.
func TestFieldsPageHasEveryFlag(t *testing.T) {
	t.Parallel()
	_, section, _ := strings.Cut(read(t, "docs/reference/cli-banyan.md"), "\n## generate resource\n")
	section, _, _ = strings.Cut(section, "\n## ")
	flags := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^ +--([a-z-]+) `).FindAllStringSubmatch(section, -1) {
		flags[m[1]] = m[1] != "json" && m[1] != "dry-run"
	}
	_, table, _ := strings.Cut(read(t, "docs/reference/fields.md"), "\n## Flags\n")
	table, _, _ = strings.Cut(table, "\n## ")
	rows := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `--([a-z-]+)[ `]").FindAllStringSubmatch(table, -1) {
		rows[m[1]] = true
		if !flags[m[1]] {
			t.Errorf("the command has no flag --%s", m[1])
		}
	}
	for flag, wanted := range flags {
		if wanted && !rows[flag] {
			t.Errorf("the flag --%s has no row", flag)
		}
	}
	if len(rows) == 0 {
		t.Error("there are no rows")
	}
}

// What the page quotes for a shell is a field, with a character that a shell reads in a way of its own.
func TestFieldsPageQuotesWhatNeedsIt(t *testing.T) {
	t.Parallel()
	page := read(t, "docs/reference/fields.md")
	quoted := regexp.MustCompile("`'([^'`]+)'`").FindAllStringSubmatch(page, -1)
	for _, m := range quoted {
		if _, err := field.ParseAll([]string{m[1]}); err != nil || !strings.ContainsAny(m[1], " &;()<>*?#~") {
			t.Errorf("%s: %v", m[1], err)
		}
	}
	if len(quoted) == 0 {
		t.Error("the page does not say that values may need quotes")
	}
}

// The page about tables names each beginning of the framework's own.
func TestTablesOfTheFramework(t *testing.T) {
	t.Parallel()
	page := read(t, "docs/guide/tables.md")
	for _, prefix := range []string{driver.Platform, db.PlatformSet} {
		if !strings.Contains(page, "`"+prefix+"_`") {
			t.Errorf("tables that begin with %s_ are not named", prefix)
		}
	}
}

// What the modifier types names is told by package files, which the generator cannot ask.
func TestTypesOfFilesAreToldApart(t *testing.T) {
	t.Parallel()
	var lc lifecycle.Lifecycle
	f, err := files.New(files.Default(), t.TempDir(), files.Drivers{"disk": disk.Driver{}}, slog.New(slog.DiscardHandler), &lc)
	if err != nil {
		t.Fatal(err)
	}
	f.Announce()
	if err := lc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lc.Stop(context.Background()) })
	for _, sort := range field.FileTypes() {
		got, err := f.Put(t.Context(), strings.NewReader(sort.Head), files.Rule{Types: []string{sort.MediaType}})
		if err != nil || files.TypeOf(got.Name) != sort.MediaType {
			t.Errorf("%s: %+v, %v", sort.Word, got, err)
		}
	}
}
