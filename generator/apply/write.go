package apply

import (
	"bytes"
	"errors"
	"fmt"
	"os"
)

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
