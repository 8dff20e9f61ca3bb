package db

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/unit"
)

// Content is what is in a database at one moment.
type Content struct {
	Migrations []Migration    // those that are applied, by module and version
	Tables     []driver.Table // by name, with the histories of the migrations
}

// Rows returns how many rows there are, without the histories of the migrations.
func (c Content) Rows() (n int64) {
	for _, t := range c.Tables {
		if !strings.HasPrefix(t.Name, table("")) {
			n += t.Rows
		}
	}
	return n
}

// ErrDiffers means that what was restored is not what was saved.
var ErrDiffers = errors.New("what was restored is not what was saved")

// ErrInUse means that somebody has the database open.
var ErrInUse = driver.ErrInUse

// archiver returns the driver as one that can save a database.
func (m *Migrator) archiver() (driver.Archiver, error) {
	a, ok := m.db.driver.(driver.Archiver)
	if !ok {
		return nil, fmt.Errorf("driver %s cannot save a database", m.db.features.Dialect)
	}
	return a, nil
}

// Save writes what is in the database at one moment to w, and returns what that is. Others go on reading and writing; who wants to migrate
// waits. The database has to be started. What Save writes Restore reads.
func (m *Migrator) Save(ctx context.Context, w io.Writer) (c Content, err error) {
	a, err := m.archiver()
	if err != nil {
		return c, err
	}
	return c, m.locked(ctx, func(*open) error {
		all, err := m.Status(ctx)
		if err != nil {
			return err
		}
		for _, mig := range all {
			if mig.State == Dirty {
				return fmt.Errorf("migration %s was begun and is not finished: nobody could bring that back", mig)
			}
		}
		c.Migrations = slices.DeleteFunc(all, func(mig Migration) bool { return mig.State == Pending })
		c.Tables, err = a.Save(ctx, m.db.options, w)
		return err
	})
}

// Rehearse makes a database beside this one of what Save has written, compares it with want, and drops it. This database, which need not be
// started or there, is not touched. The error is ErrUnknown, about a migration that this program does not have, or ErrDiffers, about what
// is not as it was.
func (m *Migrator) Rehearse(ctx context.Context, r io.Reader, want Content) error {
	return m.restore(ctx, r, want, func(driver.Archiver, driver.Options) error { return nil })
}

// Restore is Rehearse, and then puts that database in the place of this one: all of it or, after an error or the death of the process,
// nothing. This database must not be started; ErrInUse means that somebody has it open.
func (m *Migrator) Restore(ctx context.Context, r io.Reader, want Content) error {
	a, err := m.archiver()
	if err != nil {
		return err
	}
	if err := a.InUse(ctx, m.db.options); err != nil {
		return err
	}
	replacing := false
	err = m.restore(ctx, r, want, func(a driver.Archiver, scratch driver.Options) error {
		replacing = true
		return a.Replace(ctx, m.db.options, scratch)
	})
	if err != nil && !replacing {
		return fmt.Errorf("the database is as it was: %w", err)
	}
	return err
}

// Knows returns ErrUnknown about the first of these migrations that this program does not have.
func (m *Migrator) Knows(applied []Migration) error {
	for _, mig := range applied {
		set, err := m.set(mig.Module)
		if err != nil || set.file(mig.Version) == nil {
			return fmt.Errorf("migration %s: %w", mig, ErrUnknown)
		}
	}
	return nil
}

// restore fills a scratch database and, when it is what it should be, gives it to use.
func (m *Migrator) restore(ctx context.Context, r io.Reader, want Content, use func(driver.Archiver, driver.Options) error) (err error) {
	if err := m.Knows(want.Migrations); err != nil {
		return err
	}
	a, err := m.archiver()
	if err != nil {
		return err
	}
	scratch, drop, err := a.Scratch(ctx, m.db.options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, drop(context.WithoutCancel(ctx))) }()
	if m.db.features.SavesRows {
		if err := m.on(scratch).apply(ctx, want.Migrations); err != nil {
			return fmt.Errorf("make the tables: %w", err)
		}
	}
	if err := a.Load(ctx, scratch, r); err != nil {
		return err
	}
	tables, err := a.Tables(ctx, scratch)
	if err != nil {
		return err
	}
	if err := compare(tables, want.Tables); err != nil {
		return err
	}
	return use(a, scratch)
}

// compare says how tables differ from those that were saved.
func compare(got, want []driver.Table) error {
	var wrong []string
	saved := map[string]driver.Table{}
	for _, t := range want {
		saved[t.Name] = t
	}
	for _, t := range got {
		switch w, ok := saved[t.Name]; {
		case !ok && t.Rows > 0:
			wrong = append(wrong, fmt.Sprintf("table %s was not saved", t.Name))
		case ok && t.Rows != w.Rows:
			wrong = append(wrong, fmt.Sprintf("table %s has %d rows and had %d", t.Name, t.Rows, w.Rows))
		case ok && t.Sum != w.Sum:
			wrong = append(wrong, fmt.Sprintf("table %s has other values", t.Name))
		}
		delete(saved, t.Name)
	}
	for name := range saved {
		wrong = append(wrong, fmt.Sprintf("table %s is missing", name))
	}
	if len(wrong) == 0 {
		return nil
	}
	slices.Sort(wrong)
	return fmt.Errorf("%w: %s", ErrDiffers, strings.Join(wrong, ", "))
}

// on returns the migrator of the same modules on another database.
func (m *Migrator) on(o driver.Options) *Migrator {
	cfg := m.db.cfg
	cfg.DSN, cfg.Pool.MaxOpen, cfg.Instances = o.DSN, unit.Exactly(1), 1
	other := Describe(cfg, Drivers{cfg.Driver: m.db.driver}, &lifecycle.Lifecycle{}, m.db.log)
	return &Migrator{db: other, read: other.Platform(), sets: m.sets}
}

// apply brings a database that is empty to where another one is, and closes it.
func (m *Migrator) apply(ctx context.Context, applied []Migration) (err error) {
	if err := m.db.start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.db.stop(ctx)) }()
	return m.locked(ctx, func(o *open) error {
		module := ""
		for _, mig := range applied {
			set, err := m.set(mig.Module)
			if err == nil && module != mig.Module {
				module = mig.Module
				err = m.makeHistory(ctx, o.Write, set)
			}
			if err == nil {
				err = m.goose(ctx, o.Write, set, *set.file(mig.Version), false)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// InUse returns ErrInUse while anybody has the database open, this program too.
func (m *Migrator) InUse(ctx context.Context) error {
	a, err := m.archiver()
	if err != nil {
		return err
	}
	return a.InUse(ctx, m.db.options)
}

// Filled returns the names of the tables that have rows, without the histories of the migrations. The database has to be started.
func (m *Migrator) Filled(ctx context.Context) (filled []string, err error) {
	tables, err := m.Tables(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range tables {
		if strings.HasPrefix(name, table("")) {
			continue
		}
		var found []int
		if err := m.read.Query(ctx, Global).Table(name).Select("1").Limit(1).Find(&found).Error; err != nil {
			return nil, fmt.Errorf("look into table %s: %w", name, err)
		}
		if len(found) > 0 {
			filled = append(filled, name)
		}
	}
	return filled, nil
}
