// Package cache keeps what was read, in front of whatever it was read from, and keeps it true.
//
// A value is looked for in the memory of the process (L1), then in what all processes share (L2: Redis, or nothing), then at its source, the function that a group
// was made with. However many ask for a value that is nowhere, its source is asked once: by one process, for all who wait.
//
//	products := cache.Of(c, "catalog.products", cache.Rule{TTL: time.Hour, L1: time.Minute}, store.Load)
//	p, err := products.Get(ctx, id)
//	err = products.Invalidate(ctx, id) // in the transaction that changes it
//
// # What is promised
//
//   - After a change was made known by Invalidate, nobody gets what was there before: not in this process, and in others not 100 ms later; a second where the
//     connection between them is broken. A load that began before the change and ends after it is not kept. Call Invalidate in the transaction of the change: then it holds also for a
//     process that dies in between.
//   - A transaction sees what it has written: in one, Get asks the source, and keeps nothing.
//   - When the source fails, a value whose time has run out, and that nothing has changed, is served for a while: Rule.Stale. Errors are not kept, but that something is not
//     there: fault.NotFound.
//   - A server that is away, or holds something damaged, makes it slower and nothing else.
//
// # Keys
//
// A key is an id or a text, and belongs to its group alone. Join makes one of several parts. The key, the group and every tag have a name that is the same in all
// processes; see Reads.Names.
//
// Everything is safe for concurrent use. Values are shared: who changes one changes a copy.
package cache
