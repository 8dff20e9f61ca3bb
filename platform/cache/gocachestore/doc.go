// Package gocachestore joins package cache and github.com/eko/gocache, in both directions.
//
// # A store of gocache behind a cache
//
// Driver has processes share what any store of gocache keeps: memcache, rueidis, one of a team's own. It is listed in drivers.go under the name that
// cache.l2.driver then has.
//
// A store of gocache does one thing after the other, and tells nobody. So there are no leases, and each process loads for itself; nobody hears of an invalidation, and
// where there is more than one process its memory keeps a value for a quarter of a second. What was read before an invalidation is still not read after it: every value
// hangs on versions, random texts in keys of their own, of everything, of its group and tags, and of itself. An invalidation gives them other ones, and one that is lost
// makes values unreadable. Nothing is ever cleared, since that empties the whole server, nor deleted, since some stores call it an error when there was nothing.
// What remains:
//
//   - A read is one round trip for the value, and one for each of its versions: four, and one for each tag.
//   - How long a value is good is the time of the clock of the process that asks; the store forgets it by its own.
//   - When two processes invalidate the same at the same moment, the lower one of their positions may stand (cache.Positions).
//   - A store that does not look at its context lets its caller wait for as long as its client does: that needs a time limit, half a second say.
//   - A store in memory (ristretto, freecache, go-cache) belongs to one process, and never hears what another one invalidates: it is for an application with
//     instances: 1 alone.
//   - A store that reports a miss as any other error than store.NotFound, as that over bigcache does, has to be wrapped.
//
// # A group as a cache of gocache
//
// Of makes a group what code for gocache expects, a CacheInterface: Get reads through, Delete, Invalidate and Clear are the invalidations of package cache, in the
// transaction of ctx where there is one. Set is refused: a group has its values from their source. Whoever changes that deletes the key.
package gocachestore
