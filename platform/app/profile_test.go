package app_test

import (
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/app"
	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/db/sqlite"
)

// A profile whose driver is not compiled in can be looked at; what works with its database refuses it, and says which setting is meant.
func TestProfileWithoutItsDriver(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for _, command := range []string{"config show", "config show --origin db.driver", "routes", "modules", "openapi", "about"} {
		if out := m.run(append(strings.Fields(command), "--profile", "server")...).want(0).out; out == "" {
			t.Errorf("%s says nothing", command)
		}
	}
	for _, command := range []string{"serve", "serve --mode dev", "migrate up", "migrate status", "migrate down --module notes", "db seed --yes"} {
		m.run(append(strings.Fields(command), "--profile", "server")...).want(4, "error: embedded:profiles/server.yaml:3  db.driver  driver postgres is not compiled in: sqlite\n")
	}
	m.untouched("a profile that cannot be served")
}

// Two profiles are compared by what is in force under each of them, without keys, a database or its driver.
func TestConfigDiff(t *testing.T) {
	t.Parallel()
	m := newMachine(t).without("APP_KEYS", "APP_DB__DSN")
	m.dir = t.TempDir()
	out := m.run("config", "diff", "single", "server").want(0).out
	at := regexp.MustCompile(`(platform/db/sqlite/sqlite\.go):(\d+)`).FindStringSubmatch(out)
	if at == nil {
		t.Fatalf("it names no code: %s", out)
	}
	want := "" +
		"KEY        single  server    WHAT CHANGES IN CODE\n" +
		"db.driver  sqlite  postgres  sqlite.Driver.Open\n" +
		"                             " + at[0] + "\n" +
		"                             -> not compiled in\n" +
		"db.dsn     ••••    \"\"\n" +
		"phase      1       2\n"
	if out != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
	// What stands there is what a start with that driver runs.
	source, err := os.ReadFile("../../" + at[1])
	line, _ := strconv.Atoi(at[2])
	if lines := strings.Split(string(source), "\n"); err != nil || !strings.HasPrefix(lines[line-1], "func (Driver) Open(") {
		t.Errorf("%s is something else: %v", at[0], err)
	}

	type code struct{ Symbol, At string }
	type side struct {
		Value, Origin string
		Code          *code
	}
	type change struct {
		Key           string
		A, B          side
		Secret, Picks bool
	}
	var changes []change
	m.run("config", "diff", "server", "single", "--json").want(0).decode(&changes)
	driver := change{
		Key: "db.driver", Picks: true,
		A: side{Value: "postgres", Origin: "embedded:profiles/server.yaml:3"},
		B: side{Value: "sqlite", Origin: "built-in", Code: &code{"sqlite.Driver.Open", at[0]}},
	}
	dsn := change{Key: "db.dsn", Secret: true, A: side{Origin: "embedded:profiles/server.yaml:4"}, B: side{Value: "••••", Origin: "built-in"}}
	if len(changes) != 3 || !reflect.DeepEqual(changes[0], driver) || !reflect.DeepEqual(changes[1], dsn) {
		t.Errorf("got %+v", changes)
	}
	m.untouched("a comparison")
}

func TestConfigDiffOfWhatIsTheSame(t *testing.T) {
	t.Parallel()
	m := newMachine(t).without("APP_KEYS")
	if out := m.run("config", "diff", "single", "single").want(0, "single and single have the same settings\n").out; out != "" {
		t.Errorf("standard output holds %s", out)
	}
	// What is set above the files is no difference.
	if out := m.run("config", "diff", "single", "another", "--set", "phase=4", "--json").want(0).out; out != "[]\n" {
		t.Errorf("got %s", out)
	}
	if out := m.run("config", "diff", "single", "server", "--set", "db.driver=sqlite").want(0).out; strings.Contains(out, "db.d") {
		t.Errorf("the driver and the address are given by the environment: %s", out)
	}
}

// A driver is named by where its own code stands, also behind a pointer.
func TestConfigDiffOfOtherDrivers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		driver driver.Driver
		want   string
	}{
		{&leaky{}, `app_test\.\(\*leaky\)\.Open\n +platform/app_test/modes_test\.go:\d+\n`},
		{&sqlite.Driver{}, `sqlite\.Driver\.Open\n +platform/db/sqlite/sqlite\.go:\d+\n`},
	} {
		m := newMachine(t)
		m.program = program(variant{driver: c.driver})
		if out := m.run("config", "diff", "single", "server").want(0).out; !regexp.MustCompile(c.want).MatchString(out) {
			t.Errorf("%T: %s", c.driver, out)
		}
	}
}

// Every table of drivers says which setting picks from it and where the work of a driver begins.
func TestDriversSayWhatPicksThem(t *testing.T) {
	t.Parallel()
	for field := range reflect.TypeFor[app.Drivers]().Fields() {
		begins := field.Tag.Get("begins")
		if _, ok := field.Type.Elem().MethodByName(begins); !ok {
			t.Errorf("%s: its drivers have no method %q", field.Name, begins)
		}
		newMachine(t).run("config", "show", field.Tag.Get("picked")).want(0)
	}
}
