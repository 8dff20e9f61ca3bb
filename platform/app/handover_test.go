package app_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// parent starts the program as processes on sockets of its own, as systemd does.
type parent struct {
	*machine
	sockets []*os.File // http, ops
	url     string
	states  *net.UnixConn
	notify  string
}

func newParent(t *testing.T) *parent {
	t.Helper()
	p := &parent{machine: newMachine(t).without("APP_HTTP__DRAIN")}
	for range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if p.url == "" {
			p.url = "http://" + l.Addr().String()
		}
		p.sockets = append(p.sockets, hold(t, l))
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	dir, err := os.MkdirTemp("", "n") //nolint:usetesting // that of the test is too long for the address of a socket
	if err != nil {
		t.Fatal(err)
	}
	p.notify = filepath.Join(dir, "notify")
	if p.states, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: p.notify}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(p.states.Close(), os.RemoveAll(dir)) })
	return p
}

// hold returns a hold on a socket that outlives the listener. That of its method File would make the socket block, in every process, when
// it is passed on.
func hold(t *testing.T, l net.Listener) *os.File {
	t.Helper()
	raw, err := l.(*net.TCPListener).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var fd int
	ctrlErr := raw.Control(func(s uintptr) { fd, err = syscall.Dup(int(s)) })
	if err := errors.Join(ctrlErr, err); err != nil {
		t.Fatal(err)
	}
	syscall.CloseOnExec(fd)
	file := os.NewFile(uintptr(fd), "socket")
	t.Cleanup(func() { _ = file.Close() })
	return file
}

// start starts one process and waits until it says that it is ready. The shell becomes the program: LISTEN_PID is its own number, which
// nobody knows before it is there.
func (p *parent) start() *exec.Cmd {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), "sh", "-c", `export LISTEN_PID=$$; exec "$0" "$@"`, os.Args[0], "serve", "--mode", "dev")
	cmd.Env = append(p.environ, asProgram+"=1", "LISTEN_FDS=2", "LISTEN_FDNAMES=http:ops", "NOTIFY_SOCKET="+p.notify)
	cmd.ExtraFiles = p.sockets
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.told("READY=1")
	return cmd
}

// told waits for a state.
func (p *parent) told(want string) {
	p.t.Helper()
	buf := make([]byte, 64)
	if err := p.states.SetReadDeadline(time.Now().Add(patience)); err != nil {
		p.t.Fatal(err)
	}
	if n, err := p.states.Read(buf); err != nil || string(buf[:n]) != want {
		p.t.Fatalf("it says %q, %v, want %s", buf[:n], err, want)
	}
}

// ask asks again and again until done, and counts. Nothing is repeated: with a body that cannot be read twice the client does not do so
// by itself.
func (p *parent) ask(client *http.Client, done *atomic.Bool, served *atomic.Int64) {
	defer client.CloseIdleConnections()
	for !done.Load() {
		req, err := http.NewRequestWithContext(context.WithoutCancel(p.t.Context()), http.MethodPost, p.url+"/api/v1/notes/notes", io.MultiReader(strings.NewReader(`{"text":"x"}`)))
		if err != nil {
			p.t.Error(err)
			return
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(req)
		if err != nil {
			p.t.Errorf("request %d: %v", served.Load(), err)
			return
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		if _ = resp.Body.Close(); resp.StatusCode != http.StatusNoContent {
			p.t.Errorf("request %d: %s", served.Load(), resp.Status)
			return
		}
		served.Add(1)
	}
}

// TestSuccessor has one process follow another on the same sockets and the same database while somebody writes: nobody is refused.
func TestSuccessor(t *testing.T) {
	t.Parallel()
	p := newParent(t)
	old := p.start()
	var done atomic.Bool
	var kept, fresh atomic.Int64
	var clients sync.WaitGroup
	clients.Go(func() { p.ask(&http.Client{Transport: &http.Transport{}}, &done, &kept) })
	clients.Go(func() { p.ask(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, &done, &fresh) })
	for range 3 {
		next := p.start()
		if err := old.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		p.told("STOPPING=1")
		if err := old.Wait(); err != nil {
			t.Errorf("the old one: %v", err)
		}
		old = next
	}
	done.Store(true)
	clients.Wait()
	if kept.Load() == 0 || fresh.Load() == 0 {
		t.Errorf("%d requests on connections that are kept, %d on others", kept.Load(), fresh.Load())
	}

	// What the process was given is not for those that it starts.
	resp, err := http.Get(p.url + "/api/v1/notes/environ")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	names, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(names), asProgram) || strings.Contains(string(names), "LISTEN_") || strings.Contains(string(names), "NOTIFY_") {
		t.Errorf("it passes on %s, %v", names, err)
	}
	http.DefaultClient.CloseIdleConnections()
	if err := old.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.told("STOPPING=1")
	if err := old.Wait(); err != nil {
		t.Errorf("the last one: %v", err)
	}
}

// A dry run says where the program would listen, judges as serve does, and leaves nothing behind, not even the key of mode dev.
func TestServeDryRun(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	m := newMachine(t).without("APP_HTTP__OPS_ADDR", "APP_KEYS")
	var where map[string]string
	m.run("serve", "--mode", "dev", "--dry-run", "--json", "--addr", ":8123").want(0).decode(&where)
	if len(where) != 2 || where["http.addr"] != "127.0.0.1:8123" || where["http.ops_addr"] != "127.0.0.1:9090" {
		t.Errorf("it would listen on %v", where)
	}
	keyed := newMachine(t)
	if out := keyed.run("serve", "--dry-run", "--addr", taken.Addr().String()).want(0).out; out != "http.addr      "+taken.Addr().String()+"\nhttp.ops_addr  127.0.0.1:0\n" {
		t.Errorf("it says %s", out)
	}
	keyed.untouched("a dry run")
	m.run("serve", "--dry-run").want(4, "there are no keys")
	m.run("serve", "--mode", "dev", "--dry-run", "--set", "http.adr=:1").want(4, "did you mean http.addr?")
	if _, err := os.Stat("data"); err == nil {
		t.Error("there is a key now")
	}
	m.untouched("a dry run")
}

// Sockets that cannot be understood are an error before anything is started.
func TestServeOnUnknownSockets(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "LISTEN_PID="+strconv.Itoa(os.Getpid()), "LISTEN_FDS=1", "LISTEN_FDNAMES=shop.socket")
	m.run("serve").want(4, `error: LISTEN_FDNAMES: got "shop.socket", want http and ops, each once at most`)
	m.untouched("serve")
}
