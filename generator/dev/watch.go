package dev

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// quiet is how long no file must change before a change is told: an editor or a generator writes several at once.
const quiet = 150 * time.Millisecond

// watcher tells when a file that the application is built from changes.
type watcher struct {
	root    string
	changed chan struct{}
	files   *fsnotify.Watcher
	done    chan struct{}
}

func watch(root string) (*watcher, error) {
	root, err := filepath.EvalSymlinks(root) // a walk does not follow a link, not even the first
	if err != nil {
		return nil, err
	}
	files, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &watcher{root: root, changed: make(chan struct{}, 1), files: files, done: make(chan struct{})}
	if err := w.add(root); err != nil {
		_ = files.Close() // the error before counts
		return nil, err
	}
	go w.run()
	return w, nil
}

func (w *watcher) close() {
	_ = w.files.Close() // nothing is written
	<-w.done
}

// add watches a folder and those below it.
func (w *watcher) add(dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			if os.IsNotExist(err) {
				return nil // it went as fast as it came
			}
			return err
		}
		if !e.IsDir() {
			return nil
		}
		if path != w.root && ignored(w.root, path) {
			return filepath.SkipDir
		}
		return w.files.Add(path)
	})
}

// ignored reports whether a folder has no part in the application. Some names mean something at the root alone: a module may be called docs.
func ignored(root, dir string) bool {
	name := filepath.Base(dir)
	if strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata" {
		return true
	}
	return filepath.Dir(dir) == root && slices.Contains([]string{"bin", "data", "vendor", "docs"}, name)
}

// counts reports whether a file has a part in the application.
func counts(path string) bool {
	base := filepath.Base(path)
	if strings.HasPrefix(base, ".") || strings.HasSuffix(base, "~") || strings.HasSuffix(base, "_test.go") {
		return false
	}
	return base == "go.mod" || base == "go.sum" || slices.Contains([]string{".go", ".yaml", ".yml", ".sql", ".html", ".tmpl", ".css", ".js", ".json", ".txt", ".svg", ".png", ".jpg", ".webp", ".woff2", ".ico"}, filepath.Ext(base))
}

// run collects changes until it has been quiet for a moment.
func (w *watcher) run() {
	defer close(w.done)
	timer := time.NewTimer(0)
	<-timer.C
	for {
		select {
		case e, ok := <-w.files.Events:
			if !ok {
				return
			}
			if w.concerns(e) {
				timer.Reset(quiet)
			}
		case _, ok := <-w.files.Errors:
			if !ok {
				return
			}
			timer.Reset(quiet) // events were lost: something may have changed
		case <-timer.C:
			// Folders that are new, or have another name now, are watched before the change is told: what happens in them until then is built.
			_ = w.add(w.root) // what cannot be watched is built with the next change
			w.tell()
		}
	}
}

// tell tells of a change, unless one that nobody has heard of has been told.
func (w *watcher) tell() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// concerns reports whether an event is about a file that counts, or about a folder that may hold some.
func (w *watcher) concerns(e fsnotify.Event) bool {
	if e.Op == fsnotify.Chmod {
		return false
	}
	if info, err := os.Stat(e.Name); err == nil && info.IsDir() {
		return e.Has(fsnotify.Create) && !ignored(w.root, e.Name)
	}
	return counts(e.Name)
}
