package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/banyan-go/banyan/platform/db/dbtest"
	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/db/sqlite"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	dbtest.Run(t, func(t *testing.T) (driver.Driver, driver.Options) {
		return sqlite.Driver{}, driver.Options{DSN: "file:" + filepath.Join(t.TempDir(), "app.db")}
	})
}

// options are settings for a file.
func options(file string) driver.Options {
	return driver.Options{DSN: "file:" + file, MaxOpen: 2, Wait: 30 * time.Second, BusyTimeout: 30 * time.Second}
}

func open(t *testing.T, o driver.Options) driver.Pools {
	t.Helper()
	pools, err := sqlite.Driver{}.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closePools(t, pools) })
	return pools
}

func closePools(t *testing.T, p driver.Pools) {
	t.Helper()
	if err := errors.Join(p.Health.Close(), p.Read.Close(), p.Write.Close()); err != nil {
		t.Errorf("close: %v", err)
	}
}

func exec(t *testing.T, p driver.Pools, text string, args ...any) {
	t.Helper()
	if _, err := p.Write.ExecContext(t.Context(), text, args...); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func TestDSN(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"file:data/app.db", "data/app.db", "app.db", "file:/var/lib/app.db", "file:///var/lib/app.db", "file:100% & ä.db"} {
		if err := (sqlite.Driver{}).Check(driver.Options{DSN: good}); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for dsn, want := range map[string]string{
		"":                             "names no file",
		"file:":                        "names no file",
		":memory:":                     "in memory",
		"file::memory:?cache=shared":   "in memory",
		"file:app.db?mode=rwc":         "db.sqlite",
		"file:app.db#x":                "db.sqlite",
		"postgres://app:secret@db/app": "--profile cached",
		"postgresql://app:secret@db/app?sslmode=disable": "--profile cached",
		"mysql://app:secret@db/app?tls=true":             "not a file",
		"file://server/app.db":                           "not a file",
		"host=db password=secret":                        "address of a server", // it would be a file of that name, for everybody to see
		"app:secret@tcp(db)/app":                         "address of a server",
		"file:data/":                                     "folder",
		"file:a\x00b":                                    "NUL",
	} {
		err := sqlite.Driver{}.Check(driver.Options{DSN: dsn})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v, want an error with %q", dsn, err, want)
		}
		if _, err := (sqlite.Driver{}).Open(t.Context(), driver.Options{DSN: dsn}); err == nil {
			t.Errorf("%q opens", dsn)
		}
		if _, err := (sqlite.Driver{}).Lock(t.Context(), driver.Options{DSN: dsn}); err == nil {
			t.Errorf("%q has a lock", dsn)
		}
	}
}

// Looking whether there is a database makes none.
func TestExists(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := options(filepath.Join(dir, "data", "app.db"))
	wantExists := func(want bool) {
		t.Helper()
		if there, err := (sqlite.Driver{}).Exists(o); there != want || err != nil {
			t.Errorf("exists: %v, %v, want %v", there, err, want)
		}
	}
	wantExists(false)
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("it has made %v, %v", entries, err)
	}
	open(t, o)
	wantExists(true)
	if _, err := (sqlite.Driver{}).Exists(options(filepath.Join(o.DSN[len("file:"):], "app.db"))); err == nil {
		t.Error("below a file there may be another one")
	}
}

// A name is taken as it is, whatever it means in a URI.
func TestNameOfTheFile(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"app.db", "100%.db", "a b & c=d.db", "%41.db", "ä+.db", "(x);y.db"} {
		file := filepath.Join(t.TempDir(), name)
		p := open(t, options(file))
		exec(t, p, "CREATE TABLE x (id integer)")
		if info, err := os.Stat(file); err != nil || info.Size() == 0 {
			if _, err := os.Stat(file + "-wal"); err != nil {
				t.Errorf("%s is not there: %v", name, err)
			}
		}
		entries, err := os.ReadDir(filepath.Dir(file))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), name) {
				t.Errorf("%s has made %s", name, e.Name())
			}
		}
	}
}

