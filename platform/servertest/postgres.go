package servertest

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
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
	bin, dir  string
	in        io.WriteCloser // open while the server is wanted
	starting  atomic.Bool
	started   chan string   // how a start went
	ended     chan struct{} // closed when its log is at its end
	cmd       *exec.Cmd
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
	s := &PostgresServer{bin: filepath.Dir(file), ended: make(chan struct{})}
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

// run starts the server and waits until it serves. A shell stands between: it ends the server, and removes its folder, when its input ends.
func (s *PostgresServer) run(ctx context.Context, who *syscall.SysProcAttr, args []string) error {
	const script = `dir=$1; shift; "$@" & pid=$!
while read word; do case $word in kill) kill -KILL $pid; wait $pid;; start) "$@" & pid=$!;; esac; done
kill -QUIT $pid; wait $pid; cd /; rm -rf "$dir"`
	s.cmd = exec.CommandContext(ctx, "sh", slices.Concat([]string{"-c", script, "sh", s.dir}, args)...)
	s.cmd.SysProcAttr, s.cmd.Dir = who, s.dir
	in, err := s.cmd.StdinPipe()
	if err != nil {
		return err
	}
	log, err := s.cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.in, s.started = in, make(chan string, 1)
	s.starting.Store(true)
	go func() {
		defer close(s.ended)
		s.listen(log)
	}()
	if wrong := s.wait(); wrong != "" {
		return errors.Join(fmt.Errorf("PostgreSQL does not start:\n%s", wrong), s.Stop())
	}
	return nil
}

// wait waits until a server that starts serves, and returns what it says when it does not.
func (s *PostgresServer) wait() string {
	select {
	case wrong := <-s.started:
		return wrong
	case <-s.ended:
		return "(it has ended)"
	}
}

// listen reads the log to its end, and tells of each start how it went: "" when the server serves, otherwise what it has said.
func (s *PostgresServer) listen(log io.Reader) {
	var said strings.Builder
	for lines := bufio.NewScanner(log); lines.Scan(); {
		if !s.starting.Load() {
			said.Reset()
			continue
		}
		fmt.Fprintln(&said, lines.Text())
		switch line := lines.Text(); {
		case strings.Contains(line, "database system is ready to accept"): // connections, or those of a standby
			s.starting.Store(false)
			s.started <- ""
		case strings.Contains(line, "the database system is"), strings.Contains(line, "terminating connection"): // which is said to clients
		case strings.Contains(line, "FATAL"):
			s.starting.Store(false)
			s.started <- said.String()
		}
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
		s.starting.Store(true)
		s.tell(t, "start")
		wrong := s.wait()
		if wrong == "" {
			return
		}
		if !strings.Contains(wrong, "pre-existing shared memory block") { // its old processes are about to see that it has gone
			t.Fatalf("PostgreSQL does not start again:\n%s", wrong)
		}
	}
}

func (s *PostgresServer) tell(t Test, word string) {
	t.Helper()
	if _, err := io.WriteString(s.in, word+"\n"); err != nil {
		t.Fatalf("%s PostgreSQL: %v", word, err)
	}
}

// Socket returns the file of its socket, for StartProxy.
func (s *PostgresServer) Socket() string { return filepath.Join(s.dir, ".s.PGSQL.5432") }

// Stop ends the server at once and removes its folder.
func (s *PostgresServer) Stop() error {
	_ = s.in.Close() // a second time, when it is closed already
	<-s.ended
	_ = s.cmd.Wait() // it was told to end at once, which is no success
	return os.RemoveAll(s.dir)
}

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
