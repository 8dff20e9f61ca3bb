package driver

import (
	"context"
	"errors"
	"io"
)

// Archiver is a Driver that writes a whole database to a stream, and makes a database of one. None of its methods uses the pools of Open, nor
// the limits that are for requests: a large database takes its time, until ctx ends.
type Archiver interface {
	// Save writes what is in the database at one moment, while others go on writing, and returns what that is.
	Save(ctx context.Context, o Options, w io.Writer) ([]Table, error)
	// Tables returns what is in the database at one moment, in the order of the names.
	Tables(ctx context.Context, o Options) ([]Table, error)
	// Scratch makes a new database near that of o, in the same folder or on the same server, and returns its settings and what drops it.
	Scratch(ctx context.Context, o Options) (scratch Options, drop func(context.Context) error, err error)
	// Load fills the database that Scratch has made with what Save has written. Where Features.SavesRows, it has the tables already, and
	// their rows give way.
	Load(ctx context.Context, scratch Options, r io.Reader) error
	// InUse returns ErrInUse while anybody has the database of o open, and nil for one that is not there.
	InUse(ctx context.Context, o Options) error
	// Replace puts what is in scratch in the place of what is in the database of o: all of it or, after an error or the death of the process,
	// nothing. It returns ErrInUse while anybody has that database open. The function that drops the scratch is called after it all the same.
	Replace(ctx context.Context, o, scratch Options) error
}

// ErrInUse means that another process, or this one, has the database open.
var ErrInUse = errors.New("the database is in use")

// Table is what one table holds.
type Table struct {
	// Name is the table's, behind its schema where that is not the default one.
	Name string `json:"name"`
	Rows int64  `json:"rows"`
	// Sum is the checksum of the rows, whatever their order: 32 hexadecimal digits.
	Sum string `json:"sum"`
}
