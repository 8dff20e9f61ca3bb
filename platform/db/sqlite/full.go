package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"syscall"

	"github.com/ncruces/go-sqlite3"

	dbdriver "github.com/banyan-go/banyan/platform/db/driver"
)

// little is how much room a disk has that has none: less than SQLite writes at once.
const little = 64 << 10

// room says of an error whether it came from a disk that is full. The driver drops what the system said about a write that failed, and a disk
// that is broken fails it too: so the disk is asked.
func (c *conn) room(err error) error {
	if !errors.Is(err, sqlite3.IOERR) {
		return err
	}
	var disk syscall.Statfs_t
	if failed := syscall.Statfs(filepath.Dir(c.raw.Filename("").String()), &disk); failed != nil || disk.Bavail*uint64(disk.Bsize) >= little {
		return err
	}
	return &dbdriver.Error{Kind: dbdriver.Full, Err: fmt.Errorf("the disk of the database is full: %w", err)}
}
