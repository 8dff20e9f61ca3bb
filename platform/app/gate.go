package app

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/cli"
	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/httpserver"
	"github.com/banyan-go/banyan/platform/module"
	"github.com/banyan-go/banyan/platform/ratelimit"
	"github.com/banyan-go/banyan/platform/session"
)

// gate returns what stands in front of the operations: the sessions, whoever verifies bearer tokens, and the limits with the rules of all modules. It also
// tells the operations which ways in there are.
func (a *App) gate() (httpserver.Gate, error) {
	g := httpserver.Gate{Sessions: a.platform.Sessions, Limits: a.platform.Limits}
	rules := map[string]ratelimit.Rule{}
	var wrong []error
	for _, m := range a.modules {
		for _, p := range m.Parts() {
			if l, ok := p.(module.Limiter); ok {
				maps.Copy(rules, l.Limits())
			}
			v, ok := p.(module.TokenVerifier)
			switch {
			case !ok:
			case g.Tokens != nil:
				wrong = append(wrong, fmt.Errorf("module %s verifies tokens, and so does another one: a token is that of one module", m.Name()))
			default:
				g.Tokens = v.VerifyToken
			}
		}
	}
	if len(wrong) > 0 {
		return g, cli.Exit(cli.Failure, "", errors.Join(wrong...)) // the code is wrong, whatever the configuration
	}
	if known := a.platform.env.Tokens; known != nil {
		g.Tokens = oneOf(known, g.Tokens)
	}
	var ways []api.Auth
	if len(a.platform.drivers.Sessions) > 0 {
		ways = append(ways, api.Session)
	}
	if g.Tokens != nil {
		ways = append(ways, api.Token)
	}
	a.operations.Guard(session.CookieName(plainCookie(a.platform.env)), ways...)
	return g, g.Limits.Declare(rules)
}

// oneOf asks the first verifier, and the second one, which may be nil, about a token that the first does not know.
func oneOf(first, second api.TokenVerifier) api.TokenVerifier {
	return func(ctx context.Context, token string) (api.Caller, error) {
		c, err := first(ctx, token)
		if err != nil || !c.Anonymous() || second == nil {
			return c, err
		}
		return second(ctx, token)
	}
}

// plainCookie reports whether the cookie of a session may travel over plain HTTP, as it has to where nothing in front speaks TLS.
func plainCookie(env Env) bool { return env.Mode != config.Prod }
