package cache

import (
	"context"
	"strings"
	"sync/atomic"
)

// floors are how far a source has to have got before what is read from it may be kept: for a key by the place of its name, and for all that hangs on a tag, a
// group or everything by one. They only rise. Two keys that share a place cost a load now and then.
type floors struct {
	keys [slots]atomic.Uint64
	all  atomic.Uint64
}

// raise makes sure that nothing is kept from before an invalidation that is behind everything written by now.
func (c *Cache) raise(names []string) {
	if c.floors == nil {
		return
	}
	written := c.positions.Written(context.Background())
	for _, name := range names {
		at := &c.floors.all
		if strings.Contains(name, ":") && name[0] != '#' {
			at = &c.floors.keys[slotOf(c.gens.seed, name)]
		}
		for old := at.Load(); old < written && !at.CompareAndSwap(old, written); old = at.Load() {
		}
	}
}

// behind reports whether a source that had got so far may not have seen what was written.
func (c *Cache) behind(name string, position uint64) bool {
	if c.floors == nil {
		return false
	}
	return position < max(c.floors.all.Load(), c.floors.keys[slotOf(c.gens.seed, name)].Load())
}
