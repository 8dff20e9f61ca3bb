package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/banyan-go/banyan/configs"
	"github.com/banyan-go/banyan/modules"
	"github.com/banyan-go/banyan/platform/app"
	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/keyring"
	"github.com/banyan-go/banyan/platform/servertest"
)

// Whatever is wrong with the configuration, the process ends with exit code 4 and says which key, where, what was found and what is wanted,
// before it listens and before it makes a file. The addresses of this one are taken: one that listened would end with exit code 6.
func TestServeRefusesBadConfiguration(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	for _, c := range []struct {
		name    string
		base    string // configs/base.yaml
		environ string
		args    string
		files   map[string]string // beside configs
		want    []string
	}{
		{name: "unknown key", base: "db:\n  drivr: sqlite\n", want: []string{"configs/base.yaml:2  db.drivr  unknown key, did you mean db.driver?"}},
		{name: "unknown key below another section", base: "busy_timeout: 1s\n", want: []string{"configs/base.yaml:1  busy_timeout  unknown key, did you mean db.sqlite.busy_timeout?"}},
		{name: "unknown section", base: "htpp:\n  addr: x\n", want: []string{"configs/base.yaml:1  htpp  unknown key, did you mean http?"}},
		{name: "unknown variable", environ: "APP_HTTP__ADRR=:80", want: []string{"env APP_HTTP__ADRR  http.adrr  unknown key, did you mean APP_HTTP__ADDR?"}},
		{name: "wrong type", base: "api:\n  depth: deep\n", want: []string{`configs/base.yaml:2  api.depth  got "deep", want a whole number; decimal digits only, without leading zeros`}},
		{name: "quoted number", base: "phase: \"2\"\n", want: []string{`configs/base.yaml:1  phase  got "2", want a whole number; remove the quotes`}},
		{name: "duration without a unit", base: "db:\n  slow: 10\n", want: []string{`configs/base.yaml:2  db.slow  got "10", want a duration; needs a unit, 10s for instance`}},
		{name: "automatic duration without a unit", environ: "APP_HTTP__DRAIN=10", want: []string{`env APP_HTTP__DRAIN  http.drain  "10" is not accepted, needs a unit, 10s for instance; or write auto`}},
		{name: "decimal size", base: "http:\n  body_limit: 10MB\n", want: []string{`configs/base.yaml:2  http.body_limit  "10MB" is not accepted, write 10MiB (1,048,576 bytes each) or the exact number with B, 10000000B`}},
		{name: "no connections", base: "db:\n  pool:\n    max_open: 0\n", want: []string{"configs/base.yaml:3  db.pool.max_open  got 0, want auto or a number from 1 to 1000"}},
		{name: "less than none", args: "--set db.pool.max_open=-8", want: []string{"--set  db.pool.max_open  got -8, want auto or a number from 1 to 1000"}},
		{name: "port out of range", args: "--addr :70000", want: []string{"--set  http.addr  got :70000, want a port from 0 to 65535; 0 takes a free one"}},
		{name: "no port", environ: "PORT=http", want: []string{"env PORT  http.addr  got :http, want a port from 0 to 65535; 0 takes a free one"}},
		{name: "two listeners on one port", args: "--addr :9090 --ops-addr 127.0.0.1:9090", want: []string{"--set  http.ops_addr  got 127.0.0.1:9090, want another port than http.addr, :9090"}},
		{name: "duplicate key", base: "phase: 1\ndb: {}\nphase: 2\n", want: []string{"configs/base.yaml:3  phase  duplicate key, first set on line 1"}},
		{name: "tab", base: "db:\n\tslow: 1s\n", want: []string{"configs/base.yaml:2  got a tab in the indentation, want spaces"}},
		{name: "empty variable", environ: "APP_DB__SLOW=", want: []string{"env APP_DB__SLOW  db.slow  an empty value, give one or unset the variable"}},
		{name: "two variables for a key", environ: "APP_DB__DSN=x APP_DB__DSN_FILE=y", want: []string{"env APP_DB__DSN_FILE  db.dsn  APP_DB__DSN sets it too, unset one of the two"}},
		{name: "NUL in a secret", environ: "APP_DB__DSN_FILE=dsn", files: map[string]string{"dsn": "file:hush\x00"}, want: []string{"env APP_DB__DSN_FILE  db.dsn  got ••••, want one line without NUL, CR or LF"}},
		{name: "lines in a secret", environ: "APP_HTTP__OPS_TOKEN_FILE=token", files: map[string]string{"token": "hush\r\nhush\r\n"}, want: []string{"env APP_HTTP__OPS_TOKEN_FILE  http.ops_token  got ••••, want one line without NUL, CR or LF"}},
		{name: "short secret", environ: "APP_HTTP__OPS_TOKEN=hush", want: []string{"env APP_HTTP__OPS_TOKEN  http.ops_token  got ••••, want at least 20 characters in mode prod, or nothing"}},
		{name: "token that everybody guesses", environ: "APP_HTTP__OPS_TOKEN=changeme-changeme-hush", want: []string{"env APP_HTTP__OPS_TOKEN  http.ops_token  got ••••, want a token of your own in mode prod, drawn at random: openssl rand -hex 20"}},
		{name: "key that everybody guesses", environ: "APP_KEYS=" + strings.Repeat("A", 43), want: []string{"APP_KEYS: key 1 of 1 was not drawn at random: make one with the command \"keys new\""}},
		{name: "keys in two places", environ: "APP_KEYS_FILE=keys", want: []string{"both APP_KEYS and APP_KEYS_FILE are set: keep one"}},
		{name: "short key", environ: "APP_KEYS=aHVzaA", want: []string{"APP_KEYS: key 1 of 1 has 4 bytes, want 32: make one with the command \"keys new\""}},
		{name: "file that is not there", environ: "APP_DB__DSN_FILE=hush", want: []string{"env APP_DB__DSN_FILE  db.dsn  its file cannot be read, no such file or directory"}},
		{name: "folder that is not there", args: "--config conf", want: []string{"conf  is not a folder that can be read, name the folder that holds base.yaml"}},
		{name: "unknown profile", args: "--profile replicatd", want: []string{`--profile  profile  got "replicatd", want cached, replicated, sharded, single; did you mean replicated?`}},
		{name: "unknown profile in the environment", environ: "APP_PROFILE=big", want: []string{`env APP_PROFILE  profile  got "big", want cached, replicated, sharded, single`}},
		{name: "proxies everywhere", base: "http:\n  proxies:\n    - 0.0.0.0/0\n", want: []string{"configs/base.yaml:2  http.proxies  got 0.0.0.0/0, want the networks of your proxies: from everywhere, any client could say that it is another one"}},
		{name: "no network", base: "http:\n  proxies: [10.0.0.0/33]\n", want: []string{`configs/base.yaml:2  http.proxies  "10.0.0.0/33" is not accepted, want an address such as 10.0.0.1 or a network such as 10.0.0.0/8`}},
		{name: "stop that does not fit", base: "http:\n  grace: 20s\n  drain: 10s\n", args: "--set http.drain=10s", want: []string{"configs/base.yaml:2  http.grace  got 20s, want at least http.drain and http.in_flight together, 25s"}},
		{name: "statement longer than its request", base: "db:\n  statement_timeout: 5s\n", want: []string{"configs/base.yaml:2  db.statement_timeout  got 5s, want less than http.request_timeout, 5s"}},
		{name: "lease that ends before its request", base: "idempotency:\n  lease: 5s\n", want: []string{"configs/base.yaml:2  idempotency.lease  got 5s, want more than http.request_timeout, 5s"}},
		{name: "retention shorter than a lease", base: "idempotency:\n  retention: 10s\n", want: []string{"configs/base.yaml:2  idempotency.retention  got 10s, want idempotency.lease, 15s, to 2160h"}},
		{name: "wait longer than its statement", base: "db:\n  pool:\n    wait: 3s\n", want: []string{"configs/base.yaml:3  db.pool.wait  got 3s, want at most db.statement_timeout, 2s, which the wait of a read is part of"}},
		{name: "unknown word", base: "telemetry:\n  logs:\n    format: jsno\n", want: []string{`configs/base.yaml:3  telemetry.logs.format  got "jsno", want auto, json or text; did you mean json?`}},
		{name: "phase that there is not", environ: "APP_PHASE=5", want: []string{"env APP_PHASE  phase  got 5, want 1 to 4"}},
		{name: "several processes on one file", environ: "APP_INSTANCES=2", want: []string{
			"env APP_INSTANCES  instances  got 2, want 1 with db.driver sqlite, whose file stands on the disk of one machine; or a database server"}},
		{name: "sessions of one process and several of them", args: "--set limits.enabled=false", base: "instances: 2\nsession:\n  store: memory\n", environ: "DATABASE_URL=postgres://u:hush@db/x APP_DB__DRIVER=postgres", want: []string{
			`configs/base.yaml:3  session.store  got "memory", want db or redis with more than one instance: each would know its own sessions alone`}},
		{name: "sessions that are idle for longer than they last", base: "session:\n  ttl: 800h\n", want: []string{"configs/base.yaml:2  session.ttl  got 800h0m0s, want from 1s to session.absolute, 720h0m0s"}},
		{name: "sessions that end before anybody notes them", base: "session:\n  ttl: 5m\n", want: []string{"built-in  session.touch  got 5m0s, want 0 or more, and less than session.ttl, 5m0s"}},
		{name: "sessions in a place that is not compiled in", args: "--set session.store=cookie", want: []string{`--set  session.store  "cookie" is not compiled in, one of db, memory, redis (drivers.go)`}},
		{name: "no process", base: "instances: 0\n", want: []string{"configs/base.yaml:1  instances  got 0, want 1 to 10000"}},
		{name: "driver that is not compiled in", args: "--set db.driver=mysql", want: []string{"--set  db.driver  driver mysql is not compiled in: postgres, sqlite"}},
		{name: "server without an address", args: "--profile cached", want: []string{
			"configs/profiles/cached.yaml:5   db.dsn       is not set, put the address of the database into APP_DB__DSN, or into a file that APP_DB__DSN_FILE names",
			"configs/profiles/cached.yaml:10  redis.state  is not set, and session.store is redis, put the address of the server into REDIS_URL, or into a file that APP_REDIS__STATE_FILE names"}},
		{name: "sessions in a Redis that there is not", environ: "DATABASE_URL=postgres://u@db/x", args: "--profile cached", want: []string{
			"configs/profiles/cached.yaml:10  redis.state  is not set, and session.store is redis, put the address of the server into REDIS_URL, or into a file that APP_REDIS__STATE_FILE names"}},
		{name: "limits in a Redis that there is not", environ: "APP_LIMITS__STORE=redis", want: []string{
			"built-in  redis.state  is not set, and limits.store is redis, put the address of the server into REDIS_URL, or into a file that APP_REDIS__STATE_FILE names"}},
		{name: "address of another database", environ: "DATABASE_URL=postgres://u:hush@db/x", want: []string{"env DATABASE_URL  db.dsn  is an address and not a file: it is one of PostgreSQL, and the profile is one of SQLite; " +
			"choose --profile cached or APP_PROFILE=cached, or another db.driver"}},
		{name: "Redis by the name of another scheme", environ: "REDIS_URL=http://u:hush@redis:6379", want: []string{
			"env REDIS_URL  redis.state  got ••••, want redis://user:password@host:6379/0, rediss:// for TLS, or unix:///run/redis.sock; this one begins with something else"}},
		{name: "Redis without a host", environ: "REDIS_CACHE_URL=redis://:hush@:6379", want: []string{
			"env REDIS_CACHE_URL  redis.cache  got ••••, want redis://user:password@host:6379/0, rediss:// for TLS, or unix:///run/redis.sock; this one has no host"}},
		{name: "Redis with limits of its own", environ: "REDIS_URL=redis://u:hush@redis?read_timeout=1h", want: []string{
			"env REDIS_URL  redis.state  got ••••, want redis://user:password@host:6379/0, rediss:// for TLS, or unix:///run/redis.sock; this one has settings behind it, which are keys of the section redis here"}},
		{name: "one Redis that is to be two", environ: "REDIS_URL=redis://u:hush@redis:6379/0 REDIS_CACHE_URL=redis://redis/1", want: []string{
			"env REDIS_CACHE_URL  redis.cache  got ••••, want another server than redis.state, since the databases of one share its memory; or nothing, which is that server"}},
		{name: "Redis that is waited for longer than a request lasts", base: "redis:\n  timeout: 5s\n", want: []string{"configs/base.yaml:2  redis.timeout  got 5s, want less than http.request_timeout, 5s"}},
		{name: "misspelt key of Redis", base: "redis:\n  stat: x\n", want: []string{"configs/base.yaml:2  redis.stat  unknown key, did you mean redis.state?"}},
		{name: "everything at once", base: "db:\n  drivr: x\n  slow: 10\n", environ: "APP_PHASE= APP_DB__DNS=hush", args: "--set http.adr=x", want: []string{
			"configs/base.yaml:2  db.drivr  unknown key, did you mean db.driver?",
			`configs/base.yaml:3  db.slow   got "10", want a duration; needs a unit, 10s for instance`,
			"env APP_DB__DNS      db.dns    unknown key, did you mean APP_DB__DSN?",
			"env APP_PHASE        phase     an empty value, give one or unset the variable",
			"--set                http.adr  unknown key, did you mean http.addr?"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t).without("APP_HTTP__ADDR").without("APP_HTTP__OPS_ADDR").without("APP_HTTP__DRAIN")
			m.configure()
			m.write("configs/base.yaml", c.base)
			m.write("configs/profiles/single.yaml", "http:\n  addr: "+taken.Addr().String()+"\n")
			for name, text := range c.files {
				m.write(name, text)
			}
			before := m.tree()
			m.environ = append(m.environ, strings.Fields(c.environ)...)
			p := m.launch(append([]string{"serve", "--config", "configs"}, strings.Fields(c.args)...)...)
			if code := p.wait(); code != 4 || p.out.String() != "" {
				t.Errorf("exit code %d, want 4; standard output %s", code, p.out)
			}
			want := c.want[0]
			if n := len(c.want); n > 1 {
				want = fmt.Sprintf("the configuration has %d problems\n  %s", n, strings.Join(c.want, "\n  "))
			}
			if printed, _, _ := strings.Cut(p.err.String(), "next:  "); printed != "error: "+want+"\n" {
				t.Errorf("it says\n%swant\nerror: %s", p.err, want)
			}
			if after := m.tree(); after != before {
				t.Errorf("the folder held\n%s\nand holds\n%s", before, after)
			}
		})
	}
}

