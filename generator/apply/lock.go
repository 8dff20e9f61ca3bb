package apply

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/banyan-go/banyan/generator/project"
)

// LockedError means that another run of the generator is at work in the project.
type LockedError struct{ Root string }

func (e *LockedError) Error() string {
	return "another banyan is writing in " + e.Root + "; nothing was written"
}

// Lock keeps other runs of the generator out of a project until it is closed, or its process has ended. It is not safe for concurrent use.
type Lock struct {
	dir *os.File
	// Recovered are the files that a run which was killed had written, and that are as they were before it again.
	Recovered []string
}

// TakeLock locks a project, without waiting, and takes back what a run has left that was killed while it wrote. Files that somebody has edited
// since stay as they are; then the error is an *EditedError, and the project is not locked.
func TakeLock(p *project.Project) (*Lock, error) {
	dir, err := os.Open(p.Root)
	if err != nil {
		return nil, err
	}
	l := &Lock{dir: dir}
	if err := flock(dir, syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = &LockedError{p.Root}
		}
		return nil, errors.Join(err, dir.Close())
	}
	if l.Recovered, err = recoverTree(p.Root); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// Close gives the lock back: at once, even where a process that is being started still has a copy of the file.
func (l *Lock) Close() error { return errors.Join(flock(l.dir, syscall.LOCK_UN), l.dir.Close()) }

func flock(f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// recoverTree takes back what the journal of a project tells of, if there is one.
func recoverTree(dir string) ([]string, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close() //nolint:errcheck // the files are closed
	j := &journal{root: root}
	found, err := j.load()
	if err != nil || !found {
		return nil, err
	}
	if err := j.undo(); err != nil {
		return nil, fmt.Errorf("take back what a run of banyan has left that was killed: %w", err)
	}
	return j.undone, nil
}
