package app_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/banyan-go/banyan/platform/app"
	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/db/sqlite"
)

// The second and the third migration of the module, in front of which stands the one of every program.
const (
	second = "20260102000000_second.sql"
	third  = "20260103000000_third.sql"
)

// then returns the program with further migrations: name, text, name, text and so on.
func then(namesAndTexts ...string) app.Program[settings] {
	more := fstest.MapFS{}
	for i := 0; i < len(namesAndTexts); i += 2 {
		more["sqlite/"+namesAndTexts[i]] = &fstest.MapFile{Data: []byte(namesAndTexts[i+1])}
	}
	return program(variant{more: more})
}

// adds returns the text of a migration that adds a column.
func adds(column string) string {
	return "-- +goose Up\nALTER TABLE notes_notes ADD COLUMN " + column + " text;\n-- +goose Down\nALTER TABLE notes_notes DROP COLUMN " + column + ";\n"
}

// The plan is the SQL that up would run, and what --dry-run lists.
func TestMigratePlan(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.program = then(second, "-- banyan:contract nobody reads it\n-- +goose NO TRANSACTION\n-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n-- +goose StatementEnd\n-- +goose Down\n", third, adds("b"))
	const create = "CREATE TABLE notes_notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);"
	want := "-- notes/20260101000000_notes.sql\n" + create + "\n\n" +
		"-- notes/" + second + ", no transaction, contract: programs without it do not work any more\nSELECT 1;\n\n" +
		"-- notes/" + third + "\nALTER TABLE notes_notes ADD COLUMN b text;\n"
	if out := m.run("migrate", "plan", "--module", "notes").want(0).out; out != want {
		t.Errorf("the plan is\n%s\nwant\n%s", out, want)
	}
	type step struct {
		Module, Name, State, SQL string
		Version                  int64
		Transaction, Contract    bool
	}
	var steps []step
	m.run("migrate", "plan", "--json", "--to", "20260102000000").want(0).decode(&steps)
	if len(steps) != 2 || steps[0] != (step{"notes", "20260101000000_notes.sql", "pending", create, 20260101000000, true, false}) ||
		steps[1] != (step{"notes", second, "pending", "SELECT 1;", 20260102000000, false, true}) {
		t.Errorf("the steps are %+v", steps)
	}
	if out := m.run("migrate", "up", "--dry-run", "--to", "20260102000000").want(0, "nothing was written\n").out; out != "pending  notes/20260101000000_notes.sql\npending  notes/"+second+"\n" {
		t.Errorf("up --dry-run: %s", out)
	}
	m.untouched("a plan")
	m.run("migrate", "up").want(0)
	if out := m.run("migrate", "plan").want(0, "nothing is pending\n").out; out != "" {
		t.Errorf("the plan of nothing is %s", out)
	}
}

// --to is a version that there is: up goes so far, down takes back what is newer.
func TestMigrateTo(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.program = then(second, adds("a"), third, adds("b"))
	m.run("migrate", "up", "--to", "2026010100000").want(2, "--to 2026010100000: there is no migration with this version\n", "\nnext:  prog migrate status\n")
	m.run("migrate", "up", "--module", "nots").want(2, `there is no module "nots"`)
	if out := m.run("migrate", "up", "--to", "20260102000000", "--module", "notes").want(0).out; out != "applied  notes/20260101000000_notes.sql\napplied  notes/"+second+"\n" {
		t.Errorf("up: %s", out)
	}
	m.run("migrate", "up").want(0)
	down := []string{"migrate", "down", "--module", "notes", "--to"}
	m.run(append(down, "20260101000001")...).want(2, "there is no migration with this version")
	m.run(append(down, "20260101000000", "--no-input")...).want(2, "take back notes/"+third+", notes/"+second+" and lose what it made room for")
	const both = "notes/" + third + "\npending  notes/" + second + "\n"
	if out := m.run(append(down, "20260101000000", "--dry-run")...).want(0, "nothing was written").out; out != "applied  "+strings.ReplaceAll(both, "pending", "applied") {
		t.Errorf("down --dry-run: %s", out)
	}
	if out := m.run(append(down, "20260101000000", "--yes")...).want(0).out; out != "pending  "+both {
		t.Errorf("down: %s", out)
	}
	if out := m.run(append(down, "0", "--yes")...).want(0).out; out != "pending  notes/20260101000000_notes.sql\n" {
		t.Errorf("down to nothing: %s", out)
	}
}

// A command waits for another process that migrates as long as it is told, and then names it.
func TestMigrateWhileAnotherDoes(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.run("migrate", "up", "--lock-timeout", "-1s").want(2, "--lock-timeout -1s")
	unlock, err := sqlite.Driver{}.Lock(t.Context(), driver.Options{DSN: "file:" + m.dir + "/app.db"})
	if err != nil {
		t.Fatal(err)
	}
	m.run("migrate", "up", "--lock-timeout", "20ms").want(6, "error: another process is migrating the database, for longer than 20ms: process ", "\nnext:  prog migrate status, when that process is done\n")
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	m.run("migrate", "up", "--lock-timeout", "0").want(0)
	if unlock, err = (sqlite.Driver{}).Lock(t.Context(), driver.Options{DSN: "file:" + m.dir + "/app.db"}); err != nil {
		t.Fatal(err)
	}
	m.run("migrate", "down", "--module", "notes", "--yes", "--lock-timeout", "20ms").want(6, "another process is migrating the database")
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
}

