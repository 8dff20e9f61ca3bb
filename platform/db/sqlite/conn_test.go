package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	dbdriver "github.com/banyan-go/banyan/platform/db/driver"
)

// pools opens a new file.
func pools(t *testing.T, maxOpen int) (dbdriver.Pools, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "app.db")
	p, err := Driver{}.Open(t.Context(), dbdriver.Options{DSN: file, MaxOpen: maxOpen, Wait: 30 * time.Second, BusyTimeout: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(p.Health.Close(), p.Read.Close(), p.Write.Close()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return p, file
}

// alone returns a connection of its own, which writes.
func alone(t *testing.T) *conn {
	t.Helper()
	p, file := pools(t, 1)
	if err := p.Write.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := connect(t.Context(), uri(file, "rw", dbdriver.Options{}), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return c
}

func run(t *testing.T, c *conn, text string, args ...any) {
	t.Helper()
	if _, err := c.ExecContext(t.Context(), text, named(args)); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func named(args []any) []driver.NamedValue {
	var nvs []driver.NamedValue
	for i, v := range args {
		nvs = append(nvs, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return nvs
}

// all reads a result to its end, with the names of its columns first.
func all(t *testing.T, c *conn, text string, args ...any) ([]string, [][]driver.Value) {
	t.Helper()
	r, err := c.QueryContext(t.Context(), text, named(args))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	var rows [][]driver.Value
	for {
		row := make([]driver.Value, len(r.Columns()))
		if err := r.Next(row); err != nil {
			break
		}
		rows = append(rows, row)
	}
	if err := r.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	return r.Columns(), rows
}

// kept returns the texts of the statements that SQLite holds for c.
func kept(c *conn) (texts []string) {
	for s := range c.raw.Stmts() {
		texts = append(texts, s.SQL())
	}
	return texts
}

func TestStatementsAreKept(t *testing.T) {
	t.Parallel()
	c := alone(t)
	run(t, c, "CREATE TABLE x (n integer)")
	if c.statements.get("CREATE TABLE x (n integer)") == nil {
		t.Fatal("a statement is not kept")
	}
	const busy = "INSERT INTO x VALUES (?)"
	run(t, c, busy, int64(-1))
	first := c.statements.get(busy)
	for i := range 3 * maxStatements {
		all(t, c, fmt.Sprintf("SELECT %d FROM x", i))
		run(t, c, busy, int64(i)) // in use all the time
		if n := len(kept(c)); n > maxStatements {
			t.Fatalf("%d statements are kept", n)
		}
	}
	if c.statements.get(busy) != first {
		t.Error("a statement in use all the time was dropped")
	}
	for text, want := range map[string]bool{
		"SELECT 191 FROM x": true, "SELECT 129 FROM x": true, "SELECT 128 FROM x": false, "CREATE TABLE x (n integer)": false,
	} {
		if got := c.statements.get(text) != nil; got != want {
			t.Errorf("%s is kept: %v, want %v", text, got, want)
		}
	}
	before := kept(c)
	long := "SELECT n FROM x WHERE n IN (" + strings.Repeat("1, ", maxText/3) + "1)"
	if _, rows := all(t, c, long); len(rows) != 1 {
		t.Errorf("a long statement: %d rows, want 1", len(rows))
	}
	run(t, c, long)
	if after := kept(c); !reflect.DeepEqual(after, before) {
		t.Errorf("a long statement has changed what is kept: %q", after)
	}
}

// A result says again and again that it is at its end, and its names belong to who has asked for them.
func TestRows(t *testing.T) {
	t.Parallel()
	c := alone(t)
	for range 2 {
		r, err := c.QueryContext(t.Context(), "SELECT 1 AS a", nil)
		if err != nil {
			t.Fatal(err)
		}
		if names := r.Columns(); names[0] != "a" {
			t.Errorf("the column is called %s", names[0])
		}
		r.Columns()[0] = "b"
		for i := range 4 {
			if err := r.Next(make([]driver.Value, 1)); i == 0 && err != nil || i > 0 && err != io.EOF {
				t.Errorf("row %d: %v", i, err)
			}
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A statement that was prepared before the schema changed is right behind it, whoever has changed it.
func TestSchemaChanges(t *testing.T) {
	t.Parallel()
	p, _ := pools(t, 1)
	write := func(text string) {
		t.Helper()
		if _, err := p.Write.ExecContext(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	read := func() string {
		t.Helper()
		rows, err := p.Read.QueryContext(t.Context(), "SELECT * FROM x")
		if err != nil {
			return err.Error()
		}
		defer rows.Close() // see rows.Err
		names, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(names, " ")
		values := make([]any, len(names))
		for rows.Next() {
			dest := make([]any, len(names))
			for i := range dest {
				dest[i] = &values[i]
			}
			if err := rows.Scan(dest...); err != nil {
				t.Fatal(err)
			}
			text += fmt.Sprintf("; %v", values)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return text
	}
	for _, c := range []struct{ change, want string }{
		{"CREATE TABLE x (n integer); INSERT INTO x VALUES (1)", "n; [1]"},
		{"ALTER TABLE x ADD COLUMN b BOOLEAN DEFAULT 1", "n b; [1 true]"},
		{"ALTER TABLE x RENAME COLUMN b TO c", "n c; [1 true]"},
		{"ALTER TABLE x DROP COLUMN n", "c; [true]"},
		{"CREATE INDEX x_c ON x (c)", "c; [true]"},
		{"DROP TABLE x", "sqlite3: SQL logic error: no such table: x"},
		{"CREATE TABLE x (c text); INSERT INTO x VALUES ('a')", "c; [a]"},
		{"DROP TABLE x; CREATE VIEW x AS SELECT 5 AS five, 6 AS six", "five six; [5 6]"},
	} {
		write(c.change)
		if got := read(); got != c.want {
			t.Errorf("after %s: %s, want %s", c.change, got, c.want)
		}
		if again := read(); again != c.want {
			t.Errorf("after %s, again: %s, want %s", c.change, again, c.want)
		}
	}
}

// A statement that has failed or was left half-way is as good as new the next time.
func TestStatementAfterFailure(t *testing.T) {
	t.Parallel()
	c := alone(t)
	run(t, c, "CREATE TABLE x (n integer PRIMARY KEY)")
	const insert, list = "INSERT INTO x VALUES (?)", "SELECT n FROM x ORDER BY n"
	run(t, c, insert, int64(1))
	for range 3 {
		if _, err := c.ExecContext(t.Context(), insert, named([]any{int64(1)})); !errors.Is(err, sqlite3.CONSTRAINT_PRIMARYKEY) {
			t.Errorf("a second row: %v", err)
		}
	}
	run(t, c, insert, int64(2))
	for range 3 {
		r, err := c.QueryContext(t.Context(), list, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Next(make([]driver.Value, 1)); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, rows := all(t, c, list); !reflect.DeepEqual(rows, [][]driver.Value{{int64(1)}, {int64(2)}}) {
		t.Errorf("%v", rows)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	for name, run := range map[string]func() error{
		"query": func() error { _, err := c.QueryContext(ended, list, nil); return err },
		"exec":  func() error { _, err := c.ExecContext(ended, insert, named([]any{int64(3)})); return err },
		"begin": func() error { _, err := c.BeginTx(ended, driver.TxOptions{}); return err },
		"ping":  func() error { return c.Ping(ended) },
	} {
		if err := run(); !errors.Is(err, context.Canceled) || !errors.Is(err, sqlite3.INTERRUPT) {
			t.Errorf("%s when the context has ended: %v", name, err)
		}
		if c.raw.GetInterrupt() != context.Background() {
			t.Errorf("%s leaves its context behind", name)
		}
	}
	if _, rows := all(t, c, list); len(rows) != 2 {
		t.Errorf("%v", rows)
	}
	if len(kept(c)) != 3 {
		t.Errorf("kept are %q", kept(c))
	}
}

// Values of parameters do not outlive their statement.
func TestParametersAreCleared(t *testing.T) {
	t.Parallel()
	c := alone(t)
	all(t, c, "SELECT ?", "the secret")
	if text := c.statements.get("SELECT ?").ExpandedSQL(); text != "SELECT NULL" {
		t.Errorf("what is kept is %s", text)
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	c := alone(t)
	at := time.Date(2026, 2, 3, 4, 5, 6, 789_999_999, time.FixedZone("", 3600))
	for _, v := range []struct{ in, out any }{
		{[]byte{1}, []byte{1}}, {nil, nil}, {int64(-1 << 63), int64(-1 << 63)}, {1.5, 1.5}, {true, int64(1)}, {false, int64(0)}, {"ä\x00b", "ä\x00b"}, {"", ""},
		{[]byte{0, 0xff}, []byte{0, 0xff}}, {[]byte{}, []byte{}}, {at, "2026-02-03 03:05:06.789"},
	} {
		_, rows := all(t, c, "SELECT ?", v.in)
		if got := rows[0][0]; !reflect.DeepEqual(got, v.out) {
			t.Errorf("%v comes back as %#v, want %#v", v.in, got, v.out)
		}
	}
	for name, args := range map[string][]driver.NamedValue{
		"too few":         nil,
		"too many":        named([]any{"a", "b"}),
		"a name":          {{Name: "n", Ordinal: 1, Value: "a"}},
		"another type":    named([]any{struct{}{}}),
		"a year too late": named([]any{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}),
		"a year too soon": named([]any{time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC)}),
	} {
		if _, err := c.QueryContext(t.Context(), "SELECT ?", args); err == nil {
			t.Errorf("%s: the query works", name)
		}
		if _, err := c.ExecContext(t.Context(), "SELECT ?", args); err == nil {
			t.Errorf("%s: the statement works", name)
		}
	}
}

func TestDeclaredTypes(t *testing.T) {
	t.Parallel()
	c := alone(t)
	run(t, c, "CREATE TABLE x (id integer PRIMARY KEY, b BOOLEAN, d datetime, s Timestamp, t TEXT)")
	at := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	for i, v := range []struct{ in, boolean, instant any }{
		{nil, nil, nil},
		{int64(0), false, int64(0)},
		{int64(1), true, int64(1)},
		{int64(2), int64(2), int64(2)},
		{1.5, 1.5, 1.5},
		{"2026-02-03 04:05:06.000", "2026-02-03 04:05:06.000", at},
		{"2026-02-03 04:05:06", "2026-02-03 04:05:06", at},
		{"2026-02-03 04:05:06.5", "2026-02-03 04:05:06.5", at.Add(time.Second / 2)},
		{"2026-02-03 05:05:06+01:00", "2026-02-03 05:05:06+01:00", at},
		{"2026-02-30 04:05:06.000", "2026-02-30 04:05:06.000", "2026-02-30 04:05:06.000"},
		{"yesterday", "yesterday", "yesterday"},
		{[]byte("x"), []byte("x"), []byte("x")},
	} {
		run(t, c, "INSERT INTO x VALUES (?, ?, ?, ?, ?)", int64(i), v.in, v.in, v.in, v.in)
		_, rows := all(t, c, "SELECT b, d, s FROM x WHERE id = ?", int64(i))
		if want := []driver.Value{v.boolean, v.instant, v.instant}; !reflect.DeepEqual(rows[0], want) {
			t.Errorf("%#v comes back as %#v, want %#v", v.in, rows[0], want)
		}
	}
}

func TestTextsWithSeveralStatements(t *testing.T) {
	t.Parallel()
	c := alone(t)
	run(t, c, "CREATE TABLE x (n integer); -- and\nINSERT INTO x VALUES (1); /* and */ INSERT INTO x VALUES (2) ;\n-- that is all\n")
	if _, rows := all(t, c, "SELECT n FROM x; -- nothing follows"); len(rows) != 2 {
		t.Errorf("%v", rows)
	}
	if _, err := c.QueryContext(t.Context(), "SELECT 1; SELECT 2", nil); !errors.Is(err, errSeveral) {
		t.Errorf("two queries: %v", err)
	}
	if _, err := c.ExecContext(t.Context(), "DELETE FROM x WHERE n = ?; DELETE FROM x", named([]any{int64(5)})); !errors.Is(err, errSeveral) {
		t.Errorf("two statements with parameters: %v", err)
	}
	if _, err := c.ExecContext(t.Context(), "SELECT 1; SELEKT", nil); err == nil {
		t.Error("the second statement is not looked at")
	}
	if _, err := c.QueryContext(t.Context(), "SELECT 1; SELEKT", nil); err == nil {
		t.Error("the second statement is not looked at")
	}
	for _, empty := range []string{"", " ", "-- x", "/* x */", ";"} {
		run(t, c, empty)
		if _, err := c.QueryContext(t.Context(), empty, nil); !errors.Is(err, errEmpty) {
			t.Errorf("a query for %q: %v", empty, err)
		}
	}
}

func TestResult(t *testing.T) {
	t.Parallel()
	p, _ := pools(t, 1)
	exec := func(text string, inserted, changed int64) {
		t.Helper()
		r, err := p.Write.ExecContext(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		i, err1 := r.LastInsertId()
		n, err2 := r.RowsAffected()
		if i != inserted || n != changed || err1 != nil || err2 != nil {
			t.Errorf("%s: inserted %d, changed %d, want %d and %d; %v %v", text, i, n, inserted, changed, err1, err2)
		}
	}
	exec("CREATE TABLE x (n integer PRIMARY KEY)", 0, 0)
	exec("INSERT INTO x VALUES (7), (9)", 9, 2)
	exec("UPDATE x SET n = n + 1", 0, 2)
	exec("UPDATE x SET n = 1 WHERE n = 100", 0, 0)
	exec("DELETE FROM x", 0, 2)
}

func TestWhatIsNotOffered(t *testing.T) {
	t.Parallel()
	p, _ := pools(t, 1)
	for _, pool := range []*sql.DB{p.Write, p.Read} {
		if _, err := pool.PrepareContext(t.Context(), "SELECT 1"); !errors.Is(err, errPrepare) {
			t.Errorf("prepare: %v", err)
		}
		if _, err := pool.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true}); err == nil {
			t.Error("a transaction that reads")
		}
		if _, err := pool.Driver().Open("app.db"); err == nil {
			t.Error("the driver opens by a name")
		}
	}
	c := alone(t)
	tx, err := c.Begin() // the interface asks for it
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
}

// SQLite itself ends a transaction after some errors. The connection knows, and is good for the next one.
func TestTransactionThatSQLiteEnds(t *testing.T) {
	t.Parallel()
	c := alone(t)
	run(t, c, "CREATE TABLE x (n integer PRIMARY KEY)")
	tx, err := c.BeginTx(t.Context(), driver.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if c.IsValid() {
		t.Error("a connection with an open transaction may serve somebody else")
	}
	run(t, c, "INSERT INTO x VALUES (1)")
	if _, err := c.ExecContext(t.Context(), "INSERT OR ROLLBACK INTO x VALUES (1)", nil); !errors.Is(err, sqlite3.CONSTRAINT_PRIMARYKEY) {
		t.Errorf("%v", err)
	}
	if _, err := c.ExecContext(t.Context(), "INSERT INTO x VALUES (2)", nil); kindOfError(err) != dbdriver.Aborted {
		t.Errorf("a statement outside of any transaction: %v", err)
	}
	if err := tx.Commit(); kindOfError(err) != dbdriver.Aborted || !errors.Is(err, sqlite3.CONSTRAINT_PRIMARYKEY) {
		t.Errorf("commit: %v", err)
	}
	if tx, err = c.BeginTx(t.Context(), driver.TxOptions{}); err != nil {
		t.Fatal(err)
	}
	_, _ = c.ExecContext(t.Context(), "INSERT OR ROLLBACK INTO x VALUES (1), (1)", nil)
	if err := tx.Rollback(); err != nil {
		t.Errorf("rollback behind SQLite's own: %v", err)
	}
	if !c.IsValid() {
		t.Error("the connection is not good for the next one")
	}
	if _, rows := all(t, c, "SELECT n FROM x"); len(rows) != 0 {
		t.Errorf("%v", rows)
	}
}

// A foreign key that is looked at when the transaction ends fails its commit, and the lock is free.
func TestCommitThatFails(t *testing.T) {
	t.Parallel()
	c := alone(t)
	run(t, c, "PRAGMA foreign_keys = on; CREATE TABLE x (n integer PRIMARY KEY); CREATE TABLE y (n integer REFERENCES x (n) DEFERRABLE INITIALLY DEFERRED)")
	tx, err := c.BeginTx(t.Context(), driver.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	run(t, c, "INSERT INTO y VALUES (1)")
	if err := tx.Commit(); kindOfError(err) != dbdriver.Foreign {
		t.Errorf("commit: %v", err)
	}
	if !c.IsValid() {
		t.Error("the transaction is still open")
	}
	if _, rows := all(t, c, "SELECT n FROM y"); len(rows) != 0 {
		t.Errorf("%v", rows)
	}
}

func kindOfError(err error) dbdriver.Kind {
	e, _ := errors.AsType[*dbdriver.Error](Driver{}.Translate(err))
	if e == nil {
		return 0
	}
	return e.Kind
}

// An unknown constraint is a duplicate without columns.
func TestViolated(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"sqlite3: constraint failed: UNIQUE constraint failed: a.b":      {"b"},
		"sqlite3: constraint failed: UNIQUE constraint failed: a.b, a.c": {"b", "c"},
		"sqlite3: constraint failed":                                     nil,
		"UNIQUE constraint failed: index 'a_lower'":                      nil,
	} {
		if got := violated(text); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
	c := alone(t)
	run(t, c, "CREATE TABLE x (n text); CREATE UNIQUE INDEX x_n ON x (lower(n)); INSERT INTO x VALUES ('a')")
	_, err := c.ExecContext(t.Context(), "INSERT INTO x VALUES ('A')", nil)
	if e, ok := errors.AsType[*dbdriver.Error](Driver{}.Translate(err)); !ok || e.Kind != dbdriver.Duplicate || e.Columns != nil {
		t.Errorf("%v is %+v", err, e)
	}
}

// Nothing of a file stays open when both pools are closed, also when somebody is still reading.
func TestClose(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skip("needs /proc to see which files are open")
	}
	file := filepath.Join(t.TempDir(), "app.db")
	p, err := Driver{}.Open(t.Context(), dbdriver.Options{DSN: file, MaxOpen: 3, Wait: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	var open []*sql.Rows
	for range 3 {
		rows, err := p.Read.QueryContext(t.Context(), "SELECT 1 UNION SELECT 2") // nothing is read
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, rows)
	}
	if openFiles(t, file) == 0 {
		t.Error("no file is open: the test sees nothing")
	}
	if err := open[0].Close(); err != nil {
		t.Error(err)
	}
	if err := errors.Join(p.Health.Close(), p.Read.Close(), p.Write.Close()); err != nil {
		t.Error(err)
	}
	for _, rows := range open[1:] {
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}
	if n := openFiles(t, file); n != 0 {
		t.Errorf("%d files are still open", n)
	}
}

// The log is folded into the file when both pools are closed, the readers first, so that the file can be copied.
func TestCloseFoldsTheLog(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "app.db")
	p, err := Driver{}.Open(t.Context(), dbdriver.Options{DSN: file})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Write.ExecContext(t.Context(), "CREATE TABLE x (n integer)"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(p.Health.Close(), p.Read.Close(), p.Write.Close()); err != nil {
		t.Error(err)
	}
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(entries) != 1 {
		t.Errorf("left are %v, %v", entries, err)
	}
}

// openFiles counts the files that this process has open and whose name begins like that.
func openFiles(t *testing.T, name string) (n int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.HasPrefix(target, name) {
			n++
		}
	}
	return n
}

// A connection that comes back in the middle of something is not lent again.
func TestConnectionThatIsBroken(t *testing.T) {
	t.Parallel()
	_, file := pools(t, 1)
	r := newReaders(uri(file, "ro", dbdriver.Options{}, "query_only(1)"), dbdriver.Options{MaxOpen: 1})
	c, err := r.lend(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.reading = true // as a panic in the middle would leave it
	r.giveBack(c)
	next, err := r.lend(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if next == c {
		t.Error("it is lent again")
	}
	r.giveBack(next)
	if again, err := r.lend(t.Context()); err != nil || again != next {
		t.Errorf("one that is well is not lent again: %v", err)
	} else {
		r.giveBack(again)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestReadersThatCannotConnect(t *testing.T) {
	t.Parallel()
	r := newReaders(uri(filepath.Join(t.TempDir(), "none.db"), "ro", dbdriver.Options{}), dbdriver.Options{MaxOpen: 1})
	for range 3 { // more than there are places
		if _, err := (session{r}).QueryContext(t.Context(), "SELECT 1", nil); !errors.Is(err, sqlite3.CANTOPEN) {
			t.Errorf("%v", err)
		}
		if err := (session{r}).Ping(t.Context()); !errors.Is(err, sqlite3.CANTOPEN) {
			t.Errorf("%v", err)
		}
		if _, err := (session{r}).ExecContext(t.Context(), "SELECT 1", nil); !errors.Is(err, sqlite3.CANTOPEN) {
			t.Errorf("%v", err)
		}
	}
}

// A connection that only reads writes to no other file either, and makes none.
func TestNoOtherFile(t *testing.T) {
	t.Parallel()
	p, file := pools(t, 1)
	other := filepath.Join(filepath.Dir(file), "other.db")
	for _, text := range []string{"ATTACH DATABASE '" + other + "' AS other", "ATTACH DATABASE 'file:" + other + "?mode=rwc' AS other", "VACUUM INTO '" + other + "'"} {
		for name, pool := range map[string]*sql.DB{"read": p.Read, "write": p.Write} {
			if _, err := pool.ExecContext(t.Context(), "PRAGMA query_only = 0"); err != nil {
				t.Fatal(err)
			}
			if _, err := pool.ExecContext(t.Context(), text); err == nil {
				t.Errorf("%s, %s: no error", name, text)
			}
			if _, err := os.Stat(other); err == nil {
				t.Fatalf("%s, %s has made a file", name, text)
			}
		}
	}
	if _, err := p.Write.ExecContext(t.Context(), "CREATE TABLE still_works (n integer)"); err != nil {
		t.Error(err)
	}
}
