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
	found   []row // by the last sweep: all is done but to tell those who asked to be told
	half    ids   // of rows of which that is so
}

// row is one of the table.
type row struct {
	ID    string
	Names []byte // written by driver.Join: they may hold any bytes
}

// reached reports whether a row says that everything is done but to tell those who asked to be told, of everything. An older version reads that as everything.
func (r row) reached() bool { return string(r.Names) == driver.Join(nobody) }

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
	// mostSettled is how many rows that are done a process has in mind; others it does again.
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
	return &outbox{h: d.Platform(), words: dialectOf(d.Dialect()), wake: make(chan struct{}, 1)}
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

// replace puts one row in the place of many that are done but to tell of them. It is a new one each time: who has read one that was there may have told of that alone, and is
// about to take it away.
func (o *outbox) replace(ctx context.Context, rows []row) error {
	err := o.h.Tx(ctx, db.Global, func(ctx context.Context) error {
		if _, err := o.record(ctx, db.Global, []string{nobody}); err != nil {
			return err
		}
		return o.remove(ctx, rows)
	})
	if err != nil {
		return fmt.Errorf("make one of many invalidations: %w", err)
	}
	o.finish(rows)
	return nil
}

// settle notes that the invalidation of a row is done, but for those who asked to be told where they are not.
func (o *outbox) settle(r row, told bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.half.add(r.ID)
	if len(o.settled) < mostSettled { // a sweep finds the others
		o.settled = append(o.settled, settled{r, told})
	}
	o.poke()
}

// leave notes the rows that a sweep has found. They are all that there are: the next sweep finds those again of which nobody could be told.
func (o *outbox) leave(rows []row) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.found = rows
	o.poke()
}

func (o *outbox) poke() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// take returns the rows of which everybody was told, and those of which somebody was not.
func (o *outbox) take() (told, untold []row) {
	o.mu.Lock()
	defer o.mu.Unlock()
	taken := make(map[string]bool, len(o.settled))
	for _, s := range o.settled {
		taken[s.ID] = true
		if s.told {
			told = append(told, s.row)
		} else {
			untold = append(untold, s.row)
		}
	}
	for _, r := range o.found {
		if !taken[r.ID] {
			untold = append(untold, r)
		}
	}
	o.settled, o.found = nil, nil
	return told, untold
}

// finish forgets rows that are gone.
func (o *outbox) finish(rows []row) {
	o.mu.Lock()
	defer o.mu.Unlock()
	gone := make(map[string]bool, len(rows))
	for _, r := range rows {
		gone[r.ID] = true
		o.half.remove(r.ID)
	}
	o.found = slices.DeleteFunc(o.found, func(r row) bool { return gone[r.ID] })
}

// undone returns the rows that are not half done.
func (o *outbox) undone(rows []row) (left []row) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range rows {
		if !r.reached() && !o.half.has(r.ID) {
			left = append(left, r)
		}
	}
	return left
}

func (o *outbox) halfDone(rows []row) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range rows {
		o.half.add(r.ID)
	}
}

// ids is a set of mostSettled at most. It forgets those first that were added first: rows that other processes have taken away are never asked for again.
type ids struct{ young, old map[string]bool }

func (s *ids) add(id string) {
	if s.young == nil || len(s.young) >= mostSettled/2 {
		s.young, s.old = map[string]bool{}, s.young
	}
	s.young[id] = true
}

func (s *ids) has(id string) bool { return s.young[id] || s.old[id] }

func (s *ids) remove(id string) {
	delete(s.young, id)
	delete(s.old, id)
}

// names returns what a row is about: everything, when it cannot be read.
func (r row) names() []string {
	names, ok := driver.Split(string(r.Names))
	if !ok || slices.ContainsFunc(names, func(n string) bool { return CheckName(n) != nil }) {
		return []string{everything}
	}
	return names
}

// sweep does what rows of that age say, which others have not done. To tell of it and to take the rows away is left to settle: those who asked to be told may be away, and the rows
// behind are done all the same. So many are made one: else they would stand in front of those behind for as long as that lasts.
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
		if left := c.outbox.undone(rows); len(left) > 0 {
			names := all(left)
			if many {
				names = []string{everything}
			}
			if err := c.reach(ctx, names); err != nil {
				return err
			}
			c.outbox.halfDone(left)
			c.counts.swept.Add(uint64(len(left)))
		}
		if !many {
			c.outbox.leave(rows)
			return nil
		}
		if err := c.outbox.replace(ctx, rows); err != nil {
			return err
		}
	}
}

// all returns the names of rows.
func all(rows []row) (names []string) {
	for _, r := range rows {
		names = append(names, r.names()...)
	}
	if slices.Contains(names, everything) {
		return []string{everything}
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
	told, untold := c.outbox.take()
	c.takeAway(ctx, told) // which does not wait for those who are away
	if len(untold) == 0 {
		return
	}
	within, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	err := c.tell(within, all(untold))
	c.noteUntold(ctx, err)
	if err == nil {
		c.takeAway(ctx, untold)
	}
}

// takeAway takes rows away of which everything is done.
func (c *Cache) takeAway(ctx context.Context, rows []row) {
	within, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	if err := c.outbox.remove(within, rows); err != nil {
		c.log.WarnContext(ctx, "what is told is told again", "error", err.Error())
		return
	}
	c.outbox.finish(rows)
}
