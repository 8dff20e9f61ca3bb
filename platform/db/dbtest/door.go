package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/lifecycle"
)

func testFeatures(t *testing.T, e engine) {
	drv, o := e(t)
	f := drv.Features()
	if f.Dialect == "" || f.Goose == "" || f.Like == "" {
		t.Errorf("features are missing: %+v", f)
	}
	if f != drv.Features() {
		t.Error("the features change")
	}
	if err := drv.Check(o); err != nil {
		t.Errorf("the settings of the suite are refused: %v", err)
	}
}

func testNotRunning(t *testing.T, e engine) {
	drv, o := e(t)
	cfg := db.Default()
	cfg.Driver, cfg.DSN = "the", o.DSN
	var lc lifecycle.Lifecycle
	d, err := db.New(cfg, db.Drivers{"the": drv}, &lc, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Migrator([]db.Migrations{{Module: "dbtest", Files: mustSub(t, schema, "schema")}})
	if err != nil {
		t.Fatal(err)
	}
	h, ctx := d.ForModule("dbtest"), t.Context()
	check := func(when string) {
		wantRefused(t, when+" read", h.Query(ctx, db.Global).Find(&[]account{}).Error, db.ErrNotStarted)
		wantRefused(t, when+" row", h.Query(ctx, db.Global).Raw("SELECT 1").Row().Scan(new(int)), db.ErrNotStarted)
		wantRefused(t, when+" exec", h.Query(ctx, db.Global).Exec("SELECT 1").Error, db.ErrNotStarted)
		wantRefused(t, when+" transaction", h.Tx(ctx, db.Global, func(context.Context) error { return nil }), db.ErrNotStarted)
		wantRefused(t, when+" ping", d.Ping(ctx), db.ErrNotStarted)
		wantRefused(t, when+" ready", m.Ready(ctx), db.ErrNotStarted)
		_, err := m.Up(ctx)
		wantRefused(t, when+" migrate", err, db.ErrNotStarted)
	}
	check("before start")
	if err := lc.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := d.Ping(ctx); err != nil {
		t.Errorf("ping: %v", err)
	}
	ended, end := context.WithCancel(ctx)
	end()
	wantRefused(t, "ping when the context has ended", d.Ping(ended), context.Canceled)
	if err := lc.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	check("after stop")
}

func testReads(t *testing.T, e engine) {
	w := e.start(t)
	a := newAccount()
	w.tx(t, func(_ context.Context, q *gorm.DB) error { return q.Create(&a).Error })
	var got account
	if err := w.read(t.Context()).Take(&got, "id = ?", a.ID).Error; err != nil || got != a {
		t.Errorf("%+v, %v, want %+v", got, err, a)
	}
	if err := w.h.Each(t.Context(), func(_ context.Context, q *gorm.DB) error { return q.Take(&got, "id = ?", a.ID).Error }); err != nil {
		t.Errorf("Each: %v", err)
	}
	if err := w.read(t.Context()).Take(&got, "id = ?", id.New()).Error; !db.IsNotFound(err) {
		t.Errorf("no such row: %v", err)
	}
	for name, write := range map[string]func(q *gorm.DB) error{
		"insert": func(q *gorm.DB) error { b := newAccount(); return q.Create(&b).Error },
		"insert returning": func(q *gorm.DB) error {
			var n int64
			return q.Raw("INSERT INTO dbtest_accounts SELECT ?, 'e', 's', 'l', 1 RETURNING total", id.New()).Scan(&n).Error
		},
		"row": func(q *gorm.DB) error {
			var n int64
			return q.Raw("UPDATE dbtest_accounts SET total = 1 RETURNING total").Row().Scan(&n)
		},
		"rows": func(q *gorm.DB) error {
			rows, err := q.Raw("UPDATE dbtest_accounts SET total = 1 RETURNING total").Rows()
			if err == nil {
				err = errors.Join(errors.New("the write was not refused at once"), rows.Close())
			}
			return err
		},
		"update":       func(q *gorm.DB) error { return q.Model(&account{ID: a.ID}).Update("total", 1).Error },
		"upsert":       func(q *gorm.DB) error { b := a; return q.Save(&b).Error },
		"delete":       func(q *gorm.DB) error { return q.Delete(&account{ID: a.ID}).Error },
		"exec":         func(q *gorm.DB) error { return q.Exec("DELETE FROM dbtest_accounts").Error },
		"schema":       func(q *gorm.DB) error { return q.Exec("CREATE TABLE dbtest_new (id integer)").Error },
		"common table": func(q *gorm.DB) error { return q.Exec("WITH x AS (SELECT 1) DELETE FROM dbtest_accounts").Error },
	} {
		wantRefused(t, name, write(w.read(t.Context())), db.ErrOutsideTx)
		wantRefused(t, name+" in Each", w.h.Each(t.Context(), func(_ context.Context, q *gorm.DB) error { return write(q) }), db.ErrOutsideTx)
	}
	if err := w.read(t.Context()).Take(&got, "id = ?", a.ID).Error; err != nil || got != a || w.accounts(t) != 1 {
		t.Errorf("after writes that were refused there is %+v, %v, want %+v alone", got, err, a)
	}
}

func wantRefused(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// Two modules in one transaction: the context carries it, and both see what neither has committed.
func testCommit(t *testing.T, e engine) {
	w := e.start(t)
	other := w.db.ForModule("other")
	a, b := newAccount(), newAccount()
	err := w.h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
		if err := w.create(ctx, a); err != nil {
			return err
		}
		if err := other.Query(ctx, db.Global).Create(&b).Error; err != nil {
			return err
		}
		var n int64
		if err := w.h.Query(ctx, db.Global).Model(&account{}).Count(&n).Error; err != nil || n != 2 {
			t.Errorf("inside there are %d rows, %v, want 2", n, err)
		}
		// Outside nothing is to be seen yet: the readers do not wait for the writer.
		if n := w.accounts(t); n != 0 {
			t.Errorf("outside there are %d rows before the commit", n)
		}
		return nil
	})
	if err != nil || w.accounts(t) != 2 {
		t.Errorf("%v, and %d rows, want 2", err, w.accounts(t))
	}
}

