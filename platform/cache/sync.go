package cache

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/banyan-go/banyan/platform/cache/driver"
	"github.com/banyan-go/banyan/platform/id"
)

const (
	// sweepEvery is how often a process looks for invalidations that others have left undone, and sweepAge how old one is then: most are done by then.
	sweepEvery = 500 * time.Millisecond
	sweepAge   = time.Second
	// catchUpEvery is how often a process tries to get back into step, whatever happens meanwhile.
	catchUpEvery = 100 * time.Millisecond
	// stepTime is how long one of these may take, and shareTime one invalidation.
	stepTime  = 5 * time.Second
	shareTime = time.Second
	// startTime is how long a start waits until it is in step. It goes on without.
	startTime = time.Second
	// queueTime is how long a load waits for its place while the store is away: what takes longer than that comes too late for who has asked.
	queueTime = time.Second
	// mostOwed is how many names are remembered one by one; more are everything.
	mostOwed = 1000
)

// layer is what all processes share, and how far this one is in step with it.
type layer struct {
	driver.Store
	features driver.Features
	// inStep says that the store may be read: since it was last away, or changes may have been missed, everything that was left undone was done. It implies that the bus is
	// connected, where there is one.
	inStep    atomic.Bool
	connected atomic.Bool
	losses    atomic.Uint64 // how often it fell out of step
	said      atomic.Bool   // that this process does without, in the log, which has not said yet that this is over
	wake      chan struct{}
	places    chan struct{} // for loads while it is away

	mu   sync.Mutex
	owed []string // was invalidated here, outside of transactions, and not there
}

func newLayer(s driver.Store, f driver.Features, loads int) *layer {
	l := &layer{Store: s, features: f, wake: make(chan struct{}, 1), places: make(chan struct{}, loads)}
	l.connected.Store(!f.Broadcast)
	return l
}

// queue waits for a place for a load while the store is away. The error is ErrBusy.
func (l *layer) queue(ctx context.Context) (leave func(), err error) {
	leave = func() { <-l.places }
	select {
	case l.places <- struct{}{}:
		return leave, nil
	default:
	}
	late := time.NewTimer(queueTime)
	defer late.Stop()
	select {
	case l.places <- struct{}{}:
		return leave, nil
	case <-late.C:
		return nil, ErrBusy
	case <-ctx.Done():
		return nil, ErrBusy.Because(context.Cause(ctx))
	}
}

// shared reports whether there is a layer behind the memory.
func (c *Cache) shared() bool { return c.l2 != nil }

// deaf reports whether this process may hear nothing of an invalidation by another one.
func (c *Cache) deaf() bool {
	return !c.alone && (c.l2 == nil || !c.l2.features.Broadcast || !c.l2.inStep.Load())
}

// lost takes the news that the store does not answer as it should. It is not read until this process is in step again: others may have changed what they could not tell.
func (c *Cache) lost(ctx context.Context, err error) {
	c.l2.losses.Add(1)
	if c.l2.inStep.CompareAndSwap(true, false) {
		c.without(ctx, err)
	}
	c.l2.poke()
}

// without says in the log that the store is not read, once until it is again.
func (c *Cache) without(ctx context.Context, err error) {
	if c.l2.said.CompareAndSwap(false, true) {
		c.log.WarnContext(ctx, "the cache does without what all processes share", "error", err.Error())
	}
}

func (l *layer) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// owe notes what could not be invalidated.
func (l *layer) owe(names []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.owed = append(l.owed, names...); len(l.owed) > mostOwed {
		l.owed = []string{everything}
	}
	l.losses.Add(1)
	l.inStep.Store(false)
	l.poke()
}

// doubt makes this process forget what may have been invalidated without a word: by another process, for one that is alone by the settings has others
// beside it while it is replaced, and where the settings are wrong.
func (c *Cache) doubt() {
	c.counts.doubts.Add(1)
	c.mu.RLock()
	defer c.mu.RUnlock()
	c.gens.all.Add(1)
	for _, g := range c.groups {
		g.doubt()
	}
}

// listen hears of invalidations by others until ctx ends.
func (c *Cache) listen(ctx context.Context) {
	for ctx.Err() == nil {
		err := c.l2.Listen(ctx, c.hear)
		heard := c.l2.connected.Swap(false)
		if ctx.Err() != nil {
			return
		}
		c.lost(ctx, err)
		if heard {
			c.counts.breaks.Add(1)
		}
		if heard && !c.alone { // what is kept from now on does not last
			c.doubt()
		}
		pause(ctx, catchUpEvery)
	}
}

// hear takes one thing that was heard.
func (c *Cache) hear(e driver.Event) {
	if e.Lost {
		c.counts.resets.Add(1)
		c.l2.owe([]string{everything})
	}
	if e.Connected {
		c.l2.connected.Store(true)
		c.l2.losses.Add(1)
		c.l2.inStep.Store(false)
		c.doubt()
		c.l2.poke()
	}
	if e.Missed {
		c.counts.gaps.Add(1)
		c.doubt()
	}
	if len(e.Names) > 0 {
		c.drop(e.Names)
	}
}

