package keyring_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/keyring"
)

// Frozen: a changed line here means that every session and cursor that is out there becomes invalid. The tags were computed by another
// program, from RFC 2104 and RFC 5869.
func TestGoldenTags(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ key, purpose, msg, tag, text string }{
		{goldenOne, "page cursor", "", "b11bb4952224a563ff5f5aef65bd3605d8840254", "sRu0lSIkpWP_X1rvZb02BdiEAlQ"},
		{goldenOne, "page cursor", "hello", "b11bb49592a85ed638e65e2aac17b93df781babb", "sRu0lZKoXtY45l4qrBe5PfeBurtoZWxsbw"},
		{goldenOne, "session", "hello", "b11bb495e16a03c5703d5473a60e28ac3c24c67a", "sRu0leFqA8VwPVRzpg4orDwkxnpoZWxsbw"},
		{goldenTwo, "page cursor", "", "cf010595c2a4f74576b4f3ce5f0533b852934d29", "zwEFlcKk90V2tPPOXwUzuFKTTSk"},
		{goldenTwo, "session", "hello", "cf010595813b3e0ce84a2786ec2419974e0bc779", "zwEFlYE7PgzoSieG7CQZl04Lx3loZWxsbw"},
	} {
		s := ring(t, c.key).Signer(c.purpose)
		if got := hex.EncodeToString(s.Append(nil, []byte(c.msg))); got != c.tag {
			t.Errorf("%s, %q: tag %s, want %s", c.purpose, c.msg, got, c.tag)
		}
		if got := s.SignText([]byte(c.msg)); got != c.text {
			t.Errorf("%s, %q: text %s, want %s", c.purpose, c.msg, got, c.text)
		}
	}
}

func TestAppend(t *testing.T) {
	t.Parallel()
	s := ring(t, goldenOne).Signer("test")
	msg := []byte("message")
	tag := s.Append(nil, msg)
	if len(tag) != keyring.TagSize || !s.Verify(msg, tag) {
		t.Fatalf("a tag of %d bytes that verifies: %v", len(tag), s.Verify(msg, tag))
	}
	if got := s.Append([]byte("head"), msg); string(got) != "head"+string(tag) {
		t.Errorf("behind a head: %x", got)
	}
	room := append(make([]byte, 0, 64), msg...)
	if got := s.Append(room, room); string(got) != "message"+string(tag) {
		t.Errorf("behind the message itself: %x", got)
	}
	if !bytes.Equal(s.Append(nil, msg), tag) {
		t.Error("a second tag of the same message differs")
	}
}

