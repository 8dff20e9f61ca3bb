package apptest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/banyan-go/banyan/platform/api"
)

// AsToken returns the application as a program sees it whose bearer token is of this user and has these scopes. Nothing but the application of a
// test knows such a token, and the user need not be one that any module knows.
func (a *App) AsToken(user string, scopes ...string) *App {
	a.t.Helper()
	text, err := json.Marshal(api.Caller{Subject: user, Scopes: scopes})
	if err != nil {
		a.t.Fatal(err)
	}
	return a.With("Authorization", "Bearer "+tokenPrefix+base64.RawURLEncoding.EncodeToString(text))
}

// tokenPrefix begins a token that says itself whose it is.
const tokenPrefix = "apptest-"

// verifyToken is the api.TokenVerifier of AsToken.
func verifyToken(_ context.Context, token string) (c api.Caller, err error) {
	text, ours := strings.CutPrefix(token, tokenPrefix)
	if !ours {
		return api.Caller{}, nil
	}
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return api.Caller{}, nil //nolint:nilerr // somebody's token that begins like ours
	}
	if json.Unmarshal(data, &c) != nil {
		return api.Caller{}, nil
	}
	return c, nil
}
