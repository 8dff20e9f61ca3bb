package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/unit"
)

// hold locks the rows that are read, where the engine knows such locks.
func hold(q *gorm.DB) *gorm.DB {
	return q.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate})
}

// briefly is a wait that is over soon, and still long enough to make a connection.
func briefly(cfg *db.Config) { cfg.Pool.Wait = 300 * time.Millisecond }

// A transaction that gets no connection says who has it.
func testWaitForTransaction(t *testing.T, e engine) {
	w := e.start(t, briefly)
	n := w.db.MaxTx()
	begun, release, done := make(chan struct{}), make(chan struct{}), make(chan error)
	_, file, line, _ := runtime.Caller(0)
	for range n {
		go func() {
			done <- w.h.Tx(context.Background(), db.Global, func(ctx context.Context) error { // line+3
				begun <- struct{}{}
				<-release
				return nil
			})
		}()
	}
	for range n {
		soon(t, begun)
	}
	err := w.h.Tx(t.Context(), db.Global, func(context.Context) error { t.Error("ran"); return nil })
	wantBusy(t, err)
	if want := fmt.Sprintf("%s:%d", file, line+3); !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want one that names %s", err, want)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	wantIs(t, w.h.Tx(ended, db.Global, func(context.Context) error { t.Error("ran"); return nil }), context.Canceled)
	if n := w.accounts(t); n != 0 {
		t.Errorf("%d rows", n)
	}
	close(release)
	for range n {
		if err := soon(t, done); err != nil {
			t.Error(err)
		}
	}
	w.tx(t, func(_ context.Context, q *gorm.DB) error { return nil })
}

func wantBusy(t *testing.T, err error) {
	t.Helper()
	wantIs(t, err, db.ErrBusy)
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind != fault.Unavailable || f.RetryAfter <= 0 || f.Err == nil {
		t.Errorf("%#v, want an error that says when to come again, and for the log why", err)
	}
}

