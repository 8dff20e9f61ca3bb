package dbtest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"gorm.io/gorm"

	"github.com/banyan-go/banyan/platform/db"
)

// SQL that begins, divides or ends a transaction is refused wherever it stands, and words that look like it are not.
func testControl(t *testing.T, e engine) {
	w := e.start(t)
	single := []string{
		"BEGIN", "begin", "BEGIN TRANSACTION", "COMMIT", "Commit ;", "END", "ROLLBACK", "ROLLBACK TO SAVEPOINT a", "SAVEPOINT a", "RELEASE SAVEPOINT a",
		" \t\r\n COMMIT", "/* x */ COMMIT", "-- x\nCOMMIT", "/* /* */ -- */\n--\n/**/COMMIT/**/", "/*'*/ COMMIT -- '",
	}
	several := []string{"SELECT 1; COMMIT", "DELETE FROM dbtest_accounts; COMMIT", "SELECT ';'; -- x\n /* ; */ COMMIT", "DELETE FROM dbtest_accounts; COMMIT; BEGIN", ";COMMIT", "; ;COMMIT"}
	for _, text := range append(single, several...) {
		for how, run := range map[string]func(q *gorm.DB) error{
			"exec": func(q *gorm.DB) error { return q.Exec(text).Error },
			"scan": func(q *gorm.DB) error { return q.Raw(text).Scan(new(int)).Error },
			"row":  func(q *gorm.DB) error { return q.Raw(text).Row().Scan(new(int)) },
		} {
			if err := run(w.read(t.Context())); err == nil {
				t.Errorf("%q by %s on the side that reads is not refused", text, how)
			}
			err := w.h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
				if err := w.create(ctx, newAccount()); err != nil {
					return err
				}
				err := run(w.h.Query(ctx, db.Global))
				if err == nil {
					t.Errorf("%q by %s is not refused", text, how)
				}
				return nil // looks away
			})
			if !errors.Is(err, db.ErrDoomed) {
				t.Errorf("%q by %s: %v, want ErrDoomed", text, how, err)
			}
			if n := w.accounts(t); n != 0 {
				t.Fatalf("%q by %s has committed %d rows", text, how, n)
			}
		}
	}
	for _, text := range single {
		wantRefused(t, text, w.read(t.Context()).Exec(text).Error, db.ErrControl)
	}
	w.tx(t, func(_ context.Context, q *gorm.DB) error {
		for _, text := range []string{"SELECT 'COMMIT'", "SELECT 1 -- ; COMMIT", "SELECT CASE WHEN 1 = 1 THEN 1 END", `SELECT 1 AS "commit"`, "SELECT 1;", "/* BEGIN */ SELECT 1 ; "} {
			if err := q.Exec(text).Error; err != nil {
				t.Errorf("%q is refused: %v", text, err)
			}
		}
		return nil
	})
}

// What gorm has for transactions and prepared statements would go past the door.
func testGormTransactions(t *testing.T, e engine) {
	w := e.start(t)
	nothing := func(*gorm.DB) error { t.Error("ran"); return nil }
	check := func(ctx context.Context) {
		q := func() *gorm.DB { return w.h.Query(ctx, db.Global) }
		wantRefused(t, "Begin", q().Begin().Error, db.ErrControl)
		wantRefused(t, "Transaction", q().Transaction(nothing), db.ErrControl)
		wantRefused(t, "Transaction of a session", q().Session(&gorm.Session{}).Transaction(nothing), db.ErrControl)
		if err := q().Connection(nothing); err == nil {
			t.Error("Connection works")
		}
		if err := q().Commit().Error; err == nil {
			t.Error("Commit works")
		}
		if err := q().Rollback().Error; err == nil {
			t.Error("Rollback works")
		}
		if _, err := q().DB(); err == nil {
			t.Error("DB leads past the door")
		}
		wantRefused(t, "PrepareStmt", q().Session(&gorm.Session{PrepareStmt: true}).Find(&[]account{}).Error, db.ErrPrepared)
	}
	check(t.Context())
	err := w.h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
		if err := w.create(ctx, newAccount()); err != nil {
			return err
		}
		check(ctx)
		return nil
	})
	if err != nil || w.accounts(t) != 1 {
		t.Errorf("what was refused before it was a statement has ended the transaction: %v", err)
	}
	for name, run := range map[string]func(q *gorm.DB) error{
		"SavePoint":  func(q *gorm.DB) error { return q.SavePoint("a").Error },
		"RollbackTo": func(q *gorm.DB) error { return q.RollbackTo("a").Error },
	} {
		err := w.h.Tx(t.Context(), db.Global, func(ctx context.Context) error { return run(w.h.Query(ctx, db.Global)) })
		if err == nil {
			t.Errorf("%s works", name)
		}
	}
	// Many rows at once make gorm begin a transaction elsewhere.
	err = w.h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
		many := []account{newAccount(), newAccount(), newAccount()}
		return w.h.Query(ctx, db.Global).CreateInBatches(many, 2).Error
	})
	if err != nil || w.accounts(t) != 4 {
		t.Errorf("rows in batches: %v, and %d rows, want 4", err, w.accounts(t))
	}
}

