package db

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"github.com/banyan-go/banyan/platform/db/driver"
)

// Migrator applies migrations. One runs at a time for a database, whichever process it is in. It is safe for concurrent use.
type Migrator struct {
	db      *DB
	read    *Handle
	sets    []migrationSet
	options MigrateOptions
}

// MigrateOptions narrow what a Migrator does. The zero value is everything.
type MigrateOptions struct {
	// Modules are the only ones whose migrations Up applies and Plan shows; empty for all.
	Modules []string
	// To is the last version that Up applies and Plan shows; 0 for no end.
	To int64
	// LockWait is how long to wait for another process that migrates, before ErrLocked; 0 for as long as the context.
	LockWait time.Duration
}

// With returns a migrator with these options.
func (m *Migrator) With(o MigrateOptions) *Migrator {
	other := *m
	other.options = o
	return &other
}

// Migrator returns the migrator of these modules, in the order of their names behind PlatformSet. It does no I/O on the database. The error names the file
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
	slices.SortFunc(m.sets, func(a, b migrationSet) int { return byModule(a.module, b.module) })
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
	orphans, err := m.orphans(tables)
	if err != nil {
		return nil, err
	}
	with := slices.DeleteFunc(slices.Concat(m.sets, orphans), func(s migrationSet) bool { return !slices.Contains(tables, s.store.Tablename()) })
	histories, err := m.histories(ctx, o.Read, with)
	if err != nil {
		return nil, fmt.Errorf("read which migrations are applied: %w", translate(m.db.driver, err))
	}
	var all []Migration
	for _, set := range slices.Concat(m.sets, orphans) {
		some, err := set.judge(histories[set.module])
		if err != nil {
			return nil, fmt.Errorf("migrations of %s: %w", set.module, err)
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, func(a, b Migration) int {
		return cmp.Or(byModule(a.Module, b.Module), cmp.Compare(a.Version, b.Version))
	})
	return all, nil
}

// orphans returns the modules that have a history, and that this program has not, or that have no migrations any more.
func (m *Migrator) orphans(tables []string) (sets []migrationSet, err error) {
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
	return sets, nil
}

// Reset drops every table and what else migrations make, whoever has made it, so that Up begins from nothing. After an error the same call goes on from there.
func (m *Migrator) Reset(ctx context.Context) error {
	return m.locked(ctx, func(o *open) error {
		if err := m.dropOthers(ctx, o.Write); err != nil {
			return err
		}
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
	})
}

// dropOthers drops what is no table, and may be in the way of dropping one.
func (m *Migrator) dropOthers(ctx context.Context, pool *sql.DB) error {
	var drops []string
	if err := m.read.Query(ctx, Global).Raw(m.db.features.Others).Scan(&drops).Error; err != nil {
		return fmt.Errorf("read what there is beside tables: %w", err)
	}
	for _, text := range drops {
		if _, err := pool.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("%s: %w", text, translate(m.db.driver, err))
		}
	}
	return nil
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
// something is pending. Each file is one transaction: after an error, which names the file, the database is as the last file that succeeded left
// it, and the same call goes on from there. A file with the annotation NO TRANSACTION is on its own: give it one statement that can be repeated,
// since one that was begun and did not end (Dirty) is repeated. The errors are ErrChanged and ErrMalformed, then nothing is applied, ErrInvalidIndex, ErrLocked and
// those of the statements.
func (m *Migrator) Up(ctx context.Context) (done []Migration, err error) {
	all, err := m.Status(ctx)
	if err != nil {
		return nil, err
	}
	steps, err := m.Plan(all) // every file is read before the first one is applied
	if err != nil || len(steps) == 0 {
		return nil, err
	}
	return done, m.locked(ctx, func(o *open) error {
		if all, err = m.Status(ctx); err != nil { // another process may have been at it
			return err
		}
		if err := m.usable(ctx, o, m.due(all)); err != nil {
			return err
		}
		histories := map[string]bool{}
		for _, mig := range m.due(all) {
			set, err := m.set(mig.Module)
			if err != nil {
				return err
			}
			if !histories[set.module] {
				histories[set.module] = true
				if err := m.makeHistory(ctx, o.Write, set); err != nil {
					return err
				}
			}
			if err := m.goose(ctx, o.Write, set, mig, false); err != nil {
				return err
			}
			mig.State = Applied
			done = append(done, mig)
		}
		return nil
	})
}

