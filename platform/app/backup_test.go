package app_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/banyan-go/banyan/platform/db/backup"
	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/db/postgres"
	"github.com/banyan-go/banyan/platform/db/querystat"
	"github.com/banyan-go/banyan/platform/servertest"
)

// onEngines runs a test on a machine with SQLite and on one with PostgreSQL, whose databases are migrated.
func onEngines(t *testing.T, test func(t *testing.T, m *machine)) {
	t.Parallel()
	for engine, prepare := range map[string]func(t *testing.T) *machine{
		"sqlite": func(t *testing.T) *machine { return newMachine(t) },
		"postgres": func(t *testing.T) *machine {
			m := newMachine(t, "APP_DB__DRIVER=postgres", "APP_DB__DSN="+servertest.StartPostgres(t).Database(t), "APP_DB__POOL__MAX_OPEN=4")
			m.program = program(variant{server: postgres.Driver{}})
			return m
		},
	} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			m := prepare(t)
			m.run("migrate", "up").want(0)
			test(t, m)
		})
	}
}

func (m *machine) seed(rows int) {
	m.t.Helper()
	m.run("db", "seed", "--yes", "--rows", strconv.Itoa(rows)).want(0, "added")
}

// count returns how many notes there are.
func (m *machine) count() (n int64) {
	m.t.Helper()
	var answers []struct {
		Columns []string
		Rows    [][]int64
		Changed *int64 `json:"rows_changed"`
	}
	m.run("db", "shell", "SELECT count(*) FROM notes_notes", "--json").want(0).decode(&answers)
	return answers[0].Rows[0][0]
}

// saved is what the commands say of a backup.
type saved struct {
	File, Application, Engine string
	Created                   time.Time
	Tables, Rows, Bytes       int64
	Duration                  float64 `json:"duration_seconds"`
}

// indexOf returns where a table stands in a manifest.
func indexOf(m *backup.Manifest, name string) int {
	return slices.IndexFunc(m.Tables, func(t driver.Table) bool { return t.Name == name })
}

// A backup that is made while the program serves has everything that was acknowledged before, and comes back; what came later is gone.
func TestBackup(t *testing.T) {
	onEngines(t, func(t *testing.T, m *machine) {
		m.seed(50)
		file := filepath.Join(m.dir, "a.backup")
		r := m.serve()
		var acknowledged atomic.Int64
		some, stop, stopped := make(chan struct{}), make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			for {
				select {
				case <-stop:
					return
				default:
				}
				resp, err := r.client.Post(r.url+"/api/v1/notes/notes", "application/json", strings.NewReader(`{"text":"written meanwhile"}`))
				if err != nil {
					t.Error(err)
					return
				}
				if resp.Body.Close() == nil && resp.StatusCode == http.StatusNoContent && acknowledged.Add(1) == 10 {
					close(some)
				}
			}
		}()
		select {
		case <-some:
		case <-stopped:
			t.FailNow()
		}
		before := acknowledged.Load()
		var made, verified saved
		m.run("backup", "create", file, "--json").want(0).decode(&made)
		after := acknowledged.Load()
		if made.Rows < 50+before || made.Rows > 50+after+int64(2+len(ofPlatform(t))) || made.Tables != int64(3+len(ofPlatform(t))) || made.File != file || made.Application != "prog" {
			t.Errorf("%d were acknowledged before and %d after: %+v", before, after, made)
		}
		m.run("backup", "verify", file, "--json").want(0).decode(&verified)
		verified.Duration = made.Duration
		if verified != made {
			t.Errorf("verified %+v, made %+v", verified, made)
		}
		close(stop)
		<-stopped
		m.run("backup", "restore", file, "--yes").want(6, "the database is in use", "\nnext:  stop whatever serves the database")
		if code := r.stop(); code != 0 {
			t.Fatalf("exit code %d\n%s", code, r.err)
		}
		m.seed(5)
		m.run("backup", "restore", file).want(2, "this is mode prod: replace every row of 1 tables (notes_notes)", "\nnext:  prog backup restore "+file+" --yes\n")
		if n := m.count(); n != 50+acknowledged.Load()+5 {
			t.Errorf("%d rows before it is restored", n)
		}
		m.run("backup", "restore", file, "--yes").want(0)
		if n := m.count(); n != made.Rows {
			t.Errorf("%d rows, want the %d of the backup", n, made.Rows)
		}
		m.run("migrate", "status").want(0)
		m.seed(1) // the numbers go on
		if entries, err := filepath.Glob(m.dir + "/*scratch*"); err != nil || len(entries) > 0 {
			t.Errorf("left behind: %v, %v", entries, err)
		}
	})
}

