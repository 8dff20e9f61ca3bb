package servertest_test

import (
	"bufio"
	"net"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/servertest"
)

// A server that was killed is empty, one that was frozen has kept everything.
func TestRedisStartsAgain(t *testing.T) {
	t.Parallel()
	s := servertest.StartRedis(t)
	say(t, s, "SET", "+OK")
	for range 3 {
		s.Freeze(t)
		s.Thaw(t)
		say(t, s, "GET", "$1")
		s.Kill(t)
		s.Start(t)
		say(t, s, "GET", "$-1")
		say(t, s, "SET", "+OK")
	}
}

// say sends SET kept 1, or GET kept, and wants an answer that begins so.
func say(t *testing.T, s *servertest.RedisServer, verb, want string) {
	t.Helper()
	conn, err := net.Dial("unix", s.Socket())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	line := map[string]string{"SET": "SET kept 1\r\n", "GET": "GET kept\r\n"}[verb]
	if _, err := conn.Write([]byte(line)); err != nil {
		t.Fatal(err)
	}
	if got, err := bufio.NewReader(conn).ReadString('\n'); err != nil || strings.TrimSpace(got) != want {
		t.Errorf("%s: %q, %v; want %s", verb, got, err, want)
	}
}
