package migratelint_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/banyan-go/banyan/platform/db/migratelint"
)

// base is the migration of yesterday: what it makes has rows, and is read.
const base = `-- +goose Up
CREATE TABLE catalog_products (
    id    uuid         NOT NULL PRIMARY KEY,
    sku   varchar(64)  NOT NULL,
    price bigint       NOT NULL,
    note  varchar(100)
);
CREATE INDEX catalog_products_sku_idx ON catalog_products (sku);
CREATE TABLE catalog_offers (id uuid NOT NULL PRIMARY KEY, product_id uuid NOT NULL);

-- +goose Down
DROP TABLE catalog_offers;
DROP TABLE catalog_products;
`

const (
	pg  = migratelint.Postgres
	lit = migratelint.SQLite
)

// up is a file with these statements.
func up(statements string) string {
	return "-- +goose Up\n" + statements + "\n\n-- +goose Down\nSELECT 1;\n"
}

// alone is a file without a transaction.
func alone(statements string) string { return "-- +goose NO TRANSACTION\n" + up(statements) }

// migrations is base in both dialects, and files behind it by path.
func migrations(files map[string]string) fstest.MapFS {
	all := fstest.MapFS{}
	for _, d := range []migratelint.Dialect{pg, lit} {
		all[string(d)+"/20260101000000_base.sql"] = &fstest.MapFile{Data: []byte(base)}
	}
	for name, text := range files {
		all[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return all
}

// check returns the findings without those of the dialects' parity.
func check(t *testing.T, files fstest.MapFS) []migratelint.Finding {
	t.Helper()
	all, err := migratelint.Check("catalog", files)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(f migratelint.Finding) bool { return f.Rule == "dialect-parity" })
}

// second checks one file behind base.
func second(t *testing.T, d migratelint.Dialect, text string) []migratelint.Finding {
	t.Helper()
	return check(t, migrations(map[string]string{string(d) + "/20260202000000_next.sql": text}))
}

func rules(findings []migratelint.Finding) string {
	var all []string
	for _, f := range findings {
		all = append(all, f.Rule)
	}
	return strings.Join(all, " ")
}

// pairs are, for each rule about statements, what breaks it, and beside it what a careful person writes instead.
func pairs() []struct {
	rule      string
	dialect   migratelint.Dialect
	bad, good string
} {
	return []struct {
		rule      string
		dialect   migratelint.Dialect
		bad, good string
	}{
		{"syntax", pg, up("SELECT 'no end;"), up("SELECT 'an '' end';")},
		{"syntax", pg, "CREATE TABLE catalog_x (id uuid PRIMARY KEY);", up("CREATE TABLE catalog_x (id uuid PRIMARY KEY);")},
		{"syntax", pg, up("SELECT 1"), up("SELECT 1;")},
		{"syntax", pg, "-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n-- +goose Down\nSELECT 1;\n", up("-- +goose StatementBegin\nSELECT 1;\n-- +goose StatementEnd")},
		{"syntax", lit, "-- +goose Upp\nSELECT 1;\n", up("/* a comment -- ; */ SELECT 1;")},
		{"syntax", pg, "-- nothing\n", up(`SELECT E'it\'s; ';`)},
		{"syntax", lit, up("/* no end"), up("/* /* */ SELECT 1;")},
		{"syntax", pg, up("/* /* */ SELECT 1;"), up("/* /* */ */ SELECT 1;")},
		{
			"statement-begin", pg, up("CREATE FUNCTION catalog_f() RETURNS int AS $$\nBEGIN\n  RETURN 1;\nEND $$ LANGUAGE plpgsql;"),
			up("-- +goose StatementBegin\nCREATE FUNCTION catalog_f() RETURNS int AS $$\nBEGIN\n  RETURN 1;\nEND $$ LANGUAGE plpgsql;\n-- +goose StatementEnd"),
		},
		{
			"statement-begin", lit, up("CREATE TRIGGER catalog_t AFTER INSERT ON catalog_products BEGIN\nDELETE FROM catalog_offers;\nEND;"),
			up("-- +goose StatementBegin\nCREATE TRIGGER catalog_t AFTER INSERT ON catalog_products BEGIN\nDELETE FROM catalog_offers;\nEND;\n-- +goose StatementEnd"),
		},
		{
			"statement-begin", pg, up("CREATE RULE catalog_r AS ON INSERT TO catalog_products DO ALSO (SELECT 1;\nSELECT 2);"),
			up("CREATE RULE catalog_r AS ON INSERT TO catalog_products DO ALSO (SELECT 1; SELECT 2);"),
		},
		{"missing-down", pg, "-- +goose Up\nSELECT 1;\n", "-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 1;\n"},
		{"missing-down", lit, "-- +goose Up\nSELECT 1;\n-- +goose Down\n-- nothing\n", "-- banyan:allow missing-down the rows are gone\n-- +goose Up\nSELECT 1;\n"},
		{"foreign-table", pg, up("ALTER TABLE sale_orders ADD COLUMN x text;"), up("ALTER TABLE catalog_products ADD COLUMN x text;")},
		{"foreign-table", pg, up("UPDATE catalog_products SET sku = o.sku FROM sale_orders o;"), up("WITH sale_x AS (SELECT 1) UPDATE catalog_products SET price = extract(year FROM sku) FROM sale_x;")},
		{"foreign-table", lit, up(`INSERT INTO "sale_orders" VALUES (1);`), up("INSERT INTO catalog_offers SELECT id, id FROM catalog_products WHERE sku IS DISTINCT FROM note;")},
		{"foreign-table", lit, up("DELETE FROM [sale_orders];"), up("DELETE FROM [catalog_offers];")},
		{
			"foreign-table", lit, up("-- +goose StatementBegin\nCREATE TRIGGER catalog_t AFTER INSERT ON catalog_products BEGIN\nDELETE FROM catalog_offers;\nDELETE FROM sale_orders;\nEND;\n-- +goose StatementEnd"),
			alone("-- +goose StatementBegin\nCREATE TRIGGER IF NOT EXISTS catalog_t AFTER INSERT ON catalog_products BEGIN\nDELETE FROM catalog_offers;\nDELETE FROM catalog_offers;\nEND;\n-- +goose StatementEnd"),
		},
		{"foreign-table", lit, "-- +goose Up\nSELECT 1;\n-- +goose Down\nDROP TABLE catalogue;\n", "-- +goose Up\nSELECT 1;\n-- +goose Down\nDROP TABLE catalog_offers;\n"},
		{"foreign-table", lit, up("CREATE TABLE products (id TEXT NOT NULL PRIMARY KEY);"), up("CREATE TABLE catalog_x (id TEXT NOT NULL PRIMARY KEY);")},
		{"foreign-key", pg, up("CREATE TABLE catalog_x (id uuid PRIMARY KEY, o uuid REFERENCES sale_orders (id));"), up("CREATE TABLE catalog_x (id uuid PRIMARY KEY, o uuid REFERENCES catalog_offers (id) ON DELETE SET NULL);")},
		{
			"foreign-key", lit, up("CREATE TABLE catalog_x (id TEXT NOT NULL PRIMARY KEY, o TEXT, FOREIGN KEY (o) REFERENCES sale_orders (id));"),
			up("CREATE TABLE catalog_x (id TEXT NOT NULL PRIMARY KEY, o TEXT, FOREIGN KEY (o) REFERENCES catalog_offers (id));"),
		},
		{"foreign-key", pg, up("ALTER TABLE catalog_products ADD CONSTRAINT x FOREIGN KEY (offer) REFERENCES public.sale_orders (id) NOT VALID;"), up("ALTER TABLE catalog_products ADD CONSTRAINT x FOREIGN KEY (offer) REFERENCES public.catalog_offers (id) NOT VALID;")},
		{"security-definer", pg, up("CREATE FUNCTION catalog_f() RETURNS int LANGUAGE sql SECURITY DEFINER AS $$ SELECT 1 $$;"), up("CREATE FUNCTION catalog_f() RETURNS int LANGUAGE sql AS $$ SELECT 1 -- SECURITY DEFINER $$;")},
		{"security-definer", pg, up("ALTER FUNCTION catalog_f() SECURITY DEFINER;"), up("ALTER FUNCTION catalog_f() SECURITY INVOKER;")},
		{"primary-key", pg, up("CREATE TABLE catalog_x (a text);"), up("CREATE TABLE catalog_x (a text, b text, PRIMARY KEY (a, b));")},
		{"primary-key", pg, up("CREATE TABLE catalog_x (id uuid, UNIQUE (id));"), up("CREATE TABLE catalog_x (LIKE catalog_products INCLUDING ALL);")},
		{"identifier-length", pg, up("CREATE TABLE catalog_" + strings.Repeat("x", 56) + " (id uuid PRIMARY KEY);"), up("CREATE TABLE catalog_" + strings.Repeat("x", 55) + " (id uuid PRIMARY KEY);")},
		{"not-null-column", pg, up("ALTER TABLE catalog_products ADD COLUMN x text NOT NULL;"), up("ALTER TABLE catalog_products ADD COLUMN x text NOT NULL DEFAULT 'a';")},
		{"not-null-column", lit, up("ALTER TABLE catalog_products ADD x TEXT DEFAULT NULL NOT NULL;"), up("ALTER TABLE catalog_products ADD x TEXT;")},
		{
			"not-null-column", lit, up("ALTER TABLE catalog_products ADD COLUMN x TEXT NOT NULL REFERENCES catalog_offers (id) ON DELETE SET DEFAULT;"),
			up("ALTER TABLE catalog_products ADD COLUMN x TEXT REFERENCES catalog_offers (id) ON DELETE SET NULL;"),
		},
		{"rename", pg, up("ALTER TABLE catalog_products RENAME COLUMN sku TO code;"), up("ALTER TABLE catalog_products ADD COLUMN code varchar(64);")},
		{"rename", lit, up("ALTER TABLE catalog_products RENAME sku TO code;"), up("CREATE TABLE catalog_x (id INTEGER PRIMARY KEY, a TEXT); ALTER TABLE catalog_x RENAME a TO b;")},
		{"rename", pg, up("ALTER TABLE catalog_products RENAME TO catalog_goods;"), up("CREATE TABLE catalog_x (id uuid PRIMARY KEY); ALTER TABLE catalog_x RENAME TO catalog_y;")},
		{"rename", pg, up("ALTER TYPE catalog_state RENAME VALUE 'a' TO 'b';"), up("ALTER TYPE catalog_state ADD VALUE 'b';")},
		{"rename", pg, up("ALTER TABLE catalog_products RENAME sku TO code;"), up("ALTER TABLE catalog_products RENAME sku TO code; -- banyan:allow rename nothing is live yet")},
		{"drop", pg, up("DROP TABLE catalog_offers;"), up("-- banyan:contract nothing has read it since 1.4\nDROP TABLE catalog_offers;")},
		{"drop drop locks-together", pg, up("DROP TABLE catalog_offers, catalog_products;"), up("CREATE TABLE catalog_x (id uuid PRIMARY KEY); DROP TABLE catalog_x;")},
		{"drop", pg, up("-- banyan:contract\nALTER TABLE catalog_products DROP COLUMN note;"), "-- banyan:contract not read since 1.4\n" + up("ALTER TABLE catalog_products DROP COLUMN note;")},
		{"drop", lit, up("ALTER TABLE catalog_products DROP COLUMN note;"), up("ALTER TABLE catalog_products -- banyan:contract not read since 1.4\nDROP COLUMN note;")},
		{"cascade", pg, up("TRUNCATE catalog_products CASCADE;"), up("TRUNCATE catalog_products;")},
		{"no-transaction", pg, alone("CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON catalog_products (price);\nCREATE INDEX CONCURRENTLY IF NOT EXISTS b ON catalog_offers (id);"), alone("CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON catalog_products (price);")},
		{"no-transaction", pg, alone("CREATE INDEX CONCURRENTLY a ON catalog_products (price);"), alone("DROP INDEX CONCURRENTLY IF EXISTS catalog_products_sku_idx;")},
		{"allow", pg, up("-- banyan:allow nosuch because\nSELECT 1;"), up("-- banyan:allowance is another word\nSELECT 1;")},
		{"allow rename", pg, up("-- banyan:allow rename\nALTER TABLE catalog_products RENAME sku TO code;"), up("-- banyan:allow rename nothing is live yet\nALTER TABLE catalog_products RENAME sku TO code;")},

		{"index-lock", pg, up("CREATE UNIQUE INDEX catalog_products_x_key ON catalog_products (sku);"), up("CREATE TABLE catalog_x (id uuid PRIMARY KEY, a text); CREATE INDEX catalog_x_a_idx ON catalog_x (a);")},
		{
			"index-lock", pg, up("CREATE TABLE IF NOT EXISTS catalog_products (id uuid PRIMARY KEY);\nCREATE INDEX i ON catalog_products (price);"),
			up("CREATE TABLE IF NOT EXISTS catalog_x (id uuid PRIMARY KEY);\nCREATE INDEX i ON catalog_x (id);"),
		},
		{"index-lock", pg, up("DROP INDEX catalog_products_sku_idx;"), alone("DROP INDEX CONCURRENTLY IF EXISTS catalog_products_sku_idx;")},
		{"concurrently", pg, up("CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON catalog_products (price);"), alone("CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON catalog_products (price);")},
		{"set-not-null", pg, up("ALTER TABLE catalog_products ALTER COLUMN note SET NOT NULL;"), up("ALTER TABLE catalog_products ALTER COLUMN note SET DEFAULT 'a';")},
		{"column-rewrite", pg, up("ALTER TABLE catalog_products ADD COLUMN x uuid DEFAULT gen_random_uuid();"), up("ALTER TABLE catalog_products ADD COLUMN x timestamptz DEFAULT now();")},
		{"column-rewrite", pg, up("ALTER TABLE catalog_products ADD COLUMN x bigint GENERATED ALWAYS AS (price * 2) STORED;"), up("ALTER TABLE catalog_products ADD COLUMN x bigint;")},
		{"column-rewrite", pg, up("ALTER TABLE catalog_products ADD COLUMN x bigserial;"), up("ALTER TABLE catalog_products ADD COLUMN x numeric(4, 2) DEFAULT 1.5;")},
		{"column-rewrite", pg, up("ALTER TABLE catalog_products ADD COLUMN x bigserial NOT NULL;"), up("ALTER TABLE catalog_products ADD COLUMN x bigint NOT NULL DEFAULT 1;")},
		{"column-rewrite", pg, up("ALTER TABLE catalog_products ADD COLUMN x bigint GENERATED ALWAYS AS (price * 2) STORED NOT NULL;"), up("ALTER TABLE catalog_products ADD COLUMN x bigint;")},
		{"column-type", pg, up("ALTER TABLE catalog_products ALTER COLUMN price TYPE numeric(10, 2);"), up("ALTER TABLE catalog_products ALTER COLUMN sku TYPE varchar(128);")},
		{"column-type", pg, up("ALTER TABLE catalog_products ALTER sku SET DATA TYPE varchar(10);"), up("ALTER TABLE catalog_products ALTER COLUMN sku TYPE text;")},
		{"not-valid", pg, up("ALTER TABLE catalog_products ADD CONSTRAINT c CHECK (price > 0);"), up("ALTER TABLE catalog_products ADD CONSTRAINT c CHECK (price > 0) NOT VALID;")},
		{
			"not-valid", pg, up("ALTER TABLE catalog_offers ADD FOREIGN KEY (product_id) REFERENCES catalog_products (id);"),
			up("ALTER TABLE catalog_offers ADD FOREIGN KEY (product_id) REFERENCES catalog_products (id) ON DELETE CASCADE NOT VALID;"),
		},
		{"not-valid", pg, up("ALTER TABLE catalog_offers ADD COLUMN x uuid REFERENCES catalog_products (id);"), up("CREATE TABLE catalog_x (id uuid PRIMARY KEY REFERENCES catalog_products (id));")},
		{
			"validate-together", pg, up("ALTER TABLE catalog_products ADD CONSTRAINT c CHECK (price > 0) NOT VALID;\nALTER TABLE catalog_products VALIDATE CONSTRAINT c;"),
			up("ALTER TABLE catalog_products VALIDATE CONSTRAINT c;"),
		},
		{"unique-index", pg, up("ALTER TABLE catalog_products ADD CONSTRAINT u UNIQUE (sku);"), up("ALTER TABLE catalog_products ADD CONSTRAINT u UNIQUE USING INDEX u;")},
		{"unique-index", pg, up("ALTER TABLE catalog_products ADD COLUMN x text UNIQUE;"), up("CREATE TABLE catalog_x (id uuid PRIMARY KEY, a text UNIQUE);")},
		{
			"locks-together", pg, up("ALTER TABLE catalog_products ADD COLUMN x text;\nALTER TABLE catalog_offers ADD COLUMN x text;"),
			up("ALTER TABLE catalog_products ADD COLUMN x text, ADD COLUMN y text;\nCREATE TABLE catalog_x (id uuid PRIMARY KEY);"),
		},
		{"backfill", pg, up("ALTER TABLE catalog_products ADD COLUMN x text;\nUPDATE catalog_products SET x = 'a';"), up("UPDATE catalog_products SET note = 'a';")},
		{"backfill", pg, up("UPDATE catalog_products SET note = 'a';\nALTER TABLE catalog_products ADD COLUMN x text;"), up("CREATE TABLE catalog_x (id uuid PRIMARY KEY);\nINSERT INTO catalog_x SELECT id FROM catalog_products;")},
		{"backfill", pg, up("ALTER TABLE catalog_products ADD COLUMN x text;\nCREATE TABLE catalog_x (id uuid PRIMARY KEY);\nINSERT INTO catalog_x SELECT id FROM catalog_products;"), up("DELETE FROM catalog_offers;")},
		{"json-type", pg, up("CREATE TABLE catalog_x (id uuid PRIMARY KEY, a json);"), up("CREATE TABLE catalog_x (id uuid PRIMARY KEY, a jsonb);")},
		{"timestamp-type", pg, up("ALTER TABLE catalog_products ADD COLUMN x timestamp(3);"), up("ALTER TABLE catalog_products ADD COLUMN x timestamp(3) with time zone;")},
		{"int-key", pg, up("CREATE TABLE catalog_x (id serial PRIMARY KEY);"), up("CREATE TABLE catalog_x (id bigserial PRIMARY KEY);")},
		{"int-key", pg, up("CREATE TABLE catalog_x (id int, PRIMARY KEY (id));"), up("CREATE TABLE catalog_x (id uuid, bucket smallint, PRIMARY KEY (bucket, id));")},

		{"sqlite-unsupported", lit, up("ALTER TABLE catalog_products ALTER COLUMN price TYPE TEXT;"), up("ALTER TABLE catalog_products ADD COLUMN x TEXT;")},
		{"sqlite-unsupported", lit, up("ALTER TABLE catalog_products ADD CONSTRAINT u UNIQUE (sku);"), up("CREATE UNIQUE INDEX u ON catalog_products (sku);")},
		{"sqlite-unsupported", lit, up("ALTER TABLE catalog_products ADD COLUMN x TEXT, ADD COLUMN y TEXT;"), up("ALTER TABLE catalog_products ADD COLUMN x TEXT;\nALTER TABLE catalog_products ADD COLUMN y TEXT;")},
		{"sqlite-unsupported", lit, up("ALTER TABLE catalog_products ADD COLUMN x TEXT UNIQUE;"), up("ALTER TABLE catalog_products ADD COLUMN x TEXT CHECK (x <> '');")},
		{"sqlite-unsupported", lit, up("ALTER TABLE catalog_products ADD COLUMN x DATETIME DEFAULT CURRENT_TIMESTAMP;"), up("ALTER TABLE catalog_products ADD COLUMN x DATETIME DEFAULT '2026-01-01';")},
		{"sqlite-unsupported", lit, up("ALTER TABLE catalog_products ADD COLUMN x TEXT GENERATED ALWAYS AS (sku) STORED;"), up("ALTER TABLE catalog_products ADD COLUMN x TEXT GENERATED ALWAYS AS (sku) VIRTUAL;")},
		{"sqlite-unsupported", lit, up("CREATE INDEX CONCURRENTLY a ON catalog_products (price);"), up("CREATE INDEX a ON catalog_products (price);")},
		{"sqlite-unsupported", lit, up("TRUNCATE catalog_products;"), up("DELETE FROM catalog_products;")},
		{
			"sqlite-rebuild", lit, up("CREATE TABLE catalog_new (id TEXT NOT NULL PRIMARY KEY);\nINSERT INTO catalog_new SELECT id FROM catalog_offers;\nDROP TABLE catalog_offers;\nALTER TABLE catalog_new RENAME TO catalog_offers;"),
			up("CREATE TABLE catalog_new (id TEXT NOT NULL PRIMARY KEY);\nINSERT INTO catalog_new SELECT id FROM catalog_offers;\n" +
				"-- banyan:allow sqlite-rebuild nothing refers to it, and it has no index\nDROP TABLE catalog_offers;\nALTER TABLE catalog_new RENAME TO catalog_offers;"),
		},
		{"sqlite-pragma", lit, up("PRAGMA foreign_keys = off;"), up("SELECT 1;")},
		{"sqlite-strict", lit, up("CREATE TABLE catalog_x (id TEXT NOT NULL PRIMARY KEY) STRICT;"), up("CREATE TABLE catalog_x (id TEXT NOT NULL PRIMARY KEY, strict TEXT);")},
		{"sqlite-key-null", lit, up("CREATE TABLE catalog_x (id TEXT PRIMARY KEY);"), up("CREATE TABLE catalog_x (id INTEGER PRIMARY KEY);")},
	}
}

// Each rule finds what breaks it, and nothing else; and the way out that it names is free of findings.
func TestRules(t *testing.T) {
	t.Parallel()
	for i, c := range pairs() {
		t.Run(fmt.Sprintf("%02d %s", i, c.rule), func(t *testing.T) {
			t.Parallel()
			if found := second(t, c.dialect, c.bad); rules(found) != c.rule {
				t.Errorf("want %s\n%s\n%v", c.rule, c.bad, found)
			}
			if found := second(t, c.dialect, c.good); len(found) > 0 {
				t.Errorf("want nothing\n%s\n%v", c.good, found)
			}
		})
	}
}

// Rules about files and folders have tests of their own; every other one has a pair.
func TestEveryRuleIsTested(t *testing.T) {
	t.Parallel()
	seen := []string{"file-name", "version-twice", "dialect-parity"}
	for _, c := range pairs() {
		seen = append(seen, strings.Fields(c.rule)...)
	}
	for _, r := range migratelint.Rules() {
		if !slices.Contains(seen, r.ID) {
			t.Errorf("no test breaks %s", r.ID)
		}
		if r.Finds == "" || r.Reason == "" || r.Fix == "" {
			t.Errorf("%s does not explain itself", r.ID)
		}
	}
}

// A finding says where, what, why and what to do.
func TestFinding(t *testing.T) {
	t.Parallel()
	found := second(t, pg, up("SELECT 1;\n\nALTER TABLE catalog_products\n    ADD COLUMN a text,\n    ADD COLUMN b text NOT NULL;"))
	want := "[postgres/20260202000000_next.sql:6: not-null-column: catalog_products.b is NOT NULL and has no default: " +
		"it fails when the table has rows, and yesterday's program does not fill it; " +
		"give it a constant DEFAULT, or allow NULL, fill it and add the constraint later]"
	if got := fmt.Sprint(found); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A column becomes NOT NULL without a wait in three steps; each file is free of findings.
func TestNotNullInThreeSteps(t *testing.T) {
	t.Parallel()
	steps := map[string]string{
		"postgres/20260202000000_a.sql": up("ALTER TABLE catalog_products ADD CONSTRAINT c CHECK (note IS NOT NULL) NOT VALID;"),
		"postgres/20260202000001_b.sql": up("ALTER TABLE catalog_products VALIDATE CONSTRAINT c;"),
		"postgres/20260202000002_c.sql": up("ALTER TABLE catalog_products ALTER COLUMN note SET NOT NULL;"),
	}
	if found := check(t, migrations(steps)); len(found) > 0 {
		t.Error(found)
	}
	delete(steps, "postgres/20260202000001_b.sql")
	if found := check(t, migrations(steps)); rules(found) != "set-not-null" {
		t.Errorf("without the validation: %v", found)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]string{
		"20260202000000_next.sql": "", "20260202000000_Next-2.sql": "", ".keep": "",
		"0001_next.sql": "file-name", "20260202000000.sql": "file-name", "20260202000000_.sql": "file-name", "20261302000000_x.sql": "file-name",
		"20260202000000_next.SQL": "file-name", "20260202000000_next.sql.bak": "file-name", "notes/20260202000000_next.sql": "file-name",
		"20260101000000_again.sql": "version-twice",
	} {
		if found := check(t, migrations(map[string]string{"sqlite/" + name: up("SELECT 1;")})); rules(found) != rule {
			t.Errorf("%s: got %v, want %q", name, found, rule)
		}
	}
}

// The two folders make the same.
func TestParity(t *testing.T) {
	t.Parallel()
	const next = "/20260202000000_next.sql"
	table := func(columns string) string {
		return up("CREATE TABLE catalog_x (\nid uuid NOT NULL PRIMARY KEY" + columns + ");")
	}
	for name, c := range map[string]struct{ postgres, sqlite, want string }{
		"equal":           {table(",\na text"), table(",\na TEXT"), ""},
		"file":            {table(""), "", "postgres" + next + ":1: there is no sqlite" + next},
		"table":           {table(",\na text UNIQUE"), up("SELECT 1;"), "postgres" + next + ":2: SQLite has no table catalog_x"},
		"column":          {table(""), table(",\na TEXT"), "sqlite" + next + ":4: PostgreSQL has no column a of catalog_x"},
		"added column":    {up("ALTER TABLE catalog_offers ADD COLUMN a text;"), up("SELECT 1;"), "postgres" + next + ":2: SQLite has no column a of catalog_offers"},
		"index":           {up("SELECT 1;"), up("CREATE INDEX i ON catalog_offers (id);"), "sqlite" + next + ":2: PostgreSQL has no index i (id) of catalog_offers"},
		"unique":          {table(",\na text,\nUNIQUE (a)"), table(",\na TEXT"), "postgres" + next + ":5: SQLite has no unique constraint (a) of catalog_x"},
		"two ways":        {table(",\na text,\nUNIQUE (a)"), table(",\na TEXT UNIQUE"), ""},
		"allowed":         {up("-- banyan:allow dialect-parity a search of PostgreSQL alone\nALTER TABLE catalog_offers ADD COLUMN a tsvector;"), up("SELECT 1;"), ""},
		"what is renamed": {up("ALTER TABLE catalog_offers RENAME product_id TO a;"), up("ALTER TABLE catalog_offers RENAME product_id TO a;"), ""},
		"a table that is renamed": {
			up("ALTER TABLE catalog_products RENAME TO catalog_x;"),
			up("DROP TABLE catalog_products;\nCREATE TABLE catalog_x (id TEXT, sku TEXT, price TEXT, note TEXT);\nCREATE INDEX catalog_products_sku_idx ON catalog_x (sku);"), "",
		},
		"an indexed column that is renamed": {
			up("ALTER TABLE catalog_products RENAME sku TO code;"),
			up("DROP INDEX catalog_products_sku_idx;\nALTER TABLE catalog_products DROP sku;\nALTER TABLE catalog_products ADD code TEXT;\nCREATE INDEX catalog_products_sku_idx ON catalog_products (code);"), "",
		},
		"a constraint that is dropped": {up("ALTER TABLE catalog_offers ADD CONSTRAINT u UNIQUE (id), DROP CONSTRAINT u;"), up("SELECT 1;"), ""},
		"a constraint that uses an index": {
			up("CREATE UNIQUE INDEX i ON catalog_offers (id);\nALTER TABLE catalog_offers ADD CONSTRAINT i UNIQUE USING INDEX i;"), up("CREATE UNIQUE INDEX i ON catalog_offers (id);"), "",
		},
		"unique in one": {
			up("CREATE UNIQUE INDEX i ON catalog_offers (id);"), up("CREATE INDEX i ON catalog_offers (id);"),
			"postgres" + next + ":2: SQLite has no unique index i (id) of catalog_offers\nsqlite" + next + ":2: PostgreSQL has no index i (id) of catalog_offers",
		},
		"a table that is made again": {
			up("DROP TABLE catalog_products;\nCREATE TABLE catalog_products (id text, sku text, price text, note text);"), up("DROP INDEX catalog_products_sku_idx;"), "",
		},
		"what cannot be read": {up("SELECT 'no end;"), table(""), ""},
		"what is dropped": {
			up("ALTER TABLE catalog_products DROP COLUMN sku;"), up("DROP INDEX catalog_products_sku_idx;\nALTER TABLE catalog_products DROP COLUMN sku;"), "",
		},
	} {
		files := map[string]string{"postgres" + next: c.postgres, "sqlite" + next: c.sqlite}
		if c.sqlite == "" {
			delete(files, "sqlite"+next)
		}
		all, err := migratelint.Check("catalog", migrations(files))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range all {
			if f.Rule == "dialect-parity" {
				got = append(got, fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.What))
			}
		}
		if name == "file" {
			got = got[:min(len(got), 1)] // what is in it is missing as well
		}
		if strings.Join(got, "\n") != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, strings.Join(got, "\n"), c.want)
		}
	}
}

// What this repository has is free of findings.
func TestOwnMigrations(t *testing.T) {
	t.Parallel()
	for module, dir := range map[string]string{"catalog": "../../../modules/catalog/migrations", "dbtest": "../dbtest/schema"} {
		if _, err := os.Stat(filepath.Join(dir, "postgres")); err != nil {
			t.Fatal(err)
		}
		if found, err := migratelint.Check(module, os.DirFS(dir)); err != nil || len(found) > 0 {
			t.Errorf("%s: %v, %v", module, found, err)
		}
	}
}
