package outline_test

import (
	"encoding/json"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/gotool"
	"github.com/banyan-go/banyan/generator/outline"
)

// tree writes a module and a package that it depends on, beside it.
func tree(t *testing.T, main string) gotool.Go {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"app/go.mod":       "module example.com/app\n\ngo 1.26\n\nrequire example.com/library v0.0.0\n\nreplace example.com/library => ../library\n",
		"app/cmd/main.go":  main,
		"library/go.mod":   "module example.com/library\n\ngo 1.26\n",
		"library/types.go": "package library\n\nimport \"strings\"\n\n// Upper is in capitals.\nfunc Upper[T ~string](s T) T {\n\treturn T(strings.ToUpper(string(s)))\n}\n\nvar Twice = func(n int) int { return 2 * n }\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return gotool.Go{Dir: filepath.Join(dir, "app"), Env: []string{"GOFLAGS=", "GOWORK=off"}}
}

const using = "package main\n\nimport (\n\t\"net\"\n\n\t\"example.com/library\"\n)\n\nfunc main() { println(library.Upper(\"a\"), net.IPv4len) }\n"

// The files of the application are its own; those that it depends on have their declarations, on the lines where they stood, and functions that do
// nothing.
func TestWrite(t *testing.T) {
	t.Parallel()
	g, dir := tree(t, using), t.TempDir()
	env, err := outline.Write(t.Context(), g, dir, "./cmd")
	if err != nil || len(env) != 1 {
		t.Fatalf("%v, %v", env, err)
	}
	out, err := exec.CommandContext(t.Context(), strings.TrimPrefix(env[0], "GOPACKAGESDRIVER="), "pattern=./cmd").Output()
	if err != nil {
		t.Fatal(err)
	}
	var response struct {
		Roots    []string
		Packages []struct {
			ID, Name        string
			CompiledGoFiles []string
			Imports         map[string]string
		}
	}
	if err := json.Unmarshal(out, &response); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(response.Roots, []string{"example.com/app/cmd"}) {
		t.Errorf("the roots are %v", response.Roots)
	}
	for _, p := range response.Packages {
		switch p.ID {
		case "example.com/app/cmd":
			if p.Name != "main" || len(p.Imports) != 2 || !slices.Equal(p.CompiledGoFiles, []string{filepath.Join(g.Dir, "cmd/main.go")}) {
				t.Errorf("the application: %+v", p)
			}
		case "example.com/library":
			text, err := os.ReadFile(p.CompiledGoFiles[0])
			if err != nil {
				t.Fatal(err)
			}
			want := "package library\n\nimport \"strings\"\n\n// Upper is in capitals.\nfunc Upper[T ~string](s T) T {panic(0)\n\n}\n\nvar Twice = func(n int) int { return 2 * n }\n"
			if first, rest, _ := strings.Cut(string(text), "\n"); rest != want || first != "//line "+filepath.Join(filepath.Dir(g.Dir), "library/types.go")+":1" {
				t.Errorf("%s", text)
			}
		case "net":
			if id := p.Imports["golang.org/x/net/dns/dnsmessage"]; id != "vendor/golang.org/x/net/dns/dnsmessage" {
				t.Errorf("net imports %q", id)
			}
		}
		for _, file := range p.CompiledGoFiles {
			if _, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution); err != nil {
				t.Error(err)
			}
		}
	}
}

// Whoever loads what cannot be loaded is told why, and not here.
func TestWriteLeavesMistakesToOthers(t *testing.T) {
	t.Parallel()
	for name, main := range map[string]string{
		"no Go":               "package main\n\nimport (\n",
		"no such package":     "package main\n\nimport _ \"example.com/nowhere\"\n\nfunc main() {}\n",
		"a package half in C": "package main\n\nimport \"C\"\n\nfunc main() {}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := tree(t, main)
			g.Env = append(g.Env, "CGO_ENABLED=1")
			if env, err := outline.Write(t.Context(), g, t.TempDir(), "./cmd"); err != nil || len(env) > 0 {
				t.Errorf("%v, %v", env, err)
			}
		})
	}
}
