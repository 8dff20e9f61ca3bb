package httpserver

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/valyala/fasthttp"
)

// listener hands out connections of type *conn.
type listener struct {
	net.Listener
	limits *connLimits
	log    *slog.Logger
}

// Accept is part of net.Listener. It waits out what passes by itself, a lack of file descriptors above all: the server takes every other
// error for its end.
func (l listener) Accept() (net.Conn, error) {
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		c, err := l.Listener.Accept()
		if err == nil {
			return newConn(c, l.limits), nil
		}
		if !passes(err) {
			return nil, err
		}
		l.log.Warn("cannot take a connection", "error", err.Error(), "again_in", wait.String())
		time.Sleep(wait)
	}
}

// Close is part of net.Listener. The server closes what may be closed already.
func (l listener) Close() error {
	if err := l.Listener.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
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

// connLimits are what all connections of a server have in common.
type connLimits struct {
	header, idle, write time.Duration
	slack               time.Duration // a deadline may be as much too early
	most                int           // bytes that may come for one answer
}

// conn does four things that the server could not do, or not as well.
//
// It keeps the time limits. The server would read the clock and set a deadline three times for each request, which together cost more than
// everything that is done for security, and replaces most deadlines before anybody waits. Here the clock is read where a request is found
// to come in pieces, and elsewhere the end of the last answer serves. A deadline is set when a read or a write begins, and not at all
// while the one in force ends less than slack too early.
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
	limits *connLimits
	peer   netip.Addr

	phase    phase
	since    time.Time     // when the phase began; zero while that has not mattered
	allowed  time.Duration // for the phase
	body     time.Time     // the deadline of a body, set by the server; zero for none
	readEnd  time.Time     // in force
	writeEnd time.Time     // in force
	stream   bool          // the answer is one: each write has its own time
	writeSet bool          // a handler has set the deadline of its answer
	direct   bool          // deadlines are the business of whoever has taken the connection over

	line    int                       // bytes since the last line break
	got     int                       // bytes since the last answer
	more    int                       // bytes that may come beyond the limit, of an upload
	heard   bool                      // a byte has come
	silent  bool                      // what is written goes nowhere
	lingers atomic.Pointer[lingering] // nil for not at all
}

// phase is what a connection waits for.
type phase uint8

const (
	opened  phase = iota // for the first request
	idle                 // for another one
	partial              // for the rest of one
)

func newConn(c net.Conn, l *connLimits) *conn {
	return &conn{Conn: c, limits: l, peer: addrOf(c.RemoteAddr()), since: time.Now(), allowed: l.header}
}

// answered notes that an answer is about to be written.
func (c *conn) answered(now time.Time, stream bool) {
	c.phase, c.since, c.allowed, c.body, c.stream, c.more = idle, now, c.limits.idle, time.Time{}, stream, 0
}

// connOf returns the connection of a request, nil for one of another type.
func connOf(fctx *fasthttp.RequestCtx) *conn {
	c, _ := fctx.Conn().(*conn)
	return c
}

// Read is part of net.Conn.
func (c *conn) Read(b []byte) (int, error) {
	if !c.direct {
		if err := c.armRead(); err != nil {
			return 0, err
		}
	}
	n, err := c.Conn.Read(b)
	if n == 0 {
		return n, err
	}
	c.heard = true
	if c.phase == idle {
		c.since = time.Time{}
	}
	c.phase, c.writeSet = partial, false
	if c.got += n; c.flooded() && !c.direct {
		return 0, errFlood
	}
	if i := bytes.LastIndexByte(b[:n], '\n'); i >= 0 {
		c.line = n - i - 1
	} else {
		c.line += n
	}
	return n, err
}

func (c *conn) armRead() error {
	end := c.body
	if end.IsZero() {
		if c.since.IsZero() {
			c.since, c.allowed = time.Now(), c.limits.header
		}
		end = c.since.Add(c.allowed)
	}
	if early := end.Sub(c.readEnd); early >= 0 && early < c.limits.slack {
		return nil
	}
	c.readEnd = end
	return c.Conn.SetReadDeadline(end)
}

// errFlood ends a connection on which more came for one answer than a request within the limits can have.
var errFlood = errors.New("more was sent than a request may have")

// flooded reports whether that is what has happened. The server wraps the error of a read in ways that hide it.
func (c *conn) flooded() bool { return c.got > c.limits.most+c.more }

// Write is part of net.Conn.
func (c *conn) Write(b []byte) (int, error) {
	if c.silent {
		return len(b), nil
	}
	c.got = 0
	if !c.direct && !c.writeSet {
		if err := c.armWrite(); err != nil {
			return 0, err
		}
	}
	return c.Conn.Write(b)
}

func (c *conn) armWrite() error {
	began := c.since
	if c.stream || c.phase == partial { // the latter is no answer, but an invitation to send the body
		began = time.Now()
	}
	end := began.Add(c.limits.write)
	if early := end.Sub(c.writeEnd); early >= 0 && early < c.limits.slack {
		return nil
	}
	c.writeEnd = end
	return c.Conn.SetWriteDeadline(end)
}

// SetReadDeadline is part of net.Conn. The server calls it for the time of a body.
func (c *conn) SetReadDeadline(t time.Time) error {
	if c.direct {
		return c.Conn.SetReadDeadline(t)
	}
	c.body = t
	return nil
}

// SetWriteDeadline is part of net.Conn. A handler calls it that wants another time for its answer.
func (c *conn) SetWriteDeadline(t time.Time) error {
	c.writeSet, c.writeEnd = true, t
	return c.Conn.SetWriteDeadline(t)
}

// SetDeadline is part of net.Conn. The server calls it when a handler takes the connection over.
func (c *conn) SetDeadline(t time.Time) error {
	c.direct = true
	return c.Conn.SetDeadline(t)
}

// lingering is how much a client is still listened to when it has its last answer: until it says no more, bytes and time at most, and not for long
// where nothing comes. A client that is still sending would otherwise be told that the connection is reset, and may never see the answer
// (RFC 9112, section 9.6).
type lingering struct {
	bytes int64
	time  time.Duration
}

// lingerPause is how long nothing may come.
const lingerPause = time.Second

// briefly is for a client that has sent nonsense, or too slowly.
func briefly() *lingering { return &lingering{1 << 20, time.Second} }

// toTheEnd is for a client that sends a body in good faith: most clients send all of it before they look for an answer.
func toTheEnd() *lingering { return &lingering{64 << 20, 30 * time.Second} }

// linger makes Close wait until the client has had the chance to read what was written.
func (c *conn) linger(l *lingering) { c.lingers.Store(l) }

// Close is part of net.Conn.
func (c *conn) Close() error {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		if l := c.lingers.Load(); l != nil && tcp.CloseWrite() == nil {
			l.drop(tcp)
		}
	}
	return c.Conn.Close()
}

// drop reads what comes: it is not wanted, nor is it said why no more comes.
func (l *lingering) drop(c net.Conn) {
	_, _ = io.CopyN(io.Discard, &remains{c, time.Now().Add(l.time)}, l.bytes)
}

// remains is what comes on a connection until then, and without a pause.
type remains struct {
	net.Conn
	until time.Time
}

// Read is part of io.Reader.
func (r *remains) Read(b []byte) (int, error) {
	end := time.Now().Add(lingerPause)
	if end.After(r.until) {
		end = r.until
	}
	if err := r.SetReadDeadline(end); err != nil {
		return 0, err
	}
	return r.Conn.Read(b)
}
