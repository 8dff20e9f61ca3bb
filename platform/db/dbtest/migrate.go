package dbtest

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/banyan-go/banyan/platform/db"
)

// files makes migrations for the dialect of w: name, text, name, text and so on.
func (w *world) files(namesAndTexts ...string) fs.FS {
	m := fstest.MapFS{w.db.Dialect() + "/notes.txt": {Data: []byte("not a migration")}}
	for i := 0; i < len(namesAndTexts); i += 2 {
		m[w.db.Dialect()+"/"+namesAndTexts[i]] = &fstest.MapFile{Data: []byte(namesAndTexts[i+1])}
	}
	return m
}

// makes returns the text of a migration that makes a table.
func makes(table string) string {
	return "-- +goose Up\nCREATE TABLE " + table + " (id integer);\n-- +goose Down\nDROP TABLE " + table + ";\n"
}

func (w *world) migrator(t *testing.T, sets ...db.Migrations) *db.Migrator {
	t.Helper()
	m, err := w.db.Migrator(sets)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// tables returns the names of the tables, without the engine's own.
func (w *world) tables(t *testing.T) []string {
	t.Helper()
	names, err := w.read(t.Context()).Migrator().GetTables()
	if err != nil {
		t.Fatal(err)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return strings.HasPrefix(name, "sqlite_") })
	slices.Sort(names)
	return names
}

func wantTables(t *testing.T, w *world, want ...string) {
	t.Helper()
	if got := w.tables(t); !slices.Equal(got, want) {
		t.Errorf("tables %v, want %v", got, want)
	}
}

// states writes migrations as "module/name state".
func states(ms []db.Migration) []string {
	var lines []string
	for _, m := range ms {
		lines = append(lines, m.String()+" "+string(m.State))
	}
	return lines
}

func wantStatus(t *testing.T, m *db.Migrator, want ...string) {
	t.Helper()
	all, err := m.Status(t.Context())
	if got := states(all); err != nil || !slices.Equal(got, want) {
		t.Errorf("status %q, %v, want %q", got, err, want)
	}
}

func wantDone(t *testing.T, what string, done []db.Migration, err error, want ...string) {
	t.Helper()
	if got := states(done); err != nil || !slices.Equal(got, want) {
		t.Errorf("%s: %q, %v, want %q", what, got, err, want)
	}
}

// wantDown takes a migration back, or none, and has asked before which that will be.
func wantDown(t *testing.T, m *db.Migrator, module string, want ...string) {
	t.Helper()
	last, err := m.Last(t.Context(), module)
	wantDone(t, "last of "+module, last, err, want...)
	done, err := m.Down(t.Context(), module)
	wantDone(t, "down of "+module, done, err, want...)
}

