package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/banyan-go/banyan/platform/db/driver"
)

// Errors of migrations: states of the database that somebody has to look at.
var (
	// ErrBehind means that the database lacks migrations of this program.
	ErrBehind = errors.New("the database is behind")
	// ErrDirty means that a migration with NO TRANSACTION was begun and is not finished.
	ErrDirty = errors.New("a migration was begun and is not finished")
	// ErrContract means that a newer program has taken away what this one uses.
	ErrContract = errors.New("a newer program has taken away what this one uses")
	// ErrUnknown means that a migration is in the database and not in this program.
	ErrUnknown = errors.New("this program does not know it")
	// ErrChanged means that the file of a migration has got other SQL since it was applied.
	ErrChanged = errors.New("changed after they were applied")
	// ErrMalformed means that a file is not one that goose could run.
	ErrMalformed = errors.New("is no migration")
	// ErrOneWay means that a migration has no section Down.
	ErrOneWay = errors.New("has no section `-- +goose Down`")
	// ErrLocked means that another process was migrating for longer than one wanted to wait.
	ErrLocked = errors.New("another process is migrating the database")
	// ErrInvalidIndex means that an index was not built to its end. It is in the way of the next attempt.
	ErrInvalidIndex = errors.New("an index was not built to its end")
)

// Ready returns why this program should not serve: ErrDirty, ErrBehind or ErrContract, wrapped with the migrations that are the reason. Other unknown
// ones are none: a newer program may run beside this one.
func (m *Migrator) Ready(ctx context.Context) error {
	all, err := m.Status(ctx)
	if err != nil {
		return err
	}
	return Fit(all)
}

// Still is Ready for a program that was ready: one statement, on the connection that requests do not use. It does not look at modules that this
// program has not.
func (m *Migrator) Still(ctx context.Context) error {
	o := m.db.open.Load()
	if o == nil {
		return ErrNotStarted
	}
	histories, err := readHistories(ctx, o.Health, m.sets, func(migrationSet) bool { return false })
	if err != nil {
		return fmt.Errorf("read which migrations are applied: %w", translate(m.db.driver, err))
	}
	var all []Migration
	for _, set := range m.sets {
		some, err := set.judge(histories[set.module])
		if err != nil {
			return err
		}
		all = append(all, some...)
	}
	return Fit(all)
}

// Fit is Ready for what Status has returned.
func Fit(all []Migration) error {
	var dirty, missing, contract []string
	for _, mig := range all {
		switch {
		case mig.Name == "" && mig.Contract:
			contract = append(contract, mig.String())
		case mig.Name == "":
		case mig.State == Dirty:
			dirty = append(dirty, mig.String())
		case mig.State == Pending:
			missing = append(missing, mig.String())
		}
	}
	switch {
	case len(contract) > 0:
		return fmt.Errorf("%w (contract): %s", ErrContract, strings.Join(contract, ", "))
	case len(dirty) > 0:
		return fmt.Errorf("%w: %s", ErrDirty, strings.Join(dirty, ", "))
	case len(missing) > 0:
		return fmt.Errorf("%w by %d: %s", ErrBehind, len(missing), strings.Join(missing, ", "))
	default:
		return nil
	}
}

// changed returns ErrChanged, wrapped with the files that are.
func changed(all []Migration) error {
	var names []string
	for _, mig := range all {
		if mig.State == Changed {
			names = append(names, mig.String())
		}
	}
	if len(names) == 0 {
		return nil
	}
	return fmt.Errorf("files of migrations were %w: %s; write them as they were, and the change as another migration", ErrChanged, strings.Join(names, ", "))
}

// usable returns ErrInvalidIndex while an index is in the way of a file that is to be repeated: IF NOT EXISTS would take it for done.
func (m *Migrator) usable(ctx context.Context, o *open, due []Migration) error {
	checker, ok := m.db.driver.(driver.IndexChecker)
	if !ok || !slices.ContainsFunc(due, func(mig Migration) bool { return mig.State == Dirty }) {
		return nil
	}
	indexes, err := checker.InvalidIndexes(ctx, o.Read)
	if err != nil {
		return fmt.Errorf("look for invalid indexes: %w", translate(m.db.driver, err))
	}
	if len(indexes) == 0 {
		return nil
	}
	var what []string
	for _, ix := range indexes {
		what = append(what, ix.String())
	}
	return fmt.Errorf("%w: %s", ErrInvalidIndex, strings.Join(what, "; "))
}
