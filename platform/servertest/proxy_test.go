package servertest_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/servertest"
)

// echo is a server that answers each line with itself. It tells of each line that it gets.
func echo(t *testing.T) (network, addr string, got <-chan string) {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "echo") //nolint:usetesting // the path of a socket has at most about a hundred characters
	if err != nil {
		t.Fatal(err)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 100)
	t.Cleanup(func() {
		_ = listener.Close()
		_ = os.RemoveAll(dir)
	})
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for r := bufio.NewScanner(c); r.Scan(); {
					lines <- r.Text()
					_, _ = io.WriteString(c, r.Text()+"\n")
				}
			}()
		}
	}()
	return "unix", listener.Addr().String(), lines
}

// client is one connection through a proxy.
type client struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func dial(t *testing.T, p *servertest.Proxy) *client {
	t.Helper()
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return &client{t: t, Conn: c, r: bufio.NewReader(c)}
}

// ask sends a line and returns the answer.
func (c *client) ask(line string) (string, error) {
	if _, err := io.WriteString(c, line+"\n"); err != nil {
		return "", err
	}
	answer, err := c.r.ReadString('\n')
	return strings.TrimSuffix(answer, "\n"), err
}

// want asks, and fails the test unless the answer is this one.
func (c *client) want(line, answer string) {
	c.t.Helper()
	if got, err := c.ask(line); err != nil || got != answer {
		c.t.Errorf("the answer to %s is %q, %v, want %q", line, got, err, answer)
	}
}

// silent fails the test when something comes.
func (c *client) silent() {
	c.t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
		c.t.Fatal(err)
	}
	if line, err := c.r.ReadString('\n'); !errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Errorf("in the silence there came %q, %v", line, err)
	}
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		c.t.Fatal(err)
	}
}

func TestProxyPassesOn(t *testing.T) {
	t.Parallel()
	network, addr, _ := echo(t)
	p := servertest.StartProxy(t, network, addr)
	for range 3 {
		c := dial(t, p)
		c.want("a", "a")
		c.want("b", "b")
		if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.r.ReadByte(); err != io.EOF {
			t.Errorf("behind the last request: %v, want the end", err)
		}
	}
	p.Rewrite("one", "two")
	dial(t, p).want("one, three", "two, three")
	p.OnAnswer(func(answer []byte) []byte { return append([]byte("longer "), answer...) })
	dial(t, p).want("three", "longer three")
	p.OnAnswer(nil)
	dial(t, p).want("three", "three")
}

// In a silence nothing is lost and nobody hears anything; a client that has gone is not missed before the end.
func TestProxySilence(t *testing.T) {
	t.Parallel()
	network, addr, got := echo(t)
	p := servertest.StartProxy(t, network, addr)
	old := dial(t, p)
	old.want("a", "a")
	<-got
	p.Silence(true)
	late := dial(t, p)
	for _, c := range []*client{old, late} {
		if _, err := io.WriteString(c, "b\n"); err != nil {
			t.Fatal(err)
		}
		c.silent()
	}
	select {
	case line := <-got:
		t.Errorf("the server has heard %q", line)
	default:
	}
	p.Silence(false)
	for _, c := range []*client{old, late} {
		if line, err := c.r.ReadString('\n'); line != "b\n" {
			t.Errorf("after the silence: %q, %v", line, err)
		}
	}
}

// Who is made deaf goes on asking, and hears neither the answer nor later ones; others do.
func TestProxyDeafens(t *testing.T) {
	t.Parallel()
	network, addr, got := echo(t)
	p := servertest.StartProxy(t, network, addr)
	p.OnRequest(func(request []byte) servertest.Verdict {
		if string(request) == "deafen\n" {
			return servertest.Deafen
		}
		return servertest.Forward
	})
	deaf := dial(t, p)
	deaf.want("a", "a")
	for _, line := range []string{"deafen", "b"} {
		if _, err := io.WriteString(deaf, line+"\n"); err != nil {
			t.Fatal(err)
		}
		for heard := <-got; heard != line; heard = <-got {
		}
		deaf.silent()
	}
	dial(t, p).want("c", "c")
}

func TestProxyDelay(t *testing.T) {
	t.Parallel()
	network, addr, _ := echo(t)
	p := servertest.StartProxy(t, network, addr)
	c := dial(t, p)
	p.Delay(50 * time.Millisecond)
	began := time.Now()
	c.want("a", "a")
	if took := time.Since(began); took < 50*time.Millisecond {
		t.Errorf("the answer took %s", took)
	}
}

// A reset is a reset to the client, also in the middle of an answer, and the next connection is served.
func TestProxyResets(t *testing.T) {
	t.Parallel()
	network, addr, got := echo(t)
	p := servertest.StartProxy(t, network, addr)
	reset := func(name string, c *client, line string) {
		t.Helper()
		if answer, err := c.ask(line); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
			t.Errorf("%s: %q, %v, want a reset", name, answer, err)
		}
		dial(t, p).want("next", "next")
	}
	c := dial(t, p)
	c.want("a", "a")
	p.Reset()
	reset("while nothing is said", c, "b")

	p.OnRequest(func(request []byte) servertest.Verdict {
		switch strings.TrimSpace(string(request)) {
		case "lost":
			return servertest.LoseRequest
		case "unanswered":
			return servertest.LoseReply
		}
		return servertest.Forward
	})
	reset("a request that is lost", dial(t, p), "lost")
	reset("an answer that is lost", dial(t, p), "unanswered")
	p.OnRequest(nil)
	p.Cut(2)
	c = dial(t, p)
	c.want("x", "x")
	if answer, err := c.ask("long"); answer != "lo" || err == nil {
		t.Errorf("of an answer that is cut: %q, %v, want lo and a reset", answer, err)
	}
	p.Cut(-1)
	dial(t, p).want("long", "long")
	var heard []string
	for len(got) > 0 {
		heard = append(heard, <-got)
	}
	if all := strings.Join(heard, " "); all != "a next next unanswered next x long long" {
		t.Errorf("the server has heard: %s", all)
	}
}

// Where no server is, a connection is reset.
func TestProxyWithoutServer(t *testing.T) {
	t.Parallel()
	p := servertest.StartProxy(t, "unix", filepath.Join(t.TempDir(), "nobody"))
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", p.Addr())
	if err == nil {
		defer c.Close()
		_, err = c.Read(make([]byte, 1))
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("nobody has answered: %v, want a reset", err)
	}
}