// due returns what Up applies of these, in its order.
func (m *Migrator) due(all []Migration) []Migration {
	return slices.DeleteFunc(m.chosen(all), func(mig Migration) bool {
		return mig.State != Pending && mig.State != Dirty || mig.Name == "" || m.options.To != 0 && mig.Version > m.options.To
	})
}

// chosen returns those of the modules that the options name.
func (m *Migrator) chosen(all []Migration) []Migration {
	return slices.DeleteFunc(slices.Clone(all), func(mig Migration) bool {
		return len(m.options.Modules) > 0 && !slices.Contains(m.options.Modules, mig.Module)
	})
}

// Down takes back the migration of a module that was applied last, and returns it; nothing when there is none. A file without the
// section `-- +goose Down` (ErrOneWay), and a migration that this program does not know (ErrUnknown), cannot be taken back: then nothing changes.
func (m *Migrator) Down(ctx context.Context, module string) ([]Migration, error) {
	return m.down(ctx, module, lastOne)
}

// DownTo takes back every migration of a module that is newer than a version, 0 for all of them, the one that was applied last first, and returns
// what it took back. The errors are those of Down, before anything changes where they can be known.
func (m *Migrator) DownTo(ctx context.Context, module string, version int64) ([]Migration, error) {
	return m.down(ctx, module, newerThan(version))
}

// Last returns the migration of a module that Down would take back, with the errors of Down, and changes nothing.
func (m *Migrator) Last(ctx context.Context, module string) ([]Migration, error) {
	return m.applied(ctx, module, lastOne)
}

// Since returns the migrations of a module that DownTo would take back, with the errors of DownTo, and changes nothing.
func (m *Migrator) Since(ctx context.Context, module string, version int64) ([]Migration, error) {
	return m.applied(ctx, module, newerThan(version))
}

// lastOne chooses of the versions of a history, the one that was applied last first, what Down takes back.
func lastOne(versions []int64) []int64 { return versions[:min(1, len(versions))] }

// newerThan chooses what DownTo takes back.
func newerThan(version int64) func([]int64) []int64 {
	return func(versions []int64) []int64 {
		return slices.DeleteFunc(slices.Clone(versions), func(v int64) bool { return v <= version })
	}
}

func (m *Migrator) down(ctx context.Context, module string, choose func([]int64) []int64) (done []Migration, err error) {
	return done, m.locked(ctx, func(o *open) error {
		all, err := m.applied(ctx, module, choose)
		if err != nil {
			return err
		}
		set, err := m.set(module)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return nil
		}
		if err := m.makeHistory(ctx, o.Write, set); err != nil {
			return err
		}
		for _, mig := range all {
			if err := m.goose(ctx, o.Write, set, mig, true); err != nil {
				return err
			}
			done = append(done, mig)
		}
		return nil
	})
}

// applied returns those migrations of a module that choose takes of all that are applied, if they can be taken back.
func (m *Migrator) applied(ctx context.Context, module string, choose func([]int64) []int64) (all []Migration, err error) {
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
	versions, err := appliedOrder(ctx, o.Read, set)
	if err != nil {
		return nil, fmt.Errorf("read which migrations are applied: %w", translate(m.db.driver, err))
	}
	for _, v := range choose(versions) {
		mig, err := set.reversible(v)
		if err != nil {
			return nil, err
		}
		all = append(all, mig)
	}
	return all, nil
}

