package keyring

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"sync"

	"github.com/banyan-go/banyan/platform/fault"
)

const (
	// TagSize is how many bytes Append adds: the id of the key and the code.
	TagSize = idSize + codeSize
	// codeSize is what is kept of an HMAC-SHA256: 128 bits, no fewer than half of it (RFC 2104, section 5).
	codeSize = 16
	// MaxText is the length of the longest text that OpenText looks at. It holds a message of 6,124 bytes.
	MaxText = 8192
)

// ErrForged is the error for a text that this ring has not signed for this purpose, or whose key has been taken away since. It does not
// say which.
var ErrForged = fault.New(fault.Malformed, "bad_token", "The token is damaged or no longer valid.")

// Signer signs messages for one purpose by HMAC-SHA256 (RFC 2104) and verifies them. It does not encrypt: everybody can read what it has
// signed. Nor does it know time: put an expiry into the message. It is safe for concurrent use.
type Signer struct {
	keys []*signKey // of the ring, in its order
}

type signKey struct {
	id     [idSize]byte
	states sync.Pool // of *state: keying an HMAC costs more than a short message
}

type state struct {
	mac hash.Hash
	sum [sha256.Size]byte
}

// Signer returns the signer of a purpose, "page cursor" for instance. Each purpose has keys of its own, derived by HKDF-SHA256 (RFC
// 5869) without salt, with "banyan/keyring/sign/v1/" and the purpose as its info: what was signed for one purpose does not verify for
// another. Deriving takes microseconds, so make a Signer at start and keep it. It panics when the purpose is empty.
func (r *Ring) Signer(purpose string) *Signer {
	if purpose == "" {
		panic("keyring: a signer needs a purpose")
	}
	s := &Signer{}
	for _, k := range r.keys {
		derived := k.derive(signLabel + purpose)
		sk := &signKey{id: k.id}
		sk.states.New = func() any { return &state{mac: hmac.New(sha256.New, derived)} }
		s.keys = append(s.keys, sk)
	}
	return s
}

// code calls use with the code of msg, which is valid until it returns.
func (k *signKey) code(msg []byte, use func(code []byte)) {
	st := k.states.Get().(*state)
	st.mac.Reset()
	st.mac.Write(msg)
	use(st.mac.Sum(st.sum[:0])[:codeSize])
	k.states.Put(st)
}

// Append appends the tag of msg, TagSize bytes, to dst and returns the result. Dst may be msg itself.
func (s *Signer) Append(dst, msg []byte) []byte {
	k := s.keys[0]
	k.code(msg, func(code []byte) {
		dst = append(dst, k.id[:]...)
		dst = append(dst, code...)
	})
	return dst
}

// Verify reports whether tag is the tag of msg by any key of the ring. Its time tells nothing about the right tag but its key.
func (s *Signer) Verify(msg, tag []byte) bool {
	if len(tag) != TagSize {
		return false
	}
	valid := false
	for _, k := range s.keys {
		if k.id == [idSize]byte(tag) {
			k.code(msg, func(code []byte) { valid = valid || hmac.Equal(code, tag[idSize:]) })
		}
	}
	return valid
}

// SignText returns msg with its tag as text for tokens that travel through clients: base64url without padding of the tag and then the
// message. The client can read the message. OpenText refuses a text that is longer than MaxText.
func (s *Signer) SignText(msg []byte) string {
	signed := make([]byte, 0, TagSize+len(msg))
	signed = s.Append(signed, msg)
	signed = append(signed, msg...)
	return base64.RawURLEncoding.EncodeToString(signed)
}

// OpenText returns the message of a text that SignText has made, with any key of the ring, and ErrForged for every other text. A
// message has one text per key: what OpenText accepts cannot be written in another way.
func (s *Signer) OpenText(text string) ([]byte, error) {
	if len(text) > MaxText {
		return nil, ErrForged
	}
	signed, err := decode(text)
	if err != nil || len(signed) < TagSize {
		return nil, ErrForged
	}
	tag, msg := signed[:TagSize], signed[TagSize:]
	if !s.Verify(msg, tag) {
		return nil, ErrForged
	}
	return msg, nil
}
