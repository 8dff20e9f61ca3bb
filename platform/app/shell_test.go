package app_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/app"
	"github.com/banyan-go/banyan/platform/cli/clitest"
)

// pipe runs a command that is given a text as its standard input.
func (m *machine) pipe(text string, args ...string) result {
	m.t.Helper()
	out, errs := newScreen(), newScreen()
	ctx, cancel := context.WithTimeout(m.t.Context(), patience)
	defer cancel()
	var in io.Reader = strings.NewReader(text)
	code := m.program.Run(ctx, app.Process{Args: args, Environ: m.environ, In: in, Out: out, Err: errs})
	return result{m.t, strings.Join(args, " "), code, out.String(), errs.String()}
}

// Statements come behind the command or from the standard input, and their rows are a table or JSON.
func TestShell(t *testing.T) {
	onEngines(t, func(t *testing.T, m *machine) {
		m.seed(3)
		const two = "SELECT id, text FROM notes_notes ORDER BY id; -- a comment;\nSELECT count(*) AS n, ';' AS \"a;b\", NULL AS x FROM notes_notes"
		table := "id  text\n1   note 0\n2   note 1\n3   note 2\nn  a;b  x\n3  ;    NULL\n"
		if out := m.run("db", "shell", two).want(0, "3 rows\n1 rows\n").out; out != table {
			t.Errorf("it prints\n%s", out)
		}
		if out := m.pipe(two+";\n", "db", "shell", "-q").want(0).out; out != table {
			t.Errorf("of the standard input it prints\n%s", out)
		}
		out := m.pipe(two, "db", "shell", "--json").want(0).out
		want := `[{"columns":["id","text"],"rows":[[1,"note 0"],[2,"note 1"],[3,"note 2"]],"rows_changed":null},{"columns":["n","a;b","x"],"rows":[[3,";",null]],"rows_changed":null}]`
		if got := strings.Join(strings.Fields(out), ""); got != strings.ReplaceAll(want, " ", "") {
			t.Errorf("as JSON it prints\n%s", out)
		}
		if out := m.run("db", "shell", "SELECT id FROM notes_notes ORDER BY id", "--rows", "2").want(0, "only the first 2 rows").out; out != "id\n1\n2\n" {
			t.Errorf("it prints\n%s", out)
		}
		if out := m.run("db", "shell", "SELECT 'a\nb\x1b[31m' AS x").want(0, "1 rows").out; strings.Count(out, "\n") != 2 || strings.Contains(out, "\x1b") {
			t.Errorf("it prints\n%q", out)
		}
	})
}

// It only reads, until it is told to write; the engine's own words say what is wrong.
func TestShellWrites(t *testing.T) {
	onEngines(t, func(t *testing.T, m *machine) {
		m.seed(3)
		m.run("db", "shell", "--profile", "single", "DELETE FROM notes_notes").want(1, "error: ", "\nnext:  prog db shell --write --profile single\n")
		m.run("db", "shell", "-q", "SELECT 1; DELETE FROM notes_notes; SELECT 2").want(1)
		m.run("db", "shell", "--write", "DELETE FROM notes_notes WHERE id = 1").want(0, "1 rows changed\n")
		if out := m.run("db", "shell", "--write", "DELETE FROM notes_notes WHERE id = 2 RETURNING text").want(0, "1 rows\n").out; out != "text\nnote 1\n" {
			t.Errorf("it prints %s", out)
		}
		m.run("db", "shell", "--write", "CREATE INDEX notes_text ON notes_notes (text)").want(0, "done\n")
		if n := m.count(); n != 1 {
			t.Errorf("%d rows, want 1", n)
		}
		m.run("db", "shell", "--write", "-q", "INSERT INTO notes_notes (text) VALUES ('x'); INSERT INTO missing VALUES (1)").want(1, "missing")
		if n := m.count(); n != 2 {
			t.Errorf("%d rows: each statement is a transaction of its own", n)
		}
		m.run("db", "shell", "SELEKT 1").want(1, "syntax error")
		m.run("db", "shell", "-q", "SELECT 1; BEGIN").want(1, "each statement is a transaction of its own")
		m.run("db", "shell", "--write", "BEGIN").want(1, "each statement is a transaction of its own")
		m.run("db", "shell", " ; -- nothing").want(2, "there is no statement")
		m.run("db", "shell").want(2, "there is no statement", "\nnext:  prog db shell \"SELECT 1\"\n")
		m.run("db", "shell", "SELECT 1", "SELECT 2").want(2, "takes no argument")
	})
}

