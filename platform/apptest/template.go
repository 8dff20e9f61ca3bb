package apptest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/cache"
	cacheredis "github.com/banyan-go/banyan/platform/cache/redisstore"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/db/postgres"
	"github.com/banyan-go/banyan/platform/db/sqlite"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/session"
	"github.com/banyan-go/banyan/platform/session/memory"
	"github.com/banyan-go/banyan/platform/session/redisstore"
	"github.com/banyan-go/banyan/platform/session/sqlstore"
)

// The database of a test is a copy of one in which every migration was applied, the template. There is one for each set of files.

// fill makes the database of a test, which is not there yet; it goes with the test. What it leaves undone the application does when it starts: it
// migrates.
type fill func(t testing.TB, sets []db.Migrations) error

// drivers are every engine.
func drivers() db.Drivers {
	return db.Drivers{"sqlite": sqlite.Driver{}, "postgres": postgres.Driver{}}
}

// sessionDrivers are every store of sessions.
func sessionDrivers() session.Drivers {
	return session.Drivers{"db": sqlstore.Driver{}, "memory": memory.Driver{}, "redis": redisstore.Driver{}}
}

// cacheDrivers are everything that the caches of processes can share.
func cacheDrivers() cache.Drivers { return cache.Drivers{"redis": cacheredis.Driver{}} }

// migrated applies migrations to a database, as the application of a test does, and lets it go.
func migrated(ctx context.Context, cfg db.Config, sets []db.Migrations) error {
	return opened(ctx, cfg, sets, func(m *db.Migrator) error {
		_, err := m.Up(ctx)
		return err
	})
}

// opened runs fn while a database is open, guarded as in a test.
func opened(ctx context.Context, cfg db.Config, sets []db.Migrations, fn func(*db.Migrator) error) (err error) {
	cfg.Guard = db.Guard{On: true}
	var lc lifecycle.Lifecycle
	d, err := db.New(cfg, drivers(), &lc, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	m, err := d.Migrator(sets)
	if err != nil {
		return err
	}
	if err := lc.Start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lc.Stop(context.WithoutCancel(ctx))) }()
	return fn(m)
}

// fingerprint names a set of migrations.
func fingerprint(cfg db.Config, sets []db.Migrations) (string, error) {
	m, err := db.Describe(cfg, drivers(), new(lifecycle.Lifecycle), slog.New(slog.DiscardHandler)).Migrator(sets)
	if err != nil {
		return "", err
	}
	return m.Fingerprint()
}

// fillFile copies the file of a template. It lies beside the program of the test, where `go test` has built that, and goes with it. A program
// that somebody else has built has no template.
func fillFile(cfg db.Config, file string) fill {
	return func(t testing.TB, sets []db.Migrations) error {
		self, err := os.Executable()
		if err != nil || !strings.Contains(self, string(filepath.Separator)+"go-build") {
			return err
		}
		name, err := fingerprint(cfg, sets)
		if err != nil {
			return err
		}
		template := filepath.Join(filepath.Dir(self), name+".db")
		data, err := os.ReadFile(template)
		if errors.Is(err, fs.ErrNotExist) {
			data, err = makeFile(t.Context(), cfg, template, sets)
		}
		if err != nil {
			return fmt.Errorf("the template of the database: %w", err)
		}
		return os.WriteFile(file, data, 0o600)
	}
}

// makeFile makes the template, in a folder of its own first: other tests may be at the same.
func makeFile(ctx context.Context, cfg db.Config, template string, sets []db.Migrations) (data []byte, err error) {
	dir, err := os.MkdirTemp(filepath.Dir(template), "template")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "app.db")
	cfg.DSN = "file:" + file
	if err := migrated(ctx, cfg, sets); err != nil {
		return nil, err
	}
	if data, err = os.ReadFile(file); err != nil {
		return nil, err
	}
	return data, os.Rename(file, template)
}

// server is a PostgreSQL server that many tests use, of several programs at once.
type server struct {
	dsn string // of a database from which others can be made
}

// database chooses the name of a database.
func (s server) database(t testing.TB, cfg db.Config) (dsn string, _ fill) {
	t.Helper()
	dsn, name := s.address(t)
	return dsn, func(t testing.TB, sets []db.Migrations) error {
		template, err := templateName(cfg, sets)
		if err != nil {
			return err
		}
		return s.make(t, name, func(c *sql.Conn) error { return s.copy(t.Context(), c, cfg, template, name, sets) })
	}
}

