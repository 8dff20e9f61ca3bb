package db

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

// Migrator applies migrations. One runs at a time for a database, whichever process it is in. It is safe for concurrent use.
type Migrator struct {
	db   *DB
	read *Handle
	sets []migrationSet
}

// Migrator returns the migrator of these modules, in the order of their names. It does no I/O on the database. The error names the file
// whose name is wrong.
func (d *DB) Migrator(sets []Migrations) (*Migrator, error) {
	m := &Migrator{db: d, read: d.Platform()}
	for _, set := range sets {
		d.guard.learn(set, d.features.Dialect)
		s, err := newMigrationSet(set, d.features.Dialect, database.Dialect(d.features.Goose))
		if err != nil {
			return nil, fmt.Errorf("migrations of %s: %w", set.Module, err)
		}
		if len(s.list) > 0 {
			m.sets = append(m.sets, s)
		}
	}
	slices.SortFunc(m.sets, func(a, b migrationSet) int { return strings.Compare(a.module, b.module) })
	return m, nil
}

// Files returns the migrations of this program, by module and version, as a database sees them that is not there yet: all pending.
func (m *Migrator) Files() (all []Migration) {
	for _, set := range m.sets {
		all = append(all, set.list...)
	}
	return all
}

// Status returns every migration that this program or the database knows, by module and version. It changes nothing.
func (m *Migrator) Status(ctx context.Context) ([]Migration, error) {
	o := m.db.open.Load()
	if o == nil {
		return nil, ErrNotStarted
	}
	tables, err := m.tables(ctx)
	if err != nil {
		return nil, err
	}
	histories, err := histories(ctx, o.Read, slices.DeleteFunc(slices.Clone(m.sets), func(s migrationSet) bool { return !slices.Contains(tables, s.store.Tablename()) }))
	if err != nil {
		return nil, fmt.Errorf("read which migrations are applied: %w", translate(m.db.driver, err))
	}
	orphans, err := m.orphans(ctx, o.Read, tables)
	if err != nil {
		return nil, err
	}
	all := orphans
	for _, set := range m.sets {
		applied := histories[set.module]
		for _, mig := range set.list {
			if applied[mig.Version] {
				mig.State = Applied
				delete(applied, mig.Version)
			}
			all = append(all, mig)
		}
		for v := range applied {
			all = append(all, Migration{Module: set.module, Version: v, State: Unknown})
		}
	}
	slices.SortFunc(all, func(a, b Migration) int {
		return cmp.Or(strings.Compare(a.Module, b.Module), cmp.Compare(a.Version, b.Version))
	})
	return all, nil
}

// orphans returns the migrations of modules that this program has not, or that have none any more.
func (m *Migrator) orphans(ctx context.Context, pool *sql.DB, tables []string) (all []Migration, err error) {
	var sets []migrationSet
	for _, name := range tables {
		module, history := strings.CutPrefix(name, table(""))
		if !history || !isModule(module) || slices.ContainsFunc(m.sets, func(s migrationSet) bool { return s.module == module }) {
			continue
		}
		store, err := database.NewStore(database.Dialect(m.db.features.Goose), name)
		if err != nil {
			return nil, err
		}
		sets = append(sets, migrationSet{module: module, store: store})
	}
	known, err := histories(ctx, pool, sets)
	if err != nil {
		return nil, fmt.Errorf("read which migrations are applied: %w", translate(m.db.driver, err))
	}
	for module, versions := range known {
		for v, applied := range versions {
			if applied {
				all = append(all, Migration{Module: module, Version: v, State: Unknown})
			}
		}
	}
	return all, nil
}

// ErrBehind means that the database lacks migrations of this program.
var ErrBehind = errors.New("the database is behind")

// ErrUnknown means that a migration is in the database and not in this program.
var ErrUnknown = errors.New("this program does not know it")

// Ready returns ErrBehind, wrapped with the migrations that are missing, unless every migration is applied. Unknown ones are no reason:
// a newer program may run beside this one.
func (m *Migrator) Ready(ctx context.Context) error {
	all, err := m.Status(ctx)
	if err != nil {
		return err
	}
	return Behind(all)
}

