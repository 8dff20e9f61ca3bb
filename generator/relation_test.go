package generator

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/resource"
)

func user() resource.Spec {
	return resource.Spec{Module: "accounts", Name: "user", Fields: []string{"name:string"}, Migration: 20261123101500}
}

func post(fields ...string) resource.Spec {
	return resource.Spec{Module: "blog", Name: "post", Fields: fields, Migration: 20261123101600}
}

// related returns a project with these resources, as they are generated.
func related(t *testing.T, specs ...resource.Spec) *project.Project {
	t.Helper()
	p := &project.Project{Root: t.TempDir(), Module: "example.com/app"}
	made := map[string]bool{}
	for _, s := range specs {
		edit, err := resourceEdit(p, s, !made[s.Module], specs...)
		if err != nil {
			t.Fatal(err)
		}
		made[s.Module] = true
		for _, f := range append(edit.Add, edit.Keep...) {
			put(t, p, f.Path, string(f.Data))
		}
	}
	return p
}

func put(t *testing.T, p *project.Project, file, text string) {
	t.Helper()
	name := p.Path(filepath.FromSlash(file))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// What a resource refers to is there and can be asked, before anything is written.
func TestTargets(t *testing.T) {
	t.Parallel()
	comment := func(fields ...string) resource.Spec {
		return resource.Spec{Module: "blog", Name: "comment", Fields: fields}
	}
	all := []resource.Spec{user(), post("title:string", "author:xref=accounts.user"), {Module: "tags", Name: "tag", Fields: []string{"owner:xref=blog.post"}}}
	for _, c := range []struct {
		asks resource.Spec
		want string // empty: nothing is wrong
	}{
		{comment("post:ref=post", "author:xref=accounts.user:null"), ""},
		{comment("parent:ref=comment:null"), ""},
		{comment("post:ref=article"), `field "post:ref=article": there is no resource blog/article: generate it first, or take one of blog/post`},
		{comment("post:ref=user"), `there is no resource blog/user: generate it first, or take one of blog/post`},
		{comment("author:xref=accounts.person"), `there is no resource accounts/person: generate it first, or take one of accounts/user, tags/tag`},
		{comment("author:xref=people.user"), `there is no resource people/user`},
		{resource.Spec{Module: "accounts", Name: "pin", Fields: []string{"post:xref=blog.post"}},
			"modules would call each other in a circle: accounts calls blog by this field, and blog calls accounts already; let one of the two listen to an event of the other, or join them"},
		{resource.Spec{Module: "accounts", Name: "pin", Fields: []string{"tag:xref=tags.tag"}},
			"accounts calls tags by this field, and tags calls blog calls accounts already"},
	} {
		err := checkTargets(related(t, all...), c.asks, all)
		if got := errorText(err); c.want == "" && err != nil || !strings.Contains(got, c.want) || strings.Contains(got, "\n") {
			t.Errorf("%s %v: %v, want %s", c.asks.Name, c.asks.Fields, err, c.want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// A module that calls another one in code that somebody wrote is part of a circle like one that was generated.
func TestCircleOfWrittenCode(t *testing.T) {
	t.Parallel()
	p := related(t, user(), post("title:string"))
	put(t, p, "modules/accounts/accountswire/digest.go", `package accountswire

import (
	"github.com/google/wire"

	writing "example.com/app/modules/blog"
)

type Digest struct{}

type DigestNeeds struct{ Posts writing.Posts }

func newDigest(DigestNeeds) *Digest { return &Digest{} }

var digestSet = wire.NewSet(newDigest)
`)
	err := checkTargets(p, resource.Spec{Module: "blog", Name: "comment", Fields: []string{"author:xref=accounts.user"}}, []resource.Spec{user(), post("title:string")})
	if circle, ok := errors.AsType[*CircleError](err); !ok || strings.Join(circle.Way, " ") != "accounts blog" {
		t.Errorf("%v", err)
	}
}

// A team may have changed a contract since it was written: what is asked of it is named before a compiler stumbles.
func TestContractThatCannotBeAsked(t *testing.T) {
	t.Parallel()
	const file = "modules/accounts/user.go"
	for text, want := range map[string]string{
		"package accounts\n": file + " has no interface Users, which whoever refers to it asks",
		"package accounts\n\ntype Users interface{ Latest() }\n":                                 file + " has no method ByIDs in Users",
		"package accounts\n\ntype Users interface{}\n":                                           file + " has no method ByIDs and no method Latest in Users",
		"package accounts\n\ntype Users struct{}\n":                                              file + " has no interface Users",
		"package accounts\n\ntype (\n\tUsers interface {\n\t\tByIDs()\n\t\tLatest()\n\t}\n)\n\n": "",
		"package": "read the contract of accounts: ",
	} {
		p := related(t, user())
		put(t, p, file, text)
		err := checkTargets(p, post("author:xref=accounts.user"), []resource.Spec{user()})
		if want == "" && err != nil || !strings.Contains(errorText(err), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// Foreign keys lead to tables that are there: of two migrations the one that makes what is referred to has the lower version, whatever the
// clocks say.
func TestMigrationBehindItsTargets(t *testing.T) {
	t.Parallel()
	early, late := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC), time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	comment := resource.Spec{Module: "blog", Name: "comment", Fields: []string{"post:ref=post", "author:xref=accounts.user"}}
	others := []resource.Spec{user(), post("title:string")}
	for now, want := range map[time.Time]time.Time{early: time.Date(2026, 11, 23, 10, 16, 1, 0, time.UTC), late: late} {
		if got := behind(now, comment, others); !got.Equal(want) {
			t.Errorf("at %s: %s, want %s", now, got, want)
		}
	}
}

func TestDestroyWhatOthersReferTo(t *testing.T) {
	t.Parallel()
	p := related(t, user(), post("author:xref=accounts.user", "previous:ref=post:null"))
	_, err := DestroyResource(t.Context(), p, "accounts", "user", time.Now(), nil)
	if inUse, ok := errors.AsType[*InUseError](err); !ok || inUse.Error() != "accounts/user cannot go: blog/post refers to it; banyan destroy resource blog/post" {
		t.Errorf("%v", err)
	}
	if err := unreferred(p, "blog", "post"); err != nil {
		t.Errorf("what only refers to itself: %v", err)
	}
}
