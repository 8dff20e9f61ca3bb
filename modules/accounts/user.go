package accounts

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
)

// User is a user as other modules see it.
type User struct {
	ID        id.ID
	Name      string
	Email     string
	Version   int64 // counts the changes
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Format prints which user it is and nothing else, whatever the verb: logs and errors are no place for the rest.
func (v User) Format(f fmt.State, _ rune) { fmt.Fprint(f, "user ", v.ID.String()) }

// LogValue is Format for package slog.
func (v User) LogValue() slog.Value { return slog.StringValue("user " + v.ID.String()) }

// Users is what other modules may ask about users.
type Users interface {
	// ByIDs returns those of the users that exist, by their ids, with one query for every 500 of them.
	ByIDs(ctx context.Context, ids []id.ID) (map[id.ID]User, error)
	// Latest returns the ids of at most n users, the newest first.
	Latest(ctx context.Context, n int) ([]id.ID, error)
}

// What can be wrong with a request about users. Compare with errors.Is.
var (
	ErrUserNotFound = fault.New(fault.NotFound, "user_not_found", "There is no such user.")
	ErrUserTaken    = fault.New(fault.Conflict, "user_taken", "Another user has this value, which is unique.")
)
