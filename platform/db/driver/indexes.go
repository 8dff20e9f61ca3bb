package driver

import (
	"context"
	"database/sql"
)

// Indexer is a Driver that lists its indexes.
type Indexer interface {
	// Indexes returns those of every table, by table and name, without the engine's own. It reads on a pool of Open.
	Indexes(ctx context.Context, read *sql.DB) ([]Index, error)
}

// Index is one index of a table.
type Index struct {
	Table, Name string
	// Columns are those that it is sorted by, in this order, each as SQL writes it: a name, an expression, behind either DESC.
	Columns []string
	// Includes are columns that it only carries.
	Includes []string
	Unique   bool
	Primary  bool
	// Where is the condition of an index on some rows, empty for all.
	Where string
	// Method is how it is built: "btree".
	Method string
	// Bytes is its size and Scans how often the engine has looked into it since it counts; -1 where the engine does not say.
	Bytes, Scans int64
}