// A file that cannot be read is named: what belongs to the configuration by its path, what holds a secret by its variable.
func TestFilesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	const dsn = "env APP_DB__DSN_FILE  db.dsn  its file cannot be read, "
	for name, c := range map[string]struct {
		spoil func(path func(string) string) error
		want  string
	}{
		"no base": {func(path func(string) string) error { return os.Remove(path("configs/base.yaml")) },
			"configs/base.yaml  cannot be read, no such file or directory"},
		"base that nobody may read": {func(path func(string) string) error { return os.Chmod(path("configs/base.yaml"), 0) },
			"configs/base.yaml  cannot be read, permission denied"},
		"profile that is a folder": {func(path func(string) string) error {
			return errors.Join(os.Remove(path("configs/profiles/single.yaml")), os.Mkdir(path("configs/profiles/single.yaml"), 0o755))
		}, "configs/profiles/single.yaml  cannot be read, not a regular file"},
		"profile that is a pipe": {func(path func(string) string) error {
			return errors.Join(os.Remove(path("configs/profiles/single.yaml")), syscall.Mkfifo(path("configs/profiles/single.yaml"), 0o600))
		}, "configs/profiles/single.yaml  cannot be read, not a regular file"},
		"secret that nobody may read": {func(path func(string) string) error { return os.Chmod(path("dsn"), 0) }, dsn + "permission denied"},
		"no secret":                   {func(path func(string) string) error { return os.Remove(path("dsn")) }, dsn + "no such file or directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, "APP_DB__DSN_FILE=dsn")
			m.configure()
			m.write("dsn", "file:data/app.db")
			if err := c.spoil(func(file string) string { return filepath.Join(m.dir, file) }); err != nil {
				t.Fatal(err)
			}
			before := m.tree()
			program := []string{os.Args[0]}
			if os.Geteuid() == 0 { // for whom the modes of files hold only without this power
				setpriv := servertest.Need(t, servertest.Program{Name: "setpriv", Debian: "util-linux"})
				program = []string{setpriv, "--bounding-set=-dac_override,-dac_read_search", os.Args[0]}
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience) // a pipe that is opened waits for a writer
			defer cancel()
			cmd := exec.CommandContext(ctx, program[0], append(program[1:], "serve", "--config", "configs")...)
			cmd.Dir, cmd.Env = m.dir, m.environ
			out, _ := cmd.CombinedOutput() // the exit code is below
			if code := cmd.ProcessState.ExitCode(); code != 4 || !strings.HasPrefix(string(out), "error: "+c.want+"\n") {
				t.Errorf("exit code %d, want 4: %s", code, out)
			}
			if after := m.tree(); after != before {
				t.Errorf("the folder held\n%s\nand holds\n%s", before, after)
			}
		})
	}
}

