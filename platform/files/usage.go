package files

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	// countEvery is the pause between two counts of all files, on average.
	countEvery = 5 * time.Minute
	// countPause is how long no upload has them counted again that finds no room, and countTime how long it waits for that.
	countPause = 5 * time.Second
	countTime  = 5 * time.Second
	// countRest is how many times as long as a count nobody counts after it: a place where that takes long has other work.
	countRest = 20
)

// usage is how many bytes all files have, as far as this process knows: what it has counted, and what it has done itself since. What others do in
// the same place, instances for instance, it sees when it counts anew.
type usage struct {
	mu     sync.Mutex
	kept   int64 // of files that are there
	drafts int64 // of those that are being written here
	since  int64 // of those that were kept since the latest count has begun, which may have missed them

	counting sync.Mutex // held by who counts
	again    time.Time  // from when on one may; counting guards it
	stop     func()     // ends what counts now and then; nil before the start

	changing sync.Map // digits of names whose files are being changed, to a channel that is closed behind that
}

func (u *usage) used() int64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.kept + u.drafts
}

// draft adds to what is being written; what was given up is less than nothing.
func (u *usage) draft(n int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.drafts += n
}

// keep makes a draft a file.
func (u *usage) keep(n int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.drafts -= n
	u.kept += n
	u.since += n
}

// free takes away what was deleted. It may be the file of somebody else, which was never counted here.
func (u *usage) free(n int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.kept = max(0, u.kept-n)
}

func (u *usage) begin() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.since = 0
}

// counted says what a count has found. What was kept meanwhile is added, though it may be in there already: what is too much goes with the next count,
// what is too little would be beyond the quota.
func (u *usage) counted(n int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.kept = n + u.since
}

// count counts all files, unless somebody does so, or has just done so.
func (f *Files) count(ctx context.Context) error {
	u := f.usage
	if !u.counting.TryLock() {
		return nil
	}
	defer u.counting.Unlock()
	began := time.Now()
	if began.Before(u.again) {
		return nil
	}
	u.begin()
	var sum int64
	err := f.store.List(ctx, "", func(_ string, size int64) error { sum += size; return nil })
	u.again = time.Now().Add(max(countPause, countRest*time.Since(began)))
	if err == nil {
		u.counted(sum)
	}
	return err
}

// room takes room for n more bytes of a draft, and reports whether they are within the quota. Before it says no it counts: others may have deleted
// files.
func (f *Files) room(ctx context.Context, n int64) bool {
	f.usage.draft(n)
	if f.usage.used() <= f.quota {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, countTime)
	defer cancel()
	f.recount(ctx)
	return f.usage.used() <= f.quota
}

// recount counts where the number before will do for now.
func (f *Files) recount(ctx context.Context) {
	if err := f.count(ctx); err != nil && ctx.Err() == nil {
		f.log.WarnContext(ctx, "files could not be counted, and the quota goes by what is known", "error", err.Error())
	}
}

// countAlways counts now and then, until usage.stop is called: others may have kept files.
func (f *Files) countAlways(ctx context.Context) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	f.usage.stop = func() {
		cancel()
		<-done
	}
	go func() {
		defer close(done)
		for {
			timer := time.NewTimer(countEvery/2 + rand.N(countEvery)) // processes that have started together count one after the other
			select {
			case <-timer.C:
			case <-ctx.Done():
				timer.Stop()
				return
			}
			f.recount(ctx)
		}
	}()
}

// alone runs fn while nobody else changes the files of the same digits: two deletions at once would both count what one of them has taken away.
func (f *Files) alone(ctx context.Context, name Name, fn func() error) error {
	digits := name.Stem()[len(public):]
	mine := make(chan struct{})
	for {
		other, busy := f.usage.changing.LoadOrStore(digits, mine)
		if !busy {
			break
		}
		select {
		case <-other.(chan struct{}):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	defer func() {
		f.usage.changing.Delete(digits)
		close(mine)
	}()
	return fn()
}
