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
	// Tx inside it had failed.
	ErrDoomed = errors.New("rolled back, because a part of the transaction failed")
	// ErrPrepared is what prepared statements of gorm's own get: they would run outside the transaction.
	ErrPrepared = errors.New("gorm's PrepareStmt is off in Banyan: drivers keep prepared statements themselves")
)

// IsNotFound reports whether err says that there is no such row.
func IsNotFound(err error) bool { return errors.Is(err, gorm.ErrRecordNotFound) }

// IsDuplicate reports whether err is the violation of the unique index on exactly these columns. Without columns it reports whether
// err is any violation of uniqueness.
func IsDuplicate(err error, columns ...string) bool {
	dup, ok := errors.AsType[*driver.Duplicate](err)
	return ok && (len(columns) == 0 || slices.Equal(dup.Columns, columns))
}

// translate gives errors of the engine the meaning that callers of this package rely on.
func translate(d driver.Driver, err error) error {
	if err == nil {
		return nil
	}
	err = d.Translate(err)
	if busy, ok := errors.AsType[*driver.Busy](err); ok {
		return ErrBusy.WithRetryAfter(retryAfter).Because(busy)
	}
	if write, ok := errors.AsType[*driver.ReadOnly](err); ok {
		return fmt.Errorf("%w: %w", ErrOutsideTx, write)
	}
	return err
}