// A read waits a limited time for a connection, and stops to wait when its context ends.
func testWaitForRead(t *testing.T, e engine) {
	w := e.start(t, briefly, func(cfg *db.Config) { cfg.Pool.MaxOpen = unit.Exactly(2) })
	w.insertAccounts(t, 2)
	open := func() *sql.Rows {
		rows, err := w.read(t.Context()).Model(&account{}).Rows() // nothing is read
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	one, two := open(), open()
	for name, read := range map[string]func(q *gorm.DB) error{
		"find": func(q *gorm.DB) error { return q.Find(&[]account{}).Error },
		"row":  func(q *gorm.DB) error { return q.Raw("SELECT 1").Row().Scan(new(int)) },
		"rows": func(q *gorm.DB) error { _, err := q.Model(&account{}).Rows(); return err }, // it fails
		"exec": func(q *gorm.DB) error { return q.Exec("SELECT 1").Error },
	} {
		err := read(w.read(t.Context()))
		if wantBusy(t, err); t.Failed() {
			t.Fatal(name)
		}
	}
	if err := w.db.Ping(t.Context()); err != nil {
		t.Errorf("whether the database answers can be asked while all connections are in use: %v", err)
	}
	if err := one.Close(); err != nil {
		t.Error(err)
	}
	if n := w.accounts(t); n != 2 {
		t.Errorf("%d rows, want 2", n)
	}
	// Reading to the end is as good as closing.
	for two.Next() {
	}
	three := open()
	if n := w.accounts(t); n != 2 {
		t.Errorf("%d rows, want 2", n)
	}
	if err := errors.Join(two.Err(), three.Close()); err != nil {
		t.Error(err)
	}
	// Statements that fail give their connections back.
	for range 5 {
		if err := w.read(t.Context()).Find(&[]account{}, "no_such_column = 1").Error; err == nil || errors.Is(err, db.ErrBusy) {
			t.Errorf("a column that is not there: %v", err)
		}
		if err := w.read(t.Context()).Exec("DELETE FROM dbtest_accounts").Error; !errors.Is(err, db.ErrOutsideTx) {
			t.Errorf("a write: %v", err)
		}
	}
	if n := w.accounts(t); n != 2 {
		t.Errorf("%d rows, want 2", n)
	}

	patient := e.start(t, func(cfg *db.Config) { cfg.Pool.MaxOpen = unit.Exactly(1) })
	rows, err := patient.read(t.Context()).Raw("SELECT 1").Rows() // nothing is read
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	waited := make(chan error)
	go func() { waited <- patient.read(ctx).Find(&[]account{}).Error }()
	cancel()
	wantIs(t, soon(t, waited), context.Canceled)
	if err := rows.Close(); err != nil {
		t.Error(err)
	}
}

func (w *world) insertAccounts(t *testing.T, n int) {
	t.Helper()
	accounts := make([]account, n)
	for i := range accounts {
		accounts[i] = newAccount()
	}
	w.tx(t, func(_ context.Context, q *gorm.DB) error { return q.Create(&accounts).Error })
}

// Rows that somebody has forgotten are closed when the context ends that they were asked for with.
func testForgottenRows(t *testing.T, e engine) {
	w := e.start(t, func(cfg *db.Config) { cfg.Pool.MaxOpen = unit.Exactly(1) })
	w.insertAccounts(t, 2)
	ctx, cancel := context.WithCancel(t.Context())
	rows, err := w.read(ctx).Model(&account{}).Rows() // that is the test
	if err != nil {
		t.Fatal(err)
	}
	rows.Next()
	cancel()
	if n := w.accounts(t); n != 2 { // waits for the connection
		t.Errorf("%d rows, want 2", n)
	}
}

// endless runs until it is stopped.
const endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n WHERE i < 0"

// The limit stops a statement that runs, also one that writes, and one that returns row after row.
func testStatementLimit(t *testing.T, e engine) {
	w := e.start(t, func(cfg *db.Config) { cfg.Statement = 100 * time.Millisecond })
	w.insertAccounts(t, 1)
	for name, run := range map[string]func(q *gorm.DB) error{
		"find": func(q *gorm.DB) error { return q.Raw(endless).Scan(new(int64)).Error },
		"row":  func(q *gorm.DB) error { return q.Raw(endless).Row().Scan(new(int64)) },
		"exec": func(q *gorm.DB) error { return q.Exec(endless).Error },
		"list": func(q *gorm.DB) error {
			return q.Raw("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n").Scan(new(int64)).Error
		},
	} {
		err := run(w.read(t.Context()))
		if wantBusy(t, err); t.Failed() {
			t.Fatalf("%s: %v", name, err)
		}
		err = w.h.Tx(t.Context(), db.Global, func(ctx context.Context) error { return run(w.h.Query(ctx, db.Global)) })
		if wantBusy(t, err); t.Failed() {
			t.Fatalf("%s in a transaction: %v", name, err)
		}
	}
	// SQLite rolls back by itself when a write is stopped. What follows must not run outside of a transaction.
	err := w.h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
		if err := w.create(ctx, newAccount()); err != nil {
			return err
		}
		q := w.h.Query(ctx, db.Global)
		err := q.Exec("UPDATE dbtest_accounts SET total = (" + endless + ")").Error
		wantBusy(t, err)
		if err := w.create(ctx, newAccount()); !errors.Is(err, db.ErrDoomed) {
			t.Errorf("a statement behind one that was stopped: %v, want ErrDoomed", err)
		}
		return nil // looks away
	})
	wantIs(t, err, db.ErrDoomed)
	if n := w.accounts(t); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
	w.insertAccounts(t, 1)
}

// A context that ends, or has ended, stops everything, and the error says so.
func testContext(t *testing.T, e engine) {
	w := e.start(t)
	ended, end := context.WithCancel(t.Context())
	end()
	for name, run := range map[string]func(q *gorm.DB) error{
		"find": func(q *gorm.DB) error { return q.Find(&[]account{}).Error },
		"row":  func(q *gorm.DB) error { return q.Raw("SELECT 1").Row().Scan(new(int)) },
		"exec": func(q *gorm.DB) error { return q.Exec("SELECT 1").Error },
	} {
		wantRefused(t, name, run(w.read(ended)), context.Canceled)
	}
	wantIs(t, w.h.Tx(ended, db.Global, func(context.Context) error { t.Error("ran"); return nil }), context.Canceled)

	for name, run := range map[string]func(ctx context.Context) error{
		"read": func(ctx context.Context) error { return w.read(ctx).Raw(endless).Scan(new(int64)).Error },
		"exec": func(ctx context.Context) error { return w.read(ctx).Exec(endless).Error },
		"transaction": func(ctx context.Context) error {
			return w.h.Tx(ctx, db.Global, func(ctx context.Context) error { return w.h.Query(ctx, db.Global).Exec(endless).Error })
		},
	} {
		deadline, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		wantRefused(t, name, run(deadline), context.DeadlineExceeded)
		cancel()
	}
	w.insertAccounts(t, 1)
	if n := w.accounts(t); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}
