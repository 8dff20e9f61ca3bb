package accounts_test

import (
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/id"
)

const base = "/api/v1/accounts"

// The one that most tests are about.
const (
	anna     = "anna@example.com"
	password = "correct horse"
)

// application is one with this module and those that it asks.
type application struct {
	*apptest.App
	built
}

func boot(t *testing.T) application {
	t.Helper()
	var b built
	a := apptest.Run(t, b.builders()...)
	return application{a, b}
}

func TestModuleStarts(t *testing.T) {
	t.Parallel()
	boot(t).Get("/readyz").Want(200)
}

// mails returns the texts of the mails of a kind that an address has got.
func (a application) mails(kind, to string) (texts []string) {
	for _, m := range a.Mails() {
		if m.Kind == kind && m.To == to {
			texts = append(texts, m.Text)
		}
	}
	return texts
}

// link returns what the last such mail is good for.
func (a application) link(t *testing.T, kind, to string) string {
	t.Helper()
	texts := a.mails(kind, to)
	if len(texts) == 0 {
		t.Fatalf("%s has got no mail of kind %s", to, kind)
	}
	return strings.TrimSpace(regexp.MustCompile(`(?m)^    \S{43}$`).FindString(texts[len(texts)-1]))
}

// register makes a user who has confirmed the address, and returns the id.
func (a application) register(t *testing.T, email, name string) string {
	t.Helper()
	a.Post(base+"/register", `{"name":"`+name+`","email":"`+email+`","password":"`+password+`"}`).Want(202)
	a.Post(base+"/verify", confirmation(a.link(t, "accounts.verify", email), password)).Want(204)
	latest := a.IDs(1, a.module.User.Users.Latest)
	return latest[0]
}

// confirmation is the body of a request that makes a user of who has registered.
func confirmation(link, plain string) string {
	return `{"token":"` + link + `","password":"` + plain + `"}`
}

// signIn returns the application as somebody sees it who has signed in with a browser.
func (a application) signIn(email, plain string) *apptest.App {
	return browser(a.App, a.Post(base+"/login", credentials(email, plain), "Sec-Fetch-Site", "same-origin").Want(200))
}

func credentials(email, plain string) string {
	return `{"email":"` + email + `","password":"` + plain + `"}`
}

// browser returns the application as a browser goes on with it after an answer that has set a cookie.
func browser(a *apptest.App, r *apptest.Response) *apptest.App {
	return a.With("Cookie", cookie(r), "Sec-Fetch-Site", "same-origin")
}

// cookie returns the name and the value of the cookie that an answer sets.
func cookie(r *apptest.Response) string {
	c, _, _ := strings.Cut(r.Header.Get("Set-Cookie"), ";")
	return c
}

// admin returns the application as an admin sees it.
func (a application) admin() *apptest.App { return a.As(id.New().String(), "admin") }

// together calls fn n times at once, and returns how many calls have answered with each status.
func together(n int, fn func(i int) *apptest.Response) map[int]int {
	var mu sync.Mutex
	var calls sync.WaitGroup
	statuses := map[int]int{}
	for i := range n {
		calls.Go(func() {
			r := fn(i)
			mu.Lock()
			defer mu.Unlock()
			statuses[r.Status]++
		})
	}
	calls.Wait()
	return statuses
}
