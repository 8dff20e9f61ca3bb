// Package postgres is the engine PostgreSQL, from version 14 on.
//
// All connections are of one kind, so that db.pool.max_open is what the server sees, and a session of database/sql borrows one for a single
// statement or for a transaction. By default the server lets a connection only read (default_transaction_read_only); a transaction of the
// door begins as one that writes. So a write outside of a transaction is refused by the server itself, as SQLite's readers do.
package postgres

import (
	"context"
	"database/sql"
	"errors"

	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"github.com/banyan-go/banyan/platform/db/driver"
)

// Driver is the PostgreSQL engine. The zero value is ready to use.
type Driver struct{}

var _ driver.Driver = Driver{}

// Features says what is particular about PostgreSQL.
func (Driver) Features() driver.Features {
	return driver.Features{Dialect: "postgres", Goose: "postgres", Like: "ILIKE", SavesRows: true, Others: besideTables}
}

// besideTables drops views, functions and types, but for those of extensions.
const besideTables = `
	select format('drop %s if exists %I cascade', case relkind when 'v' then 'view' else 'materialized view' end, relname)
	from pg_class c where relnamespace = current_schema()::regnamespace and relkind in ('v', 'm')
		and not exists (select from pg_depend where objid = c.oid and deptype = 'e')
	union all
	select format('drop routine if exists %s cascade', oid::regprocedure) from pg_proc p where pronamespace = current_schema()::regnamespace
		and not exists (select from pg_depend where objid = p.oid and deptype = 'e')
	union all
	select format('drop type if exists %s cascade', oid::regtype) from pg_type t where typnamespace = current_schema()::regnamespace and typtype in ('e', 'd')
		and not exists (select from pg_depend where objid = t.oid and deptype = 'e')`

// Check wants an address, postgres://app@db.internal:5432/app for instance, or its form of keywords, host=db.internal user=app.
func (Driver) Check(o driver.Options) error {
	_, err := settings(o)
	return err
}

// Open connects once, and says what is wrong with the server.
func (Driver) Open(ctx context.Context, o driver.Options) (driver.Pools, error) {
	cfg, err := settings(o)
	if err != nil {
		return driver.Pools{}, err
	}
	p := newPool(cfg, o)
	c, err := p.connect(ctx)
	if err != nil {
		return driver.Pools{}, err
	}
	c.place, _ = p.places.Take(ctx, 0) // the first one
	if err = suits(ctx, c, p.places.Size(), max(1, o.Instances)); err == nil {
		err = p.roles.start(ctx, c)
	}
	p.giveBack(c)
	if err != nil {
		return driver.Pools{}, errors.Join(err, p.Close())
	}
	read := sql.OpenDB(p)
	read.SetMaxIdleConns(p.places.Size())
	write := sql.OpenDB(&writers{pool: p})
	write.SetMaxOpenConns(transactions(p.places.Size()))
	write.SetMaxIdleConns(transactions(p.places.Size()))
	o.MaxOpen, o.Guard = 1, nil // only the platform asks
	return driver.Pools{Write: write, Read: read, Health: sql.OpenDB(newPool(cfg, o))}, nil
}

// transactions returns how many transactions may be open at the same time: a quarter of the connections is for statements that only read,
// so that these go on while transactions wait for each other's locks.
func transactions(connections int) int { return max(1, connections-max(1, connections/4)) }

// Dialector returns gorm's dialect for this engine.
func (Driver) Dialector(pool gorm.ConnPool) gorm.Dialector {
	return dialect{postgres.New(postgres.Config{Conn: pool}).(*postgres.Dialector)} //nolint:forcetypeassert // it is what New returns
}

// dialect is gorm's, which sees more.
type dialect struct{ *postgres.Dialector }

// Migrator returns what looks at the schema.
func (d dialect) Migrator(orm *gorm.DB) gorm.Migrator {
	return schema{Migrator: d.Dialector.Migrator(orm).(postgres.Migrator), orm: orm} //nolint:forcetypeassert // it is what the dialect returns
}

type schema struct {
	postgres.Migrator
	orm *gorm.DB
}

// GetTables returns the names of the tables that are there, also of those that this role may not read: gorm's leaves these out, and they would
// seem to be missing.
func (s schema) GetTables() (tables []string, err error) {
	return tables, s.orm.Raw("SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = current_schema()").Scan(&tables).Error
}
