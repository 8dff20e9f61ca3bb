package app_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/keyring"
)

// Commands that describe the program print text for people and the same as JSON, say nothing else, and touch no database.
func TestDescribingCommands(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for _, c := range []struct {
		command string
		text    []string // in this order
		json    any      // where the data belongs
	}{
		{"version", []string{"prog", runtime.Version()}, &map[string]string{}},
		{"about", []string{"name", "prog", "profile", "single", "mode", "prod", "database", "sqlite", "modules", "1", "operations", "3"}, &map[string]string{}},
		{"modules", []string{"MODULE", "OPERATIONS", "notes", "3"}, &[]struct {
			Name       string
			Operations int
		}{}},
		{"routes", []string{"METHOD", "PATH", "OPERATION", "AUTH",
			"GET", "/api/v1/notes/notes", "countNotes", "public", "POST", "/api/v1/notes/notes", "addNote", "public, writes", "/api/v1/notes/raw"}, &[]struct {
			Method, Path, Auth, Summary string
			OperationID                 string `json:"operation_id"`
			Anybody, Raw                bool
		}{}},
		{"config show", []string{"db.dsn", "••••", "db.slow", "1s", "http.addr", "127.0.0.1:0"}, &[]setting{}},
		{"config show --origin", []string{"db.dsn", "••••", "env APP_DB__DSN", "db.slow", "1s", "embedded:base.yaml:1", "http.body_limit", "4MiB", "built-in"}, &[]setting{}},
		{"config show db.pool http.body_limit", []string{"db.pool.max_open", "auto", "db.pool.wait", "1s", "http.body_limit", "4MiB"}, &[]setting{}},
		{"openapi", []string{`"openapi"`, "/api/v1/notes/notes", "addNote"}, &map[string]any{}},
	} {
		t.Run(c.command, func(t *testing.T) {
			t.Parallel()
			m := m.on(t)
			rest := m.run(strings.Fields(c.command)...).want(0).out
			for _, word := range c.text {
				_, after, found := strings.Cut(rest, word)
				if !found {
					t.Fatalf("%q is not there, or not in its place: %s", word, rest)
				}
				rest = after
			}
			m.run(append(strings.Fields(c.command), "--json")...).want(0).decode(c.json)
		})
	}
	t.Cleanup(func() { m.untouched("a command that describes") })
}

// setting is one line of `config show --json`.
type setting struct {
	Key, Value, Origin, Default, Doc string
	Secret                           bool
}

func TestConfigShowSelects(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "APP_HTTP__BODY_LIMIT=1MiB")
	var settings []setting
	m.run("config", "show", "--json", "http.body_limit", "--set", "http.body_limit=2MiB").want(0).decode(&settings)
	want := setting{Key: "http.body_limit", Value: "2MiB", Origin: "--set", Default: "4MiB", Doc: settings[0].Doc}
	if len(settings) != 1 || settings[0] != want || want.Doc == "" {
		t.Errorf("got %+v, want %+v", settings, want)
	}
	out := m.run("config", "show", "db.pool").want(0).out
	if strings.Count(out, "\n") != 4 || strings.Contains(out, "dsn") {
		t.Errorf("the settings below db.pool: %s", out)
	}
}

func TestKeysNew(t *testing.T) {
	t.Parallel()
	m := newMachine(t).without("APP_KEYS") // it is what one runs to get them
	first := strings.TrimSpace(m.run("keys", "new").want(0).out)
	var second struct{ Key string }
	m.run("keys", "new", "--json").want(0).decode(&second)
	if first == second.Key {
		t.Error("it prints the same key again")
	}
	for _, key := range []string{first, second.Key, first + "," + second.Key} {
		if _, err := keyring.Parse(key); err != nil {
			t.Errorf("%s cannot be APP_KEYS: %v", key, err)
		}
	}
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	type row struct {
		Module  string
		Version int64
		Name    string
		State   string
	}
	wantRows := func(r result, state string) {
		t.Helper()
		var rows []row
		r.decode(&rows)
		rows = slices.DeleteFunc(rows, func(r row) bool { return r.Module == db.PlatformSet })
		if len(rows) != 1 || rows[0] != (row{"notes", 20260101000000, "20260101000000_notes.sql", state}) {
			t.Errorf("%s: %+v, want one migration that is %s", r.what, rows, state)
		}
	}
	const name = "notes/20260101000000_notes.sql\n"

	if out := m.run("migrate", "status").want(6, fmt.Sprintf("error: pending migrations: %d\nnext:  prog migrate up\n", 1+len(ofPlatform(t)))).out; out != inState("pending", ofPlatform(t)...)+"pending  "+name {
		t.Errorf("status before: %s", out)
	}
	wantRows(m.run("migrate", "status", "--json").want(6, "pending"), "pending")
	if out := m.run("migrate", "up").want(0).out; out != inState("applied", ofPlatform(t)...)+"applied  "+name {
		t.Errorf("up: %s", out)
	}
	if out := m.run("migrate", "up").want(0, "nothing is pending\n").out; out != "" {
		t.Errorf("up once more: %s", out)
	}
	if out := m.run("migrate", "up", "--json").want(0).out; out != "[]\n" {
		t.Errorf("up once more, as JSON: %s", out)
	}
	if out := m.run("migrate", "status").want(0).out; out != inState("applied", ofPlatform(t)...)+"applied  "+name {
		t.Errorf("status after: %s", out)
	}
	if out := m.run("migrate", "down", "--module", "notes", "--yes").want(0).out; out != "pending  "+name {
		t.Errorf("down: %s", out)
	}
	m.run("migrate", "down", "--module", "notes").want(0, "nothing is applied\n")
	wantRows(m.run("migrate", "up", "--json").want(0), "applied")
	wantRows(m.run("migrate", "down", "--module", "notes", "--json", "--yes").want(0), "pending")
}

