package keyring

import (
	"bytes"
	"encoding/hex"
	"testing"
)

// The vectors of the specification of XAES-256-GCM (C2SP): keys whose CMAC mask is doubled without and with a carry.
func TestXAES256GCM(t *testing.T) {
	t.Parallel()
	nonce := []byte("ABCDEFGHIJKLMNOPQRSTUVWX")
	for _, c := range []struct {
		key             byte
		context, sealed string
	}{
		{1, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"},
		{3, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"},
	} {
		k := newSealKey([idSize]byte{}, bytes.Repeat([]byte{c.key}, KeySize))
		got := k.aead(nonce).Seal(nil, nonce[12:], []byte("XAES-256-GCM"), []byte(c.context))
		if hex.EncodeToString(got) != c.sealed {
			t.Errorf("key %d: %x, want %s", c.key, got, c.sealed)
		}
	}
}
