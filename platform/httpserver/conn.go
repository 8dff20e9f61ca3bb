package httpserver

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/valyala/fasthttp"
)

// listener hands out connections of type *conn.
type listener struct {
	net.Listener
	slack time.Duration // of each conn
	most  int           // likewise
	log   *slog.Logger
}

// Accept is part of net.Listener. It waits out what passes by itself, a lack of file descriptors above all: the server takes every other
// error for its end.
func (l listener) Accept() (net.Conn, error) {
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		c, err := l.Listener.Accept()
		if err == nil {
			return &conn{Conn: c, slack: l.slack, most: l.most}, nil
		}
		if !passes(err) {
			return nil, err
		}
		l.log.Warn("cannot take a connection", "error", err.Error(), "again_in", wait.String())
		time.Sleep(wait)
	}
}

// passes reports whether a failed accept says nothing about the next one.
func passes(err error) bool {
	for _, transient := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED} {
		if errors.Is(err, transient) {
			return true
		}
	}
	return false
}

// conn does four things that the server does not.
//
// It applies deadlines late. The server sets three for each request, which costs as much as everything that is done for security, and most
// are replaced before anybody waits; here a deadline is set when a read or a write begins, and not at all while the one in force ends less
// than slack before it. So a connection may be cut by slack too early, never too late.
//
// It counts the bytes since the last line break. When a header section does not fit its buffer the server knows no more than that; the
// count tells an address that is too long (one line, from the first byte on) from headers that are too large.
//
// It bounds what is read for one answer: the bytes around those of a body, chunk extensions for instance, are many or few as the client
// likes, and the server counts none of them.
//
// It hangs up in a way that lets the client read a refusal that came in the middle of its request.
type conn struct {
	net.Conn
	slack       time.Duration
	read, write deadline
	direct      bool // deadlines are set at once
	line        int  // bytes since the last line break
	got, most   int  // bytes since the last answer, and how many they may be
	heard       bool // a byte has come
	silent      bool // what is written goes nowhere
	lingers     atomic.Bool
}

// connOf returns the connection of a request, nil for one of another type.
func connOf(fctx *fasthttp.RequestCtx) *conn {
	c, _ := fctx.Conn().(*conn)
	return c
}

// Read is part of net.Conn.
func (c *conn) Read(b []byte) (int, error) {
	if c.read.due(c.slack) {
		if err := c.Conn.SetReadDeadline(c.read.arm()); err != nil {
			return 0, err
		}
	}
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.heard = true
		if c.got += n; c.got > c.most && !c.direct {
			return 0, errFlood
		}
		if i := bytes.LastIndexByte(b[:n], '\n'); i >= 0 {
			c.line = n - i - 1
		} else {
			c.line += n
		}
	}
	return n, err
}

// errFlood ends a connection on which more came for one answer than a request within the limits can have.
var errFlood = errors.New("more was sent than a request may have")

// flooded reports whether that is what has happened. The server wraps the error of a read in ways that hide it.
func (c *conn) flooded() bool { return c.got > c.most }

// Write is part of net.Conn.
func (c *conn) Write(b []byte) (int, error) {
	if c.silent {
		return len(b), nil
	}
	c.got = 0
	if c.write.due(c.slack) {
		if err := c.Conn.SetWriteDeadline(c.write.arm()); err != nil {
			return 0, err
		}
	}
	return c.Conn.Write(b)
}

// SetReadDeadline is part of net.Conn.
func (c *conn) SetReadDeadline(t time.Time) error {
	if c.direct {
		return c.Conn.SetReadDeadline(t)
	}
	c.read.wanted = t
	return nil
}

// SetWriteDeadline is part of net.Conn.
func (c *conn) SetWriteDeadline(t time.Time) error {
	if c.direct {
		return c.Conn.SetWriteDeadline(t)
	}
	c.write.wanted = t
	return nil
}

// SetDeadline is part of net.Conn. The server calls it when a handler takes the connection over: whoever has it then may use a deadline to
// end a read that waits.
func (c *conn) SetDeadline(t time.Time) error {
	c.direct = true
	return c.Conn.SetDeadline(t)
}

// The most that a refused client is still listened to.
const (
	lingerTime = time.Second
	lingerSize = 1 << 20
)

// linger makes Close wait until the client has had the chance to read what was written. A client that is still sending would otherwise be
// told that the connection is reset, and may never see the answer (RFC 9112, section 9.6).
func (c *conn) linger() { c.lingers.Store(true) }

// Close is part of net.Conn.
func (c *conn) Close() error {
	if tcp, ok := c.Conn.(*net.TCPConn); ok && c.lingers.Load() && tcp.CloseWrite() == nil && tcp.SetReadDeadline(time.Now().Add(lingerTime)) == nil {
		_, _ = io.CopyN(io.Discard, tcp, lingerSize) // what comes is not wanted, nor is it said why no more comes
	}
	return c.Conn.Close()
}

// deadline is one that is wanted and the one in force.
type deadline struct{ wanted, armed time.Time }

// due reports whether the deadline in force does not do for the one wanted.
func (d *deadline) due(slack time.Duration) bool {
	if d.wanted.IsZero() || d.armed.IsZero() {
		return d.wanted.IsZero() != d.armed.IsZero()
	}
	early := d.wanted.Sub(d.armed)
	return early < 0 || early >= slack
}

// arm puts the deadline that is wanted into force.
func (d *deadline) arm() time.Time {
	d.armed = d.wanted
	return d.wanted
}
