package db

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
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

// MigrationState says whether a migration is in the database.
type MigrationState string

// The states of a migration.
const (
	Pending MigrationState = "pending"
	Applied MigrationState = "applied"
	// Unknown is a migration that the database has and this program has not: a newer program was here.
	Unknown MigrationState = "unknown"
)

// Migration is one file and its state.
type Migration struct {
	Module  string
	Version int64  // the time in its name, 20261123101500
	Name    string // the file's name; empty when unknown
	State   MigrationState
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

func table(module string) string { return "banyan_migrations_" + module }

// histories reads, by module, which versions are applied: for all modules with one question, since every start asks it. The sets have a history.
func histories(ctx context.Context, pool *sql.DB, sets []migrationSet) (map[string]map[int64]bool, error) {
	all := map[string]map[int64]bool{}
	for some := range slices.Chunk(sets, 100) { // SQLite joins 500 at most
		var selects []string
		for _, s := range some {
			all[s.module] = map[int64]bool{}
			selects = append(selects, fmt.Sprintf("SELECT '%s' AS module, version_id, is_applied FROM %s WHERE version_id > 0", s.module, s.store.Tablename())) // goose begins with version 0
		}
		rows, err := pool.QueryContext(ctx, strings.Join(selects, " UNION ALL "))
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var module string
			var v int64
			var applied bool
			if err := rows.Scan(&module, &v, &applied); err != nil {
				return nil, errors.Join(err, rows.Close())
			}
			all[module][v] = applied
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// reversible returns the migration that was applied last, nil when there is none, if it can be taken back. Goose takes a file without the section for one that has nothing to
// undo, and would forget that it was applied.
func (s migrationSet) reversible(ctx context.Context, pool *sql.DB) (*Migration, error) {
	list, err := s.store.ListMigrations(ctx, pool) // the last one first
	if err != nil || len(list) == 0 || list[0].Version == 0 {
		return nil, err
	}
	i := slices.IndexFunc(s.list, func(mig Migration) bool { return mig.Version == list[0].Version })
	if i < 0 {
		return nil, fmt.Errorf("migration %s/%d was applied last, and %w: take it back with the program that does", s.module, list[0].Version, ErrUnknown)
	}
	text, err := fs.ReadFile(s.files, s.list[i].Name)
	if err != nil {
		return nil, err
	}
	if !regexp.MustCompile(`(?m)^--\s*\+goose\s+Down`).Match(text) {
		return nil, fmt.Errorf("migration %s has no section `-- +goose Down`: write another migration that undoes it", s.list[i])
	}
	last := s.list[i]
	last.State = Applied
	return &last, nil
}
