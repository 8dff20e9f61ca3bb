package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/keyring"
)

// secret is a setting that must not be seen, with a value that is good and easy to find.
type secret struct{ key, variable, value string }

// secrets returns one for each secret setting that the application has, and the keys.
func secrets(t *testing.T, m *machine) []secret {
	t.Helper()
	values := map[string]string{
		"db.dsn":             "file:" + filepath.Join(m.dir, "hush-database", "app.db"),
		"cdn.token":          "hush-token-of-the-caches",
		"http.ops_token":     "hush-token-of-the-operators",
		"mail.smtp.password": "hush-password-of-the-mail",
		"redis.state":        "redis://state:hush-state@127.0.0.1:1/0", // where nobody answers, so that it stands in errors
		"redis.cache":        "redis://cache:hush-cache@127.0.0.1:2/0",
	}
	_, printed := m.run("config", "show", "--json")
	var settings []struct {
		Key    string
		Secret bool
	}
	if err := json.Unmarshal([]byte(printed), &settings); err != nil {
		t.Fatal(err)
	}
	found := []secret{{variable: "APP_KEYS", value: keyring.NewKey()}}
	for _, s := range settings {
		if !s.Secret {
			continue
		}
		if values[s.Key] == "" {
			t.Fatalf("say here what a good value of %s is", s.Key)
		}
		found = append(found, secret{s.Key, variable(s.Key), values[s.Key]})
	}
	if len(found) != len(values)+1 {
		t.Errorf("%d secrets, want %d", len(found), len(values)+1)
	}
	return found
}

// Wherever the secrets come from, they are in nothing that the application prints, logs or answers.
func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	for _, place := range []string{"env", "file", "--set"} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t).without("APP_KEYS")
			all := secrets(t, m)
			var args []string
			for i, s := range all {
				switch {
				case place == "file":
					file := filepath.Join(m.dir, fmt.Sprint("secret", i))
					if err := os.WriteFile(file, []byte(s.value), 0o644); err != nil {
						t.Fatal(err)
					}
					m.environ = append(m.environ, s.variable+"_FILE="+file)
				case place == "--set" && s.key != "":
					args = append(args, "--set", s.key+"="+s.value)
				default:
					m.environ = append(m.environ, s.variable+"="+s.value)
				}
			}
			silent := func(what, text string) {
				t.Helper()
				for _, s := range all {
					if _, bare, found := strings.Cut(s.value, "file:"); strings.Contains(text, s.value) || found && strings.Contains(text, bare) {
						t.Errorf("%s shows %s%s: %s", what, s.key, s.variable, text)
					}
				}
			}
			for _, command := range []string{
				"config show", "config show --json", "config show --origin db.dsn", "about", "about --json", "routes", "openapi",
				"migrate status", "migrate up", "db seed --rows 1 --yes", "healthcheck", "serve --addr nowhere", "about --set phase=9", "about --set db.driver=none", "frobnicate",
			} {
				_, printed := m.run(append(strings.Fields(command), args...)...)
				silent(command, printed)
				if command == "config show --origin db.dsn" && !strings.Contains(printed, "••••") {
					t.Errorf("it does not say that there is one: %s", printed)
				}
			}
			for _, mode := range []string{"dev", "test", "prod"} {
				p := m.serve(append(args, "--mode", mode)...)
				silent("the answers", p.everything())
				if line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.cmd.Process.Pid)); runtime.GOOS == "linux" && place != "--set" {
					silent("the list of processes", string(line))
					if err != nil {
						t.Error(err)
					}
				}
				p.stop()
				silent("standard output", p.out.String())
				silent("standard error", p.err.String())
				if place != "env" && mode == "prod" && !strings.Contains(p.err.String(), "warning: ") {
					t.Errorf("it does not warn of where they are: %s", p.err)
				}
			}
		})
	}
}

// everything asks for all that a process answers, well and badly, and returns the answers.
func (p *process) everything() string {
	p.t.Helper()
	var all strings.Builder
	add := func(head any, body []byte) { fmt.Fprintf(&all, "%v\n%s\n", head, body) }
	for _, path := range []string{"/", "/docs", "/openapi.json", "/problems", "/nothing", "/livez", "/readyz", products, products + "?limit=x", products + "/1", "/%00"} {
		r := p.public.Get(path)
		add(r.Header, r.Body)
	}
	for _, r := range []string{`{`, `{"sku":1}`, product("one"), product("one")} {
		answer := p.public.Post(products, r)
		add(answer.Header, answer.Body)
	}
	for _, path := range []string{
		"/", "/livez", "/readyz", "/startupz", "/metrics", "/nothing", "/debug/pprof/", "/debug/pprof/cmdline", "/debug/pprof/symbol",
		"/debug/pprof/goroutine?debug=2", "/debug/pprof/heap?debug=1", "/debug/pprof/allocs?debug=1", "/debug/pprof/threadcreate?debug=1",
	} {
		r := p.ops.Get(path)
		add(r.Header, r.Body)
	}
	return all.String()
}
