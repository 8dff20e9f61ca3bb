package db

import (
	"context"
	"fmt"
	"slices"

	"github.com/banyan-go/banyan/platform/db/driver"
)

// Index is one index, and what it is good for.
type Index struct {
	driver.Index
	// Covered is the name of another index of the table that answers all that this one does, empty for none: it has the same columns, or begins
	// with them.
	Covered string
	// Unused says that the engine counts the use, has counted none, and keeps no rule by this index.
	Unused bool
}

// Indexes returns the indexes of every table, by table and name, with those that could go. The database has to be started.
func (d *DB) Indexes(ctx context.Context) ([]Index, error) {
	o := d.open.Load()
	if o == nil {
		return nil, ErrNotStarted
	}
	lister, ok := d.driver.(driver.Indexer)
	if !ok {
		return nil, fmt.Errorf("driver %s cannot list indexes", d.features.Dialect)
	}
	found, err := lister.Indexes((&pool{handle: &Handle{db: d}}).limit(ctx), o.Read)
	if err != nil {
		return nil, fmt.Errorf("read the indexes: %w", translate(d.driver, err))
	}
	return judge(found), nil
}

// judge finds the indexes that could go.
func judge(found []driver.Index) []Index {
	all := make([]Index, len(found))
	for i, own := range found {
		all[i] = Index{Index: own, Unused: own.Scans == 0 && !own.Unique}
		for j, other := range found {
			if i != j && covers(other, own) && !(covers(own, other) && i < j) { // of two that are alike the first one stays
				all[i].Covered = other.Name
				break
			}
		}
	}
	return all
}

// covers reports whether an index answers all that another one does.
func covers(other, own driver.Index) bool {
	switch {
	case own.Table != other.Table, own.Method != other.Method, own.Where != other.Where, own.Method != "btree" && !slices.Equal(own.Columns, other.Columns):
		return false
	case len(other.Columns) < len(own.Columns), !slices.Equal(own.Columns, other.Columns[:len(own.Columns)]):
		return false
	case own.Unique: // which keeps a rule that a longer one, or one that is not unique, does not
		return other.Unique && len(other.Columns) == len(own.Columns) && (other.Primary || !own.Primary)
	}
	for _, column := range own.Includes {
		if !slices.Contains(other.Includes, column) && !slices.Contains(other.Columns, column) {
			return false
		}
	}
	return true
}
