package accounts_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/modules/accounts/accountswire"
	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/module"
)

// verify asks the module whose token a text is, as the gate does.
func (a application) verify(t *testing.T, text string) api.Caller {
	t.Helper()
	c, err := a.module.Token.VerifyToken(context.WithoutCancel(t.Context()), text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTokens(t *testing.T) {
	t.Parallel()
	a := boot(t)
	user := a.register(t, anna, "Anna")
	session := a.signIn(anna, password)
	made := session.Post(base+"/me/tokens", `{"name":"CI","scopes":["shop:read","blog:read","shop:read"]}`).Want(201)
	secret := made.Text("/token")
	made.WantAt("/scopes", `["blog:read","shop:read"]`)
	if c := a.verify(t, secret); c.Subject != user || !slices.Equal(c.Scopes, []string{"blog:read", "shop:read"}) || len(c.Roles) != 0 || c.Way != api.Token {
		t.Errorf("it is that of %+v", c)
	}
	list := session.Get(base + "/me/tokens").Want(200)
	stored := fmt.Sprint(a.Stored("accounts_tokens", "hash"))
	if strings.Contains(string(list.Body)+stored+a.Log(), secret) || !strings.HasPrefix(secret, "banyan_pat_") {
		t.Error("the token is shown twice, stored or logged")
	}
	at := base + "/me/tokens/" + made.Text("/id")
	a.As(id.New().String()).Delete(at).WantProblem(404, "token_not_found")
	session.Delete(at).Want(204)
	if c := a.verify(t, secret); !c.Anonymous() {
		t.Errorf("after it was revoked it is that of %+v", c)
	}
	session.Delete(at).WantProblem(404, "token_not_found")
}

// A token can do no more than its user may: everybody what the setting says, and admins everything, for as long as they are.
func TestTokenScopes(t *testing.T) {
	t.Parallel()
	a := boot(t)
	user := a.register(t, anna, "Anna")
	mine := a.signIn(anna, password)
	for scopes, pointers := range map[string][]string{
		`["blog:write"]`:                    {"/scopes/0"},
		`["blog:read","blog:write","rest"]`: {"/scopes/1", "/scopes/2"},
		`["admin"]`:                         {"/scopes/0"},
		`["read"]`:                          {"/scopes/0"},
	} {
		mine.Post(base+"/me/tokens", `{"name":"CI","scopes":`+scopes+`}`).WantProblem(403, "scope_not_yours", pointers...)
	}
	if stored := a.Stored("accounts_tokens", "scopes"); len(stored) != 0 {
		t.Errorf("tokens with %v", stored)
	}
	mine.Post(base+"/me/tokens", `{"name":"CI","scopes":["blog:read","shop.eu:read"]}`).Want(201)

	roles := userPath + "/" + user + "/roles"
	a.admin().Put(roles, `{"roles":["admin"]}`).Want(200)
	secret := a.signIn(anna, password).Post(base+"/me/tokens", `{"name":"CI","scopes":["blog:read","blog:write","deploy"]}`).Want(201).Text("/token")
	for _, c := range []struct {
		roles string
		want  []string
	}{
		{`["admin"]`, []string{"blog:read", "blog:write", "deploy"}},
		{`["editor"]`, []string{"blog:read"}},
		{`["admin","editor"]`, []string{"blog:read", "blog:write", "deploy"}},
	} {
		a.admin().Put(roles, `{"roles":`+c.roles+`}`).Want(200)
		if got := a.verify(t, secret); got.Subject != user || !slices.Equal(got.Scopes, c.want) || len(got.Roles) != 0 {
			t.Errorf("with the roles %s it is that of %+v, want the scopes %v", c.roles, got, c.want)
		}
	}
}

// An operator opens a scope to everybody, and closes what was open.
func TestTokenScopesAreASetting(t *testing.T) {
	t.Parallel()
	var b built
	a := application{App: apptest.Run(t, func(p module.Platform) (_ module.Module, err error) {
		c := accountswire.Default()
		c.Token.Scopes = []string{"blog:write"}
		b.module, err = accountswire.New(p, c, accountswire.Needs{})
		return b.module, err
	})}
	a.built = b
	a.register(t, anna, "Anna")
	mine := a.signIn(anna, password)
	mine.Post(base+"/me/tokens", `{"name":"CI","scopes":["blog:write"]}`).Want(201)
	mine.Post(base+"/me/tokens", `{"name":"CI","scopes":["blog:read"]}`).WantProblem(403, "scope_not_yours", "/scopes/0")
}

// The secret is in one answer, and not in that of the same request again.
func TestTokenIsShownOnce(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.register(t, anna, "Anna")
	session, key := a.signIn(anna, password), id.New().String()
	session.Post(base+"/me/tokens", `{"name":"CI","scopes":["admin:read"]}`, "Idempotency-Key", key).Want(201)
	session.Post(base+"/me/tokens", `{"name":"CI","scopes":["admin:read"]}`, "Idempotency-Key", key).WantProblem(409, "idempotency_answer_gone")
}

// A token is no session: it makes no tokens, and does nothing that an admin may.
func TestTokenIsNoSession(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.register(t, anna, "Anna")
	secret := a.signIn(anna, password).Post(base+"/me/tokens", `{"name":"CI","scopes":["admin:read"]}`).Want(201).Text("/token")
	for _, path := range []string{"/me", "/me/tokens", "/users"} {
		a.Get(base+path, "Authorization", "Bearer "+secret).WantProblem(401, "unauthenticated")
	}
}

func TestTokensThatAreNone(t *testing.T) {
	t.Parallel()
	a := boot(t)
	for _, text := range []string{"", "x", "banyan_pat_", "banyan_pat_" + strings.Repeat("A", 43), strings.Repeat("A", 100_000)} {
		if c := a.verify(t, text); !c.Anonymous() {
			t.Errorf("%.20q is that of %+v", text, c)
		}
	}
}

func TestTokenRefusals(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.register(t, anna, "Anna")
	session := a.signIn(anna, password)
	for body, pointer := range map[string]string{
		`{"name":"CI","scopes":[]}`:                                  "/scopes",
		`{"name":"CI","scopes":["Blog Write"]}`:                      "/scopes/0",
		`{"name":"","scopes":["x:read"]}`:                            "/name",
		`{"name":"CI","scopes":["x:read"],"expires_in_days":0}`:      "/expires_in_days",
		`{"name":"CI","scopes":["x:read"],"expires_in_days":366}`:    "/expires_in_days",
		`{"name":"CI","scopes":["x:read"],"user_id":"` + anna + `"}`: "/user_id",
		`{"name":"CI","scopes":["x:read"],"token":"banyan_pat_"}`:    "/token",
	} {
		session.Post(base+"/me/tokens", body).WantProblem(422, "invalid", pointer)
	}
	for range 50 {
		session.Post(base+"/me/tokens", `{"name":"CI","scopes":["x:read"]}`).Want(201)
	}
	session.Post(base+"/me/tokens", `{"name":"CI","scopes":["x:read"]}`).WantProblem(409, "too_many_tokens")
}
