package db

import (
	"context"

	"gorm.io/gorm"
)

// Handle is one module's way through the door. It is safe for concurrent use.
type Handle struct {
	db     *DB
	module string
	orm    *gorm.DB
	reads  *pool
}

// Query returns a gorm handle for statements under key: the transaction of ctx when it is on this key, otherwise a handle that
// can only read. What is wrong (a transaction that has ended, say) is in its Error, as gorm does it.
func (h *Handle) Query(ctx context.Context, key Key) *gorm.DB {
	t := current(ctx, h.db)
	switch {
	case t == nil:
		return h.session(ctx, h.reads)
	case t.ended.Load():
		q := h.session(ctx, h.reads)
		_ = q.AddError(ErrEnded) // returns what it was given; q keeps it
		return q
	case t.key != key:
		return h.session(ctx, h.reads)
	default:
		return h.session(ctx, t.pool(h))
	}
}

// session is gorm's way to say: a fresh statement over this pool.
func (h *Handle) session(ctx context.Context, p *pool) *gorm.DB {
	q := h.orm.Session(&gorm.Session{NewDB: true, Context: ctx})
	q.ConnPool = p           // for sessions made of this one
	q.Statement.ConnPool = p // for its statements
	return q
}

// Tx runs fn in a transaction under key. Inside another transaction on the same key it joins that one; on another key it returns
// ErrSecondKey. The context that fn gets carries the transaction: pass it on, to other modules too.
//
// The transaction is rolled back when fn returns an error or panics, when a statement in it failed even if fn ignored that (then
// Tx returns ErrDoomed), and when ctx ends. A transaction that got no connection within db.pool.wait returns ErrBusy.
func (h *Handle) Tx(ctx context.Context, key Key, fn func(ctx context.Context) error) error {
	if t := current(ctx, h.db); t != nil {
		return t.join(ctx, key, fn)
	}
	return h.db.transact(ctx, key, fn)
}

// Each runs fn once for every database, with a handle that can only read: the way to list over all keys. It stops at the first
// error. The caller bounds what fn reads.
func (h *Handle) Each(ctx context.Context, fn func(ctx context.Context, q *gorm.DB) error) error {
	return fn(ctx, h.session(ctx, h.reads))
}

// AfterCommit runs fn once the transaction of ctx is committed, never when it is rolled back, and at once when ctx carries no
// transaction. Functions run in the order of their calls, before Tx returns, with a context that no longer ends and carries no
// transaction.
func AfterCommit(ctx context.Context, fn func(ctx context.Context)) {
	if t, ok := ctx.Value(txKey{}).(*tx); ok && !t.ended.Load() {
		t.mu.Lock()
		t.after = append(t.after, fn)
		t.mu.Unlock()
		return
	}
	fn(context.WithoutCancel(ctx))
}
