package apply

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/projecttest"
	"github.com/banyan-go/banyan/generator/render"
)

func source(path, text string) render.File {
	return render.File{Path: path, Data: []byte(text), Mode: 0o644}
}

func TestMakeRefusesFilesThatExist(t *testing.T) {
	t.Parallel()
	p := projecttest.New(t, filepath.Join(t.TempDir(), "shop"))
	if err := errors.Join(os.Mkdir(p.Path("modules/folder.go"), 0o755), os.Symlink("nowhere", p.Path("modules/link.go"))); err != nil {
		t.Fatal(err)
	}
	before := projecttest.Read(t, p.Root)
	files := []render.File{source("modules/new.go", "package modules\n"), source("modules/modules_gen.go", "package modules\n"),
		source("modules/folder.go", "package modules\n"), source("modules/link.go", "package modules\n")}
	_, err := Make(t.Context(), p, Edit{Add: files}, nil)
	var exists *ExistsError
	if want := []string{"modules/modules_gen.go", "modules/folder.go", "modules/link.go"}; !errors.As(err, &exists) || !slices.Equal(exists.Paths, want) {
		t.Errorf("got %v, want an ExistsError for %v", err, want)
	}
	if diff := before.Diff(projecttest.Read(t, p.Root)); len(diff) > 0 {
		t.Errorf("changed: %v", diff)
	}
}

func TestMakeRefusesLinksOutOfTheTree(t *testing.T) {
	t.Parallel()
	for link, want := range map[string]string{
		"modules/catalog": "modules/catalog/catalog.go: path escapes", "modules": "modules/catalog/catalog.go: path escapes",
		".banyan": ".banyan/catalog.json: path escapes", "cmd": "cmd is not a folder of this tree",
	} {
		t.Run(link, func(t *testing.T) {
			t.Parallel()
			p := projecttest.New(t, filepath.Join(t.TempDir(), "shop"))
			outside := tree(t, map[string]string{"modules_gen.go": "theirs"})
			if err := errors.Join(os.RemoveAll(p.Path(link)), os.Symlink(outside, p.Path(link))); err != nil {
				t.Fatal(err)
			}
			before, theirs := projecttest.Read(t, p.Root), projecttest.Read(t, outside)
			_, err := Make(t.Context(), p, Edit{Add: []render.File{source("modules/catalog/catalog.go", "package catalog\n"), source(".banyan/catalog.json", "{}")}}, nil)
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "nothing was written") {
				t.Errorf("got %v, want %q", err, want)
			}
			if diff := append(before.Diff(projecttest.Read(t, p.Root)), theirs.Diff(projecttest.Read(t, outside))...); len(diff) > 0 {
				t.Errorf("changed: %v", diff)
			}
		})
	}
}

// Wire looks in the stage, the go command in the project with the stage on top; whoever finds the mistake, the place is one of the project.
func TestMakeNamesTheLineOfAMistake(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp) // the stage goes there
	p := projecttest.New(t, filepath.Join(t.TempDir(), "shop"))
	before := projecttest.Read(t, p.Root)
	for place, text := range map[string]string{
		"cmd/shop/number.go:7:1: inject number: no provider found for int": "//go:build wireinject\n\npackage main\n\nimport \"github.com/google/wire\"\n\n" +
			"func number() int { panic(wire.Build()) }\n",
		"modules/number_test.go:3:18: cannot use": "package modules\n\nvar number int = \"text\"\n",
	} {
		file, _, _ := strings.Cut(place, ":")
		_, err := Make(t.Context(), p, Edit{Add: []render.File{source(file, text)}}, nil)
		var check *CheckError
		if !errors.As(err, &check) {
			t.Errorf("%s: got %v, want a CheckError", file, err)
			continue
		}
		if !strings.Contains(check.Output, place) || strings.Contains(check.Output, "banyan-stage") {
			t.Errorf("want %q and nothing of the stage, got %s", place, check.Output)
		}
	}
	if diff := append(before.Diff(projecttest.Read(t, p.Root)), projecttest.Tree{}.Diff(projecttest.Read(t, temp))...); len(diff) > 0 {
		t.Errorf("left behind: %v", diff)
	}
}

func TestMakeThatIsInterruptedLeavesNothing(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	p := projecttest.New(t, filepath.Join(t.TempDir(), "shop"))
	before := projecttest.Read(t, p.Root)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := Make(ctx, p, Edit{Add: []render.File{source("modules/new.go", "package modules\n")}}, func(line string) {
		if strings.HasPrefix(line, "wire") {
			cancel()
		}
	})
	var check *CheckError
	if err == nil || errors.As(err, &check) {
		t.Errorf("got %v, want the interruption", err)
	}
	if diff := append(before.Diff(projecttest.Read(t, p.Root)), projecttest.Tree{}.Diff(projecttest.Read(t, temp))...); len(diff) > 0 {
		t.Errorf("left behind: %v", diff)
	}
}

// The project stands behind a link, in a folder with spaces, in a workspace that alone says where the framework is, and in a repository that
// git cannot read; GOFLAGS lets the go command edit go.mod. What is planned adds a file and changes nothing else.
func TestMakeInAnAwkwardPlace(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "my projects"), 0o755), os.Symlink("my projects", link)); err != nil {
		t.Fatal(err)
	}
	p := projecttest.New(t, filepath.Join(link, "shop"))
	gomod, err := os.ReadFile(p.Path("go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	without, replace, _ := strings.Cut(string(gomod), "replace ")
	_, target, _ := strings.Cut(replace, "=> ../")
	if target == "" {
		t.Fatalf("no relative replace in %s", gomod)
	}
	work := "go 1.26.0\n\nuse ./shop\n\nreplace github.com/banyan-go/banyan v0.0.0 => " + target
	if err := errors.Join(os.WriteFile(p.Path("go.mod"), []byte(without), 0o644), os.WriteFile(filepath.Join(link, "go.work"), []byte(work), 0o644)); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(p.Path(".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOENV", "off")
	t.Setenv("GOFLAGS", "-mod=mod")
	before := projecttest.Read(t, filepath.Join(dir, "my projects"))

	plan, err := Make(t.Context(), p, Edit{Add: []render.File{source("modules/new.go", "package modules\n\nconst Answer = 42\n")}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Changes) != 1 || plan.Changes[0].Path != "modules/new.go" {
		t.Errorf("planned %+v", plan.Changes)
	}
	if diff := before.Diff(projecttest.Read(t, filepath.Join(dir, "my projects"))); len(diff) > 0 {
		t.Errorf("planning changed %v", diff)
	}
	if err := plan.Write(); err != nil {
		t.Fatal(err)
	}
	if diff := before.Diff(projecttest.Read(t, filepath.Join(dir, "my projects"))); !slices.Equal(diff, []string{"+ shop/modules/new.go"}) {
		t.Errorf("writing changed %v", diff)
	}
}
