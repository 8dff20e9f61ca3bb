package accounts_test

import (
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/id"
)

// The answer is the same, byte by byte but for its ids, whatever is wrong.
func TestSignInTellsNothing(t *testing.T) {
	t.Parallel()
	a := boot(t)
	disabled := a.register(t, "bert@example.com", "Bert")
	a.register(t, anna, "Anna")
	a.admin().Post(base+"/users/"+disabled+"/disable", "").Want(200)
	a.Post(base+"/register", `{"name":"C","email":"carl@example.com","password":"correct horse"}`).Want(202)
	a.Seed(1) // somebody without a password
	var want []byte
	for _, body := range []string{
		credentials(anna, "wrong password"),
		credentials(anna, password+" "),
		credentials("nobody@example.com", password),
		credentials("bert@example.com", password),
		credentials("carl@example.com", password),
		credentials(a.admin().Get(base+"/users?limit=1").Want(200).Text("/data/0/email"), ""+password),
	} {
		r := a.Post(base+"/login", body).WantProblem(401, "wrong_credentials")
		if r.Header.Get("Set-Cookie") != "" {
			t.Errorf("it sets a cookie: %s", r.Header.Get("Set-Cookie"))
		}
		got := []byte(r.Text("/title") + r.Text("/detail") + r.Text("/type"))
		if want == nil {
			want = got
		}
		if string(got) != string(want) {
			t.Errorf("%s\ninstead of\n%s", got, want)
		}
	}
}

// An id that somebody else knows is not the one of the session that begins.
func TestSignInBeginsANewSession(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.register(t, anna, "Anna")
	first := a.Post(base+"/login", credentials(anna, password)).Want(200)
	set := first.Header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(set, want) {
			t.Errorf("the cookie has no %s: %s", want, set)
		}
	}
	name, _, _ := strings.Cut(cookie(first), "=")
	planted := name + "=" + strings.Repeat("A", 43)
	second := a.Post(base+"/login", credentials(anna, password), "Cookie", planted).Want(200)
	if cookie(second) == planted || cookie(second) == cookie(first) {
		t.Errorf("the session is %s", cookie(second))
	}
	third := a.Post(base+"/login", credentials(anna, password), "Cookie", cookie(first), "Sec-Fetch-Site", "same-origin").Want(200)
	a.Get(base+"/me", "Cookie", cookie(first)).WantProblem(401, "unauthenticated") // who signs in leaves the session before
	a.Get(base+"/me", "Cookie", cookie(third)).Want(200)
}

// A page of another site signs nobody in, as somebody that its owner can watch.
func TestSignInFromAnotherSite(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.register(t, anna, "Anna")
	for _, headers := range [][]string{{"Origin", "https://evil.example.com"}, {"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"}} {
		a.Post(base+"/login", credentials(anna, password), headers...).WantProblem(403, "cross_site")
	}
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.register(t, anna, "Anna")
	one, other := a.signIn(anna, password), a.signIn(anna, password)
	one.Post(base+"/logout", "").Want(204)
	one.Get(base+"/me").WantProblem(401, "unauthenticated")
	other.Get(base + "/me").Want(200)
	a.Post(base+"/logout", "").WantProblem(401, "unauthenticated")
}

func TestDevices(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.register(t, anna, "Anna")
	a.register(t, "bert@example.com", "Bert")
	phone, laptop, stranger := a.signIn(anna, password), a.signIn(anna, password), a.signIn("bert@example.com", password)
	list := phone.Get(base + "/me/sessions").Want(200)
	handles := list.Texts("/data", "/handle")
	if len(handles) != 2 || strings.Contains(string(list.Body), "session=") {
		t.Fatalf("%s", list.Body)
	}
	current := 0
	for i := range handles {
		if list.At("/data/" + string(rune('0'+i)) + "/current").(bool) {
			current++
		}
	}
	if current != 1 {
		t.Errorf("%d are the current one", current)
	}
	for _, h := range handles {
		stranger.Delete(base+"/me/sessions/"+h).WantProblem(404, "no_such_session")
	}
	phone.Delete(base + "/me/sessions").Want(204)
	phone.Get(base + "/me").Want(200)
	laptop.Get(base+"/me").WantProblem(401, "unauthenticated")
	mine := phone.Get(base+"/me/sessions").Want(200).Texts("/data", "/handle")
	phone.Delete(base + "/me/sessions/" + mine[0]).Want(204)
	phone.Get(base+"/me").WantProblem(401, "unauthenticated")
	stranger.Get(base + "/me").Want(200)
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.register(t, anna, "Anna")
	mine, other := a.signIn(anna, password), a.signIn(anna, password)
	mine.Post(base+"/me/password", `{"present":"wrong password","password":"battery staple"}`).WantProblem(403, "wrong_password")
	mine.Post(base+"/me/password", `{"present":"correct horse","password":"short"}`).WantProblem(422, "invalid", "/password")
	changed := mine.Post(base+"/me/password", `{"present":"correct horse","password":"battery staple"}`).Want(204)
	mine.Get(base+"/me").WantProblem(401, "unauthenticated") // the id from before
	other.Get(base+"/me").WantProblem(401, "unauthenticated")
	browser(a.App, changed).Get(base + "/me").Want(200)
	a.Post(base+"/login", credentials(anna, password)).WantProblem(401, "wrong_credentials")
	a.signIn(anna, "battery staple")
	if len(a.mails("accounts.changed", anna)) != 1 {
		t.Error("Anna is not told")
	}
}

