package httpserver

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
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
	c := &conn{Conn: under, slack: 5 * time.Second, most: 1000}
	var b [1]byte
	step := func(deadline time.Time, set func(time.Time) error, use func([]byte) (int, error)) {
		t.Helper()
		if err := set(deadline); err != nil {
			t.Fatal(err)
		}
		if _, err := use(b[:]); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.SetReadDeadline(at(1)); err != nil { // replaced before anybody waits
		t.Fatal(err)
	}
	step(at(10), c.SetReadDeadline, c.Read)
	step(at(12), c.SetReadDeadline, c.Read) // 2 s later: the one in force does
	step(at(14), c.SetReadDeadline, c.Read)
	step(at(15), c.SetReadDeadline, c.Read)   // 5 s later: it does not
	step(at(14), c.SetReadDeadline, c.Read)   // earlier: never
	step(at(14), c.SetWriteDeadline, c.Write) // a clock of its own
	step(time.Time{}, c.SetReadDeadline, c.Read)
	step(time.Time{}, c.SetReadDeadline, c.Read)
	step(at(16), c.SetReadDeadline, c.Read)
	if err := c.SetDeadline(time.Time{}); err != nil { // taken over
		t.Fatal(err)
	}
	for _, set := range []func(time.Time) error{c.SetReadDeadline, c.SetWriteDeadline} {
		if err := set(at(17)); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"read 10:00:10", "read 10:00:15", "read 10:00:14", "write 10:00:14", "read never", "read 10:00:16", "both never", "read 10:00:17", "write 10:00:17"}
	if !slices.Equal(under.set, want) {
		t.Errorf("set %q, want %q", under.set, want)
	}
}

func TestConnBoundsWhatIsReadForOneAnswer(t *testing.T) {
	t.Parallel()
	c := &conn{Conn: &recorder{in: strings.NewReader(strings.Repeat("x", 1000))}, most: 100}
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
	l := listener{Listener: &flaky{errs: []error{syscall.EMFILE, syscall.ENFILE, syscall.ECONNABORTED}}, log: logger}
	if c, err := l.Accept(); err != nil || c == nil {
		t.Errorf("got %v, %v", c, err)
	}
	if n := strings.Count(log.String(), "cannot take a connection"); n != 3 {
		t.Errorf("%d lines in the log:\n%s", n, log.String())
	}
	l = listener{Listener: &flaky{errs: []error{syscall.EINVAL}}, log: logger}
	if _, err := l.Accept(); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("an error that lasts: %v", err)
	}
}
