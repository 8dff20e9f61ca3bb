package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// bench is one run: the folder where everything is built and everything lives that the programs write.
type bench struct {
	opts   options
	root   string          // the checkout
	dir    string          // temporary
	seeded map[string]bool // programs whose database is there
	log    io.Writer
}

func newBench(ctx context.Context, o options, log io.Writer) (*bench, error) {
	if runtime.NumCPU() < 2 {
		return nil, errors.New("the server and the client need a core each: this machine has one")
	}
	gomod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return nil, fmt.Errorf("find the checkout: %w", err)
	}
	dir, err := os.MkdirTemp("", "banyan-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the programs: %w", err)
	}
	return &bench{opts: o, root: filepath.Dir(strings.TrimSpace(string(gomod))), dir: dir, seeded: map[string]bool{}, log: log}, nil
}

// close ends what a part has left running and removes the folder.
func (b *bench) close() error {
	killIn(b.dir)
	return os.RemoveAll(b.dir)
}

func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.log, format+"\n", args...) }

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

// program is something to build: a package of the checkout, or a baseline, which is a module of its own.
type program struct {
	name, folder, pkg string
	flags             []string
}

func programs() []program {
	symbols := []string{"-ldflags=-s -w"}
	return []program{
		{"app", ".", "./cmd/app", nil},
		{"app.stripped", ".", "./cmd/app", symbols},
		{"banyan", ".", "./cmd/banyan", nil},
		{"stack", ".", "./bench/stack", nil},
		{"door", ".", "./bench/door", nil},
		{"cached", ".", "./bench/cached", nil},
		{"storm", ".", "./bench/storm", nil},
		{"runner", "bench/baseline/runner", ".", nil},
		{"httpd", "bench/baseline/http", ".", nil},
		{"products", "bench/baseline/products", ".", nil},
		{"posts", "bench/baseline/posts", ".", nil},
		{"startup", "bench/baseline/startup", ".", nil},
		{"startup.stripped", "bench/baseline/startup", ".", symbols},
	}
}

// build builds programs, each once, as they are shipped: without cgo.
func (b *bench) build(ctx context.Context, names ...string) error {
	for _, p := range programs() {
		if _, err := os.Stat(b.path(p.name)); err == nil || !slices.Contains(names, p.name) {
			continue
		}
		b.say("building %s", p.name)
		args := slices.Concat([]string{"build", "-o", b.path(p.name)}, p.flags, []string{p.pkg})
		if _, err := b.output(ctx, filepath.Join(b.root, p.folder), append(os.Environ(), "CGO_ENABLED=0"), "go", args...); err != nil {
			return fmt.Errorf("build %s: %w", p.name, err)
		}
	}
	if slices.Contains(names, openApp) {
		return b.buildOpen(ctx)
	}
	return nil
}

// output runs a command to its end and returns what it prints. The error holds what it says on stderr.
func (b *bench) output(ctx context.Context, dir string, env []string, name string, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir, c.Env = dir, env
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	if b.opts.verbose {
		_, _ = b.log.Write(stderr.Bytes()) // somebody is watching, or not
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, tail(stderr.String()))
	}
	return stdout.Bytes(), nil
}

// tail returns the last lines of what a program said.
func tail(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}

// need finds the tools in PATH and says for the first one that is not there how to get it.
func need(tools ...string) error {
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%s is not in PATH: install it (Debian: apt-get install %s)", tool, debianPackage(tool))
		}
	}
	return nil
}

func debianPackage(tool string) string {
	if tool == "taskset" {
		return "util-linux"
	}
	return tool
}

// settings returns the environment of an application: that of this process without what would configure it, and these.
func settings(pairs ...string) []string {
	env := slices.DeleteFunc(os.Environ(), func(pair string) bool {
		return strings.HasPrefix(pair, "APP_") || strings.HasPrefix(pair, "DATABASE_URL=") || strings.HasPrefix(pair, "PORT=") || strings.HasPrefix(pair, "REDIS_")
	})
	return append(append(env, "APP_LIMITS__DEFAULT=off"), pairs...) // one client sends more than a hundred thousand requests a second
}

// keys makes a key ring for an application in mode prod.
func (b *bench) keys(ctx context.Context, program string) (string, error) {
	out, err := b.output(ctx, b.dir, settings(), b.path(program), "keys", "new")
	return "APP_KEYS=" + strings.TrimSpace(string(out)), err
}

// freeAddr returns an address on this machine that nobody listens on.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}

// freeAddrs returns n of them.
func freeAddrs(n int) ([]string, error) {
	addrs := make([]string, n)
	for i := range addrs {
		var err error
		if addrs[i], err = freeAddr(); err != nil {
			return nil, err
		}
	}
	return addrs, nil
}
