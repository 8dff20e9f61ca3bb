package dbtest

import (
	"context"
	"embed"
	"errors"
	"strings"
	"sync"
	"testing"

	"gorm.io/gorm"

	"github.com/banyan-go/banyan/platform/db"
)

// walls is the migrations of two modules. Shop has a view and a trigger that reach into catalog.
//
//go:embed walls
var walls embed.FS

// guarded is a database with the tables of shop and catalog, as it is in mode dev and in tests.
type guarded struct {
	*world
	shop, catalog *db.Handle

	mu     sync.Mutex
	denied []db.Refusal
}

// guarded opens one.
func (e engine) guarded(t *testing.T) *guarded {
	t.Helper()
	g := &guarded{}
	g.world = e.bare(t, func(cfg *db.Config) {
		cfg.Guard = db.Guard{On: true, Denied: func(_ context.Context, r db.Refusal) {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.denied = append(g.denied, r)
		}}
	})
	if _, err := g.both(t).Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.shop, g.catalog = g.db.ForModule("shop"), g.db.ForModule("catalog")
	return g
}

// both returns the migrator of the two modules.
func (g *guarded) both(t *testing.T) *db.Migrator {
	t.Helper()
	return g.migrator(t, db.Migrations{Module: "catalog", Files: mustSub(t, walls, "walls/catalog")}, db.Migrations{Module: "shop", Files: mustSub(t, walls, "walls/shop")})
}