// Two modules with the same versions have histories of their own.
func testMigrations(t *testing.T, e engine) {
	w := e.bare(t)
	ctx := t.Context()
	m := w.migrator(t,
		db.Migrations{Module: "shop", Files: w.files("20260101000000_a.sql", makes("shop_a"), "20260102000000_b.sql", makes("shop_b"))},
		db.Migrations{Module: "empty", Files: w.files()},
		db.Migrations{Module: "blog", Files: w.files("20260101000000_a.sql", makes("blog_a"))},
	)
	wantStatus(t, m, "blog/20260101000000_a.sql pending", "shop/20260101000000_a.sql pending", "shop/20260102000000_b.sql pending")
	err := m.Ready(ctx)
	wantIs(t, err, db.ErrBehind)
	if !strings.Contains(err.Error(), "by 3: blog/20260101000000_a.sql, shop/20260101000000_a.sql") {
		t.Errorf("%v does not name what is missing", err)
	}
	wantTables(t, w) // looking has changed nothing

	if files := states(m.Files()); !slices.Equal(files, []string{"blog/20260101000000_a.sql pending", "shop/20260101000000_a.sql pending", "shop/20260102000000_b.sql pending"}) {
		t.Errorf("files %q", files)
	}

	last, err := m.Last(ctx, "blog")
	wantDone(t, "last of nothing", last, err)
	wantTables(t, w) // as above
	wantDown(t, m, "blog")
	if _, err := m.Down(ctx, "empty"); err == nil {
		t.Error("down of a module without migrations works")
	}
	if _, err := m.Last(ctx, "empty"); err == nil {
		t.Error("a module without migrations has a last one")
	}
	done, err := m.Up(ctx)
	wantDone(t, "up", done, err, "blog/20260101000000_a.sql applied", "shop/20260101000000_a.sql applied", "shop/20260102000000_b.sql applied")
	wantTables(t, w, "banyan_migrations_blog", "banyan_migrations_shop", "blog_a", "shop_a", "shop_b")
	if tables, err := m.Tables(ctx); err != nil || len(tables) != 5 {
		t.Errorf("tables %q, %v", tables, err)
	}
	wantStatus(t, m, "blog/20260101000000_a.sql applied", "shop/20260101000000_a.sql applied", "shop/20260102000000_b.sql applied")
	if err := m.Ready(ctx); err != nil {
		t.Errorf("ready: %v", err)
	}
	done, err = m.Up(ctx)
	wantDone(t, "up again", done, err)

	wantDown(t, m, "shop", "shop/20260102000000_b.sql applied")
	wantTables(t, w, "banyan_migrations_blog", "banyan_migrations_shop", "blog_a", "shop_a")
	wantStatus(t, m, "blog/20260101000000_a.sql applied", "shop/20260101000000_a.sql applied", "shop/20260102000000_b.sql pending")
	wantDown(t, m, "shop", "shop/20260101000000_a.sql applied")
	wantDown(t, m, "shop")
	done, err = m.Up(ctx)
	wantDone(t, "up from the ground", done, err, "shop/20260101000000_a.sql applied", "shop/20260102000000_b.sql applied")

	ended, end := context.WithCancel(ctx)
	end()
	_, err = m.Up(ended)
	wantIs(t, err, context.Canceled)
	_, err = m.Status(ended)
	wantIs(t, err, context.Canceled)
	wantIs(t, m.Ready(ended), context.Canceled)
}

// Two branches have each added a migration. The older one came later.
func testMigrationsOutOfOrder(t *testing.T, e engine) {
	w := e.bare(t)
	ctx := t.Context()
	late := w.migrator(t, db.Migrations{Module: "shop", Files: w.files("20260102000000_b.sql", makes("shop_b"))})
	done, err := late.Up(ctx)
	wantDone(t, "the newer one", done, err, "shop/20260102000000_b.sql applied")
	both := w.migrator(t, db.Migrations{Module: "shop", Files: w.files("20260101000000_a.sql", makes("shop_a"), "20260102000000_b.sql", makes("shop_b"))})
	wantStatus(t, both, "shop/20260101000000_a.sql pending", "shop/20260102000000_b.sql applied")
	done, err = both.Up(ctx)
	wantDone(t, "the older one", done, err, "shop/20260101000000_a.sql applied")
	wantDown(t, both, "shop", "shop/20260101000000_a.sql applied") // what was applied last
	wantTables(t, w, "banyan_migrations_shop", "shop_b")
}

