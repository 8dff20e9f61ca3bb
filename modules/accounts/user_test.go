package accounts_test

import (
	"slices"
	"testing"

	"github.com/banyan-go/banyan/modules/accounts/accountswire"
	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/module"
)

const userPath = base + "/users"

// Users are the business of admins, whatever somebody else knows about them.
func TestUsersPolicy(t *testing.T) {
	t.Parallel()
	a := boot(t)
	user := a.register(t, anna, "Anna")
	anybody := a.As(user, "editor", "administrator")
	for _, c := range []struct{ method, path, body string }{
		{"GET", "", ""}, {"GET", "/" + user, ""}, {"DELETE", "/" + user, ""}, {"PUT", "/" + user + "/roles", `{"roles":["admin"]}`},
		{"POST", "/" + user + "/disable", ""}, {"POST", "/" + user + "/enable", ""},
	} {
		a.Do(c.method, userPath+c.path, c.body).WantProblem(401, "unauthenticated")
		anybody.Do(c.method, userPath+c.path, c.body).WantProblem(403, "forbidden")
	}
	a.admin().Get(userPath+"/"+user).Want(200).WantAt("/roles", `[]`).WantAt("/disabled", `false`)
}

func TestRoles(t *testing.T) {
	t.Parallel()
	a := boot(t)
	user := a.register(t, anna, "Anna")
	session := a.signIn(anna, password)
	at := userPath + "/" + user + "/roles"
	a.admin().Put(at, `{"roles":["editor","admin","editor"]}`).Want(200).WantAt("/roles", `["admin","editor"]`).WantAt("/version", "2")
	session.Get(base+"/me").WantProblem(401, "unauthenticated") // who may do more signs in again
	promoted := a.signIn(anna, password)
	promoted.Get(userPath).Want(200)
	promoted.Put(at, `{"roles":[]}`).WantProblem(409, "own_account")
	a.admin().Put(at, `{"roles":[]}`).Want(200)
	promoted.Get(userPath).WantProblem(401, "unauthenticated")
	a.signIn(anna, password).Get(userPath).WantProblem(403, "forbidden")
	for _, bad := range []string{`{"roles":["Admin"]}`, `{"roles":[""]}`, `{"roles":["a b"]}`} {
		a.admin().Put(at, bad).WantProblem(422, "invalid", "/roles/0")
	}
	a.admin().Put(userPath+"/"+id.New().String()+"/roles", `{"roles":[]}`).WantProblem(404, "user_not_found")
}

// The first admin is named by an operator, before the address is confirmed or after.
func TestFirstAdmin(t *testing.T) {
	t.Parallel()
	var b built
	a := application{App: apptest.Run(t, func(p module.Platform) (_ module.Module, err error) {
		c := accountswire.Default()
		c.User.Admins = []string{"Anna@example.com"}
		b.module, err = accountswire.New(p, c, accountswire.Needs{})
		return b.module, err
	})}
	a.built = b
	user := a.register(t, anna, "Anna")
	a.signIn(anna, password).Get(userPath).Want(200)
	a.admin().Put(userPath+"/"+user+"/roles", `{"roles":["editor"]}`).Want(200)
	a.Post(base+"/login", credentials(anna, "wrong password")).WantProblem(401, "wrong_credentials")
	a.signIn(anna, password).Get(base+"/me").Want(200).WantAt("/roles", `["editor","admin"]`)
}

// Whoever is disabled is out at once, by every way, on every instance; and is in again when enabled.
func TestDisable(t *testing.T) {
	t.Parallel()
	a := boot(t)
	user := a.register(t, anna, "Anna")
	one, other := a.signIn(anna, password), a.signIn(anna, password)
	secret := one.Post(base+"/me/tokens", `{"name":"CI","scopes":["x:read"]}`).Want(201).Text("/token")
	admin := a.admin()
	admin.Post(userPath+"/"+user+"/disable", "").Want(200).WantAt("/disabled", "true")
	for range 2 { // each instance
		one.Get(base+"/me").WantProblem(401, "unauthenticated")
		other.Get(base+"/me").WantProblem(401, "unauthenticated")
		a.Post(base+"/login", credentials(anna, password)).WantProblem(401, "wrong_credentials")
	}
	if c := a.verify(t, secret); !c.Anonymous() {
		t.Errorf("the token is that of %+v", c)
	}
	admin.Post(userPath+"/"+user+"/disable", "").Want(200).WantAt("/version", "2")
	admin.Post(userPath+"/"+user+"/enable", "").Want(200).WantAt("/disabled", "false")
	a.signIn(anna, password)
	if c := a.verify(t, secret); c.Subject != user {
		t.Errorf("the token is that of %+v", c)
	}
	self := a.As(user, "admin")
	self.Post(userPath+"/"+user+"/disable", "").WantProblem(409, "own_account")
	self.Delete(userPath+"/"+user).WantProblem(409, "own_account")
}

func TestDeleteUser(t *testing.T) {
	t.Parallel()
	a := boot(t)
	user := a.register(t, anna, "Anna")
	session := a.signIn(anna, password)
	session.Post(base+"/me/tokens", `{"name":"CI","scopes":["x:read"]}`).Want(201)
	a.Post(base+"/password/reset", annaForgets).Want(202)
	a.link(t, "accounts.reset", anna)
	admin := a.admin()
	admin.Delete(userPath + "/" + user).Want(204)
	admin.Get(userPath+"/"+user).WantProblem(404, "user_not_found")
	admin.Delete(userPath+"/"+user).WantProblem(404, "user_not_found")
	session.Get(base+"/me").WantProblem(401, "unauthenticated")
	if left := slices.Concat(a.Stored("accounts_tokens", "id"), a.Stored("accounts_resets", "id")); len(left) != 0 {
		t.Errorf("it leaves %v", left)
	}
	a.register(t, anna, "Anna again")
}

func TestUserList(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.App = a.admin()
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
	a.Get(userPath+"?sort=password").WantProblem(422, "invalid", "/sort")
	a.Get(userPath+"?after=nowhere").WantProblem(400, "bad_cursor")
}

func TestUsersByIDs(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.Seed(1)
	known, err := id.Parse(a.register(t, anna, "Anna"))
	if err != nil {
		t.Fatal(err)
	}
	found, err := a.module.User.Users.ByIDs(t.Context(), []id.ID{known, id.New()})
	if err != nil || len(found) != 1 || found[known].Email != anna {
		t.Errorf("found %+v, error %v", found, err)
	}
	if latest, err := a.module.User.Users.Latest(t.Context(), 2); err != nil || len(latest) != 2 || !slices.Contains(latest, known) {
		t.Errorf("the latest two are %v, error %v", latest, err)
	}
}
