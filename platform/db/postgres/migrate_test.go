package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/db/postgres"
	"github.com/banyan-go/banyan/platform/servertest"
)

// indexDSN tells a process that it is a child that builds an index, and where.
const indexDSN = "POSTGRESTEST_INDEX_DSN"

// indexed is migrations that build an index beside the work of others.
func indexed(t *testing.T, d *db.DB) *db.Migrator {
	t.Helper()
	m, err := d.Migrator([]db.Migrations{{Module: "shop", Files: fstest.MapFS{
		"postgres/20260101000000_a.sql": {Data: []byte("-- +goose Up\nCREATE TABLE shop_a (n integer PRIMARY KEY);\n-- +goose Down\nDROP TABLE shop_a;\n")},
		"postgres/20260102000000_b.sql": {Data: []byte("-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY IF NOT EXISTS shop_a_idx ON shop_a (n);\n-- +goose Down\nDROP INDEX CONCURRENTLY IF EXISTS shop_a_idx;\n")},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A process is killed while the server builds an index for it. The server stops then, and does not go on for nobody. What it leaves is not taken
// for an index: the next run names it, and the statement after which it goes on.
func TestKilledWhileAnIndexIsBuilt(t *testing.T) {
	t.Parallel()
	if dsn := os.Getenv(indexDSN); dsn != "" {
		_, err := indexed(t, start(t, dsn)).Up(t.Context())
		t.Fatalf("it has lived: %v", err)
	}
	server := servertest.StartPostgres(t)
	dsn := server.Database(t)
	m := indexed(t, start(t, dsn))
	if _, err := m.With(db.MigrateOptions{To: 20260101000000}).Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	pools := openPools(t, dsn)
	writes, err := pools.Write.BeginTx(t.Context(), nil) // which the index waits for
	if err != nil {
		t.Fatal(err)
	}
	defer writes.Rollback()
	if _, err := writes.ExecContext(t.Context(), "INSERT INTO shop_a VALUES (1)"); err != nil {
		t.Fatal(err)
	}

	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledWhileAnIndexIsBuilt$", "-test.count=1")
	child.Env = append(os.Environ(), indexDSN+"="+dsn)
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	const building = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND state = 'active'"
	await(t, pools.Read, building+" AND wait_event_type = 'Lock'", 1)
	if err := child.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); child.ProcessState.Exited() {
		t.Fatalf("the child was not killed: %v", err)
	}
	_, err = m.Up(t.Context())
	if !errors.Is(err, db.ErrInvalidIndex) {
		t.Errorf("up at once: %v, want the index", err)
	}
	await(t, pools.Read, building, 0)
	if err := m.Ready(t.Context()); !errors.Is(err, db.ErrDirty) {
		t.Errorf("ready: %v", err)
	}
	const drop = "DROP INDEX CONCURRENTLY shop_a_idx"
	if _, err = m.Up(t.Context()); !errors.Is(err, db.ErrInvalidIndex) || !strings.Contains(err.Error(), drop) {
		t.Fatalf("up: %v, want an error with %s", err, drop)
	}
	if err := writes.Commit(); err != nil {
		t.Fatal(err)
	}
	if _, err := pools.Write.ExecContext(t.Context(), drop); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatalf("up after that: %v", err)
	}
	await(t, pools.Read, "SELECT count(*) FROM pg_index WHERE indexrelid = 'shop_a_idx'::regclass AND indisvalid", 1)
	if err := m.Ready(t.Context()); err != nil {
		t.Errorf("ready: %v", err)
	}
}

// An index that is built beside the work of others waits for a transaction longer than requests wait for a lock.
func TestIndexBesideALongTransaction(t *testing.T) {
	t.Parallel()
	dsn := servertest.StartPostgres(t).Database(t)
	d := start(t, dsn, func(c *db.Config) { c.Postgres.LockTimeout = 10 * time.Millisecond })
	m := indexed(t, d)
	if _, err := m.With(db.MigrateOptions{To: 20260101000000}).Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	pools := openPools(t, dsn)
	writes, err := pools.Write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer writes.Rollback()
	if _, err := writes.ExecContext(t.Context(), "INSERT INTO shop_a VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	built := make(chan error, 1)
	go func() {
		_, err := m.Up(t.Context())
		built <- err
	}()
	await(t, pools.Read, "SELECT count(*) FROM pg_locks WHERE NOT granted AND waitstart < clock_timestamp() - interval '50 ms'", 1)
	if err := writes.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-built; err != nil {
		t.Error(err)
	}
}

// A migration that waits for a lock lets those pass who wait behind it, and gets the lock in the end. The limits of requests are not its own.
func TestMigrationLetsOthersPass(t *testing.T) {
	t.Parallel()
	dsn := servertest.StartPostgres(t).Database(t)
	m, err := start(t, dsn).Migrator([]db.Migrations{{Module: "shop", Files: fstest.MapFS{
		"postgres/20260101000000_a.sql": {Data: []byte("-- +goose Up\nCREATE TABLE shop_a AS SELECT 1 AS n, current_setting('lock_timeout') || ' and ' || current_setting('statement_timeout') AS limits;\n")},
		"postgres/20260102000000_b.sql": {Data: []byte("-- +goose Up\nALTER TABLE shop_a ADD COLUMN m integer;\n")},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.With(db.MigrateOptions{To: 20260101000000}).Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	pools := openPools(t, dsn)
	var limits string
	if err := pools.Read.QueryRowContext(t.Context(), "SELECT limits FROM shop_a").Scan(&limits); err != nil || limits != "300ms and 0" {
		t.Errorf("the longest wait for a lock and the longest run of a statement are %s, %v, want 300ms and 0, which is none", limits, err)
	}
	reads, err := pools.Write.BeginTx(t.Context(), nil) // which ALTER TABLE waits for
	if err != nil {
		t.Fatal(err)
	}
	defer reads.Rollback()
	if _, err := reads.ExecContext(t.Context(), "LOCK TABLE shop_a IN ACCESS SHARE MODE"); err != nil {
		t.Fatal(err)
	}
	changed := make(chan error, 1)
	go func() {
		_, err := m.Up(t.Context())
		changed <- err
	}()
	for range 2 { // it waits, and comes back
		await(t, pools.Health, "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'shop_a'::regclass AND mode = 'AccessExclusiveLock'", 1)
		if _, err := pools.Read.ExecContext(t.Context(), "SELECT 1 FROM shop_a"); err != nil {
			t.Fatalf("a reader behind it: %v", err)
		}
	}
	if err := reads.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-changed; err != nil {
		t.Error(err)
	}
}

// A migration that loses its connection is not tried again by the same run: what it had done may be committed.
func TestMigrationThatLosesItsConnection(t *testing.T) {
	t.Parallel()
	dsn := servertest.StartPostgres(t).Database(t)
	m, err := start(t, dsn).Migrator([]db.Migrations{{Module: "shop", Files: fstest.MapFS{
		"postgres/20260101000000_a.sql": {Data: []byte("-- +goose Up\nCREATE SEQUENCE shop_tries;\n")},
		// A sequence counts what is rolled back, too.
		"postgres/20260102000000_b.sql": {Data: []byte("-- +goose Up\nSELECT nextval('shop_tries');\nSELECT pg_terminate_backend(pg_backend_pid());\n")},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Up(t.Context()); err == nil {
		t.Error("it was applied")
	}
	var tries int
	if err := openPools(t, dsn).Read.QueryRowContext(t.Context(), "SELECT last_value FROM shop_tries").Scan(&tries); err != nil || tries != 1 {
		t.Errorf("it was tried %d times, %v", tries, err)
	}
}

// openPools opens a database without a door.
func openPools(t *testing.T, dsn string) driver.Pools {
	t.Helper()
	pools, err := postgres.Driver{}.Open(t.Context(), driver.Options{DSN: dsn, Wait: time.Minute, MaxOpen: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, pool := range []*sql.DB{pools.Health, pools.Read, pools.Write} {
			if err := pool.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return pools
}

// await asks until the answer is a number.
func await(t *testing.T, pool *sql.DB, question string, want int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		var got int
		if err := pool.QueryRowContext(ctx, question).Scan(&got); err != nil {
			t.Fatalf("%s: %v", question, err)
		}
		if got == want {
			return
		}
		if _, err := pool.ExecContext(ctx, "SELECT pg_sleep(0.02)"); err != nil {
			t.Fatal(err)
		}
	}
}
