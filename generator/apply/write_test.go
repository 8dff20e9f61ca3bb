package apply

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/projecttest"
)

// tree writes files into a folder of the test.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for path, data := range files {
		path = filepath.Join(root, filepath.FromSlash(path))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(data), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// change is a change from old to data; old "" stands for a new file.
func change(path, old, data string) Change {
	c := Change{Path: path, New: []byte(data), Mode: 0o644}
	if old != "" {
		c.Old = []byte(old)
	}
	return c
}

func TestWrite(t *testing.T) {
	t.Parallel()
	root := tree(t, map[string]string{"modules/modules_gen.go": "old", "README.md": "mine"})
	if err := os.Chmod(filepath.Join(root, "modules/modules_gen.go"), 0o640); err != nil {
		t.Fatal(err)
	}
	before := projecttest.Read(t, root)
	run := change("modules/catalog/load/run.sh", "", "#!/bin/sh")
	run.Mode = 0o755
	plan := &Plan{root: root, Changes: []Change{change("modules/modules_gen.go", "old", "new"), change("modules/catalog/catalog.go", "", "package catalog"), run}}
	if err := plan.Write(); err != nil {
		t.Fatal(err)
	}
	after := projecttest.Read(t, root)
	want := []string{"+ modules/catalog", "+ modules/catalog/catalog.go", "+ modules/catalog/load", "+ modules/catalog/load/run.sh", "~ modules/modules_gen.go"}
	if diff := before.Diff(after); !slices.Equal(diff, want) {
		t.Errorf("changed %v, want %v", diff, want)
	}
	for path, want := range map[string]string{
		"modules/modules_gen.go":      "-rw-r-----\nnew", // the mode that the team gave it
		"modules/catalog/catalog.go":  "-rw-r--r--\npackage catalog",
		"modules/catalog/load/run.sh": "-rwxr-xr-x\n#!/bin/sh",
	} {
		if after[path] != want {
			t.Errorf("%s: %q, want %q", path, after[path], want)
		}
	}
}

// In the middle of the plan there is no way on: a folder is needed where a file stands that the plan itself has just written. (Modes would
// not stop root.)
func TestWriteThatFailsLeavesTheTreeAsItWas(t *testing.T) {
	t.Parallel()
	root := tree(t, map[string]string{"modules/modules_gen.go": "old", "cmd/shop/wire_gen.go": "old"})
	if err := os.Chmod(filepath.Join(root, "cmd/shop/wire_gen.go"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := projecttest.Read(t, root)
	plan := &Plan{root: root, Changes: []Change{
		change("modules/modules_gen.go", "old", "new"), change("modules/catalog/catalog.go", "", "package catalog"),
		change("cmd/shop/wire_gen.go", "old", "new"), change("modules/catalog/web", "", "a file"), change("modules/catalog/web/web.go", "", "package web"),
	}}
	err := plan.Write()
	if err == nil || !strings.Contains(err.Error(), "write modules/catalog/web: ") {
		t.Errorf("the error does not name the file: %v", err)
	}
	if diff := before.Diff(projecttest.Read(t, root)); len(diff) > 0 {
		t.Errorf("left behind: %v", diff)
	}
}

func TestWriteRefusesWhatHasChangedSinceThePlan(t *testing.T) {
	t.Parallel()
	plans := map[string]Change{
		"a file was edited":    change("modules/modules_gen.go", "what it was", "new"),
		"a file was made":      change("modules/modules_gen.go", "", "new"),
		"a file was removed":   change("modules/gone_gen.go", "what it was", "new"),
		"an empty file counts": change("modules/empty.go", "", "new"),
	}
	for name, last := range plans {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := tree(t, map[string]string{"modules/modules_gen.go": "edited", "modules/empty.go": ""})
			before := projecttest.Read(t, root)
			err := (&Plan{root: root, Changes: []Change{change("modules/a.go", "", "a"), last}}).Write()
			var changed *ChangedError
			if !errors.As(err, &changed) || changed.Path != last.Path {
				t.Errorf("got %v, want a ChangedError for %s", err, last.Path)
			}
			if diff := before.Diff(projecttest.Read(t, root)); len(diff) > 0 {
				t.Errorf("changed: %v", diff)
			}
		})
	}
}

func TestWriteStaysInTheTree(t *testing.T) {
	t.Parallel()
	outside := tree(t, map[string]string{"wire_gen.go": "theirs"})
	for name, c := range map[string]Change{
		"new file below a link":     change("modules/catalog/catalog.go", "", "package catalog"),
		"derived file below a link": change("modules/catalog/wire_gen.go", "theirs", "new"),
		"path with dots":            change("../outside.go", "", "package outside"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := tree(t, map[string]string{"modules/modules_gen.go": "old"})
			if err := os.Symlink(outside, filepath.Join(root, "modules/catalog")); err != nil {
				t.Fatal(err)
			}
			before, theirs := projecttest.Read(t, root), projecttest.Read(t, outside)
			if err := (&Plan{root: root, Changes: []Change{c}}).Write(); err == nil {
				t.Error("it was written")
			}
			if diff := append(before.Diff(projecttest.Read(t, root)), theirs.Diff(projecttest.Read(t, outside))...); len(diff) > 0 {
				t.Errorf("changed: %v", diff)
			}
			if _, err := os.Lstat(filepath.Join(filepath.Dir(root), "outside.go")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a file beside the tree: %v", err)
			}
		})
	}
}

// One file is named, and of several the first with the number of the others.
func TestMessagesCountFiles(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"a.go exists; nothing was written":                                                              &ExistsError{[]string{"a.go"}},
		"a.go and 2 more files exist; nothing was written":                                              &ExistsError{[]string{"a.go", "b.go", "c.go"}},
		"a.go has been edited by hand since it was written; it stays as it is":                          &EditedError{Paths: []string{"a.go"}},
		"a.go and 1 more files have been edited by hand since they were written; they stay as they are": &EditedError{Paths: []string{"a.go", "b.go"}},
	} {
		if err.Error() != want {
			t.Errorf("%s, want %s", err, want)
		}
	}
}
