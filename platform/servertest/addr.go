package servertest

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"syscall"
)

// Addr returns an address of loopback, 127.0.0.1:1234, for a server that has to know it before it starts. On Linux nobody but servers that ask for this
// very address gets it until the test ends: neither a listener on port 0 nor a connection to somewhere else. On other systems it was free a moment ago.
func Addr(t Test) string {
	t.Helper()
	addr, free, err := reserve()
	if err != nil {
		t.Fatalf("find a free port: %v", err)
	}
	t.Cleanup(free)
	return addr
}

// reserve binds a socket on which nobody listens. On Linux those who listen may bind the same address when both say SO_REUSEADDR, as servers do, and the
// system chooses it for nobody.
func reserve() (addr string, free func(), err error) {
	syscall.ForkLock.RLock()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return "", nil, os.NewSyscallError("socket", err)
	}
	free = func() { _ = syscall.Close(fd) }
	addr, err = bind(fd)
	switch {
	case err != nil:
		free()
		return "", nil, err
	case runtime.GOOS != "linux":
		free()
		return addr, func() {}, nil
	default:
		return addr, free, nil
	}
}

// bind gives a socket a free port of loopback.
func bind(fd int) (string, error) {
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return "", os.NewSyscallError("setsockopt", err)
	}
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: loopback.As4()}); err != nil {
		return "", os.NewSyscallError("bind", err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		return "", os.NewSyscallError("getsockname", err)
	}
	in4, ok := name.(*syscall.SockaddrInet4)
	if !ok {
		return "", fmt.Errorf("getsockname: %T", name)
	}
	return net.JoinHostPort(loopback.String(), strconv.Itoa(in4.Port)), nil
}