// However the function ends without success, nothing stays, and the next transaction begins at once.
func testRollback(t *testing.T, e engine) {
	w := e.start(t)
	mine := errors.New("mine")
	write := func(ctx context.Context) error {
		db.AfterCommit(ctx, func(context.Context) { t.Error("there was a commit") })
		return w.create(ctx, newAccount())
	}
	for name, run := range map[string]func(ctx context.Context, end func()) error{
		"error": func(ctx context.Context, _ func()) error {
			return w.h.Tx(ctx, db.Global, func(ctx context.Context) error { return errors.Join(write(ctx), mine) })
		},
		"panic": func(ctx context.Context, _ func()) (err error) {
			defer func() { err, _ = recover().(error) }()
			return w.h.Tx(ctx, db.Global, func(ctx context.Context) error { panic(errors.Join(write(ctx), mine)) })
		},
		"goexit": func(ctx context.Context, _ func()) error {
			var wg sync.WaitGroup
			wg.Go(func() {
				_ = w.h.Tx(ctx, db.Global, func(ctx context.Context) error {
					if err := write(ctx); err != nil {
						t.Error(err)
					}
					runtime.Goexit()
					return nil
				})
				t.Error("Tx returned")
			})
			wg.Wait()
			return mine
		},
		"end of the context": func(ctx context.Context, end func()) error {
			err := w.h.Tx(ctx, db.Global, func(ctx context.Context) error {
				defer end()
				return write(ctx)
			})
			wantIs(t, err, context.Canceled)
			return mine
		},
		"statements after the end of the context": func(ctx context.Context, end func()) error {
			err := w.h.Tx(ctx, db.Global, func(ctx context.Context) error {
				if err := write(ctx); err != nil {
					return err
				}
				end()
				// Until database/sql, which has a goroutine for it, has rolled back.
				for began := time.Now(); ; {
					err := w.create(context.WithoutCancel(ctx), newAccount())
					if errors.Is(err, sql.ErrTxDone) {
						return err
					}
					if time.Since(began) > patience {
						t.Errorf("a statement after the end of the context: %v", err)
						return err
					}
				}
			})
			wantIs(t, err, context.Canceled)
			return mine
		},
	} {
		ctx, end := context.WithCancel(t.Context())
		wantRefused(t, name, run(ctx, end), mine)
		if n := w.accounts(t); n != 0 {
			t.Errorf("%s: %d rows stayed", name, n)
		}
		a := newAccount()
		w.tx(t, func(_ context.Context, q *gorm.DB) error { return errors.Join(q.Create(&a).Error, q.Delete(&a).Error) })
		end() // not before: it would roll back what Tx has left open
	}
}