// What is not as safe as it should be is served with, and told: some platforms mount secrets so that everybody may read them.
func TestSecretFilesThatEverybodyReads(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "APP_DB__DSN_FILE=dsn", "APP_HTTP__OPS_TOKEN_FILE=token", "APP_KEYS_FILE=keys").without("APP_KEYS")
	for name, text := range map[string]string{"dsn": "file:data/app.db", "token": "a-token-of-the-operators", "keys": keyring.NewKey()} {
		m.write(name, text+"\n")
		if err := os.Chmod(filepath.Join(m.dir, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	code, printed := m.run("serve", "--dry-run")
	for _, want := range []string{
		"warning: env APP_DB__DSN_FILE: everyone on this machine may read its file; chmod 600 it\n",
		"warning: env APP_HTTP__OPS_TOKEN_FILE: everyone on this machine may read its file; chmod 600 it\n",
		"warning: key file keys is open to every user of this machine (mode 0644): run \"chmod 600 keys\"\n",
	} {
		if code != 0 || !strings.Contains(printed, want) {
			t.Errorf("exit code %d, want %s%s", code, want, printed)
		}
	}
}

// Files whose lines end in CR LF are read like others, and what is wrong in them is on the line where an editor shows it.
func TestConfigurationWithCRLF(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "APP_DB__DSN_FILE=dsn")
	m.configure()
	m.write("dsn", "file:data/app.db\r\n")
	for _, name := range []string{"configs/base.yaml", "configs/profiles/single.yaml"} {
		text, err := os.ReadFile(filepath.Join(m.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		m.write(name, strings.ReplaceAll(string(text), "\n", "\r\n"))
	}
	if code, printed := m.run("serve", "--dry-run", "--config", "configs"); code != 0 {
		t.Errorf("exit code %d: %s", code, printed)
	}
	m.write("configs/base.yaml", "# Ours.\r\n\r\ndb:\r\n  slow: 10\r\n")
	if code, printed := m.run("serve", "--config", "configs"); code != 4 || !strings.Contains(printed, `configs/base.yaml:4  db.slow  got "10", want a duration`) {
		t.Errorf("exit code %d: %s", code, printed)
	}
}

// Without anything wrong the address that is taken is what ends it: the test above could not see a process that listens first.
func TestSoundConfigurationIsListenedWith(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	m := newMachine(t, "APP_HTTP__ADDR="+taken.Addr().String())
	m.configure()
	if code, printed := m.run("serve", "--config", "configs"); code != 6 || !strings.Contains(printed, "address already in use") {
		t.Errorf("exit code %d: %s", code, printed)
	}
}

// configure gives the machine the configuration files of the application, to change.
func (m *machine) configure() {
	m.t.Helper()
	if err := os.CopyFS(filepath.Join(m.dir, "configs"), configs.Files); err != nil {
		m.t.Fatal(err)
	}
}

// write writes a file into the folder of the machine.
func (m *machine) write(name, text string) {
	m.t.Helper()
	if err := os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o600); err != nil {
		m.t.Fatal(err)
	}
}

// tree returns the paths and sizes of what is in the folder of the machine.
func (m *machine) tree() string {
	m.t.Helper()
	var all strings.Builder
	if err := filepath.WalkDir(m.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil {
			fmt.Fprintln(&all, path, info.Mode(), info.Size(), info.ModTime())
		}
		return err
	}); err != nil {
		m.t.Fatal(err)
	}
	return all.String()
}

// Where config show says that a value comes from, there it is: each layer sets a key of its own, below those that a layer above sets.
func TestOriginsAreTrue(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "PORT=8123", "DATABASE_URL=file:data/x.db", "APP_DB__SLOW=3s", "APP_HTTP__OPS_TOKEN_FILE=token")
	m = m.without("APP_HTTP__ADDR").without("APP_HTTP__OPS_ADDR").without("APP_HTTP__DRAIN")
	m.configure()
	m.write("token", "a-token-of-the-operators\n")
	m.write("configs/base.yaml", "\ntelemetry:\n  # a comment\n  max_series: 10\nphase: 2\napi:\n  depth: 10\ndb:\n  slow: 1s\n")
	m.write("configs/profiles/single.yaml", "phase: 3\n\ndb:\n  dsn: file:data/y.db\n  pool: {max_open: 5}\napi:\n  depth: 11\n")
	m.write("configs/local.yaml", "api:\n\n  depth: 12\nhttp:\n  compress:\n    - gzip\n")
	show := func(mode string) map[string]config.Setting {
		code, printed := m.run("config", "show", "--json", "--mode", mode, "--config", "configs", "--set", "db.statement_timeout=4s")
		var all []config.Setting
		if err := json.Unmarshal([]byte(printed), &all); err != nil || code != 0 {
			t.Fatalf("exit code %d, %v: %s", code, err, printed)
		}
		byKey := map[string]config.Setting{}
		for _, s := range all {
			byKey[s.Key] = s
		}
		return byKey
	}
	want := map[string][2]string{
		"telemetry.max_series": {"10", "configs/base.yaml:4"},
		"phase":                {"3", "configs/profiles/single.yaml:1"},
		"db.pool.max_open":     {"5", "configs/profiles/single.yaml:5"},
		"api.depth":            {"12", "configs/local.yaml:3"},
		"http.compress":        {"gzip", "configs/local.yaml:5"},
		"http.addr":            {":8123", "env PORT"},
		"db.dsn":               {"••••", "env DATABASE_URL"},
		"db.slow":              {"3s", "env APP_DB__SLOW"},
		"http.ops_token":       {"••••", "env APP_HTTP__OPS_TOKEN_FILE"},
		"db.statement_timeout": {"4s", "--set"},
		"limits.default":       {"off", "env APP_LIMITS__DEFAULT"},
	}
	for key, s := range show("dev") {
		value, origin := s.Default, "built-in"
		if w, ok := want[key]; ok {
			value, origin = w[0], w[1]
		}
		if s.Value != value || s.Origin != origin {
			t.Errorf("%s is %s from %s, want %s from %s", key, s.Value, s.Origin, value, origin)
		}
	}
	if s := show("prod")["api.depth"]; s.Value != "11" || s.Origin != "configs/profiles/single.yaml:7" {
		t.Errorf("in mode prod local.yaml does not count: %+v", s)
	}
}

