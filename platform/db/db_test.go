package db_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"gorm.io/gorm"

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
	two := db.Drivers{"b": fake{}, "a": fake{}}
	for _, c := range []struct {
		name    string
		driver  string
		drivers db.Drivers
		want    string
	}{
		{"a driver that is not there", "postgres", two, "db.driver: driver postgres is not compiled in: a, b"},
		{"no drivers", "postgres", nil, "db.driver: driver postgres is not compiled in: none is (see drivers.go)"},
		{"settings that the driver refuses", "c", db.Drivers{"c": fake{check: errors.New("mine")}}, "db.dsn: mine"},
	} {
		cfg := db.Default()
		cfg.Driver = c.driver
		var lc lifecycle.Lifecycle
		if _, err := db.New(cfg, c.drivers, &lc, quiet()); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
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
	want := driver.Options{DSN: "the dsn", MaxOpen: 3, Wait: cfg.Pool.Wait, Statement: cfg.Statement, BusyTimeout: cfg.SQLite.BusyTimeout, Durable: true}
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
