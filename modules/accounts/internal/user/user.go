// Package user holds the rules of users and their use cases.
package user

import (
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/banyan-go/banyan/modules/accounts"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/patch"
)

// Draft is what a caller decides about a new user.
type Draft struct {
	Name  string
	Email string
}

// Change is what a caller changes about a user: the slots that are set.
type Change struct {
	Name  patch.Change[string]
	Email patch.Change[string]
}

// Format prints nothing of what is in a draft, whatever the verb: logs and errors are no place for it.
func (Draft) Format(f fmt.State, _ rune) { fmt.Fprint(f, "draft of a user") }

// LogValue is Format for package slog.
func (Draft) LogValue() slog.Value { return slog.StringValue("draft of a user") }

// Format prints nothing of what is in a change, whatever the verb.
func (Change) Format(f fmt.State, _ rune) { fmt.Fprint(f, "change of a user") }

// LogValue is Format for package slog.
func (Change) LogValue() slog.Value { return slog.StringValue("change of a user") }

// begin turns a draft into a user.
func begin(d Draft, now time.Time) (accounts.User, error) {
	user := accounts.User{
		ID:        id.New(),
		Name:      d.Name,
		Email:     d.Email,
		Version:   1,
		CreatedAt: now,
		UpdatedAt: now,
	}
	normalize(&user)
	return user, check(user)
}

// apply returns a user with the change made.
func apply(user accounts.User, c Change, now time.Time) (accounts.User, error) {
	c.Name.To(&user.Name)
	c.Email.To(&user.Email)
	user.Version++
	user.UpdatedAt = now
	normalize(&user)
	return user, check(user)
}

// normalize writes values that have several spellings in one of them.
func normalize(user *accounts.User) {
	user.Email = strings.ToLower(user.Email)
}

// check holds the rules that every user obeys.
func check(user accounts.User) error {
	var c fault.Checks
	c.That(user.Name != "", "/name", "required", "must not be empty")
	c.That(utf8.RuneCountInString(user.Name) <= 255, "/name", "max_length", "must be at most 255 characters long")
	c.That(user.Email != "", "/email", "required", "must not be empty")
	c.That(utf8.RuneCountInString(user.Email) <= 254, "/email", "max_length", "must be at most 254 characters long")
	return c.Err()
}