// wantDenied fails the test unless err is the target and says all of the words, and unless the observer has heard of it.
func (g *guarded) wantDenied(t *testing.T, what string, err, target error, words ...string) {
	t.Helper()
	wantRefused(t, what, err, target)
	for _, word := range words {
		if err != nil && !strings.Contains(err.Error(), word) {
			t.Errorf("%s: the error %q does not name %s", what, err, word)
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.denied) == 0 || !errors.Is(g.denied[len(g.denied)-1].Err, target) {
		t.Errorf("%s: the observer has heard of %v", what, g.denied)
	}
	g.denied = nil
}

// A statement that touches the table of another module is refused, however it is written, and names both.
func testForeignTables(t *testing.T, e engine) {
	g := e.guarded(t)
	schema := map[string]string{"sqlite": "main", "postgres": "public"}[g.db.Dialect()]
	for name, text := range map[string]string{
		"select":                   "SELECT name FROM catalog_products",
		"join":                     "SELECT o.total FROM shop_orders o JOIN catalog_products p ON p.id = o.id",
		"common table":             "WITH shop_x AS (SELECT name FROM catalog_products) SELECT * FROM shop_x",
		"subselect":                "SELECT total, (SELECT max(name) FROM catalog_products) FROM shop_orders",
		"condition":                "SELECT total FROM shop_orders WHERE EXISTS (SELECT 1 FROM catalog_products p WHERE p.id = shop_orders.id)",
		"union":                    "SELECT total FROM shop_orders UNION ALL SELECT id FROM catalog_products",
		"no column":                "SELECT count(*) FROM catalog_products",
		"quoted name":              `SELECT name FROM "catalog_products"`,
		"other case":               "SELECT name FROM Catalog_PRODUCTS",
		"qualified by schema":      "SELECT name FROM " + schema + ".catalog_products",
		"comments":                 "SELECT name FROM /* shop_orders */ catalog_products -- shop_orders\n",
		"own view":                 "SELECT name FROM shop_through",
		"explain":                  "EXPLAIN SELECT name FROM catalog_products",
		"history of migrations":    "SELECT version_id FROM banyan_migrations_catalog",
		"insert":                   "INSERT INTO catalog_products VALUES (2, 'fig')",
		"insert of a select":       "INSERT INTO shop_orders SELECT id + 1, 1 FROM catalog_products",
		"insert returning":         "INSERT INTO catalog_products VALUES (2, 'fig') RETURNING id",
		"returning a subselect":    "UPDATE shop_orders SET total = 2 RETURNING (SELECT max(name) FROM catalog_products)",
		"upsert":                   "INSERT INTO catalog_products VALUES (1, 'fig') ON CONFLICT (id) DO UPDATE SET name = excluded.name",
		"upsert with a subselect":  "INSERT INTO shop_orders VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET total = (SELECT count(*) FROM catalog_products)",
		"update":                   "UPDATE catalog_products SET name = 'fig'",
		"update from":              "UPDATE shop_orders SET total = p.id FROM catalog_products p WHERE p.id = shop_orders.id",
		"delete":                   "DELETE FROM catalog_products",
		"delete of what is listed": "DELETE FROM shop_orders WHERE id IN (SELECT id FROM catalog_products)",
		"trigger":                  "INSERT INTO shop_watched VALUES (1)",
	} {
		t.Run(name, func(t *testing.T) {
			table := "catalog_products"
			if name == "history of migrations" {
				table = "banyan_migrations_catalog"
			}
			for how, run := range map[string]func(q *gorm.DB) error{
				"exec": func(q *gorm.DB) error { return q.Exec(text).Error },
				"scan": func(q *gorm.DB) error { return q.Raw(text).Scan(new(string)).Error },
				"row":  func(q *gorm.DB) error { return q.Raw(text).Row().Scan(new(string)) },
			} {
				err := g.shop.Tx(t.Context(), db.Global, func(ctx context.Context) error {
					if err := g.shop.Query(ctx, db.Global).Exec("INSERT INTO shop_orders VALUES (100, 1)").Error; err != nil {
						return err
					}
					g.wantDenied(t, how, run(g.shop.Query(ctx, db.Global)), db.ErrForeignTable, "module shop", table, "module catalog")
					return nil // looks away
				})
				wantRefused(t, how+" dooms the transaction", err, db.ErrDoomed)
			}
		})
	}
	g.wantDenied(t, "a view of the other module", g.shop.Query(t.Context(), db.Global).Raw("SELECT name FROM catalog_names").Scan(new(string)).Error,
		db.ErrForeignTable, "module shop", "the table catalog_", "module catalog")
	g.wantDenied(t, "outside of a transaction", g.shop.Query(t.Context(), db.Global).Table("catalog_products").Find(&[]map[string]any{}).Error, db.ErrForeignTable)
	g.wantDenied(t, "in Each", g.shop.Each(t.Context(), func(_ context.Context, q *gorm.DB) error {
		return q.Table("catalog_products").Find(&[]map[string]any{}).Error
	}), db.ErrForeignTable)
}

// Each module works with its own tables, also in one transaction and with the same text, and the platform with all of them.
func testOwnTables(t *testing.T, e engine) {
	g := e.guarded(t)
	const name, total = "SELECT name FROM catalog_products", "SELECT total FROM shop_orders"
	read := func(h *db.Handle, ctx context.Context, text string) error {
		return h.Query(ctx, db.Global).Raw(text).Scan(new(string)).Error
	}
	all := func(ctx context.Context) {
		t.Helper()
		for range 2 { // what one has prepared is not the other's
			for text, h := range map[string]*db.Handle{name: g.catalog, total: g.shop, "SELECT total FROM shop_totals": g.shop, "SELECT name FROM catalog_names": g.catalog} {
				if err := errors.Join(read(h, ctx, text), read(g.db.Platform(), ctx, text)); err != nil {
					t.Errorf("%s: %v", text, err)
				}
			}
			if err := read(g.shop, ctx, "SELECT id FROM old_name"); err != nil {
				t.Errorf("a table of another name that the module's migrations have made: %v", err)
			}
		}
	}
	all(t.Context())
	err := g.shop.Tx(t.Context(), db.Global, func(ctx context.Context) error {
		all(ctx)
		return errors.Join(
			g.shop.Query(ctx, db.Global).Exec("INSERT INTO shop_orders VALUES (2, 20) ON CONFLICT (id) DO UPDATE SET total = excluded.total").Error,
			g.catalog.Query(ctx, db.Global).Exec("UPDATE catalog_products SET name = 'fig' WHERE id = 1 AND EXISTS (WITH x AS (SELECT 1) SELECT * FROM x)").Error,
			g.db.Platform().Query(ctx, db.Global).Exec("UPDATE shop_orders SET total = 30 WHERE id IN (SELECT id FROM catalog_products)").Error,
		)
	})
	if err != nil {
		t.Error(err)
	}
	all(t.Context())
	write := func(ctx context.Context, key db.Key) error {
		return g.shop.Query(ctx, key).Exec("INSERT INTO shop_orders VALUES (3, 30)").Error
	}
	wantRefused(t, "a write outside of a transaction", write(t.Context(), db.Global), db.ErrOutsideTx)
	wantRefused(t, "a write outside of a transaction, under a key", write(t.Context(), db.By("a")), db.ErrOutsideTx)
	err = g.shop.Tx(t.Context(), db.Global, func(ctx context.Context) error {
		wantRefused(t, "a write under a second key", write(ctx, db.By("a")), db.ErrSecondKey)
		return nil // looks away
	})
	wantRefused(t, "a write under a second key dooms the transaction", err, db.ErrDoomed)
	if len(g.denied) > 0 {
		t.Errorf("the observer has heard of %v", g.denied)
	}
	g.wantDenied(t, "what the other has prepared", read(g.shop, t.Context(), name), db.ErrForeignTable)
	g.wantDenied(t, "a table of another name", read(g.catalog, t.Context(), "SELECT id FROM old_name"), db.ErrForeignTable, "module shop")
}

// Only migrations change the schema and the connection, and each the tables of its own module.
func testSchemaIsForMigrations(t *testing.T, e engine) {
	g := e.guarded(t)
	texts := []string{
		"CREATE TABLE shop_new (id integer)", "/* x */ create table shop_new (id integer)", "CREATE TEMPORARY TABLE shop_new (id integer)", "CREATE INDEX shop_idx ON shop_orders (total)",
		"CREATE VIEW shop_new AS SELECT 1", "ALTER TABLE shop_orders ADD COLUMN x integer", "DROP TABLE shop_orders",
	}
	switch g.db.Dialect() {
	case "sqlite":
		texts = append(texts, "ATTACH DATABASE ':memory:' AS other", "PRAGMA foreign_keys = off", "CREATE TRIGGER shop_t AFTER INSERT ON shop_orders BEGIN SELECT 1; END")
	case "postgres":
		texts = append(texts, "SET ROLE NONE", "SET LOCAL ROLE banyan_module_catalog", "RESET ROLE", "SET SESSION AUTHORIZATION DEFAULT", "RESET ALL", "DISCARD ALL", "GRANT ALL ON shop_orders TO PUBLIC")
	}
	for _, text := range texts {
		err := g.shop.Tx(t.Context(), db.Global, func(ctx context.Context) error {
			g.wantDenied(t, text, g.shop.Query(ctx, db.Global).Exec(text).Error, db.ErrSchema, "module shop")
			return nil // looks away
		})
		wantRefused(t, text+" dooms the transaction", err, db.ErrDoomed)
	}
	for _, text := range []string{
		"ALTER TABLE catalog_products ADD COLUMN x integer", "DROP TABLE catalog_products", "CREATE INDEX shop_idx ON catalog_products (name)", "UPDATE catalog_products SET name = 'fig'",
		"INSERT INTO shop_orders SELECT id + 1, 1 FROM catalog_products",
	} {
		m := g.migrator(t, db.Migrations{Module: "shop", Files: g.files("20260102000000_x.sql", "-- +goose Up\n"+text+";\n")})
		_, err := m.Up(t.Context())
		wantRefused(t, "in a migration: "+text, err, db.ErrForeignTable)
	}
	first, err := walls.ReadFile("walls/shop/" + g.db.Dialect() + "/20260101000000_orders.sql")
	if err != nil {
		t.Fatal(err)
	}
	m := g.migrator(t, db.Migrations{Module: "shop", Files: g.files("20260101000000_orders.sql", string(first),
		"20260103000000_x.sql", "-- +goose Up\nALTER TABLE shop_orders ADD COLUMN x integer;\nUPDATE shop_parcels SET id = 2;\n-- +goose Down\nALTER TABLE shop_orders DROP COLUMN x;\n")})
	if _, err := m.Up(t.Context()); err != nil {
		t.Errorf("a migration of its own table: %v", err)
	}
	if _, err := m.Down(t.Context(), "shop"); err != nil {
		t.Errorf("and back: %v", err)
	}
	if err := m.Reset(t.Context()); err != nil {
		t.Errorf("the platform drops what all have made: %v", err)
	}
	if _, err := g.both(t).Up(t.Context()); err != nil {
		t.Errorf("from the start again: %v", err)
	}
}

// A table that is divided by key is used under a key, or in Each.
func testMissingKey(t *testing.T, e engine) {
	g := e.guarded(t)
	texts := map[string]string{
		"select":       "SELECT id FROM shop_parcels",
		"no column":    "SELECT count(*) FROM shop_parcels",
		"subselect":    "SELECT total FROM shop_orders WHERE id IN (SELECT id FROM shop_parcels)",
		"common table": "WITH x AS (SELECT id FROM shop_parcels) SELECT * FROM x",
		"view":         "SELECT bucket FROM shop_buckets",
		"with its key": "SELECT id FROM shop_parcels WHERE bucket = 7",
		"insert":       "INSERT INTO shop_parcels VALUES (7, 2)",
		"update":       "UPDATE shop_parcels SET id = id + 10",
	}
	run := func(ctx context.Context, key db.Key, text string) error {
		return g.shop.Query(ctx, key).Exec(text).Error
	}
	for name, text := range texts {
		if name != "insert" && name != "update" {
			for range 2 { // which does not come prepared to the second one
				g.wantDenied(t, name, run(t.Context(), db.Global, text), db.ErrNoKey, "module shop", "the table shop_", "db.By(")
				if err := run(t.Context(), db.By("a"), text); err != nil {
					t.Errorf("%s under a key: %v", name, err)
				}
			}
			if err := g.shop.Each(t.Context(), func(_ context.Context, q *gorm.DB) error { return q.Exec(text).Error }); err != nil {
				t.Errorf("%s in Each: %v", name, err)
			}
		}
		err := g.shop.Tx(t.Context(), db.Global, func(ctx context.Context) error {
			g.wantDenied(t, name, run(ctx, db.Global, text), db.ErrNoKey)
			return nil // looks away
		})
		wantRefused(t, name+" dooms the transaction", err, db.ErrDoomed)
		if err := g.shop.Tx(t.Context(), db.By("a"), func(ctx context.Context) error { return run(ctx, db.By("a"), text) }); err != nil {
			t.Errorf("%s in a transaction under a key: %v", name, err)
		}
	}
	if err := g.db.Platform().Query(t.Context(), db.Global).Exec(texts["select"]).Error; err != nil {
		t.Errorf("the platform: %v", err)
	}
}
