// Package postgrestest runs a PostgreSQL server for tests: a private one, in a folder of its own, which ends with the test, and also when
// the process of the test is killed. It is for tests only.
package postgrestest

import (
	"bufio"
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
	"testing"

	"github.com/banyan-go/banyan/platform/servertest"
)

// Server is a PostgreSQL server that runs. It is safe for concurrent use.
type Server struct {
	bin, dir  string
	databases atomic.Int32
}

// Start starts a server that keeps nothing safe: it never syncs the disk. Settings are more of them, "max_connections=20" for instance.
// The test is left out where PostgreSQL is not installed, as servertest.Need does it.
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	bin := filepath.Dir(servertest.Need(t, servertest.Postgres()))
	dir, err := os.MkdirTemp("", "pg") //nolint:usetesting // the path of a socket may have about a hundred characters
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	who, err := owner(dir)
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	initdb := exec.CommandContext(t.Context(), filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = who, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(data, "pg_hba.conf"), []byte(access), 0o644); err != nil {
		t.Fatal(err)
	}
	args := []string{filepath.Join(bin, "postgres"), "-D", data, "-k", dir}
	for _, set := range append([]string{"listen_addresses=", "fsync=off", "synchronous_commit=off", "full_page_writes=off", "lc_messages=C"}, settings...) {
		args = append(args, "-c", set)
	}
	run(t, dir, who, args)
	return &Server{bin: bin, dir: dir}
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

// run starts the server and waits until it serves. A shell stands between: it ends the server when its input ends, however we do.
func run(t testing.TB, dir string, who *syscall.SysProcAttr, args []string) {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "sh", slices.Concat([]string{"-c", `"$@" & pid=$!; read _; kill -QUIT $pid; wait $pid`, "sh"}, args)...)
	cmd.SysProcAttr, cmd.Dir = who, dir
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	t.Cleanup(func() {
		_ = in.Close() // that ends it
		<-read
		_ = cmd.Wait() // it was told to end at once, which is no success
	})
	ready := make(chan string, 1)
	go func() {
		defer close(read)
		ready <- untilReady(log)
		_, _ = io.Copy(io.Discard, log) // to the end of the server
	}()
	if wrong := <-ready; wrong != "" {
		t.Fatalf("PostgreSQL does not start:\n%s", wrong)
	}
}

// untilReady reads the log of a server that starts; it returns what it says when it does not.
func untilReady(log io.Reader) string {
	var all strings.Builder
	for lines := bufio.NewScanner(log); lines.Scan(); {
		if strings.Contains(lines.Text(), "ready to accept connections") {
			return ""
		}
		fmt.Fprintln(&all, lines.Text())
		if strings.Contains(lines.Text(), "FATAL") {
			break
		}
	}
	return all.String() + "(the end of its log)"
}

// Database makes a new, empty database and returns its address.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test%d", s.databases.Add(1))
	s.Exec(t, "create database "+name)
	return s.DSN(name)
}

// Exec runs a statement as the owner of everything.
func (s *Server) Exec(t testing.TB, text string) {
	t.Helper()
	psql := exec.CommandContext(t.Context(), filepath.Join(s.bin, "psql"), "-h", s.dir, "-U", "postgres", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", text)
	if out, err := psql.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", text, err, out)
	}
}

// DSN returns the address of a database, whether or not it is there.
func (s *Server) DSN(database string) string {
	return "host=" + s.dir + " user=postgres dbname=" + database
}
