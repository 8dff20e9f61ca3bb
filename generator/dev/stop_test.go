package dev

import (
	"bufio"
	"errors"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// stubborn counts the signals that ask it to end, and ends at the second.
const stubborn = `
n=0
trap 'n=$((n+1)); echo signal $n; [ $n = 2 ] && exit 0' TERM
echo ready
while :; do sleep 0.05; done
`

// The first signal to banyan asks the application to end; the second ends its waiting for requests that run.
func TestSecondSignalIsPassedOn(t *testing.T) {
	r, w := io.Pipe()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", stubborn)
	cmd.Stdout = w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, ended: make(chan struct{})}
	go func() {
		p.err = errors.Join(cmd.Wait(), w.Close())
		close(p.ended)
	}()
	lines := bufio.NewScanner(r)
	said := func(want string) {
		t.Helper()
		if !lines.Scan() || strings.TrimSpace(lines.Text()) != want {
			t.Fatalf("it says %q, want %q", lines.Text(), want)
		}
	}
	said("ready")
	stopped := make(chan error, 1)
	go func() { stopped <- p.stop() }()
	said("signal 1")
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGTERM); err != nil { // stop has said that it listens
		t.Fatal(err)
	}
	said("signal 2")
	if err := <-stopped; err != nil || p.err != nil {
		t.Errorf("stop: %v; the process: %v", err, p.err)
	}
}
