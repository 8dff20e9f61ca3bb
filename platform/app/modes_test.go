package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/db/sqlite"
	"github.com/banyan-go/banyan/platform/fault"
)

// What the mode decides by itself, and what stays the same.
func TestModes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode     string
		migrates bool
		docs     int // status of /docs
		dev      int // status of the page for developers
		timing   bool
		logs     string // how a line begins
	}{
		{"dev", true, 200, 200, true, "2"},
		{"test", true, 200, 404, false, "{"},
		{"prod", false, 404, 404, false, "{"},
	} {
		t.Run(c.mode, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			r := m.serve("--mode", c.mode)
			if status, _ := r.get(r.url + "/readyz"); (status == 200) != c.migrates {
				t.Errorf("after the start readiness is %d", status)
			}
			if status, _ := r.get(r.url + "/api/v1/notes/notes"); (status == 200) != c.migrates {
				t.Errorf("after the start the table gives %d", status)
			}
			r.wantGet(r.url+"/docs", c.docs)
			r.wantGet(r.url+"/openapi.json", c.docs)
			r.wantGet(r.url+"/", c.dev)
			r.wantGet(r.url+"/problems", 200)
			r.wantGet(r.url+"/metrics", 404)
			r.wantGet(r.ops+"/metrics", 200)
			resp, err := r.client.Get(r.url + "/problems")
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if (resp.Header.Get("Server-Timing") != "") != c.timing {
				t.Errorf("Server-Timing: %q", resp.Header.Get("Server-Timing"))
			}
			if docs := strings.Contains(r.err.String(), "\ndocs     "+r.url+"/docs\n"); docs != (c.docs == 200) {
				t.Errorf("the banner names the docs: %v\n%s", docs, r.err)
			}
			if code := r.stop(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			if !strings.HasPrefix(r.out.String(), c.logs) {
				t.Errorf("the log: %s", r.out)
			}
		})
	}
}

func TestDocsBySetting(t *testing.T) {
	t.Parallel()
	r := newMachine(t).serve("--set", "api.docs=on")
	r.wantGet(r.url+"/docs", 200)
	r.wantGet(r.url+"/openapi.json", 200)
	r = newMachine(t).serve("--mode", "dev", "--set", "api.docs=off")
	r.wantGet(r.url+"/docs", 404)
	r.wantGet(r.url+"/openapi.json", 404)
}

// In mode dev the program is not reachable from elsewhere, unless it is told to be.
func TestModeDevListensOnLoopbackAlone(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("needs a second loopback address")
	}
	for _, c := range []struct {
		args      string
		reachable bool
	}{
		{"--mode dev --addr :0", false},
		{"--mode dev --addr 0.0.0.0:0", true},
		{"--mode prod --addr :0", true},
	} {
		r := newMachine(t).serve(strings.Fields(c.args)...)
		_, port, err := net.SplitHostPort(strings.TrimPrefix(r.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial("tcp", "127.0.0.2:"+port)
		if err == nil {
			_ = conn.Close()
		}
		if (err == nil) != c.reachable {
			t.Errorf("%s: 127.0.0.2 gives %v", c.args, err)
		}
	}
}

// The ops listener is on 127.0.0.1:9090 unless it is told otherwise. That port may be somebody's: it is enough that the program wants it.
func TestOpsListenerIsOnLoopback(t *testing.T) {
	t.Parallel()
	if l, err := net.Listen("tcp", "127.0.0.1:9090"); err == nil {
		defer l.Close()
	}
	for _, mode := range []string{"dev", "prod"} {
		newMachine(t).without("APP_HTTP__OPS_ADDR").run("serve", "--mode", mode).want(6, "http.ops_addr: listen tcp 127.0.0.1:9090")
	}
}

// In mode prod whoever starts the program learns what everybody may write.
func TestOpenWritesAreToldInModeProd(t *testing.T) {
	t.Parallel()
	const said = "warning: operations that write and are open to everybody: 1\nnext:  prog routes --mode prod\n"
	for mode, want := range map[string]bool{"dev": false, "test": false, "prod": true} {
		r := newMachine(t).serve("--mode", mode)
		if r.stop(); strings.Contains(r.err.String(), said) != want {
			t.Errorf("mode %s says %s", mode, r.err)
		}
	}
}

// In mode dev an error that its operation does not declare is a warning.
func TestErrorThatIsNotDeclared(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]bool{"dev": true, "prod": false} {
		m := newMachine(t)
		late := func(context.Context, *struct{}) (*struct{}, error) {
			return nil, fault.New(fault.Conflict, "too_late", "It is too late.")
		}
		m.program = program(variant{routes: []api.Route{api.Get("/late", late, api.Op{ID: "beLate", Summary: "Be late", Auth: api.Public})}})
		r := m.serve("--mode", mode)
		r.wantGet(r.url+"/api/v1/notes/late", 409)
		if r.stop(); strings.Contains(r.out.String(), "name it in its Op.Errors operation=beLate code=too_late") != want {
			t.Errorf("mode %s: %s", mode, r.out)
		}
	}
}

