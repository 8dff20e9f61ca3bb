// Package projecttest makes applications for the tests of the generator, and compares source trees.
package projecttest

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/mod/modfile"

	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/scaffold"
)

// Checkout returns the root of this repository, which tests run inside.
func Checkout(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		data, readErr := os.ReadFile(filepath.Join(dir, "go.mod"))
		if readErr == nil && modfile.ModulePath(data) == scaffold.Framework {
			return dir
		}
		if parent := filepath.Dir(dir); parent != dir {
			dir = parent
			continue
		}
		err = fmt.Errorf("the test runs outside of a checkout of %s", scaffold.Framework)
	}
	t.Fatal(err)
	return ""
}

// New makes an application that uses this checkout in the folder dir, whose last element names it. It is no git repository.
func New(t testing.TB, dir string) *project.Project {
	t.Helper()
	o := scaffold.Options{Dir: dir, Replace: Checkout(t), NoGit: true, Now: time.Date(2026, time.November, 26, 0, 0, 0, 0, time.UTC)}
	if _, err := scaffold.New(t.Context(), o, nil); err != nil {
		t.Fatal(err)
	}
	p, err := project.Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Git runs git in a project, as somebody whose settings do not matter.
func Git(t testing.TB, p *project.Project, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-c", "user.name=team", "-c", "user.email=team@example.org", "-c", "core.autocrlf=false"}, args...)...)
	cmd.Dir = p.Root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

// Tree is what stands in a folder: by path, with slashes, the mode and content of files, the targets of symbolic links, and the folders.
type Tree map[string]string

// Read reads a folder.
func Read(t testing.TB, dir string) Tree {
	t.Helper()
	tree := Tree{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		tree[filepath.ToSlash(rel)], err = describe(path, e)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func describe(path string, e fs.DirEntry) (string, error) {
	switch {
	case e.IsDir():
		return "folder", nil
	case e.Type()&fs.ModeSymlink != 0:
		target, err := os.Readlink(path)
		return "link to " + target, err
	}
	info, err := e.Info()
	if err != nil {
		return "", err
	}
	data, err := os.ReadFile(path)
	return info.Mode().String() + "\n" + string(data), err
}

// Diff names, in order, the paths at which two trees differ: "+ path" is in other alone, "- path" in t alone, "~ path" in both.
func (t Tree) Diff(other Tree) []string {
	var diff []string
	for path, was := range t {
		is, ok := other[path]
		switch {
		case !ok:
			diff = append(diff, "- "+path)
		case is != was:
			diff = append(diff, "~ "+path)
		}
	}
	for path := range other {
		if _, ok := t[path]; !ok {
			diff = append(diff, "+ "+path)
		}
	}
	slices.SortFunc(diff, func(a, b string) int { return slices.Compare([]byte(a[2:]), []byte(b[2:])) })
	return diff
}
