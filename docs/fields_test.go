package docs_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/field"
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
