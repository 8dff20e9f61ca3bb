package generator

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/derive"
	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/record"
	"github.com/banyan-go/banyan/generator/resource"
)

// The modules blog and catalog of the reference application are what the generator writes, untouched: what is recorded of them gives every byte
// again. The module accounts has grown by hand, and the module storefront is written by hand.
// BANYAN_UPDATE=1 writes them.
func TestReferenceModule(t *testing.T) {
	p, err := project.Find("..")
	if err != nil {
		t.Fatal(err)
	}
	want, update := recorded(t, p), os.Getenv("BANYAN_UPDATE") == "1"
	if update {
		for name := range read(t, p) {
			if err := os.Remove(p.Path(name)); err != nil {
				t.Fatal(err)
			}
		}
		for name, text := range want {
			if err := os.MkdirAll(filepath.Dir(p.Path(name)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(p.Path(name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	got := read(t, p)
	for name := range maps.Keys(got) {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is not generated", name)
		}
	}
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s is not what is generated; write it with BANYAN_UPDATE=1 go test -run TestReference ./generator", name)
		}
	}
	if t.Failed() {
		return
	}
	plan, err := Sync(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	if update {
		if err := plan.Write(); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, c := range plan.Changes {
		t.Errorf("%s is not what is derived: banyan sync", c.Path)
	}
}

// recorded are the files that the records of a project give without those that are derived, and these records.
func recorded(t *testing.T, p *project.Project) map[string]string {
	t.Helper()
	specs, err := record.All(p)
	if err != nil || len(specs) == 0 {
		t.Fatalf("%d records: %v", len(specs), err)
	}
	files := map[string]string{}
	var all []resource.Spec
	for _, r := range specs {
		all = append(all, r.Spec)
	}
	for _, r := range specs {
		if r.Module == accountsModule {
			continue
		}
		edit, err := resourceEdit(p, r.Spec, true, all...)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range slices.Concat(edit.Add, edit.Keep) {
			files[f.Path] = string(f.Data)
		}
	}
	return files
}

// read are the files of all modules without those that are derived or that tests write, and the records of the generator.
func read(t *testing.T, p *project.Project) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, dir := range []string{"modules", ".banyan"} {
		err := filepath.WalkDir(p.Path(dir), func(file string, e fs.DirEntry, err error) error {
			name := p.Relative(file)
			if err != nil || e.IsDir() || derive.Derived(name) || ofAccounts(name) || strings.HasPrefix(name, "modules/storefront/") || path.Base(name) == goldenQueries {
				return err
			}
			data, err := os.ReadFile(file)
			files[name] = string(data)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// ofAccounts reports whether a file belongs to the module accounts, or is a record of it.
func ofAccounts(name string) bool {
	for _, dir := range []string{"modules/", ".banyan/modules/", ".banyan/resources/", ".banyan/base/modules/"} {
		if rest, ok := strings.CutPrefix(name, dir+accountsModule); ok && (rest[0] == '/' || rest == ".json") {
			return true
		}
	}
	return false
}
