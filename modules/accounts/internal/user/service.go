package user

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/banyan-go/banyan/modules/accounts"
	"github.com/banyan-go/banyan/modules/accounts/internal/token"
	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/mail"
	"github.com/banyan-go/banyan/platform/page"
	"github.com/banyan-go/banyan/platform/password"
	"github.com/banyan-go/banyan/platform/patch"
	"github.com/banyan-go/banyan/platform/ratelimit"
	"github.com/banyan-go/banyan/platform/session"
)

// Settings are what an operator decides.
type Settings struct {
	Site       string // where the pages are that links in mails lead to; empty for none
	Admins     []string
	VerifyLink time.Duration
	ResetLink  time.Duration
}

// Platform is what the use cases stand on, beside tables.
type Platform struct {
	Clock     clock.Clock
	Passwords *password.Hasher
	Sessions  *session.Sessions
	Limits    *ratelimit.Limits
	Mail      *mail.Mailer
	Tokens    *token.Service
	Log       *slog.Logger
}

// Service is the use cases of users. It is safe for concurrent use.
type Service struct {
	Platform
	db       *db.Handle
	settings Settings
}

var _ accounts.Users = (*Service)(nil)

// New returns the use cases over the tables of the module.
func New(h *db.Handle, p Platform, s Settings) *Service {
	for i, email := range s.Admins {
		s.Admins[i] = normalize(email)
	}
	return &Service{Platform: p, db: h, settings: s}
}

// Get returns an account.
func (s *Service) Get(ctx context.Context, userID id.ID) (Account, error) {
	r, err := find(s.db.Query(ctx, db.Global), userID)
	if err != nil {
		return Account{}, fmt.Errorf("get user %s: %w", userID, err)
	}
	return r.account(), nil
}

// FindID returns the id of the account with this address, false when there is none.
func (s *Service) FindID(ctx context.Context, email string) (id.ID, bool, error) {
	r, err := findEmail(s.db.Query(ctx, db.Global), email)
	switch {
	case errors.Is(err, accounts.ErrUserNotFound):
		return id.ID{}, false, nil
	case err != nil:
		return id.ID{}, false, fmt.Errorf("find a user: %w", err)
	default:
		return r.ID, true, nil
	}
}

// List returns the page of accounts that q asks for.
func (s *Service) List(ctx context.Context, q page.Query) (page.Page[Account], error) {
	rows, err := db.List[row](s.db.Query(ctx, db.Global), q)
	if err != nil {
		return page.Page[Account]{}, fmt.Errorf("list users: %w", err)
	}
	return page.Map(rows, row.account), nil
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
func (s *Service) Update(ctx context.Context, userID id.ID, expected patch.Versions, c Change) (Account, error) {
	a, err := s.change(ctx, userID, func(_ context.Context, a Account) (Account, error) {
		if err := expected.Allow(a.Version); err != nil {
			return a, err
		}
		return a.apply(c, s.Clock.Now())
	})
	if err != nil {
		return Account{}, fmt.Errorf("update user %s: %w", userID, err)
	}
	return a, nil
}

// change writes what fn makes of an account.
func (s *Service) change(ctx context.Context, userID id.ID, fn func(context.Context, Account) (Account, error)) (a Account, err error) {
	err = s.db.Tx(ctx, db.Global, func(ctx context.Context) error {
		r, err := hold(s.db.Query(ctx, db.Global), userID)
		if err != nil {
			return err
		}
		if a, err = fn(ctx, r.account()); err != nil {
			return err
		}
		at := r.DisabledAt
		switch now := s.Clock.Now(); {
		case !a.Disabled:
			at = nil
		case at == nil:
			at = &now
		}
		return update(s.db.Query(ctx, db.Global), toRow(a, at))
	})
	return a, err
}

// Delete removes a user, with everything that leads back in.
func (s *Service) Delete(ctx context.Context, by, userID id.ID) error {
	if by == userID {
		return accounts.ErrOwnAccount
	}
	err := s.db.Tx(ctx, db.Global, func(ctx context.Context) error {
		r, err := hold(s.db.Query(ctx, db.Global), userID)
		if err != nil {
			return err
		}
		if err := db.Referenced(s.db.Query(ctx, db.Global).Delete(&r).Error); err != nil {
			return err
		}
		return s.signOut(ctx, userID)
	})
	if err == nil {
		err = s.signOutBehind(ctx, userID)
	}
	if err != nil {
		return fmt.Errorf("delete user %s: %w", userID, err)
	}
	s.Log.InfoContext(ctx, "a user was deleted", "user", userID.String(), "by", by.String())
	return nil
}

// signOut ends the sessions of a user on all instances, but those with these handles. A use case calls it within its transaction, which then fails as
// a whole where sessions cannot be ended, and signOutBehind after that.
func (s *Service) signOut(ctx context.Context, userID id.ID, but ...string) error {
	_, err := s.Sessions.RevokeAll(ctx, userID.String(), but...)
	return err
}

// signOutBehind is signOut once more behind the commit, for sessions that have begun before it and have seen nothing of the change. The commit of a request
// with an Idempotency-Key comes after its answer was made (db.DB.Deferred). So an error is logged, and returned to who does not wait for a commit.
func (s *Service) signOutBehind(ctx context.Context, userID id.ID, but ...string) error {
	var err error // stays nil where the commit is yet to come
	behindCommit(ctx, func(ctx context.Context) {
		if err = s.signOut(ctx, userID, but...); err != nil {
			s.Log.ErrorContext(ctx, "sessions that began while an account was changed may go on: end them by the command sessions revoke", "user", userID.String(), "error", err.Error())
		}
	})
	return err
}

// behindCommit runs fn behind the commit of the transaction of ctx, and at once where there is none. The time of the request does not count there, so fn has its own.
func behindCommit(ctx context.Context, fn func(ctx context.Context)) {
	db.AfterCommit(ctx, func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		fn(ctx)
	})
}

// notify tells a user by mail what has happened. It has happened, so that no mail is a line in the log, and not the answer.
func (s *Service) notify(ctx context.Context, userID id.ID, m mail.Message) {
	if err := s.Mail.Send(ctx, m); err != nil {
		s.Log.WarnContext(ctx, "a user was not told what has happened to the account", "user", userID.String(), "kind", m.Kind, "error", err.Error())
	}
}

// limit counts an attempt that concerns one account, or one link. It stands beside the limit by address: without it somebody with many addresses guesses on. Its
// window passes by itself, so nobody is locked out for longer than somebody keeps trying.
func (s *Service) limit(ctx context.Context, rule, subject string) error {
	d, err := s.Limits.Take(ctx, rule, []byte("account "+subject))
	if err != nil {
		return err
	}
	if !d.Allowed {
		return accounts.ErrTooOften.WithRetryAfter(d.RetryAfter)
	}
	return nil
}
