package dev

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
)

// socket is a listening socket that outlives the processes that serve on it: while one follows another, and while none runs, connections
// come and wait.
type socket struct {
	addr string   // as it was asked for: with port 0 it is another than the one it has
	file *os.File // the hold of this process on it
	url  string   // for a browser on this machine
}

// open opens a socket, unless current is one for that address.
func (s *socket) open(ctx context.Context, addr string) (*socket, error) {
	if s != nil && s.addr == addr {
		return s, nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	file, err := hold(l)
	if err := errors.Join(err, l.Close()); err != nil {
		return nil, err
	}
	return &socket{addr: addr, file: file, url: "http://" + local(l.Addr())}, nil
}

// close gives up the hold on a socket, unless kept is the same one.
func (s *socket) close(kept *socket) {
	if s != nil && s != kept {
		_ = s.file.Close() // nothing is written
	}
}

// hold returns a descriptor of a listener's socket. That of its method File would make the socket block, for every process that has it, as
// soon as a child gets it: a server in a call that blocks cannot be stopped.
func hold(l net.Listener) (*os.File, error) {
	conn, ok := l.(syscall.Conn)
	if !ok {
		return nil, fmt.Errorf("%s has no descriptor", l.Addr())
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd := -1
	control := raw.Control(func(s uintptr) {
		syscall.ForkLock.RLock() // a child that starts between the two calls would keep it
		defer syscall.ForkLock.RUnlock()
		if fd, err = syscall.Dup(int(s)); err == nil {
			syscall.CloseOnExec(fd)
		}
	})
	if err := errors.Join(control, err); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), l.Addr().String()), nil
}

// local writes an address as a browser on this machine can use it.
func local(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() || host == "127.0.0.1" || host == "::1" {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// guess returns where the application would listen for requests, as far as this can be told without it.
func guess(args []string) string {
	addr, port := "", ":8080"
	if set := os.Getenv("PORT"); set != "" {
		port = ":" + set
	}
	for i, arg := range args {
		flag, value, ok := strings.Cut(arg, "=")
		if !ok && i+1 < len(args) {
			value = args[i+1]
		}
		switch set, is := strings.CutPrefix(value, "http.addr="); {
		case flag == "--addr":
			addr = value
		case flag == "--set" && is:
			addr = set
		}
	}
	addr = cmp.Or(addr, os.Getenv("APP_HTTP__ADDR"), port)
	if strings.HasPrefix(addr, ":") {
		return "127.0.0.1" + addr // as in mode dev
	}
	return addr
}
