package blog_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/id"
)

const postPath = "/api/v1/blog/posts"

// postTargets are ids of what posts refer to, two of each.
type postTargets struct {
	Author []string
}

func newPostTargets(a application) postTargets {
	a.SeedParts(2, a.accounts.User)
	return postTargets{
		Author: a.IDs(2, a.accounts.User.Users.Latest),
	}
}

// postBody returns a request for a post that obeys every rule.
func postBody(r postTargets) string {
	return `{"title":"Title a","body":"Body a","author_id":"` + r.Author[0] + `","status":"draft"}`
}

// postChange returns one that changes whatever may change.
func postChange(_ postTargets) string {
	return `{"title":"Title b","body":"Body b","status":"published"}`
}

// bootPost starts the module, for somebody who may do everything with posts.
func bootPost(t *testing.T) application {
	t.Helper()
	a := boot(t)
	a.App = a.As("ada", "admin")
	return a
}

func TestPostLifecycle(t *testing.T) {
	t.Parallel()
	a := bootPost(t)
	r := newPostTargets(a)
	made := a.Post(postPath, postBody(r)).Want(201).WantMembers(postBody(r))
	at := postPath + "/" + made.Text("/id")
	made.WantHeader("Location", at).WantHeader("ETag", `"1"`)
	a.Get(at).Want(200).WantHeader("ETag", `"1"`).WantBody(made.Body)
	a.Get(at, "If-None-Match", `"1"`).Want(304)

	a.Patch(at, postChange(r), "If-Match", `"2"`).WantProblem(412, "version_mismatch")
	changed := a.Patch(at, postChange(r), "If-Match", `"1"`).Want(200).WantMembers(postChange(r))
	changed.WantHeader("ETag", `"2"`).WantAt("/version", "2")
	a.Get(at, "If-None-Match", `"1"`).Want(200).WantHeader("ETag", `"2"`).WantBody(changed.Body)

	a.Delete(at, "If-Match", `"1"`).WantProblem(412, "version_mismatch")
	a.Delete(at, "If-Match", `"2"`).Want(204)
	a.Patch(at, `{}`).WantProblem(404, "post_not_found")
	a.Get(at).WantProblem(404, "post_not_found")
	a.Delete(at).WantProblem(404, "post_not_found")
}

// Who may do what with posts: whoever is signed in reads, and the role admin writes. Whoever is refused has changed nothing.
func TestPostPolicy(t *testing.T) {
	t.Parallel()
	a := boot(t)
	r := newPostTargets(a)
	editor, reader := a.As("ada", "admin"), a.As("ben")
	made := editor.Post(postPath, postBody(r)).Want(201)
	at := made.Header.Get("Location")
	for _, path := range []string{postPath, at} {
		a.Get(path).WantProblem(401, "unauthenticated")
		reader.Get(path).Want(200)
	}
	for _, c := range []struct{ method, path, body string }{
		{"POST", postPath, postBody(r)},
		{"PATCH", at, postChange(r)},
		{"DELETE", at, ""},
	} {
		a.Do(c.method, c.path, c.body).WantProblem(401, "unauthenticated")
		reader.Do(c.method, c.path, c.body).WantProblem(403, "forbidden")
	}
	editor.Get(at).Want(200).WantBody(made.Body)
	editor.Get(postPath+"?count=exact").Want(200).WantAt("/page/total", "1")
}

// An id that no post has stands for none of them, and never for all.
func TestPostUnknownID(t *testing.T) {
	t.Parallel()
	a := bootPost(t)
	r := newPostTargets(a)
	made := a.Post(postPath, postBody(r)).Want(201)
	for _, unknown := range []string{id.New().String(), id.ID{}.String(), "0", "-1", "*", "%25", ""} {
		at := postPath + "/" + unknown
		a.Get(at).Want(404)
		a.Patch(at, postChange(r)).Want(404)
		a.Delete(at).Want(404)
	}
	a.Get(made.Header.Get("Location")).Want(200).WantBody(made.Body)
}

func TestPostDefaults(t *testing.T) {
	t.Parallel()
	a := bootPost(t)
	r := newPostTargets(a)
	a.Post(postPath, `{"title":"Title a","author_id":"`+r.Author[0]+`"}`).Want(201).WantMembers(`{"body":"","status":"draft"}`)
}

