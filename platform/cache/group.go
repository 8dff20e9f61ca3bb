package cache

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/banyan-go/banyan/platform/db"
)

// Group is values of one type that are found under keys of one type. It is safe for concurrent use.
type Group[K Key, T any] struct {
	cache *Cache
	name  string
	rule  Rule
	times times
	load  func(ctx context.Context, key K) (T, error)
	many  func(ctx context.Context, keys []K) (map[K]T, error) // nil for none
	text  func(K) string
	codec Codec[T]
	tagBy func(K) []string // nil for none
	fixed []*atomic.Uint64 // the generations of rule.Tags
	marks []string         // the names of the group and of rule.Tags

	l1  *otter.Cache[K, *entry[T]]
	gen atomic.Uint64 // moves when nothing that was read before may be served
	// cleared moves with gen where that was because of an invalidation, and not because one might have been missed.
	cleared atomic.Uint64

	counts counts
	mu     sync.Mutex
	active map[K]*flight[T]
}

// Of makes a group. Its name is that of the module, a dot and a word, "catalog.products", and is that of one group. Load returns the value of a key from its source, or an error of kind
// fault.NotFound, which is remembered for Rule.Negative; no other error is. Load is called once for many who wait, with a context of its own: it ends after
// cache.load.timeout, belongs to no request but for its trace, and carries no transaction.
//
// Values are shared by everybody who gets them: whoever changes one changes a copy. Of panics for a name that is none or is taken, and for a TTL beyond what the
// configuration allows.
func Of[K Key, T any](c *Cache, name string, r Rule, load func(ctx context.Context, key K) (T, error)) *Group[K, T] {
	if err := checkGroup(name); err != nil {
		panic(err.Error())
	}
	g := &Group[K, T]{
		cache: c, name: name, rule: r, times: r.times(c.cfg, c.shared()), load: load, text: textOf[K](), codec: newJSONCodec[T](), active: map[K]*flight[T]{},
	}
	g.fixed, g.marks = c.tagCounters(r.Tags), append([]string{groupName(name)}, tagNames(r.Tags)...)
	g.l1 = otter.Must(&otter.Options[K, *entry[T]]{
		MaximumWeight: uint64(c.cfg.L1.Size),
		Weigher:       func(_ K, e *entry[T]) uint32 { return weight(e.value) },
		OnAtomicDeletion: func(e otter.DeletionEvent[K, *entry[T]]) { // a recorder of statistics would be told of every hit, too
			if e.WasEvicted() {
				g.counts.evictions.Add(1)
			}
		},
	})
	c.register(name, g)
	if err := g.counts.show(c.metrics, name); err != nil {
		panic("cache: " + err.Error())
	}
	return g
}

// TagBy gives every value tags that depend on its key, beside those of the rule, and returns g. Tags are known before a value is: so they cannot depend on it. Call it
// before the first Get.
func (g *Group[K, T]) TagBy(tags func(key K) []string) *Group[K, T] {
	g.tagBy = tags
	return g
}

// EncodeBy has values written for all processes by a codec instead of JSON, and returns g. Whatever writes them, what another process reads is all that there is of a value: fields
// that are not written are lost. Call it before the first Get.
func (g *Group[K, T]) EncodeBy(c Codec[T]) *Group[K, T] {
	g.codec = c
	return g
}

// Name returns the name of the group.
func (g *Group[K, T]) Name() string { return g.name }

// Get returns the value of a key: from the memory of this process, else from what all processes share, else from its source. In a transaction it asks the source with ctx,
// and keeps nothing. The errors are those of load, that of ctx, and ErrBusy.
func (g *Group[K, T]) Get(ctx context.Context, key K) (T, error) {
	e, ok := g.l1.GetIfPresent(key)
	if ok && g.cache.timer.now() < e.soft && e.sum == sum(&g.gen, e.tags) && plain(ctx) {
		g.counts.hits.add()
		return e.value, e.err
	}
	return g.find(ctx, key)
}

// plain reports whether nothing about ctx asks for more than the value.
func plain(ctx context.Context) bool {
	if ctx.Value(db.ScopedKey{}) == nil {
		return true
	}
	if _, in := db.InTx(ctx); in {
		return false
	}
	return readsIn(ctx) == nil
}

// find is Get without the shortest way.
func (g *Group[K, T]) find(ctx context.Context, key K) (T, error) {
	reads := readsIn(ctx)
	if _, in := db.InTx(ctx); in {
		reads.spoil()
		return g.load(ctx, key)
	}
	at := g.place(key)
	got := g.ask(ctx, key, at)
	if f := got.flight; f != nil {
		if ended := got.begun && g.begin(ctx, key, at, f); !ended {
			select {
			case <-f.done:
			case <-ctx.Done():
				var none T
				return none, context.Cause(ctx)
			}
		}
		got.value, got.err, got.late = f.value, f.err, f.late
	}
	if reads != nil {
		g.note(reads, at, got.before, got.late)
	}
	return got.value, got.err
}

// answer is what there is to say about a key at once, or the flight to wait for.
type answer[T any] struct {
	value  T
	err    error
	late   bool
	flight *flight[T]
	begun  bool   // by who has asked, who has to let it begin
	before uint64 // the generation from before it was read
}

