package dbtest

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/driver"
)

// Up of some modules, or up to a version, leaves the rest for later.
func testSomeMigrations(t *testing.T, e engine) {
	w := e.bare(t)
	ctx := t.Context()
	m := w.migrator(t,
		db.Migrations{Module: "shop", Files: w.files("20260101000000_a.sql", makes("shop_a"), "20260103000000_c.sql", makes("shop_c"))},
		db.Migrations{Module: "blog", Files: w.files("20260102000000_b.sql", makes("blog_b"))},
	)
	done, err := m.With(db.MigrateOptions{Modules: []string{"blog"}}).Up(ctx)
	wantDone(t, "up of blog", done, err, "blog/20260102000000_b.sql applied")
	done, err = m.With(db.MigrateOptions{To: 20260102000000}).Up(ctx)
	wantDone(t, "up to a version", done, err, "shop/20260101000000_a.sql applied")
	done, err = m.With(db.MigrateOptions{To: 20260102000000}).Up(ctx)
	wantDone(t, "up to it again", done, err)
	done, err = m.Up(ctx)
	wantDone(t, "up", done, err, "shop/20260103000000_c.sql applied")
}

// Everything newer than a version is taken back, what was applied last first; or nothing, when one of these cannot be.
func testDownTo(t *testing.T, e engine) {
	w := e.bare(t)
	ctx := t.Context()
	const a, b, c = "20260101000000_a.sql", "20260102000000_b.sql", "20260103000000_c.sql"
	late := w.migrator(t, db.Migrations{Module: "shop", Files: w.files(a, makes("shop_a"), c, makes("shop_c"))})
	w.mustUp(t, late)
	m := w.migrator(t, db.Migrations{Module: "shop", Files: w.files(a, makes("shop_a"), b, makes("shop_b"), c, makes("shop_c"))})
	w.mustUp(t, m) // b, which is older than c
	since, err := m.Since(ctx, "shop", 20260101000000)
	wantDone(t, "since a", since, err, "shop/"+b+" applied", "shop/"+c+" applied")
	wantTables(t, w, "banyan_migrations_shop", "shop_a", "shop_b", "shop_c") // looking has changed nothing
	_, err = late.DownTo(ctx, "shop", 0)
	wantIs(t, err, db.ErrUnknown)
	oneWay := w.migrator(t, db.Migrations{Module: "shop", Files: w.files(a, "-- +goose Up\nCREATE TABLE shop_a (id integer);\n", b, makes("shop_b"), c, makes("shop_c"))})
	_, err = oneWay.DownTo(ctx, "shop", 0)
	wantIs(t, err, db.ErrOneWay)
	wantTables(t, w, "banyan_migrations_shop", "shop_a", "shop_b", "shop_c")
	done, err := m.DownTo(ctx, "shop", 20260101000000)
	wantDone(t, "down to a", done, err, "shop/"+b+" applied", "shop/"+c+" applied")
	wantTables(t, w, "banyan_migrations_shop", "shop_a")
	done, err = m.DownTo(ctx, "shop", 0)
	wantDone(t, "down to nothing", done, err, "shop/"+a+" applied")
	done, err = m.DownTo(ctx, "shop", 0)
	wantDone(t, "down of nothing", done, err)
}

