package dbtest

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"

	"gorm.io/gorm"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/id"
)

// deferred runs fn in a Deferred whose last write is one more account.
func (w *world) deferred(ctx context.Context, fn func(ctx context.Context) error) error {
	return w.db.Deferred(ctx, fn, func(ctx context.Context, key db.Key) error {
		a := newAccount()
		return w.h.Query(ctx, key).Create(&a).Error
	})
}

// add adds an account in a Tx of its own and returns result as the error of its function.
func (w *world) add(ctx context.Context, result error) error {
	return w.h.Tx(ctx, db.Global, func(ctx context.Context) error { return errors.Join(w.create(ctx, newAccount()), result) })
}

// The transactions of a request and the last write are one: who is outside sees nothing of it before the end, and who is inside all of it.
func testDeferred(t *testing.T, e engine) {
	w := e.start(t)
	var after []string
	note := func(what string) func(context.Context) {
		return func(ctx context.Context) {
			after = append(after, what)
			if n := w.accounts(t); n != 3 {
				t.Errorf("%s: %d rows are committed, want 3", what, n)
			}
			if err := w.h.Tx(ctx, db.Global, func(context.Context) error { return nil }); err != nil {
				t.Errorf("%s: a transaction of its own: %v", what, err)
			}
		}
	}
	err := w.deferred(t.Context(), func(ctx context.Context) error {
		if n := w.count(ctx, t); n != 0 {
			t.Errorf("before the first transaction there are %d rows", n)
		}
		for i := range 2 {
			if err := w.h.Tx(ctx, db.Global, func(ctx context.Context) error {
				db.AfterCommit(ctx, note("inside"))
				return w.create(ctx, newAccount())
			}); err != nil {
				return err
			}
			db.AfterCommit(ctx, note("behind"))
			if inside, outside := w.count(ctx, t), w.accounts(t); inside != int64(i+1) || outside != 0 {
				t.Errorf("behind transaction %d there are %d rows inside and %d outside, want %[1]d and 0", i+1, inside, outside)
			}
			if err := w.h.Each(ctx, func(_ context.Context, q *gorm.DB) error { return q.Take(&account{}).Error }); err != nil {
				t.Errorf("Each: %v", err)
			}
		}
		if len(after) > 0 {
			t.Errorf("%v ran before the commit", after)
		}
		return nil
	})
	if want := []string{"inside", "behind", "inside", "behind"}; err != nil || !slices.Equal(after, want) {
		t.Errorf("%v, and %v ran behind the commit, want %v", err, after, want)
	}
	// Without a transaction the last write has one of its own.
	if err := w.deferred(t.Context(), func(context.Context) error { return nil }); err != nil || w.accounts(t) != 4 {
		t.Errorf("%v, and %d rows, want 4", err, w.accounts(t))
	}
}

// count returns how many accounts a read sees that is in no Tx.
func (w *world) count(ctx context.Context, t *testing.T) (n int64) {
	t.Helper()
	if err := w.read(ctx).Model(&account{}).Count(&n).Error; err != nil {
		t.Error(err)
	}
	return n
}