// A migration that fails is named, its database is as before, and the way on is said.
func TestMigrationThatFails(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.program = program(variant{schema: strings.Replace(notesSchema, "INTEGER", "INTEGER, id TEXT,", 1)})
	m.run("migrate", "up").want(1, "error: migrate: migration notes/20260101000000_notes.sql: ", "duplicate column name: id")
	m.run("migrate", "status").want(6)
	m.run("serve", "--mode", "test").want(1, "migration notes/20260101000000_notes.sql", "\nnext:  prog migrate status --mode test\n")
}

// A developer has generated something, thrown it away with git, and generated it again: the table of the first time is in the way. The
// program says whose it is, and offers a way out.
func TestMigrationsThatWereThrownAway(t *testing.T) {
	t.Parallel()
	const first, second = "20260101000000", "20260102000000"
	m := newMachine(t)
	m.run("db", "seed", "--mode", "dev", "--rows", "3").want(0, "added 3 rows")
	m.program = program(variant{version: second})
	reset := "\nnext:  prog db reset --mode dev\n"
	m.run("serve", "--mode", "dev").want(1, "error: migrate: migration notes/"+second+"_notes.sql: ", "table notes_notes already exists",
		"migrations that this program does not have, thrown away or of another branch: notes/"+first+"\n", reset)
	m.run("serve", "--mode", "test").want(1, "table notes_notes already exists", "\nnext:  prog migrate status --mode test\n")
	m.run("migrate", "down", "--module", "notes").want(6, "notes/"+first+" was applied last, and this program does not know it", "\nnext:  git log --all --stat -- modules\n")
	m.run("migrate", "down", "--module", "notes", "--mode", "dev").want(6, "this program does not know it", reset)

	m.run("db", "reset").want(2, "this is mode prod: drop every table with all rows?", "\nnext:  prog db reset --yes\n")
	m.run("db", "reset", "--mode", "dev").want(0, fmt.Sprintf("the database is empty, and has %d migrations\n", 1+len(ofPlatform(t))))
	m.run("migrate", "status").want(0)
	r := m.serve("--mode", "dev")
	if got := r.wantGet(r.url+"/api/v1/notes/notes", 200); got != `{"notes":0}` {
		t.Errorf("the table holds %s", got)
	}
}

// What a program does not know is told at its start, also where nothing is in the way yet.
func TestUnknownMigrationsAreToldAtTheStart(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.run("migrate", "up").want(0)
	m.program = program(variant{version: "20260102000000", schema: strings.ReplaceAll(notesSchema, "notes_notes", "notes_others")})
	r := m.serve("--mode", "dev")
	r.err.await("afresh")
	if !strings.Contains(r.err.String(), "warning: the database has migrations that this program does not have, thrown away or of another branch: notes/20260101000000\n") {
		t.Errorf("it says %s", r.err)
	}
	m.run("migrate", "status").want(6, "error: the database has migrations between those of this program: notes/20260101000000, and this program does not know it\n", "next:  git log --all")
	m.run("migrate", "status", "--mode", "dev").want(6, "\nnext:  prog db reset --mode dev\n")
}

func TestSeed(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.run("db", "seed", "--mode", "test").want(6, "the database is behind by ", "\nnext:  prog migrate up --mode test\n")
	m.run("db", "seed", "--mode", "dev", "--rows", "3").want(0, "added 3 rows to each resource of notes in ") // which migrates first
	m.run("db", "seed", "--mode", "test", "--rows", "2", "--module", "notes").want(0, "added 2 rows")
	m.run("db", "seed", "--rows", "1").want(2, "this is mode prod", "\nnext:  prog db seed --rows 1 --yes\n")
	m.run("db", "seed", "--rows", "1", "--yes").want(0, "added 1 rows")
	m.run("db", "seed", "--rows", "0").want(2, "--rows is 0", "\nnext:  prog db seed --rows 1000\n")
	r := m.serve()
	if got := r.wantGet(r.url+"/api/v1/notes/notes", 200); got != `{"notes":6}` {
		t.Errorf("the table holds %s", got)
	}
}

