package docs_test

import (
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/field"
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
	for _, mod := range field.Modifiers() {
		if !strings.Contains(page, "`"+mod+"`") && !strings.Contains(page, "`"+mod+"=") {
			t.Errorf("the modifier %s has no row", mod)
		}
	}
}
