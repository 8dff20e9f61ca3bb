package accountswire

import (
	"context"
	"strconv"

	"github.com/google/wire"

	"github.com/banyan-go/banyan/modules/accounts/internal/token"
	"github.com/banyan-go/banyan/modules/accounts/internal/user"
	"github.com/banyan-go/banyan/modules/accounts/internal/web"
	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/module"
)

// TokenConfig is the section `modules.accounts.token`.
type TokenConfig struct {
	Scopes []string `config:"scopes" doc:"Scopes that everybody's tokens may have, blog:write for instance; with a star for a whole side, *:read or blog:*. Tokens of users with the role admin may have every scope."`
}

// What is generated with --auth session is read by whoever is signed in and written by admins: so are tokens.
func defaultToken() TokenConfig { return TokenConfig{Scopes: []string{"*:read"}} }

// Validate reports values that break a rule.
func (c TokenConfig) Validate(r *config.Report) {
	for _, entry := range c.Scopes {
		if !token.Entry(entry) {
			r.Add("scopes", strconv.Quote(entry), "a scope, blog:write, or one with a star for a side, *:read or blog:*")
		}
	}
}

// Token is the module's part about bearer tokens.
type Token struct {
	service *token.Service
}

var (
	_ module.Router        = (*Token)(nil)
	_ module.TokenVerifier = (*Token)(nil)
)

func newToken(s *token.Service) *Token { return &Token{s} }

func tokenSettings(c TokenConfig) token.Settings {
	return token.Settings{Scopes: c.Scopes, Admin: user.RoleAdmin}
}

var tokenSet = wire.NewSet(newToken, token.New, tokenSettings)

// Routes returns the operations.
func (p *Token) Routes() []api.Route { return web.Tokens(p.service) }

// VerifyToken returns whose token a text is.
func (p *Token) VerifyToken(ctx context.Context, text string) (api.Caller, error) {
	return p.service.Verify(ctx, text)
}