// Only what has secrets needs keys, and only when it writes them.
func TestSeedOfSecretsWantsKeys(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.program = program(variant{secret: true})
	m.run("migrate", "up").want(0)
	m.run("db", "seed", "--mode", "test", "--rows", "1").want(0, "added 1 rows")
	m = m.without("APP_KEYS")
	m.run("modules").want(0)
	m.run("db", "seed", "--mode", "test").want(4, "seed notes: there are no keys: set APP_KEYS", "\nnext:  prog keys new\n")
	m.environ = append(m.environ, "APP_KEYS=short")
	m.run("db", "seed", "--mode", "test").want(4, "APP_KEYS: key 1 of 1 is not base64url", "\nnext:  prog keys new\n")
}

func TestSeedWithoutSeeders(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.program = program(variant{bare: true})
	m.run("db", "seed", "--mode", "dev").want(1, "no module has anything to seed")
	m.run("migrate", "status").want(0)
}

// What is logged is no data: somebody may be reading that.
func TestLogLinesAreNotData(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.run("migrate", "up").want(0)
	m.environ = append(m.environ, "APP_DB__SLOW=1ns")
	r := m.run("db", "seed", "--yes").want(0, `"level":"WARN"`)
	if r.out != "" {
		t.Errorf("standard output holds %s", r.out)
	}
	if strings.Count(r.err, "added ") != 1 {
		t.Errorf("standard error: %s", r.err)
	}
}

func TestHealthcheck(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.run("healthcheck", "--set", "http.ops_addr=127.0.0.1:1").want(5, "connection refused", "\nnext:  prog serve --set http.ops_addr=127.0.0.1:1\n")
	r := m.serve()
	host := strings.TrimPrefix(r.ops, "http://localhost")
	check := func(addr string) result { return m.run("healthcheck", "--set", "http.ops_addr="+addr) }
	check(host).want(1, "not ready: 503") // nothing is migrated yet
	m.run("migrate", "up").want(0)
	for _, addr := range []string{host, "0.0.0.0" + host, "[::]" + host, "localhost" + host, "127.0.0.1" + host} {
		var report struct {
			Status string
			Checks map[string]string
		}
		if err := json.Unmarshal([]byte(check(addr).want(0).out), &report); err != nil || report.Status != "ok" || report.Checks["database"] != "ok" {
			t.Errorf("%s: %+v, %v", addr, report, err)
		}
	}
	// An address of this machine other than the usual one.
	other := newMachine(t, "APP_HTTP__OPS_ADDR=127.0.0.2:0")
	if runtime.GOOS == "linux" { // elsewhere there is none
		other.run("migrate", "up").want(0)
		r := other.serve()
		other.run("healthcheck", "--set", "http.ops_addr=127.0.0.2"+strings.TrimPrefix(r.ops, "http://127.0.0.2")).want(0)
	}
}

// Hints name what somebody can type: behind banyan that is banyan.
func TestHintsNameWhatWasTyped(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	if says := m.run("migrate", "status").want(6).err; !strings.Contains(says, "next:  prog migrate up\n") {
		t.Errorf("it says %s", says)
	}
	for args, next := range map[string]string{
		"migrate status --profile single --set http.drain=1s --mode test": "prog migrate up --mode test --profile single --set http.drain=1s",
		"migrate status --set db.dsn=file:hush.db":                        "prog migrate up --set db.dsn=••••",
		"db seed --mode=test --set http.drain=1s --rows 3":                "prog migrate up --mode test --set http.drain=1s",
		"db seed --rows 3 --no-input --module notes --set http.drain=1s":  "prog db seed --module notes --rows 3 --set http.drain=1s --yes",
	} {
		if says := m.run(strings.Fields(args)...).err; !strings.HasSuffix(says, "\nnext:  "+next+"\n") || strings.Contains(says, "hush") {
			t.Errorf("%s: it says %s, want %q", args, says, next)
		}
	}
	m.environ = append(m.environ, "BANYAN_COMMAND=banyan")
	if says := m.run("migrate", "status", "--mode", "dev", "--set", "http.drain=1s").want(6).err; !strings.Contains(says, "next:  banyan migrate up --set http.drain=1s\n") {
		t.Errorf("behind banyan, which has added flags, it says %s", says)
	}
	if says := m.run("migrate", "status").want(6).err; !strings.Contains(says, "next:  banyan migrate up\n") {
		t.Errorf("behind banyan it says %s", says)
	}
	if help := m.run("routes", "--help").want(0).out; !strings.Contains(help, "\n  banyan routes [flags]\n") || strings.Contains(help, "  prog ") {
		t.Errorf("behind banyan its help is %s", help)
	}
	if out := m.run("version").want(0).out; !strings.HasPrefix(out, "prog ") {
		t.Errorf("the version is that of %s", out)
	}
}
