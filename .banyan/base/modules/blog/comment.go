package blog

import (
	"context"
	"time"

	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
)

// Comment is a comment as other modules see it.
type Comment struct {
	ID        id.ID
	PostID    id.ID
	AuthorID  *id.ID
	Body      string
	Version   int64 // counts the changes
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Comments is what other modules may ask about comments.
type Comments interface {
	// ByIDs returns those of the comments that exist, by their ids, with one query for every 500 of them.
	ByIDs(ctx context.Context, ids []id.ID) (map[id.ID]Comment, error)
	// Latest returns the ids of at most n comments, the newest first.
	Latest(ctx context.Context, n int) ([]id.ID, error)
}

// What can be wrong with a request about comments. Compare with errors.Is.
var (
	ErrCommentNotFound = fault.New(fault.NotFound, "comment_not_found", "There is no such comment.")
)
