package servertest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
)

// daemon is a server that runs in a folder of its own. It ends with stop, and when the process that has started it ends, however that is. It is safe
// for concurrent use, but for what starts and ends the server.
type daemon struct {
	name string // as people call it
	dir  string
	// quit is the signal that ends the server at once.
	quit string
	// judge says of a line of its log what it tells of a start.
	judge func(line string) verdict

	in       io.WriteCloser // open while the server is wanted
	starting atomic.Bool
	started  chan string   // how a start went
	done     chan struct{} // what the shell was told to do
	ended    chan struct{} // closed when its log is at its end
	cmd      *exec.Cmd
}

// verdict is what a line of a log tells of a start.
type verdict uint8

const (
	goesOn verdict = iota
	serves
	fails
)

// did begins a line by which the shell says that it has done what it was told.
const did = "servertest: "

// run starts the server and waits until it serves. A shell stands between: it ends the server, and removes its folder, when its input ends.
func (d *daemon) run(ctx context.Context, who *syscall.SysProcAttr, args []string) error {
	const script = `dir=$1; quit=$2; shift 2; "$@" & pid=$!
while read word; do
	case $word in
	kill) kill -KILL $pid; wait $pid;;
	start) "$@" & pid=$!;;
	*) kill -$word $pid;;
	esac
	echo "` + did + `$word"
done
kill -$quit $pid; wait $pid; cd /; rm -rf "$dir"`
	d.started, d.done, d.ended = make(chan string, 1), make(chan struct{}, 1), make(chan struct{})
	d.cmd = exec.CommandContext(ctx, "sh", slices.Concat([]string{"-c", script, "sh", d.dir, d.quit}, args)...)
	d.cmd.SysProcAttr, d.cmd.Dir = who, d.dir
	in, err := d.cmd.StdinPipe()
	if err != nil {
		return err
	}
	log, err := d.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	d.cmd.Stderr = d.cmd.Stdout // the same pipe: of a line of each, the order is known
	if err := d.cmd.Start(); err != nil {
		return err
	}
	d.in = in
	d.starting.Store(true)
	go func() {
		defer close(d.ended)
		d.listen(log)
	}()
	if wrong := d.wait(); wrong != "" {
		return errors.Join(fmt.Errorf("%s does not start:\n%s", d.name, wrong), d.stop())
	}
	return nil
}

// wait waits until a server that starts serves, and returns what it says when it does not.
func (d *daemon) wait() string {
	select {
	case wrong := <-d.started:
		return wrong
	case <-d.ended:
		return "(it has ended)"
	}
}

// listen reads the log to its end, and tells of each start how it went: "" when the server serves, otherwise what it has said.
func (d *daemon) listen(log io.Reader) {
	var said strings.Builder
	for lines := bufio.NewScanner(log); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, did) {
			d.done <- struct{}{}
			continue
		}
		if !d.starting.Load() {
			said.Reset()
			continue
		}
		fmt.Fprintln(&said, line)
		switch d.judge(line) {
		case serves:
			d.starting.Store(false)
			d.started <- ""
		case fails:
			d.starting.Store(false)
			d.started <- said.String()
		case goesOn:
		}
	}
}

// start starts a server that was killed, waits until it serves, and returns what it says when it does not.
func (d *daemon) start(t Test) string {
	t.Helper()
	d.starting.Store(true)
	d.tell(t, "start")
	return d.wait()
}

// tell tells the shell to do something, and waits until it has: start, kill, or send a signal.
func (d *daemon) tell(t Test, word string) {
	t.Helper()
	if _, err := io.WriteString(d.in, word+"\n"); err != nil {
		t.Fatalf("%s %s: %v", word, d.name, err)
	}
	select {
	case <-d.done:
	case <-d.ended:
		t.Fatalf("%s %s: it has ended", word, d.name)
	}
}

// stop ends the server at once and removes its folder.
func (d *daemon) stop() error {
	_ = d.in.Close() // a second time, when it is closed already
	<-d.ended
	_ = d.cmd.Wait() // it was told to end at once, which is no success
	return os.RemoveAll(d.dir)
}
