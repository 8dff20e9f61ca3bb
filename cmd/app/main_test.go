package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/configs"
	"github.com/banyan-go/banyan/modules"
	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/app"
	"github.com/banyan-go/banyan/platform/leaktest"
	"github.com/banyan-go/banyan/platform/session"
)

// asApplication tells a process of this test binary that it is the application: it has the same main, and with -race the race detector.
const asApplication = "APPTEST_MAIN"

// signedIn names a file for such a process, into which it writes what the requests of two admins who have signed in carry, in a line each: name, cookie,
// and the token of the session.
const signedIn = "APPTEST_SIGNED_IN"

// The admins.
const (
	ada = "ada"
	bob = "bob"
)

// TestMain runs the application in the processes that the tests start.
func TestMain(m *testing.M) {
	if os.Getenv(asApplication) != "" {
		if file := os.Getenv(signedIn); file != "" {
			mainFor(file)
		}
		main() // which ends the process
	}
	leaktest.Main(m)
}

// mainFor is main for admins who have signed in.
func mainFor(file string) {
	app.Main(app.Program[Config]{
		Name:    "app",
		Info:    api.Info{Title: "app", License: "MIT"},
		Configs: configs.Files,
		Default: func() Config { return Config{Config: app.Default(), Modules: modules.Default()} },
		Build: func(env app.Env, cfg Config) (*app.App, error) {
			a, err := build(env, cfg)
			if err == nil {
				err = signIn(a.Platform().Sessions, file)
			}
			return a, err
		},
	})
}

func signIn(s *session.Sessions, file string) error {
	var lines strings.Builder
	for _, user := range []string{ada, bob} {
		slot := &session.Slot{}
		begun, err := s.Begin(context.WithValue(context.Background(), session.SlotKey{}, slot), session.SignIn{User: user, Roles: []string{"admin"}})
		if err != nil {
			return err
		}
		cookie, _, _ := strings.Cut(string(s.AppendCookie(nil, slot)), ";")
		fmt.Fprintln(&lines, user, cookie, s.CSRF(begun))
	}
	return os.WriteFile(file, []byte(lines.String()), 0o600)
}
