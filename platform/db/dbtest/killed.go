package dbtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/driver"
)

// childDeath tells a child that it migrates, "up" or "down", and in front of which step it is killed: "up 3".
const childDeath = "DBTEST_MIGRATE_DEATH"

// several is migrations with every kind of file.
func (w *world) several() db.Migrations {
	concurrently := ""
	if w.db.Dialect() == "postgres" {
		concurrently = "CONCURRENTLY "
	}
	return db.Migrations{Module: "shop", Files: w.files(
		"20260101000000_a.sql", "-- +goose Up\nCREATE TABLE shop_a (n integer PRIMARY KEY);\nINSERT INTO shop_a VALUES (1);\n-- +goose Down\nDELETE FROM shop_a;\nDROP TABLE shop_a;\n",
		"20260102000000_b.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX "+concurrently+"IF NOT EXISTS shop_a_n_idx ON shop_a (n);\n"+
			"-- +goose Down\nDROP INDEX "+concurrently+"IF EXISTS shop_a_n_idx;\n",
		"20260103000000_c.sql", "-- +goose Up\nINSERT INTO shop_a VALUES (2);\nCREATE TABLE shop_c (n integer PRIMARY KEY);\n-- +goose Down\nDROP TABLE shop_c;\nDELETE FROM shop_a WHERE n = 2;\n",
	)}
}

// Wherever a process that migrates is killed, in whichever direction, the next one ends what it has begun.
func testMigrateKilled(t *testing.T, e engine, root string) {
	for _, way := range []string{"up", "down"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			w := e.bare(t)
			m := w.migrator(t, w.several())
			for step := 1; ; step++ {
				if way == "down" {
					w.mustUp(t, m)
				}
				killed := w.killedAt(t, root, fmt.Sprintf("%s %d", way, step))
				if way == "down" {
					w.wantGone(t, m, step)
				}
				w.wantWhole(t, m, step)
				if !killed {
					if step < 10 {
						t.Errorf("it has ended in %d steps: too few to be true", step)
					}
					return
				}
				if err := m.Reset(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func (w *world) mustUp(t *testing.T, m *db.Migrator) {
	t.Helper()
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// killedAt runs a child, and reports whether it died of that.
func (w *world) killedAt(t *testing.T, root, death string) bool {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+root+"$", "-test.count=1")
	cmd.Env = append(os.Environ(), childDSN+"="+w.cfg.DSN, childDeath+"="+death)
	out, err := cmd.CombinedOutput()
	killed := false
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		status, _ := exit.Sys().(syscall.WaitStatus)
		killed = status.Signaled() && status.Signal() == syscall.SIGKILL
	}
	if err != nil && !killed {
		t.Fatalf("a child that is killed at %q: %v\n%s", death, err, out)
	}
	return killed
}

// wantWhole migrates on, and wants everything there once.
func (w *world) wantWhole(t *testing.T, m *db.Migrator, step int) {
	t.Helper()
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatalf("up after a death at step %d: %v", step, err)
	}
	if err := m.Ready(t.Context()); err != nil {
		t.Errorf("after a death at step %d: %v", step, err)
	}
	var n int64
	if err := w.read(t.Context()).Table("shop_a").Count(&n).Error; err != nil || n != 2 {
		t.Errorf("after a death at step %d: %d rows, %v, want 2", step, n, err)
	}
	wantTables(t, w, "banyan_migrations_shop", "shop_a", "shop_c")
}

// wantGone takes back what is left, and wants nothing to be there.
func (w *world) wantGone(t *testing.T, m *db.Migrator, step int) {
	t.Helper()
	if _, err := m.DownTo(t.Context(), "shop", 0); err != nil {
		t.Fatalf("down after a death at step %d: %v", step, err)
	}
	wantTables(t, w, "banyan_migrations_shop")
}

// migrateAndDie is what such a child does.
func migrateAndDie(t *testing.T, e engine, dsn, death string) {
	way, at, _ := strings.Cut(death, " ")
	steps := new(atomic.Int64)
	var left int64
	if _, err := fmt.Sscan(at, &left); err != nil {
		t.Fatal(err)
	}
	w := engine(func(t *testing.T) (driver.Driver, driver.Options) {
		drv, _ := e(t)
		return mortal{drv, steps}, driver.Options{DSN: dsn}
	}).bare(t)
	steps.Store(left)
	m := w.migrator(t, w.several())
	var err error
	if way == "down" {
		_, err = m.DownTo(t.Context(), "shop", 0)
	} else {
		_, err = m.Up(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}
