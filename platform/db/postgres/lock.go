package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/banyan-go/banyan/platform/db/driver"
)

// lockKey is what the programs of this framework agree on to lock the migrations of a database.
const lockKey = 0x62616e79616e // "banyan"

// Lock takes an advisory lock of the database, on a connection of its own, which the server gives back when that ends for any reason.
func (Driver) Lock(ctx context.Context, o driver.Options) (func() error, error) {
	cfg, err := settings(o)
	if err != nil {
		return nil, err
	}
	cfg = apart(cfg)
	delete(cfg.RuntimeParams, "lock_timeout")
	cfg.RuntimeParams["application_name"] = me()
	c, err := connect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if _, err := c.pgx.Exec(ctx, "select pg_advisory_lock($1)", int64(lockKey)); err != nil {
		if ended := ctx.Err(); ended != nil {
			err = &driver.HeldError{Holder: holder(context.WithoutCancel(ctx), cfg), Err: ended}
		} else {
			err = fmt.Errorf("wait for the lock of the migrations: %w", c.fail(ctx, err))
		}
		return nil, errors.Join(err, c.Close())
	}
	return c.Close, nil
}

// me names this process, in the 63 bytes that the server keeps.
func me() string {
	host, _ := os.Hostname() // "" when it has none
	return fmt.Sprintf("process %d on %.40s", os.Getpid(), host)
}

// holderTime is how long to look for the process that has the lock.
const holderTime = 2 * time.Second

// holder names the process that has the lock, "" when that cannot be found out.
func holder(ctx context.Context, cfg *pgx.ConnConfig) string {
	ctx, cancel := context.WithTimeout(ctx, holderTime)
	defer cancel()
	c, err := connect(ctx, cfg)
	if err != nil {
		return ""
	}
	defer c.Close() //nolint:errcheck // there is nobody to hear of it
	const who = `select coalesce(a.application_name, ''), coalesce(a.backend_start, now()) from pg_locks l join pg_stat_activity a using (pid)
		where l.locktype = 'advisory' and l.granted and l.database = (select oid from pg_database where datname = current_database())
		and l.classid::bigint << 32 | l.objid::bigint = $1`
	var name string
	var since time.Time
	if err := c.pgx.QueryRow(ctx, who, int64(lockKey)).Scan(&name, &since); err != nil {
		return ""
	}
	return name + ", since " + since.UTC().Format(time.RFC3339)
}

var _ driver.IndexChecker = Driver{}

// InvalidIndexes returns what CREATE INDEX CONCURRENTLY has left, or is still at.
func (Driver) InvalidIndexes(ctx context.Context, pool *sql.DB) (all []driver.InvalidIndex, err error) {
	const invalid = `select i.indexrelid::regclass::text, i.indrelid::regclass::text, coalesce(p.pid, 0)
		from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
		left join pg_stat_progress_create_index p on p.index_relid = i.indexrelid
		where not i.indisvalid and n.nspname = any (current_schemas(false)) order by 1`
	rows, err := pool.QueryContext(ctx, invalid)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var ix driver.InvalidIndex
		if err := rows.Scan(&ix.Name, &ix.Table, &ix.Builder); err != nil {
			return nil, err
		}
		ix.Drop = "DROP INDEX CONCURRENTLY " + ix.Name
		all = append(all, ix)
	}
	return all, rows.Err()
}
