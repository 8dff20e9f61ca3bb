package redis

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// bites is a connection from which a text is read, some bytes at a time.
type bites struct {
	net.Conn
	rest io.Reader
	size int
}

func (p *bites) Read(b []byte) (int, error) { return p.rest.Read(b[:min(p.size, len(b))]) }

// What is announced beyond the limits is refused with its first line, however that arrives, and nothing else is.
func TestLimitsOfAnswers(t *testing.T) {
	t.Parallel()
	text := func(n int) string { return "$" + strconv.Itoa(n) + "\r\n" + strings.Repeat("$", n) + "\r\n" }
	for name, c := range map[string]struct {
		answer string
		ok     bool
	}{
		"what there is":          {"+OK\r\n-ERR no\r\n:7\r\n$-1\r\n*-1\r\n*0\r\n" + text(0) + "*2\r\n" + text(3) + "*1\r\n:-99999999999999\r\n" + text(100_000), true},
		"what looks like a line": {text(10) + "$3\r\n\n$9\r\n" + "$11\r\n*9999999999\r\n+OK\r\n", true},
		"the longest text":       {"$16777216\r\n", true},
		"a longer one":           {"$16777217\r\n", false},
		"a longer one in a list": {"*3\r\n" + text(3) + "$-1\r\n$104857600\r\nBC1", false},
		"behind another answer":  {text(5000) + "+OK\r\n$999999999999999999999999\r\n", false},
		"the longest list":       {"*1048576\r\n", true},
		"a longer list":          {"*1048577\r\n", false},
		"a line without an end":  {"+" + strings.Repeat("x", maxLine), false},
	} {
		for _, size := range []int{1, 7, 1 << 20} {
			conn := withLimits(&bites{rest: strings.NewReader(c.answer), size: size}, 0)
			got, err := io.ReadAll(conn)
			if c.ok && (err != nil || string(got) != c.answer) {
				t.Errorf("%s, %d bytes at a time: %d of %d bytes, %v", name, size, len(got), len(c.answer), err)
			}
			if _, again := conn.Read(make([]byte, 1)); !c.ok && (!errors.Is(err, ErrTooLarge) || !errors.Is(again, ErrTooLarge) || !bytes.HasPrefix([]byte(c.answer), got)) {
				t.Errorf("%s, %d bytes at a time: %d bytes, %v, then %v", name, size, len(got), err, again)
			}
		}
	}
}

// Of a connection that has just answered the pool does not ask the system; of one that has been silent for longer it does, and of all whose calls nobody can do without.
func TestDoubt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		doubt, silent time.Duration
		asks          bool
	}{
		"just heard":      {doubt: time.Hour},
		"silent for long": {doubt: time.Hour, silent: 2 * time.Hour, asks: true},
		"always in doubt": {asks: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			here, there := connected(t)
			conn := withLimits(here, c.doubt).(*boundedSocket)
			if asked(t, conn) != true {
				t.Error("nobody asks the system of a connection that was never heard of")
			}
			if _, err := there.Write([]byte("+OK\r\n")); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(conn, make([]byte, 5)); err != nil {
				t.Fatal(err)
			}
			conn.heard.Add(-int64(c.silent))
			if got := asked(t, conn); got != c.asks {
				t.Errorf("the system is asked: %v, want %v", got, c.asks)
			}
		})
	}
	if doubtOf("state") != 0 || doubtOf("cache") == 0 {
		t.Error("the role cache alone takes a connection to be there")
	}
}

// connected returns the two ends of a connection.
func connected(t *testing.T) (here, there net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if here, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if there, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = here.Close(), there.Close() })
	return here, there
}

// asked reports whether what the pool does reaches the system.
func asked(t *testing.T, conn syscall.Conn) (asked bool) {
	t.Helper()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Read(func(uintptr) bool { asked = true; return true }); err != nil {
		t.Fatal(err)
	}
	return asked
}
