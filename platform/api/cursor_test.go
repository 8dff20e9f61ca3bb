package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/keyring"
	"github.com/banyan-go/banyan/platform/page"
)

// keyed returns an API whose keys are made of a word: an input of the fuzzer has to do the same again.
func keyed(tb testing.TB, word string) *API {
	tb.Helper()
	secret := sha256.Sum256([]byte(word))
	keys, err := keyring.Parse(base64.RawURLEncoding.EncodeToString(secret[:]))
	if err != nil {
		tb.Fatal(err)
	}
	return New(Limits{}, keys, slog.New(slog.DiscardHandler))
}

// scope returns the scope of a request by subject for a target.
func scope(subject, target string) [scopeSize]byte {
	fctx := &fasthttp.RequestCtx{}
	fctx.Request.SetRequestURI(target)
	return cursorScope(context.WithValue(context.Background(), CallerKey{}, Caller{Subject: subject}), fctx)
}

func TestCursorIsOfOneListAndOneCaller(t *testing.T) {
	t.Parallel()
	a := keyed(t, "one")
	mine := scope("ann", "/api/v1/shop/orders/7/items?limit=2")
	token := a.signCursor(mine, []byte("the place"))
	for _, c := range []struct {
		name  string
		api   *API
		scope [scopeSize]byte
		opens bool
	}{
		{"the same list", a, mine, true},
		{"the next page of it", a, scope("ann", "/api/v1/shop/orders/7/items?limit=5&after=x"), true},
		{"the list of another parent", a, scope("ann", "/api/v1/shop/orders/8/items"), false},
		{"another list", a, scope("ann", "/api/v1/shop/orders"), false},
		{"another caller", a, scope("bob", "/api/v1/shop/orders/7/items"), false},
		{"an anonymous caller", a, scope("", "/api/v1/shop/orders/7/items"), false},
		{"a caller whose name ends the path", a, scope("", "/api/v1/shop/orders/7/items\x00ann"), false},
		{"another application", keyed(t, "two"), mine, false},
	} {
		place, err := c.api.openCursor(c.scope, token)
		if c.opens && (err != nil || string(place) != "the place") {
			t.Errorf("%s: %q, %v", c.name, place, err)
		}
		if !c.opens && (!errors.Is(err, page.ErrCursor) || place != nil) {
			t.Errorf("%s: %q, %v", c.name, place, err)
		}
	}
	// A signature for something else is none for a cursor.
	other := keyring.NewKey()
	ring, err := keyring.Parse(other)
	if err != nil {
		t.Fatal(err)
	}
	b := New(Limits{}, ring, slog.New(slog.DiscardHandler))
	stranger := ring.Signer("session").SignText(append(mine[:], "the place"...))
	if place, err := b.openCursor(mine, stranger); !errors.Is(err, page.ErrCursor) {
		t.Errorf("signed for another purpose: %q, %v", place, err)
	}
}

// FuzzCursor opens what a stranger sends: nothing opens but what this API has signed, letter for letter and in its own scope.
func FuzzCursor(f *testing.F) {
	a := keyed(f, "the key of this target")
	mine, theirs := scope("ann", "/api/v1/shop/orders"), scope("bob", "/api/v1/shop/orders")
	for _, place := range []string{"", "x", "\x01\xc0\x31\xb8\x29\xdd\xd8\x45\x8b\x00\x01\x97\x7f\x2e\x8c\x00\x7a\xbc\x8d\xef\x01\x23\x45\x67\x89\xab-7"} {
		token := a.signCursor(mine, []byte(place))
		f.Add(token, []byte(place), uint16(0), byte(0))
		f.Add(token[:len(token)/2], []byte(place), uint16(3), byte(1))
		f.Add(token+"=", []byte(place), uint16(len(token)-1), byte(0x20))
		f.Add(a.signCursor(theirs, []byte(place)), []byte(place), uint16(7), byte(0xff))
		f.Add(a.cursors.SignText([]byte(place)), []byte(place), uint16(9), byte(0x80))
	}
	f.Fuzz(func(t *testing.T, stranger string, place []byte, at uint16, flip byte) {
		if got, err := a.openCursor(mine, stranger); err == nil && stranger != a.signCursor(mine, got) {
			t.Errorf("%q was never signed here, and leads to %q", stranger, got)
		} else if err != nil && !errors.Is(err, page.ErrCursor) {
			t.Errorf("%q: %v", stranger, err)
		}
		token := a.signCursor(mine, place)
		got, err := a.openCursor(mine, token)
		if long := len(token) > keyring.MaxText; (err != nil) != long || !long && !bytes.Equal(got, place) {
			t.Errorf("%q does not come back: %q, %v", place, got, err)
		}
		if got, err := a.openCursor(theirs, token); err == nil {
			t.Errorf("%q opens for somebody else: %q", token, got)
		}
		if flip != 0 {
			changed := []byte(token)
			changed[int(at)%len(changed)] ^= flip
			if got, err := a.openCursor(mine, string(changed)); err == nil {
				t.Errorf("%q opens with a letter changed: %q", changed, got)
			}
		}
	})
}
