package dev

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// patience is how long a test waits for something that has to happen. Nothing waits as long when all is well.
const patience = time.Minute

// source is a small source tree that is watched.
type source struct {
	t    *testing.T
	root string
	w    *watcher
}

func newSource(t *testing.T) *source {
	t.Helper()
	s := &source{t: t, root: t.TempDir()}
	for _, file := range []string{"go.mod", "cmd/shop/main.go", "modules/docs/docs.go", "vendor/a/a.go", "data/app.db", ".git/HEAD", "docs/a/a.go", "modules/docs/testdata/a.go"} {
		s.write(file)
	}
	return s
}

func (s *source) path(name string) string { return filepath.Join(s.root, filepath.FromSlash(name)) }

func (s *source) write(name string) {
	s.t.Helper()
	s.do(os.MkdirAll(filepath.Dir(s.path(name)), 0o755), os.WriteFile(s.path(name), []byte(time.Now().String()), 0o644))
}

func (s *source) do(errs ...error) {
	s.t.Helper()
	if err := errors.Join(errs...); err != nil {
		s.t.Fatal(err)
	}
}

// watch watches the tree by this name of it.
func (s *source) watch(root string) {
	s.t.Helper()
	w, err := watch(root)
	if err != nil {
		s.t.Fatal(err)
	}
	s.w = w
	s.t.Cleanup(w.close)
}

// told waits until the watcher tells of a change.
func (s *source) told() {
	s.t.Helper()
	select {
	case <-s.w.changed:
	case <-time.After(patience):
		s.t.Fatal("no change was told")
	}
}

func TestChangesAreTold(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(s *source){
		"a file is written": func(s *source) { s.write("cmd/shop/main.go") },
		"a file is made":    func(s *source) { s.write("modules/docs/seed.sql") },
		"a file is removed": func(s *source) { s.do(os.Remove(s.path("modules/docs/docs.go"))) },
		"an editor writes beside the file and takes over its name": func(s *source) {
			s.write("cmd/shop/.main.go.swp")
			s.do(os.Rename(s.path("cmd/shop/.main.go.swp"), s.path("cmd/shop/main.go")))
		},
		"an editor moves the file away first": func(s *source) {
			s.do(os.Rename(s.path("cmd/shop/main.go"), s.path("cmd/shop/main.go~")))
			s.write("cmd/shop/main.go")
		},
		"a file in folders that are new": func(s *source) { s.write("modules/sale/internal/web/web.go") },
		"a file in a folder that was new a moment ago": func(s *source) {
			s.do(os.MkdirAll(s.path("modules/sale/internal/web"), 0o755))
			s.told()
			s.write("modules/sale/internal/web/web.go")
		},
		"a file in a folder that has another name now": func(s *source) {
			s.do(os.Rename(s.path("modules/docs"), s.path("modules/text")))
			s.told()
			s.write("modules/text/docs.go")
		},
		"a file deep in a folder that has another name now": func(s *source) {
			s.do(os.Rename(s.path("modules"), s.path("features")))
			s.told()
			s.write("features/docs/docs.go")
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := newSource(t)
			s.watch(s.root)
			change(s)
			s.told()
		})
	}
	t.Run("the project stands behind a link", func(t *testing.T) {
		t.Parallel()
		s := newSource(t)
		link := filepath.Join(t.TempDir(), "link")
		s.do(os.Symlink(s.root, link))
		s.watch(link)
		s.write("cmd/shop/main.go")
		s.told()
	})
}

// One change is told for many that come together, and none for what nobody builds from.
func TestFoldersThatAreWatched(t *testing.T) {
	t.Parallel()
	s := newSource(t)
	s.watch(s.root)
	s.do(os.MkdirAll(s.path("modules/data/bin"), 0o755), os.Mkdir(s.path("modules/.cache"), 0o755), os.MkdirAll(s.path("bin/deep"), 0o755))
	s.told()
	want := []string{"", "cmd", "cmd/shop", "modules", "modules/data", "modules/data/bin", "modules/docs"}
	var got []string
	for _, dir := range s.w.files.WatchList() {
		rel, err := filepath.Rel(s.root, dir)
		s.do(err)
		if rel == "." {
			rel = ""
		}
		got = append(got, rel)
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("watched: %q, want %q", got, want)
	}
}

func TestFilesThatCount(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"main.go": true, "go.mod": true, "go.sum": true, "base.yaml": true, "20261123190000_products.sql": true, "page.html": true,
		"main_test.go": false, "main.go~": false, ".main.go.swp": false, ".#main.go": false, "4913": false, "README.md": false, "app.db-wal": false,
		".banyan-XYZ": false,
	} {
		if counts("/srv/shop/"+name) != want {
			t.Errorf("%s: counts is %t", name, !want)
		}
	}
}
