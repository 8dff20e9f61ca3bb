package postgres

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/banyan-go/banyan/platform/db/driver"
)

var _ driver.Archiver = Driver{}

// What an archive of this engine is: text as psql reads it, a COPY for each table and a setval for each sequence. It needs no pg_dump of a
// fitting version, which an image without a shell has not; the tables are those that the migrations make.
const (
	copyPrefix   = "COPY "
	copySuffix   = " FROM stdin;"
	setvalPrefix = "SELECT pg_catalog.setval("
	endOfCopy    = `\.`
)

// Save reads every table in one transaction, which sees one moment.
func (d Driver) Save(ctx context.Context, o driver.Options, w io.Writer) (tables []driver.Table, err error) {
	buf := bufio.NewWriterSize(w, 64<<10)
	err = d.snapshot(ctx, o, func(c *conn) error {
		list, err := tablesOf(ctx, c)
		if err != nil {
			return err
		}
		for _, t := range list {
			fmt.Fprintf(buf, "%s%s (%s)%s\n", copyPrefix, t.sql, t.columns, copySuffix)
			sum := &rowSum{w: buf}
			if err := t.copyTo(ctx, c, sum); err != nil {
				return err
			}
			fmt.Fprintf(buf, "%s\n", endOfCopy)
			tables = append(tables, sum.Table(t.name))
		}
		lines, err := texts(ctx, c, sequences)
		if err != nil {
			return err
		}
		for _, line := range lines {
			fmt.Fprintf(buf, "%s\n", line)
		}
		return buf.Flush()
	})
	return tables, err
}

// Tables reads every row of every table.
func (d Driver) Tables(ctx context.Context, o driver.Options) ([]driver.Table, error) {
	return d.Save(ctx, o, io.Discard)
}

// snapshot runs do in a transaction that sees one moment, with settings under which the server writes values in one way.
func (Driver) snapshot(ctx context.Context, o driver.Options, do func(*conn) error) error {
	return by(ctx, o, "", func(c *conn) error {
		return c.all(ctx, "begin isolation level repeatable read, read only", func() error { return do(c) })
	})
}

// by opens a connection without the limits of requests, to another database of the server unless its name is empty.
func by(ctx context.Context, o driver.Options, database string, do func(*conn) error) (err error) {
	cfg, err := settings(o)
	if err != nil {
		return err
	}
	cfg = apart(cfg)
	if database != "" {
		cfg.Database = database
	}
	maps.Copy(cfg.RuntimeParams, map[string]string{
		"datestyle": "ISO", "intervalstyle": "postgres", "extra_float_digits": "3", "bytea_output": "hex", "client_encoding": "UTF8",
		"application_name": application,
	})
	c, err := connect(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if err := do(c); err != nil {
		return c.fail(ctx, err)
	}
	return nil
}

const application = "banyan backup"

// all runs do in a transaction.
func (c *conn) all(ctx context.Context, begin string, do func() error) error {
	if _, err := c.pgx.Exec(ctx, begin); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err // the end of the connection ends the transaction
	}
	if _, err := c.pgx.Exec(ctx, "commit"); err != nil {
		if c.pgx.IsClosed() {
			err = fmt.Errorf("%w: %w", driver.ErrUncertain, err)
		}
		return err
	}
	return nil
}

// table is one that has rows of its own: a part of a divided table is one, the whole is not.
type table struct {
	name    string // for people
	sql     string
	columns string // in SQL, without those that the server computes
}

// tablesOf lists the tables, without those of extensions and of the server, and keeps others from changing them while it is read.
func tablesOf(ctx context.Context, c *conn) ([]table, error) {
	rows, err := c.pgx.Query(ctx, `
SELECT CASE WHEN n.nspname = current_schema() THEN c.relname ELSE n.nspname || '.' || c.relname END, quote_ident(n.nspname) || '.' || quote_ident(c.relname),
  coalesce((SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''), '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1`)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t table, err error) { return t, row.Scan(&t.name, &t.sql, &t.columns) })
	if err != nil {
		return nil, err
	}
	for _, t := range list {
		if _, err := c.pgx.Exec(ctx, "lock table "+t.sql+" in access share mode"); err != nil {
			return nil, fmt.Errorf("read table %s: %w", t.name, err)
		}
	}
	return list, nil
}

