package driver

import (
	"context"
	"time"
)

// Statement is the context of one statement: that of its caller, until a time where the engine looks at that. It spares what database/sql does
// for a context that can end, a goroutine for each statement that waits for it: engines see to the end themselves.
type Statement struct {
	// Caller is the context that the statement was asked for with. Wait for its Done where something is waited for.
	Caller context.Context
	// Until is when the statement has to be over; Late is the error that Err returns from then on. Zero for no such time.
	Until time.Time
	Late  error
	// Watched lets database/sql watch the caller's context after all. It closes rows that their reader has left open.
	Watched bool
}

// Awaited returns the context whose Done to wait for: the caller's of a *Statement, and every other one as it is.
func Awaited(ctx context.Context) context.Context {
	if s, ok := ctx.(*Statement); ok {
		return s.Caller
	}
	return ctx
}

var _ context.Context = (*Statement)(nil)

// Deadline returns Until, or the caller's deadline when that is earlier or there is no Until.
func (s *Statement) Deadline() (time.Time, bool) {
	d, ok := s.Caller.Deadline()
	if s.Until.IsZero() || ok && d.Before(s.Until) {
		return d, ok
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
	if !s.Until.IsZero() && time.Now().After(s.Until) {
		return s.Late
	}
	return nil
}

// Value returns the caller's.
func (s *Statement) Value(key any) any { return s.Caller.Value(key) }
