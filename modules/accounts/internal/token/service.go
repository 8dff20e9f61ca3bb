package token

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/banyan-go/banyan/modules/accounts"
	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/id"
)

// Service is the use cases of tokens. An exported method is one transaction. It is safe for concurrent use.
type Service struct {
	db       *db.Handle
	settings Settings
}

// New returns the use cases over the tables of the module.
func New(h *db.Handle, s Settings) *Service { return &Service{db: h, settings: s} }

// Create makes a token of a user who has these roles. Its secret is shown this once.
func (s *Service) Create(ctx context.Context, user id.ID, roles []string, d Draft) (Token, Secret, error) {
	if err := d.check(); err != nil {
		return Token{}, "", err
	}
	if err := s.settings.checkScopes(roles, d.Scopes); err != nil {
		return Token{}, "", err
	}
	secret := newSecret()
	r := row{ID: id.New(), UserID: user, Name: d.Name, Hash: secret.hash(), Scopes: strings.Join(d.scopes(), " ")}
	err := s.db.Tx(ctx, db.Global, func(ctx context.Context) error {
		q := s.db.Query(ctx, db.Global)
		if err := q.Where("user_id = ? AND expires_at <= CURRENT_TIMESTAMP", user).Delete(&row{}).Error; err != nil {
			return err
		}
		var there int64
		if err := s.db.Query(ctx, db.Global).Model(&row{}).Where("user_id = ?", user).Count(&there).Error; err != nil {
			return err
		}
		if there >= maxPerUser {
			return accounts.ErrTokensFull
		}
		now, err := db.Now(s.db.Query(ctx, db.Global))
		if err != nil {
			return err
		}
		r.CreatedAt, r.ExpiresAt = now, now.Add(time.Duration(d.Days)*24*time.Hour)
		return s.db.Query(ctx, db.Global).Create(&r).Error
	})
	if err != nil {
		return Token{}, "", fmt.Errorf("create token: %w", err)
	}
	return r.token(), secret, nil
}

// List returns the tokens of a user, the newest first, also those that have expired.
func (s *Service) List(ctx context.Context, user id.ID) ([]Token, error) {
	var rows []row
	if err := s.db.Query(ctx, db.Global).Where("user_id = ?", user).Order("id DESC").Limit(maxPerUser).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	tokens := make([]Token, len(rows))
	for i, r := range rows {
		tokens[i] = r.token()
	}
	return tokens, nil
}

// Revoke ends a token of a user at once, on all instances.
func (s *Service) Revoke(ctx context.Context, user, tokenID id.ID) error {
	err := s.db.Tx(ctx, db.Global, func(ctx context.Context) error {
		done := s.db.Query(ctx, db.Global).Where("id = ? AND user_id = ?", tokenID, user).Delete(&row{})
		if done.Error == nil && done.RowsAffected == 0 {
			return accounts.ErrTokenNotFound
		}
		return done.Error
	})
	if err != nil {
		return fmt.Errorf("revoke token %s: %w", tokenID, err)
	}
	return nil
}

// RevokeAll ends all tokens of a user, in the transaction of ctx where there is one.
func (s *Service) RevokeAll(ctx context.Context, user id.ID) error {
	err := s.db.Tx(ctx, db.Global, func(ctx context.Context) error {
		return s.db.Query(ctx, db.Global).Where("user_id = ?", user).Delete(&row{}).Error
	})
	if err != nil {
		return fmt.Errorf("revoke the tokens of user %s: %w", user, err)
	}
	return nil
}

// Verify returns whose token a text is, and what it is good for: those of its scopes that its user may have at this moment, whatever was when it was made. The roles of
// the user are not among that: who wants to do what an admin may signs in.
func (s *Service) Verify(ctx context.Context, text string) (api.Caller, error) {
	if !possible(text) {
		return api.Caller{}, nil
	}
	found, err := findValid(s.db.Query(ctx, db.Global), Secret(text).hash())
	if err != nil {
		return api.Caller{}, fmt.Errorf("verify token: %w", err)
	}
	if len(found) == 0 {
		return api.Caller{}, nil
	}
	t, roles := found[0], strings.Fields(found[0].Roles)
	scopes := slices.DeleteFunc(strings.Fields(t.Scopes), func(scope string) bool { return !s.settings.allow(roles, scope) })
	return api.Caller{Subject: t.UserID.String(), Scopes: scopes, Way: api.Token}, nil
}
