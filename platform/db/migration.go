package db

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pressly/goose/v3/database"
)

// Migrations are one module's changes of its tables: SQL files for goose, in a folder for each dialect, "sqlite/" and "postgres/".
// A file is called <UTC time>_<what>.sql, 20261123101500_products.sql for instance. Each module has a history of its own, in
// the table banyan_migrations_<module>, and no order exists between modules.
type Migrations struct {
	Module string
	Files  fs.FS
}

// PlatformSet is the Module of the platform's own migrations. They come before those of all modules, and their tables begin with platform_.
const PlatformSet = "platform"

// byModule orders the platform's own migrations first, and then the modules by name.
func byModule(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == PlatformSet:
		return -1
	case b == PlatformSet:
		return 1
	default:
		return strings.Compare(a, b)
	}
}

// MigrationState says whether a migration is in the database.
type MigrationState string

// The states of a migration.
const (
	Pending MigrationState = "pending"
	Applied MigrationState = "applied"
	// Dirty is a migration with NO TRANSACTION that was begun, up or down, and is not finished: another process is at it, it was killed, or a
	// statement has failed. Up repeats its file, and Down takes it back.
	Dirty MigrationState = "dirty"
	// Changed is one whose file has got other SQL in its section Up since it was applied.
	Changed MigrationState = "changed"
	// Unknown is a migration that the database has and this program has not: a newer program was here.
	Unknown MigrationState = "unknown"
	// Missing is an unknown one that is older than some that this program has: its file was there, or is there on another branch.
	Missing MigrationState = "missing"
)

// Migration is one file and its state.
type Migration struct {
	Module  string
	Version int64  // the time in its name, 20261123101500
	Name    string // the file's name; empty when unknown
	State   MigrationState
	// Contract is true of one that the database has and that takes away what programs without it use: a comment banyan:contract says so.
	Contract bool
}

// String returns "catalog/20261123101500_products.sql".
func (m Migration) String() string {
	return m.Module + "/" + cmp.Or(m.Name, strconv.FormatInt(m.Version, 10))
}

// migrationSet is the files of a module for the dialect, in the order of their versions.
type migrationSet struct {
	module string
	files  fs.FS
	list   []Migration
	store  database.Store
}

// newMigrationSet checks the names of the files.
func newMigrationSet(m Migrations, dialect string, goose database.Dialect) (s migrationSet, err error) {
	if !isModule(m.Module) {
		return s, errors.New("the name of a module is lower-case letters and digits") // it becomes part of SQL
	}
	s.module = m.Module
	if s.files, err = fs.Sub(m.Files, dialect); err != nil {
		return s, err
	}
	names, err := fs.Glob(s.files, "*.sql")
	if err != nil {
		return s, err
	}
	for _, name := range names {
		mig := Migration{Module: m.Module, Version: version(name), Name: name, State: Pending}
		if mig.Version == 0 {
			return s, fmt.Errorf("%s/%s: the name must begin with a UTC time and _, 20261123101500_products.sql for instance", dialect, name)
		}
		if last := len(s.list) - 1; last >= 0 && s.list[last].Version == mig.Version {
			return s, fmt.Errorf("%s/%s: %s has the same time: give one of them the second after it", dialect, name, s.list[last].Name)
		}
		s.list = append(s.list, mig)
	}
	s.store, err = database.NewStore(goose, table(m.Module))
	return s, err
}

// isModule reports whether a name is one of a module: it becomes part of SQL.
func isModule(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

// version returns the time at the beginning of a file's name, 0 when there is none.
func version(name string) int64 {
	digits, _, ok := strings.Cut(name, "_")
	if _, err := time.Parse("20060102150405", digits); err != nil || !ok {
		return 0
	}
	v, _ := strconv.ParseInt(digits, 10, 64) // digits only, as the line above has seen
	return v
}

// file returns the migration of a version, nil when this program has none.
func (s migrationSet) file(version int64) *Migration {
	i := slices.IndexFunc(s.list, func(mig Migration) bool { return mig.Version == version })
	if i < 0 {
		return nil
	}
	return &s.list[i]
}

// judge returns the migrations of a module that this program or the database knows, with their states.
func (s migrationSet) judge(rows map[int64]row) (all []Migration, err error) {
	var newest int64
	for _, mig := range s.list {
		newest = mig.Version
		r, known := rows[mig.Version]
		mig.Contract = r.contract
		if mig.State, err = s.state(mig, r, known); err != nil {
			return nil, err
		}
		all = append(all, mig)
	}
	for v, r := range rows {
		if s.file(v) != nil {
			continue
		}
		mig := Migration{Module: s.module, Version: v, State: Unknown, Contract: r.contract}
		switch {
		case !r.applied:
			mig.State = Dirty
		case v < newest:
			mig.State = Missing
		}
		all = append(all, mig)
	}
	return all, nil
}

func (s migrationSet) state(mig Migration, r row, known bool) (MigrationState, error) {
	switch {
	case !known:
		return Pending, nil
	case !r.applied:
		return Dirty, nil
	case r.checksum == "":
		return Applied, nil
	}
	f, err := readMigration(s.files, mig.Name)
	if err == nil && f.checksum != r.checksum {
		return Changed, nil
	}
	return Applied, err
}
