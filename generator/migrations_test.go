package generator

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/platform/db/migratelint"
)

// The migrations that the generator writes are free of findings, whatever the fields.
func TestMigrationsOfTheMatrixAreSafe(t *testing.T) {
	t.Parallel()
	modules := map[string]fstest.MapFS{}
	for _, f := range matrixFiles(t, &project.Project{Module: "example.com/app"}) {
		elem := strings.SplitN(f.Path, "/", 4)
		if len(elem) < 4 || elem[2] != "migrations" {
			continue
		}
		if modules[elem[1]] == nil {
			modules[elem[1]] = fstest.MapFS{}
		}
		modules[elem[1]][elem[3]] = &fstest.MapFile{Data: f.Data}
	}
	if n := len(modules["catalog"]); n < 20 {
		t.Fatalf("the module catalog has %d files of migrations", n)
	}
	for module, files := range modules {
		found, err := migratelint.Check(module, files)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			t.Error(f)
		}
	}
}
