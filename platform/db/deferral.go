package db

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// deferralKey is the context key of a *deferral.
type deferralKey struct{}

// deferral is what the transactions of one Deferred have in common.
type deferral struct {
	db     *DB
	ctx    context.Context // of Deferred: the transaction lives as long
	caller uintptr         // the program counter behind the call of Deferred
	turn   chan struct{}   // taken by the Tx that runs

	mu    sync.Mutex
	open  *tx   // waits for the commit; nil for none
	lost  error // why what waited is rolled back
	ended bool
}

var errDeferred = errors.New("Deferred stands outside of transactions and of another Deferred: who has begun them commits them")

// Deferred runs fn with a context in which transactions wait for their commit until fn has returned, and for last, which writes one thing more
// into the same transaction: so either all that the transactions have written and what last has written is there in the end, or nothing. It is
// for what keeps the answer of a request beside its effect.
//
// For fn, and for those who know nothing of it, there are these differences:
//
//   - The first Tx that succeeds stays open. Every later one joins it, and returns ErrSecondKey for another key: what is one request is on one
//     key. A first one that fails is rolled back at once, and the next one is the first.
//   - When a later Tx fails, nothing of the earlier ones stays: they are one. Every Tx behind it, and Deferred, returns ErrDoomed.
//   - Query and Each outside of a Tx, but behind one, read in the transaction and so see what it has written, on its connection: close rows before
//     the next statement. A read that fails dooms the transaction. Before the first Tx, beside one that runs, and under another key they read as ever.
//   - AfterCommit runs its function after the one commit; also outside of a Tx, but behind one. When there is none, it does not.
//   - A transaction that the engine ends in favour of another one runs again only while it is the first: the others cannot, because what came before
//     them is gone with it. They return ErrBusy, and whoever has sent the request repeats the whole of it.
//   - The transaction lives as long as ctx, and not as the context that was given to the first Tx. When that has ended at the end of its function, the
//     transaction is rolled back as ever.
//   - Transactions of several goroutines take turns. One that gets none within db.pool.wait returns ErrBusy.
//
// When fn returns an error or panics, what waits is rolled back. Otherwise last runs, with the key of the transaction: in a new one under Global
// when there is none, where it may run again like every Tx. What waited for the commit has run when Deferred returns nil. Contexts of fn that are used
// afterwards know nothing of all this any more.
//
// Between the first Tx and the end of fn a connection is taken, on SQLite the only one that writes: what takes long belongs before it.
func (d *DB) Deferred(ctx context.Context, fn func(ctx context.Context) error, last func(ctx context.Context, key Key) error) error {
	if current(ctx, d) != nil || deferralIn(ctx, d) != nil {
		return errDeferred
	}
	var caller [1]uintptr
	runtime.Callers(2, caller[:]) // without runtime.Callers and Deferred
	f := &deferral{db: d, ctx: ctx, caller: caller[0], turn: make(chan struct{}, 1)}
	defer f.rollback() // not recover: it has to happen at runtime.Goexit, too
	if err := fn(Scoped(ctx, deferralKey{}, f)); err != nil {
		return err
	}
	return f.commit(last)
}

