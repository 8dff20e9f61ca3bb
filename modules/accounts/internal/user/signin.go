package user

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/banyan-go/banyan/modules/accounts"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/session"
)

// SignIn begins a session for who knows the password of an account. To everybody else it answers ErrCredentials, after the same work.
func (s *Service) SignIn(ctx context.Context, email, plain string) (Account, error) {
	if err := s.limit(ctx, LimitLoginAccount, normalize(email)); err != nil {
		return Account{}, err
	}
	a, ok, err := s.prove(ctx, email, plain)
	if err != nil {
		return Account{}, fmt.Errorf("sign in: %w", err)
	}
	if !ok {
		return Account{}, accounts.ErrCredentials
	}
	if a, err = s.promote(ctx, a); err != nil {
		return Account{}, fmt.Errorf("sign in: %w", err)
	}
	if _, err := s.Sessions.Begin(ctx, session.SignIn{User: a.ID.String(), Roles: a.Roles}); err != nil {
		return Account{}, err
	}
	if err := s.lookAgain(ctx, a); err != nil {
		return Account{}, err
	}
	return a, nil
}

// lookAgain ends the session that has just begun for a, unless its user may still have one: who has ended the user's sessions while the password was looked
// at has not seen this one. It looks behind the commit of the session. With an Idempotency-Key that is after the answer was made, which then tells of the
// account as it was, and comes without a cookie.
func (s *Service) lookAgain(ctx context.Context, a Account) error {
	var err error // stays nil where the commit is yet to come
	behindCommit(ctx, func(ctx context.Context) {
		now, failed := find(s.db.Query(ctx, db.Global), a.ID)
		switch {
		case failed == nil && a.lets(now.account()):
			return
		case failed == nil || errors.Is(failed, accounts.ErrUserNotFound):
			err = accounts.ErrCredentials
		default:
			err = fmt.Errorf("sign in: %w", failed)
		}
		if ended := s.Sessions.End(ctx); ended != nil {
			err = errors.Join(err, ended)
			if slot, ok := ctx.Value(session.SlotKey{}).(*session.Slot); ok {
				slot.Restore(nil) // nobody gets the cookie of the session that goes on, and so nobody comes in by it
			}
		}
		s.Log.WarnContext(ctx, "a login was taken back: the account has changed, or could not be looked at", "user", a.ID.String(), "error", err.Error())
	})
	return err
}

// promote gives the role of an admin to whose address an operator has named since it was confirmed.
func (s *Service) promote(ctx context.Context, a Account) (Account, error) {
	if !slices.Contains(s.settings.Admins, a.Email) || slices.Contains(a.Roles, RoleAdmin) {
		return a, nil
	}
	promoted, err := s.change(ctx, a.ID, func(_ context.Context, now Account) (Account, error) {
		if now.Disabled || now.password != a.password {
			return now, accounts.ErrCredentials
		}
		now.Roles = append(slices.Clone(now.Roles), RoleAdmin)
		return now.touched(s.Clock.Now()), nil
	})
	if err == nil {
		s.Log.InfoContext(ctx, "a user has got the role of an admin, by modules.accounts.user.admins", "user", a.ID.String())
	}
	return promoted, err
}

// lets reports whether a session that began with a may go on.
func (a Account) lets(now Account) bool {
	return !now.Disabled && now.password == a.password && slices.Equal(now.Roles, a.Roles)
}

// prove reports whether plain is the password of an account that can be used.
func (s *Service) prove(ctx context.Context, email, plain string) (Account, bool, error) {
	r, err := findEmail(s.db.Query(ctx, db.Global), email)
	switch {
	case errors.Is(err, accounts.ErrUserNotFound) || err == nil && r.Password == "":
		return Account{}, false, s.Passwords.Decoy(ctx, plain)
	case err != nil:
		return Account{}, false, err
	}
	ok, err := s.Passwords.Verify(ctx, r.Password, plain)
	return r.account(), ok && r.DisabledAt == nil, err
}

// SignOut ends the session of the request.
func (s *Service) SignOut(ctx context.Context) error { return s.Sessions.End(ctx) }

// ChangePassword changes the password of who knows the present one, ends the other sessions and the links for a new password, and gives this session a
// new id.
func (s *Service) ChangePassword(ctx context.Context, userID id.ID, present, next string) error {
	var c fault.Checks
	checkPassword(&c, next)
	if err := c.Err(); err != nil {
		return err
	}
	a, err := s.Get(ctx, userID)
	if err != nil {
		return err
	}
	if ok, err := s.Passwords.Verify(ctx, a.password, present); err != nil {
		return fmt.Errorf("change password: %w", err)
	} else if !ok {
		return accounts.ErrPassword
	}
	hashed, err := s.Passwords.Hash(ctx, next)
	if err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	mine := ""
	if sess, ok := session.From(ctx); ok {
		mine = sess.Handle
	}
	changed, err := s.change(ctx, userID, func(ctx context.Context, now Account) (Account, error) {
		if now.password != a.password {
			return now, accounts.ErrPassword
		}
		now.password = hashed
		if err := dropResets(s.db.Query(ctx, db.Global), userID); err != nil {
			return now, err
		}
		return now.touched(s.Clock.Now()), s.signOut(ctx, userID, mine)
	})
	if err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	renewed, err := s.Sessions.Renew(ctx)
	if err == nil {
		mine = renewed.Handle
	}
	// Behind the commit the session has its new handle. What fails there is logged: the password is another one already.
	_ = s.signOutBehind(ctx, userID, mine)
	s.notify(ctx, userID, s.settings.changedMail(changed.Email))
	return err
}
