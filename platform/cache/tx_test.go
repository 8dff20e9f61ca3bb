package cache_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/platform"
	"github.com/banyan-go/banyan/platform/db/sqlite"
	"github.com/banyan-go/banyan/platform/lifecycle"
)

// openDB returns a new database, with the platform's tables, that ends with the test.
func openDB(t *testing.T) *db.DB {
	t.Helper()
	d := connect(t, "file:"+t.TempDir()+"/test.db")
	m, err := d.Migrator([]db.Migrations{platform.Migrations()})
	if err == nil {
		_, err = m.Up(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func connect(t *testing.T, dsn string) *db.DB {
	t.Helper()
	cfg := db.Default()
	cfg.DSN = dsn
	var lc lifecycle.Lifecycle
	d, err := db.New(cfg, db.Drivers{"sqlite": sqlite.Driver{}}, &lc, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := lc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lc.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return d
}

// What a transaction reads is its own: it sees what it has written, and nobody else does.
func TestTransactionReadsItsSource(t *testing.T) {
	t.Parallel()
	d, s := openDB(t), newSource("one")
	g := cache.Of(started(t, exactly(), cache.Options{}), "test.things", cache.Rule{}, func(ctx context.Context, key string) (string, error) {
		if _, in := db.InTx(ctx); in {
			return "of the transaction", nil
		}
		return s.load(ctx, key)
	})
	want(t, g, "a", "one")
	err := d.Platform().Tx(t.Context(), db.Global, func(ctx context.Context) error {
		collecting, reads := cache.Collect(ctx)
		for _, ctx := range []context.Context{ctx, collecting} {
			for _, key := range []string{"a", "b"} {
				if v, err := g.Get(ctx, key); v != "of the transaction" || err != nil {
					t.Errorf("Get in the transaction: %q, %v", v, err)
				}
			}
		}
		if reads.Fresh() {
			t.Error("what a transaction has read counts as fresh")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	want(t, g, "a", "one")
	want(t, g, "b", "one")
}

func TestInvalidateWithTheTransaction(t *testing.T) {
	t.Parallel()
	for name, outcome := range map[string]error{"commit": nil, "rollback": errBroken} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, s := openDB(t), newSource("one")
			c := started(t, exactly(), cache.Options{})
			g := cache.Of(c, "test.things", cache.Rule{}, s.load)
			var dropped, told []string
			c.OnDrop(func(names []string) { dropped = append(dropped, names...) })
			c.OnInvalidate(time.Second, func(_ context.Context, names []string) error {
				told = append(told, names...)
				return errBroken // the transaction is over
			})
			want(t, g, "a", "one")
			err := d.Platform().Tx(t.Context(), db.Global, func(ctx context.Context) error {
				if err := g.Invalidate(ctx, "a"); err != nil {
					return err
				}
				s.set("two")           // were it asked now it would say so to everybody
				want(t, g, "a", "one") // somebody else, meanwhile
				return outcome
			})
			if !errors.Is(err, outcome) {
				t.Errorf("Tx: %v", err)
			}
			if outcome == nil {
				want(t, g, "a", "two")
			} else {
				want(t, g, "a", "one")
			}
			var names []string
			if outcome == nil {
				names = []string{"test.things:a"}
			}
			if !slices.Equal(dropped, names) || !slices.Equal(told, names) {
				t.Errorf("told of %q and %q, want %q", dropped, told, names)
			}
		})
	}
}
