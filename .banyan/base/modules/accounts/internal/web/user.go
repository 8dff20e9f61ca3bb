package web

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/banyan-go/banyan/modules/accounts"
	"github.com/banyan-go/banyan/modules/accounts/internal/user"
	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/page"
	"github.com/banyan-go/banyan/platform/patch"
)

// Users is the table of operations on users.
func Users(s *user.Service) []api.Route {
	h := userHandler{s}
	open := api.PublicWrite("the generator does not know who may; decide before this goes public")
	missing, taken := accounts.ErrUserNotFound, accounts.ErrUserTaken
	return []api.Route{
		api.Get("/users", h.list, api.Op{ID: "listAccountsUsers", Summary: "List users", Auth: api.Public, List: user.Listing()}),
		api.Post("/users", h.create, api.Op{ID: "createAccountsUser", Summary: "Create a user", Auth: open, Errors: []*fault.Error{taken}}),
		api.Get("/users/{id}", h.get, api.Op{ID: "getAccountsUser", Summary: "Get a user", Auth: api.Public, Errors: []*fault.Error{missing}}),
		api.Patch("/users/{id}", h.update, api.Op{ID: "updateAccountsUser", Summary: "Change a user", Auth: open, Errors: []*fault.Error{missing, taken}}),
		api.Delete("/users/{id}", h.remove, api.Op{ID: "deleteAccountsUser", Summary: "Delete a user", Auth: open, Errors: []*fault.Error{missing, db.ErrReferenced}}),
	}
}

// User is a user as clients see it.
type User struct {
	ID        id.ID     `json:"id"`
	Name      string    `json:"name"`
	Email     string    `json:"email" format:"email"`
	Version   int64     `json:"version" doc:"Counts the changes; the entity tag is made of it."`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// UserDraft is the body of a request for a new user.
type UserDraft struct {
	Name  string `json:"name" minLength:"1" maxLength:"255"`
	Email string `json:"email" maxLength:"254" format:"email"`
}

// UserChange is the body of a request that changes a user: the fields that it holds.
type UserChange struct {
	Name  patch.Change[string] `json:"name" minLength:"1" maxLength:"255"`
	Email patch.Change[string] `json:"email" maxLength:"254" format:"email"`
}

// Format prints which user it is and nothing else, whatever the verb: logs and errors are no place for the rest.
func (v User) Format(f fmt.State, _ rune) { fmt.Fprint(f, "user ", v.ID.String()) }

// LogValue is Format for package slog.
func (v User) LogValue() slog.Value { return slog.StringValue("user " + v.ID.String()) }

// Format is that of user.Draft.
func (v UserDraft) Format(f fmt.State, r rune) { user.Draft(v).Format(f, r) }

// LogValue is that of user.Draft.
func (v UserDraft) LogValue() slog.Value { return user.Draft(v).LogValue() }

// Format is that of user.Change.
func (v UserChange) Format(f fmt.State, r rune) { user.Change(v).Format(f, r) }

// LogValue is that of user.Change.
func (v UserChange) LogValue() slog.Value { return user.Change(v).LogValue() }

type (
	listUsers struct {
		Query page.Query
	}
	createUser struct {
		Body UserDraft
	}
	getUser struct {
		ID id.ID `path:"id"`
	}
	updateUser struct {
		ID      id.ID       `path:"id"`
		IfMatch api.IfMatch `header:"If-Match"`
		Body    UserChange
	}
	deleteUser struct {
		ID      id.ID       `path:"id"`
		IfMatch api.IfMatch `header:"If-Match"`
	}
	createdUser struct {
		Location string   `header:"Location" doc:"Where the new user is."`
		ETag     api.ETag `header:"ETag" doc:"The version, for If-Match and If-None-Match."`
		Body     User
	}
	oneUser struct {
		ETag api.ETag `header:"ETag" doc:"The version, for If-Match and If-None-Match."`
		Body User
	}
)

type userHandler struct{ service *user.Service }

func (h userHandler) list(ctx context.Context, in *listUsers) (*api.List[User], error) {
	p, err := h.service.List(ctx, in.Query)
	if err != nil {
		return nil, err
	}
	return api.NewList(in.Query, page.Map(p, presentUser)), nil
}

func (h userHandler) create(ctx context.Context, in *createUser) (*createdUser, error) {
	made, err := h.service.Create(ctx, user.Draft(in.Body))
	if err != nil {
		return nil, err
	}
	return &createdUser{
		Location: api.Prefix + "/accounts/users/" + made.ID.String(),
		ETag:     api.Version(made.Version),
		Body:     presentUser(made),
	}, nil
}

func (h userHandler) get(ctx context.Context, in *getUser) (*oneUser, error) {
	found, err := h.service.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &oneUser{ETag: api.Version(found.Version), Body: presentUser(found)}, nil
}

func (h userHandler) update(ctx context.Context, in *updateUser) (*oneUser, error) {
	changed, err := h.service.Update(ctx, in.ID, in.IfMatch.Versions(), user.Change(in.Body))
	if err != nil {
		return nil, err
	}
	return &oneUser{ETag: api.Version(changed.Version), Body: presentUser(changed)}, nil
}

func (h userHandler) remove(ctx context.Context, in *deleteUser) (*api.Nothing, error) {
	return nil, h.service.Delete(ctx, in.ID, in.IfMatch.Versions())
}

func presentUser(p accounts.User) User { return User(p) }
