package config_test

import (
	"bytes"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/banyan-go/banyan/platform/config"
)

// FuzzFile: any file either loads, with its secrets masked, or is refused with problems that point into it.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{
		"", "---\n", "roles: [a, b]\nhttp:\n  addr: x\n  timeout: 10s\n  docs: true\n", "db:\n  dsn: \"x\\0\"\n  pin: 1\n  pool: {max_open: 2, max_idle: 1}\n",
		"queue:\n  workers:\n    mail: 2\n", "a: &a [*a]\n", "http:\n\tdocs: true\n", "? [a]\n: b\n", "%YAML 1.1\n---\n<<: {}\n...\n", "db: |\n  x\n", "{{{", "a: !!binary x\n", "\r0",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := defaults()
		l, err := config.Load(&s, config.Options{Embedded: fstest.MapFS{"base.yaml": {Data: data}, "profiles/single.yaml": {}}})
		if err == nil {
			if set := l.Settings("db.dsn")[0]; set.Value != "" && set.Value != "••••" {
				t.Errorf("the secret is shown: %+v", set)
			}
			return
		}
		if !reflect.DeepEqual(s, defaults()) {
			t.Errorf("the target changed: %+v", s)
		}
		ps, ok := errors.AsType[config.Problems](err)
		if !ok {
			t.Fatalf("not problems: %v", err)
		}
		for _, p := range ps {
			if p.Where == "built-in" || p.Where == "" {
				continue // a rule across fields
			}
			line, err := strconv.Atoi(strings.TrimPrefix(p.Where, "embedded:base.yaml:"))
			if len(data) <= 1<<20 && (err != nil || line < 1 || line > 1+bytes.Count(data, []byte("\n"))) {
				t.Errorf("problem %q is not in the file", p)
			}
			if strings.ContainsAny(p.String(), "\n\x1b\x00") {
				t.Errorf("problem %q is not one printable line", p)
			}
		}
	})
}

// FuzzOverride: any variable and any argument is taken or refused without showing a secret.
func FuzzOverride(f *testing.F) {
	f.Add("DB__DSN", "x")
	f.Add("DB__DSN_FILE", "x")
	f.Add("DB__PIN", "-1")
	f.Add("DB__SALT", "1KiB")
	f.Add("SHARDS__S0", "\r\n")
	f.Add("HTTP__TIMEOUT", "1h")
	f.Add("HTTP__RETRIES", "1,2,")
	f.Add("queue.workers.mail", "+1")
	f.Fuzz(func(t *testing.T, name, text string) {
		const secret = "hunter2"
		s := defaults()
		_, err := config.Load(&s, config.Options{
			Environ: []string{"APP_" + name + "=" + text, "APP_DB__SALT=" + secret + text, "APP_SHARDS__S1=" + secret + text},
			Set:     []string{name + "=" + text, "db.pin=" + secret + text},
		})
		if _, ok := errors.AsType[config.Problems](err); !ok {
			t.Fatalf("error = %v, want problems", err)
		}
		if strings.Contains(err.Error(), secret) && !strings.Contains(name+text, secret) {
			t.Errorf("the secret is shown:\n%v", err)
		}
	})
}
