package dev_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/banyan-go/banyan/generator"
	"github.com/banyan-go/banyan/generator/dev"
	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/projecttest"
	"github.com/banyan-go/banyan/generator/resource"
)

// patience is how long a test waits for something that has to happen. Nothing waits as long when all is well.
const patience = 3 * time.Minute

// screen is what a person has read so far.
type screen struct {
	mu    sync.Mutex
	text  bytes.Buffer
	seen  int           // bytes of it at the last wait
	grown chan struct{} // closed when there is more
}

func newScreen() *screen { return &screen{grown: make(chan struct{})} }

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.grown)
	s.grown = make(chan struct{})
	return s.text.Write(p)
}

func (s *screen) read() (text string, grown <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String(), s.grown
}

// wait waits until the pattern stands on the screen below what it found the last time, and returns what it matches.
func (s *screen) wait(t *testing.T, pattern string) string {
	t.Helper()
	re, deadline := regexp.MustCompile(pattern), time.After(patience)
	for {
		text, grown := s.read()
		if m := re.FindStringSubmatchIndex(text[s.seen:]); m != nil {
			found := text[s.seen:][m[0]:m[1]]
			s.seen += m[1]
			return found
		}
		select {
		case <-grown:
		case <-deadline:
			t.Fatalf("there is no %s in:\n%s", pattern, text)
		}
	}
}

// session is a dev.Run that goes on.
type session struct {
	screen *screen
	ended  chan error
	stop   context.CancelFunc
}

func run(t *testing.T, p *project.Project, args ...string) *session {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	s := &session{screen: newScreen(), ended: make(chan error, 1), stop: stop}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.ended <- dev.Run(ctx, p, args, io.Discard, s.screen, nil)
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
	return s
}

func (s *session) end(t *testing.T) error {
	t.Helper()
	select {
	case err := <-s.ended:
		return err
	case <-time.After(patience):
		text, _ := s.screen.read()
		t.Fatalf("it goes on:\n%s", text)
		return nil
	}
}

// serves asks the application until the answer holds the text; under load it may be built, and started, once more than there are changes.
func (s *session) serves(t *testing.T, path, want string) {
	t.Helper()
	ticker, deadline := time.NewTicker(50*time.Millisecond), time.After(patience)
	defer ticker.Stop()
	for {
		got := s.get(t, path)
		if strings.Contains(got, want) {
			return
		}
		select {
		case <-ticker.C:
		case <-deadline:
			text, _ := s.screen.read()
			t.Fatalf("%s: %s\nwant %s\n%s", path, got, want, text)
		}
	}
}

// get asks the application that was started last, and returns its answer or the error.
func (s *session) get(t *testing.T, path string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.address()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	return resp.Status + "\n" + string(body)
}

// address is what the application that was started last says of itself.
func (s *session) address() string {
	text, _ := s.screen.read()
	all := regexp.MustCompile(`serving  (http://\S+)`).FindAllStringSubmatch(text, -1)
	if all == nil {
		return "http://localhost:0"
	}
	return all[len(all)-1][1]
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestSession is an hour of somebody's work: start, a first resource, a mistake in the code, one in the configuration, the end.
func TestSession(t *testing.T) {
	t.Parallel()
	p := projecttest.New(t, filepath.Join(t.TempDir(), "shop"))
	s := run(t, p, "--addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0")

	start := s.screen.wait(t, `(?s)^.*ops .*?\n`)
	if lines := strings.Split(strings.TrimSpace(start), "\n"); len(lines) > 8 || !strings.Contains(lines[0], "build     ./cmd/shop") {
		t.Errorf("want what it is at first, and at most eight lines in all:\n%s", start)
	}
	s.serves(t, "/", "200 OK")
	const products = "/api/v1/catalog/products"
	s.serves(t, products, "404 Not Found")

	product := resource.Spec{Module: "catalog", Name: "product", Fields: []string{"name:string:required"}}
	plan, err := generator.Resource(t.Context(), p, product, time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Write(); err != nil {
		t.Fatal(err)
	}
	s.screen.wait(t, `change    building again`)
	s.serves(t, products, `"data":[]`)

	mistake := p.Path("modules/catalog/mistake.go")
	write(t, mistake, "package catalog\n\nvar mistake int = \"text\"\n")
	s.screen.wait(t, `(?s)broken    the last good one goes on serving\n.*modules/catalog/mistake.go:3:19: `)
	s.serves(t, products, `"data":[]`)
	if err := os.Remove(mistake); err != nil {
		t.Fatal(err)
	}
	s.screen.wait(t, `serving`)
	s.serves(t, products, `"data":[]`)

	write(t, p.Path("configs/base.yaml"), "http:\n  adr: ':80'\n")
	s.screen.wait(t, `(?s)base.yaml:2.*ended     exit status 4; change a file to start it again`)
	write(t, mistake, "package catalog\n\nvar mistake int = \"text\"\n")
	s.screen.wait(t, `broken    nothing serves until it builds`)
	write(t, p.Path("configs/base.yaml"), "{}\n")
	if err := os.Remove(mistake); err != nil {
		t.Fatal(err)
	}
	s.serves(t, products, `"data":[]`)

	s.stop()
	if err := s.end(t); err != nil {
		t.Errorf("the end is an error: %v", err)
	}
	again, err := net.Listen("tcp", strings.Replace(strings.TrimPrefix(s.address(), "http://"), "localhost", "127.0.0.1", 1))
	if err != nil {
		t.Fatalf("the application lives on: %v", err)
	}
	defer again.Close()
	if left := projecttest.Read(t, p.Path("bin")); len(left) != 1 || left["shop"] == "" {
		t.Errorf("bin holds %d files", len(left))
	}

	// No change of a file mends these.
	s = run(t, p, "--addr", again.Addr().String(), "--ops-addr", "127.0.0.1:0")
	s.screen.wait(t, `error: .*address already in use\n(?s:.*)next:  banyan dev -- --addr \S+ --ops-addr \S+\n`)
	ends(t, s, 6)
	s = run(t, p, "--adr", ":0")
	s.screen.wait(t, `unknown flag: --adr`)
	ends(t, s, 2)
	write(t, p.Path("cmd/shop/mistake.go"), "package main\n\nvar mistake int = \"text\"\n")
	if err := run(t, p).end(t); err == nil || !strings.Contains(err.Error(), "cmd/shop/mistake.go:3:19: ") {
		t.Errorf("the first build failed, and Run says %v", err)
	}
	if left := projecttest.Read(t, p.Path("bin")); len(left) != 1 {
		t.Errorf("bin holds %d files", len(left))
	}
}

// ends waits until a session ends as the application did.
func ends(t *testing.T, s *session, code int) {
	t.Helper()
	err := s.end(t)
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != code {
		t.Errorf("ended with %v, want exit code %d", err, code)
	}
}