// A plan is what Up does then, with the SQL, and changes nothing.
func testPlan(t *testing.T, e engine) {
	w := e.bare(t)
	ctx := t.Context()
	m := w.migrator(t,
		db.Migrations{Module: "shop", Files: w.files(
			"20260101000000_a.sql", "-- +goose Up\n-- +goose StatementBegin\nCREATE TABLE shop_a (id integer); -- for a\n-- +goose StatementEnd\n\n-- +goose Down\nDROP TABLE shop_a;\n",
			"20260103000000_c.sql", "-- banyan:contract nobody reads it\n-- +goose NO TRANSACTION\n-- +goose Up\nDROP TABLE shop_a;\n-- +goose Down\n")},
		db.Migrations{Module: "blog", Files: w.files("20260102000000_b.sql", makes("blog_b"))},
	)
	all, err := m.Status(ctx)
	if err != nil {
		t.Fatal(err)
	}
	steps, err := m.Plan(all)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, s := range steps {
		lines = append(lines, fmt.Sprintf("%s %s contract=%t transaction=%t\n%s", s, s.State, s.Contract, s.Transaction, s.SQL))
	}
	want := []string{
		"blog/20260102000000_b.sql pending contract=false transaction=true\nCREATE TABLE blog_b (id integer);",
		"shop/20260101000000_a.sql pending contract=false transaction=true\nCREATE TABLE shop_a (id integer); -- for a",
		"shop/20260103000000_c.sql pending contract=true transaction=false\nDROP TABLE shop_a;",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("the plan is %q, want %q", lines, want)
	}
	some := m.With(db.MigrateOptions{Modules: []string{"shop"}, To: 20260102000000})
	if steps, err := some.Plan(all); err != nil || len(steps) != 1 || steps[0].Name != "20260101000000_a.sql" {
		t.Errorf("the plan of some is %+v, %v", steps, err)
	}
	wantTables(t, w)
	w.mustUp(t, m)
	if all, err = m.Status(ctx); err != nil {
		t.Fatal(err)
	}
	if steps, err := m.Plan(all); err != nil || len(steps) > 0 {
		t.Errorf("the plan of nothing is %+v, %v", steps, err)
	}
}

// A file with NO TRANSACTION that fails in the middle leaves a database that says so. It is repeated, or taken back.
func testDirty(t *testing.T, e engine) {
	w := e.bare(t)
	ctx := t.Context()
	const a, b = "20260101000000_a.sql", "20260102000000_b.sql"
	with := func(last string) *db.Migrator {
		return w.migrator(t, db.Migrations{Module: "shop", Files: w.files(a, makes("shop_a"), b,
			"-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE IF NOT EXISTS shop_b (id integer);\n"+last+"\n-- +goose Down\nDROP TABLE IF EXISTS shop_b;\n")})
	}
	broken, mended := with("INSERT INTO shop_x VALUES (1);"), with("INSERT INTO shop_b VALUES (1);")
	for _, way := range []string{"up", "down"} {
		if _, err := broken.Up(ctx); err == nil || !strings.Contains(err.Error(), b) {
			t.Fatalf("%v, want an error that names the file", err)
		}
		wantTables(t, w, "banyan_migrations_shop", "shop_a", "shop_b")
		wantStatus(t, broken, "shop/"+a+" applied", "shop/"+b+" dirty")
		wantIs(t, broken.Ready(ctx), db.ErrDirty)
		wantIs(t, broken.Still(ctx), db.ErrDirty)
		without := w.migrator(t, db.Migrations{Module: "shop", Files: w.files(a, makes("shop_a"))})
		wantStatus(t, without, "shop/"+a+" applied", "shop/20260102000000 dirty")
		if err := without.Ready(ctx); err != nil {
			t.Errorf("a program without the file: %v; a newer one is at it", err)
		}
		if way == "down" {
			done, err := mended.Down(ctx, "shop")
			wantDone(t, "down of what is dirty", done, err, "shop/"+b+" applied")
			wantTables(t, w, "banyan_migrations_shop", "shop_a")
			wantStatus(t, broken, "shop/"+a+" applied", "shop/"+b+" pending")
			continue
		}
		done, err := mended.Up(ctx)
		wantDone(t, "up of what is dirty", done, err, "shop/"+b+" applied")
		wantStatus(t, mended, "shop/"+a+" applied", "shop/"+b+" applied")
		done, err = mended.Down(ctx, "shop")
		wantDone(t, "down", done, err, "shop/"+b+" applied")
	}
}

