package dev_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
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

// get asks the application that was started last, as a browser does, and returns its answer or the error.
func (s *session) get(t *testing.T, path string) string {
	t.Helper()
	return s.getAs(t, path, "text/html,*/*;q=0.8")
}

func (s *session) getAs(t *testing.T, path, accept string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.address()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	req.Header.Set("Accept", accept)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	return resp.Status + "\n" + resp.Header.Get("Content-Type") + "\n" + string(body)
}

// address is what the application that was started last says of itself, or the page in its place.
func (s *session) address() string {
	text, _ := s.screen.read()
	all := regexp.MustCompile(`(?:serving|page   ) +(http://\S+)`).FindAllStringSubmatch(text, -1)
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

const (
	products = "/api/v1/catalog/products"
	mistaken = "package catalog\n\nvar mistake int = \"<b>text\"\n"
	mistake  = "modules/catalog/mistake.go:3:19: "
)

// catalog makes a first resource in a project.
func catalog(t *testing.T, p *project.Project) {
	t.Helper()
	product := resource.Spec{Module: "catalog", Name: "product", Fields: []string{"name:string:required"}}
	plan, err := generator.Resource(t.Context(), p, product, time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Write(); err != nil {
		t.Fatal(err)
	}
}

// remove takes files away.
func remove(t *testing.T, files ...string) {
	t.Helper()
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSession is an hour of somebody's work: start, a first resource, a mistake in the code, one in the configuration, one that shows at the
// start alone, the end. The port is the same all the time.
func TestSession(t *testing.T) {
	t.Parallel()
	p := projecttest.New(t, filepath.Join(t.TempDir(), "shop"))
	s := run(t, p, "--addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0")

	start := s.screen.wait(t, `(?s)^.*ops .*?\n`)
	if lines := strings.Split(strings.TrimSpace(start), "\n"); len(lines) > 8 || !strings.Contains(lines[0], "build     ./cmd/shop") {
		t.Errorf("want what it is at first, and at most eight lines in all:\n%s", start)
	}
	address := s.address()
	s.serves(t, "/", "200 OK")
	s.serves(t, products, "404 Not Found")
	catalog(t, p)
	s.screen.wait(t, `change    building again`)
	s.serves(t, products, `"data":[]`)

	const hint = "The newest source does not run"
	write(t, p.Path("modules/catalog/mistake.go"), mistaken)
	s.screen.wait(t, `(?s)broken    the last good one goes on serving\n.*`+mistake)
	s.serves(t, "/", hint)
	if page := s.get(t, "/"); !strings.Contains(page, mistake) || !strings.Contains(page, "&lt;b&gt;text") || strings.Contains(page, "<b>") {
		t.Errorf("the page says\n%s", page)
	}
	s.serves(t, products, `"data":[]`)
	if got := dev.Serves(p); got != address {
		t.Errorf("it serves at %s, and others are told %q", address, got)
	}
	remove(t, p.Path("modules/catalog/mistake.go"))
	s.screen.wait(t, `serving .* ready in \d+ ms`)
	s.serves(t, products, `"data":[]`)
	if page := s.get(t, "/"); strings.Contains(page, hint) {
		t.Errorf("it is mended, and the page says\n%s", page)
	}

	write(t, p.Path("configs/base.yaml"), "http:\n  adr: ':80'\n")
	s.screen.wait(t, `(?s)broken    the last good one goes on serving\nerror: .*base.yaml:2`)
	s.serves(t, "/", "did you mean http.addr?")
	s.serves(t, products, `"data":[]`)
	write(t, p.Path("configs/base.yaml"), "{}\n")
	s.screen.wait(t, `serving .* ready in \d+ ms`)

	// What takes the sockets is the application that serves, not the one that is asked for its addresses.
	const first = "package main\n\nimport (\n\t\"os\"\n\t\"time\"\n)\n\nvar _ = time.Now\n\nfunc init() {\n\tif os.Getenv(\"LISTEN_FDS\") == \"2\" {\n"
	fault := p.Path("cmd/shop/fault.go")
	write(t, fault, first+"\t\tprintln(\"no broker\")\n\t\tos.Exit(5)\n\t}\n}\n")
	s.screen.wait(t, `no broker\n  ended     exit status 5; the last good one goes on serving\n`)
	s.serves(t, "/", "no broker\nexit status 5")
	s.serves(t, products, `"data":[]`)

	// One that does not come to serving is overtaken by the next change.
	write(t, fault, first+"\t\tprintln(\"waits\")\n\t\ttime.Sleep(time.Hour)\n\t}\n}\n")
	s.screen.wait(t, `waits`)
	s.serves(t, products, `"data":[]`)

	// One that ends while it serves leaves a page in its place.
	crash := p.Path("crash")
	write(t, fault, first+"\t\tgo func() {\n\t\t\tfor {\n\t\t\t\tif _, err := os.Stat(\"crash\"); err == nil {\n\t\t\t\t\tos.Exit(3)\n\t\t\t\t}\n\t\t\t\ttime.Sleep(10 * time.Millisecond)\n\t\t\t}\n\t\t}()\n\t}\n}\n")
	s.screen.wait(t, `serving .* ready in \d+ ms`)
	write(t, crash, "")
	s.screen.wait(t, `ended     exit status 3; nothing serves; change a file to start it again\n`)
	s.serves(t, products, "503 Service Unavailable\ntext/html; charset=utf-8\n")
	if got := s.getAs(t, products, "*/*"); !strings.HasPrefix(got, "503 Service Unavailable\napplication/problem+json\n") || !strings.Contains(got, `exit status 3"`) {
		t.Errorf("a client is told %s", got)
	}
	remove(t, crash, fault)
	s.serves(t, products, `"data":[]`)

	if got := s.address(); got != address {
		t.Errorf("the address was %s and is %s", address, got)
	}
	s.stop()
	if err := s.end(t); err != nil {
		t.Errorf("the end is an error: %v", err)
	}
	again, err := net.Listen("tcp", strings.Replace(strings.TrimPrefix(address, "http://"), "localhost", "127.0.0.1", 1))
	if err != nil {
		t.Fatalf("somebody listens still: %v", err)
	}
	defer again.Close()
	clean(t, p)
	if got := dev.Serves(p); got != "" {
		t.Errorf("it has ended, and others are told %q", got)
	}

	// No change of a file mends these.
	s = run(t, p, "--addr", again.Addr().String(), "--ops-addr", "127.0.0.1:0")
	if err := s.end(t); err == nil || !strings.HasPrefix(err.Error(), "http.addr: ") || !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("the address is taken, and Run says %v", err)
	}
	s = run(t, p, "--adr", ":0")
	s.screen.wait(t, `unknown flag: --adr`)
	if exit, ok := errors.AsType[*exec.ExitError](s.end(t)); !ok || exit.ExitCode() != 2 {
		t.Errorf("ended with %v, want exit code 2", exit)
	}
	clean(t, p)
}

// clean fails the test when a session has left something.
func clean(t *testing.T, p *project.Project) {
	t.Helper()
	if left := projecttest.Read(t, filepath.Dir(dev.Binary(p))); len(left) > 1 || len(left) == 1 && left["shop"] == "" {
		t.Errorf("beside the binary: %d files", len(left))
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), fmt.Sprintf(".banyan-dev.%d.*", os.Getpid()))); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

// Where the first build fails there is a page at once, at the address that the application is going to have.
func TestFirstBuildFails(t *testing.T) {
	t.Parallel()
	p := projecttest.New(t, filepath.Join(t.TempDir(), "shop"))
	write(t, p.Path("cmd/shop/mistake.go"), "package main\n\nvar mistake int = \"</pre><script>\"\n")
	s := run(t, p, "--addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0")
	s.screen.wait(t, `(?s)broken    nothing serves; change a file to start it again\n.*cmd/shop/mistake.go:3:19: .*page +http://\S+ shows it\n`)
	address := s.address()
	page := s.get(t, "/any")
	if !strings.HasPrefix(page, "503 Service Unavailable\ntext/html; charset=utf-8\n") || !strings.Contains(page, "cmd/shop/mistake.go:3:19: ") || strings.Contains(page, "<script>") {
		t.Errorf("a browser is told\n%s", page)
	}
	var problem struct {
		Status       int
		Code, Detail string
	}
	if got := s.getAs(t, "/any", "application/json"); json.Unmarshal([]byte(got[strings.LastIndex(strings.TrimSpace(got), "\n"):]), &problem) != nil ||
		problem.Status != 503 || problem.Code != "not-running" || !strings.Contains(problem.Detail, "cmd/shop/mistake.go:3:19: ") {
		t.Errorf("a client is told %s", got)
	}
	remove(t, p.Path("cmd/shop/mistake.go"))
	s.screen.wait(t, `serving .* ready in \d+ ms`)
	s.serves(t, "/", "200 OK")
	if got := s.address(); got != address {
		t.Errorf("the address was %s and is %s", address, got)
	}
	s.stop()
	if err := s.end(t); err != nil {
		t.Errorf("the end is an error: %v", err)
	}
}
