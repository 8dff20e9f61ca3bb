package cdn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/banyan-go/banyan/platform/telemetry"
)

// target is one cache and what it is still to be told. What it does not take is told again until it does.
type target struct {
	driver       Driver
	cache        Cache
	all          string // the tag of everything
	again        time.Duration
	log          *slog.Logger
	done, failed *telemetry.Count
	life         context.Context
	end          context.CancelFunc

	mu      sync.Mutex
	next    *batch // what the next call tells; nil for nothing
	away    bool   // the last call has failed
	works   bool   // it was started
	closing bool
	wake    chan struct{} // has an element when there is a batch
	over    chan struct{} // closed when run has ended
}

// batch is what is told in one call.
type batch struct {
	tags, addresses map[string]struct{}
	first           bool          // it has what was not told before
	done            chan struct{} // closed when it was told
}

// The times between two tries of a cache that does not answer.
const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = 5 * time.Second
)

// maxTold is how many tags are told in one call, or kept for a cache that does not answer: of more it is told to drop everything.
const maxTold = 10_000

func newTarget(d Driver, c Cache, all string, again time.Duration, log *slog.Logger) *target {
	t := &target{
		driver: d, cache: c, all: all, again: again, log: log, wake: make(chan struct{}, 1), over: make(chan struct{}),
	}
	t.life, t.end = context.WithCancel(context.Background())
	return t
}

// add has something told, and returns what is closed once it was.
func (t *target) add(p Purge) <-chan struct{} { return t.put(p, true) }

func (t *target) put(p Purge, first bool) <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.next == nil {
		t.next = &batch{tags: map[string]struct{}{}, addresses: map[string]struct{}{}, done: make(chan struct{})}
	}
	for _, tag := range p.Tags {
		t.next.tags[tag] = struct{}{}
	}
	if len(t.next.tags) > maxTold {
		t.next.tags = map[string]struct{}{t.all: {}}
	}
	for _, a := range p.Addresses {
		t.next.addresses[a] = struct{}{}
	}
	t.next.first = t.next.first || first
	select {
	case t.wake <- struct{}{}:
	default:
	}
	return t.next.done
}

// ErrAway means that a cache in front has not dropped yet what it was told to. It is told again until it does, or the process ends.
var ErrAway = errors.New("it does not answer")

// await waits until something was told. Who would wait for a cache that is away does not.
func (t *target) await(ctx context.Context, done <-chan struct{}) error {
	t.mu.Lock()
	away := t.away || !t.works
	t.mu.Unlock()
	if away {
		return t.notTold()
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return t.notTold()
	case <-t.over:
		return t.notTold()
	}
}

func (t *target) notTold() error {
	return fmt.Errorf("purge the cache %s: %w", t.cache.Address, ErrAway)
}

func (t *target) start() {
	t.mu.Lock()
	t.works = true
	t.mu.Unlock()
	go t.run()
}

// run tells the cache what there is to tell, until the life of the target ends, or it is closing and there is nothing more.
func (t *target) run() {
	defer close(t.over)
	for {
		b := t.take()
		if b == nil {
			return
		}
		if !t.tell(b) {
			return
		}
	}
}

// take waits for a batch; nil means that none will come.
func (t *target) take() *batch {
	for {
		t.mu.Lock()
		b, closing := t.next, t.closing
		t.next = nil
		t.mu.Unlock()
		if b != nil || closing {
			return b
		}
		select {
		case <-t.wake:
		case <-t.life.Done():
			return nil
		}
	}
}

// maxAddressesTold is how many addresses are told in one call: what was told before a call that fails is not told again.
const maxAddressesTold = 100

// tell tells a batch until the cache has done it. It returns false when the life ends before.
func (t *target) tell(b *batch) bool {
	p := Purge{Tags: slices.Sorted(maps.Keys(b.tags)), Addresses: slices.Sorted(maps.Keys(b.addresses))}
	part := Purge{Tags: p.Tags}
	for rest := p.Addresses; ; part.Tags = nil {
		n := min(len(rest), maxAddressesTold)
		part.Addresses, rest = rest[:n:n], rest[n:]
		if !t.insist(part) {
			return false
		}
		if len(rest) == 0 {
			t.tellAgain(b, p)
			return true
		}
	}
}

// insist calls the cache until it has done what it is told. It returns false when the life ends before.
func (t *target) insist(p Purge) bool {
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		err := t.driver.Purge(t.life, t.cache, p)
		if err == nil {
			t.done.Inc()
			t.note(false, nil)
			return true
		}
		t.failed.Inc()
		t.note(true, err)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-t.life.Done():
			timer.Stop()
			return false
		}
	}
}

// tellAgain notes that a batch was told, and has it told once more a little later: an answer that was made before the change may have been on its way.
func (t *target) tellAgain(b *batch, p Purge) {
	close(b.done)
	if !b.first {
		return
	}
	time.AfterFunc(t.again, func() { t.put(p, false) }) // after the end nobody takes it
}

// note notes whether the cache answers, and says so in the log when that changes.
func (t *target) note(away bool, err error) {
	t.mu.Lock()
	changed := t.away != away
	t.away = away
	t.mu.Unlock()
	switch {
	case changed && away:
		t.log.Warn("a cache in front does not take what is out of date", "cache", t.cache.Address, "error", err.Error())
	case changed:
		t.log.Info("a cache in front takes what is out of date again", "cache", t.cache.Address)
	}
}

// farewell is how long a process that ends still tries to tell a cache something.
const farewell = 2 * time.Second

// stop tells what there is still to tell, for a moment and while ctx lasts.
func (t *target) stop(ctx context.Context) error {
	defer t.end()
	t.mu.Lock()
	t.closing = true
	t.mu.Unlock()
	select {
	case t.wake <- struct{}{}:
	default:
	}
	ctx, cancel := context.WithTimeout(ctx, farewell)
	defer cancel()
	select {
	case <-t.over:
		return nil
	case <-ctx.Done():
		t.end()
		<-t.over
		return t.notTold()
	}
}
