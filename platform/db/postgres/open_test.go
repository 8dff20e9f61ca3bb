package postgres_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/db/postgres"
	"github.com/banyan-go/banyan/platform/servertest"
)

func TestDSN(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		"postgres://app@db.internal:5432/app", "postgresql://app:s3cret@db/app?sslmode=require", "host=db user=app dbname=app", "postgres:///app?host=/run/postgresql",
		"postgres://app@one:5432,two:5433/app?target_session_attrs=read-write",
	} {
		if err := (postgres.Driver{}).Check(driver.Options{DSN: good}); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for dsn, want := range map[string]string{
		"":                                         "empty",
		"file:data/app.db":                         "another db.driver",
		"data/app.db":                              "another db.driver",
		"mysql://app:secret@db/app":                "another db.driver",
		"postgres://app:secret@db:x/app":           "port",
		"postgres://app:secret@db:99999/app":       "port",
		"postgres://app:sec%ret@db/app":            "%XX",
		"postgres://app:secret@db/app?sslmode=yes": "sslmode",
		"host=db password='secret":                 "%XX",
		"postgres://app:secret@db/app?sslrootcert=/no/such/file&sslmode=verify-full": "sslrootcert",
		"postgres://app:secret@db/app?connect_timeout=soon":                          "connect_timeout",
	} {
		err := postgres.Driver{}.Check(driver.Options{DSN: dsn})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "sec%") {
			t.Errorf("%q: %v, want an error with %q", dsn, err, want)
		}
		if _, err := (postgres.Driver{}).Open(t.Context(), driver.Options{DSN: dsn}); err == nil {
			t.Errorf("%q opens", dsn)
		}
		if _, err := (postgres.Driver{}).Lock(t.Context(), driver.Options{DSN: dsn}); err == nil {
			t.Errorf("%q has a lock", dsn)
		}
	}
}

// options are settings for a database.
func options(dsn string) driver.Options {
	return driver.Options{DSN: dsn, MaxOpen: 2, Wait: 30 * time.Second, LockTimeout: 30 * time.Second}
}

func open(t *testing.T, o driver.Options) driver.Pools {
	t.Helper()
	p, err := postgres.Driver{}.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(p.Health.Close(), p.Read.Close(), p.Write.Close()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return p
}

// What an operator has to mend is said in the server's words, with where that is, and never with the password.
func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	server := servertest.StartPostgres(t, "max_connections=8", "superuser_reserved_connections=3")
	server.Exec(t, "create role app login password 's3cret'")
	app := strings.Replace(server.DSN("postgres"), "user=postgres", "user=app", 1)
	mute, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0") // takes connections, and never says a word
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	host, port, _ := net.SplitHostPort(mute.Addr().String())
	for name, c := range map[string]struct {
		dsn  string
		want []string
		kind driver.Kind
	}{
		"the right password":  {app + " password=s3cret", nil, 0},
		"the wrong password":  {app + " password=s3cre7", []string{`password authentication failed for user "app"`, "28P01"}, 0},
		"no such database":    {server.DSN("nothing"), []string{`database "nothing" does not exist`, "3D000"}, 0},
		"no such role":        {strings.Replace(server.DSN("postgres"), "user=postgres", "user=nobody", 1) + " password=s3cret", []string{"nobody"}, 0},
		"no server there":     {"host=" + t.TempDir() + " user=app password=s3cret", []string{"no such file"}, driver.Busy},
		"nobody listens":      {"postgres://app:s3cret@127.0.0.1:1/app", []string{"127.0.0.1, port 1", "refused"}, driver.Busy},
		"a server that hangs": {"postgres://app:s3cret@" + net.JoinHostPort(host, port) + "/app?connect_timeout=1&sslmode=disable", []string{host, port}, driver.Busy},
	} {
		p, err := postgres.Driver{}.Open(t.Context(), options(c.dsn))
		if len(c.want) == 0 {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else if err := errors.Join(p.Health.Close(), p.Read.Close(), p.Write.Close()); err != nil {
				t.Error(err)
			}
			continue
		}
		if err == nil {
			t.Errorf("%s: it opens", name)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want an error with %q", name, err, want)
			}
		}
		if strings.Contains(err.Error(), "s3cre") {
			t.Errorf("%s: %v holds the password", name, err)
		}
		if e, ok := errors.AsType[*driver.Error](err); c.kind != 0 && (!ok || e.Kind != c.kind) {
			t.Errorf("%s: %v, want the kind %d", name, err, c.kind)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := (postgres.Driver{}).Open(ended, options(server.DSN("postgres"))); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v", err)
	}
	for _, c := range []struct {
		pool, instances int
		want            string
	}{
		{2, 1, ""}, {3, 1, "set db.pool.max_open to 2, or raise max_connections"}, {2, 2, "migrations: raise max_connections"},
	} {
		o := options(app + " password=s3cret")
		o.MaxOpen, o.Instances = c.pool, c.instances
		p, err := postgres.Driver{}.Open(t.Context(), o)
		if err == nil {
			err = errors.Join(p.Health.Close(), p.Read.Close(), p.Write.Close())
		}
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasSuffix(err.Error(), c.want)) {
			t.Errorf("%d connections of %d instances: %v, want %q", c.pool, c.instances, err, c.want)
		}
	}
	full := open(t, options(app+" password=s3cret"))
	for range 5 { // until there are no more
		c, err := pgx.Connect(t.Context(), app+" password=s3cret")
		if err != nil {
			break
		}
		defer c.Close(context.WithoutCancel(t.Context()))
	}
	if _, err := (postgres.Driver{}).Open(t.Context(), options(app+" password=s3cret")); err == nil || !strings.Contains(err.Error(), "53300") {
		t.Errorf("a server whose connections are all in use: %v", err)
	}
	if err := full.Read.PingContext(t.Context()); err != nil {
		t.Errorf("who has a connection is served: %v", err)
	}
}