// A pending file that is no migration is found before the ones in front of it are applied.
func testMalformed(t *testing.T, e engine) {
	const a, b = "20260101000000_a.sql", "20260102000000_b.sql"
	for text, lacks := range map[string]string{
		"":                          "-- +goose Up",
		"SELECT 1;\n":               "-- +goose Up",
		"-- +goose Down\nSELECT 1;": "-- +goose Up",
		"-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n": "-- +goose StatementEnd",
	} {
		w := e.bare(t)
		m := w.migrator(t, db.Migrations{Module: "shop", Files: w.files(a, makes("shop_a"), b, text)})
		_, planned := m.Plan(m.Files())
		_, applied := m.Up(t.Context())
		for _, err := range []error{planned, applied} {
			wantIs(t, err, db.ErrMalformed)
			if err != nil && (!strings.Contains(err.Error(), "shop/"+b) || !strings.Contains(err.Error(), lacks)) {
				t.Errorf("%v does not name the file and %s", err, lacks)
			}
		}
		wantTables(t, w)
	}
}

// Other SQL in a file that was applied is seen, and nothing is applied beside it. Comments and white space are free.
func testChanged(t *testing.T, e engine) {
	w := e.bare(t)
	ctx := t.Context()
	const a, b = "20260101000000_a.sql", "20260102000000_b.sql"
	w.mustUp(t, w.migrator(t, db.Migrations{Module: "shop", Files: w.files(a, makes("shop_a"))}))
	m := w.migrator(t, db.Migrations{Module: "shop", Files: w.files(a, "-- the first table\n"+strings.ReplaceAll(makes("shop_a"), "\n", " \r\n\n"), b, makes("shop_b"))})
	wantStatus(t, m, "shop/"+a+" applied", "shop/"+b+" pending")
	m = w.migrator(t, db.Migrations{Module: "shop", Files: w.files(a, strings.Replace(makes("shop_a"), "integer", "bigint", 1), b, makes("shop_b"))})
	wantStatus(t, m, "shop/"+a+" changed", "shop/"+b+" pending")
	_, err := m.Up(ctx)
	wantIs(t, err, db.ErrChanged)
	if !strings.Contains(err.Error(), "shop/"+a) {
		t.Errorf("%v does not name the file", err)
	}
	wantTables(t, w, "banyan_migrations_shop", "shop_a")
	done, err := m.Down(ctx, "shop")
	wantDone(t, "down", done, err, "shop/"+a+" applied")
	done, err = m.Up(ctx)
	wantDone(t, "up", done, err, "shop/"+a+" applied", "shop/"+b+" applied")
	wantStatus(t, m, "shop/"+a+" applied", "shop/"+b+" applied")
}

// A migration that is marked contract keeps programs from serving that do not know it; others that they do not know keep nobody.
func testContract(t *testing.T, e engine) {
	w := e.bare(t)
	ctx := t.Context()
	const a, b, c = "20260101000000_a.sql", "20260102000000_b.sql", "20260103000000_c.sql"
	older := w.migrator(t, db.Migrations{Module: "shop", Files: w.files(a, makes("shop_a"))})
	w.mustUp(t, older)
	const innocent = "-- +goose Up\nCREATE TABLE shop_b (id integer); -- banyan:contractual\n-- +goose Down\n-- banyan:contract on the way back\nDROP TABLE shop_b;\n"
	newer := w.migrator(t, db.Migrations{Module: "shop", Files: w.files(a, makes("shop_a"), b, innocent,
		c, "-- +goose Up\nDROP TABLE shop_b; -- banyan:contract not read since 1.4\n-- +goose Down\nCREATE TABLE shop_b (id integer);\n")})
	w.mustUp(t, newer.With(db.MigrateOptions{To: 20260102000000}))
	for _, ready := range []func(context.Context) error{older.Ready, older.Still} {
		if err := ready(ctx); err != nil {
			t.Errorf("beside a newer program: %v", err)
		}
	}
	w.mustUp(t, newer)
	for _, ready := range []func(context.Context) error{older.Ready, older.Still} {
		err := ready(ctx)
		wantIs(t, err, db.ErrContract)
		if err == nil || !strings.HasSuffix(err.Error(), ": shop/20260103000000") {
			t.Errorf("%v does not name the migration, and only that", err)
		}
	}
	if err := newer.Ready(ctx); err != nil {
		t.Errorf("the program that brought it: %v", err)
	}
	if _, err := newer.Down(ctx, "shop"); err != nil {
		t.Fatal(err)
	}
	if err := older.Ready(ctx); err != nil {
		t.Errorf("after it was taken back: %v", err)
	}
}

