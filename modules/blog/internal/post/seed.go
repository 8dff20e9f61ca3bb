package post

import (
	"context"
	"fmt"

	"github.com/banyan-go/banyan/modules/blog"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/module"
)

// seedBatch is how many rows one transaction of Seed adds: each has another author ID.
const seedBatch = 1

// seedTargets is how many of what posts refer to Seed chooses from.
const seedTargets = 1000

// Seed adds n invented posts that pass every rule.
func (s *Service) Seed(ctx context.Context, n int) error {
	authorIDs, err := s.relations.Author.Latest(ctx, seedTargets)
	if err != nil {
		return fmt.Errorf("seed posts: %w", err)
	}
	if len(authorIDs) == 0 {
		return fmt.Errorf("%w: no user", module.ErrSeedLater)
	}
	for done := 0; done < n; {
		rows := make([]row, min(seedBatch, n-done))
		for i := range rows {
			d := sample(done + i)
			d.AuthorID = authorIDs[(done+i)%len(authorIDs)]
			post, err := begin(d, s.clock.Now())
			if err != nil {
				return fmt.Errorf("seed posts: %w", err)
			}
			rows[i] = toRow(post)
		}
		err := s.db.Tx(ctx, db.By(rows[0].ID), func(ctx context.Context) error {
			return insert(s.db.Query(ctx, db.By(rows[0].ID)), rows...)
		})
		if err != nil {
			return fmt.Errorf("seed posts: %w", err)
		}
		done += len(rows)
	}
	return nil
}

// sample returns the draft of the n-th post.
func sample(n int) Draft {
	return Draft{
		Title:    fmt.Sprintf("Title %d", n%1000),
		Body:     fmt.Sprintf("Body %d", n%1000),
		AuthorID: id.New(),
		Status:   []blog.PostStatus{blog.PostStatusDraft, blog.PostStatusPublished}[n%2],
	}
}
