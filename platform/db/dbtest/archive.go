package dbtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"gorm.io/gorm"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/driver"
)

// vault is tables that are hard to bring back: they refer to each other in a circle and to themselves, the engine numbers and computes, a
// migration has put rows in, a name needs quotes, and one has no row.
func (w *world) vault() db.Migrations {
	number, bytes := "integer PRIMARY KEY AUTOINCREMENT", "blob"
	if w.db.Dialect() == "postgres" {
		number, bytes = "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "bytea"
	}
	circle := "ALTER TABLE vault_a ADD COLUMN b_id bigint REFERENCES vault_b (id);\n"
	return db.Migrations{Module: "vault", Files: w.files("20260101000000_vault.sql", "-- +goose Up\n"+
		"CREATE TABLE vault_a (id "+number+", above bigint REFERENCES vault_a (id), text text, data "+bytes+", n double precision, twice double precision GENERATED ALWAYS AS (n * 2) STORED);\n"+
		"CREATE TABLE vault_b (id bigint PRIMARY KEY, a_id bigint NOT NULL REFERENCES vault_a (id));\n"+circle+
		`CREATE TABLE "vault_ Odd""name" ("a ""b" text, "select" integer);`+"\nCREATE TABLE vault_empty (id integer);\n"+
		"CREATE TABLE vault_kinds (name text);\nINSERT INTO vault_kinds VALUES ('made by the migration');\n"+
		"-- +goose Down\nDROP TABLE vault_kinds;\n")}
}

// filled is a database with a vault that holds rows of every sort, and its migrator.
func (e engine) filled(t *testing.T) (*world, *db.Migrator) {
	t.Helper()
	w := e.bare(t)
	m := w.migrator(t, w.vault())
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.tx(t, func(_ context.Context, q *gorm.DB) error {
		var errs []error
		run := func(text string, values ...any) { errs = append(errs, q.Exec(text, values...).Error) }
		for _, text := range append(hostile(), "", `\.`, "\\.\n", "\r\n", strings.Repeat("long ", 40_000)) {
			run("INSERT INTO vault_a (text, data, n) VALUES (?, ?, ?)", text, []byte(text+"\x00\xff"), 0.1)
		}
		run("INSERT INTO vault_a (text, data, n) VALUES (NULL, NULL, NULL)")
		run("UPDATE vault_a SET above = 2 WHERE id <> 2")
		run("INSERT INTO vault_b VALUES (7, 1)")
		run("UPDATE vault_a SET b_id = 7")
		run(`INSERT INTO "vault_ Odd""name" VALUES (?, 1), (?, 1), (NULL, NULL)`, "twice", "twice")
		run("UPDATE vault_kinds SET name = 'changed since'")
		return errors.Join(errs...)
	})
	return w, m
}

// saved is what Save has written, and what that is.
func saved(t *testing.T, m *db.Migrator) ([]byte, db.Content) {
	t.Helper()
	var buf bytes.Buffer
	content, err := m.Save(t.Context(), &buf)
	if err != nil {
		t.Fatal(err)
	}
	return buf.Bytes(), content
}

// elsewhere returns the migrator of another database, which is not started.
func (e engine) elsewhere(t *testing.T) (*db.Migrator, *world) {
	t.Helper()
	w := e.bare(t)
	m := w.migrator(t, w.vault())
	w.stop(t)
	return m, w
}

