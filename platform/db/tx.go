package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// txKey is the context key of a *tx.
type txKey struct{}

// tx is one open transaction, as the context carries it.
type tx struct {
	db    *DB
	key   Key
	sql   *sql.Tx
	ended atomic.Bool

	mu    sync.Mutex
	pools map[*Handle]*pool
	after []func(context.Context)
	doom  error // the first failure inside, whether or not the caller looked at it
}

// current returns the transaction of ctx on this database, ended or not.
func current(ctx context.Context, d *DB) *tx {
	t, _ := ctx.Value(txKey{}).(*tx)
	if t == nil || t.db != d {
		return nil
	}
	return t
}

// pool returns the way of h into the transaction.
func (t *tx) pool(h *Handle) *pool {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.pools[h]
	if p == nil {
		p = &pool{handle: h, tx: t}
		if t.pools == nil {
			t.pools = map[*Handle]*pool{}
		}
		t.pools[h] = p
	}
	return p
}

// fail dooms the transaction. PostgreSQL does so by itself after a failed statement, SQLite would commit the rest.
func (t *tx) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.doom == nil {
		t.doom = err
	}
}

func (t *tx) failure() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.doom
}

// join runs fn inside t.
func (t *tx) join(ctx context.Context, key Key, fn func(context.Context) error) error {
	if t.ended.Load() {
		return ErrEnded
	}
	if key != t.key {
		t.fail(ErrSecondKey)
		return ErrSecondKey
	}
	err := errors.New("a nested transaction did not return") // a panic that somebody between here and the outer Tx recovers
	defer func() {
		if err != nil {
			t.fail(err)
		}
	}()
	err = fn(ctx)
	return err
}

// transact opens a transaction, runs fn, ends it, and then does what waited for the commit.
func (d *DB) transact(ctx context.Context, key Key, fn func(context.Context) error) error {
	o := d.open.Load()
	if o == nil {
		return ErrNotStarted
	}
	t := &tx{db: d, key: key}
	if err := t.run(ctx, o, fn); err != nil {
		return err
	}
	// The connection is free again: these may open transactions of their own.
	after := context.WithoutCancel(ctx)
	for _, f := range t.after {
		f(after)
	}
	return nil
}

func (t *tx) run(ctx context.Context, o *open, fn func(context.Context) error) error {
	if err := o.acquire(ctx, t.db.cfg.Pool.Wait); err != nil {
		return err
	}
	defer o.release()
	sqlTx, err := o.Write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", translate(t.db.driver, err))
	}
	t.sql = sqlTx
	committed := false
	defer func() {
		// A flag and not recover: runtime.Goexit, t.FailNow in a test for instance, would leave the writer locked.
		t.ended.Store(true)
		if !committed {
			_ = sqlTx.Rollback() // the reason is on its way already; after a cancelled ctx database/sql has rolled back
		}
	}()
	if err := fn(context.WithValue(ctx, txKey{}, t)); err != nil {
		return err
	}
	if err := t.failure(); err != nil {
		return fmt.Errorf("%w: %w", ErrDoomed, err)
	}
	t.ended.Store(true)
	if err := sqlTx.Commit(); err != nil {
		if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
			err = context.Cause(ctx) // why database/sql has rolled back
		}
		return fmt.Errorf("commit transaction: %w", translate(t.db.driver, err))
	}
	committed = true
	return nil
}

// acquire takes one of the places for open transactions. It waits less than a request may take: a queue before the one writer of
// SQLite must not eat all of a request's time.
func (o *open) acquire(ctx context.Context, wait time.Duration) error {
	select {
	case o.slots <- struct{}{}:
		o.holder.Store(caller())
		return nil
	default:
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case o.slots <- struct{}{}:
		o.holder.Store(caller())
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for a transaction: %w", context.Cause(ctx))
	case <-timer.C:
		frame, _ := runtime.CallersFrames([]uintptr{o.holder.Load()}).Next()
		return ErrBusy.WithRetryAfter(retryAfter).Because(
			fmt.Errorf("no transaction was free within %s; the last one was begun at %s:%d", wait, frame.File, frame.Line))
	}
}

func (o *open) release() { <-o.slots }

// caller returns the program counter that called Handle.Tx.
func caller() uintptr {
	var pcs [1]uintptr
	runtime.Callers(6, pcs[:]) // Callers, caller, acquire, run, transact, Tx
	return pcs[0]
}
