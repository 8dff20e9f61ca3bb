package accountswire

import (
	"context"

	"github.com/google/wire"

	"github.com/banyan-go/banyan/modules/accounts"
	"github.com/banyan-go/banyan/modules/accounts/internal/user"
	"github.com/banyan-go/banyan/modules/accounts/internal/web"
	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/module"
)

// User is the module's part about users.
type User struct {
	// Users is what other modules may ask.
	Users accounts.Users

	service *user.Service
}

var (
	_ module.Router = (*User)(nil)
	_ module.Seeder = (*User)(nil)
)

func newUser(s *user.Service) *User { return &User{Users: s, service: s} }

var userSet = wire.NewSet(newUser, user.New)

// Routes returns the operations.
func (p *User) Routes() []api.Route { return web.Users(p.service) }

// Seed adds n invented users.
func (p *User) Seed(ctx context.Context, n int) error { return p.service.Seed(ctx, n) }
