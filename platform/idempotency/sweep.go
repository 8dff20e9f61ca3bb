package idempotency

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/lifecycle"
)

const (
	// sweepEvery is how often a process looks for keys whose time has passed.
	sweepEvery = time.Minute
	// sweepBatch is how many it takes away in one transaction: so few that nobody waits for it on SQLite's one writer.
	sweepBatch = 500
)

// Sweep takes away keys whose time has passed, in small transactions, and returns how many. Nobody sees the difference: such a key counts as a
// new one. Keys call it every minute; several processes at the same time do not wait for each other.
func (k *Keys) Sweep(ctx context.Context) (n int64, err error) {
	for {
		some, err := k.sweepSome(ctx)
		n += some
		if err != nil {
			return n, fmt.Errorf("sweep idempotency keys: %w", err)
		}
		if some < sweepBatch {
			return n, nil
		}
	}
}

func (k *Keys) sweepSome(ctx context.Context) (n int64, err error) {
	err = k.h.Tx(ctx, db.Global, func(ctx context.Context) error {
		done := k.h.Query(ctx, db.Global).Exec("DELETE FROM platform_idempotency_keys WHERE scope IN"+
			" (SELECT scope FROM platform_idempotency_keys WHERE expires_at <= "+k.words.now+" ORDER BY expires_at LIMIT ?"+k.words.skip+")", sweepBatch)
		n = done.RowsAffected
		return done.Error
	})
	return n, err
}

// sweeping returns what sweeps while the application runs.
func (k *Keys) sweeping() lifecycle.Hook {
	var stop context.CancelFunc
	var done chan struct{}
	return lifecycle.Hook{
		Name: "idempotency keys",
		Start: func(ctx context.Context) error {
			ctx, stop = context.WithCancel(context.WithoutCancel(ctx)) //nolint:gosec // Stop calls it
			done = make(chan struct{})
			go func() {
				defer close(done)
				k.sweepAlways(ctx)
			}()
			return nil
		},
		Stop: func(context.Context) error {
			stop()
			<-done
			return nil
		},
	}
}

func (k *Keys) sweepAlways(ctx context.Context) {
	for {
		timer := time.NewTimer(sweepEvery/2 + rand.N(sweepEvery)) // processes that have started together sweep one after the other
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		if _, err := k.Sweep(ctx); err != nil && ctx.Err() == nil {
			k.log.Warn("old idempotency keys stay for now", "error", err.Error())
		}
	}
}