// A statement that has failed dooms its transaction, whether or not anybody looked.
func testFailedStatement(t *testing.T, e engine) {
	w := e.start(t)
	there := newAccount()
	w.tx(t, func(_ context.Context, q *gorm.DB) error { return q.Create(&there).Error })
	for name, fail := range map[string]func(q *gorm.DB) error{
		"duplicate":    func(q *gorm.DB) error { return q.Create(&there).Error },
		"exec":         func(q *gorm.DB) error { return q.Exec("UPDATE no_such_table SET x = 1").Error },
		"query":        func(q *gorm.DB) error { return q.Find(&[]account{}, "no_such_column = 1").Error },
		"no statement": func(q *gorm.DB) error { return q.Exec("SELEKT").Error },
		"value":        func(q *gorm.DB) error { return q.Exec("UPDATE dbtest_accounts SET id = ?", id.ID{}).Error },
		"row": func(q *gorm.DB) error {
			var n int64
			return q.Raw("INSERT INTO dbtest_accounts SELECT * FROM dbtest_accounts RETURNING total").Row().Scan(&n)
		},
		"rows": func(q *gorm.DB) error {
			rows, err := q.Raw("INSERT INTO dbtest_accounts SELECT * FROM dbtest_accounts RETURNING total").Rows()
			if err == nil {
				rows.Next()
				err = errors.Join(rows.Err(), rows.Close())
			}
			return err
		},
	} {
		var failure error
		err := w.h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
			if err := w.create(ctx, newAccount()); err != nil {
				return err
			}
			failure = fail(w.h.Query(ctx, db.Global))
			return nil // looks away
		})
		if failure == nil {
			t.Errorf("%s: the statement works", name)
		}
		if !errors.Is(err, db.ErrDoomed) {
			t.Errorf("%s: %v, want ErrDoomed", name, err)
		}
		if n := w.accounts(t); n != 1 {
			t.Errorf("%s: %d rows, want the one from before", name, n)
		}
	}
	err := w.h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
		q := w.h.Query(ctx, db.Global)
		if err := q.Exec("SELEKT").Error; err == nil {
			t.Error("SELEKT works")
		}
		return q.Exec("DELETE FROM dbtest_accounts").Error
	})
	wantIs(t, err, db.ErrDoomed)
	if n := w.accounts(t); n != 1 {
		t.Errorf("a statement behind one that failed has left %d rows, want 1", n)
	}
	err = w.h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
		if err := w.h.Query(ctx, db.Global).Take(&account{}, "id = ?", id.New()).Error; !db.IsNotFound(err) {
			t.Errorf("no such row: %v", err)
		}
		return w.create(ctx, newAccount())
	})
	if err != nil || w.accounts(t) != 2 {
		t.Errorf("a row that is not found dooms the transaction: %v", err)
	}
}

