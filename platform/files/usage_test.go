package files_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/banyan-go/banyan/platform/files"
	"github.com/banyan-go/banyan/platform/files/disk"
	"github.com/banyan-go/banyan/platform/files/driver"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/unit"
)

// observed is a folder of which a test sees what is asked of it, and can hold it up.
type observed struct {
	mu     sync.Mutex
	counts int // how often all files were listed
	// holds is called before a file is created or deleted, and when all files have been listed, while these are in the answer; nil for nothing.
	holds func(what string)
}

func (o *observed) hold(what string) {
	o.mu.Lock()
	holds := o.holds
	if what == "count" {
		o.counts++
	}
	o.mu.Unlock()
	if holds != nil {
		holds(what)
	}
}

// holdFirst has the first one of a sort wait until the function is called that it returns.
func (o *observed) holdFirst(what string) (goOn func()) {
	goesOn, first := make(chan struct{}), make(chan struct{}, 1)
	first <- struct{}{}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.holds = func(is string) {
		if is != what {
			return
		}
		select {
		case <-first:
			<-goesOn
		default:
		}
	}
	return func() { close(goesOn) }
}

func (o *observed) Open(options driver.Options) (driver.Store, error) {
	s, err := disk.Driver{}.Open(options)
	return held{s, o}, err
}

// held is the store of an observed folder.
type held struct {
	driver.Store
	by *observed
}

func (h held) Create(ctx context.Context, name string) (driver.Draft, error) {
	h.by.hold("create")
	return h.Store.Create(ctx, name)
}

func (h held) Delete(ctx context.Context, name string) error {
	h.by.hold("delete")
	return h.Store.Delete(ctx, name)
}

func (h held) List(ctx context.Context, prefix string, fn func(string, int64) error) error {
	err := h.Store.List(ctx, prefix, fn)
	if prefix == "" {
		h.by.hold("count")
	}
	return err
}

// instance is one of several processes that keep files of at most a MiB in the same folder.
func instance(t *testing.T, dir string) (*files.Files, *observed) {
	t.Helper()
	var lc lifecycle.Lifecycle
	store := &observed{}
	cfg := files.Default()
	cfg.Quota = unit.MiB
	f, err := files.New(cfg, dir, files.Drivers{"disk": store}, slog.New(slog.DiscardHandler), &lc)
	if err != nil {
		t.Fatal(err)
	}
	f.Announce()
	if err := lc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lc.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return f, store
}

func keep(t *testing.T, f *files.Files, size int) files.Name {
	t.Helper()
	kept, err := f.Put(t.Context(), strings.NewReader(strings.Repeat("x", size)), files.Rule{})
	if err != nil {
		t.Fatal(err)
	}
	return kept.Name
}

func wantFull(t *testing.T, f *files.Files, size int) {
	t.Helper()
	if _, err := f.Put(t.Context(), strings.NewReader(strings.Repeat("x", size)), files.Rule{}); !errors.Is(err, files.ErrFull) {
		t.Errorf("%d bytes: %v, want that there is no room", size, err)
	}
}

func wantUsed(t *testing.T, f *files.Files, size int64) {
	t.Helper()
	if n := f.Used(); n != size {
		t.Errorf("%d bytes are used, want %d", n, size)
	}
}

// The times in these tests are those of a bubble, in which nobody waits for them.

func TestTheRoomThatOthersMakeIsFound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		first, _ := instance(t, dir)
		name := keep(t, first, 900_000)
		second, store := instance(t, dir)
		wantUsed(t, second, 900_000)
		if err := first.Delete(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		keep(t, second, 500_000)
		wantUsed(t, second, 500_000)
		// Whoever is refused does not make everybody count.
		for range 5 {
			wantFull(t, second, 600_000)
		}
		if store.counts != 2 {
			t.Errorf("all files were counted %d times, want once at the start and once more", store.counts)
		}
		wantUsed(t, second, 500_000)
	})
}

func TestWhatOthersKeepIsSeen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		first, _ := instance(t, dir)
		second, _ := instance(t, dir)
		keep(t, first, 900_000)
		time.Sleep(10 * time.Minute)
		wantUsed(t, second, 900_000)
		wantFull(t, second, 200_000)
	})
}

// What is kept while all files are counted, and has come too late for that, counts too.
func TestWhatIsKeptDuringACountIsNotLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, store := instance(t, t.TempDir())
		keep(t, f, 1000)
		goOn := store.holdFirst("count")
		time.Sleep(10 * time.Minute)
		keep(t, f, 500)
		goOn()
		synctest.Wait()
		wantUsed(t, f, 1500)
	})
}

// Of two deletions of the same file one takes it away.
func TestTwoDeletionsFreeAFileOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, store := instance(t, t.TempDir())
		name := keep(t, f, 1000)
		keep(t, f, 1000)
		goOn := store.holdFirst("delete")
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				if err := f.Delete(t.Context(), name); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		impatient, cancel := context.WithCancel(t.Context())
		cancel()
		if err := f.Delete(impatient, name); !errors.Is(err, context.Canceled) {
			t.Errorf("a third one, without time: %v", err)
		}
		goOn()
		all.Wait()
		wantUsed(t, f, 1000)
	})
}

// A variant that is made again while its file is deleted does not take its former self away a second time.
func TestAVariantThatIsReplacedFreesItOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		f, store := instance(t, dir)
		name := keep(t, f, 1000)
		keep(t, f, 1000)
		variant := name.Variant("thumb.320", "webp")
		if err := f.PutVariant(t.Context(), variant, make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
		goOn := store.holdFirst("create")
		var all sync.WaitGroup
		all.Go(func() {
			if err := f.PutVariant(t.Context(), variant, make([]byte, 100)); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		all.Go(func() {
			if err := f.Delete(t.Context(), name); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		goOn()
		all.Wait()
		another, _ := instance(t, dir) // which has counted
		wantUsed(t, f, another.Used())
	})
}
