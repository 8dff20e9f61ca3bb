package app_test

import (
	"strings"
	"testing"
)

// A profile whose driver is not compiled in can be looked at; what works with its database refuses it, and says which setting is meant.
func TestProfileWithoutItsDriver(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for _, command := range []string{"config show", "config show --origin db.driver", "routes", "modules", "openapi", "about"} {
		if out := m.run(append(strings.Fields(command), "--profile", "server")...).want(0).out; out == "" {
			t.Errorf("%s says nothing", command)
		}
	}
	for _, command := range []string{"serve", "serve --mode dev", "migrate up", "migrate status", "migrate down --module notes", "db seed --yes"} {
		m.run(append(strings.Fields(command), "--profile", "server")...).want(4, "error: embedded:profiles/server.yaml:3  db.driver  driver postgres is not compiled in: sqlite\n")
	}
	m.untouched("a profile that cannot be served")
}
