package user

import (
	"context"
	"fmt"

	"github.com/banyan-go/banyan/modules/accounts"
	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/page"
	"github.com/banyan-go/banyan/platform/patch"
)

// Service is the use cases of users. An exported method is one transaction. It is safe for concurrent use.
type Service struct {
	db    *db.Handle
	clock clock.Clock
}

var _ accounts.Users = (*Service)(nil)

// New returns the use cases over the tables of the module.
func New(h *db.Handle, c clock.Clock) *Service { return &Service{db: h, clock: c} }

// Create adds a user.
func (s *Service) Create(ctx context.Context, d Draft) (accounts.User, error) {
	user, err := begin(d, s.clock.Now())
	if err != nil {
		return accounts.User{}, err
	}
	err = s.db.Tx(ctx, db.Global, func(ctx context.Context) error {
		return insert(s.db.Query(ctx, db.Global), toRow(user))
	})
	if err != nil {
		return accounts.User{}, fmt.Errorf("create user: %w", err)
	}
	return user, nil
}

// Get returns a user.
func (s *Service) Get(ctx context.Context, userID id.ID) (accounts.User, error) {
	r, err := find(s.db.Query(ctx, db.Global), userID)
	if err != nil {
		return accounts.User{}, fmt.Errorf("get user %s: %w", userID, err)
	}
	return r.user(), nil
}

// List returns the page of users that q asks for.
func (s *Service) List(ctx context.Context, q page.Query) (page.Page[accounts.User], error) {
	rows, err := db.List[row](s.db.Query(ctx, db.Global), q)
	if err != nil {
		return page.Page[accounts.User]{}, fmt.Errorf("list users: %w", err)
	}
	return page.Map(rows, row.user), nil
}

// ByIDs is part of accounts.Users.
func (s *Service) ByIDs(ctx context.Context, ids []id.ID) (map[id.ID]accounts.User, error) {
	rows, err := db.ByIDs[row](s.db.Query(ctx, db.Global), ids)
	if err != nil {
		return nil, fmt.Errorf("get users by id: %w", err)
	}
	found := make(map[id.ID]accounts.User, len(rows))
	for _, r := range rows {
		found[r.ID] = r.user()
	}
	return found, nil
}

// Latest is part of accounts.Users.
func (s *Service) Latest(ctx context.Context, n int) ([]id.ID, error) {
	ids, err := db.Latest[row](s.db.Query(ctx, db.Global), n)
	if err != nil {
		return nil, fmt.Errorf("get the latest users: %w", err)
	}
	return ids, nil
}

// Update changes a user, if its version is among those expected.
func (s *Service) Update(ctx context.Context, userID id.ID, expected patch.Versions, c Change) (accounts.User, error) {
	var user accounts.User
	err := s.db.Tx(ctx, db.Global, func(ctx context.Context) error {
		r, err := hold(s.db.Query(ctx, db.Global), userID)
		if err != nil {
			return err
		}
		if err := expected.Allow(r.Version); err != nil {
			return err
		}
		if user, err = apply(r.user(), c, s.clock.Now()); err != nil {
			return err
		}
		return update(s.db.Query(ctx, db.Global), toRow(user))
	})
	if err != nil {
		return accounts.User{}, fmt.Errorf("update user %s: %w", userID, err)
	}
	return user, nil
}

// Delete removes a user, if its version is among those expected.
func (s *Service) Delete(ctx context.Context, userID id.ID, expected patch.Versions) error {
	err := s.db.Tx(ctx, db.Global, func(ctx context.Context) error {
		r, err := hold(s.db.Query(ctx, db.Global), userID)
		if err != nil {
			return err
		}
		if err := expected.Allow(r.Version); err != nil {
			return err
		}
		return db.Referenced(s.db.Query(ctx, db.Global).Delete(&r).Error)
	})
	if err != nil {
		return fmt.Errorf("delete user %s: %w", userID, err)
	}
	return nil
}