// Behind returns ErrBehind, wrapped with the migrations that are missing, when one of these is pending.
func Behind(all []Migration) error {
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

// Reset drops every table, whoever has made it, so that Up begins from nothing. After an error the same call goes on from there.
func (m *Migrator) Reset(ctx context.Context) (err error) {
	o := m.db.open.Load()
	if o == nil {
		return ErrNotStarted
	}
	unlock, err := m.db.driver.Lock(ctx, m.db.options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	for last := -1; ; {
		tables, err := m.tables(ctx)
		if err != nil || len(tables) == 0 {
			return err
		}
		// A table that others refer to is refused until they are gone. So another round is worth it while the last one dropped something.
		var refused error
		for _, table := range tables {
			if _, err := o.Write.ExecContext(ctx, `DROP TABLE IF EXISTS "`+strings.ReplaceAll(table, `"`, `""`)+`"`); err != nil {
				refused = errors.Join(refused, fmt.Errorf("drop table %s: %w", table, translate(m.db.driver, err)))
			}
		}
		if len(tables) == last {
			return refused
		}
		last = len(tables)
	}
}

// Tables returns the names of the tables that Reset would drop. It changes nothing.
func (m *Migrator) Tables(ctx context.Context) ([]string, error) {
	if m.db.open.Load() == nil {
		return nil, ErrNotStarted
	}
	return m.tables(ctx)
}

// tables returns the names of the tables, without the engine's own.
func (m *Migrator) tables(ctx context.Context) ([]string, error) {
	tables, err := m.read.Query(ctx, Global).Migrator().GetTables()
	if err != nil {
		return nil, fmt.Errorf("read the names of the tables: %w", err)
	}
	return slices.DeleteFunc(tables, func(name string) bool { return strings.HasPrefix(name, "sqlite_") }), nil
}

// Up applies what is pending, also what is older than the last one applied, and returns what it applied. It waits for others who migrate when
// something is pending. Each file is one transaction: after
// an error, which names the file, the database is as the last file that succeeded left it, and the same call goes on from there. (A
// file with the annotation NO TRANSACTION is on its own: give it one statement that can be repeated.)
func (m *Migrator) Up(ctx context.Context) ([]Migration, error) {
	all, err := m.Status(ctx)
	if err != nil {
		return nil, err
	}
	behind := slices.DeleteFunc(slices.Clone(m.sets), func(s migrationSet) bool {
		return !slices.ContainsFunc(all, func(mig Migration) bool { return mig.Module == s.module && mig.State == Pending })
	})
	if len(behind) == 0 {
		return nil, nil
	}
	return m.run(ctx, behind, func(ctx context.Context, p *goose.Provider, _ migrationSet, _ *sql.DB) ([]*goose.MigrationResult, error) {
		return p.Up(ctx)
	})
}

// Down takes back the migration of a module that was applied last, and returns it; nothing when there is none. A file without the
// section `-- +goose Down`, and a migration that this program does not know (ErrUnknown), cannot be taken back: then nothing changes.
func (m *Migrator) Down(ctx context.Context, module string) ([]Migration, error) {
	set, err := m.set(module)
	if err != nil {
		return nil, err
	}
	return m.run(ctx, []migrationSet{set}, func(ctx context.Context, p *goose.Provider, set migrationSet, pool *sql.DB) ([]*goose.MigrationResult, error) {
		if _, err := p.GetDBVersion(ctx); err != nil { // makes the table of the history when it is not there
			return nil, err
		}
		if _, err := set.reversible(ctx, pool); err != nil {
			return nil, err
		}
		result, err := p.Down(ctx)
		if errors.Is(err, goose.ErrNoNextVersion) {
			return nil, nil
		}
		return []*goose.MigrationResult{result}, err
	})
}

// Last returns the migration of a module that Down would take back, with the errors of Down, and changes nothing.
func (m *Migrator) Last(ctx context.Context, module string) ([]Migration, error) {
	o := m.db.open.Load()
	if o == nil {
		return nil, ErrNotStarted
	}
	set, err := m.set(module)
	if err != nil {
		return nil, err
	}
	tables, err := m.tables(ctx)
	if err != nil || !slices.Contains(tables, set.store.Tablename()) {
		return nil, err
	}
	last, err := set.reversible(ctx, o.Read)
	if err != nil || last == nil {
		return nil, err
	}
	return []Migration{*last}, nil
}

// set returns the migrations of one module.
func (m *Migrator) set(module string) (migrationSet, error) {
	i := slices.IndexFunc(m.sets, func(s migrationSet) bool { return s.module == module })
	if i < 0 {
		return migrationSet{}, fmt.Errorf("module %s has no migrations", module)
	}
	return m.sets[i], nil
}

// run does something with the history of each set, under the lock that all processes share.
func (m *Migrator) run(ctx context.Context, sets []migrationSet, do func(context.Context, *goose.Provider, migrationSet, *sql.DB) ([]*goose.MigrationResult, error)) (done []Migration, err error) {
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
		p, err := goose.NewProvider(goose.Dialect(m.db.features.Goose), o.Write, set.files,
			goose.WithTableName(set.store.Tablename()), goose.WithDisableGlobalRegistry(true), goose.WithAllowOutofOrder(true), goose.WithLogger(goose.NopLogger()))
		if err != nil {
			return done, fmt.Errorf("migrations of %s: %w", set.module, err)
		}
		results, err := do(m.db.guard.migrating(ctx, set.module), p, set, o.Write)
		if partial, ok := errors.AsType[*goose.PartialError](err); ok {
			results = partial.Applied
			err = fmt.Errorf("migration %s/%s: %w", set.module, path.Base(partial.Failed.Source.Path), partial.Err)
		}
		for _, r := range results {
			if r != nil {
				done = append(done, Migration{Module: set.module, Version: r.Source.Version, Name: path.Base(r.Source.Path), State: Applied})
			}
		}
		if err != nil {
			return done, fmt.Errorf("migrate: %w", translate(m.db.driver, err))
		}
	}
	return done, nil
}
