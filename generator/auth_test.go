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

// A resource for programs is no good in an application that knows nobody's token, whichever module it is that does.
func TestTokensThatNobodyKnows(t *testing.T) {
	t.Parallel()
	const method = "func (*Importer) VerifyToken() {}\n"
	for _, c := range []struct {
		what, file, text string
		auth             resource.Auth
		want             string
	}{
		{"no module", "", "", resource.Token, noTokens},
		{"whoever signs in", "", "", resource.Session, ""},
		{"everybody", "", "", resource.Public, ""},
		{"a module without", "modules/shop/shopwire/importer.go", "package shopwire\n\ntype Importer struct{}\n", resource.Token, noTokens},
		{"a module of your own", "modules/shop/shopwire/importer.go", "package shopwire\n\n" + method, resource.Token, ""},
		{"the module accounts", "modules/accounts/accountswire/token.go", "package accountswire\n\n" + method, resource.Token, ""},
		{"a test", "modules/shop/shopwire/importer_test.go", "package shopwire\n\n" + method, resource.Token, noTokens},
		{"another package", "modules/shop/importer.go", "package shop\n\n" + method, resource.Token, noTokens},
	} {
		p := &project.Project{Root: t.TempDir(), Module: "example.com/app"}
		put(t, p, "modules/modules_gen.go", "package modules\n")
		if c.file != "" {
			put(t, p, c.file, c.text)
		}
		if got, err := withoutTokens(p, resource.Spec{Module: "shop", Name: "order", Auth: c.auth}); got != c.want || err != nil {
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

// What everybody reads is recorded, whoever repeats the command without --read means it, and it is nothing where everybody may do everything.
func TestReadOfWhatIsThere(t *testing.T) {
	t.Parallel()
	s := post("title:string")
	s.Auth, s.Read = resource.Session, resource.Public
	p := related(t, s)
	for _, c := range []struct {
		auth, read resource.Auth
		same       bool
	}{{"", "", true}, {"", resource.Public, true}, {resource.Session, "", true}, {resource.Session, resource.Public, true}, {resource.Token, "", false}} {
		s.Auth, s.Read = c.auth, c.read
		plan, err := Resource(t.Context(), p, s, noon(), nil)
		other, is := errors.AsType[*OtherError](err)
		if is == c.same || c.same && (err != nil || len(plan.Changes) > 0) {
			t.Errorf("%q and %q are asked for: %v", c.auth, c.read, err)
		}
		if is && !strings.HasSuffix(other.Was, " --auth session --read public") {
			t.Errorf("it does not say what is there: %v", err)
		}
	}

	s = resource.Spec{Module: "blog", Name: "note", Fields: []string{"text:string"}, Read: resource.Public}
	if _, err := Resource(t.Context(), p, s, noon(), nil); !errors.Is(err, resource.ErrReadsAlready) {
		t.Errorf("where nobody signs in: %v", err)
	}
}

// An operation that anybody may call is one of a public resource, and the policy of every other one is in its file.
func TestRoutesOfEachAuth(t *testing.T) {
	t.Parallel()
	for access, want := range map[[2]resource.Auth]map[string]int{
		{resource.Public}:                   {"Auth: api.Public,": 4, "Auth: open": 5, "api.PublicWrite(": 1, "Allow:": 0},
		{resource.Session}:                  {"Auth: api.Session, Allow: may.": 9, "Allow:": 9, "api.Public": 0},
		{resource.Token}:                    {"Auth: api.Token, Allow: may.": 9, "Allow:": 9, "api.Public": 0},
		{resource.Session, resource.Public}: {"Auth: api.Session, Allow: may.": 5, "Allow:": 5, "Auth: api.Public,": 4},
		{resource.Token, resource.Public}:   {"Auth: api.Token, Allow: may.": 5, "Allow:": 5, "Auth: api.Public,": 4},
	} {
		auth, read := access[0], access[1]
		s := resource.Spec{Module: "blog", Name: "comment", Fields: []string{"post:ref=post", "body:text", "scan:file"}, Auth: auth, Read: read, Migration: 20261123101700}
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
				t.Errorf("%s: %q stands there %d times, want %d", access, piece, got, n)
			}
		}
		writes := map[resource.Auth]string{resource.Session: `api.Roles("admin")`, resource.Token: `api.Scope("blog:write")`}[auth]
		if want := slices.Contains([]resource.Auth{resource.Session, resource.Token}, auth); (policy != "") != want || want && strings.Count(policy, writes) != 3 {
			t.Errorf("%s: the policy is\n%s", access, policy)
		}
		if reads := strings.Count(policy, "list()") + strings.Count(policy, "get()"); policy != "" && (reads == 2) == (read == resource.Public) {
			t.Errorf("%s: %d policies are about reading\n%s", access, reads, policy)
		}
		if load := text("modules/blog/load/comment.js"); strings.Contains(load, "__ENV.TOKEN") != (auth == resource.Token && read == "") || strings.Contains(load, "login") != (auth == resource.Session && read == "") {
			t.Errorf("%s: the load test is\n%s", access, load)
		}
	}
}
