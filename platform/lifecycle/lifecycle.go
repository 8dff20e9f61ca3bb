// Package lifecycle starts the parts of a process in order and stops them in the reverse order.
//
// A constructor builds and does no I/O: it appends a hook, and Start connects. So commands that only describe an application, its
// routes for instance, build everything and start nothing.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// Hook is one part's share of the start and the stop. Either function may be nil.
type Hook struct {
	// Name stands in errors: "database".
	Name string
	// Start connects, opens, launches. It has to return when ctx ends. After an error Stop of this hook is not called.
	Start func(ctx context.Context) error
	// Stop gives back what Start took. It has to return when ctx ends.
	Stop func(ctx context.Context) error
}

// Lifecycle is a list of hooks. The zero value is ready to use. Append before Start; all methods are safe for concurrent use.
type Lifecycle struct {
	mu      sync.Mutex
	hooks   []Hook
	started int // hooks[:started] have been started and not yet stopped
}

// Append adds a hook after those that are there. It panics when the lifecycle has been started: the hook would never run.
func (l *Lifecycle) Append(h Hook) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.started > 0 {
		panic("lifecycle: Append of " + h.Name + " after Start")
	}
	l.hooks = append(l.hooks, h)
}

// Start runs the Start functions in the order of Append. When one fails, those before it are stopped again and the errors of
// both are returned; the one that failed comes first.
func (l *Lifecycle) Start(ctx context.Context) error {
	l.mu.Lock()
	hooks := slices.Clone(l.hooks)
	l.mu.Unlock()
	for i, h := range hooks {
		if h.Start != nil {
			if err := h.Start(ctx); err != nil {
				return errors.Join(fmt.Errorf("start %s: %w", h.Name, err), l.Stop(context.WithoutCancel(ctx)))
			}
		}
		l.mu.Lock()
		l.started = i + 1
		l.mu.Unlock()
	}
	return nil
}

// Stop runs the Stop functions of what was started, in the reverse order, all of them, and returns their errors joined. A second
// call does nothing.
func (l *Lifecycle) Stop(ctx context.Context) error {
	l.mu.Lock()
	hooks := slices.Clone(l.hooks[:l.started])
	l.started = 0
	l.mu.Unlock()
	var errs []error
	for _, h := range slices.Backward(hooks) {
		if h.Stop == nil {
			continue
		}
		if err := h.Stop(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", h.Name, err))
		}
	}
	return errors.Join(errs...)
}
