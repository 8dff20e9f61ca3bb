//go:build !race

// The race detector empties pools at random, so allocations can be counted only without it.

package keyring_test

import (
	"testing"

	"github.com/banyan-go/banyan/platform/keyring"
)

func TestSigningDoesNotAllocate(t *testing.T) {
	s := ring(t, goldenOne).Signer("test")
	msg, dst := []byte("a message of some length"), make([]byte, 0, keyring.TagSize)
	dst = s.Append(dst[:0], msg)
	n := testing.AllocsPerRun(1000, func() {
		dst = s.Append(dst[:0], msg)
		if !s.Verify(msg, dst) {
			t.Error("the tag does not verify")
		}
	})
	if n >= 1 {
		t.Errorf("Append and Verify allocate %v times", n)
	}
}