// One connection does one thing at a time, on every engine.
func testOpenRows(t *testing.T, e engine) {
	w := e.start(t)
	w.tx(t, func(_ context.Context, q *gorm.DB) error {
		return q.CreateInBatches([]account{newAccount(), newAccount()}, 10).Error
	})
	err := w.h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
		q := w.h.Query(ctx, db.Global)
		rows, err := q.Model(&account{}).Rows()
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := q.Exec("UPDATE dbtest_accounts SET total = 1").Error; err == nil {
				t.Error("a statement runs while rows are open")
			}
		}
		return nil
	})
	wantIs(t, err, db.ErrDoomed)
	err = w.h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
		q := w.h.Query(ctx, db.Global)
		rows, err := q.Model(&account{}).Rows()
		if err != nil {
			return err
		}
		n := 0
		for rows.Next() {
			n++
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil || n != 2 {
			t.Errorf("%d rows, %v, want 2", n, err)
		}
		return q.Exec("UPDATE dbtest_accounts SET total = 1").Error
	})
	if err != nil {
		t.Errorf("a statement behind rows that are closed: %v", err)
	}
	err = w.h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
		_, err := w.h.Query(ctx, db.Global).Model(&account{}).Rows() // that is the test
		return err
	})
	if err != nil {
		t.Errorf("rows that are open at the end: %v", err)
	}
	w.tx(t, func(_ context.Context, q *gorm.DB) error { return q.Exec("DELETE FROM dbtest_accounts").Error })
}

// Transactions that read and then write lose nothing, and none of them fails.
func testManyWriters(t *testing.T, e engine) {
	w := e.start(t)
	a := newAccount()
	w.tx(t, func(_ context.Context, q *gorm.DB) error { return q.Create(&a).Error })
	const writers, each = 16, 25
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				err := w.h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
					q := w.h.Query(ctx, db.Global)
					var got account
					if err := hold(q).Take(&got, "id = ?", a.ID).Error; err != nil {
						return err
					}
					return q.Model(&got).Update("total", got.Total+1).Error
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var got account
	if err := w.read(t.Context()).Take(&got, "id = ?", a.ID).Error; err != nil || got.Total != writers*each {
		t.Errorf("total %d, %v, want %d", got.Total, err, writers*each)
	}
}

// Two transactions that change two rows in opposite orders both succeed: where an engine lets them meet, and ends one, that one runs again
// as a whole.
func testDeadlock(t *testing.T, e engine) {
	w := e.start(t)
	a, b := newAccount(), newAccount()
	w.tx(t, func(_ context.Context, q *gorm.DB) error { return q.Create([]*account{&a, &b}).Error })
	var meet sync.WaitGroup
	meet.Add(2)
	var attempts, commits atomic.Int32
	var both sync.WaitGroup
	for _, order := range [][]account{{a, b}, {b, a}} {
		both.Go(func() {
			first := true
			err := w.h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
				attempts.Add(1)
				db.AfterCommit(ctx, func(context.Context) { commits.Add(1) })
				for i, row := range order {
					if err := w.h.Query(ctx, db.Global).Model(&row).Update("total", gorm.Expr("total + 1")).Error; err != nil {
						return err
					}
					if i == 0 && first && w.db.MaxTx() > 1 {
						first = false
						meet.Done()
						meet.Wait()
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	var got []account
	if err := w.read(t.Context()).Find(&got, "total = 2").Error; err != nil || len(got) != 2 {
		t.Errorf("%d rows were changed twice, %v, want 2", len(got), err)
	}
	if n := attempts.Load(); commits.Load() != 2 || w.db.MaxTx() > 1 && n < 3 {
		t.Errorf("%d attempts and %d commits", n, commits.Load())
	}
}

// Readers go on while somebody writes, and see none of it before the commit.
func testReadsBesideWriter(t *testing.T, e engine) {
	w := e.start(t)
	w.tx(t, func(_ context.Context, q *gorm.DB) error { a := newAccount(); return q.Create(&a).Error })
	err := w.h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
		if err := w.h.Query(ctx, db.Global).Exec("UPDATE dbtest_accounts SET total = 7").Error; err != nil {
			return err
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 25 {
					var got account
					if err := w.read(t.Context()).Take(&got).Error; err != nil || got.Total != 0 {
						t.Errorf("total %d, %v, want 0", got.Total, err)
					}
				}
			})
		}
		wg.Wait()
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// A read after a commit sees it.
func testReadWhatWasWritten(t *testing.T, e engine) {
	w := e.start(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				a := newAccount()
				if err := w.h.Tx(t.Context(), db.Global, func(ctx context.Context) error { return w.create(ctx, a) }); err != nil {
					t.Error(err)
				}
				var got account
				if err := w.read(t.Context()).Take(&got, "id = ?", a.ID).Error; err != nil || got != a {
					t.Errorf("%+v, %v, want %+v", got, err, a)
				}
			}
		})
	}
	wg.Wait()
}
