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
	"fmt"
	"strconv"
	"strings"

	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"github.com/banyan-go/banyan/platform/db/driver"
)

// Driver is the PostgreSQL engine. The zero value is ready to use.
type Driver struct{}

var _ driver.Driver = Driver{}

// oldest is the first version that tells a client of default_transaction_read_only, and the oldest one that is still maintained.
const oldest = 14

// Features says what is particular about PostgreSQL.
func (Driver) Features() driver.Features {
	return driver.Features{Dialect: "postgres", Goose: "postgres", Like: "ILIKE"}
}

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
	c, err := p.lend(ctx)
	if err != nil {
		return driver.Pools{}, err
	}
	err = fits(ctx, c, cap(p.places), max(1, o.Instances))
	p.giveBack(c)
	if err != nil {
		return driver.Pools{}, errors.Join(err, p.Close())
	}
	read := sql.OpenDB(p)
	read.SetMaxIdleConns(cap(p.places))
	write := sql.OpenDB(&writers{pool: p})
	write.SetMaxOpenConns(transactions(cap(p.places)))
	write.SetMaxIdleConns(transactions(cap(p.places)))
	o.MaxOpen = 1
	return driver.Pools{Write: write, Read: read, Health: sql.OpenDB(newPool(cfg, o))}, nil
}

// fits reports what is wrong with the server: it is too old, or has too few connections for all instances. Each of these takes as many as its
// pool may hold and one for the question whether the server answers; and somebody has to migrate.
func fits(ctx context.Context, c *conn, pool, instances int) error {
	if version := c.pgx.PgConn().ParameterStatus("server_version"); major(version) < oldest {
		return fmt.Errorf("the server is PostgreSQL %s: %d or newer is needed", version, oldest)
	}
	var has int
	const forUs = "select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
	if err := c.pgx.QueryRow(ctx, forUs).Scan(&has); err != nil {
		return fmt.Errorf("ask the server for its settings: %w", c.fail(ctx, err))
	}
	const migrations = 2 // the lock and the connection under it
	takes := instances*(pool+1) + migrations
	if takes <= has {
		return nil
	}
	advice := "raise max_connections"
	if fit := (has-migrations)/instances - 1; fit > 0 {
		advice = fmt.Sprintf("set db.pool.max_open to %d, or raise max_connections", fit)
	}
	return fmt.Errorf("the server has %d connections for us, and %d would be taken: by each of %d instances %d (db.pool.max_open) and one to ask whether the server answers, and %d by migrations: %s",
		has, takes, instances, pool, migrations, advice)
}

// transactions returns how many transactions may be open at the same time: a quarter of the connections is for statements that only read,
// so that these go on while transactions wait for each other's locks.
func transactions(connections int) int { return max(1, connections-max(1, connections/4)) }

// major returns the first number of "15.18 (Debian 15.18-0+deb12u1)", 0 when there is none.
func major(version string) int {
	end := strings.IndexFunc(version, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(version)
	}
	n, _ := strconv.Atoi(version[:end])
	return n
}

// Dialector returns gorm's dialect for this engine.
func (Driver) Dialector(pool gorm.ConnPool) gorm.Dialector {
	return postgres.New(postgres.Config{Conn: pool})
}
