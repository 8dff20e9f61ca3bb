package accountswire

import (
	"context"

	"github.com/google/wire"

	"github.com/banyan-go/banyan/modules/accounts/internal/token"
	"github.com/banyan-go/banyan/modules/accounts/internal/web"
	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/module"
)

// Token is the module's part about bearer tokens.
type Token struct {
	service *token.Service
}

var (
	_ module.Router        = (*Token)(nil)
	_ module.TokenVerifier = (*Token)(nil)
)

func newToken(s *token.Service) *Token { return &Token{s} }

var tokenSet = wire.NewSet(newToken, token.New)

// Routes returns the operations.
func (p *Token) Routes() []api.Route { return web.Tokens(p.service) }

// VerifyToken returns whose token a text is.
func (p *Token) VerifyToken(ctx context.Context, text string) (api.Caller, error) {
	return p.service.Verify(ctx, text)
}
