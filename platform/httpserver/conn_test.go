package httpserver

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// recorder is a connection that writes down which deadlines are set.
type recorder struct {
	net.Conn
	set []string
	in  io.Reader
}

func (r *recorder) Read(b []byte) (int, error)  { return r.in.Read(b) }
func (r *recorder) Write(b []byte) (int, error) { return len(b), nil }
func (r *recorder) Close() error                { return nil }
func (r *recorder) RemoteAddr() net.Addr        { return nil }

func (r *recorder) SetDeadline(t time.Time) error { r.set = append(r.set, "both "+name(t)); return nil }
func (r *recorder) SetReadDeadline(t time.Time) error {
	r.set = append(r.set, "read "+name(t))
	return nil
}
func (r *recorder) SetWriteDeadline(t time.Time) error {
	r.set = append(r.set, "write "+name(t))
	return nil
}

func name(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Format("15:04:05")
}

func at(seconds int) time.Time { return time.Date(2026, 1, 2, 10, 0, seconds, 0, time.UTC) }

func TestDeadlinesAreSetLate(t *testing.T) {
	t.Parallel()
	under := &recorder{in: strings.NewReader(strings.Repeat("x", 100))}
	c := &conn{Conn: under, since: at(0), allowed: 10 * time.Second, limits: &connLimits{
		header: 10 * time.Second, idle: 30 * time.Second, write: 20 * time.Second, slack: 5 * time.Second, most: 1000,
	}}
	read, write := func() error { _, err := c.Read(make([]byte, 1)); return err }, func() error { _, err := c.Write([]byte("y")); return err }
	step := func(want string, steps ...func() error) {
		t.Helper()
		under.set = nil
		for _, step := range steps {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
		if got := strings.Join(under.set, ", "); got != want {
			t.Errorf("set %q, want %q", got, want)
		}
	}
	answer := func(second int) func() error {
		return func() error { c.answered(at(second), false); return nil }
	}
	step("read 10:00:10", read, read, read) // the first request, in pieces: its time began with the connection
	step("write 10:00:21, read 10:00:31", answer(1), write, read)
	step("", answer(3), write, read)                              // 2 s later: the deadlines in force do
	step("write 10:00:26, read 10:00:36", answer(6), write, read) // 5 s later: they do not
	step("", answer(7), write)
	step("read 10:00:34", func() error { return c.SetReadDeadline(at(34)) }, read) // a body, and earlier
	step("write 10:00:40", answer(8), func() error { return c.SetWriteDeadline(at(40)) }, write, write, read)
	step("write 10:00:29", answer(9), write) // the next answer has the usual time again
	step("both never, read 10:00:17, write 10:00:18", func() error { return c.SetDeadline(time.Time{}) },
		func() error { return c.SetReadDeadline(at(17)) }, func() error { return c.SetWriteDeadline(at(18)) }, read, write)
}

func TestStreamsHaveTimeForEachWrite(t *testing.T) {
	t.Parallel()
	under := &recorder{}
	c := &conn{Conn: under, limits: &connLimits{write: time.Hour}}
	c.answered(at(0), true)
	for range 2 {
		if _, err := c.Write([]byte("y")); err != nil {
			t.Fatal(err)
		}
	}
	if len(under.set) != 2 || time.Until(c.writeEnd) < 59*time.Minute {
		t.Errorf("set %q", under.set)
	}
}

func TestConnBoundsWhatIsReadForOneAnswer(t *testing.T) {
	t.Parallel()
	c := &conn{Conn: &recorder{in: strings.NewReader(strings.Repeat("x", 1000))}, limits: &connLimits{most: 100}}
	b := make([]byte, 60)
	for range 2 { // 60, an answer, 60
		if n, err := c.Read(b); n != 60 || err != nil {
			t.Fatal(n, err)
		}
		if _, err := c.Write([]byte("y")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Read(b); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(b); n != 0 || !errors.Is(err, errFlood) || !c.flooded() {
		t.Errorf("after 120 bytes without an answer: %d, %v", n, err)
	}
}

// A client that has its last answer is not listened to for ever, whatever it does.
func TestLingeringEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		l     *lingering
		piece int // bytes
		pause time.Duration
		sent  int // bytes at most
		took  time.Duration
	}{
		{"a flood", toTheEnd(), 1 << 20, 0, 64 << 20, 0},
		{"a trickle", toTheEnd(), 1, 900 * time.Millisecond, 34, 30 * time.Second},
		{"a pause", toTheEnd(), 1, 10 * time.Second, 1, time.Second},
		{"a flood of nonsense", briefly(), 1 << 20, 0, 1 << 20, 0},
		{"a trickle of nonsense", briefly(), 1, 900 * time.Millisecond, 2, time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server, client := net.Pipe()
				sent, done := 0, make(chan struct{})
				go func() {
					defer close(done)
					for {
						n, err := client.Write(make([]byte, c.piece))
						if sent += n; err != nil {
							return
						}
						time.Sleep(c.pause)
					}
				}()
				began := time.Now()
				c.l.drop(server)
				took := time.Since(began)
				if err := server.Close(); err != nil {
					t.Error(err)
				}
				<-done
				if sent != c.sent || took != c.took {
					t.Errorf("%d bytes in %s, want %d in %s", sent, took, c.sent, c.took)
				}
			})
		})
	}
}

// flaky is a listener whose first accepts fail.
type flaky struct {
	net.Listener
	errs []error
}

func (f *flaky) Accept() (net.Conn, error) {
	if len(f.errs) == 0 {
		return &recorder{}, nil
	}
	err := f.errs[0]
	f.errs = f.errs[1:]
	return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", err)}
}

func TestListenerOutlivesALackOfDescriptors(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, nil))
	l := listener{limits: &connLimits{}, Listener: &flaky{errs: []error{syscall.EMFILE, syscall.ENFILE, syscall.ECONNABORTED}}, log: logger}
	if c, err := l.Accept(); err != nil || c == nil {
		t.Errorf("got %v, %v", c, err)
	}
	if n := strings.Count(log.String(), "cannot take a connection"); n != 3 {
		t.Errorf("%d lines in the log:\n%s", n, log.String())
	}
	l = listener{limits: &connLimits{}, Listener: &flaky{errs: []error{syscall.EINVAL}}, log: logger}
	if _, err := l.Accept(); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("an error that lasts: %v", err)
	}
}
