package comment

import (
	"context"
	"fmt"

	"github.com/banyan-go/banyan/modules/accounts"
	"github.com/banyan-go/banyan/modules/blog"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
)

// Relations are who answers for what comments refer to.
type Relations struct {
	Post   blog.Posts
	Author accounts.Users
}

// Relations returns who answers for what comments refer to.
func (s *Service) Relations() Relations { return s.relations }

// refer refuses ids that nothing has. A nil one is not asked about.
func (s *Service) refer(ctx context.Context, postID, authorID *id.ID) error {
	var c fault.Checks
	if postID != nil {
		found, err := s.relations.Post.ByIDs(ctx, []id.ID{*postID})
		if err != nil {
			return fmt.Errorf("find the post: %w", err)
		}
		c.That(len(found) > 0, "/post_id", "unknown", "is the id of no post")
	}
	if authorID != nil {
		found, err := s.relations.Author.ByIDs(ctx, []id.ID{*authorID})
		if err != nil {
			return fmt.Errorf("find the author: %w", err)
		}
		c.That(len(found) > 0, "/author_id", "unknown", "is the id of no user")
	}
	return c.Err()
}

// unknown says what refer says, of what has gone since: then the database refuses the row.
func unknown(err error) error {
	if !db.IsReference(err) {
		return err
	}
	var c fault.Checks
	c.That(false, "/post_id", "unknown", "is the id of no post")
	return c.Err()
}
