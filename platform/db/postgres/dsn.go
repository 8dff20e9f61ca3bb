package postgres

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/banyan-go/banyan/platform/db/driver"
)

// connectTime is the longest time for a new connection, unless the address says connect_timeout.
const connectTime = 5 * time.Second

// settings turns a DSN into what a connection is opened with. The error says nothing that stands in the DSN.
func settings(o driver.Options) (*pgx.ConnConfig, error) {
	if err := looksLikeAddress(o.DSN); err != nil {
		return nil, err
	}
	cfg, err := pgx.ParseConfig(o.DSN)
	if err != nil {
		return nil, because(err)
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectTime
	}
	cfg.RuntimeParams["default_transaction_read_only"] = "on"
	cfg.RuntimeParams["timezone"] = "UTC"
	limit(cfg, "statement_timeout", o.Statement)
	limit(cfg, "lock_timeout", o.LockTimeout)
	limit(cfg, "idle_in_transaction_session_timeout", o.IdleInTransaction)
	return cfg, nil
}

// limit sets a time limit of the server's, which counts milliseconds and takes 0 for none.
func limit(cfg *pgx.ConnConfig, name string, d time.Duration) {
	if d > 0 {
		cfg.RuntimeParams[name] = strconv.FormatInt(max(1, d.Milliseconds()), 10)
	}
}

// looksLikeAddress refuses what pgx would take for an empty list of keywords and fill up from the environment, which connects to somewhere.
func looksLikeAddress(dsn string) error {
	switch {
	case dsn == "":
		return errors.New("is empty: write postgres://user@host:5432/database")
	case strings.HasPrefix(dsn, "file:"), !strings.Contains(dsn, "://") && !strings.Contains(dsn, "="):
		return errors.New("is no address of a server: write postgres://user@host:5432/database, or choose another db.driver")
	case strings.Contains(dsn, "://") && !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://"):
		return errors.New("is the address of something else: write postgres://user@host:5432/database, or choose another db.driver")
	}
	return nil
}

// because returns what is wrong with an address in words of our own: pgx's error repeats the address, though without the password.
func because(err error) error {
	text := err.Error()
	text = text[strings.LastIndex(text, "`: ")+1:] // behind the address
	for _, c := range []struct{ part, say string }{
		{"invalid port", "has a port that is no number from 1 to 65535"},
		{"sslmode", "has an sslmode that does not exist: disable, allow, prefer, require, verify-ca or verify-full"},
		{"connect_timeout", "has a connect_timeout that is no number of seconds"},
		{"CA file", "names a file sslrootcert that cannot be read"},
		{"sslcert", "names a file sslcert or sslkey that cannot be read"},
	} {
		if strings.Contains(text, c.part) {
			return errors.New(c.say)
		}
	}
	return errors.New("cannot be read: write postgres://user@host:5432/database, with what is special in a password as %XX")
}

// address says where a server is.
func address(cfg *pgx.ConnConfig) string { return fmt.Sprintf("%s, port %d", cfg.Host, cfg.Port) }

// connectError says why there is no connection, without the address.
func connectError(ctx context.Context, cfg *pgx.ConnConfig, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", context.Cause(ctx))
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		if pg.Code == "08P01" && strings.Contains(pg.Message, "startup parameter") {
			return errPooler(cfg, "takes no settings: "+pg.Message)
		}
		return &driver.Error{Kind: connectKind(pg.Code), Err: fmt.Errorf("PostgreSQL at %s refuses the connection: %s (%s)", address(cfg), pg.Message, pg.Code)}
	}
	why := last(err)
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case untrusted:
		return refused(fmt.Errorf("the certificate of PostgreSQL at %s is not to be trusted: %w", address(cfg), why))
	case why.Error() == "server refused TLS connection":
		return refused(fmt.Errorf("PostgreSQL at %s has no TLS, which the sslmode of the address asks for", address(cfg)))
	}
	return &driver.Error{Kind: driver.Busy, Err: fmt.Errorf("no connection to PostgreSQL at %s: %w", address(cfg), why)}
}

// last returns the innermost error: those around it repeat the address.
func last(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			if several, ok := err.(interface{ Unwrap() []error }); ok && len(several.Unwrap()) > 0 {
				list := several.Unwrap()
				inner = list[len(list)-1]
			}
		}
		if inner == nil {
			return err
		}
		err = inner
	}
}

// withPath returns an address with another database. Its form is right: settings have been made of it.
func withPath(dsn, database string) string {
	u, err := url.Parse(dsn)
	if err != nil {
		return dsn
	}
	u.Path = "/" + database
	q := u.Query()
	q.Del("dbname")
	q.Del("database")
	u.RawQuery = q.Encode()
	return u.String()
}
