package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/servertest"
)

// What keeps an application from its database server is told at the start, each by its own message and never with the password. Exit code 4 is
// for what somebody has to change, 5 for what may pass.
func TestPostgresRefused(t *testing.T) {
	t.Parallel()
	server := servertest.StartPostgres(t, "max_connections=20", "synchronous_commit=on")
	server.Exec(t, "create role app login password 's3cret'")
	server.Exec(t, "create role stranger login password 's3cret'")
	server.Exec(t, "create role banned login")
	server.Exec(t, "create database locked")
	server.Exec(t, "revoke connect on database locked from public")
	hba := filepath.Join(filepath.Dir(server.Socket()), "data", "pg_hba.conf")
	rules, err := os.ReadFile(hba)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(hba, append([]byte("local all banned reject\n"), rules...), 0o644); err != nil {
		t.Fatal(err)
	}
	server.Kill(t)
	server.Start(t)
	plain := servertest.StartProxy(t, "unix", server.Socket())
	aged := servertest.StartProxy(t, "unix", server.Socket())
	aged.Rewrite("server_version\x001", "server_version\x000") // 15 becomes 05
	mute := servertest.StartProxy(t, "unix", server.Socket())
	mute.Silence(true)

	const refuses = "refuses the connection: "
	for _, c := range []struct {
		name, dsn string
		set       []string
		code      int
		said      string
	}{
		{name: "bad address", dsn: "postgres://app:s3cret@db:x/app", code: 4, said: "error: env APP_DB__DSN  db.dsn  has a port that is no number from 1 to 65535"},
		{name: "wrong password", dsn: "postgres://app:s3cre7@" + plain.Addr() + "/postgres", code: 4, said: refuses + `password authentication failed for user "app" (28P01)`},
		{name: "no such role", dsn: "postgres://nobody:s3cret@" + plain.Addr() + "/postgres", code: 4, said: refuses + `password authentication failed for user "nobody" (28P01)`},
		{name: "role that no rule lets in", dsn: "postgres://banned@" + plain.Addr() + "/postgres", code: 4, said: refuses + "pg_hba.conf rejects connection"},
		{name: "no such database", dsn: "postgres://app:s3cret@" + plain.Addr() + "/shop", code: 4, said: refuses + `database "shop" does not exist (3D000)`},
		{name: "database that the role may not use", dsn: "postgres://app:s3cret@" + plain.Addr() + "/locked", code: 4, said: refuses + `permission denied for database "locked" (42501)`},
		{name: "TLS that the server has not", dsn: "postgres://app:s3cret@" + plain.Addr() + "/postgres?sslmode=require", code: 4, said: "has no TLS, which the sslmode of the address asks for"},
		{name: "old server", dsn: "postgres://app:s3cret@" + aged.Addr() + "/postgres?sslmode=disable", code: 4, said: " is PostgreSQL 0"},
		{name: "too few connections", dsn: "postgres://app:s3cret@" + plain.Addr() + "/postgres", set: []string{"db.pool.max_open=40"}, code: 4, said: "db.pool.max_open to 14, or raise max_connections"},
		{name: "no such host", dsn: "postgres://app:s3cret@database.invalid/postgres", code: 5, said: "no connection to PostgreSQL at database.invalid, port 5432: lookup database.invalid"},
		{name: "nobody listens", dsn: "postgres://app:s3cret@127.0.0.1:1/postgres", code: 5, said: "no connection to PostgreSQL at 127.0.0.1, port 1: connection refused"},
		{name: "server that says nothing", dsn: "postgres://app:s3cret@" + mute.Addr() + "/postgres?sslmode=disable&connect_timeout=1", code: 5, said: "no connection to PostgreSQL at 127.0.0.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			args := []string{"serve"}
			for _, set := range c.set {
				args = append(args, "--set", set)
			}
			wantRefusal(t, c.dsn, c.code, c.said, args...)
		})
	}
}

