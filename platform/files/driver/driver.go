// Package driver is what a place for files has to offer to package files. Applications do not use it: they list the drivers that are compiled in
// and hold a *files.Files.
package driver

import (
	"context"
	"errors"
	"io"
)

// Driver makes stores of one kind. It holds no state and is safe for concurrent use. A driver proves itself with filestest.Run.
type Driver interface {
	// Open returns a store, without I/O. The error names what is missing in the settings.
	Open(o Options) (Store, error)
}

// Options are the settings of one store.
type Options struct {
	Dir string // for a store on a disk
}

// What a Store says about a name. Other errors are those of the place behind it, for operators.
var (
	// ErrNotFound: there is no file of that name.
	ErrNotFound = errors.New("there is no such file")
	// ErrFull: there is no room for more.
	ErrFull = errors.New("there is no room for another file")
)

// Store keeps files by name. It is safe for concurrent use. Names are those that package files makes: lower case letters, digits, - and one dot. A
// store never takes a name for more than that: none leads out of it, through a link for instance.
type Store interface {
	// Start connects, and takes away what processes that have died long ago have left of drafts. Those of others that live go on.
	Start(ctx context.Context) error
	// Stop gives back what Start took. Nothing else is called afterwards.
	Stop(ctx context.Context) error
	// Create begins a file. Nobody sees anything of it before Commit.
	Create(ctx context.Context, name string) (Draft, error)
	// Open returns a file, ErrNotFound for none.
	Open(ctx context.Context, name string) (Content, error)
	// Delete removes a file. That there is none is no error. Whoever has opened it may read on.
	Delete(ctx context.Context, name string) error
	// List calls fn for every file whose name begins with prefix, in any order. An error of fn ends it and is returned, and the end of ctx ends it too. With
	// an empty prefix it counts for files.quota, every few minutes; where that takes long, for at most a twentieth of the time.
	List(ctx context.Context, prefix string, fn func(name string, size int64) error) error
}

// Checker is a Store that knows by its settings alone that it cannot work. It is optional.
type Checker interface {
	// Check returns what is wrong with the settings, as config.Problems, without I/O.
	Check() error
}

// Draft is a file that is being written. One goroutine uses it. It ends with Commit or Abort.
type Draft interface {
	io.Writer
	// Commit makes the file, whole and for good: it is there after a loss of power too. A file of that name is replaced in one step.
	// After an error, and Abort, there is none of that name.
	Commit() error
	// Abort leaves nothing behind. After Commit it does nothing.
	Abort() error
}

// Content is an open file.
type Content interface {
	io.ReadSeekCloser
	// Size is its length in bytes.
	Size() int64
}
