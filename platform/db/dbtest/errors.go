package dbtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
)

// What engines say in their own words arrives with one meaning, through whatever door of gorm it comes.
func testErrors(t *testing.T, e engine) {
	w := e.start(t)
	there := newAccount()
	w.tx(t, func(_ context.Context, q *gorm.DB) error { return q.Create(&there).Error })
	email, slug, key := newAccount(), newAccount(), newAccount()
	email.Email, slug.Slug, key.ID = there.Email, there.Slug, there.ID
	for _, c := range []struct {
		name    string
		row     account
		columns []string
		not     []string
	}{
		{"one column", email, []string{"email"}, []string{"id"}},
		{"two columns", slug, []string{"shop", "slug"}, []string{"slug"}},
		{"primary key", key, []string{"id"}, []string{"email"}},
	} {
		for how, run := range map[string]func(q *gorm.DB) error{
			"create": func(q *gorm.DB) error { return q.Create(&c.row).Error },
			"batch":  func(q *gorm.DB) error { return q.CreateInBatches([]account{newAccount(), c.row}, 10).Error },
			"exec": func(q *gorm.DB) error {
				return q.Exec("INSERT INTO dbtest_accounts VALUES (?, ?, ?, ?, 0)", c.row.ID, c.row.Email, c.row.Shop, c.row.Slug).Error
			},
			"row": func(q *gorm.DB) error {
				return q.Raw("INSERT INTO dbtest_accounts VALUES (?, ?, ?, ?, 0) RETURNING total", c.row.ID, c.row.Email, c.row.Shop, c.row.Slug).Row().Scan(new(int))
			},
			"update": func(q *gorm.DB) error {
				other := newAccount()
				if err := q.Create(&other).Error; err != nil {
					return err
				}
				return q.Model(&account{}).Where("id = ?", other.ID).Updates(map[string]any{"id": c.row.ID, "email": c.row.Email, "slug": c.row.Slug}).Error
			},
		} {
			var inner error
			outer := w.h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
				inner = run(w.h.Query(ctx, db.Global))
				return inner
			})
			for _, err := range []error{inner, outer} {
				if !db.IsDuplicate(err) || !db.IsDuplicate(err, c.columns...) || db.IsDuplicate(err, c.not...) || db.IsDuplicate(err, append(c.columns, "x")...) {
					t.Errorf("%s by %s: %v is not a duplicate of %v", c.name, how, err, c.columns)
				}
				if db.IsNotFound(err) || errors.Is(err, db.ErrBusy) || errors.Is(err, db.ErrOutsideTx) {
					t.Errorf("%s by %s: %v is something else as well", c.name, how, err)
				}
			}
		}
	}
	lost := entry{ID: id.New(), AccountID: id.New()}
	nowhere := w.inTx(t, func(q *gorm.DB) error { return q.Create(&lost).Error })
	wantKind(t, "reference to nothing", nowhere, driver.Foreign)
	if !db.IsReference(nowhere) || errors.Is(nowhere, db.ErrReferenced) {
		t.Errorf("reference to nothing: %v", nowhere)
	}
	w.tx(t, func(_ context.Context, q *gorm.DB) error {
		return q.Create(&entry{ID: id.New(), AccountID: there.ID}).Error
	})
	used := w.inTx(t, func(q *gorm.DB) error { return db.Referenced(q.Delete(&there).Error) })
	wantKind(t, "delete of what is referred to", used, driver.Foreign)
	if !errors.Is(used, db.ErrReferenced) || fault.KindOf(used) != fault.Conflict || errors.Is(db.Referenced(db.ErrBusy), db.ErrReferenced) || db.Referenced(nil) != nil {
		t.Errorf("delete of what is referred to: %v", used)
	}

	if err := w.inTx(t, func(q *gorm.DB) error { return q.Exec("UPDATE dbtest_accounts SET email = NULL").Error }); err == nil || db.IsDuplicate(err) {
		t.Errorf("null where none may be: %v", err)
	}
	if db.IsDuplicate(nil) || db.IsNotFound(nil) {
		t.Error("no error is an error")
	}

	// Another process, in effect, holds the lock.
	impatient := engine(func(*testing.T) (driver.Driver, driver.Options) {
		return w.driver, driver.Options{DSN: w.cfg.DSN}
	}).bare(t, func(cfg *db.Config) {
		cfg.SQLite.BusyTimeout, cfg.Postgres.LockTimeout = 20*time.Millisecond, 20*time.Millisecond
	})
	touch := func(q *gorm.DB) error {
		return q.Model(&account{}).Where("id = ?", there.ID).Update("total", 5).Error
	}
	err := w.h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
		if err := touch(w.h.Query(ctx, db.Global)); err != nil {
			return err
		}
		wantBusy(t, impatient.inTx(t, touch))
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if err := impatient.inTx(t, touch); err != nil {
		t.Errorf("when the lock is free: %v", err)
	}
}

// inTx runs fn with the handle of a transaction and returns what becomes of it.
func (w *world) inTx(t *testing.T, fn func(q *gorm.DB) error) error {
	t.Helper()
	return w.h.Tx(t.Context(), db.Global, func(ctx context.Context) error { return fn(w.h.Query(ctx, db.Global)) })
}

func wantKind(t *testing.T, what string, err error, kind driver.Kind) {
	t.Helper()
	if e, ok := errors.AsType[*driver.Error](err); !ok || e.Kind != kind {
		t.Errorf("%s: %v, want an error of kind %d", what, err, kind)
	}
}
