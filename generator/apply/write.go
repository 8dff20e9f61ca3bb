package apply

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// Write writes the plan. When a file has changed since the plan was made, nothing is written; after any other error the tree is as it was.
func (p *Plan) Write() error {
	// Nothing that is named by a path below it leads out of a Root, whatever symbolic links there are.
	root, err := os.OpenRoot(p.root)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // the files are closed
	locked, err := lock(root)
	if err != nil {
		return err
	}
	defer locked.Close() // which gives the lock back
	for _, c := range p.Changes {
		now, err := read(root, c.Path)
		if err != nil {
			return fmt.Errorf("nothing was written: %w", err)
		}
		if (now == nil) != c.New() || !bytes.Equal(now, c.Old) {
			return &ChangedError{c.Path}
		}
	}
	w := writer{root: root}
	for _, c := range p.Changes {
		if err := w.write(c); err != nil {
			return errors.Join(fmt.Errorf("write %s: %w", c.Path, err), w.undo())
		}
	}
	return nil
}

// lock keeps other runs of the generator from writing into the same project until the file that it returns is closed.
func lock(root *os.Root) (*os.File, error) {
	dir, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(dir.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", root.Name(), err), dir.Close())
	}
	return dir, nil
}

// writer writes changes and can take them back.
type writer struct {
	root    *os.Root
	folders []string // that were not there
	written []written
}

type written struct {
	Change
	mode fs.FileMode // of the old file
}

func (w *writer) write(c Change) error {
	path := filepath.FromSlash(c.Path)
	if err := w.mkdirAll(filepath.Dir(path)); err != nil {
		return err
	}
	mode := c.Mode
	if !c.New() {
		info, err := w.root.Stat(path)
		if err != nil {
			return err
		}
		mode = info.Mode().Perm()
	}
	if err := w.replace(path, c.Data, mode); err != nil {
		return err
	}
	w.written = append(w.written, written{c, mode})
	return nil
}

// undo brings back what was there.
func (w *writer) undo() error {
	var errs []error
	for _, c := range slices.Backward(w.written) {
		path := filepath.FromSlash(c.Path)
		if !c.New() {
			errs = append(errs, w.replace(path, c.Old, c.mode))
			continue
		}
		if err := w.root.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	for _, dir := range slices.Backward(w.folders) {
		_ = w.root.Remove(dir) // it is empty, or somebody else has put something into it
	}
	return errors.Join(errs...)
}

// mkdirAll makes a folder and remembers those that were not there.
func (w *writer) mkdirAll(dir string) error {
	var missing []string
	for d := dir; ; d = filepath.Dir(d) {
		_, err := w.root.Stat(d)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		missing = append(missing, d)
	}
	for _, d := range slices.Backward(missing) {
		if err := w.root.Mkdir(d, 0o755); err != nil {
			return err
		}
		w.folders = append(w.folders, d)
	}
	return nil
}

// replace writes a file so that nobody ever sees a part of it.
func (w *writer) replace(path string, data []byte, mode fs.FileMode) (err error) {
	tmp := filepath.Join(filepath.Dir(path), ".banyan-"+rand.Text())
	f, err := w.root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = w.root.Remove(tmp) // the write has failed already
		}
	}()
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Chmod(mode), f.Close()); err != nil {
		return err
	}
	return w.root.Rename(tmp, path)
}
