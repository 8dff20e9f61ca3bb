package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/banyan-go/banyan/modules/accounts"
	"github.com/banyan-go/banyan/modules/accounts/internal/user"
	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/mail"
	"github.com/banyan-go/banyan/platform/session"
)

// Access is the table of operations by which somebody becomes a user and signs in. The answer to none of them tells whether an address has an account.
func Access(s *user.Service) []api.Route {
	h := accessHandler{s}
	errs := func(all ...*fault.Error) []*fault.Error { return all }
	// Concurrency: an argon2id hash takes a CPU and 19 MiB, and more of them at a time would only wait inside.
	const hashing = 16
	return []api.Route{
		api.Post("/register", h.register, api.Op{
			ID: "register", Summary: "Register", Doc: "Sends a link to the address, by which it is confirmed. The answer is the same for an address that has an account: its owner gets a mail that says so.",
			Auth: api.PublicWrite("strangers become users by it"), Limit: user.LimitRegister, Concurrency: hashing, Status: http.StatusAccepted, Errors: errs(accounts.ErrTooOften, mail.ErrFull),
		}),
		api.Post("/verify", h.verify, api.Op{
			ID: "verify", Summary: "Confirm an address", Doc: "Asks for the password of the registration. The account is there from now on. A link can be used once, and stays good after a wrong password.",
			Auth: api.PublicWrite("whoever has the link has got the mail, and whoever has the password has registered"), Limit: user.LimitLink, Concurrency: hashing, Status: http.StatusNoContent,
			Errors: errs(accounts.ErrLink, accounts.ErrLinkPassword, accounts.ErrTooOften),
		}),
		api.Post("/login", h.signIn, api.Op{
			ID: "login", Summary: "Sign in", Doc: "Begins a session, under a new id, and sets its cookie.",
			Auth: api.PublicWrite("nobody is signed in before"), Limit: user.LimitLogin, Concurrency: hashing, Status: http.StatusOK,
			Errors: errs(accounts.ErrCredentials, accounts.ErrTooOften, session.ErrCrossSite, session.ErrAway),
		}),
		api.Post("/logout", h.signOut, api.Op{
			ID: "logout", Summary: "Sign out", Auth: api.Session, Allow: api.SignedIn(), Status: http.StatusNoContent, Errors: errs(session.ErrAway),
		}),
		api.Post("/password/reset", h.requestReset, api.Op{
			ID: "requestPasswordReset", Summary: "Ask for a new password", Doc: "Sends a link to the address, if it has an account. The answer is the same if it has none.",
			Auth: api.PublicWrite("whoever asks has forgotten the password"), Limit: user.LimitReset, Status: http.StatusAccepted, Errors: errs(accounts.ErrTooOften, mail.ErrFull),
		}),
		api.Post("/password/reset/confirm", h.confirmReset, api.Op{
			ID: "confirmPasswordReset", Summary: "Choose a new password by a link", Doc: "Ends all sessions of the account. A link can be used once.",
			Auth: api.PublicWrite("whoever has the link has got the mail"), Limit: user.LimitLink, Concurrency: hashing, Status: http.StatusNoContent,
			Errors: errs(accounts.ErrLink, session.ErrAway),
		}),
	}
}

// Registration is the body of a request to become a user.
type Registration struct {
	Name     string `json:"name" minLength:"1" maxLength:"255"`
	Email    string `json:"email" maxLength:"254" format:"email"`
	Password string `json:"password" minLength:"10" maxLength:"128"`
}

// Credentials is the body of a request to sign in.
type Credentials struct {
	Email    string `json:"email" maxLength:"254" format:"email"`
	Password string `json:"password" minLength:"1" maxLength:"128"`
}

// Confirmation is the body of a request that proves the reading of a mail, and the registration that it is about.
type Confirmation struct {
	Token    string `json:"token" minLength:"1" maxLength:"100" doc:"What the mail says."`
	Password string `json:"password" minLength:"1" maxLength:"128" doc:"The one that was chosen at the registration."`
}

// Address is the body of a request for a new password.
type Address struct {
	Email string `json:"email" maxLength:"254" format:"email"`
}

// NewPassword is the body of a request that chooses a new password.
type NewPassword struct {
	Token    string `json:"token" minLength:"1" maxLength:"100" doc:"What the mail says."`
	Password string `json:"password" minLength:"10" maxLength:"128"`
}

const hidden = "[access]"

// Format prints nothing of what is in it, whatever the verb: logs and errors are no place for secrets. So it is below.
func (Registration) Format(f fmt.State, _ rune) { fmt.Fprint(f, hidden) }

// LogValue is Format for package slog.
func (Registration) LogValue() slog.Value { return slog.StringValue(hidden) }

// Format prints nothing of what is in it.
func (Credentials) Format(f fmt.State, _ rune) { fmt.Fprint(f, hidden) }

// LogValue is Format for package slog.
func (Credentials) LogValue() slog.Value { return slog.StringValue(hidden) }

// Format prints nothing of what is in it.
func (Confirmation) Format(f fmt.State, _ rune) { fmt.Fprint(f, hidden) }

// LogValue is Format for package slog.
func (Confirmation) LogValue() slog.Value { return slog.StringValue(hidden) }

// Format prints nothing of what is in it.
func (Address) Format(f fmt.State, _ rune) { fmt.Fprint(f, hidden) }

// LogValue is Format for package slog.
func (Address) LogValue() slog.Value { return slog.StringValue(hidden) }

// Format prints nothing of what is in it.
func (NewPassword) Format(f fmt.State, _ rune) { fmt.Fprint(f, hidden) }

// LogValue is Format for package slog.
func (NewPassword) LogValue() slog.Value { return slog.StringValue(hidden) }

type (
	register struct{ Body Registration }
	verify   struct{ Body Confirmation }
	signIn   struct{ Body Credentials }
	signOut  struct{}
	askReset struct{ Body Address }
	reset    struct{ Body NewPassword }
)

type accessHandler struct{ service *user.Service }

func (h accessHandler) register(ctx context.Context, in *register) (*api.Nothing, error) {
	return nil, h.service.Register(ctx, user.Draft(in.Body))
}

func (h accessHandler) verify(ctx context.Context, in *verify) (*api.Nothing, error) {
	_, err := h.service.Verify(ctx, in.Body.Token, in.Body.Password)
	return nil, err
}

func (h accessHandler) signIn(ctx context.Context, in *signIn) (*oneAccount, error) {
	a, err := h.service.SignIn(ctx, in.Body.Email, in.Body.Password)
	if err != nil {
		return nil, err
	}
	return presentOne(a), nil
}

func (h accessHandler) signOut(ctx context.Context, _ *signOut) (*api.Nothing, error) {
	return nil, h.service.SignOut(ctx)
}

func (h accessHandler) requestReset(ctx context.Context, in *askReset) (*api.Nothing, error) {
	return nil, h.service.RequestReset(ctx, in.Body.Email)
}

func (h accessHandler) confirmReset(ctx context.Context, in *reset) (*api.Nothing, error) {
	return nil, h.service.ConfirmReset(ctx, in.Body.Token, in.Body.Password)
}
