package accounts_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/apptest"
)

const annaRegisters = `{"name":"Anna","email":"anna@example.com","password":"correct horse"}`

func TestRegister(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.Post(base+"/register", annaRegisters).Want(202)
	a.Post(base+"/login", credentials(anna, password)).WantProblem(401, "wrong_credentials") // not before the address is confirmed
	link := a.link(t, "accounts.verify", anna)
	a.Post(base+"/verify", confirmation(link, password)).Want(204)
	a.Post(base+"/verify", confirmation(link, password)).WantProblem(422, "link_invalid")
	me := a.signIn("ANNA@example.com", password).Get(base + "/me").Want(200)
	me.WantMembers(`{"name":"Anna","email":"anna@example.com","roles":[],"disabled":false,"version":1}`)
}

// An answer does not tell whether an address has an account; its owner is told by mail.
func TestRegisterKnownAddress(t *testing.T) {
	t.Parallel()
	a := boot(t)
	fresh := a.Post(base+"/register", annaRegisters).Want(202)
	a.Post(base+"/verify", confirmation(a.link(t, "accounts.verify", anna), password)).Want(204)
	known := a.Post(base+"/register", strings.ToUpper(annaRegisters[:0])+`{"name":"Eve","email":"Anna@Example.com","password":"eves password"}`).Want(202)
	known.WantBody(fresh.Body)
	if n := len(a.mails("accounts.known", anna)); n != 1 {
		t.Errorf("Anna got %d mails about it, want 1", n)
	}
	if n := len(a.mails("accounts.verify", anna)); n != 1 {
		t.Errorf("Anna got %d links, want the first alone", n)
	}
	a.Post(base+"/login", credentials(anna, "eves password")).WantProblem(401, "wrong_credentials")
	a.signIn(anna, password).Get(base+"/me").Want(200).WantAt("/name", `"Anna"`)
}

// Who registers the address of somebody else gets no way in when its owner registers, too, and uses the link of the own mail.
func TestRegisterBeforeTheOwner(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.Post(base+"/register", annaRegisters).Want(202)
	link := a.link(t, "accounts.verify", anna)
	a.Post(base+"/register", `{"name":"Eve","email":"anna@example.com","password":"eves password"}`).Want(202)
	eves := a.link(t, "accounts.verify", anna)
	a.Post(base+"/verify", confirmation(link, password)).Want(204)
	a.Post(base+"/login", credentials(anna, "eves password")).WantProblem(401, "wrong_credentials")
	a.Post(base+"/verify", confirmation(eves, "eves password")).WantProblem(422, "link_invalid")
	a.signIn(anna, password).Get(base+"/me").Want(200).WantAt("/name", `"Anna"`)
}

// Whoever follows the link of a mail that somebody else has caused gets no account with the password of that one: it is asked for, and nothing is used up.
func TestRegisterWithTheLinkOfSomebodyElse(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.Post(base+"/register", `{"name":"Eve","email":"anna@example.com","password":"eves password"}`).Want(202)
	eves := a.link(t, "accounts.verify", anna)
	a.Post(base+"/register", annaRegisters).Want(202)
	mine := a.link(t, "accounts.verify", anna)
	a.Post(base+"/verify", `{"token":"`+eves+`"}`).WantProblem(422, "invalid", "/password")
	a.Post(base+"/verify", confirmation(eves, password)).WantProblem(422, "link_password_wrong", "/password")
	a.Post(base+"/login", credentials(anna, "eves password")).WantProblem(401, "wrong_credentials")
	a.Post(base+"/verify", confirmation(mine, "wrong password")).WantProblem(422, "link_password_wrong", "/password")
	a.Post(base+"/verify", confirmation(mine, password)).Want(204) // it is good after a wrong password
	a.Post(base+"/verify", confirmation(eves, "eves password")).WantProblem(422, "link_invalid")
	a.signIn(anna, password).Get(base+"/me").Want(200).WantAt("/name", `"Anna"`)
}

// However many addresses somebody guesses from, the password of one link is guessed at so often.
func TestVerifyLimit(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.Post(base+"/register", annaRegisters).Want(202)
	link := a.link(t, "accounts.verify", anna)
	for i := range 25 {
		r := a.Post(base+"/verify", confirmation(link, "wrong password"))
		if r.Status != 429 {
			continue
		}
		if i < 10 || i > 20 { // each of two processes counts in its own memory
			t.Errorf("refused after %d", i)
		}
		r.WantProblem(429, "too_many_attempts")
		a.Post(base+"/verify", confirmation(strings.Repeat("A", 43), "wrong password")).WantProblem(422, "link_invalid")
		return
	}
	t.Error("nobody is refused")
}

