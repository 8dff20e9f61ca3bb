package web

import (
	"context"
	"time"

	"github.com/banyan-go/banyan/modules/accounts"
	"github.com/banyan-go/banyan/modules/accounts/internal/token"
	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
)

// Tokens is the table of operations of users on their tokens. They want a session: a token makes no tokens.
func Tokens(s *token.Service) []api.Route {
	h := tokenHandler{s}
	return []api.Route{
		api.Get("/me/tokens", h.list, api.Op{ID: "listMyTokens", Summary: "List one's tokens", Auth: api.Session, Allow: api.SignedIn()}),
		api.Post("/me/tokens", h.create, api.Op{
			ID: "createMyToken", Summary: "Create a token", Doc: "The token is in this answer and in no other. It can do what its scopes say, of those that its user may have at that moment.",
			Auth: api.Session, Allow: api.SignedIn(), ShownOnce: true, Errors: []*fault.Error{accounts.ErrScopeNotYours, accounts.ErrTokensFull},
		}),
		api.Delete("/me/tokens/{id}", h.revoke, api.Op{ID: "revokeMyToken", Summary: "Revoke a token", Auth: api.Session, Allow: api.SignedIn(), Errors: []*fault.Error{accounts.ErrTokenNotFound}}),
	}
}

// Token is a token as its user sees it.
type Token struct {
	ID        id.ID     `json:"id"`
	Name      string    `json:"name"`
	Scopes    []string  `json:"scopes"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

// NewToken is a token in the answer to the request that has made it.
type NewToken struct {
	Token
	Secret string `json:"token" doc:"What programs send: Authorization: Bearer banyan_pat_..."`
}

// TokenDraft is the body of a request for a token.
type TokenDraft struct {
	Name   string   `json:"name" minLength:"1" maxLength:"100"`
	Scopes []string `json:"scopes" minItems:"1" maxItems:"20" doc:"What the token is good for, blog:read for instance, as far as its user may."`
	Days   int      `json:"expires_in_days" minimum:"1" maximum:"365" default:"90"`
}

// TokenList is the tokens of a user.
type TokenList struct {
	Data []Token `json:"data"`
}

type (
	listTokens  struct{}
	createToken struct{ Body TokenDraft }
	revokeToken struct {
		ID id.ID `path:"id"`
	}
	allTokens    struct{ Body TokenList }
	createdToken struct{ Body NewToken }
)

type tokenHandler struct{ service *token.Service }

func (h tokenHandler) list(ctx context.Context, _ *listTokens) (*allTokens, error) {
	userID, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	all, err := h.service.List(ctx, userID)
	if err != nil {
		return nil, err
	}
	out := &allTokens{Body: TokenList{Data: []Token{}}}
	for _, t := range all {
		out.Body.Data = append(out.Body.Data, Token(t))
	}
	return out, nil
}

func (h tokenHandler) create(ctx context.Context, in *createToken) (*createdToken, error) {
	userID, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	made, secret, err := h.service.Create(ctx, userID, api.CallerFrom(ctx).Roles, token.Draft(in.Body))
	if err != nil {
		return nil, err
	}
	return &createdToken{Body: NewToken{Token(made), string(secret)}}, nil
}

func (h tokenHandler) revoke(ctx context.Context, in *revokeToken) (*api.Nothing, error) {
	userID, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	return nil, h.service.Revoke(ctx, userID, in.ID)
}
