package user

import (
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/modules/accounts"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/patch"
)

func invented(t *testing.T, n int) accounts.User {
	t.Helper()
	name, email := sample(n)
	user, err := begin(name, email, time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC))
	if err != nil {
		t.Fatalf("sample %d: %v", n, err)
	}
	return user
}

func TestSamplesObeyTheRules(t *testing.T) {
	t.Parallel()
	for i := range 100 {
		invented(t, i)
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pointer, code string
		spoil         func(d *Draft)
	}{
		{"/name", "required", func(d *Draft) { d.Name = " " }},
		{"/name", "max_length", func(d *Draft) { d.Name = strings.Repeat("x", 256) }},
		{"/email", "required", func(d *Draft) { d.Email = "" }},
		{"/email", "max_length", func(d *Draft) { d.Email = strings.Repeat("x", 255) }},
		{"/password", "min_length", func(d *Draft) { d.Password = "ninechars" }},
		{"/password", "max_length", func(d *Draft) { d.Password = strings.Repeat("x", 129) }},
		{"/password", "too_simple", func(d *Draft) { d.Password = "ANNA@example.com" }},
	} {
		d := Draft{Name: "Anna", Email: "anna@example.com", Password: "correct horse"}
		if err := d.check(); err != nil {
			t.Fatal(err)
		}
		c.spoil(&d)
		broken, _ := errors.AsType[*fault.Error](d.check())
		if broken == nil || !slices.ContainsFunc(broken.Fields, func(f fault.Field) bool { return f.Pointer == c.pointer && f.Code == c.code }) {
			t.Errorf("%s: %v, want the code %s", c.pointer, broken, c.code)
		}
	}
}

func TestRolesAreSortedWords(t *testing.T) {
	t.Parallel()
	if got, err := roles([]string{"editor", "admin", "editor"}); err != nil || !slices.Equal(got, []string{"admin", "editor"}) {
		t.Errorf("%v, error %v", got, err)
	}
	for _, bad := range []string{"", "Admin", "a b", "-x", "é", strings.Repeat("x", 21), "a\n"} {
		if _, err := roles([]string{bad}); err == nil {
			t.Errorf("%q is taken for a role", bad)
		}
	}
}

// Whoever prints or logs a user shows nothing of what is in it.
func TestPrintsNothingPrivate(t *testing.T) {
	t.Parallel()
	user := invented(t, 0)
	type in struct{ V any }
	for _, c := range []struct {
		value any
		want  string
	}{
		{user, "user " + user.ID.String()},
		{Draft{Email: "anna@example.com", Password: "hush"}, "draft of a user"},
		{Change{}, "change of a user"},
	} {
		for _, f := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if got := fmt.Sprintf(f, c.value); got != c.want {
				t.Errorf("%s prints %s", f, got)
			}
		}
		if got := fmt.Sprintf("%+v", in{c.value}); got != "{V:"+c.want+"}" {
			t.Errorf("inside of something else: %s", got)
		}
		if got := slog.AnyValue(c.value).Resolve().String(); got != c.want {
			t.Errorf("logged as %s", got)
		}
	}
}

func TestApplyLeavesTheRestAlone(t *testing.T) {
	t.Parallel()
	before := Account{User: invented(t, 1), Roles: []string{"admin"}, password: "x"}
	now := before.CreatedAt.Add(time.Hour)
	after, err := before.apply(Change{Name: patch.Change[string]{}}, now)
	if err != nil {
		t.Fatal(err)
	}
	want := before
	want.Version, want.UpdatedAt = 2, now
	if !reflect.DeepEqual(after, want) {
		t.Errorf("an empty change made\n%+v out of\n%+v", after, before)
	}
}

func TestRowKeepsEverything(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)
	want := Account{User: invented(t, 1), Roles: []string{"admin", "editor"}, Disabled: true, password: "x"}
	if back := toRow(want, &at).account(); !reflect.DeepEqual(back, want) {
		t.Errorf("the row turns\n%+v into\n%+v", want, back)
	}
}

// What a link is good for stands behind the #, which browsers send nowhere.
func TestLinksInMails(t *testing.T) {
	t.Parallel()
	if m := (Settings{Site: "https://shop.example.com/", ResetLink: time.Hour}).resetMail("anna@example.com", "secret"); !strings.Contains(m.Text, "\nhttps://shop.example.com/reset#token=secret\n") ||
		!strings.Contains(m.Text, "within 60 minutes") {
		t.Error(m.Text)
	}
	if m := (Settings{VerifyLink: 24 * time.Hour}).verifyMail("anna@example.com", "secret"); !strings.Contains(m.Text, "\n    secret\n") || !strings.Contains(m.Text, "within 24 hours") ||
		!strings.Contains(m.Text, "the password that you chose when you registered") || !strings.Contains(m.Text, "If you have not registered, do nothing") {
		t.Error(m.Text)
	}
}
