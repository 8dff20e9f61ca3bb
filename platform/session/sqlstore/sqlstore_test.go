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

// A sweep whose transaction fails at its end has taken nothing away, and says so: who hears of a whole step makes the next one at once.
func TestSweepThatIsNotCommitted(t *testing.T) {
	t.Parallel()
	for name, dsn := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { t.Helper(); return "file:" + filepath.Join(t.TempDir(), "app.db") },
		"postgres": func(t *testing.T) string { t.Helper(); return servertest.StartPostgres(t).Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := db.Default()
			cfg.Driver, cfg.DSN = name, dsn(t)
			p := open(t, cfg, driver.Options{Idle: time.Hour, Absolute: time.Hour, Most: 10})
			sess, err := p.store.Create(t.Context(), &driver.Session{ID: driver.ID{1}, User: "ada"}, driver.ID{})
			if err != nil {
				t.Fatal(err)
			}
			p.run(t, "UPDATE platform_sessions SET ends_at = '2020-01-01 00:00:00.000'")
			// What is wrong is found at the commit.
			p.run(t, "CREATE TABLE visit (session text REFERENCES platform_sessions (id) DEFERRABLE INITIALLY DEFERRED)")
			p.run(t, "INSERT INTO visit VALUES (?)", sess.ID.String())
			sweeper := p.store.(driver.Sweeper)
			if n, err := sweeper.Sweep(t.Context(), 10); n != 0 || err == nil {
				t.Errorf("swept %d, %v", n, err)
			}
			p.run(t, "DROP TABLE visit")
			if n, err := sweeper.Sweep(t.Context(), 10); n != 1 || err != nil {
				t.Errorf("swept %d, %v: want 1", n, err)
			}
		})
	}
}

// opened is a store in a database with the tables of the platform.
type opened struct {
	store    driver.Store
	database *db.DB
}

func open(t *testing.T, cfg db.Config, o driver.Options) opened {
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
	return opened{store, database}
}

// run runs a statement that changes something.
func (p opened) run(t *testing.T, text string, args ...any) {
	t.Helper()
	h := p.database.Platform()
	err := h.Tx(t.Context(), db.Global, func(ctx context.Context) error { return h.Query(ctx, db.Global).Exec(text, args...).Error })
	if err != nil {
		t.Fatal(err)
	}
}

// place is a store for the suite. Older writes how a column of times is set back.
func place(t *testing.T, cfg db.Config, o driver.Options, older func(column string, d time.Duration) string) sessiontest.Place {
	t.Helper()
	p := open(t, cfg, o)
	return sessiontest.Place{
		Store: p.store,
		Advance: func(t *testing.T, d time.Duration) {
			t.Helper()
			p.run(t, "UPDATE platform_sessions SET "+older("created_at", d)+", "+older("seen_at", d)+", "+older("expires_at", d)+", "+older("ends_at", d))
		},
		Damage: func(t *testing.T, id driver.ID, text string) {
			t.Helper()
			p.run(t, "UPDATE platform_sessions SET body = ? WHERE id = ?", text, id.String())
		},
	}
}
