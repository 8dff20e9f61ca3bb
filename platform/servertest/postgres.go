package servertest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// Test is the part of *testing.T that a server for a test wants.
type Test interface {
	T
	Context() context.Context
	Cleanup(f func())
	Errorf(format string, args ...any)
}

// Postgres is the server PostgreSQL; its other programs stand beside it. Debian keeps them out of PATH, a folder for each version.
func Postgres() Program {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres") // the pattern is one
	slices.SortFunc(found, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(b, a)) })
	return Program{Name: "postgres", Commands: append(found, "postgres"), Debian: "postgresql", Homebrew: "postgresql"}
}

// PostgresServer is a private PostgreSQL server in a folder of its own. It keeps nothing safe: it never syncs the disk. It ends with Stop,
// and when the process that has started it ends, however that is. It is safe for concurrent use.
type PostgresServer struct {
	daemon
	bin       string
	databases atomic.Int32
}

// StartPostgres starts a server for a test, which is left out where PostgreSQL is not installed, as Need does it. Settings are more of them,
// "max_connections=20" for instance.
func StartPostgres(t Test, settings ...string) *PostgresServer {
	t.Helper()
	s, err := RunPostgres(t.Context(), Need(t, Postgres()), settings...)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Errorf("stop PostgreSQL: %v", err)
		}
	})
	return s
}

// RunPostgres starts a server; file is its program. The end of ctx ends the start, and not a server that runs.
func RunPostgres(ctx context.Context, file string, settings ...string) (_ *PostgresServer, err error) {
	s := &PostgresServer{daemon: daemon{name: "PostgreSQL", quit: "QUIT", judge: judgePostgres}, bin: filepath.Dir(file)}
	// Not in a folder of the test, which the user of the server may not enter; and the path of a socket has at most about a hundred characters.
	if s.dir, err = os.MkdirTemp(scratch(), "pg"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(s.dir))
		}
	}()
	who, err := owner(s.dir)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(s.dir, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(s.bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = who, s.dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(data, "pg_hba.conf"), []byte(access), 0o644); err != nil { // for the user of the server
		return nil, err
	}
	args := []string{file, "-D", data, "-k", s.dir}
	for _, set := range append([]string{"listen_addresses=", "fsync=off", "synchronous_commit=off", "full_page_writes=off", "lc_messages=C"}, settings...) {
		args = append(args, "-c", set)
	}
	return s, s.run(context.WithoutCancel(ctx), who, args)
}

// room is how much memory there has to be, in bytes, for a server to keep its files there.
const room = 4 << 30

// scratch returns where the folders of servers belong: in memory where there is plenty, since a new database is hundreds of small files, and a disk
// takes ten times as long for them.
func scratch() string {
	const memory = "/dev/shm"
	var fs syscall.Statfs_t
	if err := syscall.Statfs(memory, &fs); err != nil || fs.Bavail*uint64(fs.Bsize) < room {
		return "/tmp"
	}
	return memory
}

// access lets the owner of everything in, and asks everybody else for a password.
const access = "local all postgres trust\nlocal all all scram-sha-256\n"

// owner gives the folder to somebody who is not root, as whom PostgreSQL refuses to run, and returns how to start a program as that one.
func owner(dir string) (*syscall.SysProcAttr, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	var errs []error
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2, os.Chown(dir, int(uid), int(gid))); err != nil {
			return nil, err
		}
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
	}
	return nil, errors.Join(errs...)
}

// judgePostgres knows the lines of PostgreSQL's log that tell of its start.
func judgePostgres(line string) verdict {
	switch {
	case strings.Contains(line, "database system is ready to accept"): // connections, or those of a standby
		return serves
	case strings.Contains(line, "the database system is"), strings.Contains(line, "terminating connection"): // which is said to clients
		return goesOn
	case strings.Contains(line, "FATAL"):
		return fails
	default:
		return goesOn
	}
}

// Kill ends the server as kill -9 does. Everything that it has been asked to keep is in its files, unless a setting says otherwise:
// synchronous_commit has to be on for that. It may be started again.
func (s *PostgresServer) Kill(t Test) {
	t.Helper()
	s.tell(t, "kill")
}

// Start starts a server that was killed, and waits until it serves.
func (s *PostgresServer) Start(t Test) {
	t.Helper()
	for {
		wrong := s.start(t)
		if wrong == "" {
			return
		}
		if !strings.Contains(wrong, "pre-existing shared memory block") { // its old processes are about to see that it has gone
			t.Fatalf("PostgreSQL does not start again:\n%s", wrong)
		}
	}
}

// Socket returns the file of its socket, for StartProxy.
func (s *PostgresServer) Socket() string { return filepath.Join(s.dir, ".s.PGSQL.5432") }

// Stop ends the server at once and removes its folder.
func (s *PostgresServer) Stop() error { return s.stop() }

// DSN returns the address of a database, whether or not it is there. The one that is always there is "postgres".
func (s *PostgresServer) DSN(database string) string {
	return "host=" + s.dir + " user=postgres dbname=" + database
}

// Database makes a new, empty database for a test and returns its address.
func (s *PostgresServer) Database(t Test) string {
	t.Helper()
	name := fmt.Sprintf("test%d", s.databases.Add(1))
	s.Exec(t, "create database "+name)
	return s.DSN(name)
}

// Exec runs a statement as the owner of everything.
func (s *PostgresServer) Exec(t Test, text string) {
	t.Helper()
	psql := exec.CommandContext(context.WithoutCancel(t.Context()), filepath.Join(s.bin, "psql"), "-h", s.dir, "-U", "postgres", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", text)
	if out, err := psql.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", text, err, out)
	}
}
