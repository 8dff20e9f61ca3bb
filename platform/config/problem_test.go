package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/banyan-go/banyan/platform/config"
)

// refused loads bad input and returns its problems, a line each.
func refused(t *testing.T, o config.Options) []string {
	t.Helper()
	s := defaults()
	_, err := config.Load(&s, o)
	ps, ok := errors.AsType[config.Problems](err)
	if !ok {
		t.Fatalf("error = %v, want problems", err)
	}
	if !reflect.DeepEqual(s, defaults()) {
		t.Errorf("the target changed: %+v", s)
	}
	var lines []string
	for _, p := range ps {
		lines = append(lines, p.String())
	}
	return lines
}

func wantLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestBadFile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		base string
		want []string // without "embedded:base.yaml:"
	}{
		"unknown key":              {"db:\n  dns: x\n", []string{"2  db.dns  unknown key, did you mean db.dsn?"}},
		"unknown section":          {"queeu:\n  poll: 1s\n  pol: 1s\n", []string{"1  queeu  unknown key, did you mean queue?"}},
		"unknown, another parent":  {"http:\n  driver: x\n", []string{"2  http.driver  unknown key, did you mean db.driver?"}},
		"unknown, at the root":     {"max_open: 1\n", []string{"1  max_open  unknown key, did you mean db.pool.max_open?"}},
		"unknown, nothing like it": {"zzz: hunter2\n", []string{"1  zzz  unknown key"}},
		"unknown, upper case":      {"HTTP:\n  docs: true\n", []string{"1  HTTP  unknown key, did you mean http?"}},
		"unknown, not printable":   {"\"a\\e[31m\\n\": 1\n", []string{`1  "a\x1b[31m\n"  unknown key`}},
		"unknown, long":            {strings.Repeat("k", 100) + ": 1\n", []string{`1  "` + strings.Repeat("k", 60) + `…"  unknown key`}},
		"dotted key":               {"db.dsn: x\n", []string{"1  db.dsn  unknown key, write each part between the dots on a line of its own"}},
		"section is a value":       {"db: hunter2\n", []string{"1  db  got a single value, want keys below it; name a key below it, db.driver for instance"}},
		"section is a list":        {"db: [hunter2]\n", []string{"1  db  got a list, want keys below it; name a key below it, db.driver for instance"}},
		"map is a value":           {"queue:\n  workers: 5\n", []string{"2  queue.workers  got a single value, want keys below it; name an entry, queue.workers.NAME for instance"}},
		"value is a section":       {"http:\n  addr:\n    host: x\n", []string{"2  http.addr  got a mapping, want a text"}},
		"value is a list":          {"http:\n  addr: [a]\n", []string{"2  http.addr  got a list, want a text"}},
		"value is missing":         {"http:\n  addr:\n\n", []string{`2  http.addr  got nothing, want a text; remove the key, or write "" for an empty text`}},
		"value is null":            {"http: {port: null}\n", []string{"1  http.port  got nothing, want a whole number from 0 to 65535; remove the key"}},
		"list is a value":          {"roles: web\n", []string{`1  roles  got "web", want a list; put it in [ ]`}},
		"list is missing":          {"roles:\n", []string{"1  roles  got nothing, want a list; remove the key, or write [] for an empty list"}},
		"list is a mapping":        {"roles: {a: b}\n", []string{"1  roles  got a mapping, want a list"}},
		"list of lists":            {"roles: [[a]]\n", []string{"1  roles  got a list that holds a list, want a list"}},
		"list of mappings":         {"roles:\n- a: b\n", []string{"1  roles  got a list that holds a mapping, want a list"}},
		"elements have their lines": {"http:\n  retries:\n    - 1\n    - x\n    - 128\n", []string{
			`4  http.retries  got "x", want a whole number from -128 to 127; decimal digits only, without leading zeros`,
			`5  http.retries  got "128", want a whole number from -128 to 127; it does not fit`}},
		"entry has a bad name": {"queue:\n  workers: {Mail: 1, a__b: 1, a.b: 1}\n", []string{
			`2  queue.workers  got the name "Mail", want lower case letters and digits, joined by single _ or -`,
			`2  queue.workers  got the name "a__b", want lower case letters and digits, joined by single _ or -`,
			`2  queue.workers  got the name "a.b", want lower case letters and digits, joined by single _ or -`}},
		"entry has a bad value": {"queue:\n  workers:\n    mail: many\n", []string{`3  queue.workers.mail  got "many", want a whole number; decimal digits only, without leading zeros`}},
		"bare number":           {"http:\n  timeout: 10\n", []string{`2  http.timeout  got "10", want a duration; needs a unit, 10s for instance`}},
		"negative duration":     {"http:\n  timeout: -1s\n", []string{`2  http.timeout  got "-1s", want a duration; it cannot be negative`}},
		"duration with a sign":  {"http:\n  timeout: +1s\n", []string{`2  http.timeout  got "+1s", want a duration; write it without a sign`}},
		"quoted bare number":    {"http:\n  timeout: \"1.5\"\n", []string{`2  http.timeout  got "1.5", want a duration; needs a unit, 10s for instance`}},
		"duration of days":      {"http:\n  timeout: 1d\n", []string{`2  http.timeout  got "1d", want a duration; the units are h, m, s, ms, us and ns; a day is 24h`}},
		"size without a unit":   {"http:\n  body_limit: 10MB\n", []string{`2  http.body_limit  "10MB" is not accepted, "10MB": a size needs the unit KiB`}},
		"yes":                   {"http:\n  docs: yes\n", []string{`2  http.docs  got "yes", want true or false`}},
		"True":                  {"http:\n  docs: True\n", []string{`2  http.docs  got "True", want true or false`}},
		"quoted bool":           {"http:\n  docs: \"true\"\n", []string{`2  http.docs  got "true", want true or false; remove the quotes`}},
		"quoted number":         {"http:\n  port: '80'\n", []string{`2  http.port  got "80", want a whole number from 0 to 65535; remove the quotes`}},
		"octal":                 {"http:\n  port: 010\n", []string{`2  http.port  got "010", want a whole number from 0 to 65535; decimal digits only, without leading zeros`}},
		"octal with o":          {"http:\n  port: 0o10\n", []string{`2  http.port  got "0o10", want a whole number from 0 to 65535; decimal digits only, without leading zeros`}},
		"hexadecimal":           {"http:\n  port: 0x10\n", []string{`2  http.port  got "0x10", want a whole number from 0 to 65535; decimal digits only, without leading zeros`}},
		"underscores":           {"http:\n  port: 1_000\n", []string{`2  http.port  got "1_000", want a whole number from 0 to 65535; decimal digits only, without leading zeros`}},
		"plus":                  {"db:\n  pool: {max_open: +8}\n", []string{`2  db.pool.max_open  got "+8", want a whole number; decimal digits only, without leading zeros`}},
		"fraction":              {"db:\n  pool: {max_open: 1.5}\n", []string{`2  db.pool.max_open  got "1.5", want a whole number; decimal digits only, without leading zeros`}},
		"too large":             {"http:\n  port: 70000\n", []string{`2  http.port  got "70000", want a whole number from 0 to 65535; it does not fit`}},
		"negative":              {"http:\n  port: -1\n", []string{`2  http.port  got "-1", want a whole number from 0 to 65535; decimal digits only, without leading zeros`}},
		"not a number":          {"db:\n  share: .nan\n", []string{`2  db.share  got ".nan", want a number; decimal digits only, without leading zeros`}},
		"infinity":              {"db:\n  share: inf\n", []string{`2  db.share  got "inf", want a number; decimal digits only, without leading zeros`}},
		"hexadecimal float":     {"db:\n  share: 0x1p-2\n", []string{`2  db.share  got "0x1p-2", want a number; decimal digits only, without leading zeros`}},
		"octal float":           {"db:\n  share: 01.5\n", []string{`2  db.share  got "01.5", want a number; decimal digits only, without leading zeros`}},
		"duplicate key":         {"http:\n  docs: true\n  addr: x\n  docs: false\n", []string{"4  http.docs  duplicate key, first set on line 2"}},
		"duplicate section":     {"db: {driver: x}\nhttp: {docs: true}\ndb: {driver: y}\n", []string{"3  db  duplicate key, first set on line 1"}},
		"duplicate entry":       {"queue:\n  workers: {a: 1, \"a\": 2}\n", []string{"2  queue.workers.a  duplicate key, first set on line 2"}},
		"anchor":                {"http:\n  addr: &a x\n", []string{"2  http.addr  an anchor (&) or alias (*), write the value out, or put it in quotes"}},
		"alias":                 {"roles: [&a x, *a]\n", []string{"1  roles  an anchor (&) or alias (*), write the value out, or put it in quotes"}},
		"alias of an unknown key": {"zzz: &a x\nhttp:\n  addr: *a\n", []string{
			"1  zzz  unknown key",
			"3  http.addr  an anchor (&) or alias (*), write the value out, or put it in quotes"}},
		"alias to itself":        {"http: &a\n  addr: *a\n", []string{"1  http  an anchor (&) or alias (*), write the value out, or put it in quotes"}},
		"alias of nothing":       {"http:\n  docs: true\n  addr: *hunter2\n", []string{"3  an anchor (&) or alias (*), write the value out, or put it in quotes"}},
		"merge key":              {"http:\n  <<: {docs: true}\n", []string{"2  http  got a key that is no word, want a plain key"}},
		"tag":                    {"http:\n  addr: !!str 8080\n", []string{"2  http.addr  a tag (!), write the value without it, or put it in quotes"}},
		"binary":                 {"db:\n  dsn: !!binary aHVudGVyMg==\n", []string{"2  db.dsn  a tag (!), write the value without it, or put it in quotes"}},
		"key has an anchor":      {"http:\n  &a docs: true\n", []string{"2  http  an anchor (&) or alias (*), write the value out, or put it in quotes"}},
		"root has a tag":         {"!!map\nhttp: {}\n", []string{"1  a tag (!), write the value without it, or put it in quotes"}},
		"fault in a large file":  {strings.Repeat("# x\n", 20_000) + "http: @\n", []string{"20001  not valid YAML, found character that cannot start any token"}},
		"key is a list":          {"? [a]\n: b\n", []string{"1  got a key that is no word, want a plain key"}},
		"root is a list":         {"# a comment\n- a\n", []string{"2  got a list, want keys and values; server: for instance"}},
		"root is a value":        {"hunter2\n", []string{"1  got a single value, want keys and values; server: for instance"}},
		"second document":        {"roles: [a]\n---\nroles: [b]\n", []string{"2  got a second document, want one document in a file"}},
		"tab":                    {"http:\n  docs: true\n\taddr: x\n", []string{"3  got a tab in the indentation, want spaces"}},
		"tab behind a key":       {"http:\n\tdocs: true\n", []string{"2  got a tab in the indentation, want spaces"}},
		"merge conflict":         {"db: {}\n<<<<<<< HEAD\nhttp: {}\n=======\nhttp:\n  addr: x\n>>>>>>> other\n", []string{"2  got a merge conflict, want one of its two sides, without the lines of <, = and >"}},
		"indented too little":    {"http:\n  docs: true\n addr: x\ndb: {}\n", []string{"3  not valid YAML, did not find expected key"}},
		"indented too much":      {"http:\n  docs: true\n    addr: x\ndb: {}\n", []string{"3  not valid YAML, mapping values are not allowed in this context"}},
		"no colon":               {"db: {}\nhttp\nroles: []\nqueue: {}\n", []string{"2  not valid YAML, could not find expected ':'"}},
		"quote never closed":     {"db: {}\nhttp: \"x\nroles: []\nqueue: {}\n", []string{"2  not valid YAML, found unexpected end of stream"}},
		"bracket never closed":   {"db: {}\nroles: [a,\n  b\nqueue: {}\n", []string{"2  not valid YAML, did not find expected ',' or ']'"}},
		"fault behind a bracket": {"roles: [\n  a,\n]\n\nqueue: @\n", []string{"5  not valid YAML, found character that cannot start any token"}},
		"NUL":                    {"http:\n  addr: \x00\n", []string{"2  got a control character or a byte that is not UTF-8, want plain UTF-8"}},
		"not UTF-8":              {"http:\n  addr: \xff\n", []string{"2  got a control character or a byte that is not UTF-8, want plain UTF-8"}},
		"CR alone":               {"http:\r\n  docs: true\r", []string{"2  got a control character or a byte that is not UTF-8, want plain UTF-8"}},
		"line separator":         {"http:\n  addr: a\u2028b\n", []string{"2  got a control character or a byte that is not UTF-8, want plain UTF-8"}},
		"UTF-16":                 {"\xff\xfea\x00:\x00", []string{"1  got a control character or a byte that is not UTF-8, want plain UTF-8"}},
		"100,000 brackets deep":  {"roles: " + strings.Repeat("[", 100_000), []string{"1  not valid YAML, exceeded max depth of 10000"}},
		"5,000 brackets deep":    {"roles: " + strings.Repeat("[", 5_000) + strings.Repeat("]", 5_000), []string{"1  roles  got a list that holds a list, want a list"}},
		"secret: NUL":            {"db:\n  dsn: \"hunter2\\0\"\n", []string{"2  db.dsn  got ••••, want one line without NUL, CR or LF"}},
		"secret: CR":             {"db:\n  dsn: \"hunter2\\r\"\n", []string{"2  db.dsn  got ••••, want one line without NUL, CR or LF"}},
		"secret: LF":             {"db:\n  dsn: |\n    hunter2\n    hunter2\n", []string{"2  db.dsn  got ••••, want one line without NUL, CR or LF"}},
		"secret: wrong type":     {"db:\n  pin: hunter2\n", []string{"2  db.pin  got ••••, want a whole number; decimal digits only, without leading zeros"}},
		"secret: refused text":   {"db:\n  salt: hunter2\n", []string{"2  db.salt  •••• is not accepted"}},
		"secret: in a map":       {"shards:\n  s0: {hunter2: x}\n  s1: \"hunter2\\n\"\n", []string{"2  shards.s0  got a mapping, want a text", "3  shards.s1  got ••••, want one line without NUL, CR or LF"}},
		"secret: section":        {"db: {pool: hunter2}\n", []string{"1  db.pool  got a single value, want keys below it; name a key below it, db.pool.max_idle for instance"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := refused(t, config.Options{Embedded: files("base.yaml", c.base)})
			for i := range got {
				got[i] = strings.TrimPrefix(got[i], "embedded:base.yaml:")
			}
			wantLines(t, got, c.want...)
		})
	}
}

