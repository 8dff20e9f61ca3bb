package session

import (
	"crypto/rand"
	"encoding/base64"

	"github.com/banyan-go/banyan/platform/session/driver"
)

// tokenSize is how many random bytes a token has, and tokenLength how long its text is.
const (
	tokenSize   = 32
	tokenLength = 43
)

// newToken draws a token and returns its text and its id.
func newToken() (string, driver.ID) {
	var token [tokenSize]byte
	_, _ = rand.Read(token[:]) // it does not fail: it ends the process when the machine has no randomness
	return tokens.EncodeToString(token[:]), driver.IDOf(token[:])
}

// tokens is how a token is written: the last character has no bits that mean nothing.
var tokens = base64.RawURLEncoding.Strict() //nolint:gochecknoglobals // a constant; Strict copies the whole table

// parseToken returns the id of a token. What newToken cannot have written is none: there is one text for each token.
func parseToken(text []byte) (driver.ID, bool) {
	if len(text) != tokenLength {
		return driver.ID{}, false
	}
	// One byte more than a token, since line breaks, which the decoder ignores, make it shorter.
	var token [tokenSize]byte
	n, err := tokens.Decode(token[:], text)
	if err != nil || n != tokenSize {
		return driver.ID{}, false
	}
	return driver.IDOf(token[:]), true
}
