package blog

import (
	"context"
	"time"

	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
)

// Post is a post as other modules see it.
type Post struct {
	ID        id.ID
	Title     string
	Body      string
	AuthorID  id.ID
	Status    PostStatus
	Version   int64 // counts the changes
	CreatedAt time.Time
	UpdatedAt time.Time
}

// PostStatus is the status of a post.
type PostStatus string

// The values of PostStatus.
const (
	PostStatusDraft     PostStatus = "draft"
	PostStatusPublished PostStatus = "published"
)

// Known reports whether v is one of its values.
func (v PostStatus) Known() bool {
	switch v {
	case PostStatusDraft, PostStatusPublished:
		return true
	default:
		return false
	}
}

// Posts is what other modules may ask about posts.
type Posts interface {
	// ByIDs returns those of the posts that exist, by their ids, with one query for every 500 of them.
	ByIDs(ctx context.Context, ids []id.ID) (map[id.ID]Post, error)
	// Latest returns the ids of at most n posts, the newest first.
	Latest(ctx context.Context, n int) ([]id.ID, error)
}

// What can be wrong with a request about posts. Compare with errors.Is.
var (
	ErrPostNotFound = fault.New(fault.NotFound, "post_not_found", "There is no such post.")
)
