package comment

import (
	"context"
	"fmt"

	"github.com/banyan-go/banyan/modules/blog"
	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/page"
	"github.com/banyan-go/banyan/platform/patch"
)

// Service is the use cases of comments. An exported method is one transaction. It is safe for concurrent use.
type Service struct {
	db        *db.Handle
	clock     clock.Clock
	relations Relations
}

var _ blog.Comments = (*Service)(nil)

// New returns the use cases over the tables of the module.
func New(h *db.Handle, c clock.Clock, r Relations) *Service {
	return &Service{db: h, clock: c, relations: r}
}

// Create adds a comment.
func (s *Service) Create(ctx context.Context, d Draft) (blog.Comment, error) {
	comment, err := begin(d, s.clock.Now())
	if err != nil {
		return blog.Comment{}, err
	}
	if err := s.refer(ctx, &d.PostID, d.AuthorID); err != nil {
		return blog.Comment{}, fmt.Errorf("create comment: %w", err)
	}
	err = s.db.Tx(ctx, db.By(comment.PostID), func(ctx context.Context) error {
		return insert(s.db.Query(ctx, db.By(comment.PostID)), toRow(comment))
	})
	if err != nil {
		return blog.Comment{}, fmt.Errorf("create comment: %w", err)
	}
	return comment, nil
}

// Get returns a comment.
func (s *Service) Get(ctx context.Context, commentID id.ID) (blog.Comment, error) {
	r, err := find(s.db.Query(ctx, db.By(commentID)), commentID)
	if err != nil {
		return blog.Comment{}, fmt.Errorf("get comment %s: %w", commentID, err)
	}
	return r.comment(), nil
}

// List returns the page of comments that q asks for: of one post ID when q says so, or of all.
func (s *Service) List(ctx context.Context, q page.Query) (page.Page[blog.Comment], error) {
	rows, err := db.ListBy[row](ctx, s.db, "post_id", q)
	if err != nil {
		return page.Page[blog.Comment]{}, fmt.Errorf("list comments: %w", err)
	}
	return page.Map(rows, row.comment), nil
}

// ByIDs is part of blog.Comments.
func (s *Service) ByIDs(ctx context.Context, ids []id.ID) (map[id.ID]blog.Comment, error) {
	rows, err := db.ByIDsEach[row](ctx, s.db, ids)
	if err != nil {
		return nil, fmt.Errorf("get comments by id: %w", err)
	}
	found := make(map[id.ID]blog.Comment, len(rows))
	for _, r := range rows {
		found[r.ID] = r.comment()
	}
	return found, nil
}

// Latest is part of blog.Comments.
func (s *Service) Latest(ctx context.Context, n int) ([]id.ID, error) {
	ids, err := db.LatestEach[row](ctx, s.db, n)
	if err != nil {
		return nil, fmt.Errorf("get the latest comments: %w", err)
	}
	return ids, nil
}

// Update changes a comment, if its version is among those expected.
func (s *Service) Update(ctx context.Context, commentID id.ID, expected patch.Versions, c Change) (blog.Comment, error) {
	var comment blog.Comment
	if err := s.refer(ctx, nil, patch.Value(c.AuthorID)); err != nil {
		return blog.Comment{}, fmt.Errorf("update comment %s: %w", commentID, err)
	}
	err := s.db.Tx(ctx, db.By(commentID), func(ctx context.Context) error {
		r, err := hold(s.db.Query(ctx, db.By(commentID)), commentID)
		if err != nil {
			return err
		}
		if err := expected.Allow(r.Version); err != nil {
			return err
		}
		if comment, err = apply(r.comment(), c, s.clock.Now()); err != nil {
			return err
		}
		return update(s.db.Query(ctx, db.By(commentID)), toRow(comment))
	})
	if err != nil {
		return blog.Comment{}, fmt.Errorf("update comment %s: %w", commentID, err)
	}
	return comment, nil
}

// Delete removes a comment, if its version is among those expected.
func (s *Service) Delete(ctx context.Context, commentID id.ID, expected patch.Versions) error {
	err := s.db.Tx(ctx, db.By(commentID), func(ctx context.Context) error {
		r, err := hold(s.db.Query(ctx, db.By(commentID)), commentID)
		if err != nil {
			return err
		}
		if err := expected.Allow(r.Version); err != nil {
			return err
		}
		return db.Referenced(s.db.Query(ctx, db.By(commentID)).Delete(&r).Error)
	})
	if err != nil {
		return fmt.Errorf("delete comment %s: %w", commentID, err)
	}
	return nil
}
