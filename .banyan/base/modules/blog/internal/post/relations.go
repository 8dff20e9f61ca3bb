package post

import (
	"context"
	"fmt"

	"github.com/banyan-go/banyan/modules/accounts"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
)

// Relations are who answers for what posts refer to.
type Relations struct {
	Author accounts.Users
}

// Relations returns who answers for what posts refer to.
func (s *Service) Relations() Relations { return s.relations }

// refer refuses ids that nothing has. A nil one is not asked about.
func (s *Service) refer(ctx context.Context, authorID *id.ID) error {
	var c fault.Checks
	if authorID != nil {
		found, err := s.relations.Author.ByIDs(ctx, []id.ID{*authorID})
		if err != nil {
			return fmt.Errorf("find the author: %w", err)
		}
		c.That(len(found) > 0, "/author_id", "unknown", "is the id of no user")
	}
	return c.Err()
}
