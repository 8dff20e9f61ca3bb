package db

import "context"

// ScopedKey is the context key under which every context has a value that carries a transaction, or something else for which a read is not the same as any other: see
// Scoped. Who asks for several such things at each read looks for this first.
type ScopedKey struct{}

// Scoped is context.WithValue for what ScopedKey tells of.
func Scoped(ctx context.Context, key, value any) context.Context { return &scope{ctx, key, value} }

type scope struct {
	context.Context
	key, value any
}

// Value is part of context.Context.
func (s *scope) Value(key any) any {
	switch key {
	case s.key:
		return s.value
	case ScopedKey{}:
		return s
	default:
		return s.Context.Value(key)
	}
}
