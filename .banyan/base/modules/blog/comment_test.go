package blog_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/id"
)

const commentPath = "/api/v1/blog/comments"

// commentTargets are ids of what comments refer to, two of each.
type commentTargets struct {
	Post   []string
	Author []string
}

func newCommentTargets(a application) commentTargets {
	a.SeedParts(2, a.accounts.User, a.module.Post)
	return commentTargets{
		Post:   a.IDs(2, a.module.Post.Posts.Latest),
		Author: a.IDs(2, a.accounts.User.Users.Latest),
	}
}

// commentBody returns a request for a comment that obeys every rule.
func commentBody(r commentTargets) string {
	return `{"post_id":"` + r.Post[0] + `","author_id":"` + r.Author[0] + `","body":"Body a"}`
}

// commentChange returns one that changes whatever may change.
func commentChange(_ commentTargets) string {
	return `{"author_id":null,"body":"Body b"}`
}

// bootComment starts the module, for somebody who may do everything with comments.
func bootComment(t *testing.T) application {
	t.Helper()
	a := boot(t)
	a.App = a.As("ada", "admin")
	return a
}

func TestCommentLifecycle(t *testing.T) {
	t.Parallel()
	a := bootComment(t)
	r := newCommentTargets(a)
	made := a.Post(commentPath, commentBody(r)).Want(201).WantMembers(commentBody(r))
	at := commentPath + "/" + made.Text("/id")
	made.WantHeader("Location", at).WantHeader("ETag", `"1"`)
	a.Get(at).Want(200).WantHeader("ETag", `"1"`).WantBody(made.Body)
	a.Get(at, "If-None-Match", `"1"`).Want(304)

	a.Patch(at, commentChange(r), "If-Match", `"2"`).WantProblem(412, "version_mismatch")
	changed := a.Patch(at, commentChange(r), "If-Match", `"1"`).Want(200).WantMembers(commentChange(r))
	changed.WantHeader("ETag", `"2"`).WantAt("/version", "2")
	a.Get(at, "If-None-Match", `"1"`).Want(200).WantHeader("ETag", `"2"`).WantBody(changed.Body)

	a.Delete(at, "If-Match", `"1"`).WantProblem(412, "version_mismatch")
	a.Delete(at, "If-Match", `"2"`).Want(204)
	a.Patch(at, `{}`).WantProblem(404, "comment_not_found")
	a.Get(at).WantProblem(404, "comment_not_found")
	a.Delete(at).WantProblem(404, "comment_not_found")
}

// Who may do what with comments: whoever is signed in reads, and the role admin writes. Whoever is refused has changed nothing.
func TestCommentPolicy(t *testing.T) {
	t.Parallel()
	a := boot(t)
	r := newCommentTargets(a)
	editor, reader := a.As("ada", "admin"), a.As("ben")
	made := editor.Post(commentPath, commentBody(r)).Want(201)
	at := made.Header.Get("Location")
	for _, path := range []string{commentPath, at, "/api/v1/blog/posts/" + r.Post[0] + "/comments"} {
		a.Get(path).WantProblem(401, "unauthenticated")
		reader.Get(path).Want(200)
	}
	for _, c := range []struct{ method, path, body string }{
		{"POST", commentPath, commentBody(r)},
		{"PATCH", at, commentChange(r)},
		{"DELETE", at, ""},
	} {
		a.Do(c.method, c.path, c.body).WantProblem(401, "unauthenticated")
		reader.Do(c.method, c.path, c.body).WantProblem(403, "forbidden")
	}
	editor.Get(at).Want(200).WantBody(made.Body)
	editor.Get(commentPath+"?count=exact").Want(200).WantAt("/page/total", "1")
}

// An id that no comment has stands for none of them, and never for all.
func TestCommentUnknownID(t *testing.T) {
	t.Parallel()
	a := bootComment(t)
	r := newCommentTargets(a)
	made := a.Post(commentPath, commentBody(r)).Want(201)
	for _, unknown := range []string{id.New().String(), id.ID{}.String(), "0", "-1", "*", "%25", ""} {
		at := commentPath + "/" + unknown
		a.Get(at).Want(404)
		a.Patch(at, commentChange(r)).Want(404)
		a.Delete(at).Want(404)
	}
	a.Get(made.Header.Get("Location")).Want(200).WantBody(made.Body)
}

func TestCommentDefaults(t *testing.T) {
	t.Parallel()
	a := bootComment(t)
	r := newCommentTargets(a)
	a.Post(commentPath, `{"post_id":"`+r.Post[0]+`","body":"Body a"}`).Want(201).WantMembers(`{"author_id":null}`)
}