func TestBadOverride(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := func(name, content string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	for name, c := range map[string]struct {
		environ []string
		set     []string
		want    string
	}{
		"unknown variable":           {environ: []string{"APP_DB__DNS=hunter2"}, want: "env APP_DB__DNS  db.dns  unknown key, did you mean APP_DB__DSN?"},
		"unknown variable of a file": {environ: []string{"APP_DB__DNS_FILE=hunter2"}, want: "env APP_DB__DNS_FILE  db.dns_file  unknown key, did you mean APP_DB__DSN_FILE?"},
		"nothing like it":            {environ: []string{"APP_A__B=x"}, want: "env APP_A__B  a.b  unknown key"},
		"wrong case":                 {environ: []string{"APP_db__dsn=x"}, want: "env APP_db__dsn  db.dsn  unknown key, did you mean APP_DB__DSN?"},
		"section":                    {environ: []string{"APP_DB__POOL=5"}, want: "env APP_DB__POOL  db.pool  unknown key, name a key below it, APP_DB__POOL__MAX_IDLE for instance"},
		"map":                        {environ: []string{"APP_QUEUE__WORKERS=5"}, want: "env APP_QUEUE__WORKERS  queue.workers  unknown key, name an entry, APP_QUEUE__WORKERS__NAME for instance"},
		"three underscores":          {environ: []string{"APP_DB___DSN=x"}, want: "env APP_DB___DSN  db._dsn  unknown key, did you mean APP_DB__DSN?"},
		"empty":                      {environ: []string{"APP_DB__DSN="}, want: "env APP_DB__DSN  db.dsn  an empty value, give one or unset the variable"},
		"empty path":                 {environ: []string{"APP_DB__DSN_FILE="}, want: "env APP_DB__DSN_FILE  db.dsn  an empty value, give one or unset the variable"},
		"empty file":                 {environ: []string{"APP_DB__DSN_FILE=" + path("empty", "\n")}, want: "env APP_DB__DSN_FILE  db.dsn  an empty value, give one or unset the variable"},
		"both":                       {environ: []string{"APP_DB__DSN=x", "APP_DB__DSN_FILE=y"}, want: "env APP_DB__DSN_FILE  db.dsn  APP_DB__DSN sets it too, unset one of the two"},
		"no such file":               {environ: []string{"APP_DB__DSN_FILE=hunter2"}, want: "env APP_DB__DSN_FILE  db.dsn  its file cannot be read, no such file or directory"},
		"folder":                     {environ: []string{"APP_DB__DSN_FILE=" + dir}, want: "env APP_DB__DSN_FILE  db.dsn  its file cannot be read, not a regular file"},
		"device":                     {environ: []string{"APP_DB__DSN_FILE=/dev/zero"}, want: "env APP_DB__DSN_FILE  db.dsn  its file cannot be read, not a regular file"},
		"huge file":                  {environ: []string{"APP_DB__DSN_FILE=" + path("huge", strings.Repeat("x", 1<<20+1))}, want: "env APP_DB__DSN_FILE  db.dsn  its file cannot be read, larger than 1 MiB"},
		"two lines in a secret":      {environ: []string{"APP_DB__DSN_FILE=" + path("two", "hunter2\n\n")}, want: "env APP_DB__DSN_FILE  db.dsn  got ••••, want one line without NUL, CR or LF"},
		"NUL in a secret":            {environ: []string{"APP_DB__DSN_FILE=" + path("nul", "hunter2\x00")}, want: "env APP_DB__DSN_FILE  db.dsn  got ••••, want one line without NUL, CR or LF"},
		"wrong type":                 {environ: []string{"APP_HTTP__PORT=http"}, want: `env APP_HTTP__PORT  http.port  got "http", want a whole number from 0 to 65535; decimal digits only, without leading zeros`},
		"space before a number":      {environ: []string{"APP_HTTP__PORT= 80"}, want: `env APP_HTTP__PORT  http.port  got " 80", want a whole number from 0 to 65535; decimal digits only, without leading zeros`},
		"1 for true":                 {environ: []string{"APP_HTTP__DOCS=1"}, want: `env APP_HTTP__DOCS  http.docs  got "1", want true or false`},
		"bare number":                {environ: []string{"APP_HTTP__TIMEOUT=10"}, want: `env APP_HTTP__TIMEOUT  http.timeout  got "10", want a duration; needs a unit, 10s for instance`},
		"empty element":              {environ: []string{"APP_ROLES=web,,worker"}, want: `env APP_ROLES  roles  got "web,,worker", want a list separated by commas, with no element empty`},
		"control characters":         {environ: []string{"APP_HTTP__DOCS=\x1b[31m\n"}, want: `env APP_HTTP__DOCS  http.docs  got "\x1b[31m\n", want true or false`},
		"long":                       {environ: []string{"APP_HTTP__DOCS=" + strings.Repeat("é", 100)}, want: `env APP_HTTP__DOCS  http.docs  got "` + strings.Repeat("é", 60) + `…", want true or false`},
		"secret of a wrong type":     {environ: []string{"APP_DB__PIN=hunter2"}, want: "env APP_DB__PIN  db.pin  got ••••, want a whole number; decimal digits only, without leading zeros"},
		"refused alias":              {environ: []string{"PORT=http"}, want: `env PORT  http.addr  "http" is not accepted, not a port`},
		"refused secret alias":       {environ: []string{"DATABASE_URL=hunter2"}, want: "env DATABASE_URL  db.dsn  •••• is not accepted"},
		"empty alias":                {environ: []string{"PORT="}, want: "env PORT  http.addr  an empty value, give one or unset the variable"},
		"two aliases":                {environ: []string{"POOL=1", "POOL_SIZE=1"}, want: "env POOL_SIZE  db.pool.max_open  POOL sets it too, unset one of the two"},
		"alias of a wrong type":      {environ: []string{"POOL=x"}, want: `env POOL  db.pool.max_open  got "x", want a whole number; decimal digits only, without leading zeros`},
		"set: no duration":           {set: []string{"http.timeout="}, want: `--set  http.timeout  got "", want a duration; the units are h, m, s, ms, us and ns; a day is 24h`},
		"set: unknown":               {set: []string{"db.dns=hunter2"}, want: "--set  db.dns  unknown key, did you mean db.dsn?"},
		"set: section":               {set: []string{"db=hunter2"}, want: "--set  db  unknown key, name a key below it, db.driver for instance"},
		"set: no value":              {set: []string{"db.dsn"}, want: "--set  db.dsn  got no value, want key=value"},
		"set: no key":                {set: []string{"hunter2"}, want: "--set  got an argument without =, want key=value"},
		"set: empty":                 {set: []string{""}, want: "--set  got an argument without =, want key=value"},
		"set: only =":                {set: []string{"="}, want: `--set  ""  unknown key`},
		"set: wrong type":            {set: []string{"http.port="}, want: `--set  http.port  got "", want a whole number from 0 to 65535; decimal digits only, without leading zeros`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refuse := func(s string) (string, error) { return "", errors.New("not a port") }
			wantLines(t, refused(t, config.Options{Environ: c.environ, Set: c.set, Aliases: []config.Alias{
				{Var: "PORT", Key: "http.addr", Map: refuse},
				{Var: "DATABASE_URL", Key: "db.dsn", Map: func(s string) (string, error) { return "", errors.New(s) }},
				{Var: "POOL", Key: "db.pool.max_open"},
				{Var: "POOL_SIZE", Key: "db.pool.max_open"},
			}}), c.want)
		})
	}
}

