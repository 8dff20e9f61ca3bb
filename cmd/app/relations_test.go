package main

import (
	"strings"
	"testing"
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
	p := m.serve("--mode", "dev")
	list := p.public.Get("/api/v1/blog/comments?limit=50&include=post,author").Want(200)
	if posts := list.Texts("/data", "/post/id"); len(posts) != 50 {
		t.Errorf("%d comments with their posts", len(posts))
	}
	post := list.Text("/data/0/post_id")
	p.public.Delete("/api/v1/blog/posts/"+post).WantProblem(409, "in_use")
	p.public.Get("/api/v1/blog/comments?filter[post_id]="+post+"&count=exact").Want(200).WantAt("/page/total", "1")

	author := p.public.Get("/api/v1/blog/posts/" + post).Want(200).Text("/author_id")
	p.public.Delete("/api/v1/accounts/users/" + author).Want(204)
	gone := p.public.Get("/api/v1/blog/posts/"+post+"?include=author").Want(200).WantAt("/author", "null").WantAt("/author_id", `"`+author+`"`)
	if strings.Contains(string(gone.Body), "@") {
		t.Errorf("the address of a person: %s", gone.Body)
	}
	p.stop()
}
