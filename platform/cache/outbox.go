package cache

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/banyan-go/banyan/platform/cache/driver"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/id"
)

// outbox is a table of invalidations that are committed with the changes that they are about, and were not seen to be done. Whoever has changed something does it after
// the commit, and takes the row away later, together with others; when that process has died in between, another one does both. A row is taken away by its id and nothing
// else: one that is committed late is as good as any.
type outbox struct {
	h     *db.Handle
	words dialect
	wake  chan struct{}

	mu      sync.Mutex
	settled []settled
	// half are rows of which all is done but to tell those who asked to be told.
	half map[string]bool
}

// row is one of the table.
type row struct {
	ID    string
	Names []byte // written by driver.Join: they may hold any bytes
}

// settled is a row of which everything is done but to take it away, and, unless told, to tell those who asked to be told.
type settled struct {
	row
	told bool
}

const (
	// mostRows is how many rows are done one by one; more are everything.
	mostRows = 1000
	// deleteMost is how many rows one statement takes away.
	deleteMost = 200
	// mostSettled is how many rows that are done a process remembers; it does others again.
	mostSettled = 10_000
	// settleAfter is how long a row that is done waits for others to be taken away with.
	settleAfter = 50 * time.Millisecond
)

// dialect is how an engine says the time, which is the database's.
type dialect struct{ now, before string }

func dialectOf(name string) dialect {
	if name == "sqlite" {
		return dialect{"strftime('%Y-%m-%d %H:%M:%f', 'now')", "strftime('%Y-%m-%d %H:%M:%f', 'now', '-' || (? / 1000.0) || ' seconds')"}
	}
	return dialect{"clock_timestamp()", "clock_timestamp() - CAST(? AS bigint) * interval '1 millisecond'"}
}

func newOutbox(d *db.DB) *outbox {
	return &outbox{h: d.Platform(), words: dialectOf(d.Dialect()), wake: make(chan struct{}, 1), half: map[string]bool{}}
}

// durable reports whether invalidations are written down: where there is somebody else to be told. A command that does not serve always has: the process that does may be another one.
func (c *Cache) durable() bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.outbox != nil && (c.l2 != nil || len(c.told) > 0 || !c.serves.Load())
}

// record writes an invalidation into the transaction of ctx, which is on key.
func (o *outbox) record(ctx context.Context, key db.Key, names []string) (row, error) {
	r := row{ID: id.New().String(), Names: []byte(driver.Join(names...))}
	err := o.h.Tx(ctx, key, func(ctx context.Context) error {
		return o.h.Query(ctx, key).Exec("INSERT INTO platform_cache_invalidations (id, names, created_at) VALUES (?, ?, "+o.words.now+")", r.ID, r.Names).Error
	})
	if err != nil {
		return row{}, fmt.Errorf("write an invalidation down: %w", err)
	}
	return r, nil
}

// find returns rows that are at least so old.
func (o *outbox) find(ctx context.Context, age time.Duration) (rows []row, err error) {
	err = o.h.Query(ctx, db.Global).Raw("SELECT id, names FROM platform_cache_invalidations WHERE created_at <= "+o.words.before+" ORDER BY created_at LIMIT ?",
		age.Milliseconds(), mostRows+1).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("look for invalidations: %w", err)
	}
	return rows, nil
}

// remove takes rows away.
func (o *outbox) remove(ctx context.Context, rows []row) error {
	for some := range slices.Chunk(rows, deleteMost) {
		ids := make([]string, 0, len(some))
		for _, r := range some {
			ids = append(ids, r.ID)
		}
		err := o.h.Tx(ctx, db.Global, func(ctx context.Context) error {
			return o.h.Query(ctx, db.Global).Exec("DELETE FROM platform_cache_invalidations WHERE id IN ?", ids).Error
		})
		if err != nil {
			return fmt.Errorf("take invalidations away: %w", err)
		}
	}
	return nil
}

// settle notes that the invalidation of a row is done, but for those who asked to be told where they are not.
func (o *outbox) settle(r row, told bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.settled) < mostSettled {
		o.settled = append(o.settled, settled{r, told})
		o.half[r.ID] = true
	}
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// take returns the rows of which everybody was told, and those of which somebody was not.
func (o *outbox) take() (told, untold []row) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range o.settled {
		if s.told {
			told = append(told, s.row)
		} else {
			untold = append(untold, s.row)
		}
	}
	o.settled = nil
	return told, untold
}

// finish forgets rows that are gone.
func (o *outbox) finish(rows []row) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range rows {
		delete(o.half, r.ID)
	}
}

// undone returns the names of rows that are not half done.
func (o *outbox) undone(rows []row) (names []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range rows {
		if !o.half[r.ID] {
			names = append(names, r.names()...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (o *outbox) halfDone(rows []row) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.half) > mostSettled {
		clear(o.half)
	}
	for _, r := range rows {
		o.half[r.ID] = true
	}
}

// names returns what a row is about: everything, when it cannot be read.
func (r row) names() []string {
	names, ok := driver.Split(string(r.Names))
	if !ok || slices.ContainsFunc(names, func(n string) bool { return CheckName(n) != nil }) {
		return []string{everything}
	}
	return names
}

// sweep does what rows of that age say, which others have not done, and takes them away.
func (c *Cache) sweep(ctx context.Context, age time.Duration) error {
	if c.outbox == nil {
		return nil
	}
	for {
		rows, err := c.outbox.find(ctx, age)
		if err != nil || len(rows) == 0 {
			return err
		}
		many := len(rows) > mostRows
		names := c.outbox.undone(rows)
		if many && len(names) > 0 {
			names = []string{everything}
		}
		if len(names) > 0 {
			if err := c.reach(ctx, names); err != nil {
				return err
			}
			c.outbox.halfDone(rows)
			c.counts.swept.Add(uint64(len(rows)))
		}
		err = c.tell(ctx, all(rows, many))
		c.noteUntold(ctx, err)
		if err != nil {
			return nil // what all share is in order
		}
		if err := c.outbox.remove(ctx, rows); err != nil {
			return err
		}
		c.outbox.finish(rows)
		if !many {
			return nil
		}
	}
}

// all returns the names of rows, or everything.
func all(rows []row, many bool) (names []string) {
	if many {
		return []string{everything}
	}
	for _, r := range rows {
		names = append(names, r.names()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// settleAlways tells of what is done, and takes its rows away, until ctx ends.
func (c *Cache) settleAlways(ctx context.Context) {
	for {
		select {
		case <-c.outbox.wake:
			pause(ctx, settleAfter)
			c.settle(ctx)
		case <-ctx.Done():
			c.settle(context.WithoutCancel(ctx))
			return
		}
	}
}

// settle does that once. What fails is left to a sweep.
func (c *Cache) settle(ctx context.Context) {
	done, untold := c.outbox.take()
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	if len(untold) > 0 {
		err := c.tell(ctx, all(untold, false))
		c.noteUntold(ctx, err)
		if err == nil {
			done = append(done, untold...)
		}
	}
	if err := c.outbox.remove(ctx, done); err != nil {
		c.log.WarnContext(ctx, "what is told is told again", "error", err.Error())
		return
	}
	c.outbox.finish(done)
}
