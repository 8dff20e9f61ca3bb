package api_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/api"
)

func TestAuth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		auth api.Auth
		open bool
		why  string
	}{
		{api.Public, true, ""},
		{api.PublicWrite("anybody may sign up"), true, "anybody may sign up"},
		{api.Session, false, ""},
		{api.Token, false, ""},
		{"publicity", false, ""},
	} {
		if c.auth.Open() != c.open || c.auth.Why() != c.why {
			t.Errorf("%q: open %v, why %q", c.auth, c.auth.Open(), c.auth.Why())
		}
	}
}

func TestCaller(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	if c := api.CallerFrom(ctx); !c.Anonymous() {
		t.Errorf("nobody has called, and the caller is %+v", c)
	}
	if c := api.CallerFrom(context.WithValue(ctx, api.CallerKey{}, api.Caller{Subject: "ann"})); c.Anonymous() || c.Subject != "ann" {
		t.Errorf("ann has called, and the caller is %+v", c)
	}
}

// Who is not named may not: a policy that was forgotten, or made of nothing, lets nobody in, and none of them lets in somebody without a name.
func TestPolicies(t *testing.T) {
	t.Parallel()
	nobody, ann := api.Caller{Roles: []string{"admin"}, Scopes: []string{"blog:write"}}, api.Caller{Subject: "ann"}
	admin, writer := api.Caller{Subject: "ben", Roles: []string{"user", "admin"}}, api.Caller{Subject: "cy", Scopes: []string{"blog:write"}}
	both := api.Caller{Subject: "di", Roles: []string{"admin"}, Scopes: []string{"blog:write"}}
	callers := []api.Caller{nobody, ann, admin, writer, both}
	for _, c := range []struct {
		policy api.Policy
		text   string
		allows string // a letter for each of the callers
	}{
		{api.Policy{}, "nobody", "-----"},
		{api.SignedIn(), "signed in", "-abcd"},
		{api.Roles("editor", "admin"), "role editor or admin", "--b-d"},
		{api.Roles(), "role ", "-----"},
		{api.Scope("blog:write"), "scope blog:write", "---cd"},
		{api.Scope("blog"), "scope blog", "-----"},
		{api.AnyOf(api.Roles("admin"), api.Scope("blog:write")), "role admin or scope blog:write", "--bcd"},
		{api.AllOf(api.Roles("admin"), api.Scope("blog:write")), "role admin and scope blog:write", "----d"},
		{api.AnyOf(), "", "-----"},
		{api.AllOf(), "", "-----"},
		{api.Anybody(), "everybody", " abcd"},
		{api.AllOf(api.SignedIn(), api.Policy{}), "signed in and nobody", "-----"},
	} {
		got := ""
		for i, caller := range callers {
			letter := "-"
			if c.policy.Allows(caller) {
				letter = string(" abcd"[i])
			}
			got += letter
		}
		if got != c.allows || c.policy.String() != c.text {
			t.Errorf("%q lets in %s, want %q and %s", c.policy, got, c.text, c.allows)
		}
	}
}

func TestASessionHasNoScopes(t *testing.T) {
	t.Parallel()
	for _, policy := range []api.Policy{api.Scope("blog:write"), api.AnyOf(api.Roles("admin"), api.Scope("blog:write"))} {
		a := api.New(api.Limits{}, nil, slog.New(slog.DiscardHandler))
		op := api.Op{ID: "do", Summary: "Do it", Auth: api.Session, Allow: policy}
		err := a.Mount("test", api.Get("/do", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }, op))
		if err == nil || !strings.Contains(err.Error(), "a session has no scopes") {
			t.Errorf("%s: %v", policy, err)
		}
	}
}

// Everybody reads, and the document says that nobody has to be known.
func TestAnybodyReads(t *testing.T) {
	t.Parallel()
	do := func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }
	a := api.New(api.Limits{}, nil, slog.New(slog.DiscardHandler))
	a.Guard("session", api.Session, api.Token)
	err := a.Mount("test",
		api.Get("/token", do, api.Op{ID: "a", Summary: "A", Auth: api.Token, Allow: api.Anybody()}),
		api.Get("/session", do, api.Op{ID: "b", Summary: "B", Auth: api.Session, Allow: api.Anybody()}),
		api.Get("/somebody", do, api.Op{ID: "c", Summary: "C", Auth: api.Token, Allow: api.SignedIn()}),
	)
	if err != nil {
		t.Fatal(err)
	}
	doc := documentOf(t, a)
	for path, want := range map[string]struct {
		ways      int
		responses string
	}{"/token": {2, "401"}, "/session": {2, ""}, "/somebody": {1, "401 403"}} {
		o := doc.Paths["/api/v1/test"+path]["get"]
		var got []string
		for _, status := range []string{"401", "403"} {
			if _, has := o.Responses[status]; has {
				got = append(got, status)
			}
		}
		if len(o.Security) != want.ways || len(o.Security) == 2 && len(o.Security[0]) != 0 || strings.Join(got, " ") != want.responses {
			t.Errorf("%s: security %v, responses %v", path, o.Security, got)
		}
	}
	err = a.Mount("test", api.Post("/write", do, api.Op{ID: "w", Summary: "W", Auth: api.Token, Allow: api.Anybody()}))
	if err == nil || !strings.Contains(err.Error(), `writes, and Op.Allow lets everybody in: say so with Auth: api.PublicWrite("the reason")`) {
		t.Errorf("a write for everybody: %v", err)
	}
}

func TestAdmit(t *testing.T) {
	t.Parallel()
	nobody, ann, admin := api.Caller{}, api.Caller{Subject: "ann"}, api.Caller{Subject: "ben", Roles: []string{"admin"}}
	for _, c := range []struct {
		name   string
		op     api.Op
		caller api.Caller
		want   error
	}{
		{"a page for everybody", api.Op{Auth: api.Public}, nobody, nil},
		{"nobody, where somebody is wanted", api.Op{Auth: api.Session, Allow: api.SignedIn()}, nobody, api.ErrUnauthenticated},
		{"somebody", api.Op{Auth: api.Session, Allow: api.SignedIn()}, ann, nil},
		{"somebody else", api.Op{Auth: api.Token, Allow: api.Roles("admin")}, ann, api.ErrForbidden},
		{"the right one", api.Op{Auth: api.Token, Allow: api.Roles("admin")}, admin, nil},
		{"nobody, where everybody may and somebody is known", api.Op{Auth: api.Token, Allow: api.Anybody()}, nobody, nil},
		{"nobody, where an admin or everybody is wanted", api.Op{Auth: api.Token, Allow: api.AnyOf(api.Roles("admin"), api.Anybody())}, nobody, api.ErrUnauthenticated},
		{"nothing said", api.Op{}, admin, api.ErrForbidden},
	} {
		if err := (&api.Endpoint{Op: c.op}).Admit(c.caller); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}
