// Package dbtest is the suite that every database engine has to pass: the rules of the door, transactions, waits and limits, errors,
// lists, values and migrations, each tried through package db as modules use it. It is for tests only.
package dbtest

import (
	"context"
	"embed"
	"errors"
	"log/slog"
	"os"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/unit"
)

// schema is the tables of the suite, for every dialect.
//
//go:embed schema
var schema embed.FS

// patience is how long the suite waits for what has to happen at once before it calls it stuck.
const patience = 30 * time.Second

// engine opens a new, empty database.
type engine func(t *testing.T) (driver.Driver, driver.Options)

// Run proves that an engine keeps the promises of packages driver and db. Open returns the driver and the settings of another new and empty
// database whenever it is called; only DSN is taken from the settings. Some checks start the test binary again with the name of the
// test that calls Run, so call it first in that test, and only once.
func Run(t *testing.T, open func(t *testing.T) (driver.Driver, driver.Options)) {
	if dsn := os.Getenv(childDSN); dsn != "" {
		if death := os.Getenv(childDeath); death != "" {
			migrateAndDie(t, open, dsn, death)
			return
		}
		migrateChild(t, open, dsn)
		return
	}
	root := t.Name()
	for _, c := range []struct {
		name  string
		check func(t *testing.T, e engine)
	}{
		{"features", testFeatures},
		{"before start and after stop", testNotRunning},
		{"reads", testReads},
		{"commit", testCommit},
		{"rollback", testRollback},
		{"failed statement", testFailedStatement},
		{"nested", testNested},
		{"second key", testSecondKey},
		{"divided table", testDividedTable},
		{"list of a divided table", testListBy},
		{"ended context", testEnded},
		{"after commit", testAfterCommit},
		{"deferred", testDeferred},
		{"deferred rollback", testDeferredRollback},
		{"deferred first", testDeferredFirst},
		{"deferred inside", testDeferredInside},
		{"deferred turns", testDeferredTurns},
		{"deferred conflict", testDeferredConflict},
		{"transaction control", testControl},
		{"transactions of gorm", testGormTransactions},
		{"open rows", testOpenRows},
		{"many writers", testManyWriters},
		{"deadlock", testDeadlock},
		{"reads beside a writer", testReadsBesideWriter},
		{"read what was written", testReadWhatWasWritten},
		{"wait for a transaction", testWaitForTransaction},
		{"wait for a read", testWaitForRead},
		{"forgotten rows", testForgottenRows},
		{"statement limit", testStatementLimit},
		{"context", testContext},
		{"errors", testErrors},
		{"values", testValues},
		{"ids", testIDs},
		{"lists", testLists},
		{"lists that change", testListsThatChange},
		{"list of a foreign handle", testForeignHandle},
		{"by ids", testByIDs},
		{"latest", testLatest},
		{"filters", testFilters},
		{"search", testSearch},
		{"hostile text", testHostileText},
		{"foreign tables", testForeignTables},
		{"own tables", testOwnTables},
		{"schema is for migrations", testSchemaIsForMigrations},
		{"missing key", testMissingKey},
		{"explain", testExplain},
		{"counted", testCounted},
		{"migrations", testMigrations},
		{"migrations out of order", testMigrationsOutOfOrder},
		{"reset", testReset},
		{"migration that fails", testMigrationFails},
		{"newer database", testNewerDatabase},
		{"files of migrations", testMigrationFiles},
		{"some migrations", testSomeMigrations},
		{"migrations taken back", testDownTo},
		{"plan of migrations", testPlan},
		{"migration that is not finished", testDirty},
		{"migration that was changed", testChanged},
		{"file that is no migration", testMalformed},
		{"migration that takes away", testContract},
		{"migration that is missing", testMissing},
		{"history of an older program", testOlderHistory},
		{"lock of the migrations", testMigrationLock},
		{"migration that is killed", func(t *testing.T, e engine) { testMigrateKilled(t, e, root) }},
		{"archive", testArchive},
		{"archive beside writers", testArchiveBesideWriters},
		{"archive that does not fit", testArchiveThatDoesNotFit},
		{"database in use", testInUse},
		{"statements of a person", testRun},
		{"indexes", testIndexes},
		{"migrations in several processes", func(t *testing.T, e engine) { testMigrateProcesses(t, e, root) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.check(t, open)
		})
	}
}

// world is a database that runs.
type world struct {
	db     *db.DB
	h      *db.Handle
	driver driver.Driver
	cfg    db.Config
	lc     *lifecycle.Lifecycle
}

// start opens a database and makes the tables of the suite.
func (e engine) start(t *testing.T, change ...func(*db.Config)) *world {
	t.Helper()
	w := e.bare(t, change...)
	m, err := w.db.Migrator([]db.Migrations{{Module: "dbtest", Files: mustSub(t, schema, "schema")}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

// bare opens a database without tables.
func (e engine) bare(t *testing.T, change ...func(*db.Config)) *world {
	t.Helper()
	drv, o := e(t)
	cfg := db.Default()
	cfg.Driver, cfg.DSN, cfg.Pool.MaxOpen = drv.Features().Dialect, o.DSN, unit.Exactly(4)
	cfg.Pool.Wait, cfg.Statement, cfg.SQLite.BusyTimeout, cfg.Postgres.LockTimeout, cfg.Postgres.IdleInTransaction = patience, patience, patience, patience, patience
	for _, f := range change {
		f(&cfg)
	}
	var lc lifecycle.Lifecycle
	d, err := db.New(cfg, db.Drivers{cfg.Driver: drv}, &lc, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := lc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lc.Stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return &world{db: d, h: d.ForModule("dbtest"), driver: drv, cfg: cfg, lc: &lc}
}

// stop closes the database, which startAgain opens.
func (w *world) stop(t *testing.T) {
	t.Helper()
	if err := w.lc.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (w *world) startAgain(t *testing.T) {
	t.Helper()
	if err := w.lc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// read returns a handle that reads.
func (w *world) read(ctx context.Context) *gorm.DB { return w.h.Query(ctx, db.Global) }

// tx runs fn with the handle of a transaction, which has to succeed.
func (w *world) tx(t *testing.T, fn func(ctx context.Context, q *gorm.DB) error) {
	t.Helper()
	err := w.h.Tx(t.Context(), db.Global, func(ctx context.Context) error { return fn(ctx, w.h.Query(ctx, db.Global)) })
	if err != nil {
		t.Fatal(err)
	}
}

// wantIs fails the test unless err is all of the targets.
func wantIs(t *testing.T, err error, targets ...error) {
	t.Helper()
	for _, target := range targets {
		if !errors.Is(err, target) {
			t.Errorf("the error is %v, want one that is %v", err, target)
		}
	}
}

// soon returns what comes out of c, and fails the test when it takes too long.
func soon[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatal("stuck")
		panic("unreachable")
	}
}
