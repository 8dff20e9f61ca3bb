package accounts_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/id"
)

const (
	userPath = "/api/v1/accounts/users"
	// userBody is a request for a user that obeys every rule.
	userBody = `{"name":"Name a","email":"a@example.com"}`
	// userChange changes whatever may change.
	userChange = `{"name":"Name b","email":"b@example.com"}`
)

func TestUserLifecycle(t *testing.T) {
	t.Parallel()
	a := boot(t)
	made := a.Post(userPath, userBody).Want(201).WantMembers(userBody)
	at := userPath + "/" + made.Text("/id")
	made.WantHeader("Location", at).WantHeader("ETag", `"1"`)
	a.Get(at).Want(200).WantHeader("ETag", `"1"`).WantBody(made.Body)
	a.Get(at, "If-None-Match", `"1"`).Want(304)

	a.Patch(at, userChange, "If-Match", `"2"`).WantProblem(412, "version_mismatch")
	changed := a.Patch(at, userChange, "If-Match", `"1"`).Want(200).WantMembers(userChange)
	changed.WantHeader("ETag", `"2"`).WantAt("/version", "2")
	a.Get(at, "If-None-Match", `"1"`).Want(200).WantHeader("ETag", `"2"`).WantBody(changed.Body)

	a.Delete(at, "If-Match", `"1"`).WantProblem(412, "version_mismatch")
	a.Delete(at, "If-Match", `"2"`).Want(204)
	a.Patch(at, `{}`).WantProblem(404, "user_not_found")
	a.Get(at).WantProblem(404, "user_not_found")
	a.Delete(at).WantProblem(404, "user_not_found")
}

// What is private about users is in no log line, also where a request is refused.
func TestUserPrivacy(t *testing.T) {
	t.Parallel()
	a := boot(t)
	made := a.Post(userPath, userBody).Want(201)
	a.Get(made.Header.Get("Location")).Want(200)
	a.Post(userPath, userBody).Want(409)
	a.Post(userPath, apptest.With(userBody, "no_such_field", "1")).Want(422)
	log := a.Log()
	for _, private := range []string{"a@example.com"} {
		if strings.Contains(log, private) {
			t.Errorf("%q is in the log: %s", private, log)
		}
	}
}

func TestUserRefusals(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.Post(userPath, `{"no_such_field":1}`).WantProblem(422, "invalid", "/no_such_field")
	for _, c := range []struct{ name, value, pointer string }{
		{"name", `null`, "/name"},
		{"name", `7`, "/name"},
		{"name", `""`, "/name"},
		{"name", `"` + strings.Repeat("x", 256) + `"`, "/name"},
		{"email", `null`, "/email"},
		{"email", `"nobody"`, "/email"},
	} {
		a.Post(userPath, apptest.With(userBody, c.name, c.value)).WantProblem(422, "invalid", c.pointer)
	}
	for _, name := range []string{"name", "email"} {
		a.Post(userPath, apptest.Without(userBody, name)).WantProblem(422, "invalid", "/"+name)
	}
	at := a.Post(userPath, userBody).Want(201).Header.Get("Location")
	for _, name := range []string{"id", "version"} {
		a.Patch(at, apptest.With(`{}`, name, "null")).WantProblem(422, "invalid", "/"+name)
	}
}

func TestUserTaken(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.Post(userPath, userBody).Want(201)
	a.Post(userPath, userBody).WantProblem(409, "user_taken", "/email")
	other := a.Post(userPath, apptest.With(userBody, "email", `"b@example.com"`)).Want(201).Header.Get("Location")
	a.Patch(other, `{"email":"a@example.com"}`).WantProblem(409, "user_taken", "/email")
}

func TestUserList(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.Get(userPath).Want(200).WantAt("/data", `[]`)
	a.Seed(8)
	if ids := a.Walk(userPath, 3); len(ids) != 8 {
		t.Errorf("the pages hold %d users, want 8", len(ids))
	}
	a.WantSorted(userPath, "id")
	a.WantSorted(userPath, "name")
	a.WantSearch(userPath, "name")
	a.Get(userPath+"?count=exact&limit=1").Want(200).WantAt("/page/total", "8")
	a.Get(userPath+"?limit=0").WantProblem(422, "invalid", "/limit")
	a.Get(userPath+"?sort=nothing").WantProblem(422, "invalid", "/sort")
	a.Get(userPath+"?after=nowhere").WantProblem(400, "bad_cursor")
}

func TestUsersByIDs(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.Seed(1)
	known, err := id.Parse(a.Post(userPath, userBody).Want(201).Text("/id"))
	if err != nil {
		t.Fatal(err)
	}
	found, err := a.module.User.Users.ByIDs(t.Context(), []id.ID{known, id.New()})
	if err != nil || len(found) != 1 || found[known].ID != known {
		t.Errorf("found %+v, error %v", found, err)
	}
	if latest, err := a.module.User.Users.Latest(t.Context(), 2); err != nil || len(latest) != 2 || !slices.Contains(latest, known) {
		t.Errorf("the latest two are %v, error %v", latest, err)
	}
}
