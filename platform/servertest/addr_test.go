package servertest_test

import (
	"context"
	"errors"
	"net"
	"runtime"
	"syscall"
	"testing"

	"github.com/banyan-go/banyan/platform/servertest"
)

// A server binds a reserved address as often as it starts, and who does not ask for it like one cannot have it until the test ends.
func TestAddrIsReserved(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has such reservations")
	}
	var addr string
	// A socket that lacks SO_REUSEADDR gets what nobody has bound.
	stranger := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) { failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 0) })
		return errors.Join(err, failed)
	}}
	listen := func(ctx context.Context, who net.ListenConfig) error {
		l, err := who.Listen(ctx, "tcp", addr)
		if err != nil {
			return err
		}
		return l.Close()
	}
	t.Run("while the test runs", func(t *testing.T) {
		addr = servertest.Addr(t)
		for range 2 {
			if err := listen(t.Context(), net.ListenConfig{}); err != nil {
				t.Errorf("a server: %v", err)
			}
		}
		if err := listen(t.Context(), stranger); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("somebody else: %v, want %v", err, syscall.EADDRINUSE)
		}
	})
	if err := listen(t.Context(), stranger); err != nil {
		t.Errorf("after the end of the test: %v", err)
	}
}