func testNested(t *testing.T, e engine) {
	w := e.start(t)
	mine := errors.New("mine")
	inside := func(ctx context.Context, err error) error {
		return w.h.Tx(ctx, db.Global, func(ctx context.Context) error {
			return errors.Join(w.create(ctx, newAccount()), err)
		})
	}
	err := w.h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
		return errors.Join(inside(ctx, nil), w.create(ctx, newAccount()), inside(ctx, nil))
	})
	if err != nil || w.accounts(t) != 3 {
		t.Errorf("%v, and %d rows, want 3", err, w.accounts(t))
	}
	for name, c := range map[string]struct {
		fn   func(ctx context.Context) error
		want []error
	}{
		"inner error is passed on":    {func(ctx context.Context) error { return inside(ctx, mine) }, []error{mine}},
		"inner error is swallowed":    {func(ctx context.Context) error { _ = inside(ctx, mine); return w.create(ctx, newAccount()) }, []error{db.ErrDoomed, mine}},
		"outer fails behind an inner": {func(ctx context.Context) error { return errors.Join(inside(ctx, nil), mine) }, []error{mine}},
		"inner panic is swallowed": {func(ctx context.Context) error {
			func() {
				defer func() { _ = recover() }()
				_ = w.h.Tx(ctx, db.Global, func(context.Context) error { panic(mine) })
			}()
			return w.create(ctx, newAccount())
		}, []error{db.ErrDoomed}},
		"two levels down": {func(ctx context.Context) error {
			_ = w.h.Tx(ctx, db.Global, func(ctx context.Context) error {
				_ = inside(ctx, mine)
				return nil
			})
			return nil
		}, []error{db.ErrDoomed, mine}},
	} {
		err := w.h.Tx(t.Context(), db.Global, c.fn)
		for _, want := range c.want {
			wantRefused(t, name, err, want)
		}
		if n := w.accounts(t); n != 3 {
			t.Errorf("%s: %d rows, want the 3 from before", name, n)
		}
	}
}

func testSecondKey(t *testing.T, e engine) {
	w := e.start(t)
	one := id.New()
	first, same, second := db.By(one), db.By(id.NewIn(one.Bucket())), db.By(id.NewIn(one.Bucket()^1))
	err := w.h.Tx(t.Context(), first, func(ctx context.Context) error {
		a := newAccount()
		if err := w.h.Query(ctx, same).Create(&a).Error; err != nil {
			t.Errorf("a key of the same bucket: %v", err)
		}
		if err := w.h.Tx(ctx, same, func(ctx context.Context) error { return nil }); err != nil {
			t.Errorf("a transaction on a key of the same bucket: %v", err)
		}
		var n int64
		if err := w.h.Query(ctx, second).Model(&account{}).Count(&n).Error; err != nil || n != 0 {
			t.Errorf("under another key there are %d rows, %v, want what is committed: none", n, err)
		}
		if err := w.h.Query(ctx, second).Find(&[]account{}, "no_such_column = 1").Error; err == nil {
			t.Error("a column that is not there is read")
		}
		return nil
	})
	if err != nil || w.accounts(t) != 1 {
		t.Errorf("reads under another key: %v, and %d rows, want 1", err, w.accounts(t))
	}
	for name, write := range map[string]func(ctx context.Context) error{
		"insert": func(ctx context.Context) error { a := newAccount(); return w.h.Query(ctx, second).Create(&a).Error },
		"exec": func(ctx context.Context) error {
			return w.h.Query(ctx, second).Exec("DELETE FROM dbtest_accounts").Error
		},
		"global": func(ctx context.Context) error { a := newAccount(); return w.h.Query(ctx, db.Global).Create(&a).Error },
		"transaction": func(ctx context.Context) error {
			return w.h.Tx(ctx, second, func(context.Context) error { return nil })
		},
	} {
		err := w.h.Tx(t.Context(), first, func(ctx context.Context) error {
			if err := w.h.Query(ctx, first).Exec("DELETE FROM dbtest_accounts").Error; err != nil {
				return err
			}
			wantRefused(t, name, write(ctx), db.ErrSecondKey)
			return nil // looks away
		})
		wantRefused(t, name+" dooms", err, db.ErrDoomed)
		if n := w.accounts(t); n != 1 {
			t.Errorf("%s: %d rows, want 1", name, n)
		}
	}
}

