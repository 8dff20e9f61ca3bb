package driver

import (
	"context"
	"time"
)

// Statement is the context of one statement: that of its caller, until a time. It spares what a context with a deadline costs, a timer
// for each statement and a goroutine of database/sql that waits for it, and so it only suits engines with Features.PollsContext.
type Statement struct {
	// Caller is the context that the statement was asked for with. Wait for its Done where something is waited for.
	Caller context.Context
	// Until is when the statement has to be over; Late is the error that Err returns from then on.
	Until time.Time
	Late  error
	// Watched lets database/sql watch the caller's context after all. It closes rows that their reader has left open.
	Watched bool
}

var _ context.Context = (*Statement)(nil)

// Deadline returns Until, or the caller's deadline when that is earlier.
func (s *Statement) Deadline() (time.Time, bool) {
	if d, ok := s.Caller.Deadline(); ok && d.Before(s.Until) {
		return d, true
	}
	return s.Until, true
}

// Done returns nil, which says to database/sql that there is nothing to watch. It is the caller's if the statement is Watched.
func (s *Statement) Done() <-chan struct{} {
	if s.Watched {
		return s.Caller.Done()
	}
	return nil
}

// Err returns the caller's error, Late after Until, and nil otherwise.
func (s *Statement) Err() error {
	if err := s.Caller.Err(); err != nil {
		return err
	}
	if time.Now().After(s.Until) {
		return s.Late
	}
	return nil
}

// Value returns the caller's.
func (s *Statement) Value(key any) any { return s.Caller.Value(key) }
