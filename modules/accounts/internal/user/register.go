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

// Verify makes a user of somebody who has got the link of a registration and knows its password. The link proves whose mailbox it is, and the password who has
// registered: otherwise whoever follows the link of a mail that a stranger has caused would have an account with the stranger's password. A link can be used once,
// and stays good after a wrong password. The work with the password is done before the transaction.
func (s *Service) Verify(ctx context.Context, link, plain string) (Account, error) {
	if err := s.limit(ctx, LimitVerifyLink, hash(link)); err != nil {
		return Account{}, err
	}
	r, err := pending(s.db.Query(ctx, db.Global), link)
	if err != nil {
		return Account{}, fmt.Errorf("verify: %w", err)
	}
	if ok, err := s.Passwords.Verify(ctx, r.Password, plain); err != nil {
		return Account{}, fmt.Errorf("verify: %w", err)
	} else if !ok {
		return Account{}, accounts.ErrLinkPassword.WithFields(fault.Field{Pointer: "/password", Code: "wrong", Detail: "is not that of the registration"})
	}
	var a Account
	err = s.db.Tx(ctx, db.Global, func(ctx context.Context) error {
		// Of two who were here at the same time one gets it.
		r, err := take[registration](s.db.Query(ctx, db.Global), link)
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