// Of several who use one link at once, or links to one address, one becomes the user.
func TestRegisterRaces(t *testing.T) {
	t.Parallel()
	a := boot(t)
	var links []string
	statuses := together(3, func(int) *apptest.Response { return a.Post(base+"/register", annaRegisters) })
	if statuses[202] != 3 {
		t.Errorf("registrations: %v", statuses)
	}
	for _, text := range a.mails("accounts.verify", anna) {
		links = append(links, strings.TrimSpace(text[strings.Index(text, "\n    "):strings.Index(text, "\n\nYou")]))
	}
	statuses = together(4, func(i int) *apptest.Response { // a few: each of them hashes
		return a.Post(base+"/verify", confirmation(links[i%2], password))
	})
	if statuses[204] != 1 || statuses[422] != 3 {
		t.Errorf("confirmations: %v, want one 204 and 422 for the rest", statuses)
	}
	a.admin().Get(base+"/users?count=exact").Want(200).WantAt("/page/total", "1")
}

func TestRegisterRefusals(t *testing.T) {
	t.Parallel()
	a := boot(t)
	for _, c := range []struct{ name, value, pointer string }{
		{"name", `""`, "/name"},
		{"name", `" "`, "/name"},
		{"email", `"nobody"`, "/email"},
		{"email", `"anna@example.com\r\nBcc: eve@example.com"`, "/email"},
		{"password", `"ninechars"`, "/password"},
		{"password", `"` + strings.Repeat("x", 129) + `"`, "/password"},
		{"password", `"anna@example.com"`, "/password"},
		{"id", `"00000000-0000-7000-8000-000000000000"`, "/id"}, // what nobody decides about themselves
		{"role", `"admin"`, "/role"},
		{"roles", `["admin"]`, "/roles"},
		{"disabled", `false`, "/disabled"},
		{"version", `7`, "/version"},
		{"created_at", `"2026-01-01T00:00:00Z"`, "/created_at"},
	} {
		a.Post(base+"/register", apptest.With(annaRegisters, c.name, c.value)).WantProblem(422, "invalid", c.pointer)
	}
	if mails := a.Mails(); len(mails) != 0 {
		t.Errorf("%d mails were sent", len(mails))
	}
}

// What a stranger types is in no mail to somebody else: the mails would be the stranger's.
func TestMailsHoldNothingOfStrangers(t *testing.T) {
	t.Parallel()
	a := boot(t)
	for range 2 {
		a.Post(base+"/register", apptest.With(annaRegisters, "name", `"Win at https://evil.example.com"`)).Want(202)
		a.Post(base+"/verify", confirmation(a.link(t, "accounts.verify", anna), password))
	}
	a.Post(base+"/password/reset", `{"email":"anna@example.com"}`).Want(202)
	for _, m := range a.Mails() {
		if strings.Contains(m.Subject+m.Text+m.HTML, "evil") {
			t.Errorf("%s says\n%s", m.Kind, m.Text)
		}
	}
}

// Nobody fills the mailbox of somebody else, whose address has its own limit.
func TestRegisterLimit(t *testing.T) {
	t.Parallel()
	a := boot(t)
	perProcess := 0
	for i := range 20 {
		r := a.Post(base+"/register", annaRegisters)
		if r.Status == 429 {
			r.WantProblem(429, "too_many_attempts")
			perProcess = i
			break
		}
	}
	if perProcess < 3 || perProcess > 6 { // each of two processes counts in its own memory
		t.Errorf("refused after %d", perProcess)
	}
	a.Post(base+"/register", apptest.With(annaRegisters, "email", `"bert@example.com"`)).Want(202)
}

// The link of the first of a team, as a secret, is nowhere but in the mail.
func TestLinksAreStoredAsHashes(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.Post(base+"/register", annaRegisters).Want(202)
	link := a.link(t, "accounts.verify", anna)
	stored := fmt.Sprint(a.Stored("accounts_registrations", "hash"), a.Stored("accounts_registrations", "password"))
	if strings.Contains(stored+a.Log(), link) || strings.Contains(stored+a.Log(), password) || !strings.Contains(stored, "$argon2id$") {
		t.Errorf("it is stored, or logged: %s", stored)
	}
}