// What is made is for the owner alone, the log with the data in it above all.
func TestFileModes(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "data", "inner")
	o := options(filepath.Join(folder, "app.db"))
	p := open(t, o)
	exec(t, p, "CREATE TABLE x (id integer)")
	unlock, err := sqlite.Driver{}.Lock(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unlock(); err != nil {
			t.Error(err)
		}
	}()
	for name, want := range map[string]os.FileMode{"": 0o750, "app.db": 0o600, "app.db-wal": 0o600, "app.db-shm": 0o600, "app.db.migrate.lock": 0o600} {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil {
			t.Error(err)
		} else if got := info.Mode().Perm(); got != want {
			t.Errorf("%q has mode %o, want %o", name, got, want)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	p := open(t, options(filepath.Join(t.TempDir(), "app.db")))
	o := options(filepath.Join(t.TempDir(), "app.db"))
	o.Durable = true
	durable := open(t, o)
	for _, c := range []struct {
		pool driver.Pools
		name string
		want [2]string // of the writer and the readers
	}{
		{p, "journal_mode", [2]string{"wal", "wal"}},
		{p, "synchronous", [2]string{"1", "1"}},
		{durable, "synchronous", [2]string{"2", "1"}},
		{p, "foreign_keys", [2]string{"1", "1"}},
		{p, "query_only", [2]string{"0", "1"}},
		{p, "busy_timeout", [2]string{"30000", "30000"}},
		{p, "temp_store", [2]string{"2", "2"}},
	} {
		var got [2]string
		for i, pool := range []*sql.DB{c.pool.Write, c.pool.Read} {
			if err := pool.QueryRowContext(t.Context(), "PRAGMA "+c.name).Scan(&got[i]); err != nil {
				t.Fatal(err)
			}
		}
		if got != c.want {
			t.Errorf("%s is %v, want %v", c.name, got, c.want)
		}
	}
}

// The side that reads is shut twice: a statement can open one lock, and not the other.
func TestReadersCannotWrite(t *testing.T) {
	t.Parallel()
	p := open(t, options(filepath.Join(t.TempDir(), "app.db")))
	exec(t, p, "CREATE TABLE x (id integer)")
	for _, text := range []string{"INSERT INTO x VALUES (1)", "DROP TABLE x", "CREATE TABLE y (id integer)", "CREATE TEMP TABLE y (id integer)", "PRAGMA user_version = 1"} {
		_, err := p.Read.ExecContext(t.Context(), text)
		if e, ok := errors.AsType[*driver.Error](sqlite.Driver{}.Translate(err)); !ok || e.Kind != driver.ReadOnly {
			t.Errorf("%s: %v, want the kind ReadOnly", text, err)
		}
	}
	if _, err := p.Read.ExecContext(t.Context(), "PRAGMA query_only = off"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Read.ExecContext(t.Context(), "INSERT INTO x VALUES (1)"); !errors.Is(err, sqlite3.READONLY) {
		t.Errorf("with query_only off: %v", err)
	}
	if _, err := p.Read.BeginTx(t.Context(), nil); err == nil {
		t.Error("the side that reads has transactions")
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return file
	}
	text := write("text", strings.Repeat("This is not a database. ", 100), 0o600)
	for name, file := range map[string]string{
		"a file that is no database": text,
		"a folder":                   folder,
		"a file for a folder":        filepath.Join(text, "app.db"),
	} {
		_, err := sqlite.Driver{}.Open(t.Context(), options(file))
		if err == nil || !strings.Contains(err.Error(), filepath.Base(text)) && !strings.Contains(err.Error(), folder) {
			t.Errorf("%s: %v, want an error that names it", name, err)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := (sqlite.Driver{}).Open(ended, options(filepath.Join(folder, "app.db"))); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v", err)
	}
}

// Where nothing can be written, the error says where that is.
func TestReadOnlyFolder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if os.Geteuid() == 0 {
		folder = "/proc" // permissions do not hold for root, and there even root makes nothing
	} else if err := os.Chmod(folder, 0o500); err != nil { // a folder needs to be entered
		t.Fatal(err)
	}
	for _, name := range []string{"app.db", "data/app.db"} {
		if _, err := (sqlite.Driver{}).Open(t.Context(), options(filepath.Join(folder, name))); err == nil || !strings.Contains(err.Error(), folder) {
			t.Errorf("%s: %v, want an error that names %s", name, err, folder)
		}
	}
}

// A disk without room fails the write and its transaction; reads go on, and so do writes when there is room again.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	p := open(t, options(filepath.Join(t.TempDir(), "app.db")))
	exec(t, p, "CREATE TABLE x (id integer PRIMARY KEY, data blob)")
	exec(t, p, "INSERT INTO x VALUES (1, 'a')")
	exec(t, p, "PRAGMA max_page_count = 10")
	tx, err := p.Write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "INSERT INTO x VALUES (2, 'b')"); err != nil {
		t.Fatal(err)
	}
	_, err = tx.ExecContext(t.Context(), "INSERT INTO x VALUES (3, zeroblob(1000000))")
	if !errors.Is(err, sqlite3.FULL) || !strings.Contains(err.Error(), "full") {
		t.Errorf("%v, want an error that says full", err)
	}
	if _, err := tx.ExecContext(t.Context(), "INSERT INTO x VALUES (4, 'd')"); err == nil {
		t.Error("a statement runs behind the one that failed")
	}
	if err := tx.Commit(); err == nil {
		t.Error("the transaction is committed")
	}
	var ids string
	if err := p.Read.QueryRowContext(t.Context(), "SELECT group_concat(id) FROM x").Scan(&ids); err != nil || ids != "1" {
		t.Errorf("rows %s, %v, want the first one alone", ids, err)
	}
	exec(t, p, "PRAGMA max_page_count = 10000")
	exec(t, p, "INSERT INTO x VALUES (3, zeroblob(1000000))")
}

