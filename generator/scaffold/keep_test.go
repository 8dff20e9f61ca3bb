package scaffold

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/derive"
	"github.com/banyan-go/banyan/templates"
)

// `go mod vendor` copies what is imported; a package that generated code imports one day has to be there before.
func TestVendorKeepsWhatTemplatesImport(t *testing.T) {
	t.Parallel()
	kept := keep()
	platform := regexp.MustCompile(`"{{\.Platform}}/([a-z/]+)"`)
	imported := 0
	err := fs.WalkDir(templates.Files, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go.tmpl") {
			return err
		}
		text, err := fs.ReadFile(templates.Files, path)
		for _, m := range platform.FindAllStringSubmatch(string(text), -1) {
			imported++
			if !slices.Contains(kept, derive.Platform+"/"+m[1]) {
				t.Errorf("%s imports %s, which is not kept", path, m[1])
			}
		}
		return err
	})
	if err != nil || imported == 0 {
		t.Fatalf("%d imports found: %v", imported, err)
	}
}
