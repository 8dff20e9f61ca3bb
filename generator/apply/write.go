package apply

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// ReadOnlyError means that a folder may not be written to: its mode or its mount does not allow it.
type ReadOnlyError struct {
	Folder string // relative to the project, "." for the project itself
	Err    error
}

func (e *ReadOnlyError) Error() string {
	return fmt.Sprintf("the folder %s cannot be written to (%v); nothing was written", e.Folder, e.Err)
}

// Unwrap returns what the system says.
func (e *ReadOnlyError) Unwrap() error { return e.Err }

// Write writes the plan: all of it or nothing. When a file has changed since the plan was made, nothing is written; after any other error the
// tree is as it was, and so it is after the end of the process at any moment, once the next Lock is there. The caller holds the Lock of the
// project.
func (p *Plan) Write() error {
	if len(p.Changes) == 0 {
		return nil
	}
	// Nothing that is named by a path below it leads out of a Root, whatever symbolic links there are.
	root, err := os.OpenRoot(p.root)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // the files are closed
	if err := p.writable(root); err != nil {
		return err
	}
	for _, c := range p.Changes {
		now, err := read(root, c.Path)
		if err != nil {
			return fmt.Errorf("nothing was written: %w", err)
		}
		if (now == nil) != (c.Old == nil) || !bytes.Equal(now, c.Old) {
			return &ChangedError{c.Path}
		}
	}
	j := &journal{root: root, step: p.step}
	if err := j.prepare(p.Changes); err != nil {
		return errors.Join(fmt.Errorf("nothing was written: %w", err), j.discard())
	}
	if err := j.apply(); err != nil {
		return errors.Join(fmt.Errorf("%w; what was written has been taken back", err), j.undo())
	}
	return j.discard()
}

// writable asks, before anything is written, whether all of it may be: in each folder that is there.
func (p *Plan) writable(root *os.Root) error {
	asked := map[string]bool{}
	dirs := []string{stateDir} // of the journal
	for _, c := range p.Changes {
		dirs = append(dirs, filepath.Dir(filepath.FromSlash(c.Path)))
	}
	for _, dir := range dirs {
		for dir != "." {
			if info, err := root.Stat(dir); err == nil && info.IsDir() {
				break
			}
			dir = filepath.Dir(dir)
		}
		if asked[dir] {
			continue
		}
		asked[dir] = true
		const write = 2 // W_OK of access(2)
		if err := syscall.Access(filepath.Join(p.root, dir), write); err != nil {
			return &ReadOnlyError{filepath.ToSlash(dir), err}
		}
	}
	return nil
}
