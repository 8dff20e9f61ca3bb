package cache

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/banyan-go/banyan/platform/db"
)

// InvalidateTags says that all values with one of these tags may have changed; see Group.Invalidate.
func (c *Cache) InvalidateTags(ctx context.Context, tags ...string) error {
	names := make([]string, 0, len(tags))
	for _, t := range tags {
		names = append(names, tagName(t))
	}
	return c.Invalidate(ctx, names...)
}

// Clear makes every value of every group unreadable; see Group.Invalidate. It deletes nothing on a server, where others may keep something, too.
func (c *Cache) Clear(ctx context.Context) error { return c.Invalidate(ctx, everything) }

// Invalidate is Group.Invalidate for what has these names, as Reads.Names returns them. The error is also that of CheckName.
func (c *Cache) Invalidate(ctx context.Context, names ...string) error {
	if len(names) == 0 {
		return nil
	}
	for _, name := range names {
		if err := CheckName(name); err != nil {
			return err
		}
	}
	if _, in := db.InTx(ctx); !in {
		return c.now(ctx, names)
	}
	db.AfterCommit(ctx, func(ctx context.Context) {
		if err := c.now(ctx, names); err != nil {
			c.log.WarnContext(ctx, "an invalidation has not reached everybody", "error", err.Error())
		}
	})
	return nil
}

// now invalidates, and tells those who asked to be told.
func (c *Cache) now(ctx context.Context, names []string) error {
	c.drop(names)
	return c.tell(ctx, names)
}

// drop makes the memory of this process forget what has these names.
func (c *Cache) drop(names []string) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, name := range names {
		c.dropOne(name)
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
		group, key, _ := strings.Cut(name, ":")
		if g := c.groups[group]; g != nil {
			g.forget(key)
		}
	}
}

// OnInvalidate has fn called with the names of what was invalidated, as Reads.Names has them: by the process that has invalidated it, once that can be read anew. A name may come several times. Call it before
// the start. Fn returns an error when it is to be called again; it is called from several goroutines.
func (c *Cache) OnInvalidate(fn func(ctx context.Context, names []string) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = append(c.told, fn)
}

// tell calls those who asked to be told.
func (c *Cache) tell(ctx context.Context, names []string) error {
	c.mu.RLock()
	told := c.told
	c.mu.RUnlock()
	var errs []error
	for _, fn := range told {
		if err := fn(ctx, names); err != nil {
			errs = append(errs, fmt.Errorf("tell of an invalidation: %w", err))
		}
	}
	return errors.Join(errs...)
}