// What was saved comes back elsewhere: the same rows, the same numbers next, the same migrations, and the references hold.
func testArchive(t *testing.T, e engine) {
	_, m := e.filled(t)
	data, content := saved(t, m)
	if len(content.Tables) != 6 || content.Rows() < 50 || len(content.Migrations) != 1 {
		t.Fatalf("saved %+v", content)
	}
	if err := m.Rehearse(t.Context(), bytes.NewReader(data), content); err != nil {
		t.Errorf("rehearse: %v", err)
	}
	other, w := e.elsewhere(t)
	if err := other.Restore(t.Context(), bytes.NewReader(data), content); err != nil {
		t.Fatalf("restore: %v", err)
	}
	w.startAgain(t)
	_, again := saved(t, other)
	if !reflect.DeepEqual(again, content) {
		t.Errorf("restored\n%+v, want\n%+v", again, content)
	}
	var twice float64
	if err := w.read(t.Context()).Raw("SELECT twice FROM vault_a WHERE id = 1").Scan(&twice).Error; err != nil || twice != 0.2 {
		t.Errorf("the engine has computed %v, %v", twice, err)
	}
	w.tx(t, func(_ context.Context, q *gorm.DB) error {
		return q.Exec("INSERT INTO vault_a (text) VALUES ('next')").Error
	})
	err := w.h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
		return w.h.Query(ctx, db.Global).Exec("INSERT INTO vault_b VALUES (8, 123456)").Error
	})
	if e, ok := errors.AsType[*driver.Error](err); !ok || e.Kind != driver.Foreign {
		t.Errorf("a reference to nothing: %v", err)
	}
	// And over what is there.
	w.stop(t)
	if err := other.Restore(t.Context(), bytes.NewReader(data), content); err != nil {
		t.Fatalf("restore once more: %v", err)
	}
	w.startAgain(t)
	if _, again := saved(t, other); !reflect.DeepEqual(again, content) {
		t.Errorf("restored once more\n%+v, want\n%+v", again, content)
	}
}

// A copy is of one moment: it has every write that was acknowledged before it began, and of each transaction all or nothing.
func testArchiveBesideWriters(t *testing.T, e engine) {
	w := e.start(t)
	m := w.migrator(t, db.Migrations{Module: "dbtest", Files: mustSub(t, schema, "schema")})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	pair := func(ctx context.Context) error {
		return w.h.Tx(ctx, db.Global, func(ctx context.Context) error {
			a := newAccount()
			return errors.Join(w.h.Query(ctx, db.Global).Create(&a).Error, w.h.Query(ctx, db.Global).Create(&entry{ID: a.ID, AccountID: a.ID}).Error)
		})
	}
	var acknowledged atomic.Int64
	more, done := make(chan struct{}, 1), make(chan struct{})
	for range 2 {
		go func() {
			defer func() { done <- struct{}{} }()
			for pair(ctx) == nil {
				acknowledged.Add(1)
				select {
				case more <- struct{}{}:
				default:
				}
			}
		}()
	}
	for range 4 {
		soon(t, more)
		before := acknowledged.Load()
		_, content := saved(t, m)
		rows := map[string]int64{}
		for _, table := range content.Tables {
			rows[table.Name] = table.Rows
		}
		if rows["dbtest_accounts"] != rows["dbtest_entries"] || rows["dbtest_accounts"] < before {
			t.Errorf("saved %v, %d were acknowledged before", rows, before)
		}
	}
	cancel()
	soon(t, done)
	soon(t, done)
}

// Whatever goes wrong on the way, the database is as it was, and nothing is left beside it.
func testArchiveThatDoesNotFit(t *testing.T, e engine) {
	w, m := e.filled(t)
	data, content := saved(t, m)
	w.stop(t)
	changed := func(f func(*db.Content)) db.Content {
		c := content
		c.Tables, c.Migrations = append([]driver.Table{}, c.Tables...), append([]db.Migration{}, c.Migrations...)
		f(&c)
		return c
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		data io.Reader
		want db.Content
		says string
	}{
		"row lost":          {t.Context(), bytes.NewReader(data), changed(func(c *db.Content) { c.Tables[2].Rows++ }), " rows and had "},
		"value changed":     {t.Context(), bytes.NewReader(data), changed(func(c *db.Content) { c.Tables[2].Sum = strings.Repeat("0", 32) }), " has other values"},
		"table lost":        {t.Context(), bytes.NewReader(data), changed(func(c *db.Content) { c.Tables[1].Name = "gone" }), "table gone is missing"},
		"table not saved":   {t.Context(), bytes.NewReader(data), changed(func(c *db.Content) { c.Tables = c.Tables[:2] }), "was not saved"},
		"newer":             {t.Context(), bytes.NewReader(data), changed(func(c *db.Content) { c.Migrations[0].Version++ }), "this program does not know it"},
		"module not here":   {t.Context(), bytes.NewReader(data), changed(func(c *db.Content) { c.Migrations[0].Module = "other" }), "this program does not know it"},
		"cut off":           {t.Context(), bytes.NewReader(data[:len(data)/2]), content, ""},
		"something else":    {t.Context(), strings.NewReader(strings.Repeat("DROP TABLE vault_a;\n", 100)), content, ""},
		"nothing":           {t.Context(), strings.NewReader(""), content, ""},
		"error of its file": {t.Context(), io.MultiReader(bytes.NewReader(data[:100]), failing{}), content, errFile.Error()},
		"interrupted":       {ended, bytes.NewReader(data), content, context.Canceled.Error()},
	} {
		for way, run := range map[string]func(context.Context, io.Reader, db.Content) error{"restore": m.Restore, "rehearse": m.Rehearse} {
			if way == "rehearse" && (name == "error of its file" || name == "row lost") {
				continue // a reader is read once
			}
			if seeker, ok := c.data.(io.Seeker); ok {
				_, _ = seeker.Seek(0, io.SeekStart) // it holds bytes
			}
			if err := run(c.ctx, c.data, c.want); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s of an archive, %s: %v, want %q", way, name, err, c.says)
			}
		}
	}
	w.startAgain(t)
	if _, again := saved(t, m); !reflect.DeepEqual(again, content) {
		t.Errorf("the database holds\n%+v, want\n%+v", again, content)
	}
}

