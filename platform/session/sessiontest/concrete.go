package sessiontest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/keyring"
	"github.com/banyan-go/banyan/platform/session"
	"github.com/banyan-go/banyan/platform/session/driver"
)

// runConcrete proves what package session promises over such a store.
func runConcrete(t *testing.T, open Open) {
	for _, c := range []struct {
		name  string
		check func(t *testing.T, s sessions)
	}{
		{"sign in, come again, sign out", testVisit},
		{"what no cookie of ours says is nobody", testCookies},
		{"an id that a client has made up is never taken", testFixation},
		{"another site begins no session", testCrossSite},
		{"renew", testRenew},
		{"tokens against forged requests", testCSRF},
		{"values", testValues},
		{"values at the same time", testValuesRace},
		{"slow requests do not bring back what has ended", testSignOutRace},
		{"devices", testDevices},
		{"that a session is seen is noted behind the answer", testSeen},
		{"damaged sessions are none", testDamagedSession},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.check(t, newSessions(t, open))
		})
	}
}

// sessions is what an application holds.
type sessions struct {
	*session.Sessions
	place Place
}

// opener is a driver whose store is there already.
type opener struct{ open func(driver.Options) Place }

func (opener) Features() driver.Features { return driver.Features{Shared: true} }

func (o opener) Open(options driver.Options) (driver.Store, error) { return o.open(options).Store, nil }

