package app_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/sqlite"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/session"
	"github.com/banyan-go/banyan/platform/session/sqlstore"
)

// signIn begins a session in the database of the machine, as a request would, and returns its name.
func (m *machine) signIn(user string) (handle string) {
	m.t.Helper()
	cfg := db.Default()
	cfg.DSN = "file:" + filepath.Join(m.dir, "app.db")
	var lc lifecycle.Lifecycle
	d, err := db.New(cfg, db.Drivers{"sqlite": sqlite.Driver{}}, &lc, slog.New(slog.DiscardHandler))
	if err != nil {
		m.t.Fatal(err)
	}
	if err := lc.Start(m.t.Context()); err != nil {
		m.t.Fatal(err)
	}
	defer func() {
		if err := lc.Stop(m.t.Context()); err != nil {
			m.t.Error(err)
		}
	}()
	s, err := session.New(session.Default(), session.Options{Drivers: session.Drivers{"db": sqlstore.Driver{}}, DB: d})
	if err != nil {
		m.t.Fatal(err)
	}
	slot := &session.Slot{Device: "Firefox", Address: "192.0.2.7"}
	sess, err := s.Begin(context.WithValue(m.t.Context(), session.SlotKey{}, slot), session.SignIn{User: user, Roles: []string{"editor"}})
	if err != nil {
		m.t.Fatal(err)
	}
	return sess.Handle
}

// Operators see where a user is signed in, and end that: one session, or all of them once they are sure.
func TestSessions(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.run("sessions", "list", "--user", "ada").want(0, "ada has no sessions in the store db (session.store)\n") // nor a database
	m.run("migrate", "up", "--module", "notes").want(0)
	m.run("sessions", "list", "--user", "ada").want(6, "the database is behind by ", "\nnext:  prog migrate up\n")
	m.run("migrate", "up").want(0)
	m.run("sessions", "list", "--user", "ada").want(0, "ada has no sessions in the store db (session.store)\n")
	m.run("sessions", "list").want(2, `required flag(s) "user" not set`)
	first, second, other := m.signIn("ada"), m.signIn("ada"), m.signIn("grace")

	if out := m.run("sessions", "list", "--user", "ada").want(0).out; !strings.HasPrefix(out, "SESSION") || !strings.Contains(out, first) ||
		!strings.Contains(out, second) || !strings.Contains(out, "192.0.2.7") || !strings.Contains(out, "Firefox") || strings.Contains(out, other) {
		t.Errorf("the list is\n%s", out)
	}
	type row struct {
		Session, User, Device, Address string
		Roles                          []string
		Created, Seen, Expires         time.Time
	}
	rows := func(args ...string) (rows []row) {
		t.Helper()
		m.run(append(args, "--json")...).want(0).decode(&rows)
		return rows
	}
	if got := rows("sessions", "list", "--user", "grace"); len(got) != 1 || got[0].Session != other || got[0].User != "grace" || got[0].Roles[0] != "editor" || !got[0].Expires.After(got[0].Created) {
		t.Errorf("grace has %+v", got)
	}

	m.run("sessions", "revoke", other, "--user", "ada").want(1, "no_such_session", "\nnext:  prog sessions list --user ada\n")
	m.run("sessions", "revoke", "--user", "ada").want(2, "name the session that is to end, or say --all")
	m.run("sessions", "revoke", first, "--user", "ada", "--all").want(2, "name the session that is to end, or say --all")
	if got := rows("sessions", "revoke", first, "--user", "ada"); len(got) != 1 || got[0].Session != first {
		t.Errorf("ended %+v", got)
	}
	m.signIn("ada")
	m.run("sessions", "revoke", "--user", "ada", "--all", "--dry-run").want(0, "nothing was ended\n")
	m.run("sessions", "revoke", "--user", "ada", "--all").want(2, "this is mode prod: end the 2 sessions of this user", "--yes")
	if got := rows("sessions", "list", "--user", "ada"); len(got) != 2 {
		t.Errorf("ada has %+v before somebody has said yes", got)
	}
	if got := rows("sessions", "revoke", "--user", "ada", "--all", "--yes"); len(got) != 2 {
		t.Errorf("ended %+v", got)
	}
	m.run("sessions", "list", "--user", "ada").want(0, "ada has no sessions in the store db (session.store)\n")
	if got := rows("sessions", "list", "--user", "grace"); len(got) != 1 {
		t.Errorf("grace has %+v", got)
	}
	m.run("sessions", "revoke", "--user", "ada", "--all", "--yes").want(0, "ada has no sessions in the store db")
	m.run("sessions", "list", "--user", "ada", "--set", "session.store=memory").want(1, "known to the process that serves, and to no command")
}
