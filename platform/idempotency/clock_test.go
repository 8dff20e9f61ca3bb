package idempotency_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/postgres"
	"github.com/banyan-go/banyan/platform/idempotency"
	"github.com/banyan-go/banyan/platform/keyring"
	"github.com/banyan-go/banyan/platform/lifecycle"
)

// Leases and retention are the database's time: a process whose clock is decades behind, as in a bubble of synctest, neither takes a key from
// somebody else nor keeps one longer.
func testClock(t *testing.T, w *world) {
	ring := keyring.NewKey()
	w.keys = w.over(newRing(t, ring), idempotency.Default(), &lifecycle.Lifecycle{})
	r := request()
	late := r
	late.Key = "late"
	// left returns for how many seconds the key lasts that ends first.
	left := func() (seconds float64) {
		if err := w.db.Platform().Query(t.Context(), db.Global).
			Raw("SELECT extract(epoch FROM expires_at - clock_timestamp()) FROM platform_idempotency_keys ORDER BY expires_at LIMIT 1").Scan(&seconds).Error; err != nil {
			t.Error(err)
		}
		return seconds
	}
	w.run(w.begin(r), w.does("one", created()))
	synctest.Test(t, func(t *testing.T) {
		if y := time.Now().Year(); y != 2000 {
			t.Fatalf("the bubble is in the year %d", y)
		}
		cfg := db.Default()
		cfg.Driver, cfg.DSN = "postgres", w.dsn
		var lc lifecycle.Lifecycle
		d, err := db.New(cfg, db.Drivers{"postgres": postgres.Driver{}}, &lc, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		old := &world{t: t, db: d}
		old.keys = old.over(newRing(t, ring), idempotency.Default(), &lifecycle.Lifecycle{})
		if err := lc.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, before, err := old.keys.Begin(t.Context(), r); before == nil {
			t.Errorf("a request that was carried out: %v", err)
		}
		if n := sweep(t, old); n != 0 {
			t.Errorf("%d keys were swept", n)
		}
		attempt := old.begin(late)
		if s := left(); s < 5 || s > 15 {
			t.Errorf("the lease ends in %f s, want 15", s)
		}
		old.run(attempt, old.does("late", created()))
		if err := lc.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if s := left(); s < 86_000 || s > 86_400 {
		t.Errorf("answers are kept for %f s, want a day", s)
	}
	if _, before, err := w.keys.Begin(t.Context(), late); before == nil {
		t.Errorf("what the old clock has carried out: %v", err)
	}
	w.wantEffects(2)
}
