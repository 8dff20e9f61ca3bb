package cache

import (
	"context"
	"log/slog"
	"sync/atomic"
)

// trouble is something that is logged when it begins and when it is over, and not each time that it is met: every write would say so.
type trouble struct{ met atomic.Bool }

// note takes what has come of another try.
func (t *trouble) note(ctx context.Context, log *slog.Logger, err error, begins, over string) {
	switch {
	case err != nil && t.met.CompareAndSwap(false, true):
		log.WarnContext(ctx, begins, "error", err.Error())
	case err == nil && t.met.Load() && t.met.CompareAndSwap(true, false):
		log.InfoContext(ctx, over)
	}
}
