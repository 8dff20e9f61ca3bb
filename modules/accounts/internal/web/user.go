package web

import (
	"context"
	"net/http"

	"github.com/banyan-go/banyan/modules/accounts"
	"github.com/banyan-go/banyan/modules/accounts/internal/user"
	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/page"
	"github.com/banyan-go/banyan/platform/session"
)

// Users is the table of operations of those who administer.
func Users(s *user.Service) []api.Route {
	h := userHandler{s}
	admin := api.Roles(user.RoleAdmin)
	missing := accounts.ErrUserNotFound
	errs := []*fault.Error{missing, accounts.ErrOwnAccount, session.ErrAway}
	return []api.Route{
		api.Get("/users", h.list, api.Op{ID: "listAccountsUsers", Summary: "List users", Auth: api.Session, Allow: admin, List: user.Listing()}),
		api.Get("/users/{id}", h.get, api.Op{ID: "getAccountsUser", Summary: "Get a user", Auth: api.Session, Allow: admin, Errors: []*fault.Error{missing}}),
		api.Delete("/users/{id}", h.remove, api.Op{ID: "deleteAccountsUser", Summary: "Delete a user", Auth: api.Session, Allow: admin, Errors: append([]*fault.Error{db.ErrReferenced}, errs...)}),
		api.Put("/users/{id}/roles", h.setRoles, api.Op{ID: "setAccountsUserRoles", Summary: "Set the roles of a user", Doc: "Ends the sessions of the user.", Auth: api.Session, Allow: admin, Errors: errs}),
		api.Post("/users/{id}/disable", h.disable, api.Op{
			ID: "disableAccountsUser", Summary: "Disable a user", Doc: "Ends the sessions of the user, and refuses the tokens.", Auth: api.Session, Allow: admin, Status: http.StatusOK, Errors: errs,
		}),
		api.Post("/users/{id}/enable", h.enable, api.Op{ID: "enableAccountsUser", Summary: "Enable a user", Auth: api.Session, Allow: admin, Status: http.StatusOK, Errors: errs}),
	}
}

// Roles is the body of a request that sets the roles of a user.
type Roles struct {
	Roles []string `json:"roles" maxItems:"10" doc:"All of them: what is not here is taken."`
}

type (
	listUsers struct {
		Query page.Query
	}
	oneUser struct {
		ID id.ID `path:"id"`
	}
	setRoles struct {
		ID   id.ID `path:"id"`
		Body Roles
	}
)

type userHandler struct{ service *user.Service }

func (h userHandler) list(ctx context.Context, in *listUsers) (*api.List[Account], error) {
	p, err := h.service.List(ctx, in.Query)
	if err != nil {
		return nil, err
	}
	return api.NewList(in.Query, page.Map(p, presentAccount)), nil
}

func (h userHandler) get(ctx context.Context, in *oneUser) (*oneAccount, error) {
	a, err := h.service.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return presentOne(a), nil
}

func (h userHandler) remove(ctx context.Context, in *oneUser) (*api.Nothing, error) {
	by, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	return nil, h.service.Delete(ctx, by, in.ID)
}

func (h userHandler) setRoles(ctx context.Context, in *setRoles) (*oneAccount, error) {
	by, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	a, err := h.service.SetRoles(ctx, by, in.ID, in.Body.Roles)
	if err != nil {
		return nil, err
	}
	return presentOne(a), nil
}

func (h userHandler) disable(ctx context.Context, in *oneUser) (*oneAccount, error) {
	return h.setDisabled(ctx, in.ID, true)
}

func (h userHandler) enable(ctx context.Context, in *oneUser) (*oneAccount, error) {
	return h.setDisabled(ctx, in.ID, false)
}

func (h userHandler) setDisabled(ctx context.Context, userID id.ID, disabled bool) (*oneAccount, error) {
	by, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	a, err := h.service.SetDisabled(ctx, by, userID, disabled)
	if err != nil {
		return nil, err
	}
	return presentOne(a), nil
}