// Reset leaves no table, whichever refers to which, and everything can be applied again.
func testReset(t *testing.T, e engine) {
	w := e.bare(t)
	ctx := t.Context()
	text := `-- +goose Up
CREATE TABLE shop_a (id integer PRIMARY KEY);
CREATE TABLE shop_b (id integer PRIMARY KEY, a integer NOT NULL REFERENCES shop_a (id));
CREATE TABLE shop_c (id integer PRIMARY KEY, b integer NOT NULL REFERENCES shop_b (id));
INSERT INTO shop_a VALUES (1);
INSERT INTO shop_b VALUES (1, 1);
INSERT INTO shop_c VALUES (1, 1);
`
	m := w.migrator(t, db.Migrations{Module: "shop", Files: w.files("20260101000000_a.sql", text)})
	other := w.migrator(t, db.Migrations{Module: "blog", Files: w.files("20260101000000_a.sql", makes("blog_a"))})
	for range 2 {
		for _, m := range []*db.Migrator{m, other} {
			if done, err := m.Up(ctx); err != nil || len(done) != 1 {
				t.Fatalf("up: %q, %v", states(done), err)
			}
		}
		if err := m.Reset(ctx); err != nil {
			t.Fatal(err)
		}
		wantTables(t, w)
	}
	if err := m.Reset(ctx); err != nil {
		t.Errorf("reset of nothing: %v", err)
	}
}

// A file that fails leaves nothing behind, the error names it, and what came before stays.
func testMigrationFails(t *testing.T, e engine) {
	w := e.bare(t)
	ctx := t.Context()
	const good, bad = "20260101000000_a.sql", "20260102000000_b.sql"
	for name, text := range map[string]string{
		"second statement":     "-- +goose Up\nCREATE TABLE shop_b (id integer);\nCREATE TABLE shop_b (id integer);\n-- +goose Down\n",
		"no such table":        "-- +goose Up\nCREATE TABLE shop_b (id integer);\nINSERT INTO shop_c VALUES (1);\n-- +goose Down\n",
		"no SQL":               "-- +goose Up\nCREATE TABLE shop_b (id integer);\nBRING ME A TABLE;\n-- +goose Down\n",
		"a commit inside":      "-- +goose Up\nCREATE TABLE shop_b (id integer);\nCOMMIT;\nBRING ME A TABLE;\n-- +goose Down\n",
		"no section for goose": "CREATE TABLE shop_b (id integer);\n",
	} {
		m := w.migrator(t, db.Migrations{Module: "shop", Files: w.files(good, makes("shop_a"), bad, text)})
		done, err := m.Up(ctx)
		if err == nil || !strings.Contains(err.Error(), bad) || !strings.Contains(err.Error(), "shop") {
			t.Errorf("%s: %v, want an error that names the file", name, err)
		}
		if len(done) > 1 || len(done) == 1 && done[0].Name != good {
			t.Errorf("%s: %q is done", name, states(done))
		}
		if slices.Contains(w.tables(t), "shop_b") {
			t.Errorf("%s: half of the file has stayed", name)
		}
	}
	fixed := w.migrator(t, db.Migrations{Module: "shop", Files: w.files(good, makes("shop_a"), bad, makes("shop_b"))})
	if _, err := fixed.Up(ctx); err != nil {
		t.Errorf("after the file was corrected: %v", err)
	}
	wantStatus(t, fixed, "shop/"+good+" applied", "shop/"+bad+" applied")
	wantTables(t, w, "banyan_migrations_shop", "shop_a", "shop_b")

	wrongDown := w.migrator(t, db.Migrations{Module: "shop", Files: w.files(good, makes("shop_a"), bad, "-- +goose Up\nSELECT 1;\n-- +goose Down\nDROP TABLE shop_b;\nDROP TABLE shop_c;\n")})
	if _, err := wrongDown.Down(ctx, "shop"); err == nil || !strings.Contains(err.Error(), bad) {
		t.Errorf("a way back that fails: %v, want an error that names the file", err)
	}
	wantTables(t, w, "banyan_migrations_shop", "shop_a", "shop_b")
	oneWay := w.migrator(t, db.Migrations{Module: "shop", Files: w.files(good, makes("shop_a"), bad, "-- +goose Up\nSELECT 1;\n")})
	if _, err := oneWay.Down(ctx, "shop"); err == nil || !strings.Contains(err.Error(), bad) {
		t.Errorf("without a way back: %v, want an error that names the file", err)
	}
	wantStatus(t, fixed, "shop/"+good+" applied", "shop/"+bad+" applied")
}