// A link that was asked for before is no way to another password: who has read the mailbox may have asked for it.
func TestChangePasswordEndsLinks(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.register(t, anna, "Anna")
	mine := a.signIn(anna, password)
	a.Post(base+"/password/reset", annaForgets).Want(202)
	link := a.link(t, "accounts.reset", anna)
	mine.Post(base+"/me/password", `{"present":"correct horse","password":"battery staple"}`).Want(204)
	if stored := a.Stored("accounts_resets", "hash"); len(stored) != 0 {
		t.Errorf("links are left: %v", stored)
	}
	a.Post(base+"/password/reset/confirm", newPassword(link, "eves password")).WantProblem(422, "link_invalid")
	a.signIn(anna, "battery staple")
}

// Who is nobody, or somebody without the cookie of a session, changes nothing; nor does a page of another site with the cookie.
func TestMeWantsASession(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.register(t, anna, "Anna")
	session := a.signIn(anna, password)
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/me", ""}, {"PATCH", "/me", `{"name":"Eve"}`}, {"POST", "/me/password", `{"present":"correct horse","password":"eves password"}`},
		{"GET", "/me/sessions", ""}, {"DELETE", "/me/sessions", ""}, {"DELETE", "/me/sessions/x", ""}, {"GET", "/me/tokens", ""},
		{"POST", "/me/tokens", `{"name":"Eve","scopes":["x:read"]}`}, {"DELETE", "/me/tokens/" + id.New().String(), ""}, {"POST", "/logout", ""},
	} {
		a.Do(c.method, base+c.path, c.body).WantProblem(401, "unauthenticated")
		if c.method != "GET" {
			session.Do(c.method, base+c.path, c.body, "Origin", "https://evil.example.com").WantProblem(403, "cross_site")
		}
	}
	session.Get(base+"/me").Want(200).WantAt("/name", `"Anna"`)
}

func TestMe(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.register(t, anna, "Anna")
	session := a.signIn(anna, password)
	session.Patch(base+"/me", `{"name":"Anna B"}`, "If-Match", `"2"`).WantProblem(412, "version_mismatch")
	session.Patch(base+"/me", `{"name":"Anna B"}`, "If-Match", `"1"`).Want(200).WantHeader("ETag", `"2"`).WantAt("/name", `"Anna B"`)
	for _, name := range []string{"id", "email", "roles", "role", "disabled", "version", "password", "created_at"} {
		session.Patch(base+"/me", apptest.With(`{}`, name, `"x"`)).WantProblem(422, "invalid", "/"+name)
	}
}

// However many addresses a stranger guesses from, one account is guessed at so often; and the limit passes by itself.
func TestSignInLimit(t *testing.T) {
	t.Parallel()
	a := boot(t)
	for i := range 25 {
		r := a.Post(base+"/login", credentials(anna, "wrong password"))
		if r.Status != 429 {
			continue
		}
		if i < 10 || i > 20 { // each of two processes counts in its own memory
			t.Errorf("refused after %d", i)
		}
		if r.WantProblem(429, "too_many_attempts").Header.Get("Retry-After") == "" {
			t.Error("it does not say until when")
		}
		a.Post(base+"/login", credentials("bert@example.com", "wrong password")).WantProblem(401, "wrong_credentials")
		return
	}
	t.Error("nobody is refused")
}

// What is private is in no log line, and a password in no answer.
func TestPrivacy(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.register(t, anna, "Anna")
	a.signIn(anna, password).Get(base + "/me").Want(200)
	a.Post(base+"/login", credentials(anna, "wrong password")).Want(401)
	a.Post(base+"/password/reset", `{"email":"anna@example.com"}`).Want(202)
	a.Post(base+"/register", annaRegisters).Want(202)
	log := a.Log()
	for _, private := range []string{anna, password, "wrong password", a.link(t, "accounts.reset", anna)} {
		if strings.Contains(log, private) {
			t.Errorf("%q is in the log: %s", private, log)
		}
	}
}
