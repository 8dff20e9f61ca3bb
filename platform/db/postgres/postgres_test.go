package postgres_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/dbtest"
	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/db/postgres"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/servertest"
	"github.com/banyan-go/banyan/platform/unit"
)

// TestMain fails when a test leaves a goroutine behind.
func TestMain(m *testing.M) {
	// Gorm starts one for its prepared statements, which the suite asks for to see them refused.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("gorm.io/gorm/internal/lru.NewLRU[...].func1"))
}

func TestConformance(t *testing.T) {
	t.Parallel()
	var server *servertest.PostgresServer
	if !dbtest.Child() {
		server = servertest.StartPostgres(t, "deadlock_timeout=20ms", "max_connections=200")
	}
	dbtest.Run(t, func(t *testing.T) (driver.Driver, driver.Options) {
		if server == nil {
			return postgres.Driver{}, driver.Options{}
		}
		return postgres.Driver{}, driver.Options{DSN: server.Database(t)}
	})
}

// start opens a database.
func start(t *testing.T, dsn string, change ...func(*db.Config)) *db.DB {
	t.Helper()
	cfg := db.Default()
	cfg.Driver, cfg.DSN, cfg.Pool.MaxOpen = "postgres", dsn, unit.Exactly(4)
	for _, f := range change {
		f(&cfg)
	}
	var lc lifecycle.Lifecycle
	d, err := db.New(cfg, db.Drivers{"postgres": postgres.Driver{}}, &lc, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := lc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lc.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return d
}

// A transaction that the server ends in favour of others runs again three times, and then somebody has to say so.
func TestRetriesEnd(t *testing.T) {
	t.Parallel()
	h := start(t, servertest.StartPostgres(t).Database(t)).ForModule("shop")
	for name, run := range map[string]func(ctx context.Context) error{
		"returned": func(ctx context.Context) error { return h.Query(ctx, db.Global).Exec(conflict).Error },
		"ignored":  func(ctx context.Context) error { _ = h.Query(ctx, db.Global).Exec(conflict).Error; return nil },
		"a later one returned": func(ctx context.Context) error {
			_ = h.Query(ctx, db.Global).Exec(conflict).Error // this one looks away, and the next statement cannot run
			return h.Query(ctx, db.Global).Exec("SELECT 1").Error
		},
	} {
		attempts := 0
		err := h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
			attempts++
			db.AfterCommit(ctx, func(context.Context) { t.Error("there was a commit") })
			return run(ctx)
		})
		if attempts != 4 || !errors.Is(err, db.ErrBusy) && !errors.Is(err, db.ErrDoomed) {
			t.Errorf("%s: %d attempts, %v", name, attempts, err)
		}
	}
	attempts := 0
	err := h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
		if attempts++; attempts == 1 {
			return h.Query(ctx, db.Global).Exec(conflict).Error
		}
		return nil
	})
	if err != nil || attempts != 2 {
		t.Errorf("%d attempts, %v, want a second one that succeeds", attempts, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	attempts = 0
	err = h.Tx(ctx, db.Global, func(ctx context.Context) error {
		attempts++
		err := h.Query(ctx, db.Global).Exec(conflict).Error
		cancel()
		return err
	})
	if attempts != 1 || err == nil {
		t.Errorf("%d attempts without time for another, %v", attempts, err)
	}
}

// conflict fails as a transaction does that cannot be serialized with others.
const conflict = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$"
