package accounts_test

import (
	"testing"

	"github.com/banyan-go/banyan/platform/apptest"
)

const annaForgets = `{"email":"anna@example.com"}`

func newPassword(link, plain string) string {
	return `{"token":"` + link + `","password":"` + plain + `"}`
}

func TestReset(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.register(t, anna, "Anna")
	session := a.signIn(anna, password)
	token := session.Post(base+"/me/tokens", `{"name":"CI","scopes":["blog:read"]}`).Want(201).Text("/token")
	a.Post(base+"/password/reset", annaForgets).Want(202)
	a.Post(base+"/password/reset", annaForgets).Want(202)
	link := a.link(t, "accounts.reset", anna)
	a.Post(base+"/password/reset/confirm", newPassword(link, "short")).WantProblem(422, "invalid", "/password")
	a.Post(base+"/password/reset/confirm", newPassword(link+"x", "battery staple")).WantProblem(422, "link_invalid")
	session.Get(base + "/me").Want(200)
	a.Post(base+"/password/reset/confirm", newPassword(link, "battery staple")).Want(204)
	session.Get(base+"/me").WantProblem(401, "unauthenticated")
	if c := a.verify(t, token); !c.Anonymous() {
		t.Errorf("a token from before the reset is that of %+v", c)
	}
	for range 2 { // that link, and the other one to the same mailbox
		a.Post(base+"/password/reset/confirm", newPassword(link, "eves password")).WantProblem(422, "link_invalid")
	}
	if stored := a.Stored("accounts_resets", "hash"); len(stored) != 0 {
		t.Errorf("links are left: %v", stored)
	}
	a.Post(base+"/login", credentials(anna, password)).WantProblem(401, "wrong_credentials")
	a.signIn(anna, "battery staple")
	if len(a.mails("accounts.changed", anna)) != 1 {
		t.Error("Anna is not told")
	}
}

// An answer does not tell whether an address has an account.
func TestResetOfNobody(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.register(t, anna, "Anna")
	known := a.Post(base+"/password/reset", annaForgets).Want(202)
	a.Post(base+"/password/reset", `{"email":"nobody@example.com"}`).Want(202).WantBody(known.Body)
	if n := len(a.mails("accounts.reset", "nobody@example.com")); n != 0 {
		t.Errorf("nobody got %d mails", n)
	}
}

// Of several who use one link at once, or links to one mailbox, one chooses the password.
func TestResetRace(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.register(t, anna, "Anna")
	var links []string
	for range 2 {
		a.Post(base+"/password/reset", annaForgets).Want(202)
		links = append(links, a.link(t, "accounts.reset", anna))
	}
	passwords := []string{"password one", "password two", "password three", "password four"}
	statuses := together(len(passwords), func(i int) *apptest.Response {
		return a.Post(base+"/password/reset/confirm", newPassword(links[i%2], passwords[i]))
	})
	if statuses[204] != 1 || statuses[422] != 3 {
		t.Errorf("%v, want one 204 and 422 for the rest", statuses)
	}
	in := 0
	for _, p := range passwords {
		if a.Post(base+"/login", credentials(anna, p)).Status == 200 {
			in++
		}
	}
	if in != 1 {
		t.Errorf("%d passwords are good", in)
	}
}

// A link that was sent before a user was disabled is no way back in.
func TestResetOfTheDisabled(t *testing.T) {
	t.Parallel()
	a := boot(t)
	user := a.register(t, anna, "Anna")
	a.Post(base+"/password/reset", annaForgets).Want(202)
	link := a.link(t, "accounts.reset", anna)
	a.admin().Post(base+"/users/"+user+"/disable", "").Want(200)
	a.Post(base+"/password/reset/confirm", newPassword(link, "battery staple")).WantProblem(422, "link_invalid")
	a.Post(base+"/password/reset", annaForgets).Want(202)
	if n := len(a.mails("accounts.reset", anna)); n != 1 {
		t.Errorf("%d mails, want the one from before", n)
	}
}
