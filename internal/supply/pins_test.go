package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pin is a way to name something that is fetched, and what its version has to look like. Modules of Go need none: go.mod and tools.mod have exact
// versions, and their sums are compared. Debian's packages are those of its release, which are signed.
type pin struct {
	what  *regexp.Regexp // finds the version, or all of it
	exact *regexp.Regexp
}

func pins() map[string]pin {
	return map[string]pin{
		"an action stands with its commit, and its version beside it": {
			regexp.MustCompile(`(?m)^\s*(?:- )?uses: (.*)$`), regexp.MustCompile(`^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`),
		},
		"a program of Go is run in an exact version": {
			regexp.MustCompile(`\bgo (?:run|install|get) [^\n;&|]*?@([\w.+-]+)`), regexp.MustCompile(`^v\d+\.\d+\.\d+(-[\w.-]+)?$`),
		},
		"an image is nothing, stands with its digest, or is that of Go, whose patches close holes": {
			regexp.MustCompile(`(?m)^FROM (\S+)`), regexp.MustCompile(`^(scratch|golang:\d+\.\d+|\S+@sha256:[0-9a-f]{64})$`),
		},
		"npm installs what the lock file has, and runs no scripts of packages": {
			regexp.MustCompile(`(?m)\bnpm (ci .*|install .*|i .*)$`), regexp.MustCompile(`^ci .*--ignore-scripts\b`),
		},
		"nothing is run from the network as it comes": {
			regexp.MustCompile(`(?m)\b(npx .*|(?:curl|wget) .*\|.*sh\b.*)$`), regexp.MustCompile(`^$`),
		},
	}
}

// loose returns what is fetched in a text by no exact version, by the rule that it breaks.
func loose(text string) []string {
	var found []string
	for _, rule := range slices.Sorted(maps.Keys(pins())) {
		for _, m := range pins()[rule].what.FindAllStringSubmatch(text, -1) {
			if !pins()[rule].exact.MatchString(m[1]) {
				found = append(found, rule+": "+strings.TrimSpace(m[0]))
			}
		}
	}
	return found
}

// What builds and checks this repository, and what the generator writes to build and check others.
func TestEverythingThatIsFetchedIsPinned(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", ".ci", "Taskfile.yml", "*.md", "*.yml", "*.yaml",
		"*.tmpl", "*.sh", "*Dockerfile*", "*package.json", "*compose*")
	cmd.Dir = root
	names, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for name := range bytes.SplitSeq(bytes.TrimSuffix(names, []byte{0}), []byte{0}) {
		file := filepath.Join(root, string(name))
		text, err := os.ReadFile(file)
		if os.IsNotExist(err) || strings.HasPrefix(string(name), "testdata/upgrade/") {
			continue // deleted and not committed yet, or written by a generator of the past
		}
		if err != nil {
			t.Fatal(err)
		}
		read++
		for _, problem := range loose(string(text)) {
			t.Errorf("%s: %s", name, problem)
		}
		if filepath.Base(file) == "package.json" {
			pinnedPackages(t, file, text)
		}
	}
	if read < 50 {
		t.Errorf("only %d files were read", read)
	}
}

// pinnedPackages judges what npm installs: exact versions, and a lock file that has the sum of every package.
func pinnedPackages(t *testing.T, file string, text []byte) {
	t.Helper()
	type locked struct {
		Resolved, Integrity string
		Link                bool
	}
	var wanted struct {
		Dependencies, DevDependencies map[string]string
	}
	var lock struct{ Packages map[string]locked }
	if err := json.Unmarshal(text, &wanted); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	maps.Copy(wanted.Dependencies, wanted.DevDependencies)
	if len(wanted.Dependencies) == 0 {
		return
	}
	exact := regexp.MustCompile(`^(\d+\.\d+\.\d+|file:[\w-]+)$`)
	for name, version := range wanted.Dependencies {
		if !exact.MatchString(version) {
			t.Errorf("%s: %s is wanted as %s", file, name, version)
		}
	}
	data, err := os.ReadFile(strings.TrimSuffix(file, ".json") + "-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &lock); err != nil {
		t.Fatalf("the lock file of %s: %v", file, err)
	}
	for name, p := range lock.Packages {
		if strings.Contains(name, "node_modules/") && !p.Link && p.Integrity == "" {
			t.Errorf("the lock file of %s has no sum of %s", file, name)
		}
	}
}

func TestLoosePinsAreFound(t *testing.T) {
	t.Parallel()
	const commit = "de0fac2e4500dabe0009e67214ff5f5447ce83dd"
	for text, want := range map[string]int{
		"      - uses: actions/checkout@" + commit + " # v6.0.2\n": 0,
		"      - uses: actions/checkout@v6\n":                      1,
		"        uses: actions/checkout@" + commit + "\n":          1,
		"go run example.com/x/cmd/y@v1.2.3 ./...":                  0,
		"go run -modfile=a.mod example.com/x@latest":               1,
		"go install example.com/x@v1":                              1,
		"FROM golang:1.26 AS build\nFROM scratch\n":                0,
		"FROM golang:latest\nFROM debian:12\n":                     2,
		"npm ci --silent --ignore-scripts --prefix x\n":            0,
		"npm ci --prefix x\nnpm install x\n":                       2,
		"npx x@1.2.3\ncurl -sSf https://example.com/i | sh\n":      2,
	} {
		if got := loose(text); len(got) != want {
			t.Errorf("%q: got %q, want %d", text, got, want)
		}
	}
}