// wantRefusal fails the test unless the application refuses to start on this database.
func wantRefusal(t *testing.T, dsn string, code int, said string, args ...string) {
	t.Helper()
	got, printed := newMachine(t, "APP_DB__DRIVER=postgres", "APP_DB__DSN="+dsn).run(args...)
	if got != code || !strings.Contains(printed, said) {
		t.Errorf("exit code %d, want %d and %q:\n%s", got, code, said, printed)
	}
	if code == 5 && !strings.HasSuffix(printed, "\nnext:  app config show --origin db\n") {
		t.Errorf("it does not say what to do next: %s", printed)
	}
	if strings.Contains(printed, "s3cre") || strings.Contains(printed, "goroutine") {
		t.Errorf("it shows a password, or a stack: %s", printed)
	}
}

// A server that only reads is the wrong one of two, and says so itself.
func TestPostgresStandby(t *testing.T) {
	t.Parallel()
	server := servertest.StartPostgres(t)
	server.Kill(t)
	if err := os.WriteFile(filepath.Join(filepath.Dir(server.Socket()), "data", "standby.signal"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	server.Start(t)
	wantRefusal(t, server.DSN("postgres"), 4, "the server is a standby, which only reads: ", "serve")
}

// A pooler takes from the server what Banyan builds on, and is recognized however it is set up.
func TestPostgresBehindPooler(t *testing.T) {
	t.Parallel()
	server := servertest.StartPostgres(t)
	server.Exec(t, "create database settled")
	server.Exec(t, "alter database settled set default_transaction_read_only = on") // so that this one is not missed
	const ignore = "ignore_startup_parameters=default_transaction_read_only,statement_timeout,lock_timeout,idle_in_transaction_session_timeout,timezone,extra_float_digits"
	for _, c := range []struct {
		name, database string
		settings       []string
		said           string
	}{
		{"that knows no settings", "postgres", []string{"pool_mode=transaction"}, "takes no settings: unsupported startup parameter"},
		{"that ignores settings", "postgres", []string{"pool_mode=session", ignore}, "keeps the settings of a connection from the server"},
		{"that lends sessions for a transaction", "settled", []string{"pool_mode=transaction", ignore}, "lends one session of the server to several connections"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			proxy := servertest.StartProxy(t, "unix", servertest.StartPgBouncer(t, server, "postgres", c.settings...))
			wantRefusal(t, through(proxy, c.database), 4, c.said, "serve")
		})
	}
}

// A role without rights is no reason not to start: somebody may grant them. Operators read what is missing.
func TestPostgresWithoutRights(t *testing.T) {
	t.Parallel()
	server := servertest.StartPostgres(t)
	server.Exec(t, "create role app login password 's3cret'")
	proxy := servertest.StartProxy(t, "unix", server.Socket())
	owner := newMachine(t, "APP_DB__DRIVER=postgres", "APP_DB__DSN="+through(proxy, "postgres"))
	if code, printed := owner.run("migrate", "up"); code != 0 {
		t.Fatal(printed)
	}
	m := newMachine(t, "APP_DB__DRIVER=postgres", "APP_DB__DSN=postgres://app:s3cret@"+proxy.Addr()+"/postgres")
	p := m.serve()
	p.public.Get("/readyz").Want(503).WantAt("", `{"status":"failing"}`)
	if why := p.ops.Get("/readyz").Want(503).Text("/checks/migrations"); !strings.Contains(why, "permission denied for table banyan_migrations_platform") {
		t.Errorf("readiness says to operators: %s", why)
	}
	p.public.Get(products).WantProblem(500, "internal")
	server.Exec(t, "grant select, insert, update, delete on all tables in schema public to app")
	p.eventually("it is ready", func() bool { return p.public.Get("/readyz").Status == 200 })
	p.public.Post(products, product("granted")).Want(201)
	p.stop()
}