// Whoever keeps the context of a transaction gets an error, and never another connection.
func testEnded(t *testing.T, e engine) {
	w := e.start(t)
	keep := func(result error) (kept context.Context) {
		_ = w.h.Tx(t.Context(), db.By("a"), func(ctx context.Context) error {
			kept = ctx
			return result
		})
		return kept
	}
	for name, ctx := range map[string]context.Context{"committed": keep(nil), "rolled back": keep(errors.New("mine"))} {
		wantRefused(t, name+" read", w.h.Query(ctx, db.By("a")).Find(&[]account{}).Error, db.ErrEnded)
		wantRefused(t, name+" read under another key", w.h.Query(ctx, db.Global).Find(&[]account{}).Error, db.ErrEnded)
		wantRefused(t, name+" row", w.h.Query(ctx, db.By("a")).Raw("SELECT 1").Row().Scan(new(int)), db.ErrEnded)
		wantRefused(t, name+" write", w.h.Query(ctx, db.By("a")).Exec("DELETE FROM dbtest_accounts").Error, db.ErrEnded)
		wantRefused(t, name+" transaction", w.h.Tx(ctx, db.By("a"), func(context.Context) error { return nil }), db.ErrEnded)
		wantRefused(t, name+" transaction on another key", w.h.Tx(ctx, db.By("b"), func(context.Context) error { return nil }), db.ErrEnded)
	}
}

func testAfterCommit(t *testing.T, e engine) {
	w := e.start(t)
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
	var got []string
	note := func(what string) func(context.Context) {
		return func(ctx context.Context) {
			if ctx.Err() != nil || ctx.Value(key{}) != "value" {
				t.Errorf("%s: the context has ended (%v) or lost its values", what, ctx.Err())
			}
			got = append(got, what)
		}
	}
	var kept context.Context
	err := w.h.Tx(ctx, db.Global, func(ctx context.Context) error {
		kept = ctx
		db.AfterCommit(ctx, note("first"))
		db.AfterCommit(ctx, func(ctx context.Context) {
			cancel()
			// The connection is free: this would wait for itself otherwise.
			if err := w.h.Tx(ctx, db.Global, func(ctx context.Context) error { return w.create(ctx, newAccount()) }); err != nil {
				t.Errorf("a transaction of its own: %v", err)
			}
			if n := w.accounts(t); n != 2 {
				t.Errorf("%d rows, want the one of the transaction and the one from here", n)
			}
			db.AfterCommit(ctx, note("at once"))
		})
		if err := w.h.Tx(ctx, db.Global, func(ctx context.Context) error { db.AfterCommit(ctx, note("nested")); return nil }); err != nil {
			return err
		}
		db.AfterCommit(ctx, note("last"))
		return w.create(ctx, newAccount())
	})
	if want := []string{"first", "at once", "nested", "last"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v, want %v", err, got, want)
	}
	db.AfterCommit(kept, func(ctx context.Context) {
		if err := w.h.Tx(ctx, db.Global, func(context.Context) error { return nil }); err != nil {
			t.Errorf("behind a transaction that has ended: %v", err)
		}
		note("late")(ctx)
	})
	db.AfterCommit(context.WithValue(context.Background(), key{}, "value"), note("without"))
	if want := []string{"late", "without"}; !slices.Equal(got[4:], want) {
		t.Errorf("%v, want %v", got[4:], want)
	}

	fail := func(context.Context) { t.Error("ran after a rollback") }
	_ = w.h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
		kept = ctx
		db.AfterCommit(ctx, fail)
		return errors.New("mine")
	})
	db.AfterCommit(kept, fail)

	ran := false
	func() {
		defer func() { _ = recover() }()
		_ = w.h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
			db.AfterCommit(ctx, func(context.Context) { panic("mine") })
			db.AfterCommit(ctx, func(context.Context) { ran = true })
			return w.create(ctx, newAccount())
		})
		t.Error("the panic did not pass through Tx")
	}()
	if n := w.accounts(t); !ran || n != 3 {
		t.Errorf("behind one that panics the next one ran: %v; %d rows, want 3", ran, n)
	}
}
