package driver

import (
	"context"
	"database/sql"
	"fmt"
)

// HeldError is the end of a wait for Driver.Lock: somebody else has the lock.
type HeldError struct {
	Holder string // "process 4711 on web-1, since 2026-11-23T10:15:00Z"; empty when it is not known
	Err    error  // of the context
}

// Error names the holder.
func (e *HeldError) Error() string {
	if e.Holder == "" {
		return "wait for the lock of the migrations: " + e.Err.Error()
	}
	return fmt.Sprintf("wait for the lock of the migrations, which %s holds: %v", e.Holder, e.Err)
}

// Unwrap returns the error of the context.
func (e *HeldError) Unwrap() error { return e.Err }

// IndexChecker is a Driver whose engine keeps an index that it could not build to its end.
type IndexChecker interface {
	// InvalidIndexes returns them.
	InvalidIndexes(ctx context.Context, pool *sql.DB) ([]InvalidIndex, error)
}

// InvalidIndex is an index that is there and of no use.
type InvalidIndex struct {
	Name, Table string
	Builder     int    // the process of the server that is still building it; 0 when nobody is
	Drop        string // the statement that takes it away
}

// String says what to do about it.
func (ix InvalidIndex) String() string {
	if ix.Builder > 0 {
		return fmt.Sprintf("%s of %s is still being built, by process %d of the server: wait for it", ix.Name, ix.Table, ix.Builder)
	}
	return fmt.Sprintf("%s of %s: %s", ix.Name, ix.Table, ix.Drop)
}
