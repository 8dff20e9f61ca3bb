package config_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/banyan-go/banyan/platform/config"
)

// settings is an application's configuration with every type that a field may have.
type settings struct {
	Common `config:",squash"`
	HTTP   httpSettings      `config:"http"`
	DB     dbSettings        `config:"db"`
	Queue  queueSettings     `config:"queue"`
	Shards map[string]string `config:"shards" secret:"true" doc:"Where each shard is."`
	Hidden func()            `config:"-"`
	note   string
}

// Common is what every application has.
type Common struct {
	Roles []string `config:"roles" doc:"What the process does."`
}

type httpSettings struct {
	Addr      string        `config:"addr" doc:"Address to listen on."`
	Timeout   time.Duration `config:"timeout"`
	BodyLimit size          `config:"body_limit"`
	Proxies   []string      `config:"proxies"`
	Docs      bool          `config:"docs"`
	Port      uint16        `config:"port"`
	Retries   []int8        `config:"retries"`
}

type dbSettings struct {
	Driver driver       `config:"driver"`
	DSN    string       `config:"dsn" secret:"true" doc:"Where the database is."`
	Pin    int          `config:"pin" secret:"true"`
	Salt   size         `config:"salt" secret:"true"`
	Share  float64      `config:"share"`
	Pool   poolSettings `config:"pool"`
}

type driver string

type poolSettings struct {
	MaxOpen int `config:"max_open"`
	MaxIdle int `config:"max_idle"`
}

// Validate holds rules about the pool's own fields.
func (c poolSettings) Validate(r *config.Report) {
	if c.MaxIdle > c.MaxOpen {
		r.Add("max_idle", strconv.Itoa(c.MaxIdle), fmt.Sprintf("at most db.pool.max_open (%d)", c.MaxOpen))
	}
}

// Validate holds rules about fields below it and about secrets.
func (c *dbSettings) Validate(r *config.Report) {
	if c.Pool.MaxOpen < 1 {
		r.Add("pool.max_open", strconv.Itoa(c.Pool.MaxOpen), "1 or more")
	}
	if r.Mode() == config.Prod && c.DSN == "change-me" {
		r.Add("dsn", c.DSN, "a data source name of your own")
	}
}

type queueSettings struct {
	Workers map[string]int `config:"workers" doc:"How many jobs of a queue run at a time."`
	Poll    time.Duration  `config:"poll"`
}

// size is a number of KiB with its unit, as a type of another package might be.
type size int

func (s *size) UnmarshalText(b []byte) error {
	n, err := strconv.Atoi(strings.TrimSuffix(string(b), "KiB"))
	if err != nil || !strings.HasSuffix(string(b), "KiB") {
		return fmt.Errorf("%q: a size needs the unit KiB", b)
	}
	*s = size(n)
	return nil
}

func (s size) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%dKiB", int(s)), nil }

func defaults() settings {
	return settings{
		Common: Common{Roles: []string{"web", "worker"}},
		HTTP:   httpSettings{Addr: ":8080", Timeout: time.Minute, BodyLimit: 4096},
		DB:     dbSettings{Driver: "sqlite", DSN: "file:data/app.db", Pool: poolSettings{MaxOpen: 8, MaxIdle: 4}},
		Queue:  queueSettings{Workers: map[string]int{"default": 8}, Poll: 500 * time.Millisecond},
	}
}

// files returns embedded files with an empty base and profile, and those given on top.
func files(pathsAndTexts ...string) fstest.MapFS {
	m := fstest.MapFS{"base.yaml": {}, "profiles/single.yaml": {}}
	for i := 0; i < len(pathsAndTexts); i += 2 {
		m[pathsAndTexts[i]] = &fstest.MapFile{Data: []byte(pathsAndTexts[i+1])}
	}
	return m
}

