// Package ratelimit decides how often somebody may ask.
//
// A rule has a name, "accounts.login", and says how many requests one subject may make: an address, a user, a value of a header, or everybody
// together. Modules declare the rules of their routes, the configuration (section `limits`) changes them. Each decision is one atomic step on
// the clock of the store, never on that of the application, whose wall clock may be wrong:
//
//   - window counts exactly. The first request of a subject opens a window, which lets Max through and is over after Window. Across the end
//     of a window up to twice as many may come in a short time.
//   - gcra spreads: one request each Window/Max, and Burst at once after a pause (the generic cell rate algorithm, ITU-T I.371).
//
// The store memory counts in this process, the store redis for all processes together. A process that cannot reach Redis does what the rule says
// for that case: its share of the limit counted in memory, everybody let in, or nobody. A Redis that loses writes, in a failover for instance,
// forgets counts.
package ratelimit
