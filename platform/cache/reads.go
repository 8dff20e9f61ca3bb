package cache

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/banyan-go/banyan/platform/db"
)

// readsKey is the context key of a *Reads.
type readsKey struct{}

// Reads are what was read through groups with one context. They are safe for concurrent use.
type Reads struct {
	mu       sync.Mutex
	names    []string
	counters []*atomic.Uint64
	sum      uint64
	never    bool
}

// Collect returns a context that notes what is read through groups with it, and the notes: so that who makes something of values, an answer for instance, knows for how
// long it may keep that. What a load reads in turn, for all who wait for it, is not noted.
func Collect(ctx context.Context) (context.Context, *Reads) {
	r := &Reads{}
	return db.Scoped(ctx, readsKey{}, r), r
}

func readsIn(ctx context.Context) *Reads {
	r, _ := ctx.Value(readsKey{}).(*Reads)
	return r
}

// Names returns the names of what was read, sorted: of the keys, "catalog.products:1", of their groups, "@catalog.products", and of their tags,
// "#catalog". Cache.OnInvalidate gets names of the same kinds.
func (r *Reads) Names() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.Sort(r.names)
	r.names = slices.Compact(r.names)
	return slices.Clone(r.names)
}

// Fresh reports whether nothing of what was read has been invalidated since, as far as this process knows. It costs an addition for each thing that was
// read. It is false from the beginning when something was read that is not to be kept: in a transaction, or in the place of what its source does not give.
// How long things last by themselves it does not know. With nothing read it is true.
func (r *Reads) Fresh() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.never {
		return false
	}
	var n uint64
	for _, c := range r.counters {
		n += c.Load()
	}
	return n == r.sum
}

// spoil notes that something was read that is not to be kept.
func (r *Reads) spoil() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.never = true
}

// note takes names, and the counters that belong to them with their sum from before the read.
func (r *Reads) note(names []string, sum uint64, counters ...*atomic.Uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names = append(r.names, names...)
	r.counters = append(r.counters, counters...)
	r.sum += sum
}
