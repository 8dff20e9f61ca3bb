package httpserver

import (
	"slices"
	"testing"
	"time"
)

// world is one CPU in front of which requests wait in turn, in simulated time.
type world struct {
	regulator
	served, refused time.Duration // what one costs

	now    time.Time
	queue  []time.Time // when those came who wait
	free   time.Time   // when the CPU is
	random uint32
	waits  []time.Duration // of those that were served
	busy   int             // that were refused
	ahead  time.Duration   // how long those would wait that are kept
}

func newWorld() *world {
	return &world{
		regulator: regulator{patience: 250 * time.Millisecond, target: 20 * time.Millisecond},
		served:    300 * time.Microsecond, refused: 10 * time.Microsecond, now: time.Unix(0, 0), free: time.Unix(0, 0),
	}
}

// pour has so many requests in a second come for a time, evenly, and forgets what was before.
func (w *world) pour(rate int, d time.Duration) {
	w.waits, w.busy = nil, 0
	end, steer := w.now.Add(d), w.now
	for came := w.now; came.Before(end); came = came.Add(time.Second / time.Duration(rate)) {
		w.queue = append(w.queue, came)
		w.work(came)
		if w.now = came; !came.Before(steer) {
			steer = steer.Add(steerEvery)
			w.steer(came, w.lag(), w.ahead)
		}
	}
}

// lag is how long the one waits that came first, as a byte on its way tells.
func (w *world) lag() time.Duration {
	if len(w.queue) == 0 {
		return 0
	}
	return w.now.Sub(w.queue[0])
}

// work lets the CPU do what it can until then.
func (w *world) work(until time.Time) {
	for len(w.queue) > 0 {
		came := w.queue[0]
		begun := w.free
		if came.After(begun) {
			begun = came
		}
		if !begun.Before(until) {
			return
		}
		w.queue = w.queue[1:]
		if w.lets() {
			w.free = begun.Add(w.served)
			w.waits = append(w.waits, w.free.Sub(came))
		} else {
			w.free = begun.Add(w.refused)
			w.busy++
		}
	}
}

// lets does what admits does, with the same luck in every run.
func (w *world) lets() bool {
	w.random = w.random*1664525 + 1013904223
	share := w.share.Load()
	return share == 0 || w.random < share
}

// percentile returns the wait that so many of a hundred do not exceed.
func (w *world) percentile(p int) time.Duration {
	sorted := slices.Sorted(slices.Values(w.waits))
	return sorted[len(sorted)*p/100]
}

// However many times too many requests come: nearly as many are served as the CPU has time for beside the refusals, and they wait about as long as they should.
func TestUnderOverloadTheWaitIsHeld(t *testing.T) {
	t.Parallel()
	const most = 3333 // of the served, in a second
	for _, times := range []int{2, 5, 10} {
		w := newWorld()
		w.pour(times*most, time.Minute)
		beside := time.Minute - time.Duration(w.busy)*w.refused
		if could := int(beside / w.served); len(w.waits) < could*95/100 {
			t.Errorf("%d times: %d are served of %d that the CPU has time for", times, len(w.waits), could)
		}
		if got := w.percentile(99); got > 4*w.target {
			t.Errorf("%d times: the slowest of a hundred waits for %s, want about %s", times, got, w.target)
		}
		if got := w.percentile(50); got > 2*w.target {
			t.Errorf("%d times: half wait for %s or longer, want about %s", times, got, w.target)
		}
	}
}

func TestABurstIsServed(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.pour(2000, time.Second)
	w.pour(16000, 40*time.Millisecond)
	burst := w.busy
	w.pour(2000, time.Second)
	if burst+w.busy > 0 {
		t.Errorf("%d are refused of a burst that is over within %s", burst+w.busy, w.patience)
	}
}

func TestAfterAnOverloadAllAreServed(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.pour(16000, 10*time.Second)
	w.pour(1600, 2*time.Second)
	if w.share.Load() != 0 {
		t.Error("two seconds later the wait is still held")
	}
	w.pour(1600, 10*time.Second)
	if w.busy > 0 || w.percentile(99) > w.target {
		t.Errorf("later %d are refused, and the slowest of a hundred waits for %s", w.busy, w.percentile(99))
	}
}

// As soon as half of them are let in there would be a trial. While more are kept waiting for their refusal than could be served in turn it would fail.
func TestWithManyInWaitNothingIsTried(t *testing.T) {
	t.Parallel()
	for ahead, tried := range map[time.Duration]bool{0: true, 200 * time.Millisecond: true, time.Second: false} {
		w := newWorld()
		w.pour(10000, 2*time.Second)
		w.ahead = ahead
		w.pour(5000, 10*time.Second) // half as many again as can be served
		if got := w.percentile(99) > 4*w.target; got != tried {
			t.Errorf("while those who are kept would wait %s there is a trial: %v; the slowest of a hundred waits for %s", ahead, got, w.percentile(99))
		}
	}
}

func TestAfterAPauseAllAreServed(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.pour(16000, 2*time.Second)
	w.steer(w.now.Add(time.Minute), 0, 0)
	if w.share.Load() != 0 {
		t.Error("the first request in a minute may be refused")
	}
}

// Clients who ask again as soon as they have an answer keep the server busy for ever when each refusal brings the next request. They are all let in when
// more than half of what they ask for can be served: then they wait for each other.
func TestClientsWhoAskAgainAtOnceAreServedInTurn(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.pour(5000, 4*time.Second) // half as many again as can be served
	if w.busy == 0 {
		t.Fatal("nobody is refused")
	}
	const clients = 100
	w.queue, w.busy = nil, 0
	for range clients {
		w.queue = append(w.queue, w.now)
	}
	steer, end := w.now, w.now.Add(10*time.Second)
	refusedAt := w.now
	for w.now.Before(end) {
		served, busy := len(w.waits), w.busy
		w.now = w.now.Add(100 * time.Microsecond)
		w.work(w.now)
		if w.busy > busy {
			refusedAt = w.now
		}
		for range len(w.waits) - served + w.busy - busy {
			w.queue = append(w.queue, w.now)
		}
		if !w.now.Before(steer) {
			steer = steer.Add(steerEvery)
			w.steer(w.now, w.lag(), 0)
		}
	}
	if left := end.Sub(refusedAt); left < 4*time.Second {
		t.Errorf("somebody is refused %s before the end", left)
	}
}