// reversible returns an applied migration if it can be taken back. Goose takes a file without the section for one that has nothing to undo, and
// would forget that it was applied.
func (s migrationSet) reversible(version int64) (mig Migration, err error) {
	known := s.file(version)
	if known == nil {
		return mig, fmt.Errorf("migration %s/%d was applied last, and %w: take it back with the program that does", s.module, version, ErrUnknown)
	}
	f, err := readMigration(s.files, known.Name)
	if err != nil {
		return mig, err
	}
	if !f.down {
		return mig, fmt.Errorf("migration %s %w: write another migration that undoes it", known, ErrOneWay)
	}
	mig = *known
	mig.State = Applied
	return mig, nil
}

// set returns the migrations of one module.
func (m *Migrator) set(module string) (migrationSet, error) {
	i := slices.IndexFunc(m.sets, func(s migrationSet) bool { return s.module == module })
	if i < 0 {
		return migrationSet{}, fmt.Errorf("module %s has no migrations", module)
	}
	return m.sets[i], nil
}

// locked runs fn under the lock that all processes share.
func (m *Migrator) locked(ctx context.Context, fn func(*open) error) (err error) {
	o := m.db.open.Load()
	if o == nil {
		return ErrNotStarted
	}
	unlock, err := m.lock(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	return fn(o)
}

func (m *Migrator) lock(ctx context.Context) (unlock func() error, err error) {
	waiting, cancel := ctx, context.CancelFunc(func() {})
	if m.options.LockWait > 0 {
		waiting, cancel = context.WithTimeout(ctx, m.options.LockWait)
	}
	defer cancel()
	unlock, err = m.db.driver.Lock(waiting, m.db.options)
	held, ok := errors.AsType[*driver.HeldError](err)
	if !ok || ctx.Err() != nil {
		return unlock, err
	}
	return nil, fmt.Errorf("%w, for longer than %s: %s", ErrLocked, m.options.LockWait, cmp.Or(held.Holder, "nobody knows which one"))
}

// lockTries is how often a file is tried that gets no lock. It waits for a short time, since requests wait behind it, and leaves them one in between.
const lockTries = 10

// gotNoLock reports whether a file has failed at a lock, and for no other reason: after a lost connection nobody knows what is committed.
func gotNoLock(err error) bool {
	e, ok := errors.AsType[*driver.Error](err)
	return ok && e.Locked
}

// goose runs one section of a file, and notes it in the history.
func (m *Migrator) goose(ctx context.Context, pool *sql.DB, set migrationSet, mig Migration, down bool) error {
	ctx = migrating(ctx, set.module)
	f, err := readMigration(set.files, mig.Name)
	if err != nil {
		return err
	}
	h := history{Store: set.store, file: f, down: down}
	p, err := goose.NewProvider(goose.DialectCustom, pool, set.files,
		goose.WithStore(h), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("migrations of %s: %w", set.module, err)
	}
	if f.noTransaction {
		if err := h.begin(ctx, pool, mig.Version); err != nil {
			return fmt.Errorf("migrate: note that %s begins: %w", mig, translate(m.db.driver, err))
		}
	}
	for try := 1; ; try++ {
		_, err = p.ApplyVersion(ctx, mig.Version, !down)
		if err == nil {
			return nil
		}
		if f.noTransaction || try == lockTries || !gotNoLock(translate(m.db.driver, err)) || !pause(ctx, time.Second) {
			break
		}
	}
	if partial, ok := errors.AsType[*goose.PartialError](err); ok {
		err = partial.Err
	}
	return fmt.Errorf("migrate: migration %s: %w", mig, translate(m.db.driver, err))
}

// Fingerprint returns 64 letters and digits that are the same for the same files in the same dialect: whatever was migrated by them is alike.
func (m *Migrator) Fingerprint() (string, error) {
	const layout = 1 // of the histories
	sum := sha256.New()
	fmt.Fprintf(sum, "%d %s\n", layout, m.db.features.Dialect)
	for _, set := range m.sets {
		for _, mig := range set.list {
			text, err := fs.ReadFile(set.files, mig.Name)
			if err != nil {
				return "", fmt.Errorf("read migration %s: %w", mig, err)
			}
			fmt.Fprintf(sum, "%s %d\n%s", mig, len(text), text)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
