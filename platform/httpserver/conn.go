package httpserver

import (
	"bytes"
	"net"
)

// listener hands out connections that know how long the line being read is.
type listener struct{ net.Listener }

// Accept is part of net.Listener.
func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c}, nil
}

// conn counts the bytes since the last line break. When a header section does not fit its buffer, the server is only told that; the count
// tells an address that is too long (one line, from the first byte on) from headers that are too large.
type conn struct {
	net.Conn
	line int
}

// Read is part of net.Conn.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if i := bytes.LastIndexByte(b[:n], '\n'); i >= 0 {
		c.line = n - i - 1
	} else {
		c.line += n
	}
	return n, err
}
