package cache

import "sync/atomic"

// Depend notes in reads that what is made of them depends on tags as well, from now on: for what was read past the groups.
func (c *Cache) Depend(reads *Reads, tags ...string) {
	if len(tags) == 0 {
		return
	}
	counters := append(c.tagCounters(tags), &c.gens.all)
	names := tagNames(tags)
	reads.note(names, sum(&atomic.Uint64{}, counters), counters...)
	if c.deaf() {
		reads.spoil()
	}
}
