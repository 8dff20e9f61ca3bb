package accountswire

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/google/wire"

	"github.com/banyan-go/banyan/modules/accounts"
	"github.com/banyan-go/banyan/modules/accounts/internal/user"
	"github.com/banyan-go/banyan/modules/accounts/internal/web"
	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/module"
	"github.com/banyan-go/banyan/platform/ratelimit"
)

// UserConfig is the section `modules.accounts.user`.
type UserConfig struct {
	Site       string        `config:"site" doc:"Where the pages are that links in mails lead to, https://shop.example.com: SITE/verify#token=... and SITE/reset#token=...; empty puts the token alone into the mail."`
	Admins     []string      `config:"admins" doc:"Addresses that get the role admin when they are confirmed, or sign in without it, for the first of a team; later an admin gives the role."`
	VerifyLink time.Duration `config:"verify_link" doc:"How long the link of a registration can be used."`
	ResetLink  time.Duration `config:"reset_link" doc:"How long the link for a new password can be used."`
}

func defaultUser() UserConfig {
	return UserConfig{VerifyLink: 24 * time.Hour, ResetLink: time.Hour}
}

// Validate reports values that break a rule.
func (c UserConfig) Validate(r *config.Report) {
	if u, err := url.Parse(c.Site); c.Site != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "") {
		r.Add("site", strconv.Quote(c.Site), "an address without ? and #, https://shop.example.com")
	}
	for key, d := range map[string]time.Duration{"verify_link": c.VerifyLink, "reset_link": c.ResetLink} {
		if d < time.Minute || d > 7*24*time.Hour {
			r.Add(key, d.String(), "1m to 168h")
		}
	}
}

// User is the module's part about users.
type User struct {
	// Users is what other modules may ask.
	Users accounts.Users

	service *user.Service
}

var (
	_ module.Router     = (*User)(nil)
	_ module.Seeder     = (*User)(nil)
	_ module.Limiter    = (*User)(nil)
	_ module.UserFinder = (*User)(nil)
)

func newUser(s *user.Service) *User {
	s.Mail.Announce("accounts")
	return &User{Users: s, service: s}
}

func userSettings(c UserConfig) user.Settings {
	return user.Settings{Site: c.Site, Admins: c.Admins, VerifyLink: c.VerifyLink, ResetLink: c.ResetLink}
}

var userSet = wire.NewSet(newUser, user.New, userSettings, wire.Struct(new(user.Platform), "*"))

// Routes returns the operations.
func (p *User) Routes() []api.Route {
	return append(append(web.Access(p.service), web.Me(p.service)...), web.Users(p.service)...)
}

// Limits returns the rules of the operations.
func (p *User) Limits() map[string]ratelimit.Rule { return user.Limits() }

// FindUser returns the id of the account with an address.
func (p *User) FindUser(ctx context.Context, text string) (string, bool, error) {
	userID, found, err := p.service.FindID(ctx, text)
	return userID.String(), found, err
}

// Seed adds n invented users.
func (p *User) Seed(ctx context.Context, n int) error { return p.service.Seed(ctx, n) }