// upper is a text type that takes either case.
type upper string

func (u *upper) UnmarshalText(b []byte) error { *u = upper(strings.ToUpper(string(b))); return nil }

func TestWords(t *testing.T) {
	t.Parallel()
	type words struct {
		Format string           `config:"format" enum:"json,text"`
		Level  upper            `config:"level" enum:"info,warn"`
		Codes  []string         `config:"codes" enum:"br,gzip"`
		Each   map[string]upper `config:"each" enum:"on"`
		Cipher string           `config:"cipher" secret:"true" enum:"aes"`
	}
	for set, want := range map[string]string{
		"format=json":    "",
		"format=JSON":    `--set  format  got "JSON", want json or text; did you mean json?`,
		"format=":        `--set  format  got "", want json or text`,
		"level=info":     "",
		"level=Warn":     "",
		"level=wran":     `--set  level  got "wran", want info or warn; did you mean warn?`,
		"codes=gzip,br":  "",
		"codes=":         "",
		"codes=gzip,zip": `--set  codes  got "zip", want br or gzip; did you mean gzip?`,
		"each.a=off":     `--set  each.a  got "off", want on`,
		"cipher=aess":    `--set  cipher  got ••••, want aes`,
	} {
		_, err := config.Load(&words{}, config.Options{Set: []string{set}, Mode: config.Dev})
		got := ""
		if ps, ok := errors.AsType[config.Problems](err); ok {
			got = ps[0].String()
		}
		if got != want {
			t.Errorf("%s: %s, want %s", set, got, want)
		}
	}
}

