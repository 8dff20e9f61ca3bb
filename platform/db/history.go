package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pressly/goose/v3/database"
)

// table returns the name of the table that holds the history of a module.
func table(module string) string { return "banyan_migrations_" + module }

// row is what the history of a module says about one version. Goose has a row for a version when it is applied. One with NO TRANSACTION gets
// its row before it begins, either way: then applied is false, and when it stays so the program has died in the middle or the file has failed.
type row struct {
	applied  bool
	checksum string // of the file; empty when an older program has applied it, or goose alone
	contract bool
}

// history is goose's store of a module with our columns in its table. It is about one file at a time, that goose applies or takes back.
type history struct {
	database.Store
	file migrationFile
	down bool
}

// Insert notes that the file is applied, in its transaction if it has one.
func (h history) Insert(ctx context.Context, db database.DBTxConn, req database.InsertRequest) error {
	text := fmt.Sprintf("UPDATE %s SET is_applied = true WHERE version_id = %d", h.Tablename(), req.Version) // it has begun
	if !h.file.noTransaction {
		text = h.insert(req.Version, true)
	}
	_, err := db.ExecContext(ctx, text)
	return err
}

// begin notes that a file with NO TRANSACTION is about to run. It may have begun before.
func (h history) begin(ctx context.Context, db database.DBTxConn, version int64) error {
	result, err := db.ExecContext(ctx, fmt.Sprintf("UPDATE %s SET is_applied = false, checksum = '%s', contract = %t WHERE version_id = %d",
		h.Tablename(), h.file.checksum, h.file.contract, version))
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); n > 0 || err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, h.insert(version, false))
	return err
}

// insert returns the statement that makes a row. A checksum is letters and digits.
func (h history) insert(version int64, applied bool) string {
	return fmt.Sprintf("INSERT INTO %s (version_id, is_applied, checksum, contract) VALUES (%d, %t, '%s', %t)",
		h.Tablename(), version, applied, h.file.checksum, h.file.contract)
}

// GetMigration is asked by goose whether there is something to do. We have seen that there is.
func (h history) GetMigration(context.Context, database.DBTxConn, int64) (*database.GetMigrationResult, error) {
	if h.down {
		return &database.GetMigrationResult{IsApplied: true}, nil
	}
	return nil, database.ErrVersionNotFound
}

// TableExists tells goose that it has no table to make.
func (h history) TableExists(context.Context, database.DBTxConn) (bool, error) { return true, nil }

// makeHistory makes the table of a module's history, or gives one of an older program what it lacks.
func (m *Migrator) makeHistory(ctx context.Context, pool *sql.DB, set migrationSet) error {
	tables, err := m.tables(ctx)
	if err != nil {
		return err
	}
	there := slices.Contains(tables, set.store.Tablename())
	if there && !m.plain(ctx, set) {
		return nil
	}
	if err := set.makeHistory(migrating(ctx, set.module), pool, there); err != nil {
		return fmt.Errorf("make the history of module %s: %w", set.module, translate(m.db.driver, err))
	}
	return nil
}

func (s migrationSet) makeHistory(ctx context.Context, pool *sql.DB, there bool) (err error) {
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rollback(tx)) }()
	if !there {
		if err := s.store.CreateVersionTable(ctx, tx); err != nil {
			return err
		}
		if err := s.store.Insert(ctx, tx, database.InsertRequest{}); err != nil { // goose begins with version 0
			return err
		}
	}
	for _, column := range []string{"checksum varchar(64) NOT NULL DEFAULT ''", "contract boolean NOT NULL DEFAULT false"} {
		if _, err := tx.ExecContext(ctx, "ALTER TABLE "+s.store.Tablename()+" ADD COLUMN "+column); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// rollback ends a transaction that was not committed.
func rollback(tx *sql.Tx) error {
	if err := tx.Rollback(); !errors.Is(err, sql.ErrTxDone) {
		return err
	}
	return nil
}

// plain reports whether the table of a history is goose's alone, as an older program has made it.
func (m *Migrator) plain(ctx context.Context, set migrationSet) bool {
	return !m.read.Query(ctx, Global).Migrator().HasColumn(set.store.Tablename(), "contract")
}

// histories reads the rows by module and version: for all modules with one question, since every start asks it. The sets have a history.
func (m *Migrator) histories(ctx context.Context, pool *sql.DB, sets []migrationSet) (map[string]map[int64]row, error) {
	all, err := readHistories(ctx, pool, sets, func(migrationSet) bool { return false })
	if err == nil || ctx.Err() != nil {
		return all, err
	}
	if !slices.ContainsFunc(sets, func(s migrationSet) bool { return m.plain(ctx, s) }) {
		return nil, err
	}
	return readHistories(ctx, pool, sets, func(s migrationSet) bool { return m.plain(ctx, s) })
}

func readHistories(ctx context.Context, pool *sql.DB, sets []migrationSet, plain func(migrationSet) bool) (map[string]map[int64]row, error) {
	all := map[string]map[int64]row{}
	for some := range slices.Chunk(sets, 100) { // SQLite joins 500 at most
		var selects []string
		for _, s := range some {
			all[s.module] = map[int64]row{}
			columns := "checksum, contract"
			if plain(s) {
				columns = "'', false"
			}
			selects = append(selects, fmt.Sprintf("SELECT '%s', version_id, is_applied, %s FROM %s WHERE version_id > 0", s.module, columns, s.store.Tablename()))
		}
		rows, err := pool.QueryContext(ctx, strings.Join(selects, " UNION ALL "))
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var module string
			var v int64
			var r row
			if err := rows.Scan(&module, &v, &r.applied, &r.checksum, &r.contract); err != nil {
				return nil, errors.Join(err, rows.Close())
			}
			all[module][v] = r
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// appliedOrder returns the versions of a history, the one that was applied last first.
func appliedOrder(ctx context.Context, pool *sql.DB, set migrationSet) (versions []int64, err error) {
	list, err := set.store.ListMigrations(ctx, pool)
	for _, entry := range list {
		if entry.Version > 0 {
			versions = append(versions, entry.Version)
		}
	}
	return versions, err
}
