package user

import (
	"context"
	"errors"
	"fmt"

	"github.com/banyan-go/banyan/modules/accounts"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/mail"
)

// RequestReset sends a link for a new password to the owner of an account. Whether there is one is looked up behind the answer.
func (s *Service) RequestReset(ctx context.Context, email string) error {
	email = normalize(email)
	if err := s.limit(ctx, LimitResetAccount, email); err != nil {
		return err
	}
	return s.Mail.Compose(ctx, "accounts.reset", func(ctx context.Context) (mail.Message, error) { return s.resetMail(ctx, email) })
}

// resetMail notes a reset and returns the mail with its link; none where there is no account that can be used.
func (s *Service) resetMail(ctx context.Context, email string) (mail.Message, error) {
	r, err := findEmail(s.db.Query(ctx, db.Global), email)
	if errors.Is(err, accounts.ErrUserNotFound) || err == nil && r.DisabledAt != nil {
		return mail.Message{}, nil
	}
	if err != nil {
		return mail.Message{}, fmt.Errorf("request a reset: %w", err)
	}
	link := newLink()
	err = s.db.Tx(ctx, db.Global, func(ctx context.Context) error {
		if err := sweep[reset](s.db.Query(ctx, db.Global)); err != nil {
			return err
		}
		now, err := db.Now(s.db.Query(ctx, db.Global))
		if err != nil {
			return err
		}
		return s.db.Query(ctx, db.Global).Create(&reset{
			ID: id.New(), UserID: r.ID, Hash: hash(link), CreatedAt: now, ExpiresAt: now.Add(s.settings.ResetLink),
		}).Error
	})
	if err != nil {
		return mail.Message{}, fmt.Errorf("request a reset: %w", err)
	}
	return s.settings.resetMail(r.Email, link), nil
}

// ConfirmReset gives a new password to the account of a link, which can be used once, and ends all sessions and
// tokens: whoever asks for it may have lost more than the password. The hash comes first: its work tells
// nothing about the link.
func (s *Service) ConfirmReset(ctx context.Context, link, next string) error {
	var c fault.Checks
	checkPassword(&c, next)
	if err := c.Err(); err != nil {
		return err
	}
	hashed, err := s.Passwords.Hash(ctx, next)
	if err != nil {
		return fmt.Errorf("reset a password: %w", err)
	}
	var a Account
	err = s.db.Tx(ctx, db.Global, func(ctx context.Context) error {
		userID, err := resets(s.db.Query(ctx, db.Global), link)
		if err != nil {
			return err
		}
		a, err = s.change(ctx, userID, func(ctx context.Context, a Account) (Account, error) {
			if _, err := take[reset](s.db.Query(ctx, db.Global), link); err != nil {
				return a, err
			}
			if a.Disabled {
				return a, accounts.ErrLink
			}
			a.password = hashed
			// Other links to the same mailbox. Whoever uses one of them waits for the row of the user, which this transaction holds.
			return a.touched(s.Clock.Now()), dropResets(s.db.Query(ctx, db.Global), userID)
		})
		if err != nil {
			return err
		}
		if err := s.Tokens.RevokeAll(ctx, userID); err != nil {
			return err
		}
		return s.signOut(ctx, userID)
	})
	if err != nil {
		return fmt.Errorf("reset a password: %w", err)
	}
	_ = s.signOutBehind(ctx, a.ID) // it is logged: the password is another one already, and the link is used up
	s.notify(ctx, a.ID, s.settings.resetDoneMail(a.Email))
	return nil
}
