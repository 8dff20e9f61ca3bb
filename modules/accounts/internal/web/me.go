package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/banyan-go/banyan/modules/accounts"
	"github.com/banyan-go/banyan/modules/accounts/internal/user"
	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/patch"
	"github.com/banyan-go/banyan/platform/session"
)

// Me is the table of operations of users on their own account.
func Me(s *user.Service) []api.Route {
	h := meHandler{s}
	gone, away := accounts.ErrUserNotFound, session.ErrAway
	return []api.Route{
		api.Get("/me", h.get, api.Op{ID: "getMe", Summary: "Get one's account", Auth: api.Session, Allow: api.SignedIn(), Errors: []*fault.Error{gone}}),
		api.Patch("/me", h.update, api.Op{ID: "updateMe", Summary: "Change one's account", Auth: api.Session, Allow: api.SignedIn(), Errors: []*fault.Error{gone}}),
		api.Post("/me/password", h.changePassword, api.Op{
			ID: "changePassword", Summary: "Change one's password", Doc: "Asks for the present one. Ends the other sessions and the links for a new password, and gives this session a new id.",
			Auth: api.Session, Allow: api.SignedIn(), Limit: user.LimitPassword, Concurrency: 16, Status: http.StatusNoContent,
			Errors: []*fault.Error{accounts.ErrPassword, gone, away, session.ErrEnded, session.ErrContended},
		}),
		api.Get("/me/sessions", h.sessions, api.Op{ID: "listMySessions", Summary: "List one's devices", Auth: api.Session, Allow: api.SignedIn(), Errors: []*fault.Error{away}}),
		api.Delete("/me/sessions", h.revokeOthers, api.Op{ID: "revokeMyOtherSessions", Summary: "Sign out all other devices", Auth: api.Session, Allow: api.SignedIn(), Errors: []*fault.Error{away}}),
		api.Delete("/me/sessions/{handle}", h.revoke, api.Op{ID: "revokeMySession", Summary: "Sign out a device", Auth: api.Session, Allow: api.SignedIn(), Errors: []*fault.Error{session.ErrUnknown, away}}),
	}
}

// Account is an account as its user, and who administers, see it.
type Account struct {
	ID        id.ID     `json:"id"`
	Name      string    `json:"name"`
	Email     string    `json:"email" format:"email"`
	Roles     []string  `json:"roles"`
	Disabled  bool      `json:"disabled" doc:"Nobody gets in by this account."`
	Version   int64     `json:"version" doc:"Counts the changes; the entity tag is made of it."`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// AccountChange is the body of a request that changes an account: the fields that it holds.
type AccountChange struct {
	Name patch.Change[string] `json:"name" minLength:"1" maxLength:"255"`
}

// PasswordChange is the body of a request that changes a password.
type PasswordChange struct {
	Present  string `json:"present" minLength:"1" maxLength:"128"`
	Password string `json:"password" minLength:"10" maxLength:"128"`
}

// Device is a session as its user sees it.
type Device struct {
	Handle    string    `json:"handle"`
	Device    string    `json:"device" doc:"What the browser or program called itself."`
	Address   string    `json:"address"`
	Current   bool      `json:"current" doc:"It is the one of this request."`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Devices are the sessions of a user.
type Devices struct {
	Data []Device `json:"data"`
}

// Format prints which account it is and nothing else, whatever the verb: logs and errors are no place for the rest.
func (v Account) Format(f fmt.State, _ rune) { fmt.Fprint(f, "user ", v.ID.String()) }

// LogValue is Format for package slog.
func (v Account) LogValue() slog.Value { return slog.StringValue("user " + v.ID.String()) }

// Format is that of user.Change.
func (v AccountChange) Format(f fmt.State, r rune) { user.Change(v).Format(f, r) }

// LogValue is that of user.Change.
func (v AccountChange) LogValue() slog.Value { return user.Change(v).LogValue() }

// Format prints nothing of what is in it.
func (PasswordChange) Format(f fmt.State, _ rune) { fmt.Fprint(f, hidden) }

// LogValue is Format for package slog.
func (PasswordChange) LogValue() slog.Value { return slog.StringValue(hidden) }

type (
	getMe    struct{}
	updateMe struct {
		IfMatch api.IfMatch `header:"If-Match"`
		Body    AccountChange
	}
	changePassword struct{ Body PasswordChange }
	listSessions   struct{}
	revokeOthers   struct{}
	revokeSession  struct {
		Handle string `path:"handle" minLength:"1" maxLength:"64"`
	}
	oneAccount struct {
		ETag api.ETag `header:"ETag" doc:"The version, for If-Match and If-None-Match."`
		Body Account
	}
	allSessions struct{ Body Devices }
)

type meHandler struct{ service *user.Service }

func (h meHandler) get(ctx context.Context, _ *getMe) (*oneAccount, error) {
	userID, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	a, err := h.service.Get(ctx, userID)
	if err != nil {
		return nil, err
	}
	return presentOne(a), nil
}

func (h meHandler) update(ctx context.Context, in *updateMe) (*oneAccount, error) {
	userID, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	a, err := h.service.Update(ctx, userID, in.IfMatch.Versions(), user.Change(in.Body))
	if err != nil {
		return nil, err
	}
	return presentOne(a), nil
}

func (h meHandler) changePassword(ctx context.Context, in *changePassword) (*api.Nothing, error) {
	userID, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	return nil, h.service.ChangePassword(ctx, userID, in.Body.Present, in.Body.Password)
}

func (h meHandler) sessions(ctx context.Context, _ *listSessions) (*allSessions, error) {
	all, err := h.service.Sessions.List(ctx, api.CallerFrom(ctx).Subject)
	if err != nil {
		return nil, err
	}
	out := &allSessions{Body: Devices{Data: []Device{}}}
	for _, s := range all {
		out.Body.Data = append(out.Body.Data, Device{
			Handle: s.Handle, Device: s.Device, Address: s.Address, Current: s.Handle == mine(ctx), CreatedAt: s.Created, SeenAt: s.Seen, ExpiresAt: s.Expires,
		})
	}
	return out, nil
}

func (h meHandler) revokeOthers(ctx context.Context, _ *revokeOthers) (*api.Nothing, error) {
	_, err := h.service.Sessions.RevokeAll(ctx, api.CallerFrom(ctx).Subject, mine(ctx))
	return nil, err
}

func (h meHandler) revoke(ctx context.Context, in *revokeSession) (*api.Nothing, error) {
	return nil, h.service.Sessions.Revoke(ctx, api.CallerFrom(ctx).Subject, in.Handle)
}

// mine returns the handle of the request's session.
func mine(ctx context.Context) string {
	if s, ok := session.From(ctx); ok {
		return s.Handle
	}
	return ""
}

func presentOne(a user.Account) *oneAccount {
	return &oneAccount{ETag: api.Version(a.Version), Body: presentAccount(a)}
}

func presentAccount(a user.Account) Account {
	roles := a.Roles
	if roles == nil {
		roles = []string{}
	}
	return Account{
		ID: a.ID, Name: a.Name, Email: a.Email, Roles: roles, Disabled: a.Disabled, Version: a.Version, CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt,
	}
}