// A database that is empty, or not there at all, is filled without a question.
func TestRestoreIntoNothing(t *testing.T) {
	onEngines(t, func(t *testing.T, m *machine) {
		m.seed(3)
		file := filepath.Join(m.dir, "a.backup")
		m.run("backup", "create", file).want(0)
		m.run("db", "reset", "--yes").want(0, "the database is empty")
		m.run("backup", "restore", file).want(0)
		if n := m.count(); n != 3 {
			t.Errorf("%d rows", n)
		}
		if _, err := os.Stat(m.dir + "/app.db"); err != nil {
			return // a server has it
		}
		if err := os.Remove(m.dir + "/app.db"); err != nil {
			t.Fatal(err)
		}
		m.run("backup", "create", filepath.Join(m.dir, "b.backup")).want(6, "there is no database yet", "\nnext:  prog migrate up\n")
		m.run("backup", "restore", file).want(0)
		if n := m.count(); n != 3 {
			t.Errorf("%d rows in a new file", n)
		}
	})
}

// What cannot be brought back whole is refused, before anything is done.
func TestBackupsThatAreRefused(t *testing.T) {
	onEngines(t, func(t *testing.T, m *machine) {
		m.seed(7)
		file := filepath.Join(m.dir, "a.backup")
		m.run("backup", "create", file).want(0)
		m.run("backup", "create", file).want(6, file+" is there already")
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		other := map[string]string{"sqlite": "postgres", "postgres": "sqlite"}
		write := func(name string, content []byte) string {
			t.Helper()
			path := filepath.Join(m.dir, name)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
		changed := func(name string, change func(*backup.Manifest), data func(string) string) string {
			t.Helper()
			path := filepath.Join(m.dir, name)
			rewrite(t, file, path, change, data)
			return path
		}
		same := func(text string) string { return text }
		flipped := bytes.Clone(whole)
		flipped[len(flipped)/2] ^= 1
		for _, c := range []struct {
			file string
			code int
			says string
		}{
			{filepath.Join(m.dir, "missing"), 1, "no such file"},
			{write("truncated", whole[:len(whole)-100]), 1, "is damaged: it was cut off or changed"},
			{write("flipped", flipped), 1, "is damaged"},
			{write("foreign", []byte("-- a dump")), 1, "is no backup"},
			{changed("application", func(m *backup.Manifest) { m.Application = "shop" }, same), 6, "is a backup of the application shop, and this one is prog"},
			{changed("engine", func(m *backup.Manifest) { m.Engine = other[m.Engine] }, same), 6, ", and the database of this profile is "},
			{changed("migration", func(m *backup.Manifest) { m.Migrations[0].Version++ }, same), 6, "was written by a newer program"},
			{changed("row", func(m *backup.Manifest) { m.Tables[indexOf(m, "notes_notes")].Rows++ }, same), 1, "table notes_notes has 7 rows and had 8"},
			{changed("value", func(m *backup.Manifest) {}, func(text string) string { return strings.Replace(text, "note 3", "note 4", 1) }), 1, "table notes_notes has other values"},
		} {
			m.run("backup", "verify", c.file).want(c.code, c.says)
			m.run("backup", "restore", c.file, "--yes").want(c.code, c.says)
		}
		if n := m.count(); n != 7 {
			t.Errorf("%d rows", n)
		}
		m.run("backup", "verify", file).want(0)
	})
}

// rewrite writes a backup with another manifest and other data, as a program would that has errors or means ill.
func rewrite(t *testing.T, from, to string, change func(*backup.Manifest), data func(string) string) {
	t.Helper()
	z, err := zip.OpenReader(from)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	read := func(name string) string {
		r, err := z.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	var m backup.Manifest
	if err := json.Unmarshal([]byte(read("manifest.json")), &m); err != nil {
		t.Fatal(err)
	}
	change(&m)
	if _, err := backup.Write(to, func(w io.Writer) (backup.Manifest, error) {
		_, err := io.WriteString(w, data(read("data")))
		return m, err
	}); err != nil {
		t.Fatal(err)
	}
}

// diesAt says to the program under test where a restore is killed.
const diesAt = "DIES_AT"

// dying is a driver whose process is killed, as kill -9 does it, at a stage of a restore: load, in the middle of its data; replace, so many
// microseconds after that has begun; replaced, when it is done.
type dying struct {
	driver.Driver
	driver.Archiver
	stage string
}

func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

func (d dying) Load(ctx context.Context, scratch driver.Options, r io.Reader) error {
	if d.stage == "load" {
		r = io.MultiReader(io.LimitReader(r, 2000), deadly{})
	}
	return d.Archiver.Load(ctx, scratch, r)
}

type deadly struct{}

func (deadly) Read([]byte) (int, error) {
	die()
	return 0, io.EOF
}

func (d dying) Replace(ctx context.Context, o, scratch driver.Options) error {
	if us, err := strconv.Atoi(d.stage); err == nil {
		time.AfterFunc(time.Duration(us)*time.Microsecond, die)
	}
	if err := d.Archiver.Replace(ctx, o, scratch); err != nil {
		return err
	}
	die()
	return nil
}

// Whenever a restore is killed, the database is as it was, or as it is to be.
func TestRestoreThatIsKilled(t *testing.T) {
	onEngines(t, func(t *testing.T, m *machine) {
		file := filepath.Join(m.dir, "a.backup")
		m.seed(400)
		m.run("backup", "create", file).want(0)
		m.seed(100)
		for _, stage := range []string{"load", "0", "100", "500", "1000", "2000", "4000", "8000", "replaced"} {
			if m.count() == 400 {
				m.seed(100)
			}
			cmd := m.process("backup", "restore", file, "--yes")
			cmd.Env = append(cmd.Env, diesAt+"="+stage)
			out, err := cmd.CombinedOutput()
			if e, ok := err.(*exec.ExitError); !ok || e.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
				t.Fatalf("%s: it was not killed: %v\n%s", stage, err, out)
			}
			n := m.count()
			if stage == "load" && n != 500 || stage == "replaced" && n != 400 || n != 400 && n != 500 {
				t.Errorf("killed at %s: %d rows", stage, n)
			}
			m.run("migrate", "status").want(0)
		}
		m.run("backup", "restore", file, "--yes").want(0)
		if n := m.count(); n != 400 {
			t.Errorf("%d rows after the last restore", n)
		}
	})
}

// An older program's backup comes back as it was; what is pending then is said.
func TestBackupOfAnOlderProgram(t *testing.T) {
	onEngines(t, func(t *testing.T, m *machine) {
		m.seed(3)
		file := filepath.Join(m.dir, "a.backup")
		m.run("backup", "create", file).want(0)
		const later = "-- +goose Up\nALTER TABLE notes_notes ADD COLUMN color text;\n-- +goose Down\nALTER TABLE notes_notes DROP COLUMN color;\n"
		m.program = program(variant{server: postgres.Driver{}, more: fstest.MapFS{
			"sqlite/20260102000000_color.sql": {Data: []byte(later)}, "postgres/20260102000000_color.sql": {Data: []byte(later)},
		}})
		m.run("migrate", "up").want(0)
		m.run("backup", "verify", file).want(0)
		m.run("backup", "restore", file, "--yes").want(0, "whose last 1 migrations it has not", "\nnext:  prog migrate up\n")
		m.run("migrate", "status").want(6)
		m.run("migrate", "up").want(0)
		if n := m.count(); n != 3 {
			t.Errorf("%d rows", n)
		}
	})
}

// Banyan runs commands in the root of the source. Files that somebody names are where that one stands, in each command that takes one.
func TestFilesOfTheCaller(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.run("migrate", "up").want(0)
	stands := t.TempDir()
	m.environ = append(m.environ, "BANYAN_COMMAND=banyan", "BANYAN_FOLDER="+stands)
	var s saved
	m.run("backup", "create", "x.backup", "--json").want(0).decode(&s)
	if want := filepath.Join(stands, "x.backup"); s.File != want {
		t.Errorf("saved as %q, want %q", s.File, want)
	}
	m.run("backup", "verify", "x.backup").want(0)
	m.run("backup", "restore", "x.backup", "--dry-run").want(0, "it would bring back")
	m.run("backup", "verify", s.File).want(0)
	m.run("backup", "create").want(0)
	if files, _ := filepath.Glob(stands + "/prog-2*Z.backup"); len(files) != 1 {
		t.Errorf("without a name: %v", files)
	}

	ops := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(querystat.Snapshot{Dialect: "sqlite", Since: time.Now()})
	}))
	t.Cleanup(ops.Close)
	m.run("doctor", "--ops", ops.URL, "--save", "q.json").want(0, "saved "+filepath.Join(stands, "q.json"))
	m.run("doctor", "--from", "q.json").want(0, "ok: 0 statements")
}

// Its name is chosen where none is given, and says when it was made.
func TestNameOfBackup(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.run("migrate", "up").want(0)
	out, err := m.process("backup", "create").CombinedOutput()
	if files, _ := filepath.Glob(m.dir + "/prog-2*Z.backup"); err != nil || len(files) != 1 {
		t.Errorf("%v, %v\n%s", files, err, out)
	}
}
