package dev

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// stopTime is how long an application has to end after the signal before it is killed.
const stopTime = 20 * time.Second

// process is a running application.
type process struct {
	cmd   *exec.Cmd
	ready chan struct{} // closed when it says that it serves
	ended chan struct{} // closed at its end
	err   error         // why it has ended
	said  *tail         // on standard error
}

// launch is what an application is started with.
type launch struct {
	dir, binary string
	args        []string
	http, ops   *socket
	report      report
	notify      string // a socket that is not there yet
	out, errs   io.Writer
}

// becoming is a shell that becomes the application, whose number is then the shell's own: LISTEN_PID has to be that of the process that
// takes the sockets, which nobody knows before it is there.
const becoming = `export LISTEN_PID=$$; exec "$0" "$@"`

func (l launch) start() (*process, error) {
	states, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: l.notify})
	if err != nil {
		return nil, err
	}
	proc := &process{ready: make(chan struct{}), ended: make(chan struct{}), said: &tail{}}
	cmd := exec.Command("sh", append([]string{"-c", becoming, l.binary}, l.args...)...) //nolint:noctx // it is stopped by a signal, so that it can end in its own order
	cmd.Dir, cmd.Stdout, cmd.Stderr = l.dir, l.out, io.MultiWriter(l.errs, proc.said)
	cmd.ExtraFiles = []*os.File{l.http.file, l.ops.file}
	cmd.Env = append(os.Environ(), "LISTEN_FDS=2", "LISTEN_FDNAMES=http:ops", "NOTIFY_SOCKET="+l.notify, "BANYAN_BROKEN="+string(l.report), calledAs)
	cmd.WaitDelay = time.Second // for what it has started and left, which may hold standard error
	// Not in the terminal's group: Ctrl-C is for banyan, which passes it on once.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, states.Close(), remove(l.notify))
	}
	proc.cmd = cmd
	listening := make(chan struct{})
	go func() {
		defer close(listening)
		await(states, proc.ready)
	}()
	go func() {
		proc.err = cmd.Wait()
		_ = errors.Join(states.Close(), remove(l.notify)) // the folder goes in the end
		<-listening
		close(proc.ended)
	}()
	return proc, nil
}

// await closes ready when READY=1 comes, one of the lines of a datagram of sd_notify(3).
func await(states *net.UnixConn, ready chan<- struct{}) {
	buf := make([]byte, 4096)
	for told := false; ; {
		n, err := states.Read(buf)
		if err != nil {
			return // it has ended
		}
		for line := range strings.SplitSeq(string(buf[:n]), "\n") {
			if line == "READY=1" && !told {
				told = true
				close(ready)
			}
		}
	}
}

// stop asks the process to end and waits for it. A second signal to banyan is passed on: it ends the waiting for running requests.
func (p *process) stop() error {
	hurry := make(chan os.Signal, 1)
	signal.Notify(hurry, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(hurry)
	if err := p.signal(); err != nil {
		return err
	}
	timer := time.NewTimer(stopTime)
	defer timer.Stop()
	for {
		select {
		case <-p.ended:
			return nil
		case <-hurry:
			if err := p.signal(); err != nil {
				return err
			}
		case <-timer.C:
			_ = p.cmd.Process.Kill() // it may have ended just now
		}
	}
}

func (p *process) signal() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// tail keeps the end of what is written.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// tailSize is as much as a page shows.
const tailSize = 32 << 10

// Write is part of io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if over := len(t.text) - tailSize; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}

// sessionPrefix is how the folders for the sockets of applications that tell how they are begin. They are in the folder for temporary files,
// because the address of such a socket may have about a hundred characters.
const sessionPrefix = ".banyan-dev."

func sessionFolder() (string, error) {
	sweep(os.TempDir(), sessionPrefix)
	return os.MkdirTemp("", sessionPrefix+strconv.Itoa(os.Getpid())+".")
}

func notifySocket(dir string, n int) string { return filepath.Join(dir, strconv.Itoa(n)) }
