// Package token holds the rules of bearer tokens, by which programs act for a user, and their use cases.
package token

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
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
)

// Prefix begins every token, so that whoever looks for secrets in source code and logs finds them: banyan_pat_[A-Za-z0-9_-]{43}.
const Prefix = "banyan_pat_"

// The rules of tokens.
const (
	maxPerUser = 50
	maxDays    = 365
	maxScopes  = 20
)

// secretSize is how many bytes of a token nobody can guess.
const secretSize = 32

// Token is a token as its user sees it after it was made: without what it takes to use it.
type Token struct {
	ID        id.ID
	Name      string
	Scopes    []string // sorted; what its user may not have is not among what it is good for
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Draft is what a user decides about a new token.
type Draft struct {
	Name   string
	Scopes []string
	Days   int
}

// Secret is a token as programs send it. Printing it shows nothing of it.
type Secret string

const printed = "[token]"

// Format prints that there is one, whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, printed) }

// LogValue is what logs get.
func (Secret) LogValue() slog.Value { return slog.StringValue(printed) }

// newSecret returns a token that nobody can guess.
func newSecret() Secret {
	var b [secretSize]byte
	_, _ = rand.Read(b[:]) // it does not fail: it ends the process when the machine has no randomness
	return Secret(Prefix + base64.RawURLEncoding.EncodeToString(b[:]))
}

// hash is what is stored of a token, so that who reads the table cannot use it. It needs no salt: nobody guesses 256 bits.
func (s Secret) hash() string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// possible reports whether a text may be a token: what is not costs no question to the database.
func possible(text string) bool {
	secret, ok := strings.CutPrefix(text, Prefix)
	return ok && len(secret) == base64.RawURLEncoding.EncodedLen(secretSize)
}

// word is a side of a scope.
const word = `[a-z][a-z0-9_.-]{0,39}`

// Settings say what tokens may have.
type Settings struct {
	// Scopes are those that everybody's tokens may have: scopes, and entries with a star for a whole side, *:read or blog:*.
	Scopes []string
	// Admin is the role whose users' tokens may have every scope.
	Admin string
}

// Entry reports whether a text can stand among Settings.Scopes.
func Entry(text string) bool {
	return regexp.MustCompile(`^(` + word + `(:` + word + `)?|\*:` + word + `|` + word + `:\*)$`).MatchString(text)
}

// allow reports whether the tokens of a user with these roles may have a scope.
func (s Settings) allow(roles []string, scope string) bool {
	if slices.Contains(roles, s.Admin) {
		return true
	}
	module, name, both := strings.Cut(scope, ":")
	return slices.ContainsFunc(s.Scopes, func(entry string) bool {
		return entry == scope || both && (entry == "*:"+name || entry == module+":*")
	})
}

// checkScopes returns ErrScopeNotYours where a user with these roles asks for a scope that no token of theirs may have.
func (s Settings) checkScopes(roles, scopes []string) error {
	var fields []fault.Field
	for i, scope := range scopes {
		if !s.allow(roles, scope) {
			fields = append(fields, fault.Field{Pointer: fmt.Sprintf("/scopes/%d", i), Code: "not_yours", Detail: "is none that your tokens may have"})
		}
	}
	if len(fields) == 0 {
		return nil
	}
	may := strings.Join(s.Scopes, ", ")
	if may == "" {
		may = "none"
	}
	return accounts.ErrScopeNotYours.WithDetail(accounts.ErrScopeNotYours.Detail + " Scopes that yours may have: " + may + ".").WithFields(fields...)
}

// check holds the rules of a new token. Which scopes mean something is a matter of the routes that ask for them.
func (d Draft) check() error {
	var c fault.Checks
	c.That(strings.TrimSpace(d.Name) != "", "/name", "required", "must not be empty")
	c.That(utf8.RuneCountInString(d.Name) <= 100, "/name", "max_length", "must be at most 100 characters long")
	c.That(len(d.Scopes) > 0, "/scopes", "required", "must not be empty: without a scope a token is good for nothing")
	c.That(len(d.Scopes) <= maxScopes, "/scopes", "max_items", fmt.Sprintf("must be at most %d", maxScopes))
	scope := regexp.MustCompile(`^` + word + `(:` + word + `)?$`)
	for i, s := range d.Scopes {
		c.That(scope.MatchString(s), fmt.Sprintf("/scopes/%d", i), "pattern", "must be lower case words, blog:write for instance")
	}
	c.That(d.Days >= 1 && d.Days <= maxDays, "/expires_in_days", "range", fmt.Sprintf("must be 1 to %d", maxDays))
	return c.Err()
}

// scopes returns the scopes sorted, each once.
func (d Draft) scopes() []string { return slices.Compact(slices.Sorted(slices.Values(d.Scopes))) }
