// Package driver is what a place for sessions has to offer to package session. Applications do not use it: they list the drivers that are
// compiled in and hold a *session.Sessions.
package driver

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/redis"
)

// Driver makes stores of one kind. It holds no state and is safe for concurrent use. A driver proves itself with sessiontest.Run.
type Driver interface {
	// Features says what is particular about the stores. It always returns the same.
	Features() Features
	// Open returns a store, without I/O. The error names what is missing in the settings.
	Open(o Options) (Store, error)
}

// Features is where stores differ and no code can hide it.
type Features struct {
	// Shared: all processes of the application see the same sessions. A store that is not shared is refused with more than one instance.
	Shared bool
	// Durable: sessions survive the end of a process of the application.
	Durable bool
}

// Options are the settings of one store, and what it may stand on.
type Options struct {
	Idle     time.Duration // a session ends when it was not seen for so long
	Absolute time.Duration // a session ends so long after its beginning, whatever happens
	Touch    time.Duration // that a session was seen is written once in so long at most
	Most     int           // sessions of one user: the oldest make room for a new one

	DB    *db.DB       // nil where there is none
	Redis *redis.Redis // nil where there is none
	Log   *slog.Logger
}

// ErrCorrupt means that what a store holds is no session: text that does not parse, or the session of another id. Package session counts it, and
// takes it for a session that is not there.
var ErrCorrupt = errors.New("the stored session is damaged")

// Store keeps sessions. It is safe for concurrent use, and everything in it is one step for all other callers, of every process.
//
// Time is the store's own. A session is there until it was not seen for Options.Idle, until Options.Absolute after its beginning, or until it is
// deleted, whichever comes first; from then on no method finds it. The clock of a caller never decides, since those of several machines differ.
//
// A *Session that a method returns is immutable: the store may hand it out again. The errors are those of the place behind the store, for
// operators; package session answers requests with fault.Unavailable for every one of them but ErrCorrupt.
type Store interface {
	// Create stores a session under a new id and returns it with its times and version 1; only ID, User and Body of s are looked at. In the same step
	// it deletes the session with the id ended, unless that is zero or not there, and the oldest ones of this user beyond Options.Most.
	Create(ctx context.Context, s *Session, ended ID) (*Session, error)
	// Load returns the session of an id, and nil when there is none. Due says that Touch would write.
	Load(ctx context.Context, id ID) (s *Session, due bool, err error)
	// Save stores ID and Body of s in the place of the session that had the id was, and returns it with its times and its next version, seen
	// just now. It returns nil, and changes nothing, when that session is not there or is not in version s.Version any more: it never
	// brings one back that has ended. When s.ID is another id than was, the session is found under the new one alone.
	Save(ctx context.Context, s *Session, was ID) (*Session, error)
	// Touch notes that a session is seen now, unless it was noted within Options.Touch, or the session is not there. It leaves the version as it is.
	Touch(ctx context.Context, id ID) error
	// Delete ends sessions, and returns how many of them were there.
	Delete(ctx context.Context, ids ...ID) (int, error)
	// List returns all sessions of a user, the newest first. One that is damaged is left out, and then the error is ErrCorrupt beside the others.
	List(ctx context.Context, user string) ([]*Session, error)
}

// Sweeper is a Store that keeps what has ended until somebody takes it away.
type Sweeper interface {
	// Sweep takes at most so many ended sessions away and returns how many there were, 0 with an error.
	Sweep(ctx context.Context, most int) (int, error)
}