// folder writes such files to a folder of their own.
func folder(t *testing.T, pathsAndTexts ...string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, files(pathsAndTexts...)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func load(t *testing.T, o config.Options) (settings, *config.Loaded) {
	t.Helper()
	s := defaults()
	l, err := config.Load(&s, o)
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return s, l
}

// setting returns the setting of one key.
func setting(t *testing.T, l *config.Loaded, key string) config.Setting {
	t.Helper()
	found := l.Settings(key)
	if len(found) != 1 || found[0].Key != key {
		t.Fatalf("settings of %s = %+v", key, found)
	}
	return found[0]
}

func TestEveryLayerBeatsTheOnesBelow(t *testing.T) {
	t.Parallel()
	dir := folder(t, "base.yaml", "http:\n  addr: base\n", "profiles/single.yaml", "http:\n\n  addr: profile\n", "local.yaml", "http: {addr: local}\n")
	none := files()
	o := config.Options{Mode: config.Dev}
	join := filepath.Join
	for _, step := range []struct {
		layer, origin string
		add           func()
	}{
		{":8080", "built-in", func() { o.Embedded = none }},
		{"base", "embedded:base.yaml:2", func() { o.Embedded = files("base.yaml", "http:\n  addr: base\n") }},
		{"profile", join(dir, "profiles/single.yaml") + ":3", func() {
			o.Dir = dir
			o.Mode = config.Prod // local.yaml is there and must not be read
		}},
		{"local", join(dir, "local.yaml") + ":1", func() { o.Mode = config.Dev }},
		{"alias", "env ADDRESS", func() {
			o.Aliases = []config.Alias{{Var: "ADDRESS", Key: "http.addr"}}
			o.Environ = append(o.Environ, "ADDRESS=alias")
		}},
		{"env", "env APP_HTTP__ADDR", func() { o.Environ = append(o.Environ, "APP_HTTP__ADDR=env") }},
		{"set", "--set", func() { o.Set = append(o.Set, "http.addr=set") }},
		{"last set", "--set", func() { o.Set = append(o.Set, "http.addr=last set") }},
	} {
		step.add()
		s, l := load(t, o)
		got := setting(t, l, "http.addr")
		if s.HTTP.Addr != step.layer || got.Value != step.layer || got.Origin != step.origin {
			t.Errorf("layer %s: field %q, setting %+v, want origin %s", step.layer, s.HTTP.Addr, got, step.origin)
		}
		if got.Default != ":8080" || got.Doc != "Address to listen on." {
			t.Errorf("layer %s: default %q, doc %q", step.layer, got.Default, got.Doc)
		}
	}
}

func TestProfileIsNotReadForTheOther(t *testing.T) {
	t.Parallel()
	fsys := files("profiles/single.yaml", "roles: [a]\n", "profiles/two-2.yaml", "roles: [b]\n")
	s, _ := load(t, config.Options{Embedded: fsys, Profile: "two-2"})
	if !reflect.DeepEqual(s.Roles, []string{"b"}) {
		t.Errorf("roles = %q", s.Roles)
	}
}

func TestLocalIsNeverReadFromEmbeddedFiles(t *testing.T) {
	t.Parallel()
	s, _ := load(t, config.Options{Embedded: files("local.yaml", "roles: [local]\n"), Mode: config.Dev})
	if s.Roles[0] != "web" {
		t.Errorf("roles = %q", s.Roles)
	}
}

func TestFileSetsEveryType(t *testing.T) {
	t.Parallel()
	s, _ := load(t, config.Options{Embedded: files("base.yaml", `
roles:
  - web
http:
  timeout: 1h30m
  body_limit: 16KiB
  proxies: []
  docs: true
  port: 65535
  retries: [-1, 2]
db:
  driver: 007       # a text keeps its spelling
  dsn: yes
  pin: -0
  share: 1e-3
queue:
  workers: {mail: 2, high-prio: 3}
shards:
`)})
	want := defaults()
	want.Roles = []string{"web"}
	want.HTTP = httpSettings{Addr: ":8080", Timeout: 90 * time.Minute, BodyLimit: 16, Proxies: []string{}, Docs: true, Port: 65535, Retries: []int8{-1, 2}}
	want.DB.Driver, want.DB.DSN, want.DB.Share = "007", "yes", 0.001
	want.Queue.Workers = map[string]int{"default": 8, "mail": 2, "high-prio": 3}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
}

func TestEnvironmentSetsKeysThatNoFileHas(t *testing.T) {
	t.Parallel()
	environ := []string{
		"APP_ROLES=web, worker", "APP_HTTP__TIMEOUT=5s", "APP_HTTP__BODY_LIMIT=1KiB", "APP_HTTP__PROXIES=10.0.0.0/8", "APP_HTTP__DOCS=true",
		"APP_HTTP__PORT=1", "APP_HTTP__RETRIES=1,2", "APP_DB__DRIVER=x", "APP_DB__DSN=a=b", "APP_DB__PIN=1", "APP_DB__SHARE=0.5", "APP_DB__POOL__MAX_OPEN=9",
		"APP_QUEUE__WORKERS__MAIL=2", "APP_QUEUE__WORKERS__HIGH-PRIO=3", "APP_SHARDS__S0=x", "HOME=/", "APP_PORT=tcp://1.2.3.4", "APP_KEYS=k",
	}
	s, l := load(t, config.Options{Embedded: files(), Environ: environ, Reserved: []string{"APP_KEYS"}})
	want := defaults()
	want.Roles = []string{"web", "worker"}
	want.HTTP = httpSettings{Addr: ":8080", Timeout: 5 * time.Second, BodyLimit: 1, Proxies: []string{"10.0.0.0/8"}, Docs: true, Port: 1, Retries: []int8{1, 2}}
	want.DB = dbSettings{Driver: "x", DSN: "a=b", Pin: 1, Share: 0.5, Pool: poolSettings{MaxOpen: 9, MaxIdle: 4}}
	want.Queue.Workers = map[string]int{"default": 8, "mail": 2, "high-prio": 3}
	want.Shards = map[string]string{"s0": "x"}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
	if len(l.Warnings) != 0 {
		t.Errorf("warnings: %q", l.Warnings)
	}
}

func TestSetTakesAnEmptyText(t *testing.T) {
	t.Parallel()
	s, _ := load(t, config.Options{Set: []string{"http.addr=", "roles=", "queue.workers.mail=1"}})
	if s.HTTP.Addr != "" || s.Roles == nil || len(s.Roles) != 0 || s.Queue.Workers["mail"] != 1 {
		t.Errorf("addr %q, roles %#v, workers %v", s.HTTP.Addr, s.Roles, s.Queue.Workers)
	}
}

func TestValueFromAFile(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{"hunter2\n": "hunter2", "hunter2": "hunter2", "hunter2\r\n": "hunter2", " hunter2 \n": " hunter2 "} {
		path := filepath.Join(t.TempDir(), "dsn")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		s, l := load(t, config.Options{Environ: []string{"APP_DB__DSN_FILE=" + path, "APP_SHARDS__S0_FILE=" + path}})
		if s.DB.DSN != want || s.Shards["s0"] != want {
			t.Errorf("content %q: dsn %q, shards %q", content, s.DB.DSN, s.Shards)
		}
		if got := setting(t, l, "db.dsn"); got.Origin != "env APP_DB__DSN_FILE" || got.Value != "••••" {
			t.Errorf("setting = %+v", got)
		}
		if len(l.Warnings) != 0 {
			t.Errorf("warnings: %q", l.Warnings)
		}
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "value")
	if err := os.WriteFile(path, []byte("hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	_, l := load(t, config.Options{
		Environ:  []string{"APP_DB__DSN_FILE=" + path, "APP_HTTP__ADDR_FILE=" + path, "APP_ROELS=web", "APP_KEY=k", "APP_NAME=x"},
		Reserved: []string{"APP_KEYS"},
		Set:      []string{"db.dsn=hunter2", "http.addr=:80"},
	})
	want := []string{
		"env APP_DB__DSN_FILE: everyone on this machine may read its file; chmod 600 it",
		"env APP_KEY is no setting, did you mean APP_KEYS?",
		"env APP_ROELS is no setting, did you mean APP_ROLES?",
		"--set db.dsn: everyone on this machine sees it in the list of processes; set APP_DB__DSN_FILE",
	}
	if !reflect.DeepEqual(l.Warnings, want) {
		t.Errorf("warnings = %q\nwant %q", l.Warnings, want)
	}
}

func TestAliasMapsItsValue(t *testing.T) {
	t.Parallel()
	port := config.Alias{Var: "PORT", Key: "http.addr", Map: func(s string) (string, error) { return ":" + s, nil }}
	s, l := load(t, config.Options{Environ: []string{"PORT=3000"}, Aliases: []config.Alias{port}})
	if s.HTTP.Addr != ":3000" || setting(t, l, "http.addr").Origin != "env PORT" {
		t.Errorf("addr %q, setting %+v", s.HTTP.Addr, setting(t, l, "http.addr"))
	}
}

func TestFailureLeavesTheTargetAlone(t *testing.T) {
	t.Parallel()
	for _, o := range []config.Options{
		{Set: []string{"http.addr=x", "queue.workers.mail=1", "http.port=x"}},
		{Set: []string{"http.addr=x", "queue.workers.mail=1", "db.pool.max_open=0"}},
	} {
		s := defaults()
		l, err := config.Load(&s, o)
		if err == nil || l != nil {
			t.Fatalf("loaded %v, err %v", l, err)
		}
		if !reflect.DeepEqual(s, defaults()) {
			t.Errorf("after %v the target is %+v", err, s)
		}
	}
}

func TestSuccessLeavesTheBuiltInMapAlone(t *testing.T) {
	t.Parallel()
	s := defaults()
	workers := s.Queue.Workers
	l, err := config.Load(&s, config.Options{Set: []string{"queue.workers.default=1", "queue.workers.mail=2"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(workers) != 1 || workers["default"] != 8 {
		t.Errorf("built-in map = %v", workers)
	}
	if got := setting(t, l, "queue.workers.default"); got.Value != "1" || got.Default != "8" {
		t.Errorf("setting = %+v", got)
	}
	if got := setting(t, l, "queue.workers.mail"); got.Value != "2" || got.Default != "" {
		t.Errorf("setting = %+v", got)
	}
}

func TestSettingsAreSortedAndFiltered(t *testing.T) {
	t.Parallel()
	_, l := load(t, config.Options{Set: []string{"shards.s0=hunter2"}})
	keys := func(ss []config.Setting) string {
		var names []string
		for _, s := range ss {
			names = append(names, s.Key+"="+s.Value)
		}
		return strings.Join(names, " ")
	}
	const db = "db.driver=sqlite db.dsn=•••• db.pin=•••• db.pool.max_idle=4 db.pool.max_open=8 db.salt=•••• db.share=0"
	const http = "http.addr=:8080 http.body_limit=4096KiB http.docs=false http.port=0 http.proxies= http.retries= http.timeout=1m"
	const queue = "queue.poll=500ms queue.workers.default=8"
	if got, want := keys(l.Settings()), db+" "+http+" "+queue+" roles=web,worker shards.s0=••••"; got != want {
		t.Errorf("all:\n%s\nwant\n%s", got, want)
	}
	if got, want := keys(l.Settings("queue", "http.timeout", "htt")), "http.timeout=1m "+queue; got != want {
		t.Errorf("some: %s", got)
	}
	l.Settings()[0].Value = "changed"
	if l.Settings()[0].Value != "sqlite" {
		t.Error("a caller can change the settings")
	}
}

// Two configurations are compared by what is in force; that two secrets are not the same is seen, and nothing of them.
func TestDiff(t *testing.T) {
	t.Parallel()
	_, a := load(t, config.Options{Set: []string{"http.addr=a", "db.dsn=hunter2", "queue.workers.mail=1", "http.timeout=60s"}, Mode: config.Dev})
	_, b := load(t, config.Options{Set: []string{"http.addr=b", "db.dsn=hunter3", "roles=web,worker", "shards.s0=x"}, Mode: config.Dev})
	var got []string
	for _, d := range a.Diff(b) {
		got = append(got, fmt.Sprintf("%s %s=%s (%s) %s=%s (%s)", d.Key, d.A.Key, d.A.Value, d.A.Origin, d.B.Key, d.B.Value, d.B.Origin))
	}
	want := []string{
		"db.dsn db.dsn=•••• (--set) db.dsn=•••• (--set)",
		"http.addr http.addr=a (--set) http.addr=b (--set)",
		"queue.workers.mail queue.workers.mail=1 (--set) = ()",
		"shards.s0 = () shards.s0=•••• (--set)",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if same := a.Diff(a); same != nil {
		t.Errorf("one is different from itself: %+v", same)
	}
	if text := fmt.Sprintf("%+v", a); strings.Contains(text, "hunter2") {
		t.Errorf("it holds the secret: %s", text)
	}
}

// Who finds a problem later names the key, and gets to know where its value comes from.
func TestLocate(t *testing.T) {
	t.Parallel()
	_, l := load(t, config.Options{Embedded: files("base.yaml", "db:\n  driver: x\n")})
	found := config.Problems{{Key: "db.driver", Got: "not there"}, {Key: "db.dsn", Where: "here"}, {Key: "nothing"}}
	err := l.Locate(fmt.Errorf("build: %w", found))
	want := config.Problems{{Key: "db.driver", Where: "embedded:base.yaml:2", Got: "not there"}, {Key: "db.dsn", Where: "here"}, {Key: "nothing"}}
	if ps, _ := errors.AsType[config.Problems](err); !reflect.DeepEqual(ps, want) {
		t.Errorf("got %+v", err)
	}
	if found[0].Where != "" {
		t.Error("the problems of the caller changed")
	}
	if other := errors.New("other"); l.Locate(other) != other || l.Locate(nil) != nil {
		t.Error("another error is not returned as it is")
	}
}

func TestDurationsAreShownShort(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"0s": "0s", "90s": "1m30s", "60m": "1h", "3601s": "1h0m1s", "61m": "1h1m", "1500us": "1.5ms", "0": "0s"} {
		if _, l := load(t, config.Options{Set: []string{"http.timeout=" + in}}); setting(t, l, "http.timeout").Value != want {
			t.Errorf("%s is shown as %s, want %s", in, setting(t, l, "http.timeout").Value, want)
		}
	}
}

func TestParseMode(t *testing.T) {
	t.Parallel()
	for _, m := range []config.Mode{config.Dev, config.Test, config.Prod} {
		if got, err := config.ParseMode(string(m)); got != m || err != nil {
			t.Errorf("ParseMode(%q) = %q, %v", m, got, err)
		}
	}
	for _, s := range []string{"", "Dev", "production"} {
		if _, err := config.ParseMode(s); err == nil {
			t.Errorf("ParseMode(%q) succeeds", s)
		}
	}
}

func TestMistakesOfTheProgram(t *testing.T) {
	t.Parallel()
	type word struct {
		A string `config:"a"`
	}
	for _, c := range []struct {
		target any
		o      config.Options
		want   string
	}{
		{nil, config.Options{}, "target is <nil>, want a pointer to a struct"},
		{settings{}, config.Options{}, "target is config_test.settings, want a pointer to a struct"},
		{(*settings)(nil), config.Options{}, "target is *config_test.settings, want a pointer to a struct"},
		{&struct{ A string }{}, config.Options{}, `field struct { A string }.A has the tag config:"", want a name in lower snake case`},
		{&struct {
			A string `config:"aB"`
		}{}, config.Options{}, `has the tag config:"aB", want a name in lower snake case`},
		{&struct {
			A string `config:"a,omitempty"`
		}{}, config.Options{}, `has the tag config:"a,omitempty", want a name in lower snake case`},
		{&struct {
			A chan int `config:"a"`
		}{}, config.Options{}, ".A has the type chan int, which is not supported"},
		{&struct {
			A [][]string `config:"a"`
		}{}, config.Options{}, ".A has the type [][]string, which is not supported"},
		{&struct {
			A map[int]string `config:"a"`
		}{}, config.Options{}, ".A has the type map[int]string, which is not supported"},
		{&struct {
			A *string `config:"a"`
		}{}, config.Options{}, ".A has the type *string, which is not supported"},
		{&struct {
			A string `config:"a"`
			B int    `config:"a"`
		}{}, config.Options{}, ".B has the key a, which is taken"},
		{&struct {
			A word   `config:",squash"`
			B string `config:"a"`
		}{}, config.Options{}, ".B has the key a, which is taken"},
		{&struct {
			A word   `config:"a"`
			B string `config:"a"`
		}{}, config.Options{}, ".B has the key a, which is taken"},
		{&struct {
			A string `config:"a"`
			B word   `config:"a"`
		}{}, config.Options{}, ".B has the key a, which is taken"},
		{&struct {
			A string `config:"cert"`
			B string `config:"cert_file"`
		}{}, config.Options{}, "APP_CERT_FILE would mean two keys, cert and cert_file"},
		{&struct {
			word `config:",squash"`
		}{}, config.Options{}, `.word is not exported`},
		{&struct {
			Common `config:"common"`
		}{}, config.Options{}, `.Common has to be a struct with the tag config:",squash"`},
		{&struct {
			A string `config:",squash"`
		}{}, config.Options{}, `.A has to be a struct with the tag config:",squash"`},
		{&struct {
			A int `config:"a" enum:"1,2"`
		}{}, config.Options{}, `.A has the tag enum:"1,2", and its type int is no text`},
		{&struct {
			Workers map[string]int `config:"workers"`
		}{map[string]int{"Mail": 1}}, config.Options{}, `built-in entry "Mail" of workers has to be lower case letters and digits, joined by single _ or -`},
		{&settings{}, config.Options{Mode: "staging"}, `mode "staging" is not known: want dev, test or prod`},
		{&settings{}, config.Options{Aliases: []config.Alias{{Var: "X", Key: "db"}}}, "alias X sets db, which is not a field"},
		{&settings{}, config.Options{Reserved: []string{"APP_DB__DSN_FILE"}}, "reserved variable APP_DB__DSN_FILE would set db.dsn"},
	} {
		_, err := config.Load(c.target, c.o)
		if err == nil || !strings.HasPrefix(err.Error(), "load configuration: ") || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%T: error %v, want ...%s", c.target, err, c.want)
		}
		if _, bad := errors.AsType[config.Problems](err); bad {
			t.Errorf("%T: a mistake of the program is reported as bad input", c.target)
		}
	}
}
