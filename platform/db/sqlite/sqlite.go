// Package sqlite is the embedded engine: SQLite in pure Go, one file, nothing to install.
//
// One connection writes, with the lock taken when a transaction begins, so that two transactions never fail each other half-way;
// the others can only read, and the engine refuses them every write. The file is in WAL mode: readers and the writer do not wait
// for each other.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/gormlite"
	"gorm.io/gorm"

	dbdriver "github.com/banyan-go/banyan/platform/db/driver"
)

// Driver is the SQLite engine. The zero value is ready to use.
type Driver struct{}

var _ dbdriver.Driver = Driver{}

// timeFormat sorts as text in the order of time. The engine's default leaves trailing zeros out, which does not.
const timeFormat = "2006-01-02 15:04:05.000"

// Dialect returns "sqlite".
func (Driver) Dialect() string { return "sqlite" }

// Check wants a file, either file:data/app.db or data/app.db. A database in memory is refused, because every connection would get
// one of its own; parameters are refused, because they are settings of db.sqlite.
func (Driver) Check(o dbdriver.Options) error {
	_, err := path(o.DSN)
	return err
}

func path(dsn string) (string, error) {
	p := strings.TrimPrefix(dsn, "file:")
	switch {
	case p == "":
		return "", errors.New("names no file: write file:data/app.db")
	case strings.Contains(p, ":memory:"):
		return "", errors.New("a database in memory would be another one for each connection: write file:data/app.db")
	case strings.ContainsAny(p, "?#"):
		return "", errors.New("has parameters: write file:data/app.db and set db.sqlite instead")
	case strings.Contains(p, "://"):
		return "", errors.New("is an address and not a file: write file:data/app.db, or choose another db.driver")
	case strings.ContainsRune(p, 0):
		return "", errors.New("holds a NUL character")
	}
	return filepath.Clean(p), nil
}

// Open opens the file and makes it, and its folder, when they are not there. The file is readable by its owner alone.
func (Driver) Open(ctx context.Context, o dbdriver.Options) (_ dbdriver.Pools, err error) {
	file, err := path(o.DSN)
	if err != nil {
		return dbdriver.Pools{}, err
	}
	if err := create(file); err != nil {
		return dbdriver.Pools{}, err
	}
	// The writer first: a reader needs the log and its index, which a writer makes.
	write, err := open(ctx, file, 1, "rw", "busy_timeout("+millis(o.BusyTimeout)+")", "journal_mode(wal)", "synchronous("+sync(o)+")", "foreign_keys(1)")
	if err != nil {
		return dbdriver.Pools{}, err
	}
	read, err := open(ctx, file, max(1, o.MaxOpen), "ro", "busy_timeout("+millis(o.BusyTimeout)+")", "query_only(1)")
	if err != nil {
		return dbdriver.Pools{}, errors.Join(err, write.Close())
	}
	return dbdriver.Pools{Write: write, Read: read}, nil
}

func create(file string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return fmt.Errorf("create the folder of the database: %w", err)
	}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open the database file: %w", err)
	}
	return f.Close()
}

func open(ctx context.Context, file string, connections int, mode string, pragmas ...string) (*sql.DB, error) {
	q := url.Values{"mode": {mode}, "_txlock": {"immediate"}, "_timefmt": {timeFormat}, "_pragma": pragmas}
	pool, err := driver.Open((&url.URL{Scheme: "file", Opaque: (&url.URL{Path: file}).EscapedPath(), RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", file, err)
	}
	// Connections are cheap to keep, and reopening one reads the schema again.
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", file, err), pool.Close())
	}
	return pool, nil
}

func millis(d time.Duration) string { return fmt.Sprint(max(1, d.Milliseconds())) }

func sync(o dbdriver.Options) string {
	if o.Durable {
		return "full"
	}
	return "normal"
}

// Dialector returns gorm's dialect for this engine.
func (Driver) Dialector(pool gorm.ConnPool) gorm.Dialector { return gormlite.OpenDB(pool) }

// Lock takes a lock on a file beside the database.
func (Driver) Lock(ctx context.Context, o dbdriver.Options) (func() error, error) {
	file, err := path(o.DSN)
	if err != nil {
		return nil, err
	}
	lock := flock.New(file + ".migrate.lock")
	if ok, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		return nil, fmt.Errorf("wait for the lock %s: %w", lock.Path(), err)
	} else if !ok {
		return nil, fmt.Errorf("the lock %s was not given", lock.Path())
	}
	return lock.Unlock, nil
}
