package cache

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/banyan-go/banyan/platform/cache/driver"
	"github.com/banyan-go/banyan/platform/fault"
)

// pollEvery is how often a process looks whether another one has loaded what it waits for.
const pollEvery = 5 * time.Millisecond

func (g *Group[K, T]) query(at place) driver.Query {
	return driver.Query{Name: at.name, Marks: at.marks, Lasts: g.times.ttl + g.times.stale}
}

// fetchShared gets a value that was not there a moment ago from what all processes share, or loads it for all of them.
func (g *Group[K, T]) fetchShared(ctx context.Context, key K, at place, f *flight[T]) {
	g.counts.misses.Add(1)
	g.lead(ctx, key, at, f, g.query(at), f.looked && g.unfit(f.found))
}

// unfit reports whether what is stored has to be loaded anew though it is there.
func (g *Group[K, T]) unfit(a driver.Answer) bool {
	if a.Damaged {
		g.counts.damaged.Add(1)
	}
	return a.Damaged || a.Value != nil
}

// take takes a stored value that is good. One whose time has passed it keeps for the case that the source fails.
func (g *Group[K, T]) take(key K, at place, f *flight[T], a driver.Answer) bool {
	v := a.Value
	if v == nil || v.Schema != g.schema() {
		return false
	}
	value, absence, err := g.decode(v)
	if err != nil {
		g.counts.damaged.Add(1)
		return false
	}
	if v.Left <= 0 {
		if absence == nil {
			f.old, f.oldLeft = &value, v.Left
		}
		return false
	}
	f.value, f.err = value, absence
	g.keep(key, at, f.before, v.Position, g.newEntry(at, value, absence, v.Left, v.Took))
	if absence == nil && v.Left <= ahead(v.Took, g.times.early) {
		f.then = func(ctx context.Context) { g.refresh(ctx, key, at) }
	}
	return true
}

// lead waits until another process has loaded a value, or loads it for all.
func (g *Group[K, T]) lead(ctx context.Context, key K, at place, f *flight[T], q driver.Query, anew bool) {
	token, began := rand.Text(), time.Now()
	for {
		a, err := g.cache.l2.Acquire(ctx, q, token, anew)
		switch {
		case err != nil:
			g.cache.lost(ctx, err)
			g.fetchAlone(ctx, key, at, f)
			return
		case a.Leased:
			g.loadForAll(ctx, key, at, f, q, token, a.Under)
			return
		case g.take(key, at, f, a):
			return
		}
		if !anew && g.unfit(a) {
			anew = true
			continue
		}
		anew = false
		if time.Since(began) > g.cache.cfg.L2.Wait || ctx.Err() != nil {
			break
		}
		pause(ctx, pollEvery)
	}
	if f.old != nil && -f.oldLeft < g.times.stale {
		g.counts.stales.Add(1)
		f.value, f.err, f.late = *f.old, nil, true
		return
	}
	g.bounded(ctx, f, func() { f.value, f.err = g.source(ctx, key) }) // and keep nothing: who has the lease is about to
}

// loadForAll loads a value with the lease of its key. Whatever becomes of that, the lease is given back.
func (g *Group[K, T]) loadForAll(ctx context.Context, key K, at place, f *flight[T], q driver.Query, token, under string) {
	held := true
	defer func() {
		if held { // also when a codec panics, and when a load ends its goroutine
			g.release(ctx, q, token)
		}
	}()
	position, began := g.position(ctx), time.Now()
	f.value, f.err = g.source(ctx, key)
	took := time.Since(began)
	left, keeps := g.lasting(f.err)
	if !keeps {
		return
	}
	v, err := g.encode(f.value, f.err)
	if err != nil {
		g.cache.log.WarnContext(ctx, "a value cannot be written for all processes", "group", g.name, "error", err.Error())
		return
	}
	v.Schema, v.Took, v.Position, v.Left = g.schema(), took, position, left
	held = false
	after, cancel := behindLoad(ctx)
	defer cancel()
	kept, err := g.cache.l2.Fill(after, q, token, under, v, left+g.staleFor(f.err))
	if err != nil {
		g.cache.lost(ctx, err)
	}
	if !kept && err == nil {
		g.counts.rejected.Add(1)
		return // it was invalidated meanwhile: whoever has waited for it since before gets it, and nobody else
	}
	g.keep(key, at, f.before, position, g.newEntry(at, f.value, f.err, left, took))
}

