package dev

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"
)

// A socket that has been passed on is still one whose other holders can stop waiting for connections.
func TestSocketDoesNotBlock(t *testing.T) {
	t.Parallel()
	var none *socket
	s, err := none.open(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer s.close(nil)
	l, err := net.FileListener(s.file)
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), "true")
	child.ExtraFiles = []*os.File{s.file}
	if err := child.Run(); err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.(*net.TCPListener).SetDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	waited := make(chan error, 1)
	go func() {
		_, err := l.Accept() // in a call that blocks it would not see the deadline
		waited <- err
	}()
	select {
	case err := <-waited:
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Error("it waits in a call that blocks")
		conn, err := net.Dial("tcp", l.Addr().String()) // so that it ends
		if err == nil {
			_ = conn.Close()
		}
	}
}

// Where there is no binary to ask, the address is that of the flags or of the environment.
func TestGuess(t *testing.T) {
	for _, c := range []struct {
		args       []string
		addr, port string
		want       string
	}{
		{nil, "", "", "127.0.0.1:8080"},
		{nil, "", "8123", "127.0.0.1:8123"},
		{nil, "0.0.0.0:8124", "8123", "0.0.0.0:8124"},
		{[]string{"--profile", "single", "--addr", ":8125"}, ":8124", "", "127.0.0.1:8125"},
		{[]string{"--addr=[::1]:8126"}, ":8124", "8123", "[::1]:8126"},
		{[]string{"--addr"}, "", "", "127.0.0.1:8080"},
		{[]string{"--set", "db.slow=1s", "--set", "http.addr=:8127"}, ":8124", "", "127.0.0.1:8127"},
		{[]string{"--set=http.addr=:8128", "--set"}, "", "8123", "127.0.0.1:8128"},
	} {
		t.Setenv("APP_HTTP__ADDR", c.addr)
		t.Setenv("PORT", c.port)
		if got := guess(c.args); got != c.want {
			t.Errorf("%q, APP_HTTP__ADDR=%s, PORT=%s: %s, want %s", c.args, c.addr, c.port, got, c.want)
		}
	}
}
