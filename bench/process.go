package main

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
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is a program that serves, pinned to the server's core.
type server struct {
	cmd    *exec.Cmd
	began  time.Time // when the program was told to start
	stderr bytes.Buffer
	ended  chan struct{}
}

// gate waits on its input for a line and becomes the program then, so that the time of a start holds neither the making of a process
// nor its pinning.
const gate = `echo ready; read -r go; exec "$0" "$@" >/dev/null`

// serve starts a program of the run's folder.
func (b *bench) serve(ctx context.Context, env []string, name string, args ...string) (*server, error) {
	gated := append([]string{"-c", b.opts.serverCore, "sh", "-c", gate, b.path(name)}, args...)
	s := &server{cmd: exec.CommandContext(ctx, "taskset", gated...), ended: make(chan struct{})}
	s.cmd.Dir, s.cmd.Env, s.cmd.Stderr = b.dir, env, &s.stderr
	open, err := s.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	_, err = bufio.NewReader(stdout).ReadString('\n')
	if err == nil {
		s.began = time.Now()
		_, err = io.WriteString(open, "\n")
	}
	go func() {
		_ = s.cmd.Wait() // it is killed in the end: its exit code tells nothing
		close(s.ended)
	}()
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("start %s: %w\n%s", name, err, tail(s.stderr.String()))
	}
	return s, nil
}

// ready asks for url until the answer is 200 and returns how long that took from the start of the program. Between two questions it waits
// for pause.
func (s *server) ready(ctx context.Context, url string, pause time.Duration) (time.Duration, error) {
	took, err := poll(ctx, url, pause, s.began, s.ended)
	if err != nil {
		s.stop()
		return 0, fmt.Errorf("%w\n%s", err, tail(s.stderr.String()))
	}
	return took, nil
}

var errEnded = errors.New("the program ended before it was ready")

// poll is ready for any process: ended is closed when it ends.
func poll(ctx context.Context, url string, pause time.Duration, began time.Time, ended <-chan struct{}) (time.Duration, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, fmt.Errorf("ask %s: %w", url, err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		resp, err := client.Do(req)
		if err == nil {
			took := time.Since(began)
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return took, nil
			}
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("wait for %s: %w", url, ctx.Err())
		case <-ended:
			return 0, errEnded
		case <-time.After(pause):
		}
	}
}

// stop ends the program: a second signal tells an application not to wait for those who may still send requests.
func (s *server) stop() {
	for _, patience := range []time.Duration{20 * time.Millisecond, 2 * time.Second} {
		_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		select {
		case <-s.ended:
			return
		case <-time.After(patience):
		}
	}
	_ = s.cmd.Process.Kill()
	<-s.ended
}

// idleMemory returns the resident memory of the program in MiB.
func (s *server) idleMemory() (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("read the memory of a server: %w", err)
	}
	return residentMemory(string(status))
}

// residentMemory reads VmRSS out of /proc/<pid>/status, in MiB.
func residentMemory(status string) (float64, error) {
	for line := range strings.Lines(status) {
		text, ok := strings.CutPrefix(line, "VmRSS:")
		if !ok {
			continue
		}
		kib, err := strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "kB")), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read VmRSS: %w", err)
		}
		return float64(kib) / 1024, nil
	}
	return 0, errors.New("read VmRSS: the process has none: it has ended")
}

// killIn ends every process whose program lies in dir: only this run puts any there.
func killIn(dir string) {
	for _, pid := range runningIn("/proc", dir) {
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended
	}
}

// runningIn returns the processes of proc whose program lies in dir.
func runningIn(proc, dir string) []int {
	links, err := filepath.Glob(filepath.Join(proc, "[0-9]*", "exe"))
	if err != nil {
		return nil // the pattern is right
	}
	var pids []int
	for _, link := range links {
		program, err := os.Readlink(link)
		if err != nil || !strings.HasPrefix(program, dir+string(filepath.Separator)) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(link))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// cpuTime returns the CPU time of the program so far, of all its threads. It counts from the shell that became the program, a millisecond or two.
func (s *server) cpuTime() (time.Duration, error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", s.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("read the CPU time of a server: %w", err)
	}
	var total time.Duration
	for _, file := range files {
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue // a thread that has just ended
		}
		var onCPU int64
		if err == nil {
			_, err = fmt.Sscan(string(text), &onCPU)
		}
		if err != nil {
			return 0, fmt.Errorf("read the CPU time of a server: %w", err)
		}
		total += time.Duration(onCPU) // nanoseconds
	}
	return total, nil
}
