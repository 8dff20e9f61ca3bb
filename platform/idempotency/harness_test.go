package idempotency_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net/netip"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/platform"
	"github.com/banyan-go/banyan/platform/db/postgres"
	"github.com/banyan-go/banyan/platform/db/sqlite"
	"github.com/banyan-go/banyan/platform/idempotency"
	"github.com/banyan-go/banyan/platform/keyring"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/servertest"
	"github.com/banyan-go/banyan/platform/unit"
)

// TestMain fails when a test leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestKeys proves the promises on a new database of either engine each.
func TestKeys(t *testing.T) {
	t.Parallel()
	server := servertest.StartPostgres(t)
	for _, c := range []struct {
		name string
		test func(t *testing.T, w *world)
	}{
		{"carried out once", testCarriedOutOnce},
		{"scope", testScope},
		{"one at a time", testOneAtATime},
		{"many at once", testManyAtOnce},
		{"answer decides", testAnswerDecides},
		{"failure frees the key", testFailureFreesTheKey},
		{"refusal behind an effect", testRefusalBehindAnEffect},
		{"late is fenced", testLateIsFenced},
		{"large answer", testLargeAnswer},
		{"sweep", testSweep},
		{"no secret in the table", testNoSecretInTheTable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			t.Run("sqlite", func(t *testing.T) {
				t.Parallel()
				c.test(t, newWorld(t, "sqlite", "file:"+t.TempDir()+"/test.db"))
			})
			t.Run("postgres", func(t *testing.T) {
				t.Parallel()
				c.test(t, newWorld(t, "postgres", server.Database(t)))
			})
		})
	}
	t.Run("clock of the process", func(t *testing.T) {
		t.Parallel()
		testClock(t, newWorld(t, "postgres", server.Database(t)))
	})
}

// world is a database, keys, and a table that requests write to.
type world struct {
	t    *testing.T
	dsn  string
	db   *db.DB
	keys *idempotency.Keys
}

func newWorld(t *testing.T, driver, dsn string) *world {
	t.Helper()
	cfg := db.Default()
	cfg.Driver, cfg.DSN = driver, dsn
	cfg.Pool.MaxOpen = unit.Exactly(4)
	var lc lifecycle.Lifecycle
	d, err := db.New(cfg, db.Drivers{"sqlite": sqlite.Driver{}, "postgres": postgres.Driver{}}, &lc, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, dsn: dsn, db: d}
	w.keys = w.over(newRing(t, keyring.NewKey()), idempotency.Default(), &lc)
	if err := lc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lc.Stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	effects := fstest.MapFS{}
	for _, dialect := range []string{"sqlite", "postgres"} {
		effects[dialect+"/20260101000000_effects.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE test_effects (name varchar(64) NOT NULL PRIMARY KEY);\n-- +goose Down\nDROP TABLE test_effects;\n")}
	}
	m, err := d.Migrator([]db.Migrations{platform.Migrations(), {Module: "test", Files: effects}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

func newRing(t *testing.T, keys string) *keyring.Ring {
	t.Helper()
	ring, err := keyring.Parse(keys)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// over returns the keys of another process on the same database.
func (w *world) over(ring *keyring.Ring, cfg idempotency.Config, lc *lifecycle.Lifecycle) *idempotency.Keys {
	w.t.Helper()
	k, err := idempotency.New(cfg, idempotency.Options{DB: w.db, Ring: ring, Log: slog.New(slog.DiscardHandler)}, lc)
	if err != nil {
		w.t.Fatal(err)
	}
	return k
}

// request is what ada sends with a key of her own.
func request() idempotency.Request {
	return idempotency.Request{Caller: idempotency.Caller{Subject: "ada"}, Route: "POST /orders", Key: "k-1", Sum: sum("a body")}
}

func sum(text string) [sha256.Size]byte { return idempotency.Sum([]byte(text)) }

func address(text string) netip.Addr { return netip.MustParseAddr(text) }

// begin returns the attempt, and fails the test when there is none.
func (w *world) begin(r idempotency.Request) *idempotency.Attempt {
	w.t.Helper()
	attempt, before, err := w.keys.Begin(w.t.Context(), r)
	if attempt == nil || before != nil || err != nil {
		w.t.Fatalf("Begin: %v, %v, %v, want an attempt", attempt, before, err)
	}
	return attempt
}

// wantRefused fails the test unless Begin returns that error.
func (w *world) wantRefused(r idempotency.Request, want error) {
	w.t.Helper()
	if attempt, before, err := w.keys.Begin(w.t.Context(), r); attempt != nil || before != nil || !errors.Is(err, want) {
		w.t.Errorf("Begin: %v, %v, %v, want %v", attempt, before, err, want)
	}
}

// effect writes a row, in a transaction of its own.
func (w *world) effect(ctx context.Context, name string) error {
	h := w.db.Platform()
	return h.Tx(ctx, db.Global, func(ctx context.Context) error {
		return h.Query(ctx, db.Global).Exec("INSERT INTO test_effects (name) VALUES (?)", name).Error
	})
}

// does returns work with an effect and an answer.
func (w *world) does(name string, a idempotency.Answer) func(context.Context) idempotency.Answer {
	return func(ctx context.Context) idempotency.Answer {
		if err := w.effect(ctx, name); err != nil {
			w.t.Errorf("effect %s: %v", name, err)
		}
		return a
	}
}

// run carries out an attempt, which has to succeed.
func (w *world) run(a *idempotency.Attempt, work func(context.Context) idempotency.Answer) {
	w.t.Helper()
	if err := a.Run(w.t.Context(), work); err != nil {
		w.t.Fatalf("Run: %v", err)
	}
}

// wantEffects fails the test unless there are these rows.
func (w *world) wantEffects(want int64) {
	w.t.Helper()
	if n := w.rows("SELECT count(*) FROM test_effects"); n != want {
		w.t.Errorf("%d effects, want %d", n, want)
	}
}

func (w *world) rows(count string) (n int64) {
	w.t.Helper()
	if err := w.db.Platform().Query(w.t.Context(), db.Global).Raw(count).Scan(&n).Error; err != nil {
		w.t.Fatal(err)
	}
	return n
}

// exec runs a statement as somebody at the database does.
func (w *world) exec(statement string) {
	w.t.Helper()
	h := w.db.Platform()
	if err := h.Tx(w.t.Context(), db.Global, func(ctx context.Context) error { return h.Query(ctx, db.Global).Exec(statement).Error }); err != nil {
		w.t.Fatal(err)
	}
}

// expire ends every lease and every retention.
func (w *world) expire() {
	w.t.Helper()
	w.exec("UPDATE platform_idempotency_keys SET expires_at = '2020-01-01 00:00:00.000'")
}

// created is an answer.
func created() idempotency.Answer {
	return idempotency.Answer{Status: 201, Header: map[string]string{"Content-Type": "application/json", "Location": "/orders/1"}, Body: []byte("{\"n\":1}\n\n")}
}
