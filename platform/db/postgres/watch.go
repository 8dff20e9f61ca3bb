package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/banyan-go/banyan/platform/db/driver"
)

// watchAfter is how long a statement runs before somebody waits for the end of its context: most are over by then, and to wait for a context takes
// longer than to read a row.
const watchAfter = 20 * time.Millisecond

// cancelTime is how long a statement whose context has ended may take to hear of it, before its connection is given up.
const cancelTime = time.Second

func canceller(c *pgconn.PgConn) *pgconn.CancelRequestContextWatcherHandler {
	return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: cancelTime}
}

// watcher is what pgx calls for what it watches by itself: all but the statements of others.
type watcher struct {
	*pgconn.CancelRequestContextWatcherHandler
	conn *conn
}

// HandleUnwatchAfterCancel is called at the end of what was told to end. It takes the limit of the server's silence away.
func (w watcher) HandleUnwatchAfterCancel() {
	w.CancelRequestContextWatcherHandler.HandleUnwatchAfterCancel()
	w.conn.until = time.Time{}
}

// watch has the server end the statements of a connection whose context has ended.
type watch struct {
	cancel watcher
	timer  *time.Timer
	quiet  driver.Statement // the context of the statement for pgx, which then does not wait for its end

	mu   sync.Mutex
	ctx  context.Context // of the statement that runs; nil for none
	stop func() bool     // nil until somebody waits
	told chan struct{}   // closed when the server has been told
}

func newWatch(c *conn) *watch {
	w := &watch{cancel: watcher{canceller(c.pgx.PgConn()), c}}
	w.timer = time.AfterFunc(watchAfter, w.wait)
	w.timer.Stop()
	return w
}

// begin is called before a statement, and end behind it. It returns the context for pgx.
func (w *watch) begin(ctx context.Context) (context.Context, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ctx = ctx
	w.timer.Reset(watchAfter)
	w.quiet.Caller = ctx
	return &w.quiet, nil
}

// wait waits for the context of the statement that runs. It may be late, for one that has ended; then another one is waited for, or none.
func (w *watch) wait() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ctx == nil || w.stop != nil {
		return
	}
	ctx, told := w.ctx, make(chan struct{})
	w.told = told
	w.stop = context.AfterFunc(ctx, func() {
		w.cancel.HandleCancel(ctx)
		close(told)
	})
}

// end ends the watch. A server that was told to end the statement has heard of that when end returns, so that it does not end the next one.
func (w *watch) end() {
	w.mu.Lock()
	w.timer.Stop()
	stop := w.stop
	w.ctx, w.stop, w.quiet.Caller = nil, nil, context.Background()
	w.mu.Unlock()
	if stop == nil || stop() {
		return
	}
	<-w.told
	w.cancel.HandleUnwatchAfterCancel()
}
