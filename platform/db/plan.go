package db

import "fmt"

// Step is a file that Up would apply.
type Step struct {
	Migration        // Contract is what its file says
	SQL       string // its section Up, without goose's annotations
	// Transaction is false of a file with NO TRANSACTION: what it has done stays when it fails or the process dies.
	Transaction bool
}

// Plan returns what Up would apply of these, in its order; they are what Status or Files has returned. It does no I/O on the database. The error
// is ErrChanged, ErrMalformed or one of reading.
func (m *Migrator) Plan(all []Migration) (steps []Step, err error) {
	if err := changed(m.chosen(all)); err != nil {
		return nil, err
	}
	for _, mig := range m.due(all) {
		set, err := m.set(mig.Module)
		if err != nil {
			return nil, err
		}
		f, err := readMigration(set.files, mig.Name)
		if err != nil {
			return nil, fmt.Errorf("read migration %s: %w", mig, err)
		}
		if f.lacks != "" {
			return nil, fmt.Errorf("migration %s %w: the line `%s` is missing", mig, ErrMalformed, f.lacks)
		}
		mig.Contract = f.contract
		steps = append(steps, Step{Migration: mig, SQL: f.up, Transaction: !f.noTransaction})
	}
	return steps, nil
}
