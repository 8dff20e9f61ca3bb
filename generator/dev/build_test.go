package dev

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

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