// Every key can be set by its variable, also one that no file has.
func TestEveryKeyHasItsVariable(t *testing.T) {
	t.Parallel()
	cfg := Config{Config: app.Default(), Modules: modules.Default()}
	builtIn, err := config.Load(&cfg, config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	unlike := map[string]string{"db.dsn": "file:x.db", "http.ops_token": "a-token-of-the-operators", "http.cors.origins": "https://shop.example.com", "http.hosts": "shop.example.com",
		"mail.from": "shop@example.com", "mail.smtp.address": "mail.example.com:587", "mail.smtp.user": "shop", "mail.smtp.password": "hush",
		"redis.state": "redis://state", "redis.cache": "redis://cache", "redis.prefix": "shop", "assets.base_url": "https://cdn.example.com",
		"cdn.vendor": "varnish", "cdn.caches": "http://10.0.0.5:6081", "cdn.token": "hush",
		"modules.accounts.user.site": "https://shop.example.com", "modules.accounts.user.admins": "anna@example.com"} // secret, or empty
	var environ []string
	for _, s := range builtIn.Settings() {
		value := s.Value
		if other := unlike[s.Key]; other != "" {
			value = other
		}
		environ = append(environ, variable(s.Key)+"="+value)
	}
	loaded, err := config.Load(&cfg, config.Options{Environ: environ})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range loaded.Settings() {
		if s.Origin != "env "+variable(s.Key) {
			t.Errorf("%s comes from %s", s.Key, s.Origin)
		}
	}
}

// variable returns the name of the variable that sets a key.
func variable(key string) string {
	return "APP_" + strings.ToUpper(strings.ReplaceAll(key, ".", "__"))
}

// BenchmarkConfiguration is how long it takes to judge a configuration: what is loaded at a start, for each profile and with a mistake in
// each layer, and a whole process that refuses to serve. The last one has 100 ms for it.
func BenchmarkConfiguration(b *testing.B) {
	load := func(b *testing.B, o config.Options, sound bool) {
		o.Embedded = configs.Files
		b.ReportAllocs()
		for b.Loop() {
			cfg := Config{Config: app.Default(), Modules: modules.Default()}
			if _, err := config.Load(&cfg, o); (err == nil) != sound {
				b.Fatal(err)
			}
		}
	}
	for _, profile := range []string{"single", "cached", "replicated", "sharded"} {
		b.Run(profile, func(b *testing.B) { load(b, config.Options{Profile: profile, Environ: os.Environ()}, true) })
	}
	b.Run("refused", func(b *testing.B) {
		load(b, config.Options{Environ: []string{"APP_DB__DNS=x", "APP_PHASE="}, Set: []string{"http.adr=x", "db.slow=10"}}, false)
	})
	b.Run("process", func(b *testing.B) {
		for b.Loop() {
			cmd := exec.CommandContext(b.Context(), os.Args[0], "serve", "--set", "db.slow=10")
			cmd.Env, cmd.Dir = []string{asApplication + "=1"}, b.TempDir()
			if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != 4 {
				b.Fatalf("%v: %s", cmd.ProcessState, out)
			}
		}
	})
}
