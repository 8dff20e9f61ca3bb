package dev_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/projecttest"
)

// rebuilds is how often TestRebuildsLoseNoRequest changes a file; BANYAN_REBUILDS is another number.
const rebuilds = 3

// steady is somebody who asks for the same all the time, on connections that are kept or on a new one each time.
type steady struct {
	client         *http.Client
	served, failed atomic.Int64
}

// ask asks until ctx ends, and says what fails. A request is a POST, which no client repeats by itself; it is refused for its content, so that
// the rows do not become many.
func (s *steady) ask(ctx context.Context, t *testing.T, url string) {
	defer s.client.CloseIdleConnections()
	pace := time.NewTicker(10 * time.Millisecond) // a hundred requests a second leave the machine to the build
	defer pace.Stop()
	for ctx.Err() == nil {
		req, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodPost, url, io.MultiReader(strings.NewReader(`{}`)))
		if err != nil {
			t.Error(err)
			return
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := s.client.Do(req)
		if err != nil {
			s.failed.Add(1)
			t.Errorf("request %d: %v", s.served.Load(), err)
			continue
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		if _ = resp.Body.Close(); resp.StatusCode != http.StatusUnprocessableEntity {
			s.failed.Add(1)
			t.Errorf("request %d: %s", s.served.Load(), resp.Status)
			continue
		}
		s.served.Add(1)
		select {
		case <-pace.C:
		case <-ctx.Done():
		}
	}
}

// change writes another summary of an operation into the module's file.
func change(t *testing.T, file, source, summary string) {
	t.Helper()
	const was = `Summary: "List products"`
	if !strings.Contains(source, was) {
		t.Fatalf("%s has no %s", file, was)
	}
	write(t, file, strings.Replace(source, was, fmt.Sprintf("Summary: %q", summary), 1))
}

// plainBuild returns how long go build takes after a change of the file.
func plainBuild(t *testing.T, p *project.Project, file, source, summary string) time.Duration {
	t.Helper()
	change(t, file, source, summary)
	cmd := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", filepath.Join(t.TempDir(), "shop"), p.Main())
	cmd.Dir, cmd.Env = p.Root, append(os.Environ(), "CGO_ENABLED=0")
	began := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return time.Since(began)
}

// TestRebuildsLoseNoRequest changes a module's file again and again while two clients write, one of which keeps its connection.
func TestRebuildsLoseNoRequest(t *testing.T) {
	t.Parallel()
	n := rebuilds
	if text := os.Getenv("BANYAN_REBUILDS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	p := projecttest.New(t, filepath.Join(t.TempDir(), "shop"))
	catalog(t, p)
	file := p.Path("modules/catalog/internal/web/product.go")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	source := string(data)
	s := run(t, p, "--addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0")
	s.screen.wait(t, `serving .* ready in \d+ ms`)

	ctx, done := context.WithCancel(t.Context())
	kept, fresh := &steady{client: &http.Client{Transport: &http.Transport{}}}, &steady{client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	var clients sync.WaitGroup
	for _, c := range []*steady{kept, fresh} {
		clients.Go(func() { c.ask(ctx, t, s.address()+products) })
	}
	var all time.Duration
	for i := range n {
		began := time.Now()
		change(t, file, source, fmt.Sprintf("Rebuild %d", i))
		s.serves(t, "/openapi.json", fmt.Sprintf(`"Rebuild %d"`, i))
		all += time.Since(began)
	}
	done()
	clients.Wait()
	s.stop()
	if err := s.end(t); err != nil {
		t.Errorf("the end is an error: %v", err)
	}
	if kept.served.Load() == 0 || fresh.served.Load() == 0 {
		t.Error("nobody has asked")
	}
	t.Logf("%d rebuilds: %d requests on kept connections, %d on new ones, %d failed", n, kept.served.Load(), fresh.served.Load(), kept.failed.Load()+fresh.failed.Load())
	if os.Getenv("BANYAN_REBUILDS") == "" {
		return // the comparison below is for a person
	}
	var plain time.Duration
	for i := range n {
		plain += plainBuild(t, p, file, source, fmt.Sprintf("Plain %d", i))
	}
	t.Logf("a change is served after %v, one plain go build takes %v: %.2f times", all/time.Duration(n), plain/time.Duration(n), float64(all)/float64(plain))
}
