package db

import (
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/fault"
)

// Errors of the door. Those without a fault kind are defects of the calling code.
var (
	// ErrBusy is of kind fault.Unavailable: a connection or a lock was not given in time, or a statement ran into its limit.
	ErrBusy = fault.New(fault.Unavailable, "database_busy", "The database is busy. Try again in a moment.")
	// ErrFull is of kind fault.Unavailable: the disk of the database is full. What was written is not saved; reads go on.
	ErrFull = fault.New(fault.Unavailable, "database_full", "The database is full. Nothing can be saved before there is room again.")
	// ErrReferenced is of kind fault.Conflict: a row cannot go, because others refer to it. Referenced returns it.
	ErrReferenced = fault.New(fault.Conflict, "in_use", "Something else still refers to it.")
	// ErrNotStarted means that the database is used before Start or after Stop.
	ErrNotStarted = errors.New("the database is not started")
	// ErrOutsideTx means that a statement tried to write without Handle.Tx.
	ErrOutsideTx = errors.New("a write needs Handle.Tx: Query alone reads")
	// ErrSecondKey means that a write or a transaction on another key was tried inside a transaction. Other keys may live in
	// another database, under every profile this fails the same way.
	ErrSecondKey = errors.New("a transaction is on one key only: end it before you write under another key")
	// ErrEnded means that the context of a transaction was used after the transaction.
	ErrEnded = errors.New("this context belongs to a transaction that has ended")
	// ErrDoomed means that a transaction was rolled back although its function returned nil, because a statement or a nested
	// Tx inside it had failed. It is also what a statement gets behind one that failed.
	ErrDoomed = errors.New("the transaction is rolled back, because a part of it failed")
	// ErrControl means that SQL or gorm tried to begin, divide or end a transaction.
	ErrControl = errors.New("transactions begin and end with Handle.Tx: no BEGIN, COMMIT, ROLLBACK or SAVEPOINT, and none of gorm's")
	// ErrForeignTable means that a statement has touched the table of another module. It is looked for in mode dev and in tests, like the
	// two below.
	ErrForeignTable = errors.New("a module touches its own tables alone")
	// ErrNoKey means that a statement under Global, and not in Each, has touched a table whose primary key begins with the column bucket.
	ErrNoKey = errors.New("a table that is divided by key is used under a key")
	// ErrSchema means that a statement tried what is for migrations: to change the schema, or the connection.
	ErrSchema = errors.New("the schema changes by migrations alone")
	// ErrPrepared is what prepared statements of gorm's own get: they would run outside the transaction.
	ErrPrepared = errors.New("gorm's PrepareStmt is off in Banyan: drivers keep prepared statements themselves")
)

// IsUncertain reports whether err, of a transaction, says that it may have committed: the connection was lost before the server's answer. What stands
// outside of the database has to fit to both.
func IsUncertain(err error) bool { return errors.Is(err, driver.ErrUncertain) }

// IsNotFound reports whether err says that there is no such row.
func IsNotFound(err error) bool { return errors.Is(err, gorm.ErrRecordNotFound) }

// IsDuplicate reports whether err is the violation of the unique index on exactly these columns, in the order of the index. Without
// columns it reports whether err is any violation of uniqueness.
func IsDuplicate(err error, columns ...string) bool {
	e, ok := errors.AsType[*driver.Error](err)
	return ok && e.Kind == driver.Duplicate && (len(columns) == 0 || slices.Equal(e.Columns, columns))
}

// IsReference reports whether err is the violation of a foreign key: a row refers to one that is not there, or one is to go that others
// refer to. The engines do not all say by which key.
func IsReference(err error) bool { return kindOf(err) == driver.Foreign }

// Referenced turns the error of a deletion that a foreign key forbids into ErrReferenced, and returns every other one as it is.
func Referenced(err error) error {
	if IsReference(err) {
		return ErrReferenced.Because(err)
	}
	return err
}

// IsRefused reports whether err, of a start, says that the database is there and its settings or ours have to change: a wrong password, a server
// that is too old or lacks connections.
func IsRefused(err error) bool { return kindOf(err) == driver.Refused }

// kindOf returns what an engine has found an error to mean, 0 for nothing in particular.
func kindOf(err error) driver.Kind {
	if e, ok := errors.AsType[*driver.Error](err); ok {
		return e.Kind
	}
	return 0
}

// translate gives errors of the engine the meaning that callers of this package rely on, once: gorm calls it again with what it returned.
func translate(d driver.Driver, err error) error {
	if err == nil {
		return nil
	}
	if kindOf(err) == 0 {
		err = d.Translate(err)
	}
	kind := kindOf(err)
	meaning := meaningOf(kind)
	switch {
	case meaning == nil || errors.Is(err, meaning):
		return err
	case kind == driver.Busy || kind == driver.Conflict || kind == driver.Refused:
		return busy(err)
	case kind == driver.Full:
		return ErrFull.WithRetryAfter(retryFull).Because(err)
	default:
		return fmt.Errorf("%w: %w", meaning, err)
	}
}

// meaningOf returns the error that callers look for, nil when it is the engine's own.
func meaningOf(kind driver.Kind) error {
	switch kind {
	case driver.Busy, driver.Conflict, driver.Refused:
		return ErrBusy
	case driver.Full:
		return ErrFull
	case driver.ReadOnly:
		return ErrOutsideTx
	case driver.Control:
		return ErrControl
	case driver.Aborted:
		return ErrDoomed
	case driver.Walled:
		return ErrForeignTable
	case driver.Keyless:
		return ErrNoKey
	case driver.Schema:
		return ErrSchema
	default:
		return nil
	}
}

// busy returns ErrBusy with a reason for the log.
func busy(reason error) error { return ErrBusy.WithRetryAfter(retryAfter).Because(reason) }