// ask looks into memory once more, and begins or joins a flight where that does not help.
func (g *Group[K, T]) ask(ctx context.Context, key K, at place) answer[T] {
	g.mu.Lock() // so that a flight is either under way or in memory
	defer g.mu.Unlock()
	before := g.generation(at)
	now := g.cache.timer.now()
	e, _ := g.l1.GetIfPresent(key)
	if e != nil && e.sum != sum(&g.gen, at.of) {
		e = nil
	}
	switch {
	case e != nil && now < e.soft:
		g.counts.hits.add()
		return answer[T]{value: e.value, err: e.err, late: e.late, before: before}
	case e != nil && now < e.fresh && !g.cache.shared():
		if f, begun := g.join(key, before); begun {
			g.counts.refreshes.Add(1)
			g.launch(ctx, key, at, f)
		}
		g.counts.hits.add()
		return answer[T]{value: e.value, err: e.err, late: e.late, before: before}
	default:
		f, begun := g.join(key, before)
		return answer[T]{flight: f, begun: begun, before: f.before}
	}
}

// place is where a key stands.
type place struct {
	name  string
	marks []string // the names of its group and of its tags
	key   *atomic.Uint64
	of    []*atomic.Uint64 // the tags
}

func (g *Group[K, T]) place(key K) place {
	at := place{name: keyName(g.name, g.text(key)), marks: g.marks, of: g.fixed}
	at.key = g.cache.gens.key(at.name)
	if g.tagBy != nil {
		more := g.tagBy(key)
		at.marks = slices.Concat(at.marks, tagNames(more))
		at.of = slices.Concat(at.of, g.cache.tagCounters(more))
	}
	return at
}

// generation is the sum of all that a value depends on.
func (g *Group[K, T]) generation(at place) uint64 { return sum(&g.gen, at.of) + at.key.Load() }

func (g *Group[K, T]) known(at place) uint64 { return sum(&g.cleared, at.of) }

// note tells reads of a value whose dependencies had that generation before it was read.
func (g *Group[K, T]) note(reads *Reads, at place, before uint64, late bool) {
	reads.note(append([]string{at.name}, at.marks...), before, append([]*atomic.Uint64{&g.gen, at.key}, at.of...)...)
	if late || g.cache.deaf() {
		reads.spoil()
	}
}

// keep stores what was read, unless one of its generations has moved since, or it comes from a copy that had not got as far as what was written.
func (g *Group[K, T]) keep(key K, at place, before, position uint64, e *entry[T]) {
	if e == nil {
		return
	}
	g.l1.Compute(key, func(old *entry[T], _ bool) (*entry[T], otter.ComputeOp) {
		if g.generation(at) != before || g.cache.behind(at.name, position) {
			g.counts.rejected.Add(1)
			return old, otter.CancelOp
		}
		return e, otter.WriteOp
	})
}

// newEntry returns what is kept of a value that lasts for left, nil where nothing is; load took so long.
func (g *Group[K, T]) newEntry(at place, value T, err error, left, took time.Duration) *entry[T] {
	if g.times.l1 <= 0 {
		return nil
	}
	now := g.cache.timer.exact()
	life := left
	if g.times.l1 < g.times.ttl { // left is spread already: of two spreads the earlier would count
		life = jitter(g.times.l1)
	}
	if g.cache.deaf() {
		life = min(life, deafLife)
	}
	e := &entry[T]{value: value, err: err, tags: at.of, sum: sum(&g.gen, at.of), known: g.known(at)}
	e.fresh = now + int64(left)
	e.soft = min(now+int64(life), e.fresh-int64(ahead(took, min(g.times.early, left))))
	e.stale = e.fresh
	if err == nil {
		e.stale += int64(g.times.stale)
	}
	return e
}

// forget is what an invalidation does to the memory of this process, behind the counter of the key.
func (g *Group[K, T]) forget(text string) {
	key, ok := parseKey[K](text)
	if !ok {
		g.clear()
		return
	}
	g.l1.Invalidate(key)
}

// clear makes everything that was read before unreadable.
func (g *Group[K, T]) clear() {
	g.gen.Add(1) // first: what is stored before it has the old count of both
	g.cleared.Add(1)
	g.l1.InvalidateAll()
}

// doubt makes everything unreadable that may have been invalidated without a word.
func (g *Group[K, T]) doubt() { g.gen.Add(1) }

func (g *Group[K, T]) limit(bytes uint64) { g.l1.SetMaximum(bytes) }

// Invalidate says that the values of these keys have changed. In a transaction it belongs to that: it takes effect when that is committed, even when the
// process dies right after, and never when it is rolled back. Otherwise it takes effect at once.
//
// Once it has returned, outside of a transaction, or once that is committed, no Get of this process returns what was there before, and no Get of another one does
// 100 ms later; a second later where the connection between them is broken. An error outside of a transaction says that others may not have been reached;
// this process has forgotten the values all the same.
func (g *Group[K, T]) Invalidate(ctx context.Context, keys ...K) error {
	names := make([]string, 0, len(keys))
	for _, key := range keys {
		names = append(names, keyName(g.name, g.text(key)))
	}
	return g.cache.Invalidate(ctx, names...)
}

// Clear invalidates all values of the group; see Invalidate.
func (g *Group[K, T]) Clear(ctx context.Context) error {
	return g.cache.Invalidate(ctx, groupName(g.name))
}
