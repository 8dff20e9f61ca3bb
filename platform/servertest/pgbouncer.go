package servertest

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// PgBouncer is a pooler for PostgreSQL. Debian keeps it out of the PATH of those who do not administer.
func PgBouncer() Program {
	return Program{Name: "pgbouncer", Commands: []string{"pgbouncer", "/usr/sbin/pgbouncer"}, Debian: "pgbouncer", Homebrew: "pgbouncer"}
}

// StartPgBouncer starts a pooler before a server and returns the file of its socket, for StartProxy. It lets everybody in, as that user of the
// server. Settings are those of its section [pgbouncer], "pool_mode=transaction" for instance. It ends with the test.
func StartPgBouncer(t Test, s *PostgresServer, user string, settings ...string) (socket string) {
	t.Helper()
	file := Need(t, PgBouncer())
	dir, err := os.MkdirTemp("/tmp", "pgb") // see RunPostgres
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	who, err := owner(dir)
	if err != nil {
		t.Fatalf("%v", err)
	}
	text := fmt.Sprintf("[databases]\n* = host=%s user=%s\n[pgbouncer]\nlisten_addr=\nunix_socket_dir=%s\nauth_type=any\n%s\n", s.dir, user, dir, strings.Join(settings, "\n"))
	ini := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(ini, []byte(text), 0o644); err != nil { // for the user that it runs as
		t.Fatalf("%v", err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, file, ini)
	cmd.SysProcAttr, cmd.Dir = who, dir
	log, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		t.Fatalf("start PgBouncer: %v", err)
	}
	up, ended := make(chan struct{}), make(chan struct{})
	var said strings.Builder
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(log); lines.Scan(); {
			if strings.Contains(lines.Text(), "process up") {
				close(up)
			}
			fmt.Fprintln(&said, lines.Text())
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
		_ = cmd.Wait() // it was killed
	})
	select {
	case <-up:
	case <-ended:
		t.Fatalf("PgBouncer does not start:\n%s", said.String())
	}
	return filepath.Join(dir, ".s.PGSQL.6432")
}
