package post

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

// Service is the use cases of posts. An exported method is one transaction. It is safe for concurrent use.
type Service struct {
	db        *db.Handle
	clock     clock.Clock
	relations Relations
}

var _ blog.Posts = (*Service)(nil)

// New returns the use cases over the tables of the module.
func New(h *db.Handle, c clock.Clock, r Relations) *Service {
	return &Service{db: h, clock: c, relations: r}
}

// Create adds a post.
func (s *Service) Create(ctx context.Context, d Draft) (blog.Post, error) {
	post, err := begin(d, s.clock.Now())
	if err != nil {
		return blog.Post{}, err
	}
	if err := s.refer(ctx, &d.AuthorID); err != nil {
		return blog.Post{}, fmt.Errorf("create post: %w", err)
	}
	err = s.db.Tx(ctx, db.By(post.AuthorID), func(ctx context.Context) error {
		return insert(s.db.Query(ctx, db.By(post.AuthorID)), toRow(post))
	})
	if err != nil {
		return blog.Post{}, fmt.Errorf("create post: %w", err)
	}
	return post, nil
}

// Get returns a post.
func (s *Service) Get(ctx context.Context, postID id.ID) (blog.Post, error) {
	r, err := find(s.db.Query(ctx, db.By(postID)), postID)
	if err != nil {
		return blog.Post{}, fmt.Errorf("get post %s: %w", postID, err)
	}
	return r.post(), nil
}

// List returns the page of posts that q asks for: of one author ID when q says so, or of all.
func (s *Service) List(ctx context.Context, q page.Query) (page.Page[blog.Post], error) {
	rows, err := db.ListBy[row](ctx, s.db, "author_id", q)
	if err != nil {
		return page.Page[blog.Post]{}, fmt.Errorf("list posts: %w", err)
	}
	return page.Map(rows, row.post), nil
}

// ByIDs is part of blog.Posts.
func (s *Service) ByIDs(ctx context.Context, ids []id.ID) (map[id.ID]blog.Post, error) {
	rows, err := db.ByIDsEach[row](ctx, s.db, ids)
	if err != nil {
		return nil, fmt.Errorf("get posts by id: %w", err)
	}
	found := make(map[id.ID]blog.Post, len(rows))
	for _, r := range rows {
		found[r.ID] = r.post()
	}
	return found, nil
}

// Latest is part of blog.Posts.
func (s *Service) Latest(ctx context.Context, n int) ([]id.ID, error) {
	ids, err := db.LatestEach[row](ctx, s.db, n)
	if err != nil {
		return nil, fmt.Errorf("get the latest posts: %w", err)
	}
	return ids, nil
}

// Update changes a post, if its version is among those expected.
func (s *Service) Update(ctx context.Context, postID id.ID, expected patch.Versions, c Change) (blog.Post, error) {
	var post blog.Post
	err := s.db.Tx(ctx, db.By(postID), func(ctx context.Context) error {
		r, err := hold(s.db.Query(ctx, db.By(postID)), postID)
		if err != nil {
			return err
		}
		if err := expected.Allow(r.Version); err != nil {
			return err
		}
		if post, err = apply(r.post(), c, s.clock.Now()); err != nil {
			return err
		}
		return update(s.db.Query(ctx, db.By(postID)), toRow(post))
	})
	if err != nil {
		return blog.Post{}, fmt.Errorf("update post %s: %w", postID, err)
	}
	return post, nil
}

// Delete removes a post, if its version is among those expected.
func (s *Service) Delete(ctx context.Context, postID id.ID, expected patch.Versions) error {
	err := s.db.Tx(ctx, db.By(postID), func(ctx context.Context) error {
		r, err := hold(s.db.Query(ctx, db.By(postID)), postID)
		if err != nil {
			return err
		}
		if err := expected.Allow(r.Version); err != nil {
			return err
		}
		return db.Referenced(s.db.Query(ctx, db.By(postID)).Delete(&r).Error)
	})
	if err != nil {
		return fmt.Errorf("delete post %s: %w", postID, err)
	}
	return nil
}
