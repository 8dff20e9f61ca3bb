package sqlite

import (
	"errors"
	"path/filepath"
	"strings"
)

// path returns the file that a DSN names: what stands behind "file:", taken literally.
func path(dsn string) (string, error) {
	p := strings.TrimPrefix(dsn, "file:")
	switch {
	case p == "":
		return "", errors.New("names no file: write file:data/app.db")
	case strings.Contains(p, ":memory:"):
		return "", errors.New("a database in memory would be another one for each connection: write file:data/app.db")
	case strings.HasPrefix(dsn, "postgres://"), strings.HasPrefix(dsn, "postgresql://"):
		return "", errors.New("is an address and not a file: it is one of PostgreSQL, and the profile is one of SQLite; " +
			"choose --profile cached or APP_PROFILE=cached, or another db.driver")
	case strings.Contains(p, "://"), strings.HasPrefix(p, "//") && !strings.HasPrefix(p, "///"):
		return "", errors.New("is an address and not a file: write file:data/app.db, or choose another db.driver")
	case strings.ContainsAny(p, "?#"):
		return "", errors.New("has parameters: write file:data/app.db and set db.sqlite instead")
	case p == dsn && strings.ContainsAny(p, "=@ "):
		return "", errors.New("looks like the address of a server: write file:data/app.db, or choose another db.driver")
	case strings.HasSuffix(p, "/"):
		return "", errors.New("is a folder and not a file: write file:data/app.db")
	case strings.ContainsRune(p, 0):
		return "", errors.New("holds a NUL character")
	}
	return filepath.Clean(p), nil
}
