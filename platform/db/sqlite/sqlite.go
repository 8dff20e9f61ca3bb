// Package sqlite is the embedded engine: SQLite in pure Go, one file, nothing to install.
//
// One connection writes, with the lock taken when a transaction begins, so that two transactions never fail each other half-way;
// the others can only read, and the engine refuses them every write. The file is in WAL mode: readers and the writer do not wait
// for each other.
//
// The package speaks to SQLite without the driver for database/sql that comes with it. That one prepares every statement anew, which
// takes longer than to run most of them, and it tells of what went wrong too late to keep the promises of driver.Pools.
package sqlite

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/ncruces/go-sqlite3/gormlite"
	"gorm.io/gorm"

	"github.com/banyan-go/banyan/platform/db/driver"
)

// Driver is the SQLite engine. The zero value is ready to use.
type Driver struct{}

var (
	_ driver.Driver = Driver{}
	_ driver.Maker  = Driver{}
)

// Features says what is particular about SQLite.
func (Driver) Features() driver.Features {
	return driver.Features{
		Dialect: "sqlite", Goose: "sqlite3", Like: "LIKE", ScaledDecimals: true, PollsContext: true,
		Others: `SELECT 'DROP VIEW IF EXISTS "' || replace(name, '"', '""') || '"' FROM sqlite_master WHERE type = 'view'`,
	}
}

// Check wants a file, either file:data/app.db or data/app.db. A database in memory is refused, because every connection would get
// one of its own; parameters are refused, because they are settings of db.sqlite.
func (Driver) Check(o driver.Options) error {
	_, err := path(o.DSN)
	return err
}

// Open opens the file and makes it, and its folder, when they are not there. What it makes is readable by its owner alone.
func (Driver) Open(ctx context.Context, o driver.Options) (driver.Pools, error) {
	file, err := path(o.DSN)
	if err != nil {
		return driver.Pools{}, err
	}
	if err := create(file); err != nil {
		return driver.Pools{}, err
	}
	// The writer first: readers need the log and its index, which a writer makes.
	write := sql.OpenDB(writer{uri(file, "rw", o, "journal_mode(wal)", "synchronous("+synchronous(o)+")", "foreign_keys(1)"), o.Guard})
	write.SetMaxOpenConns(1)
	if err := checkLog(ctx, write); err != nil {
		return driver.Pools{}, errors.Join(fmt.Errorf("open %s: %w", file, err), write.Close())
	}
	sessions := newReaders(uri(file, "ro", o, "query_only(1)"), o)
	read := sql.OpenDB(sessions)
	read.SetMaxIdleConns(sessions.places.Size())
	if err := read.PingContext(ctx); err != nil {
		return driver.Pools{}, errors.Join(fmt.Errorf("open %s: %w", file, err), read.Close(), write.Close())
	}
	o.MaxOpen = 1
	health := sql.OpenDB(newReaders(uri(file, "ro", o, "query_only(1)"), o))
	return driver.Pools{Write: write, Read: read, Health: health}, nil
}

// Exists reports whether the file is there.
func (Driver) Exists(o driver.Options) (bool, error) {
	file, err := path(o.DSN)
	if err != nil {
		return false, err
	}
	_, err = os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// create makes what is not there: the folder, the file, and the index of its log, which SQLite would make readable for everybody.
func create(file string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return fmt.Errorf("create the folder of the database: %w", err)
	}
	for _, name := range []string{file, file + "-shm"} {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return fmt.Errorf("open the file of the database: %w", err)
		}
		if err := f.Close(); err != nil {
			return fmt.Errorf("open the file of the database: %w", err)
		}
	}
	return nil
}

// uri returns the address of a connection. The log gets the permissions of the file. What does not fit into memory while a statement
// sorts would go to a folder for temporary files, which a container need not have.
func uri(file, mode string, o driver.Options, pragmas ...string) string {
	busy := strconv.FormatInt(max(1, o.BusyTimeout.Milliseconds()), 10)
	q := url.Values{
		"mode":    {mode},
		"modeof":  {file},
		"_pragma": append([]string{"busy_timeout(" + busy + ")", "temp_store(memory)"}, pragmas...),
	}
	query := strings.ReplaceAll(q.Encode(), "+", "%20") // to SQLite a plus is a plus
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: file}).EscapedPath(), RawQuery: query}).String()
}

func synchronous(o driver.Options) string {
	if o.Durable {
		return "full"
	}
	return "normal"
}

// checkLog sees whether SQLite has taken the mode of its log that was asked for. It needs memory that processes share, and says nothing
// where the file system has none.
func checkLog(ctx context.Context, write *sql.DB) error {
	var mode string
	if err := write.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return errors.New("the file system has no shared memory, which SQLite's log (WAL) needs: put the file on a local disk")
	}
	return nil
}

// Dialector returns gorm's dialect for this engine.
func (Driver) Dialector(pool gorm.ConnPool) gorm.Dialector { return gormlite.OpenDB(pool) }

// lockPoll is how often a process that waits looks whether the lock is free: the system has no wait that ends with a context.
const lockPoll = 20 * time.Millisecond

// Lock takes a lock on a file beside the database.
func (Driver) Lock(ctx context.Context, o driver.Options) (func() error, error) {
	file, err := path(o.DSN)
	if err != nil {
		return nil, err
	}
	lock := flock.New(file+".migrate.lock", flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, lockPoll); err != nil { // without an error it has the lock
		if ctx.Err() != nil {
			return nil, &driver.HeldError{Holder: holder(lock.Path()), Err: ctx.Err()}
		}
		return nil, fmt.Errorf("wait for the lock %s: %w", lock.Path(), err)
	}
	// Who has it is written into the file, for people: it counts as long as the lock is there.
	if err := os.WriteFile(lock.Path(), []byte(me()), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("write into the lock: %w", err), lock.Unlock())
	}
	return lock.Unlock, nil
}

// me names this process.
func me() string {
	host, _ := os.Hostname() // "" when it has none
	return fmt.Sprintf("process %d on %s, since %s", os.Getpid(), host, time.Now().UTC().Format(time.RFC3339))
}

// holder names the process that has the lock, "" when it has not told.
func holder(lock string) string {
	text, err := os.ReadFile(lock)
	if err != nil {
		return ""
	}
	return string(text)
}

// writer makes the connection that writes.
type writer struct {
	uri   string
	guard driver.Guard
}

var _ sqldriver.Connector = writer{}

// Connect opens the connection.
func (w writer) Connect(ctx context.Context) (sqldriver.Conn, error) {
	return connect(ctx, w.uri, w.guard)
}

// Driver returns what database/sql wants to see.
func (writer) Driver() sqldriver.Driver { return noDriver{} }

// noDriver stands in for the drivers that database/sql knows by name.
type noDriver struct{}

// Open fails.
func (noDriver) Open(string) (sqldriver.Conn, error) { return nil, errors.ErrUnsupported }
