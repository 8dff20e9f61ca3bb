package generator

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/resource"
)

// Where users can sign in a new resource is theirs; elsewhere nobody could call one. What merely has the name of the module accounts lets
// nobody in.
func TestUsualAuth(t *testing.T) {
	t.Parallel()
	const file = "modules/accounts/accountswire/token.go"
	for _, c := range []struct {
		what, text string
		want       resource.Auth
	}{
		{"no module accounts", "", resource.Public},
		{"a list of people", "package accountswire\n\n// VerifyToken is not here.\ntype User struct{}\n", resource.Public},
		{"a function of that name", "package accountswire\n\nfunc VerifyToken() {}\n", resource.Public},
		{"users who sign in", "package accountswire\n\nfunc (*Account) VerifyToken() {}\n", resource.Session},
		{"the middle of a merge", "<<<<<<< HEAD\nfunc (*Account) VerifyToken() {}\n", resource.Session},
	} {
		p := &project.Project{Root: t.TempDir(), Module: "example.com/app"}
		if c.text != "" {
			put(t, p, file, c.text)
		}
		if got, err := usualAuth(p); got != c.want || err != nil {
			t.Errorf("%s: %q, error %v, want %q", c.what, got, err, c.want)
		}
	}
}

// Whoever repeats a command without --auth means what is there, also when accounts have come in between.
func TestAuthOfWhatIsThere(t *testing.T) {
	t.Parallel()
	for was, is := range map[resource.Auth]resource.Auth{"": resource.Public, resource.Public: resource.Public, resource.Session: resource.Session, resource.Token: resource.Token} {
		s := post("title:string")
		s.Auth = was
		p := related(t, s)
		put(t, p, "modules/accounts/accountswire/token.go", "package accountswire\n\nfunc (*Account) VerifyToken() {}\n")
		for _, asked := range []resource.Auth{"", resource.Public, resource.Session, resource.Token} {
			s.Auth = asked
			plan, err := Resource(t.Context(), p, s, noon(), nil)
			_, other := errors.AsType[*OtherError](err)
			if same := asked == "" || asked == is; other == same || same && (err != nil || len(plan.Changes) > 0) {
				t.Errorf("it is %q, and %q is asked for: %v", is, asked, err)
			}
		}
	}
}

// An operation that anybody may call is one of a public resource, and the policy of every other one is in its file.
func TestRoutesOfEachAuth(t *testing.T) {
	t.Parallel()
	for auth, want := range map[resource.Auth]map[string]int{
		resource.Public:  {"Auth: api.Public,": 3, "Auth: open": 3, "api.PublicWrite(": 1, "Allow:": 0},
		resource.Session: {"Auth: api.Session, Allow: may.": 6, "Allow:": 6, "api.Public": 0},
		resource.Token:   {"Auth: api.Token, Allow: may.": 6, "Allow:": 6, "api.Public": 0},
	} {
		s := resource.Spec{Module: "blog", Name: "comment", Fields: []string{"post:ref=post", "body:text"}, Auth: auth, Migration: 20261123101700}
		files, err := resourceFiles("example.com/app", s, true, post("title:string", "comments:many=comment"))
		if err != nil {
			t.Fatal(err)
		}
		text := func(file string) string {
			for _, f := range files {
				if f.Path == file {
					return string(f.Data)
				}
			}
			return ""
		}
		routes, policy := text("modules/blog/internal/web/comment.go"), text("modules/blog/internal/web/comment_policy.go")
		for piece, n := range want {
			if got := strings.Count(routes, piece); got != n {
				t.Errorf("%s: %q stands there %d times, want %d", auth, piece, got, n)
			}
		}
		writes := map[resource.Auth]string{resource.Session: `api.Roles("admin")`, resource.Token: `api.Scope("blog:write")`}[auth]
		if want := slices.Contains([]resource.Auth{resource.Session, resource.Token}, auth); (policy != "") != want || want && strings.Count(policy, writes) != 3 {
			t.Errorf("%s: the policy is\n%s", auth, policy)
		}
	}
}