// release gives the lease of a key back that brought nothing.
func (g *Group[K, T]) release(ctx context.Context, q driver.Query, token string) {
	after, cancel := behindLoad(ctx)
	defer cancel()
	if err := g.cache.l2.Release(after, q, token); err != nil {
		g.cache.lost(ctx, err)
	}
}

// behindLoad returns the context of what comes behind a load, which may have used up its time.
func behindLoad(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), shareTime)
}

func (g *Group[K, T]) staleFor(err error) time.Duration {
	if err != nil {
		return 0
	}
	return g.times.stale
}

// refresh loads a value anew that is still good, if no other process is at it.
func (g *Group[K, T]) refresh(ctx context.Context, key K, at place) {
	f, q, token := &flight[T]{before: g.generation(at)}, g.query(at), rand.Text()
	defer g.caught(ctx, "refresh", &f.err)
	a, err := g.cache.l2.Acquire(ctx, q, token, true)
	if err != nil {
		g.cache.lost(ctx, err)
	}
	if err != nil || !a.Leased {
		return
	}
	g.counts.refreshes.Add(1)
	g.loadForAll(ctx, key, at, f, q, token, a.Under)
}

// fetchAlone loads a value while what all processes share is away. It bounds how many loads there are: nobody else takes any off the source.
func (g *Group[K, T]) fetchAlone(ctx context.Context, key K, at place, f *flight[T]) {
	g.counts.misses.Add(1)
	g.bounded(ctx, f, func() { g.fetchSource(ctx, key, at, f) })
}

// bounded runs load when there is a place for it.
func (g *Group[K, T]) bounded(ctx context.Context, f *flight[T], load func()) {
	leave, err := g.cache.l2.queue(ctx)
	if err != nil {
		f.err = err
		return
	}
	defer leave()
	load()
}

// position returns how far the source has got.
func (g *Group[K, T]) position(ctx context.Context) uint64 {
	if g.cache.positions == nil {
		return 0
	}
	return g.cache.positions.Read(ctx)
}

func (g *Group[K, T]) schema() uint64 { return uint64(g.rule.Version) }

// absence is how it is written that there is no such thing.
type absence struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// encode writes a value, or that there is none.
func (g *Group[K, T]) encode(value T, err error) (driver.Value, error) {
	if err != nil {
		e, ok := errors.AsType[*fault.Error](err)
		if !ok {
			return driver.Value{}, fmt.Errorf("no fault: %w", err)
		}
		payload, err := json.Marshal(absence{e.Code, e.Detail})
		return driver.Value{Payload: payload, Absent: true}, err
	}
	payload, err := g.codec.Encode(value)
	return driver.Value{Payload: payload}, err
}

// decode reads what encode has written: a value, or the error that there is none.
func (g *Group[K, T]) decode(v *driver.Value) (value T, none, err error) {
	if v.Absent {
		var a absence
		if err := json.Unmarshal(v.Payload, &a); err != nil {
			return value, nil, err
		}
		return value, fault.New(fault.NotFound, a.Code, a.Detail), nil
	}
	value, err = g.codec.Decode(v.Payload)
	return value, nil, err
}

// Codec writes values for all processes, and reads them. It is safe for concurrent use. Decode returns an error for what Encode has not written, and takes no more memory than
// in proportion to it.
type Codec[T any] interface {
	Encode(value T) ([]byte, error)
	Decode(payload []byte) (T, error)
}
