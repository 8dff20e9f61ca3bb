package dev

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/banyan-go/banyan/generator/project"
)

// Who asks where a project is served is told of a process that lives, and of nothing else that stands beside the binary.
func TestServes(t *testing.T) {
	t.Parallel()
	gone := exec.CommandContext(t.Context(), "true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	p := &project.Project{Root: t.TempDir(), Module: "shop", App: "shop"}
	if got := Serves(p); got != "" {
		t.Errorf("nobody has built it, and it is served at %q", got)
	}
	dir := filepath.Dir(Binary(p))
	write := func(name, text string) {
		if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	write("shop", "binary")
	write(fmt.Sprintf("shop.%d", os.Getpid()), "binary")
	write(fmt.Sprintf("shop.%d.serving", gone.Process.Pid), "http://localhost:1")
	write(fmt.Sprintf("shop.%d.broken", os.Getpid()), "no spare parts")
	write(fmt.Sprintf("shop.%d.serving.new", os.Getpid()), "http://loc")
	if got := Serves(p); got != "" {
		t.Errorf("nobody serves it, and it is served at %q", got)
	}
	write(fmt.Sprintf("shop.%d.serving", os.Getpid()), "http://localhost:8080")
	if got := Serves(p); got != "http://localhost:8080" {
		t.Errorf("it is served at %q", got)
	}
}

// What a process has left that was killed goes, and nothing else.
func TestSweep(t *testing.T) {
	t.Parallel()
	gone := exec.CommandContext(t.Context(), "true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	dir, dead, alive := t.TempDir(), gone.Process.Pid, os.Getpid()
	want := map[string]bool{ // stays
		fmt.Sprintf("shop.%d", dead):        false,
		fmt.Sprintf("shop.%d.broken", dead): false,
		fmt.Sprintf("shop.%d", alive):       true,
		fmt.Sprintf("shop%d", dead):         true,
		fmt.Sprintf("other.%d", dead):       true,
		"shop":                              true,
		"shop.exe":                          true,
		"shop.0":                            true,
		"shop.-1":                           true,
	}
	for name := range want {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	folder := filepath.Join(dir, fmt.Sprintf("shop.%d.folder", dead))
	if err := os.MkdirAll(filepath.Join(folder, "deep"), 0o700); err != nil {
		t.Fatal(err)
	}
	want[filepath.Base(folder)] = false
	sweep(dir, "shop.")
	sweep(filepath.Join(dir, "none"), "shop.")
	for name, stays := range want {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != stays {
			t.Errorf("%s: stays is %v, want %v", name, err == nil, stays)
		}
	}
}
