package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/apptest"
)

// Rows are invented in the order in which they refer to each other, and a list shows what they refer to; what is referred to stays.
func TestRowsThatReferToEachOther(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	if code, printed := m.run("db", "seed", "--mode", "dev", "--module", "blog"); code != 1 || !strings.Contains(printed, "there is nothing to refer to yet: no user") {
		t.Errorf("without users: exit code %d\n%s", code, printed)
	}
	if code, printed := m.run("db", "seed", "--mode", "dev", "--rows", "60"); code != 0 {
		t.Fatal(printed)
	}
	p := m.serve("--mode", "dev", "--set", "modules.accounts.user.admins=anna@example.com")
	list := p.public.Get("/api/v1/blog/comments?limit=50&include=post,author").Want(200)
	if posts := list.Texts("/data", "/post/id"); len(posts) != 50 {
		t.Errorf("%d comments with their posts", len(posts))
	}
	post := list.Text("/data/0/post_id")
	p.public.Delete("/api/v1/blog/posts/"+post).WantProblem(409, "in_use")
	p.public.Get("/api/v1/blog/comments?filter[post_id]="+post+"&count=exact").Want(200).WantAt("/page/total", "1")

	author := p.public.Get("/api/v1/blog/posts/" + post).Want(200).Text("/author_id")
	admin(t, apptest.At(t, p.public.URL)).Delete("/api/v1/accounts/users/" + author).Want(204)
	if code, printed := m.run("sessions", "list", "--mode", "dev", "--user", "anna@example.com"); code != 0 || strings.HasPrefix(printed, "anna") || !strings.Contains(printed, " has no sessions in the store db") {
		t.Errorf("the sessions of the id behind an address: exit code %d\n%s", code, printed)
	}
	if code, printed := m.run("sessions", "list", "--mode", "dev", "--user", "nobody@example.com"); code != 1 || !strings.Contains(printed, "there is no user nobody@example.com") {
		t.Errorf("an address of nobody: exit code %d\n%s", code, printed)
	}
	gone := p.public.Get("/api/v1/blog/posts/"+post+"?include=author").Want(200).WantAt("/author", "null").WantAt("/author_id", `"`+author+`"`)
	if strings.Contains(string(gone.Body), "@") {
		t.Errorf("the address of a person: %s", gone.Body)
	}
	p.stop()
}

// admin returns an application in mode dev as the first of a team sees it, who is named in modules.accounts.user.admins: after registering, with the
// link from the page of the mailbox.
func admin(t *testing.T, a *apptest.App) *apptest.App {
	t.Helper()
	a.Post("/api/v1/accounts/register", `{"name":"Anna","email":"anna@example.com","password":"correct horse"}`).Want(202)
	link := ""
	for end := time.Now().Add(20 * time.Second); link == ""; { // the mail is sent behind the answer
		if found := regexp.MustCompile(`(?m)^    (\S{43})$`).FindSubmatch(a.Get("/dev/mailbox").Want(200).Body); found != nil {
			link = string(found[1])
		} else if time.Now().After(end) {
			t.Fatal("no mail came in 20 s")
		}
	}
	a.Post("/api/v1/accounts/verify", `{"token":"`+link+`","password":"correct horse"}`).Want(204)
	in := a.Post("/api/v1/accounts/login", `{"email":"anna@example.com","password":"correct horse"}`).Want(200).WantAt("/roles", `["admin"]`)
	cookie, _, _ := strings.Cut(in.Header.Get("Set-Cookie"), ";")
	return a.With("Cookie", cookie, "X-CSRF-Token", in.Header.Get("X-CSRF-Token"))
}
