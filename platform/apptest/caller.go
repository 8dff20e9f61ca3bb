package apptest

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/banyan-go/banyan/platform/session"
)

// As returns the application as a user who has signed in with these roles sees it: its requests carry the cookie of a session that has begun now, and
// the token that keeps other sites out. The user need not be one that any module knows. It fails the test for an application that At has returned:
// there somebody has to sign in by its API.
func (a *App) As(user string, roles ...string) *App {
	a.t.Helper()
	if a.app == nil {
		a.t.Fatal("nobody can be signed in to an application in another process but by its API")
	}
	sessions, slot := a.app.Platform().Sessions, &session.Slot{Device: "apptest"}
	ctx, cancel := context.WithTimeout(a.t.Context(), time.Minute) // as a request has a deadline
	defer cancel()
	begun, err := sessions.Begin(context.WithValue(ctx, session.SlotKey{}, slot), session.SignIn{User: user, Roles: roles})
	if err != nil {
		a.t.Fatal(err)
	}
	cookie, _, _ := strings.Cut(string(sessions.AppendCookie(nil, slot)), ";")
	return a.With("Cookie", cookie, "X-CSRF-Token", sessions.CSRF(begun))
}

// With returns the application as somebody sees it whose requests all carry these headers, pairs of name and value. The headers of a single request
// replace them.
func (a *App) With(headers ...string) *App {
	a.t.Helper()
	if len(headers)%2 != 0 {
		a.t.Fatal("a header without a value")
	}
	sub := *a
	sub.headers = slices.Concat(a.headers, headers)
	return &sub
}
