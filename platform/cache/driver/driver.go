// Package driver is what a place that all processes share has to offer to package cache. Applications do not use it: they list the drivers that are compiled in, and
// make groups.
package driver

import (
	"context"
	"log/slog"
	"time"

	"github.com/banyan-go/banyan/platform/redis"
)

// Driver makes stores of one kind. It holds no state and is safe for concurrent use. A driver proves itself with cachetest.Run.
type Driver interface {
	// Features says what is particular about the stores. It always returns the same.
	Features() Features
	// Open returns a store, without I/O. The error names what is missing in the settings.
	Open(o Options) (Store, error)
}

// Features is where stores differ and no code can hide it.
type Features struct {
	// Leases: Acquire lets one process load for all. Without, each process loads for itself, and whoever asks is told that it may.
	Leases bool
	// Broadcast: Listen tells every process of invalidations by the others. Without, the memory of a process that is not alone keeps nothing for longer than a moment.
	Broadcast bool
}

// Options are the settings of one store, and what it may stand on.
type Options struct {
	Redis *redis.Redis  // nil where there is none
	Lease time.Duration // how long one process may load for all
	Log   *slog.Logger
}

// Query is what is asked for.
type Query struct {
	// Name is that of the key, in all processes. It may hold any bytes.
	Name string
	// Marks are the names that the value also hangs on: its group and its tags.
	Marks []string
	// Lasts is how long a value of this kind stays in the store at most.
	Lasts time.Duration
}

// Answer is what a store says about a key.
type Answer struct {
	// Value is nil when there is none that is good.
	Value *Value
	// Damaged says that there is something, and it is no value for this key: cut off, of another key, of another layout.
	Damaged bool
	// Leased says that who has asked may load for all. Of a store without leases everybody may.
	Leased bool
	// Under is what the store wants back at Fill.
	Under string
}

// Value is what is stored.
type Value struct {
	Payload []byte
	// Absent says that there is no such thing; Payload says it in the words of the source.
	Absent bool
	// Schema is the version of the type that was encoded.
	Schema uint64
	// Took is how long the load has taken.
	Took time.Duration
	// Position is how far the source had got that was read.
	Position uint64
	// Left is for how much longer the value is good by itself; when it is not any more, negative. At Fill it is how long it is to be good.
	Left time.Duration
}

// Store keeps values. It is safe for concurrent use, and what a method does is one step for all other callers, of every process.
//
// Time is the store's own, or what has passed: the clock of a caller never decides. What a server forgets is never taken for something else: a lost mark
// makes the values that hang on it unreadable, a lost lease makes a fill fail. The errors are those of the place behind the store, for operators; package cache does
// without a store that returns one, until it is sure that nothing was missed, and that store has answered a Read and an Acquire of a key that is nobody's: its name is "!", without marks.
type Store interface {
	// Read looks for a value, in one round trip.
	Read(ctx context.Context, q Query) (Answer, error)
	// Acquire looks once more, and gives the lease of the key to token when there is no value and nobody has it; with fresh also when there is a value. Marks that are not there it makes.
	Acquire(ctx context.Context, q Query, token string, fresh bool) (Answer, error)
	// Fill stores a value for stays, and gives the lease back. It reports false, and stores nothing, when the lease is not token's any more, when the key was
	// invalidated or a mark has changed since Acquire has returned under, or when an invalidation has said a position behind that of the value.
	Fill(ctx context.Context, q Query, token, under string, v Value, stays time.Duration) (bool, error)
	// Release gives a lease back that token has.
	Release(ctx context.Context, q Query, token string) error
	// Invalidate deletes the values and the leases of keys, changes marks, and then tells everybody who listens. Position is behind the change, 0 for unknown.
	Invalidate(ctx context.Context, n Names, position uint64) error
	// Listen calls hear, one call at a time, until ctx ends or the connection does, which is noticed within a second. It says Connected first.
	Listen(ctx context.Context, hear func(Event)) error
}

// ManyReader is a Store that looks for many values as it looks for one.
type ManyReader interface {
	// ReadMany is Read for each query, in one round trip for all. The answers have the order of the queries.
	ReadMany(ctx context.Context, qs []Query) ([]Answer, error)
}

// Names are what is invalidated.
type Names struct {
	All   []string // in the words of package cache, for those who listen
	Keys  []string // of these the keys
	Marks []string // and the marks
	// Everything says that nothing that is stored may be read any more.
	Everything bool
}

// Event is what a listener hears.
type Event struct {
	// Connected: from now on nothing is missed without a word.
	Connected bool
	// Missed: something was missed.
	Missed bool
	// Lost: the store has forgotten changes, having come back as it was before.
	Lost bool
	// Names are those of an invalidation by another process.
	Names []string
}

// Counter is a Store that can tell what it holds.
type Counter interface {
	// Count calls seen with the name of every value, and with how many bytes it has. The name of one whose name is long may be something else without a colon. It
	// takes as long as there are values; those that come and go meanwhile may be left out.
	Count(ctx context.Context, seen func(name string, bytes int64)) error
}