func newSessions(t *testing.T, open Open) (s sessions) {
	t.Helper()
	keys, err := keyring.Parse(keyring.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	cfg := session.Config{Store: "suite", Idle: idle, Absolute: absolute, Touch: touch}
	drv := opener{func(o driver.Options) Place {
		s.place = open(t, o)
		return s.place
	}}
	if s.Sessions, err = session.New(cfg, session.Options{Drivers: session.Drivers{"suite": drv}, Keys: keys}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Flush)
	return s
}

// request is one that carries a header Cookie.
type request struct {
	context.Context
	slot *session.Slot
}

// request comes in.
func (s sessions) request(t *testing.T, cookie string) request {
	t.Helper()
	slot := &session.Slot{Device: "suite\x00/1.0", Address: "192.0.2.1"}
	if err := s.Enter(t.Context(), slot, []byte(cookie)); err != nil {
		t.Fatalf("enter: %v", err)
	}
	return request{context.WithValue(t.Context(), session.SlotKey{}, slot), slot}
}

// answer returns the header Set-Cookie, and the header Cookie that a browser then sends.
func (s sessions) answer(r request) (set, cookie string) {
	set = string(s.AppendCookie(nil, r.slot))
	cookie, _, _ = strings.Cut(set, ";")
	return set, cookie
}

// signIn returns the cookie of a new session.
func (s sessions) signIn(t *testing.T, user string) (cookie string, sess *session.Session) {
	t.Helper()
	r := s.request(t, "")
	sess, err := s.Begin(r, session.SignIn{User: user, Roles: []string{"editor"}})
	if err != nil {
		t.Fatalf("begin: %v", err)
	}
	_, cookie = s.answer(r)
	return cookie, sess
}

// wantUser fails unless a cookie is that of a user; "" for nobody.
func (s sessions) wantUser(t *testing.T, cookie, user string) {
	t.Helper()
	sess, ok := session.From(s.request(t, cookie))
	if ok != (user != "") || ok && sess.User != user {
		t.Errorf("the cookie is that of %+v, want %q", sess, user)
	}
}

const gone = "__Host-session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"

func testVisit(t *testing.T, s sessions) {
	s.wantUser(t, "", "")
	r := s.request(t, "theme=dark")
	begun, err := s.Begin(r, session.SignIn{User: "ada", Roles: []string{"admin"}})
	if err != nil {
		t.Fatal(err)
	}
	set, cookie := s.answer(r)
	token, ok := strings.CutPrefix(cookie, "__Host-session=")
	if raw, err := base64.RawURLEncoding.DecodeString(token); !ok || err != nil || len(raw) != 32 {
		t.Errorf("the token is %q", token)
	}
	if want := fmt.Sprintf("%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Lax; Secure", cookie, int(absolute.Seconds())); set != want {
		t.Errorf("Set-Cookie: %s, want %s", set, want)
	}
	if sess, ok := session.From(r); !ok || sess.ID != begun.ID {
		t.Errorf("the request that signs in has the session %+v", sess)
	}
	r = s.request(t, "theme=dark; "+cookie+"; a=b")
	sess, ok := session.From(r)
	if !ok || sess.User != "ada" || !slices.Equal(sess.Roles, []string{"admin"}) || sess.Device != "suite/1.0" || sess.Address != "192.0.2.1" {
		t.Fatalf("came again as %+v", sess)
	}
	if set, _ := s.answer(r); set != "" {
		t.Errorf("Set-Cookie: %s, want none", set)
	}
	if err := s.End(r); err != nil {
		t.Fatal(err)
	}
	if set, _ := s.answer(r); set != gone {
		t.Errorf("Set-Cookie: %s, want %s", set, gone)
	}
	if _, ok := session.From(r); ok {
		t.Error("the request has a session after it has signed out")
	}
	s.wantUser(t, cookie, "")
	if err := s.End(s.request(t, cookie)); err != nil {
		t.Errorf("sign out again: %v", err)
	}
}

func testCookies(t *testing.T, s sessions) {
	cookie, _ := s.signIn(t, "ada")
	other, _ := s.signIn(t, "grace")
	name, token, _ := strings.Cut(cookie, "=")
	flipped := []byte(token)
	if flipped[7]++; flipped[7] > 'z' {
		flipped[7] = 'A'
	}
	// The last character of 43 holds four bits of the token, and two that are zero.
	loose := token[:42] + string(token[42]+1)
	for what, value := range map[string]string{
		"nothing":              "",
		"text":                 "me",
		"a bit flipped":        string(flipped),
		"8 KB":                 strings.Repeat("A", 8192),
		"shorter":              token[:42],
		"longer":               token + "A",
		"padded":               token + "=",
		"not in canonic form":  loose,
		"a line break in it":   token[:20] + "\n" + token[21:],
		"in hexadecimal":       strings.Repeat("a", 64),
		"in quotes":            `"` + token + `"`,
		"of one that is ended": endedToken(t, s),
	} {
		r := s.request(t, name+"="+value)
		if sess, ok := session.From(r); ok {
			t.Errorf("%s: is %+v", what, sess)
		}
		if set, _ := s.answer(r); set != gone {
			t.Errorf("%s: Set-Cookie: %s, want %s", what, set, gone)
		}
	}
	for what, header := range map[string]string{
		"two of one name":      cookie + "; " + other,
		"the same one twice":   cookie + "; " + cookie,
		"one that is no token": name + "; " + cookie,
	} {
		r := s.request(t, header)
		if sess, ok := session.From(r); ok {
			t.Errorf("%s: is %+v", what, sess)
		}
		if set, _ := s.answer(r); set != gone {
			t.Errorf("%s: Set-Cookie: %s, want %s", what, set, gone)
		}
	}
	for _, header := range []string{"session=" + token, "x" + cookie, "a=b;;=;" + strings.Repeat(";", 1000), "__host-session=" + token} {
		r := s.request(t, header)
		if set, _ := s.answer(r); r.slot.Session() != nil || set != "" {
			t.Errorf("%.40s: %+v, Set-Cookie: %s", header, r.slot.Session(), set)
		}
	}
	s.wantUser(t, cookie, "ada")
}

func endedToken(t *testing.T, s sessions) string {
	t.Helper()
	cookie, _ := s.signIn(t, "ada")
	if err := s.End(s.request(t, cookie)); err != nil {
		t.Fatal(err)
	}
	_, token, _ := strings.Cut(cookie, "=")
	return token
}

func testFixation(t *testing.T, s sessions) {
	fixed := "__Host-session=" + base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("f", 32)))
	r := s.request(t, fixed)
	if _, err := s.Begin(r, session.SignIn{User: "ada"}); err != nil {
		t.Fatal(err)
	}
	_, cookie := s.answer(r)
	s.wantUser(t, fixed, "")
	s.wantUser(t, cookie, "ada")

	// Nor is the session that somebody else has begun at this browser: signing in is another one, and the old one is dead.
	r = s.request(t, cookie)
	if _, err := s.Begin(r, session.SignIn{User: "grace"}); err != nil {
		t.Fatal(err)
	}
	_, next := s.answer(r)
	s.wantUser(t, cookie, "")
	s.wantUser(t, next, "grace")
}