// Every flipped bit of a tag or message, and every other length, is found.
func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	s := ring(t, goldenOne+","+goldenTwo).Signer("test")
	msg := []byte("user=42")
	tag := s.Append(nil, msg)
	flip := func(b []byte, bit int) []byte {
		b = bytes.Clone(b)
		b[bit/8] ^= 1 << (bit % 8)
		return b
	}
	for bit := range len(tag) * 8 {
		if s.Verify(msg, flip(tag, bit)) {
			t.Errorf("bit %d of the tag does not count", bit)
		}
	}
	for bit := range len(msg) * 8 {
		if s.Verify(flip(msg, bit), tag) {
			t.Errorf("bit %d of the message does not count", bit)
		}
	}
	for _, c := range []struct {
		name     string
		msg, tag []byte
	}{
		{"no tag", msg, nil},
		{"key id alone", msg, tag[:4]},
		{"cut tag", msg, tag[:keyring.TagSize-1]},
		{"longer tag", msg, append(bytes.Clone(tag), 0)},
		{"zeros", msg, make([]byte, keyring.TagSize)},
		{"longer message", append(bytes.Clone(msg), 0), tag},
		{"no message", nil, tag},
		// The id of the second key before the code of the first one.
		{"other key's id", msg, append(ring(t, goldenTwo).Signer("test").Append(nil, msg)[:4], tag[4:]...)},
		{"other purpose", msg, ring(t, goldenOne).Signer("tests").Append(nil, msg)},
		{"other ring", msg, ring(t, keyring.NewKey()).Signer("test").Append(nil, msg)},
	} {
		if s.Verify(c.msg, c.tag) {
			t.Errorf("%s verifies", c.name)
		}
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	msg := []byte("message")
	one, two := ring(t, goldenOne).Signer("test"), ring(t, goldenTwo).Signer("test")
	both, turned := ring(t, goldenOne+","+goldenTwo).Signer("test"), ring(t, goldenTwo+","+goldenOne).Signer("test")
	for _, s := range []*keyring.Signer{both, turned} {
		for _, by := range []*keyring.Signer{one, two, both, turned} {
			if !s.Verify(msg, by.Append(nil, msg)) {
				t.Error("a key of the ring does not verify")
			}
		}
	}
	if !bytes.Equal(both.Append(nil, msg), one.Append(nil, msg)) || !bytes.Equal(turned.Append(nil, msg), two.Append(nil, msg)) {
		t.Error("it is not the first key that signs")
	}
	if one.Verify(msg, two.Append(nil, msg)) {
		t.Error("a key that is not in the ring verifies")
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	s := ring(t, goldenOne).Signer("test")
	for _, msg := range []string{"", "x", "hello", "\x00\xff", strings.Repeat("long", 1500)} {
		text := s.SignText([]byte(msg))
		if strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Errorf("%q is not base64url", text)
		}
		if got, err := s.OpenText(text); err != nil || string(got) != msg {
			t.Errorf("%q comes back as %q, %v", msg, got, err)
		}
	}
}

func TestLongestText(t *testing.T) {
	t.Parallel()
	s := ring(t, goldenOne).Signer("test")
	longest := s.SignText(make([]byte, 6124))
	if len(longest) != keyring.MaxText {
		t.Errorf("the longest message has a text of %d characters, want %d", len(longest), keyring.MaxText)
	}
	if _, err := s.OpenText(longest); err != nil {
		t.Errorf("the longest text: %v", err)
	}
	if _, err := s.OpenText(s.SignText(make([]byte, 6125))); err != error(keyring.ErrForged) {
		t.Errorf("a longer text: %v, want ErrForged", err)
	}
}

func TestOpenTextRefuses(t *testing.T) {
	t.Parallel()
	s := ring(t, goldenOne).Signer("test")
	text := s.SignText([]byte("hello")) // 25 bytes: its last character holds two bits that mean nothing
	for name, bad := range map[string]string{
		"empty":           "",
		"cut":             text[:len(text)-1],
		"shorter than id": "AAAA",
		"tag cut":         encode(make([]byte, keyring.TagSize-1)),
		"zeros":           encode(make([]byte, keyring.TagSize)),
		"padding":         text + "==",
		"line break":      text + "\n",
		"break inside":    text[:8] + "\r\n" + text[8:],
		"space":           text + " ",
		"stray bits":      text[:len(text)-1] + "x",
		"other alphabet":  strings.NewReplacer("-", "+", "_", "/").Replace(text) + "+",
		"longer":          text + "AAAA",
		"other purpose":   ring(t, goldenOne).Signer("other").SignText([]byte("hello")),
		"other ring":      ring(t, goldenTwo).Signer("test").SignText([]byte("hello")),
		"1 MiB":           strings.Repeat("A", 1<<20),
	} {
		// The sentinel itself and no copy: the error does not say what was wrong.
		if msg, err := s.OpenText(bad); err != error(keyring.ErrForged) || msg != nil {
			t.Errorf("%s: %q, %v, want ErrForged", name, msg, err)
		}
	}
	if text[len(text)-1] != 'w' {
		t.Errorf("the text ends in %c: the case of stray bits tests nothing", text[len(text)-1])
	}
	if fault.KindOf(keyring.ErrForged) != fault.Malformed {
		t.Errorf("ErrForged is of kind %v", fault.KindOf(keyring.ErrForged))
	}
}

func TestSignerNeedsAPurpose(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a signer without a purpose")
		}
	}()
	ring(t, goldenOne).Signer("")
}

func TestSignerIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	s := ring(t, goldenOne+","+goldenTwo).Signer("test")
	old := ring(t, goldenTwo).Signer("test")
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(worker), 1))
			for i := range 500 {
				msg := bytes.Repeat([]byte{byte(r.Uint32())}, r.IntN(300))
				by := s
				if i%2 == 0 {
					by = old
				}
				if got, err := s.OpenText(by.SignText(msg)); err != nil || !bytes.Equal(got, msg) {
					t.Errorf("worker %d: %q, %v", worker, got, err)
					return
				}
			}
		})
	}
	all.Wait()
}

// No text but one that was signed opens, and what opens has this one text.
func FuzzOpenText(f *testing.F) {
	s := ring(f, goldenOne+","+goldenTwo).Signer("fuzz")
	old := ring(f, goldenTwo).Signer("fuzz")
	for _, msg := range []string{"", "x", "hello", "\x00\xff"} {
		f.Add(s.SignText([]byte(msg)))
		f.Add(old.SignText([]byte(msg)))
		f.Add(s.SignText([]byte(msg)) + "\n")
	}
	f.Add("")
	f.Add("====")
	f.Fuzz(func(t *testing.T, text string) {
		msg, err := s.OpenText(text)
		if err != nil {
			if !errors.Is(err, keyring.ErrForged) || msg != nil {
				t.Fatalf("OpenText(%q) = %q, %v", text, msg, err)
			}
			return
		}
		if text != s.SignText(msg) && text != old.SignText(msg) {
			t.Fatalf("OpenText(%q) = %q, which has another text", text, msg)
		}
		if raw, err := base64.RawURLEncoding.DecodeString(text); err != nil || !s.Verify(raw[keyring.TagSize:], raw[:keyring.TagSize]) {
			t.Fatalf("OpenText(%q) and Verify disagree", text)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	b.ReportAllocs()
	s := ring(b, goldenOne).Signer("bench")
	msg, dst := make([]byte, 48), make([]byte, 0, keyring.TagSize)
	for b.Loop() {
		dst = s.Append(dst[:0], msg)
	}
}

func BenchmarkAppendParallel(b *testing.B) {
	b.ReportAllocs()
	s := ring(b, goldenOne).Signer("bench")
	b.RunParallel(func(p *testing.PB) {
		msg, dst := make([]byte, 48), make([]byte, 0, keyring.TagSize)
		for p.Next() {
			dst = s.Append(dst[:0], msg)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	b.ReportAllocs()
	s := ring(b, goldenOne+","+goldenTwo).Signer("bench")
	msg := make([]byte, 48)
	tag := s.Append(nil, msg)
	for b.Loop() {
		s.Verify(msg, tag)
	}
}

func BenchmarkOpenText(b *testing.B) {
	b.ReportAllocs()
	s := ring(b, goldenOne).Signer("bench")
	text := s.SignText(make([]byte, 48))
	for b.Loop() {
		_, _ = s.OpenText(text)
	}
}

func BenchmarkSignText(b *testing.B) {
	b.ReportAllocs()
	s := ring(b, goldenOne).Signer("bench")
	msg := make([]byte, 48)
	for b.Loop() {
		_ = s.SignText(msg)
	}
}

func BenchmarkDeriveSigner(b *testing.B) {
	r := ring(b, goldenOne)
	for b.Loop() {
		_ = r.Signer("bench")
	}
}

func ExampleSigner_SignText() {
	keys, err := keyring.Parse(keyring.NewKey())
	if err != nil {
		fmt.Println(err)
		return
	}
	invitations := keys.Signer("invitation")
	text := invitations.SignText([]byte("alice@example.com"))

	msg, err := invitations.OpenText(text)
	fmt.Println(string(msg), err)
	_, err = keys.Signer("password reset").OpenText(text)
	fmt.Println(err)
	// Output:
	// alice@example.com <nil>
	// bad_token: The token is damaged or no longer valid.
}
