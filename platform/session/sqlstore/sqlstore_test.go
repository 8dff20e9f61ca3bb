package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/platform"
	"github.com/banyan-go/banyan/platform/db/postgres"
	"github.com/banyan-go/banyan/platform/db/sqlite"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/servertest"
	"github.com/banyan-go/banyan/platform/session"
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
	for name, cfg := range engines() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, cfg(t), driver.Options{Idle: time.Hour, Absolute: time.Hour, Most: 10})
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

// Whoever signs out all devices means all, also where a user has more of them than room is made for.
func TestRevokeAllOfMany(t *testing.T) {
	t.Parallel()
	for name, cfg := range engines() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, cfg(t), driver.Options{Idle: time.Hour, Absolute: 4 * time.Hour, Touch: time.Minute, Most: 1000})
			const begun = 105 // more than a user of package session has
			for i := range begun {
				if _, err := p.store.Create(t.Context(), &driver.Session{ID: driver.IDOf([]byte(strconv.Itoa(i))), User: "ada"}, driver.ID{}); err != nil {
					t.Fatal(err)
				}
			}
			cfg := session.Default()
			cfg.Store = "db"
			s, err := session.New(cfg, session.Options{Drivers: session.Drivers{"db": sqlstore.Driver{}}, DB: p.database})
			if err != nil {
				t.Fatal(err)
			}
			mine := driver.IDOf([]byte("50"))
			if n, err := s.RevokeAll(t.Context(), "ada", mine.Handle()); n != begun-1 || err != nil {
				t.Errorf("ended %d, %v: want %d", n, err, begun-1)
			}
			if left, err := s.List(t.Context(), "ada"); len(left) != 1 || left[0].ID != mine || err != nil {
				t.Errorf("%d are left, %v: want the one that was meant to stay", len(left), err)
			}
		})
	}
}

// Of two sessions that begin at the same time on PostgreSQL each makes room by another one: the later waits for the earlier, and sees what that has left.
func TestPostgresMakesRoomOneByOne(t *testing.T) {
	t.Parallel()
	cfg := db.Default()
	cfg.Driver, cfg.DSN = "postgres", servertest.StartPostgres(t).Database(t)
	const most = 3
	p := open(t, cfg, driver.Options{Idle: time.Hour, Absolute: 4 * time.Hour, Touch: time.Minute, Most: most})
	h := p.database.Platform()
	begin := func(ctx context.Context, i int) error {
		_, err := p.store.Create(ctx, &driver.Session{ID: driver.IDOf([]byte(strconv.Itoa(i))), User: "ada"}, driver.ID{})
		return err
	}
	for i := range most {
		if err := begin(t.Context(), i); err != nil {
			t.Fatal(err)
		}
	}
	later := make(chan error, 1)
	err := h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
		if err := begin(ctx, most); err != nil {
			return err
		}
		go func() { later <- begin(t.Context(), most+1) }()
		for waits := false; !waits && len(later) == 0; { // until the server says that it waits for this transaction
			err := h.Query(t.Context(), db.Global).Raw("SELECT count(*) > 0 FROM pg_locks l JOIN pg_database d ON d.oid = l.database OR l.database IS NULL " +
				"WHERE d.datname = current_database() AND NOT l.granted").Row().Scan(&waits)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, <-later); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := h.Query(t.Context(), db.Global).Raw("SELECT count(*) FROM platform_sessions").Row().Scan(&n); n != most || err != nil {
		t.Errorf("%d sessions, %v: want %d", n, err, most)
	}
}

// engines are the settings of a database of its own in each engine.
func engines() map[string]func(t *testing.T) db.Config {
	return map[string]func(t *testing.T) db.Config{
		"sqlite": func(t *testing.T) db.Config {
			t.Helper()
			cfg := db.Default()
			cfg.DSN = "file:" + filepath.Join(t.TempDir(), "app.db")
			cfg.SQLite.Durable = false
			return cfg
		},
		"postgres": func(t *testing.T) db.Config {
			t.Helper()
			cfg := db.Default()
			cfg.Driver, cfg.DSN = "postgres", servertest.StartPostgres(t).Database(t)
			return cfg
		},
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
