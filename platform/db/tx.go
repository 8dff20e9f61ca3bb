package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/db/querystat"
)

// txKey is the context key of a *tx.
type txKey struct{}

// call is one call of Handle.Tx. It makes a transaction for each attempt.
type call struct {
	db     *DB
	key    Key
	caller uintptr // the program counter behind the call
	ctx    context.Context
}

// tx is one transaction, as the context carries it.
type tx struct {
	call
	sql   *sql.Tx
	place driver.Place
	held  *deferral // whose transaction it is; nil for one that ends with its call

	mu    sync.Mutex
	state state
	doom  error // the first failure inside, whether or not the caller looked at it
	after []func(context.Context)
}

// state is how far a transaction has got.
type state uint8

const (
	running state = iota
	committed
	rolledBack
)

// current returns the transaction of ctx on this database, ended or not.
func current(ctx context.Context, d *DB) *tx {
	t, _ := ctx.Value(txKey{}).(*tx)
	if t == nil || t.db != d {
		return nil
	}
	return t
}

func (t *tx) ended() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.state != running
}

// fail dooms the transaction. PostgreSQL does so by itself after a failed statement, but not after what failed on the way to it.
func (t *tx) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.doom == nil {
		t.doom = err
	}
}

// join runs fn inside t.
func (t *tx) join(ctx context.Context, key Key, fn func(context.Context) error) error {
	if t.ended() {
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

// retries is how often a transaction runs again that the engine has ended in favour of another one.
const retries = 3

// transact runs fn in a transaction, and then what waited for its commit.
func (c call) transact(fn func(context.Context) error) error {
	t, err := c.repeat(nil, fn)
	if err == nil {
		inOrder(context.WithoutCancel(t.ctx), t.after)
	}
	return err
}

// repeat runs fn in a transaction, and again in a new one when it was in the way of another. The transaction is committed, or left open for the
// deferral if there is one.
func (c call) repeat(f *deferral, fn func(context.Context) error) (*tx, error) {
	o := c.db.open.Load()
	if o == nil {
		return nil, ErrNotStarted
	}
	for retry := 1; ; retry++ {
		attempt := &tx{call: c, held: f}
		err := attempt.run(o, fn)
		if err == nil {
			return attempt, nil
		}
		if retry > retries || !conflicts(err) && !conflicts(attempt.doom) || !c.pause(retry) {
			return nil, err
		}
		c.ctx = querystat.Again(c.ctx)
	}
}

func conflicts(err error) bool { return kindOf(err) == driver.Conflict }

// pause waits longer from retry to retry, and not equally long as others that were in the way. It reports false when there is no time left.
func (c call) pause(retry int) bool { return pause(c.ctx, 10*time.Millisecond<<retry) }

// pause waits for a random time from half of longest on. It reports false when ctx has ended.
func pause(ctx context.Context, longest time.Duration) bool {
	timer := time.NewTimer(longest/2 + rand.N(longest/2))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// inOrder runs the functions one after the other, also behind one that panics.
func inOrder(ctx context.Context, fns []func(context.Context)) {
	if len(fns) == 0 {
		return
	}
	defer inOrder(ctx, fns[1:])
	fns[0](ctx)
}

func (t *tx) run(o *open, fn func(context.Context) error) (err error) {
	if t.place, err = o.acquire(t.ctx, t.caller, t.db.cfg.Pool.Wait); err != nil {
		return err
	}
	kept := false
	// Not recover: runtime.Goexit, of t.FailNow in a test for instance, would leave the writer locked.
	defer func() {
		if !kept {
			t.giveUp()
		}
	}()
	if t.sql, err = o.Write.BeginTx(t.life(), nil); err != nil {
		return fmt.Errorf("begin transaction: %w", translate(t.db.driver, err))
	}
	if err := fn(Scoped(t.ctx, txKey{}, t)); err != nil {
		return err
	}
	if t.held == nil {
		return t.commit()
	}
	if err := t.whole(t.ctx); err != nil {
		return err
	}
	kept = t.held.keep(t)
	if !kept {
		return ErrEnded // the request was over before: nobody would commit
	}
	return nil
}

// life returns the context with whose end database/sql rolls back.
func (t *tx) life() context.Context {
	if t.held != nil {
		return t.held.ctx
	}
	return t.ctx
}

// whole returns an error unless all of what ctx was for has worked so far.
func (t *tx) whole(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.doom != nil {
		return fmt.Errorf("%w: %w", ErrDoomed, t.doom)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("end of a transaction: %w", context.Cause(ctx))
	}
	return nil
}

// commit ends the transaction unless it is doomed. The lock makes AfterCommit wait for the outcome.
func (t *tx) commit() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.doom != nil {
		return fmt.Errorf("%w: %w", ErrDoomed, t.doom)
	}
	if err := t.sql.Commit(); err != nil {
		return fmt.Errorf("commit transaction: %w", translate(t.db.driver, t.over(err)))
	}
	t.state = committed
	return nil
}

// over returns why database/sql has ended the transaction, or err when it has not.
func (t *tx) over(err error) error {
	if life := t.life(); life.Err() != nil {
		return fmt.Errorf("%w: %w", context.Cause(life), err)
	}
	return err
}

// rollback ends a transaction that was not committed.
func (t *tx) rollback() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state == running && t.sql != nil {
		t.state = rolledBack
		_ = t.sql.Rollback() // the reason is on its way already; when ctx has ended, database/sql has rolled back before
	}
}

// afterCommit is AfterCommit for a context with t in it.
func (t *tx) afterCommit(ctx context.Context, fn func(context.Context)) {
	t.mu.Lock()
	state := t.state
	if state == running {
		t.after = append(t.after, fn)
	}
	t.mu.Unlock()
	if state == committed {
		fn(context.WithValue(context.WithoutCancel(ctx), txKey{}, nil))
	}
}

// acquire takes one of the places for open transactions. It waits less than a request may take: a queue before the one writer of
// SQLite must not eat all of a request's time.
func (o *open) acquire(ctx context.Context, caller uintptr, wait time.Duration) (driver.Place, error) {
	place, ok := o.places.Take(ctx, wait)
	switch {
	case ok:
		o.holder.Store(caller)
		return place, nil
	case ctx.Err() != nil:
		return place, fmt.Errorf("wait for a transaction: %w", context.Cause(ctx))
	default:
		frame, _ := runtime.CallersFrames([]uintptr{o.holder.Load()}).Next()
		return place, busy(fmt.Errorf("no transaction was free within %s; the last one was begun at %s:%d", wait, frame.File, frame.Line))
	}
}
