package user

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// newLink returns the secret of a link: 43 characters of base64url for 32 bytes from crypto/rand.
func newLink() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // it does not fail: it ends the process when the machine has no randomness
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// hash is what is stored of such a secret, so that who reads the table cannot use it. It needs no salt: nobody guesses 256 bits.
func hash(link string) string {
	sum := sha256.Sum256([]byte(link))
	return hex.EncodeToString(sum[:])
}
