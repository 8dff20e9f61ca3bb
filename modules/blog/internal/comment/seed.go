package comment

import (
	"context"
	"fmt"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/module"
)

// seedBatch is how many rows one transaction of Seed adds: each has another post ID.
const seedBatch = 1

// seedTargets is how many of what comments refer to Seed chooses from.
const seedTargets = 1000

// Seed adds n invented comments that pass every rule.
func (s *Service) Seed(ctx context.Context, n int) error {
	postIDs, err := s.relations.Post.Latest(ctx, seedTargets)
	if err != nil {
		return fmt.Errorf("seed comments: %w", err)
	}
	if len(postIDs) == 0 {
		return fmt.Errorf("%w: no post", module.ErrSeedLater)
	}
	authorIDs, err := s.relations.Author.Latest(ctx, seedTargets)
	if err != nil {
		return fmt.Errorf("seed comments: %w", err)
	}
	if len(authorIDs) == 0 {
		return fmt.Errorf("%w: no user", module.ErrSeedLater)
	}
	for done := 0; done < n; {
		rows := make([]row, min(seedBatch, n-done))
		for i := range rows {
			d := sample(done + i)
			d.PostID = postIDs[(done+i)%len(postIDs)]
			if d.AuthorID != nil {
				d.AuthorID = &authorIDs[(done+i)%len(authorIDs)]
			}
			comment, err := begin(d, s.clock.Now())
			if err != nil {
				return fmt.Errorf("seed comments: %w", err)
			}
			rows[i] = toRow(comment)
		}
		err := s.db.Tx(ctx, db.By(rows[0].ID), func(ctx context.Context) error {
			return insert(s.db.Query(ctx, db.By(rows[0].ID)), rows...)
		})
		if err != nil {
			return fmt.Errorf("seed comments: %w", err)
		}
		done += len(rows)
	}
	return nil
}

// sample returns the draft of the n-th comment.
func sample(n int) Draft {
	return Draft{
		PostID:   id.New(),
		AuthorID: orNull(n, id.New()),
		Body:     fmt.Sprintf("Body %d", n%1000),
	}
}

// orNull leaves every third value out.
func orNull[T any](n int, v T) *T {
	if n%3 == 2 {
		return nil
	}
	return &v
}