func TestPostRefusals(t *testing.T) {
	t.Parallel()
	a := bootPost(t)
	r := newPostTargets(a)
	a.Post(postPath, `{"no_such_field":1}`).WantProblem(422, "invalid", "/no_such_field")
	for _, c := range []struct{ name, value, pointer string }{
		{"title", `null`, "/title"},
		{"title", `7`, "/title"},
		{"title", `""`, "/title"},
		{"title", `"` + strings.Repeat("x", 121) + `"`, "/title"},
		{"body", `null`, "/body"},
		{"body", `7`, "/body"},
		{"body", `"` + strings.Repeat("x", 65537) + `"`, "/body"},
		{"author_id", `null`, "/author_id"},
		{"author_id", `"not-a-uuid"`, "/author_id"},
		{"status", `null`, "/status"},
		{"status", `"no such word"`, "/status"},
	} {
		a.Post(postPath, apptest.With(postBody(r), c.name, c.value)).WantProblem(422, "invalid", c.pointer)
	}
	for _, name := range []string{"title", "author_id"} {
		a.Post(postPath, apptest.Without(postBody(r), name)).WantProblem(422, "invalid", "/"+name)
	}
	for _, name := range []string{"id", "version", "created_at", "updated_at"} {
		a.Post(postPath, apptest.With(postBody(r), name, "null")).WantProblem(422, "invalid", "/"+name)
	}
	at := a.Post(postPath, postBody(r)).Want(201).Header.Get("Location")
	for _, name := range []string{"id", "version", "created_at", "updated_at", "author_id"} {
		a.Patch(at, apptest.With(`{}`, name, "null")).WantProblem(422, "invalid", "/"+name)
	}
}

func TestPostList(t *testing.T) {
	t.Parallel()
	a := bootPost(t)
	a.Get(postPath).Want(200).WantAt("/data", `[]`)
	a.Seed(8)
	if ids := a.Walk(postPath, 3); len(ids) != 8 {
		t.Errorf("the pages hold %d posts, want 8", len(ids))
	}
	a.Get(postPath + "?include=author").Want(200) // a query for each of the posts fails the test
	a.WantSorted(postPath, "id")
	a.WantFilter(postPath, "author_id")
	a.WantFilter(postPath, "status")
	a.WantSearch(postPath, "title", "author_id")
	a.Get(postPath+"?count=exact&limit=1").Want(200).WantAt("/page/total", "8")
	a.Get(postPath+"?limit=0").WantProblem(422, "invalid", "/limit")
	a.Get(postPath+"?sort=nothing").WantProblem(422, "invalid", "/sort")
	a.Get(postPath+"?after=nowhere").WantProblem(400, "bad_cursor")
}

func TestPostsByIDs(t *testing.T) {
	t.Parallel()
	a := bootPost(t)
	r := newPostTargets(a)
	a.Seed(1)
	known, err := id.Parse(a.Post(postPath, postBody(r)).Want(201).Text("/id"))
	if err != nil {
		t.Fatal(err)
	}
	found, err := a.module.Post.Posts.ByIDs(t.Context(), []id.ID{known, id.New()})
	if err != nil || len(found) != 1 || found[known].ID != known {
		t.Errorf("found %+v, error %v", found, err)
	}
	if latest, err := a.module.Post.Posts.Latest(t.Context(), 2); err != nil || len(latest) != 2 || !slices.Contains(latest, known) {
		t.Errorf("the latest two are %v, error %v", latest, err)
	}
}

// What posts refer to is there.
func TestPostReferences(t *testing.T) {
	t.Parallel()
	a := bootPost(t)
	r := newPostTargets(a)
	made := a.Post(postPath, postBody(r)).Want(201)
	at, nobody := made.Header.Get("Location"), `"`+id.New().String()+`"`
	for _, field := range []string{"author_id"} {
		a.Post(postPath, apptest.With(postBody(r), field, nobody)).WantProblem(422, "invalid", "/"+field)
	}
	a.Get(at).Want(200).WantBody(made.Body)
}

func TestPostIncludes(t *testing.T) {
	t.Parallel()
	a := bootPost(t)
	r := newPostTargets(a)
	made := a.Post(postPath, postBody(r)).Want(201)
	at := made.Header.Get("Location")
	plain := a.Get(at).Want(200)
	for name, want := range map[string]string{
		"author": r.Author[0],
	} {
		one := a.Get(at+"?include="+name).Want(200).WantAt("/"+name+"/id", `"`+want+`"`)
		if strings.Contains(string(plain.Body), `"`+name+`":`) || one.Header.Get("ETag") == plain.Header.Get("ETag") {
			t.Errorf("%s: the answer without it is %s, the entity tag of the one with it %s", name, plain.Body, one.Header.Get("ETag"))
		}
		a.Get(at+"?include="+name, "If-None-Match", one.Header.Get("ETag")).Want(304)
		a.Get(postPath+"?include="+name).Want(200).WantAt("/data/0/"+name+"/id", `"`+want+`"`)
	}
	a.Get(at+"?include=nothing").WantProblem(422, "invalid", "/include")
}
