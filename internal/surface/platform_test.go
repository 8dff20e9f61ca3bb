package surface_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/internal/surface"
)

const (
	root    = "../.."
	modpath = "github.com/banyan-go/banyan/"
	page    = "docs/compatibility.md"
	record  = "docs/reference/api.txt"
)

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// promised are the packages that the page covers, and those that it names as not covered.
func promised(t *testing.T) (covered, not []string) {
	t.Helper()
	before, after, _ := strings.Cut(read(t, page), "\n## What is not covered\n")
	row := regexp.MustCompile("(?m)^\\| `(platform/[a-z/]+)` \\|")
	for _, m := range row.FindAllStringSubmatch(before, -1) {
		covered = append(covered, m[1])
	}
	for _, m := range row.FindAllStringSubmatch(after, -1) {
		not = append(not, m[1])
	}
	return covered, not
}

// Nobody has to remember the page when a package comes or goes.
func TestEveryPackageIsCoveredOrIsNot(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "go", "list", "./platform/...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	covered, not := promised(t)
	named := slices.Sorted(slices.Values(slices.Concat(covered, not)))
	var there []string
	for line := range strings.Lines(string(out)) {
		if path := strings.TrimPrefix(strings.TrimSpace(line), modpath); !strings.Contains(path, "/internal/") {
			there = append(there, path)
		}
	}
	for _, path := range there {
		if !slices.Contains(named, path) {
			t.Errorf("%s says nothing about %s: add a row to what is covered, or to what is not", page, path)
		}
	}
	for i, path := range named {
		if !slices.Contains(there, path) {
			t.Errorf("%s names %s, which is not there", page, path)
		}
		if i > 0 && named[i-1] == path {
			t.Errorf("%s names %s twice", page, path)
		}
	}
}

// What the generator writes into an application stays good: it imports nothing without a promise.
func TestGeneratedCodeImportsWhatIsCovered(t *testing.T) {
	t.Parallel()
	covered, _ := promised(t)
	imports := regexp.MustCompile(`"\{\{\.Platform\}\}/([a-z/]+)"`)
	found := 0
	err := filepath.WalkDir(filepath.Join(root, "templates"), func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range imports.FindAllStringSubmatch(string(text), -1) {
			found++
			if !slices.Contains(covered, "platform/"+m[1]) {
				t.Errorf("%s imports platform/%s, which %s does not cover", path, m[1], page)
			}
		}
		return err
	})
	if err != nil || found == 0 {
		t.Errorf("%d imports found, error %v", found, err)
	}
}

func TestGoVersionOfThePageIsThatOfTheModule(t *testing.T) {
	t.Parallel()
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "go.mod"))[1]
	if text := "\nGo " + version + " or later"; !strings.Contains(read(t, page), text) {
		t.Errorf("%s has no line that begins %q", page, text)
	}
}

// The exported names are those that were written down. BANYAN_UPDATE=1 writes them anew.
func TestReference(t *testing.T) {
	t.Parallel()
	covered, _ := promised(t)
	patterns := make([]string, 0, len(covered))
	for _, path := range covered {
		patterns = append(patterns, "./"+path)
	}
	packages, err := surface.Load(t.Context(), root, patterns...)
	if err != nil {
		t.Fatal(err)
	}
	lines := surface.Text(modpath+"platform/", packages)
	t.Run("libraries", func(t *testing.T) {
		t.Parallel()
		libraries(t, lines)
	})
	if os.Getenv("BANYAN_UPDATE") == "1" {
		if err := os.WriteFile(filepath.Join(root, record), []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	changes := surface.Compare(strings.Split(strings.TrimSpace(read(t, record)), "\n"), lines)
	for _, c := range changes {
		t.Error(c)
	}
	if len(changes) > 0 {
		t.Errorf("%s is not what the platform exports.\nTo accept: BANYAN_UPDATE=1 go test ./internal/surface, and a line in CHANGELOG.md under Added, Changed, Deprecated or Removed;\n"+
			"for what is INCOMPATIBLE the line says what to write instead. %s says when that may be.", record, page)
	}
}

// libraries compares those whose types stand in signatures with those that the page names: each binds Banyan to its major version.
func libraries(t *testing.T, lines []string) {
	t.Helper()
	path := regexp.MustCompile(`\b[a-z0-9-]+\.[a-z]+/[\w/-]+`)
	_, text, _ := strings.Cut(read(t, page), "stand in covered signatures.")
	text, _, _ = strings.Cut(text, "\n\n")
	seen := map[string]bool{}
	for _, library := range path.FindAllString(text, -1) {
		seen[library] = false
	}
	for _, line := range lines {
		for _, found := range path.FindAllString(line, -1) {
			known := false
			for library := range seen {
				if found == library || strings.HasPrefix(found, library+"/") {
					known, seen[library] = true, true
				}
			}
			if !known {
				t.Errorf("%s does not name %s, which stands in: %s", page, found, line)
			}
		}
	}
	for library, used := range seen {
		if !used {
			t.Errorf("%s names %s, which no covered signature has", page, library)
		}
	}
}
