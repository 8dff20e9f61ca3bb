package db

import (
	"context"
	"runtime"

	"gorm.io/gorm"

	"github.com/banyan-go/banyan/platform/db/driver"
)

// Handle is one module's way through the door. It is safe for concurrent use.
type Handle struct {
	db     *DB
	module string // "" for the platform
	orm    *gorm.DB

	reads, keyed, every *pool // outside of transactions: under Global, under another key, and in Each
}

// Query returns a gorm handle for statements under key: the transaction of ctx when it is on this key, otherwise a handle that
// can only read, and that sees what is committed. What is wrong (a write without a transaction, a transaction that has ended) is in the
// Error of the statement, as gorm does it. The errors are ErrOutsideTx, ErrSecondKey, ErrEnded, ErrDoomed, ErrControl, ErrBusy and
// ErrNotStarted, those of ctx, and those that IsNotFound and IsDuplicate know.
//
// A statement may take db.statement_timeout, its rows included, and a read may wait db.pool.wait of it for its connection; then it
// returns ErrBusy. Close what Rows returns before the next statement.
//
// In mode dev and in tests the engine refuses the tables of other modules (ErrForeignTable), a table that is divided by key under Global
// (ErrNoKey), and what changes the schema (ErrSchema).
func (h *Handle) Query(ctx context.Context, key Key) *gorm.DB {
	t := current(ctx, h.db)
	if t == nil {
		if held := heldIn(ctx, h.db); held != nil && held.key == key {
			return h.session(ctx, &pool{handle: h, tx: held, behind: true, scope: key.scope()})
		}
	}
	switch {
	case t != nil:
		return h.session(ctx, &pool{handle: h, tx: t, apart: t.key != key, scope: key.scope()})
	case key == Global:
		return h.session(ctx, h.reads)
	default:
		return h.session(ctx, h.keyed)
	}
}

// session is gorm's way to say: a fresh statement over this pool. Gorm makes one of its own from what this one holds, so that the copy that it
// would make for a context is for nothing.
func (h *Handle) session(ctx context.Context, p *pool) *gorm.DB {
	q := h.orm.Session(&gorm.Session{NewDB: true})
	q.ConnPool = p // for sessions made of this one
	q.Statement = &gorm.Statement{DB: q, Context: ctx, ConnPool: p}
	return q
}

// Tx runs fn in a transaction under key. Inside another transaction on the same key it joins that one; on another key it returns
// ErrSecondKey. The context that fn gets carries the transaction: pass it on, to other modules too.
//
// The transaction is rolled back when fn returns an error or panics, when a statement or a nested Tx in it failed even if fn ignored
// that (then Tx returns ErrDoomed), and when ctx ends. A transaction that got no connection within db.pool.wait returns ErrBusy, and
// its cause names the line that has begun the one that is in the way. After a transaction that has ended ErrEnded is returned.
//
// When the engine ends the transaction because it and another one were in each other's way (a deadlock, a serialization failure), all of fn
// runs again in a new transaction, up to three times after short pauses of random length; then Tx returns ErrBusy. So what fn does
// elsewhere than in the database belongs into AfterCommit.
func (h *Handle) Tx(ctx context.Context, key Key, fn func(ctx context.Context) error) error {
	if t := current(ctx, h.db); t != nil {
		return t.join(ctx, key, fn)
	}
	var caller [1]uintptr
	runtime.Callers(2, caller[:]) // without runtime.Callers and Tx
	c := call{db: h.db, key: key, caller: caller[0], ctx: ctx}
	if f := deferralIn(ctx, h.db); f != nil {
		return f.transact(c, fn)
	}
	return c.transact(fn)
}

// Each runs fn once for every database, with a handle that can only read: the way to list over all keys. It stops at the first
// error. The caller bounds what fn reads.
func (h *Handle) Each(ctx context.Context, fn func(ctx context.Context, q *gorm.DB) error) error {
	p := h.every
	if held := heldIn(ctx, h.db); held != nil && current(ctx, h.db) == nil {
		p = &pool{handle: h, tx: held, behind: true, scope: driver.Every}
	}
	return fn(ctx, h.session(ctx, p))
}

// AfterCommit runs fn once the transaction of ctx is committed, never when it is rolled back, and at once when ctx carries no
// transaction. Functions run in the order of their calls, before Tx returns, with a context that no longer ends and carries no
// transaction. The connection is free by then, and nothing that they do undoes the commit: a panic passes through Tx, after the other
// functions have run.
func AfterCommit(ctx context.Context, fn func(ctx context.Context)) {
	t, _ := ctx.Value(txKey{}).(*tx)
	if t == nil {
		if f, _ := ctx.Value(deferralKey{}).(*deferral); f == nil || !f.afterCommit(ctx, fn) {
			fn(context.WithoutCancel(ctx))
		}
		return
	}
	t.afterCommit(ctx, fn)
}
