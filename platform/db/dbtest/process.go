package dbtest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/driver"
)

// childDSN tells a process that it is a child, and which database it is to migrate.
const childDSN = "DBTEST_MIGRATE_DSN"

// Child reports whether this process was started by a check of Run: it gets a database by name and needs no other.
func Child() bool { return os.Getenv(childDSN) != "" }

// slowly is migrations whose first file takes a while, so that processes meet.
func (w *world) slowly() db.Migrations {
	return db.Migrations{Module: "shop", Files: w.files(
		"20260101000000_a.sql", "-- +goose Up\nCREATE TABLE shop_a (n integer PRIMARY KEY);\n"+
			"INSERT INTO shop_a WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) SELECT i FROM n;\n-- +goose Down\nDROP TABLE shop_a;\n",
		"20260102000000_b.sql", makes("shop_b"),
	)}
}

// Of several processes that migrate at once each file is applied by one, and none of them fails.
func testMigrateProcesses(t *testing.T, e engine, root string) {
	w := e.bare(t)
	type child struct {
		cmd *exec.Cmd
		in  io.WriteCloser
		out *bufio.Scanner
	}
	children := make([]child, 4)
	for i := range children {
		cmd := exec.Command(os.Args[0], "-test.run=^"+root+"$", "-test.count=1")
		cmd.Env = append(os.Environ(), childDSN+"="+w.cfg.DSN)
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill() }) // for a test that gives up; otherwise it has ended
		children[i] = child{cmd, in, bufio.NewScanner(out)}
	}
	for i, c := range children {
		if !c.out.Scan() || c.out.Text() != "ready" {
			t.Fatalf("child %d says %q", i, c.out.Text())
		}
	}
	for _, c := range children {
		if err := c.in.Close(); err != nil {
			t.Error(err)
		}
	}
	var applied []string
	for i, c := range children {
		for c.out.Scan() {
			if file, ok := strings.CutPrefix(c.out.Text(), "applied "); ok {
				applied = append(applied, file)
			}
		}
		if err := c.cmd.Wait(); err != nil {
			t.Errorf("child %d: %v", i, err)
		}
	}
	if len(applied) != 2 {
		t.Errorf("applied %v, want each of two files once", applied)
	}
	wantStatus(t, w.migrator(t, w.slowly()), "shop/20260101000000_a.sql applied", "shop/20260102000000_b.sql applied")
	var n int64
	if err := w.read(t.Context()).Table("shop_a").Count(&n).Error; err != nil || n != 50000 {
		t.Errorf("%d rows, %v, want 50000", n, err)
	}
}

// migrateChild is what a child does.
func migrateChild(t *testing.T, e engine, dsn string) {
	w := engine(func(t *testing.T) (driver.Driver, driver.Options) {
		drv, _ := e(t)
		return drv, driver.Options{DSN: dsn}
	}).bare(t)
	fmt.Println("ready")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil { // until all are ready
		t.Fatal(err)
	}
	done, err := w.migrator(t, w.slowly()).Up(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range done {
		fmt.Println("applied", m)
	}
}