// A newer program was here before. This one runs, and takes nothing back that it does not know.
func testNewerDatabase(t *testing.T, e engine) {
	w := e.bare(t)
	ctx := t.Context()
	newer := w.migrator(t, db.Migrations{Module: "shop", Files: w.files("20260101000000_a.sql", makes("shop_a"), "20260103000000_c.sql", makes("shop_c"))})
	if _, err := newer.Up(ctx); err != nil {
		t.Fatal(err)
	}
	older := w.migrator(t, db.Migrations{Module: "shop", Files: w.files("20260101000000_a.sql", makes("shop_a"), "20260102000000_b.sql", makes("shop_b"))})
	wantStatus(t, older, "shop/20260101000000_a.sql applied", "shop/20260102000000_b.sql pending", "shop/20260103000000 unknown")
	done, err := older.Up(ctx)
	wantDone(t, "up", done, err, "shop/20260102000000_b.sql applied")
	if err := older.Ready(ctx); err != nil {
		t.Errorf("ready: %v", err)
	}
	without := w.migrator(t, db.Migrations{Module: "blog", Files: w.files("20260101000000_a.sql", makes("blog_a"))}) // the module has gone
	wantStatus(t, without, "blog/20260101000000_a.sql pending", "shop/20260101000000 unknown", "shop/20260102000000 unknown", "shop/20260103000000 unknown")
	first := w.migrator(t, db.Migrations{Module: "shop", Files: w.files("20260101000000_a.sql", makes("shop_a"))})
	if _, err := first.Down(ctx, "shop"); err == nil || !strings.Contains(err.Error(), "20260102000000") {
		t.Errorf("down of what is not known: %v, want an error that names it", err)
	}
	wantTables(t, w, "banyan_migrations_shop", "shop_a", "shop_b", "shop_c")
}

// What is wrong with files is said when the program starts.
func testMigrationFiles(t *testing.T, e engine) {
	w := e.bare(t)
	for name, c := range map[string]struct {
		set  db.Migrations
		want string
	}{
		"no time":                   {db.Migrations{Module: "shop", Files: w.files("products.sql", "")}, "products.sql"},
		"no such time":              {db.Migrations{Module: "shop", Files: w.files("20261301000000_a.sql", "")}, "20261301000000_a.sql"},
		"a number":                  {db.Migrations{Module: "shop", Files: w.files("1_a.sql", "")}, "1_a.sql"},
		"no name":                   {db.Migrations{Module: "shop", Files: w.files("20260101000000.sql", "")}, "20260101000000.sql"},
		"one time twice":            {db.Migrations{Module: "shop", Files: w.files("20260101000000_a.sql", "", "20260101000000_b.sql", "")}, "20260101000000_b.sql"},
		"a name with a dot":         {db.Migrations{Module: "shop.x", Files: w.files("20260101000000_a.sql", "")}, "shop.x"},
		"a name with SQL":           {db.Migrations{Module: "x; DROP TABLE y", Files: w.files("20260101000000_a.sql", "")}, "letters"},
		"files that cannot be read": {db.Migrations{Module: "shop", Files: brokenFS{}}, "mine"},
	} {
		if _, err := w.db.Migrator([]db.Migrations{c.set}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %s", name, err, c.want)
		}
	}
	m := w.migrator(t, db.Migrations{Module: "shop", Files: fstest.MapFS{"other/20260101000000_a.sql": {}}})
	wantStatus(t, m)
	if err := m.Ready(t.Context()); err != nil {
		t.Errorf("a module with files for another dialect only: %v", err)
	}
}

// brokenFS is a folder that cannot be read.
type brokenFS struct{}

func (brokenFS) Open(string) (fs.File, error)          { return nil, errors.New("mine") }
func (brokenFS) Sub(string) (fs.FS, error)             { return nil, errors.New("mine") }
func (brokenFS) ReadDir(string) ([]fs.DirEntry, error) { return nil, errors.New("mine") }