// However it ends without success, nothing stays of any part, and the connection is free.
func testDeferredRollback(t *testing.T, e engine) {
	w := e.start(t)
	mine := errors.New("mine")
	never := func(context.Context) { t.Error("ran after a rollback") }
	for name, c := range map[string]struct {
		run  func(ctx context.Context, end func()) error
		want error
	}{
		"error of the function": {func(ctx context.Context, _ func()) error {
			return w.deferred(ctx, func(ctx context.Context) error {
				defer db.AfterCommit(ctx, never)
				return errors.Join(w.add(ctx, nil), mine)
			})
		}, mine},
		"panic": {func(ctx context.Context, _ func()) (err error) {
			defer func() { err, _ = recover().(error) }()
			return w.deferred(ctx, func(ctx context.Context) error { panic(errors.Join(w.add(ctx, nil), mine)) })
		}, mine},
		"goexit": {func(ctx context.Context, _ func()) error {
			var wg sync.WaitGroup
			wg.Go(func() {
				_ = w.deferred(ctx, func(ctx context.Context) error {
					if err := w.add(ctx, nil); err != nil {
						t.Error(err)
					}
					runtime.Goexit()
					return nil
				})
			})
			wg.Wait()
			return mine
		}, mine},
		"last write fails": {func(ctx context.Context, _ func()) error {
			return w.db.Deferred(ctx, func(ctx context.Context) error { return w.add(ctx, nil) },
				func(ctx context.Context, _ db.Key) error {
					db.AfterCommit(ctx, never)
					return errors.Join(w.create(ctx, newAccount()), mine)
				})
		}, mine},
		"last write fails alone": {func(ctx context.Context, _ func()) error {
			return w.db.Deferred(ctx, func(context.Context) error { return nil },
				func(ctx context.Context, _ db.Key) error { return errors.Join(w.create(ctx, newAccount()), mine) })
		}, mine},
		"later transaction fails": {func(ctx context.Context, _ func()) error {
			return w.deferred(ctx, func(ctx context.Context) error {
				if err := w.add(ctx, nil); err != nil {
					return err
				}
				wantIs(t, w.add(ctx, mine), mine)
				wantIs(t, w.add(ctx, nil), db.ErrDoomed, mine)
				if n := w.count(ctx, t); n != 0 {
					t.Errorf("%d rows are still there", n)
				}
				db.AfterCommit(ctx, never)
				return nil // looks away
			})
		}, db.ErrDoomed},
		"later transaction panics": {func(ctx context.Context, _ func()) error {
			return w.deferred(ctx, func(ctx context.Context) error {
				defer func() { _ = recover() }()
				return errors.Join(w.add(ctx, nil), w.h.Tx(ctx, db.Global, func(context.Context) error { panic(mine) }))
			})
		}, db.ErrDoomed},
		"statement of a later transaction fails": {func(ctx context.Context, _ func()) error {
			return w.deferred(ctx, func(ctx context.Context) error {
				return errors.Join(w.add(ctx, nil), w.h.Tx(ctx, db.Global, func(ctx context.Context) error {
					_ = w.h.Query(ctx, db.Global).Exec("SELEKT").Error // looks away
					return nil
				}))
			})
		}, db.ErrDoomed},
		"end of the context of a later transaction": {func(ctx context.Context, _ func()) error {
			return w.deferred(ctx, func(ctx context.Context) error {
				if err := w.add(ctx, nil); err != nil {
					return err
				}
				ctx, end := context.WithCancel(ctx)
				return w.h.Tx(ctx, db.Global, func(ctx context.Context) error { defer end(); return w.create(ctx, newAccount()) })
			})
		}, context.Canceled},
		"later transaction on another key": {func(ctx context.Context, _ func()) error {
			return w.deferred(ctx, func(ctx context.Context) error {
				return errors.Join(w.add(ctx, nil), w.h.Tx(ctx, db.By("a"), func(context.Context) error { return nil }))
			})
		}, db.ErrSecondKey},
		"read behind it fails": {func(ctx context.Context, _ func()) error {
			return w.deferred(ctx, func(ctx context.Context) error {
				if err := w.add(ctx, nil); err != nil {
					return err
				}
				if err := w.read(ctx).Find(&[]account{}, "no_such_column = 1").Error; err == nil {
					t.Error("a column that is not there is read")
				}
				return nil // looks away
			})
		}, db.ErrDoomed},
		"end of the context": {func(ctx context.Context, end func()) error {
			return w.deferred(ctx, func(ctx context.Context) error { defer end(); return w.add(ctx, nil) })
		}, context.Canceled},
		"end of the context of a transaction": {func(ctx context.Context, _ func()) error {
			return w.deferred(ctx, func(ctx context.Context) error {
				ctx, end := context.WithCancel(ctx)
				return w.h.Tx(ctx, db.Global, func(ctx context.Context) error { defer end(); return w.create(ctx, newAccount()) })
			})
		}, context.Canceled},
	} {
		ctx, end := context.WithCancel(t.Context())
		wantRefused(t, name, c.run(ctx, end), c.want)
		if n := w.accounts(t); n != 0 {
			t.Fatalf("%s: %d rows stayed", name, n)
		}
		a := newAccount()
		w.tx(t, func(_ context.Context, q *gorm.DB) error { return errors.Join(q.Create(&a).Error, q.Delete(&a).Error) })
		end() // not before: it would roll back what is left open
	}
}

// What fails in the first transaction is gone at once, as without a deferral, and the next one is the first.
func testDeferredFirst(t *testing.T, e engine) {
	w := e.start(t)
	mine := errors.New("mine")
	err := w.deferred(t.Context(), func(ctx context.Context) error {
		wantIs(t, w.add(ctx, mine), mine)
		if err := w.add(t.Context(), nil); err != nil { // somebody else's: SQLite's one writer is free
			t.Errorf("behind a rollback: %v", err)
		}
		// A service that ends its context once it is done does not end what it has done.
		brief, end := context.WithCancel(ctx)
		defer end()
		if err := w.add(brief, nil); err != nil {
			return err
		}
		// Nor does a transaction that cannot even begin.
		end()
		wantIs(t, w.add(brief, nil), context.Canceled)
		return nil
	})
	if n := w.accounts(t); err != nil || n != 3 {
		t.Errorf("%v, and %d rows, want 3: somebody else's, the second one and the last write", err, n)
	}
	// A write without Tx is refused behind a transaction as it is without one, and costs nothing else.
	err = w.deferred(t.Context(), func(ctx context.Context) error {
		if err := w.add(ctx, nil); err != nil {
			return err
		}
		for _, text := range []string{"DELETE FROM dbtest_accounts", "WITH x AS (SELECT 1) UPDATE dbtest_accounts SET total = 1", "SELECT 1; DELETE FROM dbtest_accounts"} {
			wantRefused(t, text, w.read(ctx).Exec(text).Error, db.ErrOutsideTx)
		}
		return nil
	})
	if n := w.accounts(t); err != nil || n != 5 {
		t.Errorf("%v, and %d rows, want 5", err, n)
	}
}

