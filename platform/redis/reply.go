package redis

import (
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

// The limits of an answer. The library makes room for whatever a server announces.
const (
	// maxText is the most bytes of one text in it.
	maxText = 16 << 20
	// maxList is the most elements of one list, and maxLine the most bytes of a line.
	maxList = 1 << 20
	maxLine = 64 << 10
)

// ErrTooLarge is what a call gets whose answer has a text of more than 16 MiB, or a list of more than about a million elements. The server has answered: IsDown is false for it.
var ErrTooLarge = errors.New("the answer of Redis is too large")

// bounded is a connection that ends when an answer goes beyond the limits, before anybody has made room for that. It reads along the little of RESP, version 2, that this
// takes: lines, of which those with a length are followed by so many bytes.
type bounded struct {
	net.Conn
	text   int  // bytes of a text, with the end of its line, that are still to come
	line   int  // bytes of the current line so far
	kind   byte // what the line begins with
	number int  // that stands in it
	broken bool
}

// Read is part of net.Conn.
func (c *bounded) Read(p []byte) (int, error) {
	if c.broken {
		return 0, ErrTooLarge
	}
	n, err := c.Conn.Read(p)
	if !c.follow(p[:n]) {
		c.broken = true
		return 0, ErrTooLarge
	}
	return n, err
}

// follow reads along, and reports whether all is within the limits.
func (c *bounded) follow(b []byte) bool {
	for len(b) > 0 {
		if skipped := min(c.text, len(b)); skipped > 0 {
			c.text -= skipped
			b = b[skipped:]
			continue
		}
		if !c.next(b[0]) {
			return false
		}
		b = b[1:]
	}
	return true
}

// next takes one byte of a line.
func (c *bounded) next(b byte) bool {
	c.line++
	switch {
	case c.line == 1:
		c.kind, c.number = b, 0
	case b == '\n':
		if c.kind == '$' && c.number > 0 {
			c.text = c.number + len("\r\n")
		}
		c.line = 0
	case b == '-' && c.line == 2: // nothing is there
		c.kind = '-'
	case '0' <= b && b <= '9' && (c.kind == '$' || c.kind == '*'):
		c.number = 10*c.number + int(b-'0')
		return c.number <= maxText && (c.kind == '$' || c.number <= maxList)
	}
	return c.line <= maxLine
}

// boundedSocket is one whose state the pool can ask the system for.
type boundedSocket struct {
	bounded
	socket syscall.Conn
	doubt  time.Duration
	heard  atomic.Int64 // when something was read, in nanoseconds since the epoch
}

// Read is part of net.Conn.
func (c *boundedSocket) Read(p []byte) (int, error) {
	n, err := c.bounded.Read(p)
	if c.doubt > 0 && n > 0 {
		c.heard.Store(time.Now().UnixNano())
	}
	return n, err
}

// SyscallConn is part of syscall.Conn. With it the pool asks before each call whether the server has gone, which takes longer than all else that it does. Of a connection
// that has been heard of within its doubt it gets an answer at once.
func (c *boundedSocket) SyscallConn() (syscall.RawConn, error) {
	if c.doubt > 0 && time.Now().UnixNano()-c.heard.Load() < int64(c.doubt) {
		return heard{}, nil
	}
	return c.socket.SyscallConn()
}

// heard stands in for a connection about which there is no doubt.
type heard struct{}

// Control is part of syscall.RawConn.
func (heard) Control(func(uintptr)) error { return nil }

// Read is part of syscall.RawConn.
func (heard) Read(func(uintptr) bool) error { return nil }

// Write is part of syscall.RawConn.
func (heard) Write(func(uintptr) bool) error { return nil }

// withLimits returns a connection that ends when an answer goes beyond the limits. Whether the server has closed it is asked once it has been silent for doubt.
func withLimits(conn net.Conn, doubt time.Duration) net.Conn {
	if socket, ok := conn.(syscall.Conn); ok {
		return &boundedSocket{bounded: bounded{Conn: conn}, socket: socket, doubt: doubt}
	}
	return &bounded{Conn: conn}
}
