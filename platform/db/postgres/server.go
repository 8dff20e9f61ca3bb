package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/banyan-go/banyan/platform/db/driver"
)

// oldest is the first version that tells a client of default_transaction_read_only, and the oldest one that is still maintained.
const oldest = 14

// errStandby is what a server says by a parameter of the connection, and in other words to everybody who wants to write.
var errStandby = errors.New("the server is a standby, which only reads: connect to the primary, or name both servers and add target_session_attrs=read-write")

func isStandby(c *pgx.Conn) bool { return c.PgConn().ParameterStatus("in_hot_standby") == "on" }

// refused returns the error of a server that answers and will not do: waiting does not help, somebody has to change something.
func refused(err error) error { return &driver.Error{Kind: driver.Refused, Err: err} }

// suits reports what is wrong with the server behind the first connection.
func suits(ctx context.Context, c *conn, pool, instances int) error {
	if version := c.pgx.PgConn().ParameterStatus("server_version"); major(version) < oldest {
		return refused(fmt.Errorf("the server at %s is PostgreSQL %s: %d or newer is needed", address(c.pgx.Config()), version, oldest))
	}
	if isStandby(c.pgx) {
		return refused(errStandby)
	}
	var pid, has int
	var reads string
	const settings = "select pg_backend_pid(), current_setting('default_transaction_read_only'), current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
	if err := c.pgx.QueryRow(ctx, settings).Scan(&pid, &reads, &has); err != nil {
		return fmt.Errorf("ask the server for its settings: %w", c.fail(ctx, err))
	}
	if reads != "on" {
		return errPooler(c.pgx.Config(), "keeps the settings of a connection from the server")
	}
	if err := ownSession(ctx, c.pgx, pid); err != nil {
		return err
	}
	return fits(has, pool, instances)
}

// ownSession reports whether statements on one connection run in one session of the server. A pooler that lends a session for a transaction
// gives away its locks and settings; it cannot be told from a server by the number of the session alone, which it makes up.
func ownSession(ctx context.Context, c *pgx.Conn, pid int) error {
	if pid == int(c.PgConn().PID()) {
		return nil
	}
	other, err := connect(ctx, c.Config())
	if err != nil {
		return err
	}
	defer other.Close() //nolint:errcheck // it has done its work
	var same int
	if err := other.pgx.QueryRow(ctx, "select pg_backend_pid()").Scan(&same); err != nil {
		return fmt.Errorf("ask the server for its session: %w", other.fail(ctx, err))
	}
	if same == pid { // which the first connection has not given up
		return errPooler(c.Config(), "lends one session of the server to several connections")
	}
	return nil
}

// errPooler is for what stands before a server and takes from it what Banyan builds on: limits of time, readers that cannot write, the lock of
// the migrations.
func errPooler(cfg *pgx.ConnConfig, does string) error {
	return refused(fmt.Errorf("what answers at %s is a pooler (PgBouncer, for instance) that %s: give the address of the server itself; db.pool is a pool already", address(cfg), does))
}

// fits reports whether the server has connections enough for all instances. Each of these takes as many as its pool may hold and one for the
// question whether the server answers; and somebody has to migrate.
func fits(has, pool, instances int) error {
	const migrations = 2 // the lock and the connection under it
	takes := instances*(pool+1) + migrations
	if takes <= has {
		return nil
	}
	advice := "raise max_connections"
	if fit := (has-migrations)/instances - 1; fit > 0 {
		advice = fmt.Sprintf("set db.pool.max_open to %d, or raise max_connections", fit)
	}
	return refused(fmt.Errorf("the server has %d connections for us, and %d would be taken: by each of %d instances %d (db.pool.max_open) and one to ask whether the server answers, and %d by migrations: %s",
		has, takes, instances, pool, migrations, advice))
}

// major returns the first number of "15.18 (Debian 15.18-0+deb12u1)", 0 when there is none.
func major(version string) int {
	end := strings.IndexFunc(version, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(version)
	}
	n, _ := strconv.Atoi(version[:end])
	return n
}