func testCrossSite(t *testing.T, s sessions) {
	r := s.request(t, "")
	r.slot.CrossSite = true
	if _, err := s.Begin(r, session.SignIn{User: "ada"}); !errors.Is(err, session.ErrCrossSite) {
		t.Errorf("begin: %v", err)
	}
	if set, _ := s.answer(r); set != "" {
		t.Errorf("Set-Cookie: %s", set)
	}
	if all, err := s.List(t.Context(), "ada"); len(all) != 0 || err != nil {
		t.Errorf("%+v, %v", all, err)
	}
	for what, err := range map[string]error{
		"no request": func() error { _, err := s.Begin(t.Context(), session.SignIn{User: "ada"}); return err }(),
		"no renewal": func() error { _, err := s.Renew(t.Context()); return err }(),
		"no end":     s.End(t.Context()),
		"no value":   s.Put(t.Context(), "a", 1),
	} {
		if !errors.Is(err, session.ErrNoSlot) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func testRenew(t *testing.T, s sessions) {
	cookie, begun := s.signIn(t, "ada")
	r, slow := s.request(t, cookie), s.request(t, cookie)
	if err := s.Put(r, "cart", 7); err != nil {
		t.Fatal(err)
	}
	renewed, err := s.Renew(r)
	if err != nil {
		t.Fatal(err)
	}
	_, next := s.answer(r)
	if renewed.ID == begun.ID || next == cookie || !renewed.Created.Equal(begun.Created) || !renewed.Expires.Equal(begun.Expires) {
		t.Errorf("renewed %+v, was %+v", renewed, begun)
	}
	s.wantUser(t, cookie, "")
	s.wantUser(t, next, "ada")
	var cart int
	if ok, err := s.Get(s.request(t, next), "cart", &cart); !ok || err != nil || cart != 7 {
		t.Errorf("the value is %d, %v, %v", cart, ok, err)
	}
	if err := s.Put(slow, "cart", 8); !errors.Is(err, session.ErrEnded) {
		t.Errorf("a request with the old id: %v", err)
	}
	if _, err := s.Renew(slow); !errors.Is(err, session.ErrEnded) {
		t.Errorf("renewed what has ended: %v", err)
	}
	s.wantUser(t, cookie, "")
	if all, err := s.List(t.Context(), "ada"); len(all) != 1 || err != nil {
		t.Errorf("%+v, %v", all, err)
	}
}

func testCSRF(t *testing.T, s sessions) {
	cookie, sess := s.signIn(t, "ada")
	_, other := s.signIn(t, "ada")
	token := s.CSRF(sess)
	if !s.CheckCSRF(sess, token) {
		t.Error("the token of the session is refused")
	}
	r := s.request(t, cookie)
	renewed, err := s.Renew(r)
	if err != nil {
		t.Fatal(err)
	}
	for what, ok := range map[string]bool{
		"of another session":         s.CheckCSRF(sess, s.CSRF(other)),
		"of nobody":                  s.CheckCSRF(nil, token),
		"nothing":                    s.CheckCSRF(sess, ""),
		"cut":                        s.CheckCSRF(sess, token[:len(token)-1]),
		"long":                       s.CheckCSRF(sess, token+"A"),
		"of before the renewal":      s.CheckCSRF(renewed, token),
		"8 KB":                       s.CheckCSRF(sess, strings.Repeat("A", 8192)),
		"the id":                     s.CheckCSRF(sess, sess.Handle),
		"of a session by other keys": newSessionsOf(t, s).CheckCSRF(sess, token),
	} {
		if ok {
			t.Errorf("a token that is %s is taken", what)
		}
	}
	if !s.CheckCSRF(renewed, s.CSRF(renewed)) {
		t.Error("the token of the renewed session is refused")
	}
}

// newSessionsOf returns sessions over the same store with other keys.
func newSessionsOf(t *testing.T, s sessions) sessions {
	t.Helper()
	return newSessions(t, func(*testing.T, driver.Options) Place { return s.place })
}

func testValues(t *testing.T, s sessions) {
	cookie, _ := s.signIn(t, "ada")
	type cart struct{ Items []int }
	r := s.request(t, cookie)
	if err := s.Put(r, "cart", cart{[]int{1, 2}}); err != nil {
		t.Fatal(err)
	}
	for what, in := range map[string]request{"this request": r, "the next one": s.request(t, cookie)} {
		var got cart
		if ok, err := s.Get(in, "cart", &got); !ok || err != nil || !slices.Equal(got.Items, []int{1, 2}) {
			t.Errorf("%s: %+v, %v, %v", what, got, ok, err)
		}
	}
	var text string
	if ok, err := s.Get(r, "cart", &text); ok || err == nil {
		t.Errorf("a cart was read as text: %v, %v", ok, err)
	}
	if err := s.Put(r, "large", strings.Repeat("x", driver.MaxValues)); !errors.Is(err, session.ErrTooLarge) {
		t.Errorf("a value of %d bytes: %v", driver.MaxValues, err)
	}
	for what, err := range map[string]error{
		"no name":         s.Put(r, "", 1),
		"a long name":     s.Put(r, strings.Repeat("n", 65), 1),
		"what is no JSON": s.Put(r, "f", func() {}),
	} {
		if err == nil {
			t.Errorf("%s is taken", what)
		}
	}
	if err := s.Put(r, "cart", nil); err != nil {
		t.Fatal(err)
	}
	if ok, err := s.Get(s.request(t, cookie), "cart", &text); ok || err != nil {
		t.Errorf("the value is there after it was taken away: %v, %v", ok, err)
	}
	if err := s.Put(s.request(t, ""), "cart", 1); !errors.Is(err, session.ErrEnded) {
		t.Errorf("put without a session: %v", err)
	}
}

func testValuesRace(t *testing.T, s sessions) {
	cookie, _ := s.signIn(t, "ada")
	const n = 4
	requests := make([]request, n)
	for i := range requests {
		requests[i] = s.request(t, cookie)
	}
	together(n, func(i int) {
		if err := s.Put(requests[i], fmt.Sprint("value", i), i); err != nil {
			t.Errorf("put: %v", err)
		}
	})
	r := s.request(t, cookie)
	for i := range n {
		var got int
		if ok, err := s.Get(r, fmt.Sprint("value", i), &got); !ok || err != nil || got != i {
			t.Errorf("value%d is %d, %v, %v: another request has lost it", i, got, ok, err)
		}
	}
}

// testSignOutRace has 50 requests that came in with a session save something while it ends.
func testSignOutRace(t *testing.T, s sessions) {
	cookie, _ := s.signIn(t, "ada")
	const slow = 50
	requests := make([]request, slow+1)
	for i := range requests {
		requests[i] = s.request(t, cookie)
	}
	together(len(requests), func(i int) {
		if i == slow {
			if err := s.End(requests[i]); err != nil {
				t.Errorf("end: %v", err)
			}
			return
		}
		err := s.Put(requests[i], fmt.Sprint("v", i%4), i)
		if err != nil && !errors.Is(err, session.ErrEnded) && !errors.Is(err, session.ErrContended) {
			t.Errorf("put: %v", err)
		}
	})
	s.Flush()
	s.wantUser(t, cookie, "")
	if all, err := s.List(t.Context(), "ada"); len(all) != 0 || err != nil {
		t.Errorf("%+v, %v: want no session", all, err)
	}
	if err := s.Put(requests[0], "late", 1); !errors.Is(err, session.ErrEnded) {
		t.Errorf("put after the end: %v", err)
	}
	s.wantUser(t, cookie, "")
	if set, _ := s.answer(requests[0]); set != gone {
		t.Errorf("Set-Cookie: %s, want %s", set, gone)
	}
}

func testDevices(t *testing.T, s sessions) {
	var cookies []string
	var handles []string
	for range 3 {
		cookie, sess := s.signIn(t, "ada")
		cookies, handles = append(cookies, cookie), append(handles, sess.Handle)
	}
	other, foreign := s.signIn(t, "grace")
	all, err := s.List(t.Context(), "ada")
	if err != nil || len(all) != 3 || all[0].Address != "192.0.2.1" {
		t.Fatalf("%+v, %v", all, err)
	}
	if err := s.Revoke(t.Context(), "ada", handles[0]); err != nil {
		t.Fatal(err)
	}
	s.wantUser(t, cookies[0], "")
	for _, handle := range []string{handles[0], foreign.Handle, "", "*"} {
		if err := s.Revoke(t.Context(), "ada", handle); !errors.Is(err, session.ErrUnknown) {
			t.Errorf("revoke %q: %v", handle, err)
		}
	}
	r := s.request(t, cookies[1])
	if n, err := s.RevokeAll(r, "ada", handles[1]); n != 1 || err != nil {
		t.Errorf("revoked %d, %v", n, err)
	}
	if set, _ := s.answer(r); set != "" {
		t.Errorf("Set-Cookie: %s", set)
	}
	s.wantUser(t, cookies[1], "ada")
	s.wantUser(t, cookies[2], "")
	if n, err := s.RevokeAll(r, "ada"); n != 1 || err != nil {
		t.Errorf("revoked %d, %v", n, err)
	}
	if set, _ := s.answer(r); set != gone {
		t.Errorf("Set-Cookie of a request that has ended its own session: %s", set)
	}
	s.wantUser(t, cookies[1], "")
	s.wantUser(t, other, "grace")
}

func testSeen(t *testing.T, s sessions) {
	cookie, begun := s.signIn(t, "ada")
	s.place.Advance(t, touch)
	together(8, func(int) { s.wantUser(t, cookie, "ada") })
	s.Flush()
	sess, ok := session.From(s.request(t, cookie))
	if !ok || !sess.Seen.After(begun.Created.Add(-touch)) {
		t.Fatalf("seen %+v", sess)
	}
	// The requests in between have kept it.
	s.place.Advance(t, idle-margin)
	s.wantUser(t, cookie, "ada")
}

func testDamagedSession(t *testing.T, s sessions) {
	if s.place.Damage == nil {
		t.Skip("this store holds no text")
	}
	cookie, sess := s.signIn(t, "ada")
	whole, _ := s.signIn(t, "ada")
	slow := s.request(t, cookie)
	s.place.Damage(t, sess.ID, "{}")
	r := s.request(t, cookie)
	if set, _ := s.answer(r); r.slot.Session() != nil || set != gone {
		t.Errorf("%+v, Set-Cookie: %s", r.slot.Session(), set)
	}
	if all, err := s.List(t.Context(), "ada"); len(all) != 1 || err != nil {
		t.Errorf("%+v, %v", all, err)
	}
	if err := s.End(slow); err != nil {
		t.Errorf("end: %v", err)
	}
	s.wantUser(t, whole, "ada")
}
