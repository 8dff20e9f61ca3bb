package redis

import (
	"testing"
	"time"
)

// watched is a breaker with a clock of its own.
type watched struct {
	breaker
	now  time.Time
	told []bool
}

func newWatched() *watched {
	w := &watched{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	w.changed = func(open bool) { w.told = append(w.told, open) }
	return w
}

// see tells the breaker of calls, each a millisecond after the one before: "x" has had no answer. It returns how many were refused.
func (w *watched) see(calls string) (refused int) {
	for _, c := range calls {
		w.now = w.now.Add(time.Millisecond)
		switch {
		case !w.allow(w.now):
			refused++
		case c == 'x':
			w.silent(w.now)
		default:
			w.answered(w.now)
		}
	}
	return refused
}

func TestBreakerOpens(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		calls string
		open  bool
	}{
		"four in a row":           {"xxxx", false},
		"five in a row":           {"xxxxx", true},
		"five with one between":   {"xxx.xx", false},
		"half of nineteen":        {".x.x.x.x.x.x.x.x.x.", false},
		"half of twenty":          {".x.x.x.x.x.x.x.x.x.x", true},
		"fewer than half of many": {"..x..x..x..x..x..x..x..x..x..x", false},
	} {
		w := newWatched()
		w.see(c.calls)
		if open := !w.allow(w.now); open != c.open {
			t.Errorf("%s: open is %v", name, open)
		}
	}
}

// What was long ago says nothing about today.
func TestBreakerForgets(t *testing.T) {
	t.Parallel()
	w := newWatched()
	w.see(".x.x.x.x.x.x.x.x.x.")
	w.now = w.now.Add(window)
	if w.see("x"); !w.allow(w.now) {
		t.Error("failures of before the window count")
	}
	w = newWatched()
	w.see("x.x.x.x.x.x.x.x.x.")
	w.now = w.now.Add(window * 8 / 10)
	if w.see("x.x"); w.allow(w.now) {
		t.Error("failures within the window do not count")
	}
}

// An open breaker lets one call try about every second, and the first answer closes it.
func TestBreakerProbes(t *testing.T) {
	t.Parallel()
	w := newWatched()
	w.see("xxxxx")
	opened := w.now
	for range 3 {
		if n := w.see("...................."); n != 20 {
			t.Errorf("%d of 20 were refused", n)
		}
		w.now = w.now.Add(probeWait * 11 / 10)
		if n := w.see("x"); n != 0 {
			t.Errorf("no call may try after %s", w.now.Sub(opened))
		}
	}
	w.now = w.now.Add(probeWait * 11 / 10)
	if n := w.see("......xxxx"); n != 0 {
		t.Errorf("%d were refused though the server has answered", n)
	}
	if len(w.told) != 2 || !w.told[0] || w.told[1] {
		t.Errorf("it has told %v, want that it opened and closed", w.told)
	}
}

// A probe that nobody reports on, since its caller has gone, is followed by the next one.
func TestBreakerLosesAProbe(t *testing.T) {
	t.Parallel()
	w := newWatched()
	w.see("xxxxx")
	for range 2 {
		w.now = w.now.Add(probeWait * 11 / 10)
		if !w.allow(w.now) || w.allow(w.now) {
			t.Error("it has not one probe")
		}
	}
}

// Processes that have lost a server at one instant do not ask for it at one instant.
func TestBreakersDiffer(t *testing.T) {
	t.Parallel()
	early := 0
	for range 100 {
		w := newWatched()
		w.see("xxxxx")
		if w.allow(w.now.Add(probeWait * 89 / 100)) {
			t.Error("a probe comes earlier than the wait allows")
		}
		if w.allow(w.now.Add(probeWait)) {
			early++
		}
	}
	if early == 0 || early == 100 {
		t.Errorf("%d of 100 try within a second", early)
	}
}
