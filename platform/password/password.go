// Package password hashes passwords by Argon2id (RFC 9106) and verifies them.
//
// Hashing takes memory and time on purpose. A Hasher bounds how much of both a process spends: at most one hash for each CPU is in work, the
// others wait. Make one for a process, and never hash inside a transaction, which would hold its connection for as long.
package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"runtime"

	"golang.org/x/crypto/argon2"
)

// The parameters of new hashes: the first choice of the OWASP Password Storage Cheat Sheet with one lane. A hash carries its own, so other ones
// can follow.
const (
	memory  = 19 * 1024 // KiB
	passes  = 2
	lanes   = 1
	keySize = 32
	// saltSize is the recommendation of RFC 9106, section 3.1.
	saltSize = 16
)

// The most that a hash may ask for: whoever can write one into a table does not stop the process by it.
const (
	maxMemory = 256 * 1024 // KiB
	maxPasses = 16
	maxLanes  = 16
)

// MaxBytes is the size of the longest password: 128 code points of four bytes.
const MaxBytes = 512

var (
	errTooLong = fmt.Errorf("the password has more than %d bytes", MaxBytes)
	errFormat  = errors.New("the stored value is not the hash of a password: want $argon2id$v=19$m=..,t=..,p=..$salt$hash within the limits")
)

// Hash is the hash of a password as a PHC string, $argon2id$v=19$m=19456,t=2,p=1$salt$hash. Printing it shows nothing of it.
type Hash string

const printed = "[password]"

// Format prints that there is one, whatever the verb.
func (Hash) Format(f fmt.State, _ rune) { fmt.Fprint(f, printed) }

// LogValue is what logs get.
func (Hash) LogValue() slog.Value { return slog.StringValue(printed) }

// MarshalText keeps other encoders from writing it.
func (Hash) MarshalText() ([]byte, error) { return []byte(printed), nil }

// Hasher hashes and verifies. It is safe for concurrent use.
type Hasher struct {
	places chan struct{} // holds an element for each hash that is in work
}

// New returns a hasher that works on as many hashes at a time as Go uses CPUs. Each takes 19 MiB meanwhile.
func New() *Hasher { return &Hasher{places: make(chan struct{}, runtime.GOMAXPROCS(0))} }

// Random returns a password that nobody knows: 43 characters of base64url for 32 bytes from crypto/rand.
func Random() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // it does not fail: it ends the process when the machine has no randomness
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Hash returns the hash of a password with a new salt. The errors are that of ctx, which ends the waiting for a CPU, and one for a password of
// more than MaxBytes; rules refuse that one before.
func (h *Hasher) Hash(ctx context.Context, plain string) (Hash, error) {
	if len(plain) > MaxBytes {
		return "", errTooLong
	}
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // see Random
	p := phc{memory: memory, passes: passes, lanes: lanes, salt: salt}
	var err error
	if p.key, err = h.key(ctx, plain, p, keySize); err != nil {
		return "", err
	}
	return p.hash(), nil
}

// Verify reports whether plain is the password of a hash. Its time tells nothing about how far they agree. The errors are that of ctx, and one
// for a value that is no hash.
func (h *Hasher) Verify(ctx context.Context, hash Hash, plain string) (bool, error) {
	p, ok := parse(string(hash))
	if !ok {
		return false, errFormat
	}
	if len(plain) > MaxBytes {
		return false, nil
	}
	key, err := h.key(ctx, plain, p, len(p.key))
	return err == nil && subtle.ConstantTimeCompare(key, p.key) == 1, err
}

// Decoy does the work of Verify for a hash that is not there, so that the time of an answer does not tell whether there is a user. The error is that
// of ctx.
func (h *Hasher) Decoy(ctx context.Context, plain string) error {
	if len(plain) > MaxBytes {
		return nil
	}
	_, err := h.key(ctx, plain, phc{memory: memory, passes: passes, lanes: lanes, salt: make([]byte, saltSize)}, keySize)
	return err
}

// key waits for its turn and works.
func (h *Hasher) key(ctx context.Context, plain string, p phc, size int) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("hash password: %w", err)
	}
	select {
	case h.places <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to hash a password: %w", ctx.Err())
	}
	defer func() { <-h.places }()
	return argon2.IDKey([]byte(plain), p.salt, p.passes, p.memory, p.lanes, uint32(size)), nil
}

// phc is what a hash says of itself.
type phc struct {
	memory, passes uint32
	lanes          uint8
	salt, key      []byte
}

const form = "$argon2id$v=19$m=%d,t=%d,p=%d$%s"

func (p phc) hash() Hash {
	b64 := base64.RawStdEncoding
	return Hash(fmt.Sprintf(form, p.memory, p.passes, p.lanes, b64.EncodeToString(p.salt)+"$"+b64.EncodeToString(p.key)))
}

// parse reads a hash. Each has one form only: what it is written as again.
func parse(s string) (p phc, ok bool) {
	var rest string
	if n, err := fmt.Sscanf(s, form, &p.memory, &p.passes, &p.lanes, &rest); err != nil || n != 4 {
		return phc{}, false
	}
	for i := range rest {
		if rest[i] != '$' {
			continue
		}
		var saltErr, keyErr error
		p.salt, saltErr = base64.RawStdEncoding.DecodeString(rest[:i])
		p.key, keyErr = base64.RawStdEncoding.DecodeString(rest[i+1:])
		return p, saltErr == nil && keyErr == nil && p.bounded() && string(p.hash()) == s
	}
	return phc{}, false
}

func (p phc) bounded() bool {
	return p.memory >= 8*uint32(p.lanes) && p.memory <= maxMemory && p.passes >= 1 && p.passes <= maxPasses && p.lanes >= 1 && p.lanes <= maxLanes &&
		len(p.salt) >= 8 && len(p.salt) <= 64 && len(p.key) >= 16 && len(p.key) <= 64
}
