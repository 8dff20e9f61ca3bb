package scaffold_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"

	"github.com/banyan-go/banyan/generator/projecttest"
)

func readFile(t *testing.T, elem ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// versions are those that a go.mod requires, by module.
func versions(t *testing.T, gomod string) (*modfile.File, map[string]string) {
	t.Helper()
	f, err := modfile.Parse("go.mod", []byte(gomod), nil)
	if err != nil {
		t.Fatal(err)
	}
	required := map[string]string{}
	for _, r := range f.Require {
		required[r.Mod.Path] = r.Mod.Version
	}
	return f, required
}

// A new application is made offline, so its go.mod and go.sum are parts of ours. (That they are tidy only the network can tell, which has the
// sums of the tests of what they name.)
func TestVersionsAreThoseOfTheFramework(t *testing.T) {
	t.Parallel()
	root := projecttest.Checkout(t)
	tree := scaffolded(t, options(t))
	_, gomod, _ := strings.Cut(tree["go.mod"], "\n")
	ours, want := versions(t, readFile(t, root, "go.mod"))
	theirs, got := versions(t, gomod)
	for path, version := range got {
		if path != "github.com/banyan-go/banyan" && want[path] != version {
			t.Errorf("go.mod wants %s %s, ours %q", path, version, want[path])
		}
	}
	if theirs.Go.Version != ours.Go.Version {
		t.Errorf("go.mod wants Go %s, ours %s", theirs.Go.Version, ours.Go.Version)
	}
	_, gosum, _ := strings.Cut(tree["go.sum"], "\n")
	sums := strings.Split(readFile(t, root, "go.sum"), "\n")
	for line := range strings.SplitSeq(gosum, "\n") {
		if !slices.Contains(sums, line) {
			t.Errorf("go.sum has a line that ours has not: %s", line)
		}
	}
}

// What the image and continuous integration of a new application run is what this repository is built and checked with.
func TestToolsAreThoseOfTheFramework(t *testing.T) {
	t.Parallel()
	tree := scaffolded(t, options(t))
	gomod, _ := versions(t, readFile(t, projecttest.Checkout(t), "go.mod"))
	_, tools := versions(t, readFile(t, projecttest.Checkout(t), "tools.mod"))
	minor := strings.Join(strings.Split(gomod.Go.Version, ".")[:2], ".")
	for path, want := range map[string][]string{
		"Dockerfile": {"FROM golang:" + minor + " AS build\n"},
		".github/workflows/ci.yml": {
			"go-version: " + minor + ".x", "golang.org/x/vuln/cmd/govulncheck@" + tools["golang.org/x/vuln"] + " ",
			"version: " + tools["github.com/golangci/golangci-lint/v2"] + "\n",
		},
	} {
		for _, text := range want {
			if !strings.Contains(tree[path], text) {
				t.Errorf("%s has no %q", path, text)
			}
		}
	}
}
