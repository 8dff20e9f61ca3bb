package apptest

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/banyan-go/banyan/platform/db"
)

// part is one thing that a schema consists of.
type part struct {
	what   string // in words that are the same for every engine: "column sku of catalog_products, not null"
	detail string // everything that this engine knows of it
}

// What an engine says about its schema: for each part a line of words, and the details.
const (
	sqliteSchema = `
WITH t AS (SELECT name, type, sql FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\_%' ESCAPE '\')
SELECT type || ' ' || name, coalesce(sql, '') FROM t
UNION ALL
SELECT 'column ' || c.name || ' of ' || t.name || iif(c."notnull" OR c.pk, ', not null', ''), c.type || ' ' || coalesce(c.dflt_value, '') FROM t, pragma_table_xinfo(t.name) c WHERE t.type = 'table'
UNION ALL
SELECT i.kind || iif(i.origin = 'c', ' ' || i.name, '') || ' (' || i.columns || ') of ' || i.tbl || iif(i.partial, ', of some rows', ''), coalesce(s.sql, '') FROM (
	SELECT t.name tbl, l.name, l.origin, l.partial, iif(l.origin = 'pk', 'primary key', iif(l."unique", 'unique ', '') || iif(l.origin = 'c', 'index', 'constraint')) kind,
		(SELECT group_concat(coalesce(x.name, '(expression)'), ', ' ORDER BY x.seqno) FROM pragma_index_info(l.name) x) columns
	FROM t, pragma_index_list(t.name) l) i LEFT JOIN sqlite_schema s ON s.name = i.name
UNION ALL
SELECT 'primary key (' || c.name || ') of ' || t.name, '' FROM t, pragma_table_xinfo(t.name) c
	WHERE c.pk = 1 AND NOT EXISTS (SELECT 1 FROM pragma_index_list(t.name) l WHERE l.origin = 'pk')
UNION ALL
SELECT 'foreign key (' || group_concat(f."from", ', ' ORDER BY f.seq) || ') of ' || t.name || ' to ' || f."table", f.on_delete || ' ' || f.on_update FROM t, pragma_foreign_key_list(t.name) f GROUP BY t.name, f.id
UNION ALL
SELECT 'trigger ' || name, coalesce(sql, '') FROM sqlite_schema WHERE type = 'trigger'`

	postgresSchema = `
WITH t AS (SELECT oid, relname, relkind FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm'))
SELECT CASE relkind WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialized view ' ELSE 'table ' END || relname, coalesce(pg_get_viewdef(oid), '') FROM t
UNION ALL
SELECT 'column ' || a.attname || ' of ' || t.relname || CASE WHEN a.attnotnull THEN ', not null' ELSE '' END,
	format_type(a.atttypid, a.atttypmod) || ' ' || a.attidentity::text || a.attgenerated::text || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
	FROM t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum WHERE t.relkind IN ('r', 'p')
UNION ALL
SELECT CASE WHEN i.indisprimary THEN 'primary key' ELSE CASE WHEN i.indisunique THEN 'unique ' ELSE '' END || CASE WHEN k.oid IS NULL THEN 'index ' || c.relname ELSE 'constraint' END END
	|| ' (' || (SELECT string_agg(coalesce(a.attname, '(expression)'), ', ' ORDER BY x.n) FROM unnest(i.indkey) WITH ORDINALITY x (col, n) LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.col WHERE x.n <= i.indnkeyatts)
	|| ') of ' || t.relname || CASE WHEN i.indpred IS NULL THEN '' ELSE ', of some rows' END, pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ' INVALID' END
	FROM t JOIN pg_index i ON i.indrelid = t.oid JOIN pg_class c ON c.oid = i.indexrelid LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype = 'u'
UNION ALL
SELECT 'foreign key (' || (SELECT string_agg(a.attname, ', ' ORDER BY x.n) FROM unnest(k.conkey) WITH ORDINALITY x (col, n) JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.col)
	|| ') of ' || t.relname || ' to ' || k.confrelid::regclass, pg_get_constraintdef(k.oid) FROM t JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype = 'f'
UNION ALL
SELECT 'trigger ' || g.tgname, pg_get_triggerdef(g.oid) FROM t JOIN pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal
UNION ALL
SELECT '', 'check ' || k.conname || ' of ' || t.relname || ' ' || pg_get_constraintdef(k.oid) FROM t JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype = 'c'
UNION ALL
SELECT '', 'sequence ' || relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'S'
UNION ALL
SELECT '', 'type ' || typname FROM pg_type WHERE typnamespace = current_schema()::regnamespace AND typtype IN ('e', 'd', 'r')
UNION ALL
SELECT '', 'function ' || proname || ' ' || prosrc FROM pg_proc WHERE pronamespace = current_schema()::regnamespace`
)

// schemaOf reads the schema of a database, without the histories of migrations.
func schemaOf(ctx context.Context, cfg db.Config) (all []part, err error) {
	pools, err := open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, pools.Health.Close(), pools.Read.Close(), pools.Write.Close()) }()
	question := sqliteSchema
	if cfg.Driver == "postgres" {
		question = postgresSchema
	}
	if all, err = readParts(ctx, pools.Read, question); err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(p part) bool { return strings.Contains(p.what+p.detail, "banyan_migrations_") })
	slices.SortFunc(all, func(a, b part) int { return strings.Compare(a.what+a.detail, b.what+b.detail) })
	return all, nil
}

func readParts(ctx context.Context, pool *sql.DB, question string) (all []part, err error) {
	rows, err := pool.QueryContext(ctx, question)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var p part
		if err := rows.Scan(&p.what, &p.detail); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, rows.Err()
}

// lines are the parts with everything that is known of them.
func lines(all []part) (lines []string) {
	for _, p := range all {
		lines = append(lines, strings.TrimSpace(p.what+" "+p.detail))
	}
	return lines
}

// words are the parts that every engine has.
func words(all []part) (words []string) {
	for _, p := range all {
		if p.what != "" && !strings.HasPrefix(p.what, "trigger ") {
			words = append(words, p.what)
		}
	}
	return words
}

// without returns what of some lines is not among others.
func without(some, others []string) []string {
	return slices.DeleteFunc(slices.Clone(some), func(line string) bool { return slices.Contains(others, line) })
}
