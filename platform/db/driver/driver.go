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
	// Features says what is particular about the engine. It always returns the same.
	Features() Features
	// Check reports what is wrong with the settings of o, without I/O: an unusable DSN for instance. The error says nothing that
	// stands in a DSN.
	Check(o Options) error
	// Open connects and returns the two pools. It has to prove that the database answers.
	Open(ctx context.Context, o Options) (Pools, error)
	// Dialector returns gorm's dialect over the pool, without I/O.
	Dialector(pool gorm.ConnPool) gorm.Dialector
	// Translate returns err as an *Error when it has one of the meanings that Kind names, and every other error as it is.
	Translate(err error) error
	// Lock takes the lock under which migrations run, shared by all processes that use this database, and waits for it until
	// ctx ends. The returned function gives it back.
	Lock(ctx context.Context, o Options) (unlock func() error, err error)
}

// Maker is a Driver whose Open makes a database that is not there.
type Maker interface {
	// Exists reports whether the database is there, and changes nothing.
	Exists(o Options) (bool, error)
}

// Features is where engines differ and no code can hide it.
type Features struct {
	// Dialect names the engine and its folder of migrations: "sqlite", "postgres".
	Dialect string
	// Goose is goose's name of the dialect: "sqlite3", "postgres".
	Goose string
	// Like is the operator that compares text with a pattern in either case: "LIKE", "ILIKE".
	Like string
	// Others is a question for the statements that drop what migrations may have made beside tables, views for instance.
	Others string
	// ScaledDecimals: the engine has no exact decimal numbers, and columns of them hold integers, the number of smallest units.
	ScaledDecimals bool
	// SavesRows: what an Archiver writes is rows alone, and the migrations make the tables that they go into.
	SavesRows bool
	// PollsContext: while a statement runs, the engine looks at Err of its context every few milliseconds, and stops when there is
	// one. The *Statement that is the context of every statement then holds the limit. Without it the engine has to hold Options.Statement by
	// itself, and to stop at the end of the Statement's Caller.
	PollsContext bool
}

// Options are the settings of one database.
type Options struct {
	DSN string
	// MaxOpen is the most connections for requests: for reading alone in an embedded engine, for everything in a server; 0 lets the driver
	// choose.
	MaxOpen int
	// Share is how many of these the requests of one route may have at the same time; 0 for all. See Places.
	Share int
	// Instances is how many processes of the application share a server; 0 for one.
	Instances int
	// Wait is how long a read waits for one of these connections. Then it fails with an error of Kind Busy.
	Wait time.Duration
	// Statement is how long one statement may run.
	Statement time.Duration
	// BusyTimeout is how long a statement waits for a lock that another process holds, in an embedded engine.
	BusyTimeout time.Duration
	// LockTimeout is how long a statement waits for a lock that another transaction holds, in a server.
	LockTimeout time.Duration
	// IdleInTransaction is how long a transaction may wait for its next statement, where a server watches that; 0 for no limit.
	IdleInTransaction time.Duration
	// MaxLife is how long a connection to a server is used; 0 for no limit.
	MaxLife time.Duration
	// Durable asks that a commit survives the loss of power, where the engine leaves the choice.
	Durable bool
	// Guard is nil in mode prod, where nothing is guarded and nothing is paid.
	Guard Guard
}

// Pools are the ways into a database. The driver has set their limits. On all of them:
//
//   - What is wrong with a statement comes from the call that runs it, up to its first row, and not only from its rows.
//   - A statement that fails inside a transaction dooms it: every later statement, and Commit, fails with an error of Kind Aborted.
//   - A statement while the rows of another one are open, in one transaction, is an error.
//   - Nothing but BeginTx, Commit and Rollback of database/sql begins, divides or ends a transaction. SQL that would is refused with
//     an error of Kind Control, wherever in the text it stands.
type Pools struct {
	Write *sql.DB // transactions that write
	Read  *sql.DB // refuses every write, in the engine, with an error of Kind ReadOnly
	// Health is one more connection that reads. It is asked whether the database answers, and does not queue behind requests.
	Health *sql.DB
}