// Only the outermost knows when all is done.
func testDeferredInside(t *testing.T, e engine) {
	w := e.start(t)
	nothing := func(context.Context) error { return nil }
	if err := w.h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
		if err := w.deferred(ctx, nothing); err == nil {
			t.Error("Deferred inside a transaction")
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	var kept context.Context
	if err := w.deferred(t.Context(), func(ctx context.Context) error {
		kept = ctx
		if err := w.deferred(ctx, nothing); err == nil {
			t.Error("Deferred inside Deferred")
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	// Afterwards the context is one like any other.
	if err := w.add(kept, nil); err != nil || w.accounts(t) != 2 {
		t.Errorf("a transaction afterwards: %v, and %d rows, want 2", err, w.accounts(t))
	}
	ran := false
	db.AfterCommit(kept, func(context.Context) { ran = true })
	if !ran {
		t.Error("AfterCommit did not run at once afterwards")
	}
}

// Two goroutines of one request take turns. Who would wait for itself is told.
func testDeferredTurns(t *testing.T, e engine) {
	w := e.start(t, briefly)
	err := w.deferred(t.Context(), func(outer context.Context) error {
		return w.h.Tx(outer, db.Global, func(ctx context.Context) error {
			wantBusy(t, w.h.Tx(outer, db.Global, func(context.Context) error { t.Error("ran"); return nil }))
			return w.create(ctx, newAccount())
		})
	})
	if n := w.accounts(t); err != nil || n != 2 {
		t.Errorf("%v, and %d rows, want 2", err, n)
	}
	w = e.start(t)
	err = w.deferred(t.Context(), func(ctx context.Context) error {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if err := w.add(ctx, nil); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		return nil
	})
	if n := w.accounts(t); err != nil || n != 9 {
		t.Errorf("%v, and %d rows, want 9", err, n)
	}
}

// A deadlock in the first transaction of a request is nobody's concern: it runs again. One in a later transaction ends the request, whose caller
// has to repeat it, because what the first one has written is gone.
func testDeferredConflict(t *testing.T, e engine) {
	w := e.start(t)
	if w.db.MaxTx() == 1 {
		return // one writer is in nobody's way
	}
	a, b := newAccount(), newAccount()
	w.tx(t, func(_ context.Context, q *gorm.DB) error { return q.Create([]*account{&a, &b}).Error })
	raise := func(ctx context.Context, row id.ID) error {
		return w.h.Query(ctx, db.Global).Model(&account{}).Where("id = ?", row).Update("total", gorm.Expr("total + 1")).Error
	}
	// race has two requests change both rows, in different orders, and waits in between.
	race := func(request func(ctx context.Context, one, two id.ID, meet func()) error) (failed []error) {
		var meet, both sync.WaitGroup
		var mu sync.Mutex
		meet.Add(2)
		for _, order := range [][2]id.ID{{a.ID, b.ID}, {b.ID, a.ID}} {
			both.Go(func() {
				err := w.db.Deferred(t.Context(), func(ctx context.Context) error {
					return request(ctx, order[0], order[1], sync.OnceFunc(func() { meet.Done(); meet.Wait() }))
				}, func(context.Context, db.Key) error { return nil })
				if err != nil {
					mu.Lock()
					defer mu.Unlock()
					failed = append(failed, err)
				}
			})
		}
		both.Wait()
		return failed
	}
	wantTotal := func(want int64) {
		t.Helper()
		var got []account
		if err := w.read(t.Context()).Find(&got, "total = ?", want).Error; err != nil || len(got) != 2 {
			t.Errorf("%d rows have the total %d, %v, want 2", len(got), want, err)
		}
	}
	if failed := race(func(ctx context.Context, one, two id.ID, meet func()) error {
		return w.h.Tx(ctx, db.Global, func(ctx context.Context) error {
			if err := raise(ctx, one); err != nil {
				return err
			}
			meet()
			return raise(ctx, two)
		})
	}); len(failed) > 0 {
		t.Errorf("one transaction each: %v", failed)
	}
	wantTotal(2)
	failed := race(func(ctx context.Context, one, two id.ID, meet func()) error {
		if err := w.h.Tx(ctx, db.Global, func(ctx context.Context) error { return raise(ctx, one) }); err != nil {
			return err
		}
		meet()
		return w.h.Tx(ctx, db.Global, func(ctx context.Context) error { return raise(ctx, two) })
	})
	if len(failed) != 1 {
		t.Fatalf("two transactions each: %v, want one request that has failed", failed)
	}
	wantBusy(t, failed[0])
	wantTotal(3)
}