// copyTo writes the rows in the server's text format, each a line.
func (t table) copyTo(ctx context.Context, c *conn, w io.Writer) error {
	if _, err := c.pgx.PgConn().CopyTo(ctx, w, "COPY "+t.sql+" ("+t.columns+") TO STDOUT"); err != nil {
		return fmt.Errorf("read table %s: %w", t.name, err)
	}
	return nil
}

// rowSum passes on what it gets, and adds each line to a sum. PostgreSQL sends whole lines, each with its end.
type rowSum struct {
	driver.Sum
	w io.Writer
}

// Write takes one row.
func (s *rowSum) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		s.Add(line)
	}
	return s.w.Write(p)
}

// sequences are the statements that set each sequence to where it is. (One that nobody has used yet has no value.)
const sequences = `
SELECT format('SELECT pg_catalog.setval(%L, %s, true);', quote_ident(schemaname) || '.' || quote_ident(sequencename), last_value)
FROM pg_sequences WHERE last_value IS NOT NULL ORDER BY schemaname, sequencename`

// texts returns the only column of what a query finds.
func texts(ctx context.Context, c *conn, query string, args ...any) ([]string, error) {
	rows, err := c.pgx.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// Scratch makes a database on the same server, with the same way to write and to order text.
func (Driver) Scratch(ctx context.Context, o driver.Options) (driver.Options, func(context.Context) error, error) {
	var scratch string
	err := by(ctx, o, "", func(c *conn) error {
		name, err := texts(ctx, c, "SELECT left(current_database(), 40)")
		if err != nil {
			return err
		}
		scratch = name[0] + "_scratch_" + strings.ToLower(rand.Text()[:8])
		options, err := texts(ctx, c, `
SELECT concat_ws(' ', 'template template0 encoding', quote_literal(pg_encoding_to_char(encoding)), 'lc_collate', quote_literal(d ->> 'datcollate'), 'lc_ctype', quote_literal(d ->> 'datctype'),
  CASE WHEN d ->> 'datlocprovider' = 'i' THEN 'locale_provider icu icu_locale ' || quote_literal(coalesce(d ->> 'datlocale', d ->> 'daticulocale')) END)
FROM (SELECT encoding, to_jsonb(p) AS d FROM pg_database p WHERE datname = current_database()) x`)
		if err != nil {
			return err
		}
		_, err = c.pgx.Exec(ctx, "create database "+identifier(scratch)+" "+options[0])
		return err
	})
	if err != nil {
		return o, nil, mayMake(err)
	}
	original := o
	o.DSN = on(o.DSN, scratch)
	return o, func(ctx context.Context) error {
		return by(ctx, original, "", func(c *conn) error {
			_, err := c.pgx.Exec(ctx, "drop database if exists "+identifier(scratch)+" with (force)")
			return err
		})
	}, nil
}

// mayMake says what to do when the server refuses to make a database.
func mayMake(err error) error {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "42501" {
		return fmt.Errorf("the user of the database may not make another one, in which a backup is tried first: as an administrator, ALTER ROLE ... CREATEDB: %w", err)
	}
	return fmt.Errorf("make a database to try the backup in: %w", err)
}

func identifier(name string) string { return pgx.Identifier{name}.Sanitize() }

// Load fills the tables, which the migrations have made, in one transaction. Foreign keys are off until all rows are there, and then checked.
func (Driver) Load(ctx context.Context, scratch driver.Options, r io.Reader) error {
	return by(ctx, scratch, "", func(c *conn) error {
		return c.all(ctx, "begin", func() error {
			list, err := tablesOf(ctx, c)
			if err != nil {
				return err
			}
			var names, off, on []string
			for _, t := range list {
				names = append(names, t.sql)
			}
			if len(names) == 0 {
				return load(ctx, c, r)
			}
			if off, err = texts(ctx, c, `SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint WHERE contype = 'f' AND conparentid = 0
UNION ALL SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', tgrelid::regclass, tgname) FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O'`); err != nil {
				return err
			}
			if on, err = texts(ctx, c, `SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE contype = 'f' AND conparentid = 0
UNION ALL SELECT format('ALTER TABLE %s ENABLE TRIGGER %I', tgrelid::regclass, tgname) FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O'`); err != nil {
				return err
			}
			if err := run(ctx, c, append(off, "TRUNCATE "+strings.Join(names, ", "))); err != nil {
				return err
			}
			if err := load(ctx, c, r); err != nil {
				return err
			}
			return run(ctx, c, on)
		})
	})
}

func run(ctx context.Context, c *conn, statements []string) error {
	for _, s := range statements {
		if _, err := c.pgx.Exec(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// load runs what Save has written.
func load(ctx context.Context, c *conn, r io.Reader) error {
	lines := bufio.NewReaderSize(r, 64<<10)
	for {
		line, err := lines.ReadString('\n')
		switch line = strings.TrimSuffix(line, "\n"); {
		case errors.Is(err, io.EOF) && line == "":
			return nil
		case err != nil:
			return err
		case strings.HasPrefix(line, copyPrefix) && strings.HasSuffix(line, copySuffix):
			rows := &copyReader{lines: lines}
			if _, err := c.pgx.PgConn().CopyFrom(ctx, rows, strings.TrimSuffix(line, ";")); err != nil {
				return fmt.Errorf("%s: %w", line, err)
			}
		case strings.HasPrefix(line, setvalPrefix):
			if _, err := c.pgx.Exec(ctx, line); err != nil {
				return fmt.Errorf("%s: %w", line, err)
			}
		default:
			return fmt.Errorf("an archive of PostgreSQL holds rows and sequences, and not %.40q", line)
		}
	}
}

// copyReader reads the rows of one COPY, up to the line that ends them.
type copyReader struct {
	lines *bufio.Reader
	rest  []byte // of the line that is being read
	begun bool   // the line is a later part of a long one
	done  bool
}

// Read reads a part of a line.
func (r *copyReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.done {
			return 0, io.EOF
		}
		line, err := r.lines.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return 0, io.ErrUnexpectedEOF
		case err != nil:
			return 0, err
		case !r.begun && string(line) == endOfCopy+"\n":
			r.done = true
			continue
		}
		r.rest, r.begun = line, err != nil
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// others lists who else is connected.
const others = `
SELECT concat_ws(' ', nullif(application_name, ''), 'from', coalesce(host(client_addr), 'this machine')) FROM pg_stat_activity
WHERE datname = $1 AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND application_name <> '` + application + `' ORDER BY backend_start`

// farewell is how long a server may take to notice that a client has gone.
const farewell = 2 * time.Second

// InUse asks the server who is connected, and asks again for a while: a process that has just ended is connected still.
func (Driver) InUse(ctx context.Context, o driver.Options) error {
	return by(ctx, o, "", func(c *conn) error {
		for end := time.Now().Add(farewell); ; {
			who, err := texts(ctx, c, others, c.pgx.Config().Database)
			if err != nil || len(who) == 0 {
				return err
			}
			if time.Now().After(end) {
				return fmt.Errorf("%w by %d connections, the oldest %s", driver.ErrInUse, len(who), who[0])
			}
			if _, err := c.pgx.Exec(ctx, "select pg_sleep(0.05)"); err != nil {
				return err
			}
		}
	})
}

// Replace renames both databases, in one transaction, and then drops the old one, which nobody can be connected to.
func (Driver) Replace(ctx context.Context, o, scratch driver.Options) error {
	cfg, err := settings(o)
	if err != nil {
		return err
	}
	from, err := settings(scratch)
	if err != nil {
		return err
	}
	old := from.Database + "_old"
	return elsewhere(ctx, o, cfg.Database, func(c *conn) error {
		err := c.all(ctx, "begin", func() error {
			return run(ctx, c, []string{
				"ALTER DATABASE " + identifier(cfg.Database) + " RENAME TO " + identifier(old),
				"ALTER DATABASE " + identifier(from.Database) + " RENAME TO " + identifier(cfg.Database),
			})
		})
		if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "55006" { // object_in_use
			return fmt.Errorf("%w: %s", driver.ErrInUse, pg.Detail)
		}
		if err != nil {
			return err
		}
		// It is done. The old one takes room if it cannot be dropped, and its name says what it is.
		_, _ = c.pgx.Exec(context.WithoutCancel(ctx), "drop database "+identifier(old)+" with (force)")
		return nil
	})
}

// elsewhere runs do on a connection to a database of the server that is neither of the two: one that is always there.
func elsewhere(ctx context.Context, o driver.Options, database string, do func(*conn) error) error {
	var errs []error
	for _, name := range []string{"postgres", "template1"} {
		if name == database {
			continue
		}
		reached := false
		err := by(ctx, o, name, func(c *conn) error { reached = true; return do(c) })
		if reached {
			return err
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// on returns the address of another database on the same server.
func on(dsn, database string) string {
	if !strings.Contains(dsn, "://") {
		return dsn + " dbname='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(database) + "'" // of two the last one counts
	}
	return withPath(dsn, database)
}