// locked is a file system whose base.yaml nobody may open.
type locked struct{ fstest.MapFS }

func (l locked) Open(name string) (fs.File, error) {
	if name == "base.yaml" {
		return nil, &fs.PathError{Op: "open", Path: "/etc/base.yaml", Err: fs.ErrPermission}
	}
	return l.MapFS.Open(name)
}

func TestBadFiles(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	noBase := files()
	delete(noBase, "base.yaml")
	baseIsFolder := files("base.yaml/x", "")
	delete(baseIsFolder, "base.yaml")
	none := files()
	delete(none, "profiles/single.yaml")
	localFolder := folder(t)
	if err := os.Mkdir(filepath.Join(localFolder, "local.yaml"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		o    config.Options
		want string
	}{
		"no folder":           {config.Options{Dir: filepath.Join(dir, "nowhere")}, filepath.Join(dir, "nowhere") + "  is not a folder that can be read, name the folder that holds base.yaml"},
		"folder is a file":    {config.Options{Dir: filepath.Join(dir, "base.yaml")}, filepath.Join(dir, "base.yaml") + "  is not a folder that can be read, name the folder that holds base.yaml"},
		"no base":             {config.Options{Embedded: noBase}, "embedded:base.yaml  cannot be read, file does not exist"},
		"unreadable base":     {config.Options{Embedded: locked{files()}}, "embedded:base.yaml  cannot be read, permission denied"},
		"base is a folder":    {config.Options{Embedded: baseIsFolder}, "embedded:base.yaml  cannot be read, not a regular file"},
		"huge":                {config.Options{Embedded: files("base.yaml", strings.Repeat("#", 1<<20+1))}, "embedded:base.yaml  cannot be read, larger than 1 MiB"},
		"local is a folder":   {config.Options{Dir: localFolder, Mode: config.Dev}, filepath.Join(localFolder, "local.yaml") + "  cannot be read, not a regular file"},
		"no such profile":     {config.Options{Embedded: files("profiles/cached.yaml", ""), Profile: "cache"}, `--profile  profile  got "cache", want cached, single; did you mean cached?`},
		"variable":            {config.Options{Embedded: files(), Profile: "singel", ProfileFrom: "env APP_PROFILE"}, `env APP_PROFILE  profile  got "singel", want single; did you mean single?`},
		"profile is a path":   {config.Options{Embedded: files("x.yaml", ""), Profile: "../x"}, `--profile  profile  got "../x", want single`},
		"profile in a folder": {config.Options{Embedded: files("profiles/x/y.yaml", ""), Profile: "x/y"}, `--profile  profile  got "x/y", want single`},
		"profile outside":     {config.Options{Dir: dir, Profile: "../base"}, `--profile  profile  got "../base", want single`},
		"no default profile":  {config.Options{Embedded: none}, `--profile  profile  got "single", want a file in embedded:profiles`},
		"profile and no file": {config.Options{Profile: "single"}, `--profile  profile  got "single", want no profile; there are no files`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantLines(t, refused(t, c.o), c.want)
		})
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	fsys := files("base.yaml", "db:\n  pool:\n    max_open: 3\n")
	// The inner struct's rule names the layer of its own key, which is built in.
	wantLines(t, refused(t, config.Options{Embedded: fsys}), "built-in  db.pool.max_idle  got 4, want at most db.pool.max_open (3)")
	wantLines(t, refused(t, config.Options{Embedded: fsys, Set: []string{"db.pool.max_idle=5", "db.pool.max_open=0"}}),
		"--set  db.pool.max_open  got 0, want 1 or more",
		"--set  db.pool.max_idle  got 5, want at most db.pool.max_open (0)")
	wantLines(t, refused(t, config.Options{Environ: []string{"APP_DB__DSN=change-me"}}), "env APP_DB__DSN  db.dsn  got ••••, want a data source name of your own")
	load(t, config.Options{Environ: []string{"APP_DB__DSN=change-me"}, Mode: config.Dev})
}

func TestRulesWaitForTypes(t *testing.T) {
	t.Parallel()
	wantLines(t, refused(t, config.Options{Set: []string{"db.pool.max_open=0", "http.docs=x"}}), `--set  http.docs  got "x", want true or false`)
}

// Limits is embedded below, and lends its rules to the struct around it.
type Limits struct {
	Low  int `config:"low"`
	High int `config:"high"`
}

func (l Limits) Validate(r *config.Report) {
	if l.Low > l.High {
		r.Add("", "a range upside down", "low to be at most high")
		r.Add("lwo", "1", "a rule about a key that is not there")
	}
}

func TestRulesOfAnEmbeddedStructRunOnce(t *testing.T) {
	t.Parallel()
	var s struct {
		Limits `config:",squash"`
	}
	_, err := config.Load(&s, config.Options{Set: []string{"low=2"}})
	ps, _ := errors.AsType[config.Problems](err)
	want := config.Problems{
		{Got: "a range upside down", Want: "low to be at most high"},
		{Key: "lwo", Got: "••••", Want: "a rule about a key that is not there"},
	}
	if !reflect.DeepEqual(ps, want) {
		t.Errorf("problems = %+v", ps)
	}
}

func TestProblemsOfAllLayersInColumns(t *testing.T) {
	t.Parallel()
	s := defaults()
	_, err := config.Load(&s, config.Options{
		Embedded: files("base.yaml", "http: {port: x}\n\tdocs: true\n", "profiles/single.yaml", "http:\n  port: 99999\n  dosc: true\n"),
		Environ:  []string{"APP_HTTP__PORT=80", "APP_DB__DSN="},
		Set:      []string{"http.port=80", "http.adr=x"},
	})
	const want = "" +
		"embedded:base.yaml:2                        got a tab in the indentation, want spaces\n" +
		"embedded:profiles/single.yaml:2  http.port  got \"99999\", want a whole number from 0 to 65535; it does not fit\n" +
		"embedded:profiles/single.yaml:3  http.dosc  unknown key, did you mean http.docs?\n" +
		"env APP_DB__DSN                  db.dsn     an empty value, give one or unset the variable\n" +
		"--set                            http.adr   unknown key, did you mean http.addr?"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// TestSecretsStayInside puts a secret wherever one may stand and looks for it in everything that comes out.
func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	path := filepath.Join(t.TempDir(), secret)
	if err := os.WriteFile(path, []byte(secret), 0o644); err != nil {
		t.Fatal(err)
	}
	bad := func(text string) (string, error) { return "", errors.New(text) }
	for _, o := range []config.Options{
		{Embedded: files("base.yaml", "db: {dsn: hunter2}\nshards: {s0: hunter2}\n")},
		{Environ: []string{"APP_DB__DSN_FILE=" + path}},
		{Environ: []string{"URL=hunter2"}, Aliases: []config.Alias{{Var: "URL", Key: "db.dsn"}}},
		{Environ: []string{"URL=hunter2"}, Aliases: []config.Alias{{Var: "URL", Key: "db.dsn", Map: bad}}},
		{Set: []string{"db.dsn=hunter2", "shards.s0=hunter2"}},
		{Set: []string{"db.dsn=hunter2\r", "db.pin=hunter2", "db.salt=hunter2", "shards.s0=hunter2\n", "hunter2"}},
		{Environ: []string{"APP_DB__DSN_FILE=hunter2", "APP_DB__PIN=hunter2", "APP_DB__SALT=hunter2", "APP_DB__DNS=hunter2"}},
		{Embedded: files("base.yaml", "db:\n  dsn: *hunter2\n")},
		{Embedded: files("base.yaml", "db:\n  dsn: &hunter2 x\n")},
		{Embedded: files("base.yaml", "db:\n  dsn: !hunter2 x\n")},
		{Embedded: files("base.yaml", "db:\n  dsn: \"hunter2\n")},
		{Embedded: files("base.yaml", "db:\n  dsn: \"hunter2\\q\"\n")},
		{Embedded: files("base.yaml", "db:\n  dsn: [hunter2]\n  pin: hunter2\n  salt: hunter2\n  dns: hunter2\n")},
		{Embedded: files("base.yaml", "db:\n  dsn: {hunter2: hunter2}\n")},
		{Embedded: files("base.yaml", "db: hunter2\nshards: hunter2\n")},
		{Embedded: files("base.yaml", "hunter2")},
		{Embedded: files("base.yaml", "db:\n  dsn: hunter2: x\n")},
	} {
		s := defaults()
		l, err := config.Load(&s, o)
		out := ""
		if err != nil {
			out = err.Error()
		} else {
			for _, set := range l.Settings() {
				out += set.Key + set.Value + set.Default + set.Origin + "\n"
			}
			out += strings.Join(l.Warnings, "\n")
		}
		if strings.Contains(out, secret) || strings.Contains(out, "file:data/app.db") {
			t.Errorf("%+v shows the secret:\n%s", o, out)
		}
	}
}
