package apptest_test

import (
	"context"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/module"
)

// mirror is a module whose operations say who has called them.
type mirror struct{}

func newMirror(module.Platform) (module.Module, error) { return mirror{}, nil }

func (mirror) Name() string         { return "mirror" }
func (mirror) Parts() []module.Part { return []module.Part{mirror{}} }
func (mirror) Migrations() fs.FS    { return fstest.MapFS{} }
func (mirror) Routes() []api.Route {
	return []api.Route{
		api.Get("/session", look, api.Op{ID: "session", Summary: "Look", Auth: api.Session, Allow: api.SignedIn()}),
		api.Post("/session", look, api.Op{ID: "sessionOfAdmin", Summary: "Look", Auth: api.Session, Allow: api.Roles("admin"), Status: 200}),
		api.Get("/token", look, api.Op{ID: "token", Summary: "Look", Auth: api.Token, Allow: api.Scope("mirror:read")}),
	}
}

type seen struct {
	Body struct {
		Subject string `json:"subject"`
		Roles   string `json:"roles"`
		Scopes  string `json:"scopes"`
	}
}

func look(ctx context.Context, _ *struct{}) (*seen, error) {
	c, out := api.CallerFrom(ctx), &seen{}
	out.Body.Subject, out.Body.Roles, out.Body.Scopes = c.Subject, strings.Join(c.Roles, " "), strings.Join(c.Scopes, " ")
	return out, nil
}

// The application is the same for all who call it, each sees it as themselves, and whoever is nobody stays out. No module has to know them.
func TestCallers(t *testing.T) {
	t.Parallel()
	const session, token = "/api/v1/mirror/session", "/api/v1/mirror/token"
	a := apptest.Run(t, newMirror)
	ada, ben, robot := a.As("ada", "admin", "editor"), a.As("ben"), a.AsToken("robot", "mirror:read", "mirror:write")
	ada.Get(session).Want(200).WantMembers(`{"subject":"ada","roles":"admin editor","scopes":""}`)
	ada.Post(session, "").Want(200)
	ben.Get(session).Want(200).WantMembers(`{"subject":"ben","roles":"","scopes":""}`)
	ben.Post(session, "").WantProblem(403, "forbidden")
	robot.Get(token).Want(200).WantMembers(`{"subject":"robot","roles":"","scopes":"mirror:read mirror:write"}`)
	a.AsToken("robot", "mirror:write").Get(token).WantProblem(403, "forbidden")

	for _, stranger := range []*apptest.App{a, robot, a.With("Cookie", "session=nobody")} {
		stranger.Get(session).WantProblem(401, "unauthenticated")
	}
	for _, stranger := range []*apptest.App{a, ada, a.With("Authorization", "Bearer apptest-"), a.With("Authorization", "Bearer apptest-!"), a.With("Authorization", "Bearer nobody")} {
		stranger.Get(token).WantProblem(401, "unauthenticated")
	}
}
