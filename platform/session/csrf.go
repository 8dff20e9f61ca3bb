package session

import (
	"encoding/base64"

	"github.com/banyan-go/banyan/platform/keyring"
)

// csrfPurpose is that of the keys. It is frozen: another one makes every token invalid that a page carries.
const csrfPurpose = "session csrf"

// CSRF returns the token that a page of this session sends back with whatever changes something: 27 characters of base64url, made from the id of
// the session by the key ring. Another site cannot know it. It changes at Renew.
func (s *Sessions) CSRF(sess *Session) string {
	return base64.RawURLEncoding.EncodeToString(s.csrf.Append(nil, sess.ID[:]))
}

// CheckCSRF reports whether token is the one of this session, by any key of the ring. Its time tells nothing about the right one.
func (s *Sessions) CheckCSRF(sess *Session, token string) bool {
	if sess == nil || len(token) != base64.RawURLEncoding.EncodedLen(keyring.TagSize) {
		return false
	}
	tag, err := base64.RawURLEncoding.Strict().DecodeString(token)
	return err == nil && s.csrf.Verify(sess.ID[:], tag)
}