// The side that reads is shut by the server, and what SQL can change there does not reach the next one.
func TestReadersCannotWrite(t *testing.T) {
	t.Parallel()
	o := options(servertest.StartPostgres(t).Database(t))
	o.MaxOpen = 1
	p := open(t, o)
	if _, err := p.Write.ExecContext(t.Context(), "CREATE TABLE x (id integer)"); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"INSERT INTO x VALUES (1)", "DROP TABLE x", "CREATE TABLE y (id integer)", "SELECT nextval('x')", "TRUNCATE x", "SELECT * FROM x FOR UPDATE",
		"WITH n AS (INSERT INTO x VALUES (1) RETURNING id) SELECT id FROM n", "SELECT set_config('transaction_read_only', 'off', true)",
		"DO $$ BEGIN INSERT INTO x VALUES (1); END $$",
	} {
		if _, err := p.Read.ExecContext(t.Context(), text); err == nil {
			t.Errorf("%s works on the side that reads", text)
		}
	}
	for _, open := range []string{
		"SET default_transaction_read_only = off", "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
		"SELECT set_config('default_transaction_read_only', 'off', false)", "RESET ALL",
	} {
		if _, err := p.Read.ExecContext(t.Context(), open); err != nil {
			t.Errorf("%s: %v", open, err)
		}
		_, err := p.Read.ExecContext(t.Context(), "INSERT INTO x VALUES (1)")
		if e, ok := errors.AsType[*driver.Error](postgres.Driver{}.Translate(err)); !ok || e.Kind != driver.ReadOnly {
			t.Errorf("after %s: %v, want the kind ReadOnly", open, err)
		}
	}
	if _, err := p.Read.BeginTx(t.Context(), nil); err == nil {
		t.Error("the side that reads has transactions")
	}
	tx, err := p.Write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE"); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Read.ExecContext(t.Context(), "INSERT INTO x VALUES (1)"); err == nil {
		t.Error("a transaction has opened the side that reads")
	}
}

