package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
)

const (
	sealLabel = "banyan/keyring/seal/v1/"
	// nonceSize is that of XAES-256-GCM: drawn at random, 2^80 values have a chance of 1 in 2^32 to share one.
	nonceSize = 24
	// SealSize is how many bytes a value grows by: the id of the key, the nonce and the code.
	SealSize = idSize + nonceSize + 16
)

var (
	// ErrSealed is the error for bytes that no key of the ring opens for this purpose and context. It does not say which of them is wrong.
	ErrSealed = errors.New("the value cannot be opened: it is damaged, belongs elsewhere, or its key has been taken out of the ring")
	// ErrNoKeys is the error of a Sealer that was made of no ring: the process was started without keys.
	ErrNoKeys = errors.New("there are no keys: set APP_KEYS, or APP_KEYS_FILE to a file that holds them; " + makeOne)
)

// Sealed is a value that a Sealer has encrypted. Printing it shows no byte of it.
type Sealed []byte

const printed = "[sealed]"

// Format prints that there is something, whatever the verb.
func (Sealed) Format(f fmt.State, _ rune) { fmt.Fprint(f, printed) }

// LogValue is what logs get.
func (Sealed) LogValue() slog.Value { return slog.StringValue(printed) }

// MarshalText keeps other encoders from writing it.
func (Sealed) MarshalText() ([]byte, error) { return []byte(printed), nil }

// Sealer encrypts values for one purpose by XAES-256-GCM (C2SP) and opens them again. It is safe for concurrent use.
type Sealer struct {
	keys []sealKey // of the ring, in its order
}

type sealKey struct {
	id    [idSize]byte
	block cipher.Block
	mask  [aes.BlockSize]byte // K1 of CMAC (NIST SP 800-38B, section 6.1)
}

// Sealer returns the sealer of a purpose, the name of a column for instance. Each purpose has keys of its own, derived as those of Signer are,
// under another label: what was sealed for one does not open for another. A nil ring gives a Sealer that returns ErrNoKeys, so that what only
// describes an application needs no keys. It panics when the purpose is empty.
func (r *Ring) Sealer(purpose string) *Sealer {
	if purpose == "" {
		panic("keyring: a sealer needs a purpose")
	}
	s := &Sealer{}
	if r == nil {
		return s
	}
	for _, k := range r.keys {
		s.keys = append(s.keys, newSealKey(k.id, k.derive(sealLabel+purpose)))
	}
	return s
}

func newSealKey(id [idSize]byte, secret []byte) sealKey {
	k := sealKey{id: id}
	var err error
	if k.block, err = aes.NewCipher(secret); err != nil {
		panic("keyring: " + err.Error()) // for another size of the key only
	}
	k.block.Encrypt(k.mask[:], k.mask[:])
	var carry byte
	for i := len(k.mask) - 1; i >= 0; i-- { // doubling in GF(2^128)
		k.mask[i], carry = k.mask[i]<<1|carry, k.mask[i]>>7
	}
	k.mask[len(k.mask)-1] ^= carry * 0x87
	return k
}

// aead returns the AES-256-GCM of a nonce's first half, whose key is derived from it.
func (k *sealKey) aead(nonce []byte) cipher.AEAD {
	derived := make([]byte, 2*aes.BlockSize)
	for i := range 2 {
		block := derived[i*aes.BlockSize:][:aes.BlockSize]
		block[1], block[2] = byte(i+1), 'X'
		copy(block[4:], nonce[:12])
		for j := range block {
			block[j] ^= k.mask[j]
		}
		k.block.Encrypt(block, block)
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		panic("keyring: " + err.Error()) // for another size of the key only
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic("keyring: " + err.Error()) // for another size of the block only
	}
	return gcm
}

// Seal encrypts a value with the first key of the ring. Only who gives the same context, the id of a row for instance, can open it. The error
// is ErrNoKeys.
func (s *Sealer) Seal(value, context []byte) (Sealed, error) {
	if len(s.keys) == 0 {
		return nil, ErrNoKeys
	}
	k := &s.keys[0]
	sealed := make([]byte, idSize+nonceSize, SealSize+len(value))
	copy(sealed, k.id[:])
	nonce := sealed[idSize:]
	_, _ = rand.Read(nonce) // it does not fail: it ends the process when the machine has no randomness
	return k.aead(nonce).Seal(sealed, nonce[12:], value, context), nil
}

// Open returns the value that was sealed, with any key of the ring. The errors are ErrSealed and ErrNoKeys.
func (s *Sealer) Open(sealed Sealed, context []byte) ([]byte, error) {
	if len(s.keys) == 0 {
		return nil, ErrNoKeys
	}
	if len(sealed) < SealSize {
		return nil, ErrSealed
	}
	nonce, text := sealed[idSize:idSize+nonceSize], sealed[idSize+nonceSize:]
	for i := range s.keys {
		k := &s.keys[i]
		if k.id != [idSize]byte(sealed) {
			continue
		}
		if value, err := k.aead(nonce).Open(nil, nonce[12:], text, context); err == nil {
			return value, nil
		}
	}
	return nil, ErrSealed
}
