package dev_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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

// catalogued is a project with a resource, whose file is changed.
type catalogued struct {
	*project.Project
	t            *testing.T
	file, source string
}

func newCatalogued(t *testing.T, dir string) *catalogued {
	t.Helper()
	c := &catalogued{Project: projecttest.New(t, dir), t: t}
	catalog(t, c.Project)
	c.file = c.Path("modules/catalog/internal/web/product.go")
	data, err := os.ReadFile(c.file)
	if err != nil {
		t.Fatal(err)
	}
	c.source = string(data)
	return c
}

// change writes another summary of an operation into the module's file.
func (c *catalogued) change(summary string) {
	c.t.Helper()
	const was = `Summary: "List products"`
	if !strings.Contains(c.source, was) {
		c.t.Fatalf("%s has no %s", c.file, was)
	}
	write(c.t, c.file, strings.Replace(c.source, was, fmt.Sprintf("Summary: %q", summary), 1))
}

// build returns how long one plain go build takes after a change.
func (c *catalogued) build(summary string) time.Duration {
	c.t.Helper()
	c.change(summary)
	cmd := exec.CommandContext(c.t.Context(), "go", "build", "-buildvcs=false", "-o", c.Path("bin/.dev/shop"), c.Main())
	cmd.Dir, cmd.Env = c.Root, append(os.Environ(), "CGO_ENABLED=0")
	began := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		c.t.Fatalf("%v\n%s", err, out)
	}
	return time.Since(began)
}

// TestRebuildsLoseNoRequest changes a module's file again and again while two clients write, one of which keeps its connection.
func TestRebuildsLoseNoRequest(t *testing.T) {
	t.Parallel()
	p := newCatalogued(t, filepath.Join(t.TempDir(), "shop"))
	n := rebuilds
	var plain *catalogued // is built in between by a plain go build, for the comparison
	if text := os.Getenv("BANYAN_REBUILDS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
		plain = newCatalogued(t, filepath.Join(t.TempDir(), "shop"))
		plain.build("warm")
	}
	s := run(t, p.Project, "--addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0", "--set", "limits.enabled=false")
	s.screen.wait(t, `serving .* ready in \d+ ms`)

	ctx, done := context.WithCancel(t.Context())
	kept, fresh := &steady{client: &http.Client{Transport: &http.Transport{}}}, &steady{client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	var clients sync.WaitGroup
	for _, c := range []*steady{kept, fresh} {
		clients.Go(func() { c.ask(ctx, t, s.address()+products) })
	}
	var served, built []time.Duration
	for i := range n {
		summary := fmt.Sprintf("Change %d.", i)
		if plain != nil {
			built = append(built, plain.build(summary))
		}
		began := time.Now()
		p.change(summary)
		s.serves(t, "/openapi.json", summary)
		served = append(served, time.Since(began))
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
	if plain != nil {
		slices.Sort(served)
		slices.Sort(built)
		t.Logf("a change is served after %v, one plain go build takes %v (medians): %.2f times", served[n/2], built[n/2], float64(served[n/2])/float64(built[n/2]))
	}
}