// A statement ends at db.statement_timeout.
func TestShellLimit(t *testing.T) {
	onEngines(t, func(t *testing.T, m *machine) {
		const endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
		for _, flag := range []string{"--no-input", "--write"} {
			m.run("db", "shell", endless, "--set", "db.statement_timeout=100ms", "--set", "db.pool.wait=50ms", flag).want(1, "statement")
		}
	})
}

// On a terminal it takes statements line by line, goes on after an error, and Ctrl-C stops the statement and not the shell.
func TestShellOnTerminal(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "APP_DB__STATEMENT_TIMEOUT=4s")
	m.run("migrate", "up").want(0)
	const endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n;"
	s := clitest.OnTerminal(t, m.process("db", "shell"),
		clitest.Answer{To: "sqlite> ", Type: "SELECT 'on two'\n"},
		clitest.Answer{To: "sqlite- ", Type: "|| ' lines' AS x; SELECT 6 + 1 AS y;\n"},
		clitest.Answer{To: "\n7", Type: "DELETE FROM notes_notes;\n"},
		clitest.Answer{To: "readonly database", Type: "SELECT 'be' || 'gun' AS b; " + endless + "\n"},
		clitest.Answer{To: "begun", Type: "\x03"},
		clitest.Answer{To: "interrupted", Type: "SELECT 'goes' || ' on' AS z;\n"},
		clitest.Answer{To: "goes on", Type: "exit\n"},
	)
	if s.Code != 0 || !strings.Contains(s.Text, "on two lines\n") || !strings.Contains(s.Text, "goes on\n") {
		t.Errorf("exit code %d\n%s", s.Code, s.Text)
	}
	s = clitest.OnTerminal(t, m.process("db", "shell", "--write"), clitest.Answer{To: "sqlite# ", Type: "INSERT INTO notes_notes (text) VALUES ('x');\n"}, clitest.Answer{To: "1 rows changed", Type: "\x04"})
	if s.Code != 0 || m.count() != 1 {
		t.Errorf("exit code %d\n%s", s.Code, s.Text)
	}
	s = clitest.OnTerminal(t, m.process("db", "shell", "SELECT 'begun'; "+endless), clitest.Answer{To: "begun", Type: "\x03"})
	if s.Code != 130 {
		t.Errorf("exit code %d\n%s", s.Code, s.Text)
	}
	if s = clitest.OnTerminal(t, m.process("db", "shell", "--no-input")); s.Code != 2 {
		t.Errorf("exit code %d\n%s", s.Code, s.Text)
	}
}

// The indexes are listed, and those that could go are named.
func TestIndexesCommand(t *testing.T) {
	onEngines(t, func(t *testing.T, m *machine) {
		m.run("db", "shell", "--write", "CREATE INDEX notes_a ON notes_notes (text); CREATE INDEX notes_b ON notes_notes (text, id)").want(0, "done")
		out := m.run("db", "indexes").want(0).out
		if !strings.Contains(out, "needless: notes_b does its work") || strings.Contains(out, "notes_a does its work") {
			t.Errorf("it prints\n%s", out)
		}
		var rows []struct {
			Table, Name, Where      string
			Columns                 []string
			Unique, Primary, Unused bool
			Bytes, Scans            *int64
			Covered                 string `json:"covered_by"`
		}
		m.run("db", "indexes", "--json").want(0).decode(&rows)
		for _, r := range rows {
			if r.Name == "notes_b" && (r.Table != "notes_notes" || strings.Join(r.Columns, " ") != "text id" || r.Covered != "" || r.Unused != (r.Scans != nil)) {
				t.Errorf("%+v", r)
			}
		}
	})
}
