package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/db/sqlite"
)

// openFile opens the database of a machine beside the application, as another process does.
func openFile(t *testing.T, m *machine) driver.Pools {
	t.Helper()
	p, err := sqlite.Driver{}.Open(t.Context(), driver.Options{DSN: "file:" + filepath.Join(m.dir, "data", "app.db"), MaxOpen: 1, Wait: patience, BusyTimeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.Health.Close()
		_ = p.Read.Close()
		_ = p.Write.Close()
	})
	return p
}

// A file that another process has locked is waited for, for the time of db.sqlite.busy_timeout; then a write is answered with 503, and reads go on.
func TestSQLiteLockedByAnotherProcess(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	p := m.serve("--mode", "test", "--set", "db.sqlite.busy_timeout=200ms")
	p.public.Post(products, product("before")).Want(201)
	other := openFile(t, m)
	tx, err := other.Write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	p.public.Post(products, product("locked")).WantProblem(503, "database_busy").WantHeader("Retry-After", "1")
	p.public.Get(products+"?count=exact").Want(200).WantAt("/page/total", "1")
	p.public.Get("/readyz").Want(200)

	answered := make(chan int)
	go func() { // it waits, and is served
		resp, err := p.post(http.DefaultClient, products, product("waiting"))
		if err != nil {
			answered <- 0
			return
		}
		_ = resp.Body.Close()
		answered <- resp.StatusCode
	}()
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if status := <-answered; status != 201 {
		t.Errorf("a write that has waited: status %d", status)
	}
	p.public.Post(products, product("locked")).Want(201)
	if log := p.out.String(); !strings.Contains(log, "database is locked") {
		t.Errorf("the log does not tell why: %s", log)
	}
	p.stop()
}

// intact fails the test unless the file of the database is whole.
func intact(t *testing.T, m *machine) {
	t.Helper()
	p := openFile(t, m)
	var verdict string
	if err := p.Read.QueryRowContext(context.WithoutCancel(t.Context()), "PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("the file is not whole: %s, %v", verdict, err)
	}
}

// A process that is killed under writes leaves a whole file, with everything that was acknowledged.
func TestSQLiteKilled(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	l := newLedger(t)
	tried := 0
	for run := range 3 {
		p := m.serve("--mode", "test")
		w := startWriters(t, fmt.Sprint("run ", run), p, l, 4)
		for range 50 {
			w.until(t, "it writes", created)
		}
		p.signal(syscall.SIGKILL)
		w.until(t, "it is gone", func(o outcome) bool { return o.status == 0 })
		w.end()
		tried += w.tried
		if code := p.wait(); code != -1 {
			t.Fatalf("it was not killed: exit code %d", code)
		}
		intact(t, m)
	}
	began := time.Now()
	p := m.serve("--mode", "test")
	t.Logf("it serves after %s", time.Since(began))
	l.kept(p.public, tried)
	p.stop()
}