// A file that was there is missing between those of this program.
func testMissing(t *testing.T, e engine) {
	w := e.bare(t)
	const a, b, c = "20260101000000_a.sql", "20260102000000_b.sql", "20260103000000_c.sql"
	w.mustUp(t, w.migrator(t, db.Migrations{Module: "shop", Files: w.files(a, makes("shop_a"), b, makes("shop_b"), c, makes("shop_c"))}))
	m := w.migrator(t, db.Migrations{Module: "shop", Files: w.files(a, makes("shop_a"), c, makes("shop_c"))})
	wantStatus(t, m, "shop/"+a+" applied", "shop/20260102000000 missing", "shop/"+c+" applied")
	if err := m.Ready(t.Context()); err != nil {
		t.Errorf("ready: %v; it may have come later, with a newer program", err)
	}
}

// An older program has made the history, without our columns.
func testOlderHistory(t *testing.T, e engine) {
	w := e.bare(t)
	const a, b = "20260101000000_a.sql", "20260102000000_b.sql"
	m := w.migrator(t, db.Migrations{Module: "shop", Files: w.files(a, makes("shop_a"))}, db.Migrations{Module: "blog", Files: w.files(a, makes("blog_a"))})
	w.mustUp(t, m)
	for _, column := range []string{"checksum", "contract"} {
		w.exec(t, "ALTER TABLE banyan_migrations_shop DROP COLUMN "+column)
	}
	newer := w.migrator(t, db.Migrations{Module: "shop", Files: w.files(a, strings.Replace(makes("shop_a"), "integer", "bigint", 1), b, makes("shop_b"))})
	wantStatus(t, newer, "blog/20260101000000 unknown", "shop/"+a+" applied", "shop/"+b+" pending") // what was changed nobody knows
	w.mustUp(t, newer)
	wantStatus(t, newer, "blog/20260101000000 unknown", "shop/"+a+" applied", "shop/"+b+" applied")
	for range 2 {
		if _, err := newer.Down(t.Context(), "shop"); err != nil {
			t.Fatal(err)
		}
	}
}

// exec runs a statement that changes a schema.
func (w *world) exec(t *testing.T, text string) {
	t.Helper()
	w.tx(t, func(_ context.Context, q *gorm.DB) error { return q.Exec(text).Error })
}

// Who cannot wait any longer hears who migrates.
func testMigrationLock(t *testing.T, e engine) {
	w := e.bare(t)
	drv, o := w.driver, driver.Options{DSN: w.cfg.DSN}
	unlock, err := drv.Lock(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	m := w.migrator(t, db.Migrations{Module: "shop", Files: w.files("20260101000000_a.sql", makes("shop_a"))}).With(db.MigrateOptions{LockWait: time.Second}) // within which it has to connect, too
	_, err = m.Up(t.Context())
	wantIs(t, err, db.ErrLocked)
	if who := fmt.Sprintf("process %d on ", os.Getpid()); !strings.Contains(err.Error(), who) {
		t.Errorf("%v does not name %s", err, who)
	}
	wantTables(t, w)
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	w.mustUp(t, m.With(db.MigrateOptions{LockWait: patience}))
}
