package scaffold_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/banyan-go/banyan/generator"
	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/projecttest"
	"github.com/banyan-go/banyan/generator/scaffold"
	"github.com/banyan-go/banyan/platform/servertest"
)

// offline is the environment of a person with a filled module cache and nothing set, whose network is off. Packages are compiled as -trimpath has
// them, without their folders, and without cgo: the next test, and the next run, find them in the cache.
func offline() []string {
	return append(os.Environ(), "GOENV=off", "GOPROXY=off", "GOFLAGS=-trimpath", "CGO_ENABLED=0", "GOWORK=off", "GOTOOLCHAIN=local")
}

// command runs a program to its end and returns what it writes to standard output. It has to end with the code.
func command(t *testing.T, dir string, env []string, code int, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Env = dir, env
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if cmd.ProcessState.ExitCode() != code {
		t.Fatalf("%s %s: exit code %d, want %d\n%s%s", name, strings.Join(args, " "), cmd.ProcessState.ExitCode(), code, out, &errs)
	}
	return string(out)
}

// server is an application that runs.
type server struct {
	cmd         *exec.Cmd
	public, ops string // addresses, with http://
}

// serve starts an application on free ports and waits until it says where it serves.
func serve(t *testing.T, dir string, env []string, binary string, args ...string) *server {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir, cmd.Env = dir, env
	errs, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was waited for already, unless the test has failed
	})
	s := &server{cmd: cmd}
	serving, ops := regexp.MustCompile(`serving +(http://\S+)`), regexp.MustCompile(`ops +(http://\S+)/metrics`)
	var said strings.Builder
	for lines := bufio.NewScanner(errs); s.ops == "" && lines.Scan(); {
		fmt.Fprintln(&said, lines.Text())
		if m := serving.FindStringSubmatch(lines.Text()); m != nil {
			s.public = m[1]
		}
		if m := ops.FindStringSubmatch(lines.Text()); m != nil {
			s.ops = m[1]
		}
	}
	if s.public == "" || s.ops == "" {
		t.Fatalf("it names no address:\n%s", &said)
	}
	return s
}

// stop ends the application as Ctrl-C does.
func (s *server) stop(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("after the signal: %v", err)
	}
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

// What a person does first, with no edit, and with the network off.
func TestNewApplicationWorksAtOnce(t *testing.T) {
	t.Parallel()
	worksAtOnce(t, options(t))
}

func TestNewApplicationWithAccountsWorksAtOnce(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.With = []string{"accounts"}
	dir := worksAtOnce(t, o)
	p, err := project.Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	before := projecttest.Read(t, dir)
	plan, err := generator.Sync(t.Context(), p, nil)
	if err != nil || len(plan.Changes) > 0 {
		t.Errorf("banyan sync has something to do: %+v, error %v", plan, err)
	}
	if plan, err := generator.Module(t.Context(), p, "accounts", nil); err != nil || len(plan.Changes) > 0 {
		t.Errorf("its module is not as it was written: %v", err)
	}
	if diff := before.Diff(projecttest.Read(t, dir)); len(diff) > 0 {
		t.Errorf("changed: %v", diff)
	}
}

// worksAtOnce makes an application, does with it what a person does first, and returns its folder.
func worksAtOnce(t *testing.T, o scaffold.Options) (dir string) {
	t.Helper()
	o.Dir, o.Module, o.NoGit = filepath.Join(filepath.Dir(o.Dir), "my projects", "shop"), "github.com/acme/shop", false
	if m := made(t, o); !m.Repository {
		t.Errorf("made %+v, want a repository", m)
	}
	env := offline()
	command(t, o.Dir, env, 0, "go", "build", "-o", "bin/", "./cmd/shop")
	command(t, o.Dir, env, 0, "go", "vet", "./...")
	command(t, o.Dir, env, 0, "go", "test", "./...")
	if badly := command(t, o.Dir, env, 0, "gofmt", "-l", "."); badly != "" {
		t.Errorf("not formatted: %s", badly)
	}
	s := serve(t, o.Dir, env, "bin/shop", "serve", "--mode", "dev", "--addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0")
	if status, body := get(t, s.public+"/readyz"); status != http.StatusOK {
		t.Errorf("/readyz: %d %s", status, body)
	}
	if status, body := get(t, s.public+"/"); status != http.StatusOK || !strings.Contains(body, "banyan generate resource") {
		t.Errorf("/: %d %s", status, body)
	}
	s.stop(t)
	tree := projecttest.Read(t, o.Dir)
	if tree["data/app.db"] == "" || tree["bin/shop"] == "" {
		t.Error("nothing in data or bin")
	}
	for line := range strings.SplitSeq(command(t, o.Dir, env, 0, "git", "status", "--porcelain"), "\n") {
		if strings.Contains(line, "data") || strings.Contains(line, "bin") {
			t.Errorf("git would take what running leaves behind: %s", line)
		}
	}
	return o.Dir
}

func TestContinuousIntegration(t *testing.T) {
	t.Parallel()
	actionlint := servertest.Need(t, servertest.GoTool("actionlint", "github.com/rhysd/actionlint/cmd/actionlint"))
	o := options(t)
	o.NoGit = false // it looks for the workflows of a repository
	if _, err := generator.New(t.Context(), o, nil); err != nil {
		t.Fatal(err)
	}
	command(t, o.Dir, offline(), 0, actionlint)
}
