package sqlite

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/banyan-go/banyan/platform/db/driver"
)

var _ driver.Archiver = Driver{}

// Save writes a database file: SQLite itself makes a copy in one read transaction, without what was deleted, and the copy is read.
func (d Driver) Save(ctx context.Context, o driver.Options, w io.Writer) (tables []driver.Table, err error) {
	file, err := path(o.DSN)
	if err != nil {
		return nil, err
	}
	scratch, drop, err := d.Scratch(ctx, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, drop(ctx)) }()
	target, err := path(scratch.DSN)
	if err != nil {
		return nil, err
	}
	err = with(ctx, file, "ro", o, func(c *sqlite3.Conn) error {
		s, _, err := c.Prepare("VACUUM INTO ?")
		if err != nil {
			return err
		}
		defer s.Close() //nolint:errcheck // it repeats the error of the step
		if err := s.BindText(1, target); err != nil {
			return err
		}
		return s.Exec()
	})
	if err != nil {
		return nil, fmt.Errorf("copy %s: %w", file, err)
	}
	if tables, err = d.Tables(ctx, scratch); err != nil {
		return nil, err
	}
	copied, err := os.Open(target)
	if err != nil {
		return nil, err
	}
	defer copied.Close()
	_, err = io.Copy(w, copied)
	return tables, err
}

// Tables reads every row of every table.
func (Driver) Tables(ctx context.Context, o driver.Options) (tables []driver.Table, err error) {
	file, err := path(o.DSN)
	if err != nil {
		return nil, err
	}
	return tables, with(ctx, file, "ro", o, func(c *sqlite3.Conn) error {
		if err := c.Exec("BEGIN"); err != nil { // one moment for all of them
			return err
		}
		const names = `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name`
		var all []string
		if err := each(c, names, func(s *sqlite3.Stmt) error { all = append(all, s.ColumnText(0)); return nil }); err != nil {
			return err
		}
		for _, name := range all {
			var sum driver.Sum
			var row []byte
			err := each(c, "SELECT * FROM "+quote(name), func(s *sqlite3.Stmt) error {
				row = appendRow(row[:0], s)
				sum.Add(row)
				return nil
			})
			if err != nil {
				return fmt.Errorf("read table %s: %w", name, err)
			}
			tables = append(tables, sum.Table(name))
		}
		return nil
	})
}

// appendRow appends the values of a row, each with its type and its length.
func appendRow(dst []byte, s *sqlite3.Stmt) []byte {
	for i := range s.ColumnCount() {
		t := s.ColumnType(i)
		dst = append(dst, byte(t))
		switch t {
		case sqlite3.INTEGER:
			dst = binary.BigEndian.AppendUint64(dst, uint64(s.ColumnInt64(i)))
		case sqlite3.FLOAT:
			dst = binary.BigEndian.AppendUint64(dst, math.Float64bits(s.ColumnFloat(i)))
		case sqlite3.TEXT, sqlite3.BLOB:
			value := s.ColumnRawBlob(i)
			if t == sqlite3.TEXT {
				value = s.ColumnRawText(i)
			}
			dst = append(binary.AppendUvarint(dst, uint64(len(value))), value...)
		default: // NULL has no value
		}
	}
	return dst
}

// Scratch names a file beside the database that is not there yet.
func (Driver) Scratch(_ context.Context, o driver.Options) (driver.Options, func(context.Context) error, error) {
	file, err := path(o.DSN)
	if err != nil {
		return o, nil, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return o, nil, fmt.Errorf("create the folder of the database: %w", err)
	}
	scratch, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".scratch-*") // with mode 0600
	if err != nil {
		return o, nil, err
	}
	if err := scratch.Close(); err != nil {
		return o, nil, err
	}
	o.DSN = "file:" + scratch.Name()
	return o, func(context.Context) error { return remove(scratch.Name()) }, nil
}

// remove removes the file of a database and what SQLite may have put beside it.
func remove(file string) error {
	var errs []error
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(file + suffix); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Load writes the file of the scratch, and has SQLite look at every page of it.
func (Driver) Load(ctx context.Context, scratch driver.Options, r io.Reader) error {
	file, err := path(scratch.DSN)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, readUntil{ctx, r}); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	return with(ctx, file, "rw", scratch, func(c *sqlite3.Conn) error {
		for _, check := range []string{"PRAGMA integrity_check(1)", "PRAGMA foreign_key_check"} {
			err := each(c, check, func(s *sqlite3.Stmt) error {
				if found := s.ColumnText(0); found != "ok" {
					return fmt.Errorf("%s: %s", check, found)
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// readUntil is a reader that ends with a context.
type readUntil struct {
	ctx context.Context
	io.Reader
}

func (r readUntil) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.Reader.Read(p)
}

// InUse asks SQLite for the file alone, which it has not while any other connection is open, however idle.
func (Driver) InUse(ctx context.Context, o driver.Options) error {
	file, err := path(o.DSN)
	if err != nil {
		return err
	}
	if info, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil
	}
	return with(ctx, file, "rw", o, exclusive)
}

// exclusive takes the file out of the mode of its log, which needs the file alone, and folds the log in.
func exclusive(c *sqlite3.Conn) error {
	err := c.Exec("PRAGMA journal_mode = delete")
	if errors.Is(err, sqlite3.BUSY) || errors.Is(err, sqlite3.LOCKED) {
		return fmt.Errorf("%w: another process has the file open", driver.ErrInUse)
	}
	return err
}

// Replace copies the pages of the scratch over those of the file, in one transaction of SQLite's: whatever happens on the way, the file is
// as it was or as it is to be, also after a loss of power.
func (Driver) Replace(ctx context.Context, o, scratch driver.Options) error {
	file, err := path(o.DSN)
	if err != nil {
		return err
	}
	from, err := path(scratch.DSN)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open the file of the database: %w", err)
	}
	if err := f.Close(); err != nil {
		return err
	}
	return with(ctx, file, "rw", o, func(c *sqlite3.Conn) error {
		if err := exclusive(c); err != nil {
			return err
		}
		if err := c.Exec("PRAGMA synchronous = extra"); err != nil {
			return err
		}
		return c.Restore("main", plainURI(from, "ro"))
	})
}

// with opens a connection that obeys ctx, without the authorizer of those in the pools, and closes it again.
func with(ctx context.Context, file, mode string, o driver.Options, do func(*sqlite3.Conn) error) error {
	c, err := sqlite3.OpenContext(ctx, uri(file, mode, o))
	if err != nil {
		return err
	}
	c.SetInterrupt(ctx)
	err = do(c)
	if ended := context.Cause(ctx); err != nil && ended != nil {
		err = fmt.Errorf("%w: %w", ended, err)
	}
	c.SetInterrupt(context.Background())
	return errors.Join(err, c.Close())
}

// each runs a statement and calls what for each of its rows.
func each(c *sqlite3.Conn, text string, what func(*sqlite3.Stmt) error) error {
	s, _, err := c.Prepare(text)
	if err != nil {
		return err
	}
	defer s.Close() //nolint:errcheck // it repeats the error of the last step
	for s.Step() {
		if err := what(s); err != nil {
			return err
		}
	}
	return s.Err()
}

// plainURI is the address of a file without settings.
func plainURI(file, mode string) string {
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: file}).EscapedPath(), RawQuery: "mode=" + mode}).String()
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
