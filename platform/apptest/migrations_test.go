package apptest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/app"
	"github.com/banyan-go/banyan/platform/servertest"
)

// full is migrations that both engines take, with everything that a schema may have.
const full = `-- +goose Up
CREATE TABLE shop_items (
    id bigint NOT NULL PRIMARY KEY,
    sku varchar(64) NOT NULL UNIQUE,
    note text,
    parent bigint REFERENCES shop_items (id)
);
CREATE INDEX shop_items_note_idx ON shop_items (note, id);
CREATE UNIQUE INDEX shop_items_open_key ON shop_items (lower(note)) WHERE parent IS NULL;
CREATE TABLE shop_pairs (a bigint NOT NULL, b bigint NOT NULL, PRIMARY KEY (b, a));
-- +goose Down
DROP TABLE shop_pairs;
DROP TABLE shop_items;
`

// shopFiles writes the migrations of the module shop, for each engine.
func shopFiles(t *testing.T, sqlite, postgres string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "shop", "migrations")
	for dialect, text := range map[string]string{"sqlite": sqlite, "postgres": postgres} {
		if err := os.MkdirAll(filepath.Join(dir, dialect), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, dialect, "20260101000000_items.sql"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Each thing in which two schemas may differ is found, by the name of what is missing.
func TestSchemasOfTwoEngines(t *testing.T) {
	t.Parallel()
	s := server{servertest.StartPostgres(t).DSN("postgres")}
	change := func(old, changed string) string { return strings.Replace(full, old, changed, 1) }
	for name, c := range map[string]struct {
		postgres string
		want     []string
	}{
		"the same":     {full, nil},
		"table":        {strings.ReplaceAll(full, "shop_pairs", "shop_pears"), []string{"PostgreSQL has no table shop_pairs\n", "SQLite has no table shop_pears\n"}},
		"column":       {change("note text", "notes text, note text"), []string{"SQLite has no column notes of shop_items"}},
		"nullability":  {change("note text", "note text NOT NULL"), []string{"PostgreSQL has no column note of shop_items\n", "SQLite has no column note of shop_items, not null"}},
		"uniqueness":   {change(" UNIQUE", ""), []string{"PostgreSQL has no unique constraint (sku) of shop_items"}},
		"index":        {change("CREATE INDEX shop_items_note_idx ON shop_items (note, id);", ""), []string{"PostgreSQL has no index shop_items_note_idx (note, id) of shop_items"}},
		"order":        {change("(note, id)", "(id, note)"), []string{"(note, id)", "(id, note)"}},
		"unique index": {change("CREATE INDEX", "CREATE UNIQUE INDEX"), []string{"SQLite has no unique index shop_items_note_idx (note, id) of shop_items"}},
		"condition":    {change(" WHERE parent IS NULL", ""), []string{"PostgreSQL has no unique index shop_items_open_key ((expression)) of shop_items, of some rows"}},
		"primary key":  {change("PRIMARY KEY (b, a)", "PRIMARY KEY (a, b)"), []string{"PostgreSQL has no primary key (b, a) of shop_pairs"}},
		"foreign key":  {change(" REFERENCES shop_items (id)", ""), []string{"PostgreSQL has no foreign key (parent) of shop_items to shop_items"}},
		"allowed":      {change("    note text", "    -- banyan:allow dialect-parity for search\n    notes text, note text"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := shopFiles(t, full, c.postgres)
			cfg := app.Default().DB
			file, _ := settings(t, Single)
			cfg.Driver, cfg.DSN = "postgres", s.empty(t)
			found := strings.Join(differences(prove(t, file.DB, dir), prove(t, cfg, dir), allowed(t, dir)), "\n") + "\n"
			for _, want := range c.want {
				if !strings.Contains(found, want) {
					t.Errorf("found %s, want %s", found, want)
				}
			}
			if c.want == nil && found != "\n" {
				t.Errorf("found %s", found)
			}
		})
	}
}

// What a way back leaves, and what another way up makes of it, is found on each engine.
func TestWayBack(t *testing.T) {
	t.Parallel()
	s := server{servertest.StartPostgres(t).DSN("postgres")}
	for name, c := range map[string]struct{ old, changed, want string }{
		"table":  {"DROP TABLE shop_pairs;\n", "ALTER TABLE shop_pairs RENAME TO shop_left;\n", "down leaves behind\n  column a of shop_left"},
		"fails":  {"DROP TABLE shop_pairs;\n", "DROP TABLE shop_nothing;\n", "shop_nothing"},
		"up":     {"id bigint", "id nothing REFERENCES", "up: "},
		"no way": {full[strings.Index(full, "-- +goose Down"):], "", ""},
	} {
		for _, engine := range []string{"sqlite", "postgres"} {
			t.Run(name+" "+engine, func(t *testing.T) {
				t.Parallel()
				text := strings.Replace(full, c.old, c.changed, 1)
				cfg, _ := settings(t, Single)
				if engine == "postgres" {
					cfg.DB.Driver, cfg.DB.DSN = "postgres", s.empty(t)
				}
				_, wrong := wayBack(t.Context(), cfg.DB, shopFiles(t, text, text))
				if c.want == "" && len(wrong) > 0 || !strings.Contains(strings.Join(wrong, "\n"), c.want) {
					t.Errorf("found %q, want %q", wrong, c.want)
				}
			})
		}
	}
}
