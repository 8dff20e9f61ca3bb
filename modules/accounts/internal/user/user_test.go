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
)

func TestSamplesObeyTheRules(t *testing.T) {
	t.Parallel()
	for i := range 100 {
		if _, err := begin(sample(i), time.Now()); err != nil {
			t.Fatalf("sample %d: %v", i, err)
		}
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pointer, code string
		spoil         func(v *accounts.User)
	}{
		{"/name", "required", func(v *accounts.User) { v.Name = "" }},
		{"/name", "max_length", func(v *accounts.User) { v.Name = strings.Repeat("x", 256) }},
		{"/email", "required", func(v *accounts.User) { v.Email = "" }},
		{"/email", "max_length", func(v *accounts.User) { v.Email = strings.Repeat("x", 255) }},
	} {
		user, err := begin(sample(0), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		c.spoil(&user)
		broken, _ := errors.AsType[*fault.Error](check(user))
		if broken == nil || !slices.ContainsFunc(broken.Fields, func(f fault.Field) bool { return f.Pointer == c.pointer && f.Code == c.code }) {
			t.Errorf("%s: %v, want the code %s", c.pointer, broken, c.code)
		}
	}
}

// Whoever prints or logs a user shows nothing of what is in it.
func TestPrintsNothingPrivate(t *testing.T) {
	t.Parallel()
	user, err := begin(sample(0), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	type in struct{ V any }
	for _, c := range []struct {
		value any
		want  string
	}{
		{user, "user " + user.ID.String()},
		{sample(0), "draft of a user"},
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

func TestNormalize(t *testing.T) {
	t.Parallel()
	raw := accounts.User{
		Email: "Anna@Example.com",
	}
	want := accounts.User{
		Email: "anna@example.com",
	}
	if normalize(&raw); !reflect.DeepEqual(raw, want) {
		t.Errorf("got  %+v\nwant %+v", raw, want)
	}
}

func TestApplyLeavesTheRestAlone(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)
	before, err := begin(sample(1), now)
	if err != nil {
		t.Fatal(err)
	}
	after, err := apply(before, Change{}, now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	want := before
	want.Version, want.UpdatedAt = 2, now.Add(time.Hour)
	if !reflect.DeepEqual(after, want) {
		t.Errorf("an empty change made\n%+v out of\n%+v", after, before)
	}
}

func TestRowKeepsEverything(t *testing.T) {
	t.Parallel()
	for i := range 3 { // what may be null is null in one of three
		user, err := begin(sample(i), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if back := toRow(user).user(); !reflect.DeepEqual(back, user) {
			t.Errorf("the row turns\n%+v into\n%+v", user, back)
		}
	}
}