var errFile = errors.New("the file cannot be read")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errFile }

// Nobody's database is replaced beneath them.
func testInUse(t *testing.T, e engine) {
	w, m := e.filled(t)
	data, content := saved(t, m)
	for name, err := range map[string]error{"in use": m.InUse(t.Context()), "restore": m.Restore(t.Context(), bytes.NewReader(data), content)} {
		if !errors.Is(err, db.ErrInUse) {
			t.Errorf("%s: %v", name, err)
		}
	}
	replacer, ok := w.driver.(driver.Archiver)
	if !ok {
		t.Fatal("the driver has no archives")
	}
	// Somebody may come while the scratch is filled.
	scratch, drop, err := replacer.Scratch(t.Context(), driver.Options{DSN: w.cfg.DSN})
	if err != nil {
		t.Fatal(err)
	}
	if err := replacer.Replace(t.Context(), driver.Options{DSN: w.cfg.DSN}, scratch); !errors.Is(err, db.ErrInUse) {
		t.Errorf("replace: %v", err)
	}
	if err := drop(t.Context()); err != nil {
		t.Error(err)
	}
	w.stop(t)
	if err := m.InUse(t.Context()); err != nil {
		t.Errorf("nobody uses it: %v", err)
	}
}

// Somebody who types statements reads, and writes only where that was asked for; the engine sees to it.
func testRun(t *testing.T, e engine) {
	w, _ := e.filled(t)
	run := func(way db.Way, text string, most int) (db.Result, error) {
		return w.db.Run(t.Context(), way, text, most)
	}
	r, err := run(db.Reading, "SELECT id, text FROM vault_a ORDER BY id", 2)
	if err != nil || !reflect.DeepEqual(r.Columns, []string{"id", "text"}) || len(r.Rows) != 2 || !r.More || !reflect.DeepEqual(r.Rows[0], []any{int64(1), "'"}) {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err = run(db.Reading, "SELECT id FROM vault_a WHERE id < 4", 3); err != nil || len(r.Rows) != 3 || r.More {
		t.Errorf("as many as were asked for: %+v, %v", r, err)
	}
	for _, text := range append(tricks(w.db.Dialect()), "DELETE FROM vault_a", "INSERT INTO vault_kinds VALUES ('x')", "CREATE TABLE x (id integer)", "DROP TABLE vault_empty") {
		_, err := run(db.Reading, text, 0)
		if err == nil {
			_, err = run(db.Reading, "DELETE FROM vault_kinds", 0)
		}
		if err == nil {
			t.Errorf("%s: no error", text)
		}
	}
	for _, text := range []string{"BEGIN", "COMMIT", "SAVEPOINT a"} {
		for _, way := range []db.Way{db.Reading, db.Writing, db.Changing} {
			_, err := run(way, text, 0)
			if e, ok := errors.AsType[*driver.Error](err); !ok || e.Kind != driver.Control {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
	if r, err := run(db.Changing, "UPDATE vault_kinds SET name = 'x'", 0); err != nil || r.Changed != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := run(db.Writing, "DELETE FROM vault_kinds RETURNING name", 0); err != nil || len(r.Rows) != 1 || r.Rows[0][0] != "x" {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := run(db.Writing, "CREATE TABLE vault_made (id integer)", 0); err != nil {
		t.Error(err)
	}
	if _, err := run(db.Reading, "SELECT nothing FROM vault_a", 0); err == nil || !strings.Contains(err.Error(), "nothing") {
		t.Errorf("the engine says %v", err)
	}
}

// tricks are what somebody may try who must not write: after each of them a write is refused all the same.
func tricks(dialect string) []string {
	if dialect == "postgres" {
		return []string{
			"SET default_transaction_read_only = off", "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE", "SELECT set_config('default_transaction_read_only', 'off', false)",
			"SET transaction_read_only = off", "SELECT set_config('transaction_read_only', 'off', false)", "WITH gone AS (DELETE FROM vault_kinds RETURNING *) SELECT * FROM gone",
			"DO $$ BEGIN SET LOCAL transaction_read_only = off; DELETE FROM vault_kinds; END $$", "EXPLAIN ANALYZE DELETE FROM vault_kinds", "SELECT 1; DELETE FROM vault_kinds", "SELECT nextval('vault_a_id_seq')",
			"RESET default_transaction_read_only", "DISCARD ALL", "BEGIN READ WRITE", "/* */ -- x\nSTART TRANSACTION READ WRITE",
		}
	}
	return []string{
		"PRAGMA query_only = 0", "PRAGMA query_only(off)", "PRAGMA writable_schema = 1", "PRAGMA user_version = 7", "ATTACH DATABASE 'file:trick.db?mode=rwc' AS trick", "VACUUM", "VACUUM INTO 'trick.db'", "REINDEX",
		"WITH n AS (SELECT 1) DELETE FROM vault_kinds", "SELECT 1; DELETE FROM vault_kinds", "BEGIN IMMEDIATE", "PRAGMA journal_mode = delete",
	}
}

// What could go is named: an index that another one does the work of, and one that nobody uses.
func testIndexes(t *testing.T, e engine) {
	w := e.bare(t)
	m := w.migrator(t, db.Migrations{Module: "shop", Files: w.files("20260101000000_a.sql", "-- +goose Up\n"+
		"CREATE TABLE shop_a (id varchar(36) PRIMARY KEY, a integer, b integer, c integer UNIQUE);\n"+
		"CREATE INDEX shop_ab ON shop_a (a, b DESC);\nCREATE INDEX shop_a_only ON shop_a (a);\nCREATE INDEX shop_a_twin ON shop_a (a);\n"+
		"CREATE INDEX shop_a_some ON shop_a (a) WHERE b > 1;\nCREATE INDEX shop_a_down ON shop_a (a DESC);\nCREATE UNIQUE INDEX shop_a_one ON shop_a (a);\n"+
		"CREATE INDEX shop_c ON shop_a (c);\nCREATE INDEX shop_lower ON shop_a (abs(a));\n"+
		"-- +goose Down\nDROP TABLE shop_a;\n")})
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	all, err := w.db.Indexes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, i := range all {
		if i.Table != "shop_a" {
			continue
		}
		name := i.Name
		switch { // an engine names these itself
		case i.Primary:
			name = "primary"
		case i.Unique && i.Columns[0] == "c":
			name = "unique c"
		}
		does := ""
		if i.Covered != "" {
			does = "needless"
		}
		got[name] = fmt.Sprintf("%d %t %t %s", len(i.Columns), i.Unique, i.Where != "", does)
		if i.Unused != (i.Scans == 0 && !i.Unique) || i.Scans > 0 || w.db.Dialect() == "postgres" && i.Bytes <= 0 {
			t.Errorf("%+v", i)
		}
	}
	want := map[string]string{
		"primary": "1 true false ", "unique c": "1 true false ", "shop_ab": "2 false false ", "shop_a_only": "1 false false needless", "shop_a_twin": "1 false false needless",
		"shop_a_some": "1 false true ", "shop_a_down": "1 false false ", "shop_a_one": "1 true false ", "shop_c": "1 false false needless", "shop_lower": "1 false false ",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%v, want\n%v", got, want)
	}
}
