package sessiontest_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/session/driver"
	"github.com/banyan-go/banyan/platform/session/memory"
	"github.com/banyan-go/banyan/platform/session/sessiontest"
)

// mutantVar names the mutant that a process is to try.
const mutantVar = "BANYAN_MUTANT"

// mutant is a store that breaks one promise.
type mutant struct {
	options func(*driver.Options)
	wrap    func(driver.Store) driver.Store
	red     string // the check that finds it
}

func mutants() map[string]mutant {
	return map[string]mutant{
		"save without condition": {
			wrap: func(s driver.Store) driver.Store { return unconditional{s} }, red: "save_is_conditional",
		},
		"save of what has ended": {
			wrap: func(s driver.Store) driver.Store { return reviving{s} }, red: "slow_requests_do_not_bring_back_what_has_ended",
		},
		"session kept at login": {
			wrap: func(s driver.Store) driver.Store { return keeping{s} }, red: "an_id_that_a_client_has_made_up_is_never_taken",
		},
		"id kept at renewal": {
			wrap: func(s driver.Store) driver.Store { return copying{s} }, red: "renew",
		},
		"no latest end": {
			options: func(o *driver.Options) { o.Absolute *= 1000 }, red: "sessions_that_are_seen_end_too",
		},
		"no end of what is idle": {
			options: func(o *driver.Options) { o.Idle = o.Absolute }, red: "idle_sessions_end",
		},
		"a note for every request": {
			options: func(o *driver.Options) { o.Touch = 0 }, red: "that_a_session_is_seen_is_noted_once_in_a_while",
		},
		"users without bound": {
			options: func(o *driver.Options) { o.Most = 1000 }, red: "the_oldest_sessions_of_a_user_make_room",
		},
		"whole store": {},
	}
}

// The suite finds a store that breaks a promise, and lets one pass that breaks none.
func TestMutants(t *testing.T) {
	t.Parallel()
	if name := os.Getenv(mutantVar); name != "" {
		try(t, mutants()[name])
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, m := range mutants() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestMutants$", "-test.count=1")
			cmd.Env = append(os.Environ(), mutantVar+"="+name)
			out, err := cmd.CombinedOutput()
			if red := err != nil; red != (m.red != "") {
				t.Fatalf("the suite is red: %v\n%s", red, out)
			}
			if m.red != "" && !strings.Contains(string(out), "--- FAIL: TestMutants/"+m.red+" ") {
				t.Errorf("the check %s does not find it:\n%s", m.red, out)
			}
		})
	}
}

func try(t *testing.T, m mutant) {
	sessiontest.Run(t, func(t *testing.T, o driver.Options) sessiontest.Place {
		if m.options != nil {
			m.options(&o)
		}
		now := clock.NewFake(time.Date(2026, 11, 26, 20, 0, 0, 0, time.UTC))
		store, err := memory.Driver{Now: now.Now}.Open(o)
		if err != nil {
			t.Fatal(err)
		}
		if m.wrap != nil {
			store = m.wrap(store)
		}
		return sessiontest.Place{Store: store, Advance: func(_ *testing.T, d time.Duration) { now.Advance(d) }}
	})
}

// unconditional saves over what is newer.
type unconditional struct{ driver.Store }

func (u unconditional) Save(ctx context.Context, s *driver.Session, was driver.ID) (*driver.Session, error) {
	next := *s
	if now, _, err := u.Load(ctx, was); now != nil && err == nil {
		next.Version = now.Version
	}
	return u.Store.Save(ctx, &next, was)
}

// reviving brings back what has ended.
type reviving struct{ driver.Store }

func (r reviving) Save(ctx context.Context, s *driver.Session, was driver.ID) (*driver.Session, error) {
	saved, err := r.Store.Save(ctx, s, was)
	if now, _, _ := r.Load(ctx, was); saved == nil && err == nil && now == nil {
		return r.Create(ctx, s, driver.ID{})
	}
	return saved, err
}

// keeping lets the session of before a login live on.
type keeping struct{ driver.Store }

func (k keeping) Create(ctx context.Context, s *driver.Session, _ driver.ID) (*driver.Session, error) {
	return k.Store.Create(ctx, s, driver.ID{})
}

// copying leaves the old id alive when a session gets a new one.
type copying struct{ driver.Store }

func (c copying) Save(ctx context.Context, s *driver.Session, was driver.ID) (*driver.Session, error) {
	if s.ID == was {
		return c.Store.Save(ctx, s, was)
	}
	old, _, err := c.Load(ctx, was)
	if err != nil || old == nil || old.Version != s.Version {
		return nil, err
	}
	return c.Create(ctx, s, driver.ID{})
}
