package cache

import (
	"hash/maphash"
	"sync/atomic"
)

// generations are counters that only grow. Whoever reads something to keep it looks at those that it depends on before, and keeps it only if they are the same
// afterwards; an invalidation adds one first and takes away second. So of a value that was read before an invalidation nothing is left behind that.
type generations struct {
	seed maphash.Seed
	keys [slots]atomic.Uint64
	tags [slots]atomic.Uint64
	all  atomic.Uint64 // of what depends on tags alone: it moves when everything does
}

func (g *generations) key(name string) *atomic.Uint64 { return &g.keys[slotOf(g.seed, name)] }

func (g *generations) tag(tag string) *atomic.Uint64 { return &g.tags[slotOf(g.seed, tag)] }

// sum adds up counters. Since each of them only grows, two sums over the same ones are equal only if no counter has moved between the first look of the one
// and the last of the other.
func sum(group *atomic.Uint64, others []*atomic.Uint64) uint64 {
	n := group.Load()
	for _, o := range others {
		n += o.Load()
	}
	return n
}
