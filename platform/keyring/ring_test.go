package keyring_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/keyring"
)

// Two keys for tests: the SHA-256 of "golden key 1" and "golden key 2".
const (
	goldenOne = "B5kPUMpe39JQ7ENdIFC1CkYuz9xs09_IrewT1TIC1fc"
	goldenTwo = "uSqs_huOaQovPZyDsQQP4a3QdUTz8f9s0tz_g8Klyag"
)

func ring(t testing.TB, text string) *keyring.Ring {
	t.Helper()
	r, err := keyring.Parse(text)
	if err != nil {
		t.Fatalf("parse ring: %v", err)
	}
	return r
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func TestNewKeyIsAKey(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		k := keyring.NewKey()
		ring(t, k)
		if len(k) != 43 || seen[k] {
			t.Fatalf("a key of %d characters, seen before: %v", len(k), seen[k])
		}
		seen[k] = true
	}
}

func TestParseIgnoresSpaceAroundKeys(t *testing.T) {
	t.Parallel()
	want := ring(t, goldenOne+","+goldenTwo).Signer("test").SignText([]byte("x"))
	for _, text := range []string{" " + goldenOne + " , " + goldenTwo + "\n", goldenOne + ",\n" + goldenTwo + "\r\n"} {
		if got := ring(t, text).Signer("test").SignText([]byte("x")); got != want {
			t.Errorf("%q is another ring", text)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const makeOne = `make one with the command "keys new"`
	counting := make([]byte, 32)
	down := make([]byte, 32)
	for i := range counting {
		counting[i] = byte(i * 3)
		down[i] = byte(250 - i)
	}
	few := bytes.Repeat([]byte("\x00\x11\x22\x33\x44\x55\x66\x99\xa1\xb2\xc3\xd4\xe5\xf6\xff\x00"), 2)
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "there is no key: " + makeOne},
		{"space alone", " \n", "there is no key: " + makeOne},
		{"empty at the end", goldenOne + ",", "key 2 of 2 is empty: remove a comma, or " + makeOne},
		{"empty in front", "," + goldenOne, "key 1 of 2 is empty: remove a comma, or " + makeOne},
		{"short", encode([]byte("0123456789abcdef")), "key 1 of 1 has 16 bytes, want 32: " + makeOne},
		{"long", goldenOne + "AAAA", "key 1 of 1 has 35 bytes, want 32: " + makeOne},
		{"hexadecimal", strings.Repeat("9f", 32), "key 1 of 1 has 48 bytes, want 32: " + makeOne},
		{"padding", goldenOne + "=", "key 1 of 1 is not base64url without padding: " + makeOne},
		{"other alphabet", strings.ReplaceAll(goldenTwo, "_", "/"), "key 1 of 1 is not base64url without padding: " + makeOne},
		{"the second", goldenOne + ",secret!", "key 2 of 2 is not base64url without padding: " + makeOne},
		{"semicolon", goldenOne + ";" + goldenTwo, "key 1 of 1 is not base64url without padding: " + makeOne},
		{"line break inside", goldenOne[:20] + "\n" + goldenOne[20:], "key 1 of 1 is not base64url without padding: " + makeOne},
		{"stray bits", goldenOne[:42] + "d", "key 1 of 1 is not base64url without padding: " + makeOne},
		{"twice", goldenOne + "," + goldenTwo + "," + goldenOne, "key 3 of 3 is the same as key 1: remove one of them"},
		{"zeros", encode(make([]byte, 32)), "key 1 of 1 was not drawn at random: " + makeOne},
		{"one byte", encode(bytes.Repeat([]byte{0xa7}, 32)), "key 1 of 1 was not drawn at random: " + makeOne},
		{"counting", encode(counting), "key 1 of 1 was not drawn at random: " + makeOne},
		{"counting down", encode(down), "key 1 of 1 was not drawn at random: " + makeOne},
		{"few bytes", encode(few), "key 1 of 1 was not drawn at random: " + makeOne},
		{"typed", encode([]byte("Correct-Horse battery+staple9876")), "key 1 of 1 was not drawn at random: " + makeOne},
	} {
		r, err := keyring.Parse(c.text)
		if err == nil || err.Error() != c.want || r != nil {
			t.Errorf("%s: %v, want the error %s", c.name, err, c.want)
		}
	}
}

// Whatever prints a ring or a signer, by accident, prints no key: not as text, not in hexadecimal, not as numbers.
func TestPrintingShowsNoKey(t *testing.T) {
	t.Parallel()
	r := ring(t, goldenOne+","+goldenTwo)
	s := r.Signer("test")
	secret, _ := base64.RawURLEncoding.DecodeString(goldenTwo)
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&out, verb+verb+verb+verb+"\n", r, *r, s, *s)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "ring", r, "signer", s)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "ring", r, "signer", s)
	if b, err := json.Marshal(r); err == nil {
		out.Write(b)
	}
	text := strings.ToLower(out.String())
	for _, form := range []string{
		strings.ToLower(goldenTwo), string(secret[:8]), hex.EncodeToString(secret[:4]),
		strings.Trim(fmt.Sprint(secret[:4]), "[]"), strings.Trim(fmt.Sprintf("%#v", secret[:4]), "[]byte{}"),
	} {
		if strings.Contains(text, form) {
			t.Errorf("the key shows as %q in %s", form, out.String())
		}
	}
}

// Text of any kind makes a ring or an error that does not show it.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"", ",", goldenOne, goldenOne + "," + goldenTwo, goldenOne + "," + goldenOne, goldenOne + "=", strings.Repeat("A", 43), " " + goldenTwo + "\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := keyring.Parse(text)
		if err != nil {
			for part := range strings.SplitSeq(text, ",") {
				if part = strings.TrimSpace(part); len(part) > 16 && strings.Contains(err.Error(), part) {
					t.Fatalf("the error shows the text: %v", err)
				}
			}
			if r != nil {
				t.Fatal("an error and a ring")
			}
			return
		}
		s := r.Signer("fuzz")
		if msg, err := s.OpenText(s.SignText([]byte(text))); len(text) < 6000 && (err != nil || string(msg) != text) {
			t.Fatalf("the ring of %q does not read what it signed: %v", text, err)
		}
	})
}

func ExampleParse() {
	_, err := keyring.Parse("correct horse battery staple")
	fmt.Println(err)
	// Output: key 1 of 1 is not base64url without padding: make one with the command "keys new"
}

// A key is changed without a signature becoming invalid at once.
func ExampleRing_rotation() {
	before, _ := keyring.Parse(goldenOne)
	during, _ := keyring.Parse(goldenTwo + "," + goldenOne)
	after, _ := keyring.Parse(goldenTwo)
	old := before.Signer("invitation").SignText([]byte("alice"))
	for _, r := range []*keyring.Ring{during, after} {
		msg, err := r.Signer("invitation").OpenText(old)
		fmt.Printf("%q %v\n", msg, errors.Is(err, keyring.ErrForged))
	}
	// Output:
	// "alice" false
	// "" true
}
