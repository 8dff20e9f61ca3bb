// Package keyring holds the secret keys of a process, from which every capability derives its own: cursors, sessions and tokens are
// signed by keys that have nothing in common but the ring.
//
// The first key of a ring signs. The others still verify, so a key is changed in three steps without anybody noticing: put the new key
// behind the old one and restart every process, then in front and restart, then take the old one away once nothing that it has signed
// is valid any more.
package keyring

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// KeySize is how many bytes a key has.
const KeySize = 32

// idSize is how many bytes name the key at the front of every value that it made. They are public, and may be the same for two keys.
const idSize = 4

// The labels under which ids and keys are derived. They are frozen: other ones make every signed value invalid.
const (
	idLabel   = "banyan/keyring/id/v1/"
	signLabel = "banyan/keyring/sign/v1/"
)

// makeOne ends the errors about keys: what to do.
const makeOne = `make one with the command "keys new"`

// Ring is the keys of a process. It is immutable and safe for concurrent use. Printing it shows no key.
type Ring struct {
	keys    []key
	warning string
}

type key struct {
	id [idSize]byte
	// derive returns the key of a purpose. It is a closure over the secret, since a closure is the one thing that package fmt never
	// looks into, whatever struct and verb a ring is printed with.
	derive func(info string) []byte
}

func newKey(secret []byte) key {
	var k key
	sum := sha256.Sum256(append([]byte(idLabel), secret...))
	copy(k.id[:], sum[:])
	k.derive = func(info string) []byte {
		derived, err := hkdf.Key(sha256.New, secret, nil, info, sha256.Size)
		if err != nil {
			panic("keyring: derive key: " + err.Error()) // for results above 255 x 32 bytes only
		}
		return derived
	}
	return k
}

// NewKey returns the text of a new key: 43 characters of base64url for 32 bytes from crypto/rand.
func NewKey() string {
	var secret [KeySize]byte
	_, _ = rand.Read(secret[:]) // it does not fail: it ends the process when the machine has no randomness
	return base64.RawURLEncoding.EncodeToString(secret[:])
}

// Parse reads a ring: keys as NewKey makes them, separated by commas, the one that signs first. White space around a key is ignored.
// It refuses a text without keys, text that is not a key, a key that stands twice, and one that was evidently not drawn at random. The
// error names the key by its place and never shows it.
func Parse(text string) (*Ring, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("there is no key: " + makeOne)
	}
	parts := strings.Split(text, ",")
	secrets := make([][]byte, len(parts))
	r := &Ring{}
	for i, part := range parts {
		secret, err := parseKey(strings.TrimSpace(part))
		if err != nil {
			return nil, fmt.Errorf("key %d of %d %w", i+1, len(parts), err)
		}
		if j := slices.IndexFunc(secrets[:i], func(other []byte) bool { return bytes.Equal(other, secret) }); j >= 0 {
			return nil, fmt.Errorf("key %d of %d is the same as key %d: remove one of them", i+1, len(parts), j+1)
		}
		secrets[i] = secret
		r.keys = append(r.keys, newKey(secret))
	}
	return r, nil
}

func parseKey(text string) (secret []byte, err error) {
	if text == "" {
		return nil, errors.New("is empty: remove a comma, or " + makeOne)
	}
	secret, err = decode(text)
	switch {
	case err != nil:
		return nil, errors.New("is not base64url without padding: " + makeOne)
	case len(secret) != KeySize:
		return nil, fmt.Errorf("has %d bytes, want %d: %s", len(secret), KeySize, makeOne)
	case weak(secret):
		return nil, errors.New("was not drawn at random: " + makeOne)
	default:
		return secret, nil
	}
}

// decode reads base64url without padding, of which each text has one form only: unlike package base64, no line breaks in between and
// no stray bits at the end.
func decode(text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, base64.CorruptInputError(strings.IndexAny(text, "\r\n"))
	}
	return base64.RawURLEncoding.Strict().DecodeString(text)
}

// weak reports whether a key was evidently not drawn at random: bytes that are all the same or count up, few different ones, or typed
// text. Each has odds below 1 in 10^12 for a random key.
func weak(secret []byte) bool {
	const fewest = 16 // of 256; a random key has about 30 different bytes
	different := map[byte]bool{}
	counting, printable := true, true
	for i, b := range secret {
		different[b] = true
		counting = counting && (i == 0 || b-secret[i-1] == secret[1]-secret[0])
		printable = printable && ' ' <= b && b <= '~'
	}
	return counting || printable || len(different) < fewest
}
