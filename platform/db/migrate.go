package db

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
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

// Migrator applies migrations. One runs at a time for a database, whichever process it is in.
type Migrator struct {
	db   *DB
	sets []Migrations
}

// Migrator returns the migrator of these modules, in the order of their names. It does no I/O on the database.
func (d *DB) Migrator(sets []Migrations) (*Migrator, error) {
	m := &Migrator{db: d}
	for _, set := range sets {
		files, err := fs.Sub(set.Files, d.Dialect())
		if err != nil {
			return nil, fmt.Errorf("migrations of %s: %w", set.Module, err)
		}
		names, err := fs.Glob(files, "*.sql")
		if err != nil {
			return nil, fmt.Errorf("migrations of %s: %w", set.Module, err)
		}
		for _, name := range names {
			if version(name) == 0 {
				return nil, fmt.Errorf("migration %s: the name must begin with a UTC time and _, 20261123101500_products.sql for instance", path.Join(set.Module, d.Dialect(), name))
			}
		}
		if len(names) > 0 {
			m.sets = append(m.sets, Migrations{Module: set.Module, Files: files})
		}
	}
	slices.SortFunc(m.sets, func(a, b Migrations) int { return strings.Compare(a.Module, b.Module) })
	return m, nil
}

// version returns the time at the beginning of a file's name, 0 when there is none.
func version(name string) int64 {
	digits, _, ok := strings.Cut(path.Base(name), "_")
	if _, err := time.Parse("20060102150405", digits); err != nil || !ok {
		return 0
	}
	v, _ := strconv.ParseInt(digits, 10, 64) // digits only, as the line above has seen
	return v
}

func table(module string) string { return "banyan_migrations_" + module }

// Status returns every migration that this program or the database knows, by module and version. It changes nothing.
func (m *Migrator) Status(ctx context.Context) ([]Migration, error) {
	var all []Migration
	for _, set := range m.sets {
		applied, err := m.applied(ctx, set.Module)
		if err != nil {
			return nil, fmt.Errorf("read the migrations of %s: %w", set.Module, err)
		}
		names, err := fs.Glob(set.Files, "*.sql")
		if err != nil {
			return nil, fmt.Errorf("migrations of %s: %w", set.Module, err)
		}
		for _, name := range names {
			mig := Migration{Module: set.Module, Version: version(name), Name: name, State: Pending}
			if applied[mig.Version] {
				mig.State = Applied
				delete(applied, mig.Version)
			}
			all = append(all, mig)
		}
		for v := range applied {
			all = append(all, Migration{Module: set.Module, Version: v, State: Unknown})
		}
	}
	slices.SortFunc(all, func(a, b Migration) int {
		return cmp.Or(strings.Compare(a.Module, b.Module), cmp.Compare(a.Version, b.Version))
	})
	return all, nil
}

// applied reads a module's history without making its table.
func (m *Migrator) applied(ctx context.Context, module string) (map[int64]bool, error) {
	q := m.db.ForModule(module).Query(ctx, Global)
	versions := map[int64]bool{}
	if !q.Migrator().HasTable(table(module)) {
		return versions, q.Error
	}
	var list []int64
	if err := q.Table(table(module)).Where("is_applied AND version_id > 0").Pluck("version_id", &list).Error; err != nil {
		return nil, err
	}
	for _, v := range list {
		versions[v] = true
	}
	return versions, nil
}

// ErrBehind means that the database lacks migrations of this program.
var ErrBehind = errors.New("the database is behind")

// Ready returns ErrBehind, wrapped with the migrations that are missing, unless every migration is applied. Unknown ones are no reason:
// a newer program may run beside this one.
func (m *Migrator) Ready(ctx context.Context) error {
	all, err := m.Status(ctx)
	if err != nil {
		return err
	}
	var missing []string
	for _, mig := range all {
		if mig.State == Pending {
			missing = append(missing, mig.String())
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("%w by %d: %s", ErrBehind, len(missing), strings.Join(missing, ", "))
}

// Up applies what is pending and returns what it applied. Each file is one transaction: after an error the database is as the last
// file that succeeded left it, and the same call goes on from there.
func (m *Migrator) Up(ctx context.Context) ([]Migration, error) {
	return m.run(ctx, m.sets, func(ctx context.Context, p *goose.Provider) ([]*goose.MigrationResult, error) {
		return p.Up(ctx)
	})
}

// Down takes back the last applied migration of a module and returns it; nothing when there is none.
func (m *Migrator) Down(ctx context.Context, module string) ([]Migration, error) {
	i := slices.IndexFunc(m.sets, func(s Migrations) bool { return s.Module == module })
	if i < 0 {
		return nil, fmt.Errorf("module %s has no migrations", module)
	}
	return m.run(ctx, m.sets[i:i+1], func(ctx context.Context, p *goose.Provider) ([]*goose.MigrationResult, error) {
		result, err := p.Down(ctx)
		if errors.Is(err, goose.ErrNoNextVersion) {
			return nil, nil
		}
		return []*goose.MigrationResult{result}, err
	})
}

// run does something with the history of each set, under the lock that all processes share.
func (m *Migrator) run(ctx context.Context, sets []Migrations, do func(context.Context, *goose.Provider) ([]*goose.MigrationResult, error)) (done []Migration, err error) {
	o := m.db.open.Load()
	if o == nil {
		return nil, ErrNotStarted
	}
	unlock, err := m.db.driver.Lock(ctx, m.db.options)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	for _, set := range sets {
		p, err := goose.NewProvider(gooseDialect(m.db.Dialect()), o.Write, set.Files,
			goose.WithTableName(table(set.Module)), goose.WithDisableGlobalRegistry(true), goose.WithAllowOutofOrder(true), goose.WithLogger(goose.NopLogger()))
		if err != nil {
			return done, fmt.Errorf("migrations of %s: %w", set.Module, err)
		}
		results, err := do(ctx, p)
		var partial *goose.PartialError
		if errors.As(err, &partial) {
			results = partial.Applied
			err = fmt.Errorf("migration %s/%s: %w", set.Module, path.Base(partial.Failed.Source.Path), partial.Failed.Error)
		}
		for _, r := range results {
			if r != nil {
				done = append(done, Migration{Module: set.Module, Version: r.Source.Version, Name: path.Base(r.Source.Path), State: Applied})
			}
		}
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

func gooseDialect(dialect string) goose.Dialect {
	if dialect == "sqlite" {
		return goose.DialectSQLite3
	}
	return goose.Dialect(dialect)
}
