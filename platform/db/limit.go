package db

import (
	"context"
	"time"
)

// limited is a context that is also over once until has passed. It has no timer: engines that poll Err stop there, the others are
// told the limit when they connect. So a statement's limit costs one small allocation.
type limited struct {
	context.Context
	until time.Time
}

func (l *limited) Deadline() (time.Time, bool) {
	if d, ok := l.Context.Deadline(); ok && d.Before(l.until) {
		return d, true
	}
	return l.until, true
}

func (l *limited) Err() error {
	if err := l.Context.Err(); err != nil {
		return err
	}
	if time.Now().After(l.until) {
		return context.DeadlineExceeded
	}
	return nil
}
