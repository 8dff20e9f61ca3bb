package cache

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/banyan-go/banyan/platform/db"
)

// InvalidateTags says that all values with one of these tags may have changed; see Group.Invalidate.
func (c *Cache) InvalidateTags(ctx context.Context, tags ...string) error {
	return c.Invalidate(ctx, tagNames(tags)...)
}

// Clear makes every value of every group unreadable; see Group.Invalidate. It deletes nothing on a server, where others may keep something, too.
func (c *Cache) Clear(ctx context.Context) error { return c.Invalidate(ctx, everything) }

// Invalidate is Group.Invalidate for what has these names, as Reads.Names returns them. The error may also be that of CheckName.
func (c *Cache) Invalidate(ctx context.Context, names ...string) error {
	if len(names) == 0 {
		return nil
	}
	for _, name := range names {
		if err := CheckName(name); err != nil {
			return err
		}
	}
	key, in := db.InTx(ctx)
	if !in {
		return c.now(ctx, names)
	}
	var r row
	durable := c.durable()
	if durable {
		var err error
		if r, err = c.outbox.record(ctx, key, names); err != nil {
			return err
		}
	}
	db.AfterCommit(ctx, func(ctx context.Context) {
		c.reached(committed)
		err := c.reach(ctx, names)
		c.unreached.note(ctx, c.log, err, "an invalidation has not reached everybody yet", "invalidations reach everybody again")
		switch {
		case err != nil && !durable:
			c.l2.owe(names)
		case err != nil || durable && !c.serves.Load(): // the row is found by a process that serves
		case durable && c.l2 != nil: // not before other processes have heard of it: what they give would be kept in front
			c.outbox.settle(r, false)
		default:
			late, err := c.tellNow(ctx, names)
			c.noteUntold(ctx, err)
			if durable {
				c.outbox.settle(r, !late)
			}
		}
	})
	return nil
}

func (c *Cache) noteUntold(ctx context.Context, err error) {
	c.untold.note(ctx, c.log, err, "an invalidation is told of again later", "invalidations are told of again")
}

// now invalidates outside of transactions.
func (c *Cache) now(ctx context.Context, names []string) error {
	err := c.reach(ctx, names)
	if err != nil {
		c.l2.owe(names)
	}
	_, untold := c.tellNow(ctx, names)
	return errors.Join(err, untold)
}

// reach invalidates in what all share first, and in the memory of this process second: were it the other way round, somebody could read there what is about to be
// deleted, and keep it.
func (c *Cache) reach(ctx context.Context, names []string) error {
	err := c.tellAll(ctx, names)
	c.drop(names)
	if err != nil {
		return fmt.Errorf("invalidate for all processes: %w", err)
	}
	return nil
}

// drop makes the memory of this process forget what has these names.
func (c *Cache) drop(names []string) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	c.raise(names)
	for _, name := range names {
		c.dropOne(name)
	}
	for _, fn := range c.dropped {
		fn(names)
	}
}

// dropOne adds to the counter first and takes away second: a flight that has read before finds another count when it stores, or is done by then, and what it has
// stored is taken away.
func (c *Cache) dropOne(name string) {
	switch {
	case name == everything:
		c.gens.all.Add(1)
		for _, g := range c.groups {
			g.clear()
		}
	case strings.HasPrefix(name, "#"):
		c.gens.tag(name[1:]).Add(1)
	case strings.HasPrefix(name, "@"):
		if g := c.groups[name[1:]]; g != nil {
			g.clear()
		}
	default:
		c.gens.key(name).Add(1)
		c.reached(counted)
		group, key, _ := strings.Cut(name, ":")
		if g := c.groups[group]; g != nil {
			g.forget(key)
		}
	}
}

// OnInvalidate has fn called with the names of what was invalidated, as Reads.Names has them: by the process that has invalidated it, once that can be read anew. A name may come several times. Call it before
// the start. Fn returns an error when it is to be called again; it is called from several goroutines.
//
// A change waits for fn, and no longer than wait: then the context of fn ends. With 0 that has ended before, so that fn begins and does not wait. Behind changes, where fn is called again, and
// always where processes share something, it has five seconds.
func (c *Cache) OnInvalidate(wait time.Duration, fn func(ctx context.Context, names []string) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = append(c.told, teller{wait, fn})
}

// teller is who asked to be told of invalidations.
type teller struct {
	wait time.Duration // of a change
	tell func(ctx context.Context, names []string) error
}

// OnDrop has fn called with the names of what was invalidated, in every process that hears of it, once its memory has none of that. Fn neither waits nor asks
// this cache anything; it is called from several goroutines. Call it before the start.
func (c *Cache) OnDrop(fn func(names []string)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropped = append(c.dropped, fn)
}

// tell calls those who asked to be told, behind the changes.
func (c *Cache) tell(ctx context.Context, names []string) error {
	var errs []error
	for _, t := range c.tellers() {
		if err := t.tell(ctx, names); err != nil {
			errs = append(errs, fmt.Errorf("tell of an invalidation: %w", err))
		}
	}
	return errors.Join(errs...)
}

// tellNow calls them for a change that waits. Late says that one is to be called again, which is no error where nobody was to wait.
func (c *Cache) tellNow(ctx context.Context, names []string) (late bool, err error) {
	var errs []error
	for _, t := range c.tellers() {
		err := c.waitFor(ctx, t, names)
		late = late || err != nil
		if err != nil && t.wait > 0 {
			errs = append(errs, fmt.Errorf("tell of an invalidation: %w", err))
		}
	}
	return late, errors.Join(errs...)
}

// waitFor waits for one of them. A command has nobody who is held up.
func (c *Cache) waitFor(ctx context.Context, t teller, names []string) error {
	if c.serves.Load() {
		limited, cancel := context.WithTimeout(ctx, t.wait)
		defer cancel()
		ctx = limited
	}
	return t.tell(ctx, names)
}

func (c *Cache) tellers() []teller {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.told
}
