package cache

import (
	"context"
	"slices"
	"time"

	"github.com/banyan-go/banyan/platform/cache/driver"
	"github.com/banyan-go/banyan/platform/db"
)

// LoadMany gives the group a load of several values at once, for GetMany, and returns g. It returns those that there are; no key comes twice. Call it before the first
// GetMany.
func (g *Group[K, T]) LoadMany(load func(ctx context.Context, keys []K) (map[K]T, error)) *Group[K, T] {
	g.many = load
	return g
}

// GetMany returns the values of these keys, without those that are not there. What is not in the memory of this process it looks for in what all processes share, and what is not
// there either it asks its source for, all at once and with ctx; it does not wait for others who ask, and remembers in memory what is there and not what is not. In a transaction it is
// Get. It panics for a group without LoadMany.
func (g *Group[K, T]) GetMany(ctx context.Context, keys []K) (map[K]T, error) {
	reads := readsIn(ctx)
	if _, in := db.InTx(ctx); in {
		reads.spoil()
		return g.sources(ctx, distinct(keys))
	}
	values := make(map[K]T, len(keys))
	var missing []missed[K]
	for _, key := range distinct(keys) {
		at := g.place(key)
		before := g.generation(at)
		e, ok := g.l1.GetIfPresent(key)
		if ok = ok && g.cache.timer.now() < e.soft && e.sum == sum(&g.gen, at.of); !ok {
			missing = append(missing, missed[K]{key, at, before})
		} else if g.counts.hits.add(); e.err == nil {
			values[key] = e.value
		}
		if reads != nil {
			g.note(reads, at, before, ok && e.late)
		}
	}
	return values, g.fill(ctx, values, g.readMany(ctx, values, missing))
}

// together is how many values are looked for in one round trip to what all processes share, which serves nobody else meanwhile.
const together = 200

// readMany adds to values what all processes share of the missing ones, and returns the rest.
func (g *Group[K, T]) readMany(ctx context.Context, values map[K]T, missing []missed[K]) (rest []missed[K]) {
	l2 := g.cache.l2
	if l2 == nil {
		return missing
	}
	reader, ok := l2.Store.(driver.ManyReader)
	if !ok {
		return missing
	}
	ctx, cancel := context.WithTimeout(detached(g.cache.life, ctx), shareTime) // who goes away says nothing of the store
	defer cancel()
	for some := range slices.Chunk(missing, together) {
		if !l2.inStep.Load() {
			rest = append(rest, some...)
			continue
		}
		rest = append(rest, g.readSome(ctx, reader, values, some)...)
	}
	return rest
}

// readSome is readMany in one round trip.
func (g *Group[K, T]) readSome(ctx context.Context, reader driver.ManyReader, values map[K]T, missing []missed[K]) (rest []missed[K]) {
	qs := make([]driver.Query, 0, len(missing))
	for _, m := range missing {
		qs = append(qs, g.query(m.at))
	}
	answers, err := reader.ReadMany(ctx, qs)
	if err != nil {
		g.cache.lost(ctx, err)
		return missing
	}
	for i, m := range missing {
		if !g.takeOne(ctx, values, m, answers[i]) {
			rest = append(rest, m)
		}
	}
	return rest
}

// takeOne adds a stored value that is good to values.
func (g *Group[K, T]) takeOne(ctx context.Context, values map[K]T, m missed[K], a driver.Answer) bool {
	f := &flight[T]{before: m.before}
	if a.Damaged {
		g.counts.damaged.Add(1)
	}
	if !g.take(m.key, m.at, f, a) {
		return false
	}
	g.counts.shared.Add(1)
	if f.err == nil {
		values[m.key] = f.value
	}
	g.afterwards(detached(g.cache.life, ctx), f)
	return true
}

// missed is a key whose value is not in memory.
type missed[K Key] struct {
	key    K
	at     place
	before uint64 // the generation from before it was read
}

// fill asks the source for what is missing, and adds it to values.
func (g *Group[K, T]) fill(ctx context.Context, values map[K]T, missing []missed[K]) error {
	if len(missing) == 0 {
		return nil
	}
	g.counts.misses.Add(uint64(len(missing)))
	keys := make([]K, len(missing))
	for i, m := range missing {
		keys[i] = m.key
	}
	if l2 := g.cache.l2; l2 != nil && !l2.inStep.Load() {
		leave, err := l2.queue(ctx)
		if err != nil {
			return err
		}
		defer leave()
	}
	position, began := g.position(ctx), time.Now()
	found, err := g.sources(ctx, keys)
	if err != nil {
		return err
	}
	took := time.Since(began)
	left, keeps := g.lasting(nil)
	for _, m := range missing {
		value, ok := found[m.key]
		if !ok { // Get answers with the error of its load, which nobody knows here
			continue
		}
		values[m.key] = value
		if keeps {
			g.keep(m.key, m.at, m.before, position, g.newEntry(m.at, value, nil, left, took))
		}
	}
	return nil
}

// sources calls what LoadMany was given.
func (g *Group[K, T]) sources(ctx context.Context, keys []K) (map[K]T, error) {
	if g.many == nil {
		panic("cache: the group " + g.name + " has no LoadMany")
	}
	if len(keys) == 0 {
		return map[K]T{}, nil
	}
	g.counts.loads.Add(1)
	values, err := g.many(ctx, keys)
	if err != nil && !answers(err) {
		g.counts.failures.Add(1)
	}
	return values, err
}

// distinct returns the keys, each once.
func distinct[K Key](keys []K) []K {
	seen := make(map[K]bool, len(keys))
	once := make([]K, 0, len(keys))
	for _, key := range keys {
		if !seen[key] {
			seen[key] = true
			once = append(once, key)
		}
	}
	return once
}