// Connections that the server has ended are replaced, and nobody hears of it but a transaction that has done something.
func TestServerEndsConnections(t *testing.T) {
	t.Parallel()
	server := servertest.StartPostgres(t)
	dsn := server.Database(t)
	p := open(t, options(dsn))
	end := func() {
		t.Helper()
		server.Exec(t, "select pg_terminate_backend(pid, 30000) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()")
	}
	for range 3 {
		end()
		if err := p.Read.PingContext(t.Context()); err != nil {
			t.Errorf("ping: %v", err)
		}
		end()
		var n int
		if err := p.Read.QueryRowContext(t.Context(), "SELECT 1").Scan(&n); err != nil {
			t.Errorf("read: %v", err)
		}
		tx, err := p.Write.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatalf("begin: %v", err)
		}
		end()
		if _, err := tx.ExecContext(t.Context(), "SELECT $1::integer", 1); err != nil {
			t.Errorf("the first statement of a transaction: %v", err)
		}
		end()
		_, err = tx.ExecContext(t.Context(), "SELECT 1")
		if e, ok := errors.AsType[*driver.Error](postgres.Driver{}.Translate(err)); !ok || e.Kind != driver.Busy {
			t.Errorf("a statement of a transaction without its connection: %v, want the kind Busy", err)
		}
		if err := tx.Commit(); err == nil {
			t.Error("a transaction without its connection is committed")
		}
	}
}

// A connection that was in use for long enough makes place for a new one.
func TestMaxLife(t *testing.T) {
	t.Parallel()
	o := options(servertest.StartPostgres(t).Database(t))
	o.MaxOpen = 1
	pid := func(p driver.Pools) (n int) {
		t.Helper()
		if err := p.Read.QueryRowContext(t.Context(), "SELECT pg_backend_pid()").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	forever := open(t, o)
	if a, b := pid(forever), pid(forever); a != b {
		t.Errorf("connection %d, and then %d, want the same", a, b)
	}
	o.MaxLife = time.Nanosecond
	brief := open(t, o)
	if a, b := pid(brief), pid(brief); a == b {
		t.Errorf("connection %d twice", a)
	}
}

// Migrations get a connection that may write, keeps its settings, and has as much time as it takes.
func TestConnectionOfMigrations(t *testing.T) {
	t.Parallel()
	o := options(servertest.StartPostgres(t).Database(t))
	o.Statement = 100 * time.Millisecond
	p := open(t, o)
	c, err := p.Write.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, text := range []string{
		"CREATE TABLE x (id integer)", "SELECT pg_sleep(0.2)", "SET lock_timeout = '7s'", "CREATE INDEX CONCURRENTLY x_id ON x (id)",
	} {
		if _, err := c.ExecContext(t.Context(), text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	var timeout string
	if err := c.QueryRowContext(t.Context(), "SHOW lock_timeout").Scan(&timeout); err != nil || timeout != "7s" {
		t.Errorf("lock_timeout is %q, %v, want 7s", timeout, err)
	}
}

// The lock is for one at a time, and who waits for it stops when there is no more time; it is free when its holder is gone.
func TestLock(t *testing.T) {
	t.Parallel()
	o := options(servertest.StartPostgres(t).Database(t))
	var d postgres.Driver
	unlock, err := d.Lock(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	impatient, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := d.Lock(impatient, o); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a lock that is taken: %v", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if unlock, err = d.Lock(t.Context(), o); err != nil {
		t.Fatalf("a lock that is free: %v", err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
}

// A server that says nothing any more is given up also after a statement whose context has ended, which moves the limit for that.
func TestSilenceAfterAnEndedContext(t *testing.T) {
	t.Parallel()
	server := servertest.StartPostgres(t)
	proxy := servertest.StartProxy(t, "unix", server.Socket())
	host, port, _ := net.SplitHostPort(proxy.Addr())
	o := options("host=" + host + " port=" + port + " user=postgres dbname=postgres password=x sslmode=disable")
	server.Exec(t, "alter role postgres password 'x'")
	o.MaxOpen, o.Statement = 1, time.Second
	p := open(t, o)
	before := backend(t, p.Read)
	late := func() {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := p.Read.ExecContext(ctx, "SELECT pg_sleep($1)", 0.9); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a statement whose context has ended: %v", err)
		}
	}
	late()
	if after := backend(t, p.Read); after != before {
		t.Errorf("connection %v, and then %v, want the same", before, after)
	}
	late()
	proxy.Silence(true)
	patient, end := context.WithTimeout(t.Context(), 20*time.Second)
	defer end()
	_, err := p.Read.ExecContext(patient, "SELECT $1::integer", 1)
	if e, ok := errors.AsType[*driver.Error](postgres.Driver{}.Translate(err)); !ok || e.Kind != driver.Busy || !strings.Contains(err.Error(), "says nothing") {
		t.Errorf("a server that says nothing: %v, want the kind Busy", err)
	}
	proxy.Silence(false)
}