// empty makes an empty database, which goes with the test.
func (s server) empty(t testing.TB) (dsn string) {
	t.Helper()
	dsn, name := s.address(t)
	err := s.make(t, name, func(c *sql.Conn) error {
		_, err := c.ExecContext(t.Context(), "CREATE DATABASE "+name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return dsn
}

// address returns a name that no database has.
func (s server) address(t testing.TB) (dsn, name string) {
	t.Helper()
	name = "test_" + strings.ToLower(rand.Text())
	dsn, err := withDatabase(s.dsn, name)
	if err != nil {
		t.Fatalf("%s: %v", postgresVar, err)
	}
	return dsn, name
}

// make runs what makes a database, and drops that at the end of the test: on one connection, since a new one takes almost as long as a copy.
func (s server) make(t testing.TB, name string, how func(*sql.Conn) error) error {
	t.Helper()
	c, hangUp, err := s.connect(t.Context())
	if err != nil {
		return err
	}
	t.Cleanup(func() {
		_, err := c.ExecContext(context.WithoutCancel(t.Context()), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		if err := errors.Join(err, hangUp()); err != nil {
			t.Errorf("drop the database of the test: %v", err)
		}
	})
	return how(c)
}

// templateName returns what a template is called: by its modules first, so that others of the same modules can be found, and by its files.
func templateName(cfg db.Config, sets []db.Migrations) (string, error) {
	files, err := fingerprint(cfg, sets)
	if err != nil {
		return "", err
	}
	var modules []string
	for _, set := range sets {
		modules = append(modules, set.Module)
	}
	slices.Sort(modules)
	sum := sha256.Sum256([]byte(strings.Join(modules, " ")))
	return fmt.Sprintf("banyan_template_%s_%.16s", hex.EncodeToString(sum[:4]), files), nil
}

// connect returns a connection for statements about whole databases.
func (s server) connect(ctx context.Context) (c *sql.Conn, hangUp func() error, err error) {
	pools, err := postgres.Driver{}.Open(ctx, driver.Options{DSN: s.dsn, MaxOpen: 1, Wait: time.Minute})
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", postgresVar, err)
	}
	if err := errors.Join(pools.Health.Close(), pools.Read.Close()); err != nil {
		return nil, nil, errors.Join(err, pools.Write.Close())
	}
	if c, err = pools.Write.Conn(ctx); err != nil {
		return nil, nil, errors.Join(err, pools.Write.Close())
	}
	return c, func() error { return errors.Join(c.Close(), pools.Write.Close()) }, nil
}

// copy makes a database from a template, and the template when it is not there.
func (s server) copy(ctx context.Context, c *sql.Conn, cfg db.Config, template, name string, sets []db.Migrations) error {
	const attempts = 3 // a program with other files of the same modules may take the template away
	var failed error
	for range attempts {
		var version int
		var there bool
		const look = "SELECT current_setting('server_version_num')::int, EXISTS (SELECT FROM pg_database WHERE datname = $1)"
		if err := c.QueryRowContext(ctx, look, template).Scan(&version, &there); err != nil {
			return err
		}
		if !there {
			if err := s.makeTemplate(ctx, c, cfg, template, sets); err != nil {
				return fmt.Errorf("make the template %s of the database: %w", template, err)
			}
		}
		text := "CREATE DATABASE " + name + " TEMPLATE " + template
		if version >= 150000 {
			text += " STRATEGY FILE_COPY" // the only one there is before
		}
		if _, failed = c.ExecContext(ctx, text); failed == nil {
			return nil
		}
	}
	return failed
}

// templateLock is what the programs of tests agree on to make a template one after the other.
const templateLock = 0x62616e79616f

// makeTemplate makes a template under another name first, so that one by this name is whole, and drops older ones of the same modules.
func (s server) makeTemplate(ctx context.Context, c *sql.Conn, cfg db.Config, template string, sets []db.Migrations) (err error) {
	if _, err := c.ExecContext(ctx, fmt.Sprintf("SELECT pg_advisory_lock(%d)", templateLock)); err != nil {
		return err
	}
	defer func() {
		_, unlock := c.ExecContext(context.WithoutCancel(ctx), fmt.Sprintf("SELECT pg_advisory_unlock(%d)", templateLock))
		err = errors.Join(err, unlock)
	}()
	old, err := texts(ctx, c, "SELECT datname FROM pg_database WHERE starts_with(datname, $1)", template[:strings.LastIndex(template, "_")+1])
	if err != nil {
		return err
	}
	var statements []string
	for _, name := range old {
		if name == template {
			return nil // another program has made it
		}
		statements = append(statements, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	}
	draft := template + "_draft"
	if cfg.DSN, err = withDatabase(s.dsn, draft); err != nil {
		return err
	}
	for _, text := range append(statements, "CREATE DATABASE "+draft) {
		if _, err := c.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	if err := migrated(ctx, cfg, sets); err != nil {
		return err
	}
	for _, text := range []string{
		"ALTER DATABASE " + draft + " ALLOW_CONNECTIONS false", // who is connected, a vacuum for instance, is in the way of a copy
		"ALTER DATABASE " + draft + " RENAME TO " + template,
	} {
		if _, err := c.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// asker is who answers questions.
type asker interface {
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

// texts returns the only column of the answer.
func texts(ctx context.Context, q asker, question string, args ...any) (all []string, err error) {
	rows, err := q.QueryContext(ctx, question, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, rows.Err()
}