// A statement that a module may not run is refused in mode dev, where it is a warning too, and in mode test; mode prod looks at none.
func TestGuardByMode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode   string
		status int
		warns  bool
	}{{"dev", 500, true}, {"test", 500, false}, {"prod", 200, false}} {
		m := newMachine(t)
		m.program = program(variant{schema: "-- +goose Up\nCREATE TABLE notes_notes (bucket INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (bucket, id));\n"})
		m.run("migrate", "up").want(0)
		r := m.serve("--mode", c.mode)
		r.wantGet(r.url+"/api/v1/notes/notes", c.status)
		r.stop()
		log := regexp.MustCompile(`a statement was refused +route="GET /api/v1/notes/notes" sql="SELECT .+ at=\S*platform/app/\w+_test\.go:\d+.* error=.+ request_id=`)
		if log.MatchString(r.out.String()) != c.warns {
			t.Errorf("mode %s: %s", c.mode, r.out)
		}
	}
}

// In mode prod somebody migrates on purpose. Until then the process lives, is not ready and says why to its operators alone; then it is
// ready without a restart.
func TestPendingMigrationsInModeProd(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	r := m.serve()
	r.err.await("not ready:")
	if want := ", notes/20260101000000_notes.sql\nnext:  prog migrate up\n"; !strings.HasSuffix(r.err.String(), want) {
		t.Errorf("it says %s, want %s", r.err, want)
	}
	r.out.await(`"msg":"not ready","reason":"migrations: the database is behind by `) // before anybody has asked
	r.wantGet(r.url+"/livez", 200)
	if body := r.wantGet(r.url+"/readyz", 503); body != `{"status":"failing"}` {
		t.Errorf("the public port says %s", body)
	}
	if body := r.wantGet(r.ops+"/readyz", 503); !strings.Contains(body, `"migrations":"the database is behind by `) || !strings.Contains(body, `, notes/20260101000000_notes.sql; next: prog migrate up"`) || !strings.Contains(body, `"database":"ok"`) {
		t.Errorf("the ops port says %s", body)
	}
	m.run("migrate", "up").want(0)
	r.out.await(`"msg":"ready again"`)
	if log := r.out.String(); strings.Count(log, `"msg":"not ready"`) != 1 || strings.Count(log, `"msg":"ready again"`) != 1 {
		t.Errorf("the log does not say once each that it is not ready and that it is again: %s", log)
	}
	r.wantGet(r.url+"/readyz", 200)
	r.wantGet(r.url+"/api/v1/notes/notes", 200)

	// A database that is ahead is no reason: a newer program may run beside this one.
	m.program = program(variant{bare: true})
	newer := m.serve()
	newer.wantGet(newer.url+"/readyz", 200)
}

