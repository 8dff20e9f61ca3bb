// Package driver is what a database engine has to offer to package db. Applications do not use it: they list the drivers that are
// compiled in and hold a *db.DB.
package driver

import (
	"context"
	"database/sql"
	"time"

	"gorm.io/gorm"
)

// Driver opens one kind of database. It holds no state and is safe for concurrent use. A driver proves itself with dbtest.Run.
type Driver interface {
	// Dialect names the engine and its folder of migrations: "sqlite", "postgres".
	Dialect() string
	// Check reports what is wrong with the settings of o, without I/O: an unusable DSN for instance. The error says nothing that
	// stands in a DSN.
	Check(o Options) error
	// Open connects and returns the two pools. It has to prove that the database answers.
	Open(ctx context.Context, o Options) (Pools, error)
	// Dialector returns gorm's dialect over the pool, without I/O.
	Dialector(pool gorm.ConnPool) gorm.Dialector
	// Translate turns an error of the engine into *Duplicate, *Foreign, *ReadOnly or *Busy, which keep it as their cause,
	// and returns every other error as it is.
	Translate(err error) error
	// Lock takes the lock under which migrations run, shared by all processes that use this database, and waits for it until
	// ctx ends. The returned function gives it back.
	Lock(ctx context.Context, o Options) (unlock func() error, err error)
}

// Options are the settings of one database.
type Options struct {
	DSN string
	// MaxOpen is the most connections for reading; 0 lets the driver choose.
	MaxOpen int
	// BusyTimeout is how long a statement waits for a lock that somebody else holds.
	BusyTimeout time.Duration
	// Durable asks that a commit survives the loss of power, where the engine leaves the choice.
	Durable bool
}

// Pools are the two ways into a database. The driver has set their limits.
type Pools struct {
	Write *sql.DB // transactions that write
	Read  *sql.DB // must refuse every write, in the engine
}

// Duplicate is the violation of a unique index or a primary key.
type Duplicate struct {
	Table   string
	Columns []string
	Err     error
}

func (e *Duplicate) Error() string { return e.Err.Error() }

// Unwrap returns the engine's error.
func (e *Duplicate) Unwrap() error { return e.Err }

// Foreign is the violation of a foreign key.
type Foreign struct{ Err error }

func (e *Foreign) Error() string { return e.Err.Error() }

// Unwrap returns the engine's error.
func (e *Foreign) Unwrap() error { return e.Err }

// Busy means that a lock was not given in time, or that the statement was stopped at its limit: nothing is wrong with the
// statement, and the same may work later.
type Busy struct{ Err error }

func (e *Busy) Error() string { return e.Err.Error() }

// Unwrap returns the engine's error.
func (e *Busy) Unwrap() error { return e.Err }

// ReadOnly means that a write went to the read pool.
type ReadOnly struct{ Err error }

func (e *ReadOnly) Error() string { return e.Err.Error() }

// Unwrap returns the engine's error.
func (e *ReadOnly) Unwrap() error { return e.Err }