func TestCommentRefusals(t *testing.T) {
	t.Parallel()
	a := bootComment(t)
	r := newCommentTargets(a)
	a.Post(commentPath, `{"no_such_field":1}`).WantProblem(422, "invalid", "/no_such_field")
	for _, c := range []struct{ name, value, pointer string }{
		{"post_id", `null`, "/post_id"},
		{"post_id", `"not-a-uuid"`, "/post_id"},
		{"author_id", `"not-a-uuid"`, "/author_id"},
		{"body", `null`, "/body"},
		{"body", `7`, "/body"},
		{"body", `""`, "/body"},
		{"body", `"` + strings.Repeat("x", 2001) + `"`, "/body"},
	} {
		a.Post(commentPath, apptest.With(commentBody(r), c.name, c.value)).WantProblem(422, "invalid", c.pointer)
	}
	for _, name := range []string{"post_id", "body"} {
		a.Post(commentPath, apptest.Without(commentBody(r), name)).WantProblem(422, "invalid", "/"+name)
	}
	for _, name := range []string{"id", "version", "created_at", "updated_at"} {
		a.Post(commentPath, apptest.With(commentBody(r), name, "null")).WantProblem(422, "invalid", "/"+name)
	}
	at := a.Post(commentPath, commentBody(r)).Want(201).Header.Get("Location")
	for _, name := range []string{"id", "version", "created_at", "updated_at", "post_id"} {
		a.Patch(at, apptest.With(`{}`, name, "null")).WantProblem(422, "invalid", "/"+name)
	}
}

func TestCommentList(t *testing.T) {
	t.Parallel()
	a := bootComment(t)
	a.Get(commentPath).Want(200).WantAt("/data", `[]`)
	a.Seed(8)
	if ids := a.Walk(commentPath, 3); len(ids) != 8 {
		t.Errorf("the pages hold %d comments, want 8", len(ids))
	}
	a.Get(commentPath + "?include=post,author").Want(200) // a query for each of the comments fails the test
	a.WantSorted(commentPath, "id")
	a.WantFilter(commentPath, "post_id")
	a.WantFilter(commentPath, "author_id")
	a.Get(commentPath+"?count=exact&limit=1").Want(200).WantAt("/page/total", "8")
	a.Get(commentPath+"?limit=0").WantProblem(422, "invalid", "/limit")
	a.Get(commentPath+"?sort=nothing").WantProblem(422, "invalid", "/sort")
	a.Get(commentPath+"?after=nowhere").WantProblem(400, "bad_cursor")
}

// The comments of a post are a list of its own.
func TestCommentsOfPost(t *testing.T) {
	t.Parallel()
	a := bootComment(t)
	r := newCommentTargets(a)
	made := a.Post(commentPath, commentBody(r)).Want(201)
	above := "/api/v1/blog/posts/"
	a.Get(above+r.Post[0]+"/comments?count=exact&include=post,author").Want(200).WantAt("/page/total", "1").WantAt("/data/0/id", `"`+made.Text("/id")+`"`)
	a.Get(above+r.Post[1]+"/comments").Want(200).WantAt("/data", `[]`)
	a.Get("/api/v1/blog/posts/"+id.New().String()+"/comments").WantProblem(404, "post_not_found")
}

func TestCommentsByIDs(t *testing.T) {
	t.Parallel()
	a := bootComment(t)
	r := newCommentTargets(a)
	a.Seed(1)
	known, err := id.Parse(a.Post(commentPath, commentBody(r)).Want(201).Text("/id"))
	if err != nil {
		t.Fatal(err)
	}
	found, err := a.module.Comment.Comments.ByIDs(t.Context(), []id.ID{known, id.New()})
	if err != nil || len(found) != 1 || found[known].ID != known {
		t.Errorf("found %+v, error %v", found, err)
	}
	if latest, err := a.module.Comment.Comments.Latest(t.Context(), 2); err != nil || len(latest) != 2 || !slices.Contains(latest, known) {
		t.Errorf("the latest two are %v, error %v", latest, err)
	}
}

// What comments refer to is there.
func TestCommentReferences(t *testing.T) {
	t.Parallel()
	a := bootComment(t)
	r := newCommentTargets(a)
	made := a.Post(commentPath, commentBody(r)).Want(201)
	at, nobody := made.Header.Get("Location"), `"`+id.New().String()+`"`
	for _, field := range []string{"post_id", "author_id"} {
		a.Post(commentPath, apptest.With(commentBody(r), field, nobody)).WantProblem(422, "invalid", "/"+field)
	}
	for _, field := range []string{"author_id"} {
		a.Patch(at, apptest.With(`{}`, field, nobody)).WantProblem(422, "invalid", "/"+field)
	}
	a.Get(at).Want(200).WantBody(made.Body)
}

func TestCommentIncludes(t *testing.T) {
	t.Parallel()
	a := bootComment(t)
	r := newCommentTargets(a)
	made := a.Post(commentPath, commentBody(r)).Want(201)
	at := made.Header.Get("Location")
	plain := a.Get(at).Want(200)
	for name, want := range map[string]string{
		"post":   r.Post[0],
		"author": r.Author[0],
	} {
		one := a.Get(at+"?include="+name).Want(200).WantAt("/"+name+"/id", `"`+want+`"`)
		if strings.Contains(string(plain.Body), `"`+name+`":`) || one.Header.Get("ETag") == plain.Header.Get("ETag") {
			t.Errorf("%s: the answer without it is %s, the entity tag of the one with it %s", name, plain.Body, one.Header.Get("ETag"))
		}
		a.Get(at+"?include="+name, "If-None-Match", one.Header.Get("ETag")).Want(304)
		a.Get(commentPath+"?include="+name).Want(200).WantAt("/data/0/"+name+"/id", `"`+want+`"`)
	}
	a.Get(at+"?include=nothing").WantProblem(422, "invalid", "/include")
}
