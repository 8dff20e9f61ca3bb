// Package user holds the rules of users and their use cases: how somebody becomes a user, proves to be one, and stops being one.
package user

import (
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/banyan-go/banyan/modules/accounts"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/password"
	"github.com/banyan-go/banyan/platform/patch"
)

// RoleAdmin is the role that may give and take roles, and disable users.
const RoleAdmin = "admin"

// The rules of passwords: NIST SP 800-63B asks for a length and for nothing else, since rules about characters make people choose worse ones.
const (
	minPassword = 10
	maxPassword = 128
)

// maxRoles is how many roles a user has at most.
const maxRoles = 10

// Account is a user with what only this module knows.
type Account struct {
	accounts.User
	Roles    []string // sorted
	Disabled bool

	password password.Hash
}

// Draft is what a stranger decides who registers.
type Draft struct {
	Name     string
	Email    string
	Password string
}

// Change is what a caller changes about a user: the slots that are set.
type Change struct {
	Name patch.Change[string]
}

// Format prints nothing of what is in a draft, whatever the verb: logs and errors are no place for it.
func (Draft) Format(f fmt.State, _ rune) { fmt.Fprint(f, "draft of a user") }

// LogValue is Format for package slog.
func (Draft) LogValue() slog.Value { return slog.StringValue("draft of a user") }

// Format prints nothing of what is in a change, whatever the verb.
func (Change) Format(f fmt.State, _ rune) { fmt.Fprint(f, "change of a user") }

// LogValue is Format for package slog.
func (Change) LogValue() slog.Value { return slog.StringValue("change of a user") }

// begin returns a new user.
func begin(name, email string, now time.Time) (accounts.User, error) {
	user := accounts.User{ID: id.New(), Name: name, Email: normalize(email), Version: 1, CreatedAt: now, UpdatedAt: now}
	return user, check(user)
}

// apply returns an account with the change made.
func (a Account) apply(c Change, now time.Time) (Account, error) {
	c.Name.To(&a.Name)
	return a.touched(now), check(a.User)
}

// touched returns an account after a change.
func (a Account) touched(now time.Time) Account {
	a.Version++
	a.UpdatedAt = now
	return a
}

// normalize writes an address, of which there are several spellings, in one of them.
func normalize(email string) string { return strings.ToLower(email) }

// check holds the rules that every user obeys.
func check(user accounts.User) error {
	var c fault.Checks
	checkUser(&c, user)
	return c.Err()
}

func checkUser(c *fault.Checks, user accounts.User) {
	c.That(strings.TrimSpace(user.Name) != "", "/name", "required", "must not be empty")
	c.That(utf8.RuneCountInString(user.Name) <= 255, "/name", "max_length", "must be at most 255 characters long")
	c.That(user.Email != "", "/email", "required", "must not be empty")
	c.That(utf8.RuneCountInString(user.Email) <= 254, "/email", "max_length", "must be at most 254 characters long")
}

// check holds the rules of a registration.
func (d Draft) check() error {
	var c fault.Checks
	checkUser(&c, accounts.User{Name: d.Name, Email: d.Email})
	checkPassword(&c, d.Password)
	c.That(normalize(d.Password) != normalize(d.Email), "/password", "too_simple", "must not be the e-mail")
	return c.Err()
}

func checkPassword(c *fault.Checks, plain string) {
	n := utf8.RuneCountInString(plain)
	c.That(n >= minPassword, "/password", "min_length", fmt.Sprintf("must be at least %d characters long", minPassword))
	c.That(n <= maxPassword, "/password", "max_length", fmt.Sprintf("must be at most %d characters long", maxPassword))
}

// roles returns the roles in the form in which they are kept: sorted, each once.
func roles(names []string) ([]string, error) {
	var c fault.Checks
	word := regexp.MustCompile(`^[a-z][a-z0-9_-]{0,19}$`)
	for i, name := range names {
		c.That(word.MatchString(name), fmt.Sprintf("/roles/%d", i), "pattern", "must be 1 to 20 lower case letters, digits, _ or -")
	}
	sorted := slices.Compact(slices.Sorted(slices.Values(names)))
	c.That(len(sorted) <= maxRoles, "/roles", "max_items", fmt.Sprintf("must be at most %d", maxRoles))
	return sorted, c.Err()
}
