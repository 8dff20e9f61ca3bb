package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"regexp"

	"github.com/banyan-go/banyan/platform/db/driver"
)

var _ driver.Indexer = Driver{}

// Indexes returns what SQLite knows: it does not count how often an index is used, and its size is known to a part of SQLite that is not compiled
// in. A primary key that is the row's number is the table itself and no index.
func (Driver) Indexes(ctx context.Context, read *sql.DB) (all []driver.Index, err error) {
	rows, err := read.QueryContext(ctx, `
SELECT t.name, l.name, l."unique", l.origin = 'pk', coalesce(s.sql, ''), x.name, x."desc", x.cid
FROM sqlite_schema t JOIN pragma_index_list(t.name) l JOIN pragma_index_xinfo(l.name) x LEFT JOIN sqlite_schema s ON s.type = 'index' AND s.name = l.name
WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\' AND x.key ORDER BY t.name, l.name, x.seqno`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		i := driver.Index{Method: "btree", Bytes: -1, Scans: -1}
		var text string
		var column sql.NullString
		var desc bool
		var place int
		if err := rows.Scan(&i.Table, &i.Name, &i.Unique, &i.Primary, &text, &column, &desc, &place); err != nil {
			return nil, err
		}
		if last := len(all) - 1; last < 0 || all[last].Table != i.Table || all[last].Name != i.Name {
			i.Where = condition(text)
			all = append(all, i)
		}
		name := column.String
		if place == -2 { // an expression: its text is in the statement alone
			name = "(" + text + ")"
		}
		if desc {
			name += " DESC"
		}
		last := &all[len(all)-1]
		last.Columns = append(last.Columns, name)
	}
	return all, rows.Err()
}

// condition returns what stands behind WHERE in the statement that made an index.
func condition(text string) string {
	if m := regexp.MustCompile(`(?is)\)\s*where\s+(.*)$`).FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}
