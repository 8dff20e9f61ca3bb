package dbtest

import (
	"context"
	"errors"
	"testing"

	"gorm.io/gorm"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/db/querystat"
)

// Every way to run a statement is counted, with its rows, and a transaction that runs again is counted once.
func testCounted(t *testing.T, e engine) {
	w := e.start(t)
	stats := querystat.New(querystat.Options{})
	count := func(fn func(ctx context.Context)) int {
		r := stats.Origin("test").Begin()
		fn(querystat.WithRecorder(t.Context(), r))
		return r.End()
	}
	insert := func(ctx context.Context, id string) error {
		return w.h.Query(ctx, db.Global).Exec("INSERT INTO dbtest_accounts (id, email, shop, slug, total) VALUES (?, ?, 'b', ?, 1)", id, id, id).Error
	}
	one, two := "00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002"
	accounts := func(ctx context.Context) *gorm.DB { return w.h.Query(ctx, db.Global).Table("dbtest_accounts") }
	for what, c := range map[string]struct {
		want int
		run  func(ctx context.Context) error
	}{
		"a transaction": {2, func(ctx context.Context) error {
			return w.h.Tx(ctx, db.Global, func(ctx context.Context) error { return errors.Join(insert(ctx, one), insert(ctx, two)) })
		}},
		"a transaction that runs again": {2, func(ctx context.Context) error {
			runs := 0
			var ids []string
			return w.h.Tx(ctx, db.Global, func(ctx context.Context) error {
				if err := errors.Join(accounts(ctx).Pluck("id", &ids).Error, accounts(ctx).Pluck("slug", &ids).Error); err != nil {
					return err
				}
				if runs++; runs < 3 {
					return &driver.Error{Kind: driver.Conflict, Err: errors.New("in the way")}
				}
				return nil
			})
		}},
		"one row": {1, func(ctx context.Context) error {
			var n int
			return accounts(ctx).Select("count(*)").Row().Scan(&n)
		}},
		"rows": {1, func(ctx context.Context) error {
			rows, err := accounts(ctx).Rows()
			if err != nil {
				return err
			}
			return rows.Close()
		}},
		"a statement that fails": {1, func(ctx context.Context) error {
			if err := w.h.Query(ctx, db.Global).Exec("SELECT nonsense").Error; err == nil {
				return errors.New("it did not fail")
			}
			return nil
		}},
		"all keys": {1, func(ctx context.Context) error {
			return w.h.Each(ctx, func(_ context.Context, q *gorm.DB) error {
				var ids []string
				return q.Table("dbtest_accounts").Pluck("id", &ids).Error
			})
		}},
		"a repetition that is meant": {1, func(ctx context.Context) (err error) {
			ctx = db.Repeated(ctx, "the test wants it")
			for range 5 {
				var ids []string
				err = errors.Join(err, accounts(ctx).Pluck("id", &ids).Error)
			}
			return err
		}},
	} {
		if got := count(func(ctx context.Context) {
			if err := c.run(ctx); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}); got != c.want {
			t.Errorf("%s: %d statements, want %d", what, got, c.want)
		}
	}

	others := querystat.New(querystat.Options{})
	r := others.Origin("test").Begin()
	var ids []string
	if err := accounts(querystat.WithRecorder(t.Context(), r)).Pluck("id", &ids).Error; err != nil {
		t.Fatal(err)
	}
	r.End()
	if all := others.Snapshot().Queries; len(all) != 1 || len(ids) != 2 || all[0].Rows != 2 || all[0].Seconds <= 0 {
		t.Errorf("rows and time of a statement that has read %d: %+v", len(ids), all)
	}
}
