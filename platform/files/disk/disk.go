// Package disk keeps files in a folder.
//
// The folder is opened once, and nothing is reached but below it: the kernel follows no name, and no link, out of it. A file is written beside its
// place and moved there when it is whole and on the disk.
package disk

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/files/driver"
)

// Driver keeps files in the folder of the settings.
type Driver struct{}

var (
	_ driver.Driver  = Driver{}
	_ driver.Checker = (*store)(nil)
)

// Open is part of driver.Driver.
func (Driver) Open(o driver.Options) (driver.Store, error) {
	return &store{dir: o.Dir, sync: (*os.File).Sync}, nil
}

type store struct {
	dir  string
	root atomic.Pointer[os.Root]
	sync func(folder *os.File) error // makes a new name in a folder outlast a loss of power
}

// drafts is where files are that are being written.
const drafts = "tmp"

// Check is part of driver.Checker.
func (s *store) Check() error {
	if s.dir != "" {
		return nil
	}
	return config.Problems{{
		Key: "files.dir", Got: "auto, and instances is more than 1", Hint: "name a folder that all instances see, of a network file system for instance, or of the one machine that they run on",
	}}
}

// Start is part of driver.Store.
func (s *store) Start(context.Context) error {
	if err := s.Check(); err != nil {
		return err
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return err
	}
	if err := sweep(root); err != nil {
		return errors.Join(err, root.Close())
	}
	s.root.Store(root)
	return nil
}

// dead is how long nobody has written to a draft that nobody is going to finish. Other processes may be at work in the folder, one that this one
// takes over from for instance.
const dead = time.Hour

// sweep makes the folder of drafts, and removes those of processes that have died.
func sweep(root *os.Root) error {
	if err := root.Mkdir(drafts, 0o700); !errors.Is(err, fs.ErrExist) {
		return err
	}
	entries, err := fs.ReadDir(root.FS(), drafts)
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || time.Since(info.ModTime()) < dead {
			continue // it may be whole by now
		}
		if err := root.Remove(path.Join(drafts, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Stop is part of driver.Store.
func (s *store) Stop(context.Context) error {
	if root := s.root.Swap(nil); root != nil {
		return root.Close()
	}
	return nil
}

var errNotStarted = errors.New("the folder of files is not open: the application has not started")

func (s *store) open() (*os.Root, error) {
	if root := s.root.Load(); root != nil {
		return root, nil
	}
	return nil, errNotStarted
}

// place is where a file is: a folder by two of its random digits keeps folders small.
func place(name string) (dir, file string) {
	const random = len("pub-")
	if len(name) < random+2 {
		return "other", "other/" + name
	}
	return name[random : random+2], name[random:random+2] + "/" + name
}

// Create is part of driver.Store.
func (s *store) Create(_ context.Context, name string) (driver.Draft, error) {
	root, err := s.open()
	if err != nil {
		return nil, err
	}
	temp := path.Join(drafts, rand.Text())
	f, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, full(err)
	}
	return &draft{File: f, store: s, root: root, temp: temp, name: name}, nil
}

// full says in the words of package driver that there is no room.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", driver.ErrFull, err)
	}
	return err
}

type draft struct {
	*os.File
	store *store
	root  *os.Root
	temp  string
	name  string
	over  bool
}

// Write is part of driver.Draft.
func (d *draft) Write(p []byte) (int, error) {
	n, err := d.File.Write(p)
	return n, full(err)
}

// Commit is part of driver.Draft.
func (d *draft) Commit() error {
	dir, file := place(d.name)
	if err := d.Sync(); err != nil {
		return full(err)
	}
	if err := d.Close(); err != nil {
		return full(err)
	}
	if err := d.root.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return full(err)
	}
	folder, err := d.root.Open(dir) // now, while nothing is lost yet where there are no more files to open
	if err != nil {
		return err
	}
	defer folder.Close()
	if err := d.root.Rename(d.temp, file); err != nil {
		return full(err)
	}
	d.over = true
	if err := d.store.sync(folder); err != nil {
		return errors.Join(full(err), d.root.Remove(file)) // nobody is going to know its name
	}
	return nil
}

// Abort is part of driver.Draft.
func (d *draft) Abort() error {
	if d.over {
		return nil
	}
	d.over = true
	_ = d.Close() // it may be closed
	return d.root.Remove(d.temp)
}

type content struct {
	*os.File
	size int64
}

// Size is part of driver.Content.
func (c content) Size() int64 { return c.size }

// Open is part of driver.Store. A link, or whatever else is no file, is none.
func (s *store) Open(_ context.Context, name string) (driver.Content, error) {
	root, err := s.open()
	if err != nil {
		return nil, err
	}
	_, file := place(name)
	there, err := root.Lstat(file)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !there.Mode().IsRegular() {
		return nil, driver.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	f, err := root.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, driver.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		_ = f.Close() // nothing was written
		return nil, cmp.Or(err, driver.ErrNotFound)
	}
	return content{f, info.Size()}, nil
}

// Delete is part of driver.Store.
func (s *store) Delete(_ context.Context, name string) error {
	root, err := s.open()
	if err != nil {
		return err
	}
	_, file := place(name)
	if err := root.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// List is part of driver.Store.
func (s *store) List(ctx context.Context, prefix string, fn func(string, int64) error) error {
	root, err := s.open()
	if err != nil {
		return err
	}
	dir, _ := place(prefix)
	if len(prefix) < len("pub-")+2 {
		dir = "."
	}
	err = fs.WalkDir(root.FS(), dir, func(name string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // it went as fast as it came
			return nil
		case err != nil:
			return err
		case name == drafts:
			return fs.SkipDir
		case !e.Type().IsRegular() || !strings.HasPrefix(e.Name(), prefix):
			return ctx.Err()
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		return fn(e.Name(), info.Size())
	})
	return err
}
