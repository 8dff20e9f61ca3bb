package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/db/postgres"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/servertest"
	"github.com/banyan-go/banyan/platform/unit"
)

// shops is an application with the modules shop and catalog, each with a table of one row.
type shops struct {
	db            *db.DB
	shop, catalog *db.Handle
	migrator      *db.Migrator
	log           *bytes.Buffer
}

// openShops opens it, and migrates.
func openShops(t *testing.T, dsn string, guarded bool) *shops {
	t.Helper()
	s := &shops{log: &bytes.Buffer{}}
	cfg := db.Default()
	cfg.Driver, cfg.DSN, cfg.Pool.MaxOpen, cfg.Guard.On = "postgres", dsn, unit.Exactly(2), guarded
	var lc lifecycle.Lifecycle
	var err error
	if s.db, err = db.New(cfg, db.Drivers{"postgres": postgres.Driver{}}, &lc, slog.New(slog.NewTextHandler(s.log, nil))); err != nil {
		t.Fatal(err)
	}
	s.shop, s.catalog = s.db.ForModule("shop"), s.db.ForModule("catalog")
	var sets []db.Migrations
	for _, table := range []string{"shop_orders", "catalog_products"} {
		module, _, _ := strings.Cut(table, "_")
		text := fmt.Sprintf("-- +goose Up\nCREATE TABLE %[1]s (id serial PRIMARY KEY);\nINSERT INTO %[1]s DEFAULT VALUES;\n-- +goose Down\nDROP TABLE %[1]s;\n", table)
		sets = append(sets, db.Migrations{Module: module, Files: fstest.MapFS{"postgres/20260101000000_first.sql": {Data: []byte(text)}}})
	}
	if s.migrator, err = s.db.Migrator(sets); err != nil {
		t.Fatal(err)
	}
	if err := lc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lc.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if _, err := s.migrator.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// use reads a table and adds a row to it.
func use(ctx context.Context, h *db.Handle, table string) error {
	read := func(key db.Key) error { return h.Query(ctx, key).Table(table).Find(&[]map[string]any{}).Error }
	return errors.Join(read(db.Global), read(db.By("a")), h.Tx(ctx, db.Global, func(ctx context.Context) error {
		return h.Query(ctx, db.Global).Exec("INSERT INTO " + table + " DEFAULT VALUES").Error
	}))
}

// wantWalls fails the test unless each module has its own table alone.
func (s *shops) wantWalls(t *testing.T) {
	t.Helper()
	if err := errors.Join(use(t.Context(), s.shop, "shop_orders"), use(t.Context(), s.catalog, "catalog_products"), use(t.Context(), s.db.Platform(), "shop_orders")); err != nil {
		t.Errorf("its own: %v\n%s", err, s.log)
	}
	for _, err := range []error{use(t.Context(), s.shop, "catalog_products"), use(t.Context(), s.catalog, "shop_orders")} {
		if !errors.Is(err, db.ErrForeignTable) {
			t.Errorf("the other's: %v, want %v", err, db.ErrForeignTable)
		}
	}
}

// Where the login may not make roles, one warning says so, and everything works without walls.
func TestLoginThatMakesNoRoles(t *testing.T) {
	t.Parallel()
	server := servertest.StartPostgres(t)
	server.Exec(t, "create role app login password 'x'")
	server.Exec(t, "create database app owner app")
	s := openShops(t, strings.Replace(server.DSN("app"), "user=postgres", "user=app password=x", 1), true)
	for _, h := range []*db.Handle{s.shop, s.catalog, s.db.ForModule("late")} {
		if err := errors.Join(use(t.Context(), h, "shop_orders"), use(t.Context(), h, "catalog_products")); err != nil {
			t.Error(err)
		}
	}
	if log := s.log.String(); strings.Count(log, "not guarded") != 1 || !strings.Contains(log, "CREATEROLE") {
		t.Errorf("the log is %q, want one warning that names CREATEROLE", log)
	}
}

// Mode prod makes no roles, and what it has made belongs to the login. Mode dev gives that to the modules, and mode prod goes on. An owner of
// the database that may make roles is enough for all of it.
func TestModesTakeTurns(t *testing.T) {
	t.Parallel()
	server := servertest.StartPostgres(t)
	server.Exec(t, "create role app login createrole password 'x'")
	server.Exec(t, "create database app owner app")
	dsn := strings.Replace(server.DSN("app"), "user=postgres", "user=app password=x", 1)
	for i, guarded := range []bool{false, true, true, false, true} {
		s := openShops(t, dsn, guarded)
		if n := s.roles(t); i == 0 && n != 0 {
			t.Errorf("mode prod has made %d roles", n)
		}
		if guarded {
			s.wantWalls(t)
		} else if err := errors.Join(use(t.Context(), s.shop, "shop_orders"), use(t.Context(), s.shop, "catalog_products")); err != nil {
			t.Errorf("in mode prod: %v", err)
		}
		if i == 1 {
			continue // the next one finds everything as it is
		}
		if err := s.migrator.Reset(t.Context()); err != nil {
			t.Errorf("reset: %v", err)
		}
		if _, err := s.migrator.Up(t.Context()); err != nil {
			t.Errorf("migrate again: %v", err)
		}
	}
}

// roles returns how many roles of modules the server has.
func (s *shops) roles(t *testing.T) (n int) {
	t.Helper()
	if err := s.db.Platform().Query(t.Context(), db.Global).Raw(`select count(*) from pg_roles where rolname like 'banyan\_%'`).Scan(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

// crowd is a guard of many modules.
type crowd struct{ driver.Guard }

func (crowd) Modules() (names []string) {
	for i := range 20 {
		names = append(names, fmt.Sprintf("m%d", i))
	}
	return names
}

func (crowd) Owner(string) string { return "" }

// Many programs start on one server at the same time, with a database of their own or the same one, and make the same roles. None of them fails.
func TestRolesOfManyDatabases(t *testing.T) {
	t.Parallel()
	server := servertest.StartPostgres(t)
	dsns := []string{server.Database(t), server.Database(t)}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			o := options(dsns[i%2])
			o.Guard = crowd{}
			p, err := postgres.Driver{}.Open(t.Context(), o)
			if err != nil {
				t.Error(err)
				return
			}
			if err := errors.Join(p.Health.Close(), p.Read.Close(), p.Write.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	var s *shops
	for _, dsn := range dsns {
		s = openShops(t, dsn, true)
		s.wantWalls(t)
	}
	if n := s.roles(t); n != 2*(20+2) {
		t.Errorf("there are %d roles, want two for each of the 22 modules", n)
	}
	testRolesDoNotLeak(t, s)
}

// A connection that goes from hand to hand has the role of whoever has it, inside of transactions and outside, after a rollback and after
// an error too.
func testRolesDoNotLeak(t *testing.T, s *shops) {
	who := func(ctx context.Context, h *db.Handle, key db.Key) (role string) {
		if err := h.Query(ctx, key).Raw("select current_user").Scan(&role).Error; err != nil {
			t.Error(err)
		}
		return role
	}
	check := func(ctx context.Context) {
		for role, got := range map[string]string{
			"banyan_module_shop_global":    who(ctx, s.shop, db.Global),
			"banyan_module_catalog_global": who(ctx, s.catalog, db.Global),
			"postgres":                     who(ctx, s.db.Platform(), db.Global),
		} {
			if got != role {
				t.Errorf("a statement of %s runs as %s", role, got)
			}
		}
	}
	mine := errors.New("mine")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 50 {
				check(t.Context())
				err := s.shop.Tx(t.Context(), db.Global, func(ctx context.Context) error {
					check(ctx)
					switch i % 3 {
					case 0:
						return mine
					case 1:
						return s.catalog.Query(ctx, db.Global).Exec("select 1/0").Error
					}
					return nil
				})
				if (err == nil) != (i%3 == 2) {
					t.Error(err)
				}
				if got := who(t.Context(), s.catalog, db.By("a")); got != "banyan_module_catalog" {
					t.Errorf("a statement of catalog under a key runs as %s", got)
				}
			}
		})
	}
	all.Wait()
}
