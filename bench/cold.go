package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// maxCold is how long the way from empty caches may take.
const maxCold = 20 * time.Minute

// cold measures what somebody waits for who has only Go and git: a fresh clone, empty caches, the first command of the README, the first
// answer. It downloads every module.
func (b *bench) cold(ctx context.Context) ([]figure, error) {
	ctx, cancel := context.WithTimeout(ctx, maxCold)
	defer cancel()
	clone, mods, builds, temp := b.path("clone"), b.path("gomodcache"), b.path("gocache"), b.path("gotmp")
	if err := os.Mkdir(temp, 0o750); err != nil { // go is killed in the end and leaves there what it has built
		return nil, fmt.Errorf("make a folder for go: %w", err)
	}
	if _, err := b.output(ctx, b.dir, os.Environ(), "git", "clone", "--quiet", "--no-local", b.root, clone); err != nil {
		return nil, err
	}
	addr, err := freeAddrs(2)
	if err != nil {
		return nil, err
	}
	env := settings("GOMODCACHE="+mods, "GOCACHE="+builds, "GOTMPDIR="+temp, "CGO_ENABLED=0", "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -modcacherw"),
		"APP_HTTP__ADDR="+addr[0], "APP_HTTP__OPS_ADDR="+addr[1])
	args := []string{"run", "./cmd/app", "serve", "--mode", "dev"}
	if _, err := os.Stat(filepath.Join(clone, "cmd/banyan/main.go")); err == nil {
		args = []string{"run", "./cmd/banyan", "dev"}
	}
	b.say("measuring go %s with empty caches", strings.Join(args, " "))
	took, err := b.firstAnswer(ctx, clone, env, "http://"+addr[0]+"/readyz", args)
	if err != nil {
		return nil, fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	var sizes []float64
	for _, dir := range []string{filepath.Join(mods, "cache", "download"), mods, builds} {
		size, err := sizeOf(dir)
		if err != nil {
			return nil, err
		}
		sizes = append(sizes, size/1e6)
	}
	return []figure{{
		Name:  "cold",
		Title: "Empty caches to the first 200: go " + strings.Join(args, " ") + " in a fresh clone",
		Rows: []row{{Name: "Banyan", Values: []value{
			single("time", "s", took.Seconds()), single("downloaded", "MB", sizes[0]),
			single("module cache", "MB", sizes[1]), single("build cache", "MB", sizes[2]),
		}}},
		Notes: []string{"Once, on every core, with the network as it was. Of what is committed."},
	}}, nil
}

// firstAnswer runs go in dir until url answers with 200.
func (b *bench) firstAnswer(ctx context.Context, dir string, env []string, url string, args []string) (time.Duration, error) {
	c := exec.CommandContext(ctx, "go", args...)
	c.Dir, c.Env = dir, env
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // go, what it builds, and what that builds
	end := func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.Cancel = end
	var stderr bytes.Buffer
	c.Stderr = &stderr
	began := time.Now()
	if err := c.Start(); err != nil {
		return 0, err
	}
	ended := make(chan struct{})
	go func() {
		_ = c.Wait() // it is killed in the end: its exit code tells nothing
		close(ended)
	}()
	took, err := poll(ctx, url, 10*time.Millisecond, began, ended)
	_ = end() // it may have ended
	<-ended
	if err != nil {
		return 0, fmt.Errorf("%w\n%s", err, tail(stderr.String()))
	}
	return took, nil
}

// sizeOf adds up the files below a folder, in bytes.
func sizeOf(dir string) (float64, error) {
	var total float64
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a file of a build that was just ended
		}
		if err != nil {
			return err
		}
		total += float64(info.Size())
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("add up %s: %w", dir, err)
	}
	return total, nil
}
