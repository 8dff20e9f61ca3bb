package sqlstore_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/platform"
	"github.com/banyan-go/banyan/platform/db/postgres"
	"github.com/banyan-go/banyan/platform/db/sqlite"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/servertest"
	"github.com/banyan-go/banyan/platform/session/driver"
	"github.com/banyan-go/banyan/platform/session/sessiontest"
	"github.com/banyan-go/banyan/platform/session/sqlstore"
)

func TestSQLite(t *testing.T) {
	t.Parallel()
	sessiontest.Run(t, func(t *testing.T, o driver.Options) sessiontest.Place {
		cfg := db.Default()
		cfg.DSN = "file:" + filepath.Join(t.TempDir(), "app.db")
		cfg.SQLite.Durable = false
		return place(t, cfg, o, func(column string, d time.Duration) string {
			return fmt.Sprintf("%s = strftime('%%Y-%%m-%%d %%H:%%M:%%f', %s, '-%.3f seconds')", column, column, d.Seconds())
		})
	})
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	server := servertest.StartPostgres(t, "max_connections=300")
	sessiontest.Run(t, func(t *testing.T, o driver.Options) sessiontest.Place {
		cfg := db.Default()
		cfg.Driver, cfg.DSN = "postgres", server.Database(t)
		return place(t, cfg, o, func(column string, d time.Duration) string {
			return fmt.Sprintf("%s = %s - interval '%d milliseconds'", column, column, d.Milliseconds())
		})
	})
}

// place opens a database with the tables of the platform. Older writes how a column of times is set back.
func place(t *testing.T, cfg db.Config, o driver.Options, older func(column string, d time.Duration) string) sessiontest.Place {
	t.Helper()
	var lc lifecycle.Lifecycle
	database, err := db.New(cfg, db.Drivers{"sqlite": sqlite.Driver{}, "postgres": postgres.Driver{}}, &lc, slog.New(slog.DiscardHandler))
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
	m, err := database.Migrator([]db.Migrations{platform.Migrations()})
	if err == nil {
		_, err = m.Up(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	o.DB = database
	store, err := sqlstore.Driver{}.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	run := func(t *testing.T, text string, args ...any) {
		t.Helper()
		h := database.Platform()
		err := h.Tx(t.Context(), db.Global, func(ctx context.Context) error { return h.Query(ctx, db.Global).Exec(text, args...).Error })
		if err != nil {
			t.Fatal(err)
		}
	}
	return sessiontest.Place{
		Store: store,
		Advance: func(t *testing.T, d time.Duration) {
			t.Helper()
			run(t, "UPDATE platform_sessions SET "+older("created_at", d)+", "+older("seen_at", d)+", "+older("expires_at", d)+", "+older("ends_at", d))
		},
		Damage: func(t *testing.T, id driver.ID, text string) {
			t.Helper()
			run(t, "UPDATE platform_sessions SET body = ? WHERE id = ?", text, id.String())
		},
	}
}
