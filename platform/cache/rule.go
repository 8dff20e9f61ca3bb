package cache

import "time"

// Rule is what holds for the values of one group. Its zero value is that of the configuration. Durations are cut to what makes sense: none of a layer is longer
// than TTL.
type Rule struct {
	// TTL is how long a value lasts, wherever it is kept; 0 for cache.l2.ttl, or cache.l1.ttl where processes share nothing.
	TTL time.Duration
	// L1 is how long a value stays in the memory of a process before the layer behind is asked again; 0 for cache.l1.ttl, negative for not at all.
	L1 time.Duration
	// Negative is how long it is remembered that there is no such thing; 0 for cache.negative_ttl, negative for not at all.
	Negative time.Duration
	// Stale is how long after TTL a value is served whose source fails; 0 for cache.stale, negative for never.
	Stale time.Duration
	// Version is that of the type of the values: add one when its fields change, so that processes of two versions do not read each other's.
	Version int
	// Tags are those of every value of the group; see Cache.InvalidateTags. Those that depend on the key are given by Group.TagBy.
	Tags []string
}

// times are those of a rule, without holes.
type times struct {
	ttl, l1, negative, stale time.Duration
	early                    time.Duration // at the end of ttl
}

// times returns those that hold. Where processes share nothing there is no layer behind the memory, and a value lasts as long as there.
func (r Rule) times(cfg Config, shared bool) times {
	t := times{ttl: or(r.TTL, cfg.L2.TTL), l1: or(r.L1, cfg.L1.TTL), stale: or(r.Stale, cfg.Stale)}
	if !shared {
		if r.L1 == 0 && r.TTL > 0 {
			t.l1 = r.TTL
		}
		t.ttl = t.l1
	}
	t.l1 = min(t.l1, t.ttl)
	t.negative = min(or(r.Negative, cfg.Negative), t.ttl)
	t.early = time.Duration(cfg.Early * float64(t.ttl))
	return t
}

// or returns what a rule says, else what is configured.
func or(said, configured time.Duration) time.Duration {
	if said == 0 {
		said = configured
	}
	return max(said, 0)
}
