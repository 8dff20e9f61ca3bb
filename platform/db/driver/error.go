package driver

import (
	"errors"
	"fmt"
)

// Error is an error of an engine whose meaning the callers of package db rely on.
type Error struct {
	Kind Kind
	// Columns are those of the unique index that a Duplicate violates, in their order; nil when the engine does not name them.
	Columns []string
	// Locked says of a Busy that the statement got no lock in time, and so has done nothing: its transaction is not committed.
	Locked bool
	Err    error // as it came from the engine
}

// ErrUncertain is what a commit returns whose connection was lost before the answer.
var ErrUncertain = errors.New("the connection to the server was lost, and nobody knows whether it has committed")

// Kind is the meaning of an Error.
type Kind uint8

// The kinds.
const (
	Duplicate Kind = iota + 1 // a unique index or a primary key is violated
	Foreign                   // a foreign key is violated
	Busy                      // a lock or a connection was not given in time, or the statement ran into its limit: it may work later
	ReadOnly                  // a write went to the pool that reads
	Control                   // SQL tried to begin, divide or end a transaction
	Aborted                   // an earlier statement of the transaction had failed
	Conflict                  // the transaction and another one were in each other's way, and the engine chose this one to fail: run it again
	Full                      // the disk is full: nothing can be saved
	Refused                   // the database answers and will not do, or lets nobody in: its settings or ours have to change
	Walled                    // the Guard: the table is somebody else's
	Keyless                   // the Guard: the table is divided by key, and the statement says none
	Schema                    // the Guard: only a migration may do that
)

// Abort returns the error, of Kind Aborted, of a statement or a commit in a transaction in which cause has failed before.
func Abort(cause error) error {
	return &Error{Kind: Aborted, Err: fmt.Errorf("an earlier statement of the transaction failed: %w", cause)}
}

// Error returns the text of the engine.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the error of the engine.
func (e *Error) Unwrap() error { return e.Err }
