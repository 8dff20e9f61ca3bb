package templates_test

import (
	"io/fs"
	"os"
	"slices"
	"testing"

	"github.com/banyan-go/banyan/templates"
)

// An embed leaves out, in silence, symbolic links, empty folders, and every folder that holds a go.mod.
func TestEverythingOnDiskIsEmbedded(t *testing.T) {
	t.Parallel()
	disk := os.DirFS(".")
	var roots []string
	entries, err := fs.ReadDir(disk, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() {
			roots = append(roots, e.Name())
		}
	}
	onDisk := paths(t, disk, roots)
	embedded, err := fs.ReadDir(templates.Files, ".")
	if err != nil {
		t.Fatal(err)
	}
	roots = roots[:0]
	for _, e := range embedded {
		roots = append(roots, e.Name())
	}
	inBinary := paths(t, templates.Files, roots)
	for _, path := range onDisk {
		if !slices.Contains(inBinary, path) {
			t.Errorf("%s is not embedded", path)
		}
	}
	if len(inBinary) != len(onDisk) || len(onDisk) == 0 {
		t.Errorf("%d files and folders are embedded, %d are on disk", len(inBinary), len(onDisk))
	}
}

func paths(t *testing.T, files fs.FS, roots []string) []string {
	t.Helper()
	var paths []string
	for _, root := range roots {
		if err := fs.WalkDir(files, root, func(path string, _ fs.DirEntry, err error) error {
			paths = append(paths, path)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	return paths
}
