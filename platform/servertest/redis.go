package servertest

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Redis is the server Redis.
func Redis() Program {
	return Program{Name: "redis-server", Debian: "redis-server", Homebrew: "redis"}
}

// RedisServer is a private Redis server in a folder of its own, with a socket there and no port. It writes nothing to the disk, unless a setting
// says so: one that was killed is empty when it starts again. It ends with Stop, and when the process that has started it ends, however that is. It
// is safe for concurrent use.
type RedisServer struct{ daemon }

// StartRedis starts a server for a test, which is left out where Redis is not installed, as Need does it. Settings are more of them,
// "maxmemory=2mb" for instance.
func StartRedis(t Test, settings ...string) *RedisServer {
	t.Helper()
	s, err := RunRedis(t.Context(), Need(t, Redis()), settings...)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Errorf("stop Redis: %v", err)
		}
	})
	return s
}

// RunRedis starts a server; file is its program. The end of ctx ends the start, and not a server that runs.
func RunRedis(ctx context.Context, file string, settings ...string) (_ *RedisServer, err error) {
	s := &RedisServer{daemon{name: "Redis", quit: "KILL", judge: judgeRedis}}
	if s.dir, err = os.MkdirTemp(scratch(), "redis"); err != nil { // not in a folder of the test: the path of a socket has at most about a hundred characters
		return nil, err
	}
	args := []string{file, "--port", "0", "--unixsocket", s.Socket(), "--dir", s.dir, "--save", "", "--appendonly", "no"}
	for _, set := range settings {
		name, value, _ := strings.Cut(set, "=")
		args = append(args, "--"+name, value)
	}
	if err := s.run(context.WithoutCancel(ctx), nil, args); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir))
	}
	return s, nil
}

// Evicting returns the settings of a cache, as it runs in production: where there is no more room, what nobody has used for long makes some.
func Evicting() []string { return []string{"maxmemory=64mb", "maxmemory-policy=allkeys-lru"} }

// judgeRedis knows the lines of the log that tell of a start.
func judgeRedis(line string) verdict {
	switch {
	case strings.Contains(line, "accept connections"), strings.Contains(line, "ready to accept"): // the words of a version differ
		return serves
	case strings.Contains(line, "FATAL"), strings.Contains(line, "Fatal error"), strings.Contains(line, "Failed listening"), strings.Contains(line, "Failed opening"):
		return fails
	default:
		return goesOn
	}
}

// Socket returns the file of its socket, for StartProxy.
func (s *RedisServer) Socket() string { return filepath.Join(s.dir, "redis.sock") }

// URL returns its address.
func (s *RedisServer) URL() string { return (&url.URL{Scheme: "unix", Path: s.Socket()}).String() }

// Kill ends the server as kill -9 does. It may be started again.
func (s *RedisServer) Kill(t Test) {
	t.Helper()
	s.tell(t, "kill")
}

// Start starts a server that was killed, and waits until it serves.
func (s *RedisServer) Start(t Test) {
	t.Helper()
	if wrong := s.start(t); wrong != "" {
		t.Fatalf("Redis does not start again:\n%s", wrong)
	}
}

// Freeze stops the server in the middle of whatever it does, as a machine does that swaps: the system accepts connections for it, and nobody is
// answered.
func (s *RedisServer) Freeze(t Test) {
	t.Helper()
	s.tell(t, "STOP")
}

// Thaw lets a frozen server go on.
func (s *RedisServer) Thaw(t Test) {
	t.Helper()
	s.tell(t, "CONT")
}

// Stop ends the server at once and removes its folder.
func (s *RedisServer) Stop() error { return s.stop() }
