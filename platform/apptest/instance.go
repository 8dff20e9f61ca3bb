package apptest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/banyan-go/banyan/platform/app"
	"github.com/banyan-go/banyan/platform/db/querystat"
	"github.com/banyan-go/banyan/platform/mail/driver"
)

// A further instance of an application is a process of its own: the program of the test, started again for the same test, which becomes the
// instance when it comes to the same call of Run. So what an instance keeps in its memory, or in a package-level variable, another one has
// not. It ends when its input does.

// instanceVar tells a process that it is to become an instance.
const instanceVar = "BANYAN_INSTANCE"

// order is what such a process is told.
type order struct {
	Test  string `json:"test"`
	Call  string `json:"call"` // the line of Run, for a test that calls it twice
	DSN   string `json:"dsn"`
	Keys  string `json:"keys"`
	Files string `json:"files"`

	Instances int `json:"instances"`

	Stores stores `json:"stores"`
}

// report is what it says: first where it serves, and then what happens.
type report struct {
	URL     string            `json:"url,omitempty"`
	Wrong   *complaint        `json:"wrong,omitempty"`
	Queries *querystat.Report `json:"queries,omitempty"`
	Flushed bool              `json:"flushed,omitempty"`
	Mails   []driver.Mail     `json:"mails,omitempty"` // with Flushed: all that it keeps

	Settling bool `json:"settling,omitempty"`
	Settled  bool `json:"settled,omitempty"`
}

// caller returns where Run was called. Skip counts the functions between.
func caller(skip int) string {
	_, file, line, _ := runtime.Caller(skip + 1)
	return fmt.Sprintf("%s:%d", file, line)
}

// myOrder returns the order of this process, if this call of Run is the one that it is about.
func myOrder(t testing.TB, call string) (o order, ok bool) {
	text := os.Getenv(instanceVar)
	if text == "" {
		return o, false
	}
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatalf("%s: %v", instanceVar, err)
	}
	return o, o.Test == t.Name() && o.Call == call
}

// serveUntilToldToEnd is the life of an instance. It does not return. The instance has a working folder of its own, as one on another machine
// has.
func serveUntilToldToEnd(t testing.TB, running *app.App, out *reports) {
	if err := os.Chdir(t.TempDir()); err != nil { //nolint:usetesting // t.Chdir refuses a test that runs beside others, which here has none
		t.Fatal(err)
	}
	if err := running.Start(t.Context()); err != nil {
		fmt.Fprintln(os.Stderr, "start the application:", err)
		os.Exit(1)
	}
	heard := newEars(running)
	out.send(report{URL: "http://" + running.Server().Addr().String()})
	for asked := bufio.NewScanner(os.Stdin); asked.Scan(); {
		if asked.Text() == "settle" {
			if err := heard.settle(t.Context(), out); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
			continue
		}
		if err := running.Platform().Telemetry.Writer().Flush(t.Context()); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		mailer := running.Platform().Mail
		if err := mailer.Flush(t.Context()); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		out.send(report{Flushed: true, Mails: mailer.Mailbox().Mails()})
	}
	if err := running.Stop(context.WithoutCancel(t.Context())); err != nil {
		fmt.Fprintln(os.Stderr, "stop the application:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// reports is where an instance says something.
type reports struct {
	mu  sync.Mutex
	out io.Writer
}

// newReports returns the pipe that start has given to this process.
func newReports() *reports { return &reports{out: os.NewFile(3, "reports")} }

func (r *reports) send(what report) {
	line, _ := json.Marshal(what) // texts, numbers and a bool
	r.mu.Lock()
	defer r.mu.Unlock()
	_, _ = r.out.Write(append(line, '\n')) // nobody is there any more, when that fails
}

func (r *reports) wrong(c complaint) { r.send(report{Wrong: &c}) }

func (r *reports) queries(q querystat.Report) { r.send(report{Queries: &q}) }

// instance is a process that serves, as its test sees it.
type instance struct {
	url     string
	in      io.WriteCloser
	flushed chan []driver.Mail

	settling, settled chan struct{}
	started           chan string

	said []report
}

// startInstances starts n of them at the same time, and waits until all serve; they end with the test. What they log goes to log; what they have done is judged at the end.
func startInstances(t testing.TB, n int, o order, log *syncBuffer, j *judge) (all []*instance) {
	t.Helper()
	for range n {
		all = append(all, startInstance(t, o, log, j))
	}
	for _, i := range all {
		if i.url = <-i.started; i.url == "" {
			t.Fatalf("an instance of the application does not start\n%s", log)
		}
	}
	return all
}

// startInstance starts one.
func startInstance(t testing.TB, o order, log *syncBuffer, j *judge) *instance {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	said, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), self, "-test.run="+pattern(t.Name()), "-test.count=1", "-test.timeout=0")
	cmd.Env = append(os.Environ(), instanceVar+"="+string(text), "TMPDIR="+t.TempDir())
	cmd.ExtraFiles, cmd.Stdout, cmd.Stderr = []*os.File{out}, log, log
	i := &instance{flushed: make(chan []driver.Mail), settling: make(chan struct{}), settled: make(chan struct{}), started: make(chan string, 1)}
	if i.in, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = out.Close() // the process has it
	read := make(chan struct{})
	go func() {
		defer close(read)
		i.listen(said)
	}()
	t.Cleanup(func() {
		_ = i.in.Close()
		<-read
		if err := cmd.Wait(); err != nil {
			t.Errorf("an instance of the application: %v", err)
		}
		for _, r := range i.said {
			switch {
			case r.Queries != nil:
				j.queries(*r.Queries)
			case r.Wrong != nil:
				j.wrong(*r.Wrong)
			}
		}
	})
	return i
}

// listen hears what an instance says, until it has ended.
func (i *instance) listen(said io.ReadCloser) {
	defer said.Close()
	defer close(i.settled)
	defer close(i.settling)
	defer close(i.flushed)
	defer close(i.started)
	lines := bufio.NewScanner(said)
	lines.Buffer(nil, 16<<20) // a request may run many statements
	for lines.Scan() {
		var r report
		if json.Unmarshal(lines.Bytes(), &r) != nil {
			return // the process was ended in the middle of a line
		}
		switch {
		case r.URL != "":
			i.started <- r.URL
		case r.Flushed:
			i.flushed <- r.Mails
		case r.Settling:
			i.settling <- struct{}{}
		case r.Settled:
			i.settled <- struct{}{}
		default:
			i.said = append(i.said, r)
		}
	}
}

// flush returns when everything that the instance has logged so far is in the log, and the mails that it keeps.
func (i *instance) flush() []driver.Mail {
	if _, err := io.WriteString(i.in, "flush\n"); err != nil {
		return nil
	}
	return <-i.flushed
}

// say writes a line to an instance, unless that has ended: then it answers nothing.
func (i *instance) say(line string) { _, _ = io.WriteString(i.in, line+"\n") }

// pattern is the value of -test.run for one test or subtest.
func pattern(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}
