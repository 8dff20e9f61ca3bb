package app_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/api"
)

// Every failure ends with the code that scripts look at, an error that says what and where, and the next step.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	file := filepath.Join(m.dir, "a-file")
	if err := os.WriteFile(file, []byte(strings.Repeat("this is no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	busy := taken.Addr().String()

	for _, c := range []struct {
		name, command string
		environ       []string
		without       string
		code          int
		said          []string
	}{
		{name: "unknown command", command: "rotues", code: 2, said: []string{`error: prog has no command "rotues", did you mean routes?` + "\nnext:  prog --help\n"}},
		{name: "beginning of a command", command: "mig", code: 2, said: []string{`did you mean migrate?`}},
		{name: "nothing like a command", command: "frobnicate", code: 2, said: []string{`error: prog has no command "frobnicate"` + "\n"}},
		{name: "unknown command below another", command: "migrate statsu", code: 2, said: []string{`error: prog migrate has no command "statsu", did you mean status?` + "\nnext:  prog migrate --help\n"}},
		{name: "help of an unknown command", command: "rotues --help", code: 2, said: []string{`error: prog has no command "rotues", did you mean routes?` + "\nnext:  prog --help\n"}},
		{name: "help of an unknown command, in front", command: "--help rotues", code: 2, said: []string{`error: prog has no command "rotues"`}},
		{name: "help of an unknown command below another", command: "migrate statsu -h", code: 2, said: []string{`error: prog migrate has no command "statsu", did you mean status?` + "\nnext:  prog migrate --help\n"}},
		{name: "half a command", command: "config", code: 2, said: []string{"error: prog config wants a command\nnext:  prog config --help\n"}},
		{name: "argument too many", command: "serve now", code: 2, said: []string{`error: prog serve takes no argument "now"` + "\nnext:  prog serve --help\n"}},
		{name: "unknown flag", command: "about --josn", code: 2, said: []string{"error: unknown flag: --josn, did you mean --json?\nnext:  prog about --help\n"}},
		{name: "nothing like a flag", command: "about --frobnicate", code: 2, said: []string{"error: unknown flag: --frobnicate\nnext:  prog about --help\n"}},
		{name: "flag of this command alone", command: "config show --orign", code: 2, said: []string{"did you mean --origin?"}},
		{name: "flag without a value", command: "about --set", code: 2, said: []string{"--set", "prog about --help"}},
		{name: "flag that is missing", command: "migrate down", code: 2, said: []string{`"module"`, "\nnext:  prog migrate down --help\n"}},
		{name: "unknown mode", command: "about --mode production", code: 2, said: []string{"want dev, test or prod"}},
		{name: "unknown mode above the environment", command: "about --mode production", environ: []string{"APP_MODE=dev"}, code: 2, said: []string{`error: mode "production"`}},
		{name: "unknown profile above the environment", command: "about --profile big", environ: []string{"APP_PROFILE=single"}, code: 4, said: []string{"error: --profile  profile"}},
		{name: "unknown mode in the environment", command: "about", environ: []string{"APP_MODE=production"}, code: 2, said: []string{"error: env APP_MODE: ", "want dev, test or prod"}},
		{name: "unknown setting", command: "config show db.dns", code: 2, said: []string{`error: there is no setting "db.dns", did you mean db.dsn?` + "\nnext:  prog config show\n"}},
		{name: "nothing like a setting", command: "config show frobnicate", code: 2, said: []string{`error: there is no setting "frobnicate"` + "\n"}},
		{name: "unknown setting beside another", command: "config show db.dsn db.dns", code: 2, said: []string{`"db.dns"`}},
		{name: "unknown profile to compare", command: "config diff single servr", code: 2, said: []string{`error: argument  profile  got "servr", want another, server, single; did you mean server?` + "\n"}},
		{name: "one profile to compare", command: "config diff single", code: 2, said: []string{"error: prog config diff wants the names of two profiles\nnext:  prog config diff --help\n"}},
		{name: "wrong setting in a comparison", command: "config diff single server --set phase=9", code: 4, said: []string{"error: --set  phase  got 9, want 1 to 4\n"}},
		{name: "unknown module to take back", command: "migrate down --module nots", code: 2, said: []string{`error: there is no module "nots"` + "\nnext:  prog modules\n"}},
		{name: "unknown module to seed", command: "db seed --yes --module notes,nots", code: 2, said: []string{`error: there is no module "nots"`}},

		{name: "unknown key", command: "about --set db.dns=x", code: 4, said: []string{"error: --set  db.dns  unknown key, did you mean db.dsn?\n"}},
		{name: "unknown variable", command: "about", environ: []string{"APP_DB__DNS=x"}, code: 4, said: []string{"env APP_DB__DNS", "did you mean APP_DB__DSN?"}},
		{name: "unknown profile", command: "about --profile anothr", code: 4, said: []string{"want another, server, single; did you mean another?"}},
		{name: "unknown profile in the environment", command: "about", environ: []string{"APP_PROFILE=big"}, code: 4, said: []string{`error: env APP_PROFILE  profile  got "big"`}},
		{name: "folder that is not there", command: "about --config " + m.dir + "/none", code: 4, said: []string{m.dir + "/none"}},
		{name: "several problems", command: "about --set phase=9 --set http.grace=1s", code: 4, said: []string{"error: the configuration has 2 problems\n  ", "\n  "}},
		{name: "sections that contradict each other", command: "about --set db.statement_timeout=10s", code: 4, said: []string{"less than http.request_timeout, 5s"}},
		{name: "each rule of its own", command: "about --set memory_limit=1KiB --set api.docs=ON --set api.depth=0 --set telemetry.max_series=0 --set db.pool.wait=9s --set db.statement_timeout=9s", code: 4,
			said: []string{"has 6 problems", "--set  telemetry.max_series  got 0, want 1 or more\n", "auto, or at least 16MiB", "auto, on or off", "1 to 1000", "less than http.request_timeout"}},
		{name: "unknown word", command: "about --set api.docs=oof --set telemetry.logs.level=loud --set telemetry.logs.format=jsno --set http.compress=gzip,brr", code: 4, said: []string{"has 4 problems",
			`api.docs               got "oof", want auto, on or off; did you mean off?`, `telemetry.logs.level   got "loud", want debug, info, warn or error` + "\n",
			`telemetry.logs.format  got "jsno", want auto, json or text; did you mean json?`, `http.compress          got "brr", want zstd, br or gzip; did you mean br?`}},
		{name: "driver that is not compiled in", command: "serve --set db.driver=postgres", code: 4, said: []string{"error: --set  db.driver  driver postgres is not compiled in: sqlite\n"}},
		{name: "driver and address that are not there", command: "serve --profile server", without: "APP_DB__DSN", code: 4, said: []string{
			"error: the configuration has 2 problems\n  embedded:profiles/server.yaml:3  db.driver  driver postgres is not compiled in: sqlite\n  embedded:profiles/server.yaml:4  db.dsn     is not set, "}},
		{name: "no keys and no driver", command: "serve --profile server", without: "APP_KEYS", code: 4, said: []string{"has 2 problems", "there are no keys", "driver postgres is not compiled in"}},
		{name: "address of another database", command: "migrate status", environ: []string{"DATABASE_URL=postgres://u:hush@db/x"}, without: "APP_DB__DSN", code: 4, said: []string{"error: env DATABASE_URL  db.dsn  is an address and not a file"}},
		{name: "no keys", command: "serve", without: "APP_KEYS", code: 4, said: []string{"there are no keys", "\nnext:  prog keys new\n"}},
		{name: "no keys in mode test", command: "serve --mode test", without: "APP_KEYS", code: 4, said: []string{"there are no keys"}},
		{name: "empty keys", command: "serve", environ: []string{"APP_KEYS="}, code: 4, said: []string{"there are no keys"}},
		{name: "short key", command: "serve", environ: []string{"APP_KEYS=c2hvcnQ"}, code: 4, said: []string{"APP_KEYS: key 1 of 1 has 5 bytes, want 32", "\nnext:  prog keys new\n"}},
		{name: "key file that is not there", command: "serve", environ: []string{"APP_KEYS_FILE=" + m.dir + "/none"}, without: "APP_KEYS", code: 4, said: []string{"APP_KEYS_FILE: there is no key file", "\nnext:  prog keys new\n"}},
		{name: "keys twice", command: "serve", environ: []string{"APP_KEYS_FILE=" + m.dir + "/none"}, code: 4, said: []string{"both APP_KEYS and APP_KEYS_FILE are set"}},
		{name: "no keys and a wrong setting", command: "serve --addr nowhere", without: "APP_KEYS", code: 4, said: []string{"has 2 problems", "there are no keys", "http.addr"}},
		{name: "short token", command: "serve", environ: []string{"APP_HTTP__OPS_TOKEN=1234"}, code: 4, said: []string{"http.ops_token", "at least 20 characters"}},

		{name: "folder that cannot be made", command: "migrate up --mode test --set db.dsn=file:" + file + "/data/app.db", code: 5, said: []string{"create the folder of the database", "not a directory", "\nnext:  prog config show --origin db --mode test --set db.dsn=••••\n"}},
		{name: "folder that cannot be made, serving", command: "serve --mode test --set db.dsn=file:" + file + "/data/app.db", code: 5, said: []string{"create the folder of the database", "\nnext:  prog config show --origin db --mode test --set db.dsn=••••\n"}},
		{name: "folder instead of a file", command: "serve --mode test --set db.dsn=file:" + m.dir, code: 5, said: []string{"is a directory"}},
		{name: "file that is no database", command: "serve --mode test --set db.dsn=file:" + file, code: 5, said: []string{file, "file is not a database"}},

		{name: "port that is taken", command: "serve --mode test --addr " + busy, code: 6, said: []string{"http.addr", "address already in use", "\nnext:  stop the other process, or choose other ports: --addr, --ops-addr\n"}},
		{name: "ops port that is taken", command: "serve --mode test --ops-addr " + busy, code: 6, said: []string{"http.ops_addr", "address already in use"}},
		{name: "address of another machine", command: "serve --mode test --addr 192.0.2.1:0", code: 1, said: []string{"http.addr", "\nnext:  choose another address"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := m.on(t)
			m.environ = append(m.environ, c.environ...)
			r := m.without(c.without).run(strings.Fields(c.command)...).want(c.code, c.said...)
			if r.out != "" {
				t.Errorf("standard output holds %s", r.out)
			}
			if strings.Contains(r.err, "hush") {
				t.Errorf("it shows a password: %s", r.err)
			}
		})
	}
}

// Nothing at all is asked for help, and gets it.
func TestHelp(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	help := m.run().want(0).out
	for _, args := range [][]string{{"help"}, {"--help"}, {"-h"}} {
		if got := m.run(args...).want(0).out; got != help {
			t.Errorf("%v: %s\nwant %s", args, got, help)
		}
	}
	// That of a command is had in each of these ways, whatever else stands there.
	help = m.run("migrate", "up", "--help").want(0).out
	for _, args := range []string{"help migrate up", "--help migrate up", "migrate --help up", "-q migrate up -h", "migrate up now --help"} {
		if got := m.run(strings.Fields(args)...).want(0).out; got != help {
			t.Errorf("%v: %s\nwant %s", args, got, help)
		}
	}
	m.untouched("help")
}

// What is wrong with the code of an application is no fault of its configuration.
func TestRouteThatIsWrong(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	nothing := func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }
	m.program = program(variant{routes: []api.Route{api.Delete("/x", nothing, api.Op{ID: "x", Summary: "X"})}})
	m.run("serve").want(1, "error: route DELETE /api/v1/notes/x", `write Auth: api.PublicWrite("the reason") into its api.Op`)
}
