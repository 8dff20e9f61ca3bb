package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

func TestResidentMemory(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, status string
		want         float64
		fails        bool
	}{
		{"as Linux writes it", "Name:\tapp\nVmPeak:\t 1800000 kB\nVmRSS:\t   26420 kB\nRssAnon:\t   10000 kB\n", 25.80078125, false},
		{"a process that has ended", "Name:\tapp\nState:\tZ (zombie)\n", 0, true},
		{"not a number", "VmRSS:\t   many kB\n", 0, true},
		{"nothing", "", 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := residentMemory(c.status)
			if got != c.want || (err != nil) != c.fails {
				t.Errorf("residentMemory() = %v, %v, want %v, an error: %v", got, err, c.want, c.fails)
			}
		})
	}
}

func TestRunningIn(t *testing.T) {
	t.Parallel()
	proc := t.TempDir()
	for pid, program := range map[int]string{
		10: "/tmp/bench-1/app",
		11: "/tmp/bench-1/sub/app",
		12: "/tmp/bench-12/app", // another run's
		13: "/usr/bin/sh",
	} {
		dir := filepath.Join(proc, strconv.Itoa(pid))
		if err := os.Mkdir(dir, 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(program, filepath.Join(dir, "exe")); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(proc, "14"), 0o750); err != nil { // somebody else's: its program cannot be read
		t.Fatal(err)
	}
	if got, want := runningIn(proc, "/tmp/bench-1"), []int{10, 11}; !slices.Equal(got, want) {
		t.Errorf("runningIn() = %v, want %v", got, want)
	}
}

func TestPollWaitsFor200(t *testing.T) {
	t.Parallel()
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(s.Close)
	took, err := poll(t.Context(), s.URL, time.Microsecond, time.Now().Add(-time.Hour), nil)
	if err != nil || asked != 3 {
		t.Errorf("poll() returned %v after %d questions, want nil after 3", err, asked)
	}
	if took < time.Hour {
		t.Errorf("poll() = %v, want the time since the beginning, more than an hour", took)
	}
}

func TestPollEnds(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	close(ended)
	addr, err := freeAddr()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := poll(t.Context(), "http://"+addr, time.Hour, time.Now(), ended); !errors.Is(err, errEnded) {
		t.Errorf("poll() of a program that has ended returned %v, want errEnded", err)
	}
}