// A pending file that is no migration is told by plan and up, which apply nothing then.
func TestFileThatIsNoMigration(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.program = then(second, "")
	for _, args := range [][]string{{"plan"}, {"up", "--dry-run"}, {"up"}} {
		m.run(append([]string{"migrate"}, args...)...).want(6, "migration notes/"+second+" is no migration: the line `-- +goose Up` is missing", "\nnext:  mend the file")
	}
	if out := m.run("migrate", "status").out; strings.Contains(out, "applied") {
		t.Errorf("something was applied: %s", out)
	}
}

// Each state that somebody has to look at is named with the way on, by the command that lists them and by whoever is asked to be ready.
func TestStatesOfTheSchema(t *testing.T) {
	t.Parallel()
	half := "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE IF NOT EXISTS notes_a (id integer);\nSELECT nothing;\n-- +goose Down\nDROP TABLE IF EXISTS notes_a;\n"
	contract := "-- banyan:contract nothing has read it since 1.4\n" + adds("a")
	for name, c := range map[string]struct {
		before, now app.Program[settings]
		failed      bool // up of the program before
		state       string
		says        []string
		ready       bool
		up          int // exit code
	}{
		"begun and not finished": {before: then(second, half), now: then(second, half), failed: true, state: "dirty    notes/" + second,
			says: []string{"a migration was begun and is not finished: notes/" + second, "\nnext:  prog migrate up\n"}, up: 1},
		"begun and not finished, mended": {before: then(second, half), now: then(second, strings.Replace(half, "SELECT nothing;\n", "", 1)), failed: true, state: "dirty    notes/" + second,
			says: []string{"a migration was begun and is not finished: notes/" + second}},
		"changed": {before: then(second, adds("a")), now: then(second, adds("b"), third, adds("c")), state: "changed  notes/" + second,
			says: []string{"changed after they were applied: notes/" + second, "\nnext:  git log --all --stat -- modules\n"}, up: 6},
		"contract": {before: then(second, contract), now: program(variant{}), state: "unknown  notes/20260102000000",
			says: []string{"a newer program has taken away what this one uses (contract): notes/20260102000000", "\nnext:  run the newer program, or take that migration back with it\n"}},
		"missing": {before: then(second, adds("a"), third, adds("b")), now: then(third, adds("b")), state: "missing  notes/20260102000000",
			says: []string{"the database has migrations between those of this program: notes/20260102000000, and this program does not know it", "\nnext:  git log"}, ready: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.program = c.before
			if code := m.run("migrate", "up").code; (code != 0) != c.failed {
				t.Fatalf("up ends with %d", code)
			}
			m.program = c.now
			r := m.run("migrate", "status")
			r.err = r.err[strings.Index(r.err, "error: "):] // behind a warning
			if out := r.want(6, c.says...).out; !strings.Contains(out, c.state+"\n") {
				t.Errorf("status: %s", out)
			}
			serving := m.serve()
			status, _ := serving.get(serving.url + "/readyz")
			if _, details := serving.get(serving.ops + "/readyz"); (status == 200) != c.ready || !c.ready && !strings.Contains(details, "; next: ") {
				t.Errorf("readiness is %d: %s", status, details)
			}
			if r := m.run("migrate", "up"); r.code != c.up {
				t.Errorf("up ends with %d: %s", r.code, r.err)
			}
		})
	}
}

// A program that serves sees what other processes do with the schema, and is ready again when it can be.
func TestReadinessFollowsTheSchema(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.run("migrate", "up").want(0)
	r := m.serve()
	r.wantGet(r.url+"/readyz", 200)
	newer := m.on(t)
	newer.program = then(second, adds("a"), third, "-- banyan:contract\n"+adds("b"))
	for _, c := range []struct {
		command string
		ready   int
	}{
		{"migrate up --to 20260102000000", 200},
		{"migrate up", 503},
		{"migrate down --module notes --yes", 200},
		{"migrate down --module notes --to 0 --yes", 503},
		{"migrate up --to 20260102000000", 200},
	} {
		newer.run(strings.Fields(c.command)...).want(0)
		if status, _ := r.get(r.url + "/readyz"); status != c.ready {
			t.Errorf("after %s readiness is %d, want %d", c.command, status, c.ready)
		}
	}
}

// Two files with one version are found before anything runs.
func TestVersionTwice(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.program = then("20260101000000_other.sql", adds("a"))
	m.run("migrate", "status").want(6, "has the same time: give one of them the second after it", "\nnext:  banyan check\n")
}
