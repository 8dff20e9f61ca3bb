package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/app"
	"github.com/banyan-go/banyan/platform/db/platform"
	"github.com/banyan-go/banyan/platform/keyring"
)

// machine is a place where the program under test runs: an environment, and a folder for its database.
type machine struct {
	t       *testing.T
	program app.Program[settings]
	dir     string
	environ []string
}

// newMachine returns one whose environment is what a healthy program needs, and then these variables.
func newMachine(t *testing.T, environ ...string) *machine {
	t.Helper()
	dir := t.TempDir()
	return &machine{t: t, program: program(variant{}), dir: dir, environ: append([]string{
		"APP_DB__DSN=file:" + filepath.Join(dir, "app.db"),
		"APP_KEYS=" + keyring.NewKey(),
		"APP_HTTP__ADDR=127.0.0.1:0",
		"APP_HTTP__OPS_ADDR=127.0.0.1:0",
		"APP_HTTP__DRAIN=0s",
		"APP_LIMITS__DEFAULT=off", // a test asks as often as it likes
	}, environ...)}
}

// on returns the machine for a subtest.
func (m *machine) on(t *testing.T) *machine {
	c := *m
	c.t = t
	return &c
}

// without takes variables away.
func (m *machine) without(names ...string) *machine {
	c := *m
	c.environ = nil
	for _, pair := range m.environ {
		name, _, _ := strings.Cut(pair, "=")
		if !strings.Contains(" "+strings.Join(names, " ")+" ", " "+name+" ") {
			c.environ = append(c.environ, pair)
		}
	}
	return &c
}

// result is what a command leaves behind.
type result struct {
	t        *testing.T
	what     string
	code     int
	out, err string
}

// patience is how long a test waits for something that has to happen. Nothing waits as long when all is well.
const patience = 20 * time.Second

// run runs one command to its end.
func (m *machine) run(args ...string) result {
	m.t.Helper()
	out, errs := newScreen(), newScreen()
	ctx, cancel := context.WithTimeout(m.t.Context(), patience) // for a command that serves and should not
	defer cancel()
	code := m.program.Run(ctx, app.Process{Args: args, Environ: m.environ, Out: out, Err: errs})
	return result{m.t, strings.Join(args, " "), code, out.String(), errs.String()}
}

// want fails the test unless the command ended with this code and said these things on standard error.
func (r result) want(code int, said ...string) result {
	r.t.Helper()
	if r.code != code {
		r.t.Fatalf("%s: exit code %d, want %d\n%s%s", r.what, r.code, code, r.out, r.err)
	}
	for _, s := range said {
		if !strings.Contains(r.err, s) {
			r.t.Errorf("%s: standard error does not hold %q\n%s", r.what, s, r.err)
		}
	}
	if code == 0 && len(said) == 0 && r.err != "" {
		r.t.Errorf("%s: it said %s", r.what, r.err)
	}
	if code != 0 && (!strings.HasPrefix(r.err, "error: ") || strings.Contains(r.err, "goroutine ")) {
		r.t.Errorf("%s: no plain error: %s", r.what, r.err)
	}
	return r
}

// decode reads the data that a command printed as JSON.
func (r result) decode(v any) {
	r.t.Helper()
	d := json.NewDecoder(strings.NewReader(r.out))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		r.t.Fatalf("%s: the data is not JSON as expected: %v\n%s", r.what, err, r.out)
	}
	if d.More() {
		r.t.Errorf("%s: there is something behind the data: %s", r.what, r.out)
	}
}

// screen is an output that a test can wait for.
type screen struct {
	mu     sync.Mutex
	change sync.Cond
	buf    bytes.Buffer
	ended  bool
}

func newScreen() *screen {
	s := &screen{}
	s.change.L = &s.mu
	return s
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.change.Broadcast()
	return s.buf.Write(p)
}

func (s *screen) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.change.Broadcast()
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// await waits until text stands there, or until nothing more can come.
func (s *screen) await(text string) {
	late := time.AfterFunc(patience, s.end)
	defer late.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !strings.Contains(s.buf.String(), text) && !s.ended {
		s.change.Wait()
	}
}

// running is a program that serves.
type running struct {
	t        *testing.T
	url, ops string
	out, err *screen
	client   *http.Client

	cancel context.CancelFunc
	code   chan int
	once   sync.Once
	ended  int
}

// serve starts the program and waits until it serves. It ends with the test, if not before.
func (m *machine) serve(args ...string) *running {
	m.t.Helper()
	r := m.launch(args...)
	r.err.await("ops ")
	banner := regexp.MustCompile(`(?s)serving  (http://\S+).*ops      (http://\S+)/metrics`).FindStringSubmatch(r.err.String())
	if banner == nil {
		m.t.Fatalf("it does not serve: exit code %d\n%s%s", r.stop(), r.out, r.err)
	}
	r.url, r.ops = banner[1], banner[2]
	return r
}

// launch starts the program and does not wait.
func (m *machine) launch(args ...string) *running {
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{t: m.t, out: newScreen(), err: newScreen(), client: &http.Client{Transport: &http.Transport{}}, cancel: cancel, code: make(chan int, 1)}
	go func() {
		code := m.program.Run(ctx, app.Process{Args: append([]string{"serve"}, args...), Environ: m.environ, Out: r.out, Err: r.err})
		r.err.end()
		r.code <- code
	}()
	m.t.Cleanup(func() {
		r.client.CloseIdleConnections()
		if code := r.stop(); code != 0 && !m.t.Failed() {
			m.t.Logf("it ended with exit code %d\n%s%s", code, r.out, r.err)
		}
	})
	return r
}

// stop ends the program, as a signal does, and returns its exit code.
func (r *running) stop() int {
	r.once.Do(func() {
		r.cancel()
		r.ended = <-r.code
	})
	return r.ended
}

// get asks one of the two listeners, by an address that begins with url or ops.
func (r *running) get(url string) (status int, body string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, url, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

// wantGet fails the test unless an address answers with this status; it returns the body.
func (r *running) wantGet(url string, status int) string {
	r.t.Helper()
	got, body := r.get(url)
	if got != status {
		r.t.Errorf("%s: status %d, want %d: %s", url, got, status, body)
	}
	return body
}

// untouched fails the test when something was written into the folder of a machine.
func (m *machine) untouched(after string) {
	m.t.Helper()
	entries, err := os.ReadDir(m.dir)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, e := range entries {
		m.t.Errorf("%s has made %s", after, e.Name())
	}
}

// ofPlatform returns the names of the platform's own migrations, which stand before all others.
func ofPlatform(t *testing.T) (names []string) {
	t.Helper()
	names, err := fs.Glob(platform.Migrations().Files, "sqlite/*.sql")
	if err != nil || len(names) == 0 {
		t.Fatalf("the platform has the migrations %v, %v", names, err)
	}
	for i, name := range names {
		names[i] = "platform/" + path.Base(name)
	}
	return names
}

// inState is how commands list migrations.
func inState(state string, names ...string) (lines string) {
	for _, name := range names {
		lines += state + "  " + name + "\n"
	}
	return lines
}
