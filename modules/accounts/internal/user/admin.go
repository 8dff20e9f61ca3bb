package user

import (
	"context"
	"fmt"
	"slices"

	"github.com/banyan-go/banyan/modules/accounts"
	"github.com/banyan-go/banyan/platform/id"
)

// SetRoles gives a user these roles and no other, and ends the sessions of who had others. Nobody changes their own: so there is always an admin.
func (s *Service) SetRoles(ctx context.Context, by, userID id.ID, names []string) (Account, error) {
	if by == userID {
		return Account{}, accounts.ErrOwnAccount
	}
	sorted, err := roles(names)
	if err != nil {
		return Account{}, err
	}
	return s.control(ctx, by, userID, "the roles of a user were changed", func(a *Account) (changed bool) {
		changed = !slices.Equal(a.Roles, sorted)
		a.Roles = sorted
		return changed
	})
}

// SetDisabled takes a user's ways in, sessions and tokens on all instances, or gives back what is kept: the password and the tokens.
func (s *Service) SetDisabled(ctx context.Context, by, userID id.ID, disabled bool) (Account, error) {
	if by == userID {
		return Account{}, accounts.ErrOwnAccount
	}
	what := "a user was enabled"
	if disabled {
		what = "a user was disabled"
	}
	return s.control(ctx, by, userID, what, func(a *Account) (changed bool) {
		changed = a.Disabled != disabled
		a.Disabled = disabled
		return changed
	})
}

// control makes a change that ends the sessions of a user. Where it changes nothing it ends them all the same: whoever asks again may have got an
// error on the way.
func (s *Service) control(ctx context.Context, by, userID id.ID, what string, fn func(*Account) (changed bool)) (Account, error) {
	a, err := s.change(ctx, userID, func(ctx context.Context, a Account) (Account, error) {
		if fn(&a) {
			a = a.touched(s.Clock.Now())
		}
		return a, s.signOut(ctx, userID)
	})
	if err == nil {
		err = s.signOutBehind(ctx, userID)
	}
	if err != nil {
		return Account{}, fmt.Errorf("%s: %w", userID, err)
	}
	s.Log.InfoContext(ctx, what, "user", userID.String(), "by", by.String(), "roles", a.Roles, "disabled", a.Disabled)
	return a, nil
}