// local.yaml is a developer's own: it counts in mode dev, beside the files that --config names.
func TestLocalSettings(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	dir := filepath.Join(m.dir, "configs")
	for name, text := range map[string]string{"base.yaml": "phase: 2\n", "profiles/single.yaml": "{}\n", "local.yaml": "phase: 3\n"} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for args, want := range map[string]string{
		"":                                "phase  1  embedded:profiles/single.yaml:1\n",
		"--mode dev":                      "phase  1  embedded:profiles/single.yaml:1\n",
		"--config " + dir:                 "phase  2  " + dir + "/base.yaml:1\n",
		"--mode test --config " + dir:     "phase  2  " + dir + "/base.yaml:1\n",
		"--mode dev --config " + dir:      "phase  3  " + dir + "/local.yaml:1\n",
		"--profile another":               "phase  2  embedded:profiles/another.yaml:1\n",
		"--profile another --set phase=4": "phase  4  --set\n",
		"--mode dev --set phase=4 --config " + dir: "phase  4  --set\n",
	} {
		if got := m.run(append([]string{"config", "show", "--origin", "phase"}, strings.Fields(args)...)...).want(0).out; got != want {
			t.Errorf("%s: %s, want %s", args, got, want)
		}
	}
}

// The names that platforms give to two settings.
func TestAliases(t *testing.T) {
	t.Parallel()
	m := newMachine(t).without("APP_HTTP__ADDR", "APP_DB__DSN")
	m.environ = append(m.environ, "PORT=8123", "DATABASE_URL=file:elsewhere.db")
	var settings []setting
	m.run("config", "show", "--json", "http.addr", "db.dsn").want(0).decode(&settings)
	if len(settings) != 2 || settings[0].Origin != "env DATABASE_URL" || settings[1].Value != ":8123" || settings[1].Origin != "env PORT" {
		t.Errorf("%+v", settings)
	}
	m.environ = append(m.environ, "APP_HTTP__ADDR=:8124")
	if out := m.run("config", "show", "http.addr").want(0).out; !strings.Contains(out, ":8124") {
		t.Errorf("a variable of its own does not count before an alias: %s", out)
	}
	m.environ = append(m.environ, "PORT=")
	m.run("about").want(4, "env PORT", "http.addr", "an empty value")
}

// leaky is SQLite whose pools a test can reach.
type leaky struct {
	sqlite.Driver
	pools driver.Pools
}

func (l *leaky) Open(ctx context.Context, o driver.Options) (pools driver.Pools, err error) {
	l.pools, err = l.Driver.Open(ctx, o)
	return l.pools, err
}

// When the database goes away the process lives on, gets no requests and says why to its operators alone.
func TestReadinessFollowsTheDatabase(t *testing.T) {
	t.Parallel()
	d := &leaky{}
	m := newMachine(t)
	m.program = program(variant{driver: d})
	r := m.serve("--mode", "test")
	r.wantGet(r.url+"/readyz", 200)
	if err := errors.Join(d.pools.Health.Close(), d.pools.Read.Close()); err != nil {
		t.Fatal(err)
	}
	if body := r.wantGet(r.url+"/readyz", 503); body != `{"status":"failing"}` {
		t.Errorf("the public port says %s", body)
	}
	var report struct{ Checks map[string]string }
	if err := json.Unmarshal([]byte(r.wantGet(r.ops+"/readyz", 503)), &report); err != nil || report.Checks["database"] != "sql: database is closed" {
		t.Errorf("the ops port says %v, %v", report, err)
	}
	r.wantGet(r.url+"/livez", 200)
	r.wantGet(r.url+"/api/v1/notes/notes", 500)
	m.run("healthcheck", "--set", "http.ops_addr="+strings.TrimPrefix(r.ops, "http://")).want(1, "not ready: 503")
	if code := r.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
