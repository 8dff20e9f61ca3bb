package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/keyring"
)

// patience is how long a test waits for something that has to happen. Nothing waits as long when all is well.
const patience = 30 * time.Second

// machine is a place where the application runs, as processes of its own: a working folder and an environment.
type machine struct {
	t       *testing.T
	dir     string
	environ []string
}

// newMachine returns one with keys, whose listeners take free ports, and with these variables.
func newMachine(t *testing.T, environ ...string) *machine {
	t.Helper()
	return &machine{t: t, dir: t.TempDir(), environ: append([]string{
		asApplication + "=1", "GORACE=atexit_sleep_ms=0", "APP_KEYS=" + keyring.NewKey(), "APP_HTTP__ADDR=127.0.0.1:0", "APP_HTTP__OPS_ADDR=127.0.0.1:0", "APP_HTTP__DRAIN=0s",
		"APP_LIMITS__DEFAULT=off", // a test asks as often as it likes
	}, environ...)}
}

// without takes a variable away.
func (m *machine) without(name string) *machine {
	m.environ = slices.DeleteFunc(m.environ, func(pair string) bool { return strings.HasPrefix(pair, name+"=") })
	return m
}

// process is a running application.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	out *screen
	err *screen
	// public and ops are its two listeners, once it serves; what is sent to public is sent by ada, who has signed in.
	public, ops *apptest.App
	headers     map[string][]string // of requests by user, pairs of name and value
	ended       chan struct{}
}

// run runs a command to its end and returns its exit code and all that it printed.
func (m *machine) run(args ...string) (code int, printed string) {
	m.t.Helper()
	p := m.launch(args...)
	code = p.wait()
	return code, p.out.String() + p.err.String()
}

// launch starts a command.
func (m *machine) launch(args ...string) *process {
	m.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p := &process{t: m.t, out: &screen{}, err: &screen{}, ended: make(chan struct{})}
	p.cmd = exec.CommandContext(ctx, os.Args[0], args...)
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = m.dir, m.environ, p.out, p.err
	if err := p.cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // wait returns what it says
		close(p.ended)
	}()
	m.t.Cleanup(func() {
		cancel()
		<-p.ended
		if m.t.Failed() {
			m.t.Logf("%s\n%s%s", strings.Join(args, " "), p.out, p.err)
		}
	})
	return p
}

// serve starts the command serve and waits until it serves.
//
// Its sessions are in its memory: what a fault does to the database is then to be seen in what the request itself asks.
func (m *machine) serve(args ...string) *process {
	m.t.Helper()
	file := filepath.Join(m.t.TempDir(), "signed in")
	known := machine{t: m.t, dir: m.dir, environ: append(slices.Clone(m.environ), signedIn+"="+file, "APP_SESSION__STORE=memory")}
	p := known.launch(append([]string{"serve"}, args...)...)
	var banner []string
	p.eventually("it serves", func() bool {
		banner = regexp.MustCompile(`(?s)serving  (http://\S+).*ops      (http://\S+)/metrics`).FindStringSubmatch(p.err.String())
		return banner != nil
	})
	p.headers = signedHeaders(m.t, file)
	p.public, p.ops = apptest.At(m.t, banner[1]).With(p.headers[ada]...), apptest.At(m.t, banner[2])
	return p
}

// signedHeaders reads the file of signIn: the headers of requests by user, pairs of name and value.
func signedHeaders(t *testing.T, file string) map[string][]string {
	t.Helper()
	lines, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(lines)) {
		words := strings.Fields(line)
		all[words[0]] = []string{"Cookie", words[1], "X-CSRF-Token", words[2]}
	}
	return all
}

// post sends a request as public does, by a client of the test's own.
func (p *process) post(client *http.Client, path, body string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(context.WithoutCancel(p.t.Context()), http.MethodPost, p.public.URL+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	p.sign(req, ada)
	return client.Do(req)
}

// sign makes a request one of a user who has signed in.
func (p *process) sign(req *http.Request, user string) {
	for h := range slices.Chunk(p.headers[user], 2) {
		req.Header.Set(h[0], h[1])
	}
}

// eventually waits until ok, and fails the test when that takes too long or the process ends before.
func (p *process) eventually(what string, ok func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		select {
		case <-p.ended:
			if !ok() {
				p.t.Fatalf("%s: it ended with %v\n%s", what, p.cmd.ProcessState, p.err)
			}
			return
		default:
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("it never happened: %s\n%s%s", what, p.out, p.err)
		}
	}
}

// signal sends a signal. A process that has just ended takes none.
func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Fatal(err)
	}
}

// freeze stops the process as SIGSTOP does, and returns when it stands still. SIGCONT lets it go on.
func (p *process) freeze() {
	p.t.Helper()
	p.signal(syscall.SIGSTOP)
	p.eventually("it stands still", func() bool {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(p.cmd.Process.Pid, &status, syscall.WUNTRACED|syscall.WNOHANG, nil)
		return err == nil && pid > 0 && status.Stopped()
	})
}

// wait waits for the end and returns the exit code, -1 after a signal that was not caught.
func (p *process) wait() int {
	p.t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-p.ended:
	case <-late.C:
		p.t.Fatalf("it does not end\n%s%s", p.out, p.err)
	}
	return p.cmd.ProcessState.ExitCode()
}

// stop ends the process as its surroundings do, and fails the test unless it ends well.
func (p *process) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	if code := p.wait(); code != 0 {
		p.t.Errorf("after SIGTERM the exit code is %d\n%s", code, p.err)
	}
}

// screen is an output that may be read while it is written.
type screen struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}
