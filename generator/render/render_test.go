package render_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/banyan-go/banyan/generator/render"
)

func TestTree(t *testing.T) {
	t.Parallel()
	templates := fstest.MapFS{
		"kind/THING/THING.go.tmpl":      {Data: []byte("package {{.Name}}\nvar  X   = 1\n")},
		"kind/THING/.hidden.tmpl":       {Data: []byte("{{.Name}}\n")},
		"kind/THING/run.sh.tmpl":        {Data: []byte("echo {{.Name}}\n")},
		"kind/THING/THING_test.go.tmpl": {Data: []byte("package {{.Name}}_test\n")},
		"other/x.tmpl":                  {Data: []byte("{{.NoSuchField}}")},
	}
	files, err := render.Tree(templates, "kind", strings.NewReplacer("THING", "box"), struct{ Name string }{"box"}, "box/run.sh")
	if err != nil {
		t.Fatal(err)
	}
	want := []render.File{
		{Path: "box/.hidden", Data: []byte("box\n"), Mode: 0o644},
		{Path: "box/box.go", Data: []byte("package box\n\nvar X = 1\n"), Mode: 0o644},
		{Path: "box/box_test.go", Data: []byte("package box_test\n"), Mode: 0o644},
		{Path: "box/run.sh", Data: []byte("echo box\n"), Mode: 0o755},
	}
	if len(files) != len(want) {
		t.Fatalf("%d files: %+v", len(files), files)
	}
	for i, f := range files {
		if f.Path != want[i].Path || string(f.Data) != string(want[i].Data) || f.Mode != want[i].Mode {
			t.Errorf("got  %s %v %q\nwant %s %v %q", f.Path, f.Mode, f.Data, want[i].Path, want[i].Mode, want[i].Data)
		}
	}
}

func TestErrorsNameTheTemplate(t *testing.T) {
	t.Parallel()
	for want, files := range map[string]fstest.MapFS{
		"k/a.txt: the name does not end in .tmpl":                     {"k/a.txt": {}},
		"template: k/a.go.tmpl:1":                                     {"k/a.go.tmpl": {Data: []byte("{{.Name")}},
		"<.Nome>: can't evaluate field Nome":                          {"k/a.go.tmpl": {Data: []byte("{{.Nome}}")}},
		"template k/a.go.tmpl gives Go that does not parse: a.go:2:1": {"k/a.go.tmpl": {Data: []byte("package a\n}")}},
		"template k/Y.tmpl: another one gives X as well":              {"k/X.tmpl": {}, "k/Y.tmpl": {}},
	} {
		_, err := render.Tree(files, "k", strings.NewReplacer("Y", "X"), struct{ Name string }{"box"})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// Templates import everything that they may need. What is left has to be formatted, and exactly what is used.
func TestGoDropsUnusedImports(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ src, want string }{
		"some of a group": {
			"package a\nimport (\n\"fmt\"\n\"strings\"\n\n\"example.com/a/b\"\n\"example.com/a/c\"\n)\nvar _ = fmt.Sprint(c.X)\n",
			"package a\n\nimport (\n\t\"fmt\"\n\n\t\"example.com/a/c\"\n)\n\nvar _ = fmt.Sprint(c.X)\n",
		},
		"a whole group in front": {
			"package a\nimport (\n\"strings\"\n\n\"example.com/a/c\"\n)\nvar _ = c.X\n",
			"package a\n\nimport (\n\t\"example.com/a/c\"\n)\n\nvar _ = c.X\n",
		},
		"a whole group behind": {
			"package a\nimport (\n\"fmt\"\n\n\"example.com/a/c\"\n)\nvar _ = fmt.Sprint()\n",
			"package a\n\nimport (\n\t\"fmt\"\n)\n\nvar _ = fmt.Sprint()\n",
		},
		"all":             {"package a\nimport (\n\"fmt\"\n\"strings\"\n)\nvar X = 1\n", "package a\n\nvar X = 1\n"},
		"a single one":    {"package a\n\nimport \"fmt\"\n\nvar X = 1\n", "package a\n\nvar X = 1\n"},
		"none":            {"package a\n", "package a\n"},
		"the last of two": {"package a\n\nimport \"fmt\"\nimport \"strings\"\n\nvar _ = fmt.Sprint()\n", "package a\n\nimport \"fmt\"\n\nvar _ = fmt.Sprint()\n"},
		"by another name": {
			"package a\nimport (\nx \"fmt\"\ny \"strings\"\n)\nvar _ = x.Sprint()\n",
			"package a\n\nimport (\n\tx \"fmt\"\n)\n\nvar _ = x.Sprint()\n",
		},
		"for its effect": {"package a\nimport (\n_ \"embed\"\n\"fmt\"\n)\n", "package a\n\nimport (\n\t_ \"embed\"\n)\n"},
		"with a version": {
			"package a\nimport (\n\"math/rand/v2\"\n\"example.com/v/v3\"\n)\nvar _ = rand.IntN(2)\n",
			"package a\n\nimport (\n\t\"math/rand/v2\"\n)\n\nvar _ = rand.IntN(2)\n",
		},
		"in a type":          {"package a\nimport (\n\"time\"\n\"fmt\"\n)\ntype T struct{ at *time.Time }\n", "package a\n\nimport (\n\t\"time\"\n)\n\ntype T struct{ at *time.Time }\n"},
		"in a comment alone": {"package a\nimport \"fmt\"\n\n// X is like fmt.Sprint.\nvar X = \"fmt.Sprint\"\n", "package a\n\n// X is like fmt.Sprint.\nvar X = \"fmt.Sprint\"\n"},
		"behind a build tag": {"//go:build x\n\n// Package a is.\npackage a\nimport \"fmt\"\n", "//go:build x\n\n// Package a is.\npackage a\n"},
	} {
		got, err := render.Go("a.go", []byte(c.src))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if string(got) != c.want {
			t.Errorf("%s:\ngot\n%s\nwant\n%s", name, got, c.want)
		}
		again, err := render.Go("a.go", got)
		if err != nil || string(again) != string(got) {
			t.Errorf("%s: not the same when done again: %v\n%s", name, err, again)
		}
	}
}

// The ends of lines are nothing that somebody has written.
func TestSame(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"a\nb\n", "a\nb\n", true}, {"a\r\nb\r\n", "a\nb\n", true}, {"a\nb\n", "a\r\nb\n", true}, {"", "", true},
		{"a\nb\n", "a\nb", false}, {"a\n", "a\n\n", false}, {"a\rb", "ab", false}, {"a", "", false},
	} {
		if render.Same([]byte(c.a), []byte(c.b)) != c.same {
			t.Errorf("%q and %q: %v", c.a, c.b, !c.same)
		}
	}
}
