package httpserver

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// passOn returns a descriptor of a listening socket, as one that a process was started with.
func passOn(t *testing.T, network, addr string) int {
	t.Helper()
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if u, ok := l.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
	}
	raw, err := l.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	fd := -1
	if ctrlErr := raw.Control(func(s uintptr) { fd, err = syscall.Dup(int(s)) }); ctrlErr != nil || err != nil {
		t.Fatal(ctrlErr, err)
	}
	return fd
}

// Sockets are taken when they are for this process and everything about them is understood; else the variable that is wrong is named.
func TestInherit(t *testing.T) {
	t.Parallel()
	self := fmt.Sprintf("LISTEN_PID=%d", os.Getpid())
	for what, c := range map[string]struct {
		environ string
		unix    bool
		taken   string // "" for none
		err     string // "" for none
	}{
		"nothing":                       {"HOME=/", false, "", ""},
		"one for requests":              {self + " LISTEN_FDS=1 LISTEN_FDNAMES=http", false, "http", ""},
		"one for operators":             {self + " LISTEN_FDS=1 LISTEN_FDNAMES=ops", false, "ops", ""},
		"of two variables the last one": {self + " LISTEN_FDS=7 LISTEN_FDS=1 LISTEN_FDNAMES=http", false, "http", ""},
		"for another process":           {"LISTEN_PID=1 LISTEN_FDS=1 LISTEN_FDNAMES=http", false, "", ""},
		"for nobody":                    {"LISTEN_FDS=1 LISTEN_FDNAMES=http", false, "", ""},
		"none at all":                   {self + " LISTEN_FDS=0", false, "", ""},
		"no number":                     {self + " LISTEN_FDS=one LISTEN_FDNAMES=http", false, "", `LISTEN_FDS: got "one", want a number`},
		"less than none":                {self + " LISTEN_FDS=-1 LISTEN_FDNAMES=http", false, "", `LISTEN_FDS: got "-1", want a number`},
		"no names":                      {self + " LISTEN_FDS=1", false, "", `LISTEN_FDNAMES: got "", want http and ops, each once at most`},
		"fewer names":                   {self + " LISTEN_FDS=2 LISTEN_FDNAMES=http", false, "", `LISTEN_FDNAMES: got "http", want the names of 2 sockets`},
		"the name of a unit":            {self + " LISTEN_FDS=1 LISTEN_FDNAMES=shop.socket", false, "", `LISTEN_FDNAMES: got "shop.socket", want http and ops`},
		"one name twice":                {self + " LISTEN_FDS=2 LISTEN_FDNAMES=http:http", false, "", `LISTEN_FDNAMES: got "http:http", want http and ops, each once`},
		"no TCP socket":                 {self + " LISTEN_FDS=1 LISTEN_FDNAMES=http", true, "", `, http, is no TCP socket`},
	} {
		t.Run(what, func(t *testing.T) {
			network, addr := "tcp", "127.0.0.1:0"
			if c.unix {
				dir, err := os.MkdirTemp("", "s") //nolint:usetesting // that of the test is too long for the address of a socket
				if err != nil {
					t.Fatal(err)
				}
				defer os.RemoveAll(dir)
				network, addr = "unix", dir+"/s"
			}
			fd := passOn(t, network, addr)
			sockets, err := inherit(strings.Fields(c.environ), fd)
			taken := map[string]bool{"http": sockets.HTTP != nil, "ops": sockets.Ops != nil}
			for name, got := range taken {
				if got != (name == c.taken) {
					t.Errorf("%s is taken: %v", name, got)
				}
			}
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("the error is %v, want %s", err, c.err)
			}
			if err := sockets.close(); err != nil {
				t.Error(err)
			}
			if left := c.taken == "" && !c.unix && what != "one name twice"; left {
				if err := syscall.Close(fd); err != nil {
					t.Errorf("what is not taken is closed: %v", err)
				}
			}
		})
	}
}

// A descriptor that is not there is named.
func TestInheritNothingThere(t *testing.T) {
	t.Parallel()
	const none = 1 << 20
	environ := []string{"LISTEN_PID=" + strconv.Itoa(os.Getpid()), "LISTEN_FDS=1", "LISTEN_FDNAMES=http"}
	if _, err := inherit(environ, none); err == nil || !strings.HasPrefix(err.Error(), "LISTEN_FDS: descriptor 1048576, http: ") {
		t.Errorf("the error is %v", err)
	}
}
