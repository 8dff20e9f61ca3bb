package postgres

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/banyan-go/banyan/platform/db/driver"
)

var _ driver.Indexer = Driver{}

// Indexes returns what the server knows of them. It counts scans since its statistics were last reset, on this server alone and not on those
// that follow it.
func (Driver) Indexes(ctx context.Context, read *sql.DB) (all []driver.Index, err error) {
	rows, err := read.QueryContext(ctx, `
SELECT CASE WHEN n.nspname = current_schema() THEN t.relname ELSE n.nspname || '.' || t.relname END, c.relname,
  (SELECT json_agg(pg_get_indexdef(c.oid, k, true) || CASE i.indoption[k - 1] & 3 WHEN 1 THEN ' DESC NULLS LAST' WHEN 2 THEN ' NULLS FIRST' WHEN 3 THEN ' DESC' ELSE '' END ORDER BY k)
    FROM generate_series(1, i.indnkeyatts) k),
  (SELECT coalesce(json_agg(pg_get_indexdef(c.oid, k, true) ORDER BY k), '[]') FROM generate_series(i.indnkeyatts + 1, i.indnatts) k),
  i.indisunique OR i.indisexclusion, i.indisprimary, coalesce(pg_get_expr(i.indpred, i.indrelid, true), ''), m.amname, pg_relation_size(c.oid), coalesce(s.idx_scan, -1)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
  JOIN pg_am m ON m.oid = c.relam LEFT JOIN pg_stat_user_indexes s ON s.indexrelid = c.oid
WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema' ORDER BY 1, 2`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var i driver.Index
		var columns, includes []byte
		if err := rows.Scan(&i.Table, &i.Name, &columns, &includes, &i.Unique, &i.Primary, &i.Where, &i.Method, &i.Bytes, &i.Scans); err != nil {
			return nil, err
		}
		if err := errors.Join(json.Unmarshal(columns, &i.Columns), json.Unmarshal(includes, &i.Includes)); err != nil {
			return nil, err
		}
		all = append(all, i)
	}
	return all, rows.Err()
}
