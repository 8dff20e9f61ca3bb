package user

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/banyan-go/banyan/modules/accounts"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/mail"
	"github.com/banyan-go/banyan/platform/password"
)

// Register sends a link to somebody who wants to be a user. The owner of an address that has an account already is told so by mail, and the caller
// is not: whatever depends on the address is done behind the answer.
func (s *Service) Register(ctx context.Context, d Draft) error {
	if err := d.check(); err != nil {
		return err
	}
	d.Email = normalize(d.Email)
	if err := s.limit(ctx, LimitRegisterAccount, d.Email); err != nil {
		return err
	}
	hashed, err := s.Passwords.Hash(ctx, d.Password)
	if err != nil {
		return fmt.Errorf("register: %w", err)
	}
	d.Password = ""
	return s.Mail.Compose(ctx, "accounts.register", func(ctx context.Context) (mail.Message, error) {
		return s.registerMail(ctx, d, hashed)
	})
}

// registerMail notes a registration and returns the mail with its link, or the one to the user who is there.
func (s *Service) registerMail(ctx context.Context, d Draft, hashed password.Hash) (mail.Message, error) {
	switch _, err := findEmail(s.db.Query(ctx, db.Global), d.Email); {
	case err == nil:
		return s.settings.knownMail(d.Email), nil
	case !errors.Is(err, accounts.ErrUserNotFound):
		return mail.Message{}, fmt.Errorf("register: %w", err)
	}
	link := newLink()
	err := s.db.Tx(ctx, db.Global, func(ctx context.Context) error {
		if err := sweep[registration](s.db.Query(ctx, db.Global)); err != nil {
			return err
		}
		now, err := db.Now(s.db.Query(ctx, db.Global))
		if err != nil {
			return err
		}
		return s.db.Query(ctx, db.Global).Create(&registration{
			ID: id.New(), Hash: hash(link), Name: d.Name, Email: d.Email, Password: hashed, CreatedAt: now, ExpiresAt: now.Add(s.settings.VerifyLink),
		}).Error
	})
	if err != nil {
		return mail.Message{}, fmt.Errorf("register: %w", err)
	}
	return s.settings.verifyMail(d.Email, link), nil
}

// Verify makes a user of somebody who has got the link of a registration. It can be used once.
func (s *Service) Verify(ctx context.Context, link string) (Account, error) {
	var a Account
	err := s.db.Tx(ctx, db.Global, func(ctx context.Context) error {
		q := s.db.Query(ctx, db.Global)
		r, err := take[registration](q, link)
		if err != nil {
			return err
		}
		if a.User, err = begin(r.Name, r.Email, s.Clock.Now()); err != nil {
			return err
		}
		a.password = r.Password
		if slices.Contains(s.settings.Admins, r.Email) {
			a.Roles = []string{RoleAdmin}
		}
		return insert(s.db.Query(ctx, db.Global), toRow(a, nil))
	})
	if errors.Is(err, accounts.ErrUserTaken) { // by another link to the same address, which leads nowhere from now on
		err = accounts.ErrLink
	}
	if err != nil {
		return Account{}, fmt.Errorf("verify: %w", err)
	}
	return a, nil
}