// pause waits for about so long, and not as long as other processes.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d*4/5 + rand.N(d*2/5))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// keepUp keeps this process in step until ctx ends. The first loss is seen to at once. Behind a try to get back into step there is a pause that nothing ends: what fails in one wakes
// it, and so does every reader who finds that the store does not answer.
func (c *Cache) keepUp(ctx context.Context) {
	for ctx.Err() == nil {
		if tried := c.step(ctx); tried {
			pause(ctx, catchUpEvery)
			select {
			case <-c.poked(): // by what the next step sees
			default:
			}
			continue
		}
		every := sweepEvery
		if c.l2 != nil && !c.l2.inStep.Load() {
			every = catchUpEvery
		}
		timer := time.NewTimer(every*4/5 + rand.N(every*2/5))
		select {
		case <-timer.C:
		case <-c.poked():
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

func (c *Cache) poked() <-chan struct{} {
	if c.l2 == nil {
		return nil
	}
	return c.l2.wake
}

// step does what others have left undone: what is old while in step, everything to get there. It reports whether it has tried to get there.
func (c *Cache) step(ctx context.Context) (tried bool) {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	switch {
	case c.l2 == nil || c.l2.inStep.Load():
		err := c.sweep(ctx, sweepAge)
		if err == nil {
			c.swept.Store(true)
		}
		if c.swept.Load() && (err == nil || ctx.Err() == nil) { // before, the database may not have the table yet, which readiness says
			c.unswept.note(ctx, c.log, err, "invalidations that others have left undone stay so for now", "invalidations that others have left undone are done")
		}
		return false
	case !c.l2.connected.Load():
		return false
	default:
		c.catchUp(ctx)
		return true
	}
}

// catchUp tries to get into step.
func (c *Cache) catchUp(ctx context.Context) {
	losses := c.l2.losses.Load()
	if c.settleOwed(ctx) != nil || c.sweep(ctx, 0) != nil {
		return
	}
	if err := c.l2.try(ctx); err != nil { // often there was nothing to do, and nobody has asked it
		if ctx.Err() == nil {
			c.without(ctx, err)
		}
		return
	}
	c.l2.mu.Lock()
	defer c.l2.mu.Unlock()
	if c.l2.losses.Load() == losses && len(c.l2.owed) == 0 {
		c.l2.said.Store(false)
		c.l2.inStep.Store(true)
		if c.l2.losses.Load() != losses { // in the meantime
			c.l2.inStep.Store(false)
			return
		}
		c.log.InfoContext(ctx, "the cache is in step with what all processes share")
	}
}

// try asks the store for a value that is nobody's, and for the right to store one: a server that is full, or only a copy, gives what it has and takes nothing.
func (l *layer) try(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, shareTime)
	defer cancel()
	q, token := driver.Query{Name: nobody, Lasts: time.Minute}, id.New().String()
	if _, err := l.Read(ctx, q); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	a, err := l.Acquire(ctx, q, token, false)
	if err == nil && a.Leased {
		err = l.Release(ctx, q, token)
	}
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

// settleOwed invalidates what could not be.
func (c *Cache) settleOwed(ctx context.Context) error {
	c.l2.mu.Lock()
	owed := c.l2.owed
	c.l2.owed = nil
	c.l2.mu.Unlock()
	if len(owed) == 0 {
		return nil
	}
	err := c.l2.Invalidate(ctx, sorted(owed), c.written(ctx))
	if err != nil {
		c.l2.owe(owed)
	}
	return err
}

// sorted tells names apart by what they name.
func sorted(all []string) driver.Names {
	n := driver.Names{All: all}
	for _, name := range all {
		switch {
		case name == everything:
			n.Everything = true
		case strings.HasPrefix(name, "#"), strings.HasPrefix(name, "@"):
			n.Marks = append(n.Marks, name)
		default:
			n.Keys = append(n.Keys, name)
		}
	}
	return n
}

// tellAll makes an invalidation known to all other processes.
func (c *Cache) tellAll(ctx context.Context, names []string) error {
	if c.l2 == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shareTime)
	defer cancel()
	n, position := sorted(names), c.written(ctx)
	err := c.l2.Invalidate(ctx, n, position)
	if err != nil {
		err = c.l2.Invalidate(ctx, n, position) // to do it twice does no harm, and a connection may have been old
	}
	if err != nil {
		c.lost(ctx, err)
	}
	return err
}

// written returns how far the source has got with what was written, 0 for unknown.
func (c *Cache) written(ctx context.Context) uint64 {
	if c.positions == nil {
		return 0
	}
	return c.positions.Written(ctx)
}

// InStep reports whether this process reads what all processes share, and hears of every invalidation by others; true where nothing is shared. It is false for a
// moment after the start, and while the store is away.
func (c *Cache) InStep() bool { return c.l2 == nil || c.l2.inStep.Load() }