// deferralIn returns the deferral of ctx on this database, nil when there is none or it has ended.
func deferralIn(ctx context.Context, d *DB) *deferral {
	f, _ := ctx.Value(deferralKey{}).(*deferral)
	if f == nil || f.db != d {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended {
		return nil
	}
	return f
}

// heldIn returns the transaction that waits in ctx for its commit, nil for none.
func heldIn(ctx context.Context, d *DB) *tx {
	f := deferralIn(ctx, d)
	if f == nil {
		return nil
	}
	return f.waiting()
}

// waiting returns the transaction that waits for its commit, nil while a function runs in it and when there is none.
func (f *deferral) waiting() *tx {
	if len(f.turn) > 0 {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.open
}

// afterCommit is AfterCommit for a context with f in it, and outside of a Tx. It reports false when there is nothing to wait for.
func (f *deferral) afterCommit(ctx context.Context, fn func(context.Context)) bool {
	if t := f.waiting(); t != nil {
		t.afterCommit(ctx, fn)
		return true
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lost != nil && !f.ended // there is no commit any more
}

// transact runs fn in the transaction of the deferral, the first time in a new one.
func (f *deferral) transact(c call, fn func(context.Context) error) error {
	if err := f.take(c.ctx); err != nil {
		return err
	}
	defer f.give()
	f.mu.Lock()
	t, lost, ended := f.open, f.lost, f.ended
	f.mu.Unlock()
	switch {
	case ended:
		return c.transact(fn)
	case lost != nil:
		return lost
	case t == nil:
		_, err := c.repeat(f, fn)
		return err
	default:
		return f.join(t, c, fn)
	}
}

// join runs fn in the transaction that waits. All is lost when that fails.
func (f *deferral) join(t *tx, c call, fn func(context.Context) error) error {
	err := errors.New("a transaction did not return") // a panic
	defer func() {
		if err != nil {
			f.lose(err)
		}
	}()
	if err = t.join(Scoped(c.ctx, txKey{}, t), c.key, fn); err == nil {
		err = t.whole(c.ctx)
	}
	return err
}

// take waits for the turn.
func (f *deferral) take(ctx context.Context) error {
	if ctx.Err() != nil { // its end costs those before it nothing
		return fmt.Errorf("begin transaction: %w", context.Cause(ctx))
	}
	wait := f.db.cfg.Pool.Wait
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case f.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for a transaction: %w", context.Cause(ctx))
	case <-timer.C:
		return busy(fmt.Errorf("another transaction of the same request did not end within %s", wait))
	}
}

func (f *deferral) give() { <-f.turn }

// keep takes over a first transaction whose function has succeeded. It reports false when nobody would commit it any more.
func (f *deferral) keep(t *tx) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended {
		return false
	}
	f.open = t
	return true
}

// lose rolls back what waits, for good.
func (f *deferral) lose(err error) {
	f.mu.Lock()
	t := f.open
	f.open, f.lost = nil, fmt.Errorf("%w: %w", ErrDoomed, err)
	f.mu.Unlock()
	if t != nil { // the request is over, and all is rolled back
		t.giveUp()
	}
}

// commit has last write into what waits, and commits it.
func (f *deferral) commit(last func(context.Context, Key) error) error {
	if err := f.take(f.ctx); err != nil {
		return err
	}
	defer f.give()
	f.mu.Lock()
	t, lost := f.open, f.lost
	f.open, f.ended = nil, true // last, and what waits for the commit, is not deferred
	f.mu.Unlock()
	switch {
	case lost != nil:
		return lost
	case t == nil:
		c := call{db: f.db, key: Global, caller: f.caller, ctx: f.ctx}
		return c.transact(func(ctx context.Context) error { return last(ctx, Global) })
	}
	if err := t.end(last); err != nil {
		return err
	}
	inOrder(context.WithoutCancel(t.ctx), t.after)
	return nil
}

// end has last write into a transaction that waited, and commits it.
func (t *tx) end(last func(context.Context, Key) error) error {
	defer t.giveUp()
	err := t.join(Scoped(t.life(), txKey{}, t), t.key, func(ctx context.Context) error { return last(ctx, t.key) })
	if err != nil {
		return err
	}
	return t.commit()
}

// rollback ends the deferral, and rolls back what still waits.
func (f *deferral) rollback() {
	f.mu.Lock()
	t := f.open
	f.open, f.ended = nil, true
	f.mu.Unlock()
	if t != nil {
		t.giveUp()
	}
}

// giveUp rolls back a transaction unless it is committed, and gives its place back.
func (t *tx) giveUp() {
	t.rollback()
	t.place.Leave()
}