// The lock is for one at a time, and who waits for it stops when there is no more time.
func TestLock(t *testing.T) {
	t.Parallel()
	o := options(filepath.Join(t.TempDir(), "app.db"))
	var d sqlite.Driver
	unlock, err := d.Lock(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	impatient, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := d.Lock(impatient, o); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), fmt.Sprintf("process %d on ", os.Getpid())) {
		t.Errorf("a lock that is taken: %v, want an error that names this process", err)
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

// Two processes, in effect, that read and then write take turns: none of them fails half-way, and nothing is lost.
func TestTwoWriters(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "app.db")
	one, two := open(t, options(file)), open(t, options(file))
	exec(t, one, "CREATE TABLE x (n integer)")
	exec(t, one, "INSERT INTO x VALUES (0)")
	add := func(p driver.Pools) error {
		tx, err := p.Write.BeginTx(t.Context(), nil)
		if err != nil {
			return err
		}
		var n int
		if err := tx.QueryRowContext(t.Context(), "SELECT n FROM x").Scan(&n); err != nil {
			return errors.Join(err, tx.Rollback())
		}
		if _, err := tx.ExecContext(t.Context(), "UPDATE x SET n = ?", n+1); err != nil {
			return errors.Join(err, tx.Rollback())
		}
		return tx.Commit()
	}
	const each = 100
	var wg sync.WaitGroup
	for _, p := range []driver.Pools{one, two} {
		wg.Go(func() {
			for range each {
				if err := add(p); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	var n int
	if err := one.Read.QueryRowContext(t.Context(), "SELECT n FROM x").Scan(&n); err != nil || n != 2*each {
		t.Errorf("%d, %v, want %d", n, err, 2*each)
	}
}
