package httpserver

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Variables by which a process gets listening sockets from whoever starts it: the protocol of systemd's socket activation, sd_listen_fds(3).
const (
	listenPID   = "LISTEN_PID"     // whom they are meant for
	listenFDs   = "LISTEN_FDS"     // how many there are
	listenNames = "LISTEN_FDNAMES" // what they are for, with a colon between two
)

// firstInherited is the descriptor of the first inherited socket; the others follow.
const firstInherited = 3

// Sockets are listening sockets that were opened by whoever has started the process. The server opens itself what is nil.
type Sockets struct {
	HTTP net.Listener // for the public listener, instead of http.addr
	Ops  net.Listener // for the ops listener, instead of http.ops_addr
}

// SocketVariables returns the names of the environment variables that Inherit reads. They should not be passed on to other processes.
func SocketVariables() []string { return []string{listenPID, listenFDs, listenNames} }

// Inherit takes over the sockets that environ tells of: LISTEN_FDS descriptors from 3 on, whose names in LISTEN_FDNAMES are http and ops,
// and which are for the process LISTEN_PID. Without such variables, and when they are for another process, it returns no sockets. The
// error names the variable that is wrong. It may be called once in a process.
//
// Whoever holds a socket as well has to leave it non-blocking, which is a property of the socket and not of one hold on it: a process
// that waits in a call that blocks cannot be stopped. (Go's net.TCPListener.File makes it block once it is passed to a child.)
func Inherit(environ []string) (Sockets, error) { return inherit(environ, firstInherited) }

func inherit(environ []string, first int) (sockets Sockets, err error) {
	env := func(name string) (value string) {
		for _, pair := range environ {
			if v, ok := strings.CutPrefix(pair, name+"="); ok {
				value = v
			}
		}
		return value
	}
	if env(listenPID) != strconv.Itoa(os.Getpid()) {
		return Sockets{}, nil
	}
	n, err := strconv.Atoi(env(listenFDs))
	if err != nil || n < 0 {
		return Sockets{}, fmt.Errorf("%s: got %q, want a number", listenFDs, env(listenFDs))
	}
	if n == 0 {
		return Sockets{}, nil
	}
	names := strings.Split(env(listenNames), ":")
	if len(names) != n {
		return Sockets{}, fmt.Errorf("%s: got %q, want the names of %d sockets, http or ops, with a colon between two", listenNames, env(listenNames), n)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, sockets.close())
			sockets = Sockets{}
		}
	}()
	for i, name := range names {
		slot := sockets.slot(name)
		if slot == nil || *slot != nil {
			return sockets, fmt.Errorf("%s: got %q, want http and ops, each once at most", listenNames, env(listenNames))
		}
		if *slot, err = listenOn(first+i, name); err != nil {
			return sockets, fmt.Errorf("%s: %w", listenFDs, err)
		}
	}
	return sockets, nil
}

// slot returns where the socket of that name belongs, nil for an unknown name.
func (s *Sockets) slot(name string) *net.Listener {
	switch name {
	case "http":
		return &s.HTTP
	case "ops":
		return &s.Ops
	default:
		return nil
	}
}

func (s *Sockets) close() error {
	var errs []error
	for _, l := range []net.Listener{s.HTTP, s.Ops} {
		if l != nil {
			errs = append(errs, l.Close())
		}
	}
	return errors.Join(errs...)
}

// listenOn makes a listener of an inherited descriptor, which it closes.
func listenOn(fd int, name string) (net.Listener, error) {
	syscall.CloseOnExec(fd) // what is not taken is not for the processes that this one starts either
	file := os.NewFile(uintptr(fd), name)
	if file == nil {
		return nil, fmt.Errorf("descriptor %d, %s, is none", fd, name)
	}
	defer file.Close()
	l, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("descriptor %d, %s: %w", fd, name, err)
	}
	if _, ok := l.(*net.TCPListener); !ok {
		return nil, errors.Join(fmt.Errorf("descriptor %d, %s, is no TCP socket", fd, name), l.Close())
	}
	return l, nil
}
