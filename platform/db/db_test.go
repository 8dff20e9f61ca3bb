package db_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"

	"gorm.io/gorm"

	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/unit"
)

// fake is a driver without a database. What engines do is proved by package dbtest.
type fake struct {
	check, open error
	opened      *driver.Options
}

func (f fake) Features() driver.Features  { return driver.Features{Dialect: "fake", Goose: "sqlite3"} }
func (f fake) Check(driver.Options) error { return f.check }
func (f fake) Open(_ context.Context, o driver.Options) (driver.Pools, error) {
	if f.opened != nil {
		*f.opened = o
	}
	return driver.Pools{}, f.open
}
func (fake) Dialector(gorm.ConnPool) gorm.Dialector { return nil }
func (fake) Translate(err error) error              { return err }
func (fake) Lock(context.Context, driver.Options) (func() error, error) {
	return nil, errors.ErrUnsupported
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestNewSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	const notSet = "db.dsn     is not set, put the address of the database into APP_DB__DSN, or into a file that APP_DB__DSN_FILE names"
	two := db.Drivers{"b": fake{}, "a": fake{}}
	for _, c := range []struct {
		name        string
		driver, dsn string
		drivers     db.Drivers
		want        string
	}{
		{"a driver that is not there", "postgres", "x", two, "db.driver  driver postgres is not compiled in: a, b"},
		{"no drivers", "postgres", "x", nil, "db.driver  driver postgres is not compiled in: none is (see drivers.go)"},
		{"settings that the driver refuses", "c", "x", db.Drivers{"c": fake{check: errors.New("mine")}}, "db.dsn  mine"},
		{"no address", "a", "", two, strings.Replace(notSet, "     ", "  ", 1)},
		{"neither driver nor address", "postgres", "", two, "db.driver  driver postgres is not compiled in: a, b\n" + notSet},
	} {
		cfg := db.Default()
		cfg.Driver, cfg.DSN = c.driver, c.dsn
		var lc lifecycle.Lifecycle
		_, err := db.New(cfg, c.drivers, &lc, quiet())
		if _, ok := errors.AsType[config.Problems](err); !ok || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

// What can be said without a database is said without its driver too: modules are built, their migrations are looked at, and whoever asks
// for rows is told that nothing is open, as before every start.
func TestDescribeNeedsNoDriver(t *testing.T) {
	t.Parallel()
	cfg := db.Default()
	cfg.Driver, cfg.DSN = "postgres", ""
	var lc lifecycle.Lifecycle
	d := db.Describe(cfg, db.Drivers{"fake": fake{}}, &lc, quiet())
	if d.Dialect() != "postgres" {
		t.Errorf("the dialect is %s", d.Dialect())
	}
	files := fstest.MapFS{"postgres/20261123101500_products.sql": {}, "sqlite/wrong.sql": {}}
	if _, err := d.Migrator([]db.Migrations{{Module: "catalog", Files: files}}); err != nil {
		t.Error(err)
	}
	var found []map[string]any
	if err := d.ForModule("catalog").Query(t.Context(), db.Global).Table("catalog_products").Where("id = ?", 1).Find(&found).Error; !errors.Is(err, db.ErrNotStarted) {
		t.Errorf("a query: %v, want %v", err, db.ErrNotStarted)
	}
	if err := lc.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "driver postgres is not compiled in: fake") {
		t.Errorf("start: %v", err)
	}
}

func TestOptionsOfTheDriver(t *testing.T) {
	t.Parallel()
	var got driver.Options
	cfg := db.Default()
	cfg.Driver, cfg.DSN, cfg.SQLite.Durable, cfg.Pool.MaxOpen = "fake", "the dsn", true, unit.Exactly(3)
	var lc lifecycle.Lifecycle
	d, err := db.New(cfg, db.Drivers{"fake": fake{open: errors.New("mine"), opened: &got}}, &lc, quiet())
	if err != nil {
		t.Fatal(err)
	}
	if d.MaxOpen() != 3 || d.Dialect() != "fake" {
		t.Errorf("%d connections of dialect %s", d.MaxOpen(), d.Dialect())
	}
	if err := lc.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "mine") {
		t.Errorf("start: %v, want what Open returned", err)
	}
	want := driver.Options{DSN: "the dsn", MaxOpen: 3, Share: 1, Wait: cfg.Pool.Wait, Statement: cfg.Statement, BusyTimeout: cfg.SQLite.BusyTimeout, Durable: true,
		LockTimeout: cfg.Postgres.LockTimeout, IdleInTransaction: cfg.Postgres.IdleInTransaction, MaxLife: cfg.Pool.MaxLife}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if err := lc.Stop(t.Context()); err != nil {
		t.Errorf("stop of what did not start: %v", err)
	}
	cfg.Pool.MaxOpen = unit.Auto[int]{}
	if d, err = db.New(cfg, db.Drivers{"fake": fake{}}, &lc, quiet()); err != nil || d.MaxOpen() < 4 || d.MaxOpen() > 16 {
		t.Errorf("auto: %d connections, %v", d.MaxOpen(), err)
	}
}

func ExampleIsDuplicate() {
	// What an engine says of a second row with the same value in the unique index on (shop, slug).
	err := fmt.Errorf("create page: %w", &driver.Error{Kind: driver.Duplicate, Columns: []string{"shop", "slug"}, Err: errors.New("unique index violated")})
	fmt.Println(db.IsDuplicate(err), db.IsDuplicate(err, "shop", "slug"), db.IsDuplicate(err, "slug"))
	// Output: true true false
}

func ExampleBy() {
	fmt.Println(db.By("tenant-1") == db.By("tenant-1"), db.By("tenant-1") == db.Global)
	// Output: true false
}
