package sqlite_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"testing"

	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/db/sqlite"
)

// writerDSN tells a process that it is a child that writes, and where.
const writerDSN = "SQLITETEST_WRITER_DSN"

// writeUntilKilled adds rows, two in each transaction, and tells of each transaction when it is committed. It never returns.
func writeUntilKilled(dsn string) {
	ctx := context.Background()
	pools, err := sqlite.Driver{}.Open(ctx, driver.Options{DSN: dsn})
	check := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	check(err)
	var n int
	check(pools.Write.QueryRowContext(ctx, "SELECT coalesce(max(n), 0) FROM x").Scan(&n))
	for {
		n++
		tx, err := pools.Write.BeginTx(ctx, nil)
		check(err)
		for _, half := range []string{"a", "b"} {
			_, err := tx.ExecContext(ctx, "INSERT INTO x VALUES (?, ?, ?)", n, half, make([]byte, 2000))
			check(err)
		}
		check(tx.Commit())
		fmt.Println(n)
	}
}

// kill -9 of a process that writes loses nothing that it has committed, leaves no half of a transaction, and the file is sound.
func TestKill(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "app.db")
	p := open(t, options(file))
	exec(t, p, "CREATE TABLE x (n integer, half text, data blob, PRIMARY KEY (n, half))")
	closePools(t, p)
	committed := 0
	for round := range 5 {
		cmd := osexec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), writerDSN+"=file:"+file)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for i := 0; lines.Scan(); i++ {
			if _, err := fmt.Sscan(lines.Text(), &committed); err != nil {
				t.Fatal(err)
			}
			if i == 50+31*round { // and then reads on: what was told before the end counts
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
			t.Fatalf("the child was not killed: %v", err)
		}
		committed = survived(t, file, committed)
	}
}

// survived opens the file anew and looks for every transaction up to committed. It returns the last one that is there.
func survived(t *testing.T, file string, committed int) int {
	t.Helper()
	p := open(t, options(file))
	var rows, last, whole int
	if err := p.Read.QueryRowContext(t.Context(), "SELECT count(*), max(n), count(DISTINCT n) FROM x").Scan(&rows, &last, &whole); err != nil {
		t.Fatal(err)
	}
	// The one that was under way when the kill came may be there or not.
	if last < committed || last > committed+1 {
		t.Errorf("the last transaction is %d, and %d was told to be committed", last, committed)
	}
	if whole != last || rows != 2*last {
		t.Errorf("%d rows of %d transactions, want both rows of all %d", rows, whole, last)
	}
	var sound sql.NullString
	if err := p.Read.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&sound); err != nil || sound.String != "ok" {
		t.Errorf("the file is not sound: %v, %v", sound, err)
	}
	exec(t, p, "DELETE FROM x WHERE n = -1")
	closePools(t, p)
	return last
}
