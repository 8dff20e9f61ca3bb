package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/db/postgres"
	"github.com/banyan-go/banyan/platform/servertest"
)

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// column is a column of an answer.
type column struct {
	Name, Type, Scan string
	Values           []any
}

// read returns the columns of an answer.
func read(t *testing.T, q querier, query string, args ...any) (all []column) {
	t.Helper()
	rows, err := q.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		t.Fatal(err)
	}
	into := make([]any, len(types))
	for i, c := range types {
		all = append(all, column{Name: c.Name(), Type: c.DatabaseTypeName(), Scan: c.ScanType().String()})
		into[i] = new(any)
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		for i := range into {
			v := *into[i].(*any) //nolint:forcetypeassert // it is what was made above
			if at, ok := v.(time.Time); ok {
				v = at.UTC()
			}
			all[i].Values = append(all[i].Values, v)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return all
}

// Values are those that pgx's own driver for database/sql returns.
func TestValuesAreThoseOfPgx(t *testing.T) {
	t.Parallel()
	dsn := servertest.StartPostgres(t).Database(t)
	theirs, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	ours := open(t, options(dsn))
	for _, query := range []string{
		"SELECT true AS a, false AS b, NULL::boolean AS c",
		"SELECT (-32768)::int2 AS a, (-2147483648)::int4 AS b, (-9223372036854775808)::int8 AS c, 32767::int2 AS d, 2147483647::int4 AS e, 9223372036854775807 AS f, NULL::int2",
		"SELECT 4294967295::oid AS a, '7'::xid AS b, '7'::cid AS c",
		"SELECT 0.1::float4 AS a, 0.1::float8 AS b, '-Infinity'::float4 AS c, 'Infinity'::float8 AS d",
		"SELECT 12.500::numeric AS a, 1e30::numeric AS b, 'NaN'::numeric AS c, '$1.50'::money AS d",
		"SELECT ''::text AS a, 'ä'::varchar AS b, 'c'::bpchar(3) AS c, 'n'::name AS d, 'x'::\"char\" AS e, NULL::text AS f",
		`SELECT ''::bytea AS a, '\x00ff'::bytea AS b`,
		`SELECT '{"a": 1}'::json AS a, '{"a": 1}'::jsonb AS b, '<a/>'::xml AS c`,
		"SELECT '2026-02-03'::date AS a, '0001-01-01'::date AS b, '9999-12-31'::date AS c, '1969-12-31'::date AS d, 'infinity'::date AS e, '-infinity'::date AS f",
		"SELECT '2026-02-03 04:05:06.789012'::timestamp AS a, '1969-12-31 23:59:59.999999'::timestamp AS b, 'infinity'::timestamp AS c, '-infinity'::timestamp AS d",
		"SELECT '2026-02-03 04:05:06.789012+02'::timestamptz AS a, '0001-01-01 00:00:00Z'::timestamptz AS b, 'infinity'::timestamptz AS c, '-infinity'::timestamptz AS d",
		"SELECT '04:05'::time AS a, '1 day 2 hours'::interval AS b, '10.0.0.1'::inet AS c, '(1,2)'::point AS d",
		"SELECT '01890a5d-ac96-774b-bcce-b302099a8057'::uuid AS a, ARRAY[1, NULL, 3] AS b, ARRAY['a', 'b,c'] AS c, int4range(1, 5) AS d",
		"SELECT i AS same, i * 2 AS same FROM generate_series(1, 70) i",
		"SELECT i / 3, i / 3 * 1000::int8, (i / 3)::text, to_timestamp(i / 3), '2026-01-01'::date + i / 3, nullif(i % 3, 0) FROM generate_series(1, 12) i", // rows that repeat those before
		"SELECT 1 AS a WHERE false",
	} {
		want := read(t, theirs, query)
		for range 2 { // the second time it is prepared
			if got := read(t, ours.Read, query); !reflect.DeepEqual(got, want) {
				t.Errorf("%s is\n%v, want\n%v", query, got, want)
			}
		}
	}
	const cursor = "DECLARE c CURSOR FOR SELECT 7::int8 AS a, true AS b, 'x'::text AS c, '2026-02-03 04:05:06Z'::timestamptz AS d, '\\x00ff'::bytea AS e"
	var fetched [][]column // whose columns nobody knows before it runs
	for _, pool := range []*sql.DB{theirs, ours.Write} {
		tx, err := pool.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(t.Context(), cursor); err != nil {
			t.Fatal(err)
		}
		fetched = append(fetched, read(t, tx, "FETCH ALL FROM c"))
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	}
	if got, want := fetched[1], fetched[0]; !reflect.DeepEqual(got, want) {
		t.Errorf("FETCH returns\n%v, want\n%v", got, want)
	}
}

// backend is the process of the server behind what q reads.
func backend(t *testing.T, q querier) any {
	t.Helper()
	return read(t, q, "SELECT pg_backend_pid()")[0].Values[0]
}

// A connection lives through more statements than it keeps prepared, and through those that fail.
func TestConnectionOutlivesItsStatements(t *testing.T) {
	t.Parallel()
	server := servertest.StartPostgres(t)
	dsn := server.Database(t)
	o := options(dsn)
	o.MaxOpen = 1
	p := open(t, o)
	change := func(text string) {
		t.Helper()
		if _, err := p.Write.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	change("CREATE TABLE x (id integer PRIMARY KEY)")
	first := backend(t, p.Read)
	for i := range 600 {
		if got := read(t, p.Read, fmt.Sprintf("SELECT %d::int8, $1::text", i), "x"); got[0].Values[0] != int64(i) || got[1].Values[0] != "x" {
			t.Fatalf("statement %d returns %v", i, got)
		}
	}
	if kept := read(t, p.Read, "SELECT count(*) FROM pg_prepared_statements")[0].Values[0].(int64); kept < 50 || kept > 512 { //nolint:forcetypeassert // count is one
		t.Errorf("the server keeps %d statements", kept)
	}
	insert := func(n int) error {
		tx, err := p.Write.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(t.Context(), "INSERT INTO x (id) VALUES ($1)", n); err != nil {
			return errors.Join(err, tx.Rollback())
		}
		return tx.Commit()
	}
	for n := range 4 {
		if err := insert(n / 2); (err != nil) != (n%2 == 1) {
			t.Errorf("insert of %d: %v", n/2, err)
		}
	}
	want := []any{int64(0), int64(1)}
	if got := read(t, p.Read, "SELECT * FROM x ORDER BY id"); !slices.Equal(got[0].Values, want) {
		t.Errorf("the table holds %v, want %v", got, want)
	}
	change("ALTER TABLE x ADD COLUMN more text")
	if got := read(t, p.Read, "SELECT * FROM x ORDER BY id"); len(got) != 2 {
		t.Errorf("the table has %d columns, want the new one too", len(got))
	}
	change("ALTER TABLE x ADD COLUMN still_more text")
	tx, err := p.Write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = tx.QueryContext(t.Context(), "SELECT * FROM x ORDER BY id") //nolint:sqlclosecheck // there are none
	if e, ok := errors.AsType[*driver.Error](postgres.Driver{}.Translate(err)); !ok || e.Kind != driver.Conflict {
		t.Errorf("in a transaction: %v, want the kind Conflict", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
	if last := backend(t, p.Read); last != first {
		t.Errorf("connection %v, and then %v, want the same", first, last)
	}
}

// The server hears of a transaction with its first statement: until then it keeps nobody from anything, and needs no connection.
func TestTransactionBeginsWithItsFirstStatement(t *testing.T) {
	t.Parallel()
	o := options(servertest.StartPostgres(t).Database(t))
	o.MaxOpen, o.Wait = 1, time.Millisecond
	p := open(t, o)
	tx, err := p.Write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := read(t, p.Read, "SELECT count(*) FROM pg_stat_activity WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid()")[0].Values[0]; n != int64(0) {
		t.Errorf("%d transactions before there is a statement", n)
	}
	if got := read(t, tx, "SELECT current_setting('transaction_read_only'), pg_current_xact_id()::text"); got[0].Values[0] != "off" {
		t.Error("the transaction cannot write")
	} else if again := read(t, tx, "SELECT pg_current_xact_id()::text"); again[0].Values[0] != got[1].Values[0] {
		t.Error("its second statement runs in another transaction")
	}
	_, err = p.Read.QueryContext(t.Context(), "SELECT 1") //nolint:sqlclosecheck // there are none
	if e, ok := errors.AsType[*driver.Error](postgres.Driver{}.Translate(err)); !ok || e.Kind != driver.Busy {
		t.Errorf("beside the one connection: %v, want the kind Busy", err)
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
	rows, err := p.Read.QueryContext(t.Context(), "SELECT 1")
	if err != nil {
		t.Fatal(err)
	}
	late, err := p.Write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, kind := range []driver.Kind{driver.Busy, driver.Aborted} {
		_, err := late.ExecContext(t.Context(), "SELECT 1")
		if e, ok := errors.AsType[*driver.Error](postgres.Driver{}.Translate(err)); !ok || e.Kind != kind {
			t.Errorf("statement %d of a transaction that gets no connection: %v, want the kind %d", i, err, kind)
		}
	}
	if err := rows.Close(); err != nil {
		t.Error(err)
	}
	if err := late.Commit(); err == nil {
		t.Error("a transaction that got no connection is committed")
	}
	next, err := p.Write.BeginTx(t.Context(), nil)
	if err == nil {
		_, err = next.ExecContext(t.Context(), "SELECT 1")
		err = errors.Join(err, next.Commit())
	}
	if err != nil {
		t.Errorf("the next transaction: %v", err)
	}
}
