package db

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/fstest"

	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/id"
)

// sorting is a driver that knows one error.
type sorting struct {
	driver.Driver
	engine error
	kind   driver.Kind
}

func (s sorting) Translate(err error) error {
	if errors.Is(err, s.engine) {
		return &driver.Error{Kind: s.kind, Err: err}
	}
	return err
}

// Gorm translates what it gets, and may get what was translated before.
func TestTranslateTwiceIsOnce(t *testing.T) {
	t.Parallel()
	engine := errors.New("words of the engine")
	for kind, want := range map[driver.Kind]error{
		driver.Busy: ErrBusy, driver.ReadOnly: ErrOutsideTx, driver.Control: ErrControl, driver.Aborted: ErrDoomed, driver.Duplicate: engine, driver.Foreign: engine,
	} {
		d := sorting{engine: engine, kind: kind}
		once := translate(d, fmt.Errorf("run: %w", engine))
		if !errors.Is(once, want) || !errors.Is(once, engine) {
			t.Errorf("kind %d: %v", kind, once)
		}
		if twice := translate(d, once); twice.Error() != once.Error() {
			t.Errorf("kind %d: twice it is %v, once %v", kind, twice, once)
		}
		if e, ok := errors.AsType[*driver.Error](once); !ok || e.Kind != kind {
			t.Errorf("kind %d is lost in %v", kind, once)
		}
	}
	other := errors.New("other")
	if got := translate(sorting{engine: engine}, other); got != other {
		t.Errorf("%v, want what nobody knows as it is", got)
	}
	if translate(sorting{}, nil) != nil {
		t.Error("no error becomes one")
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	a := id.NewIn(0)
	if By(a) == Global {
		t.Error("bucket 0 is the key of the global tables")
	}
	if By(a) != By(id.NewIn(0)) || By(a) == By(id.NewIn(1)) || By(id.NewIn(4095)) != Key(4096) {
		t.Error("a key is not its bucket")
	}
	if By(a.String()) != By(a) {
		t.Error("an id and its text lie apart")
	}
}

func TestRefusedRow(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	ended, end := context.WithCancel(t.Context())
	end()
	for _, ctx := range []context.Context{t.Context(), ended} {
		row := refusedRow(ctx, mine)
		if err := row.Err(); !errors.Is(err, mine) {
			t.Errorf("%v, want the error it was made for", err)
		}
		if err := row.Scan(new(int)); !errors.Is(err, mine) {
			t.Errorf("%v, want the error it was made for", err)
		}
	}
}

func TestOwners(t *testing.T) {
	t.Parallel()
	var none *guard
	none.know("shop")
	none.learn(Migrations{}, "sqlite")
	none.tell(t.Context(), "", ErrForeignTable)
	g := newGuard(Guard{On: true}, slog.New(slog.DiscardHandler))
	g.know("blog")
	g.learn(Migrations{Module: "shop", Files: fstest.MapFS{
		"sqlite/1_x.sql": {Data: []byte("CREATE TABLE plain (id INTEGER);\ncreate table if not exists \"Quoted\" (id INTEGER); CREATE TABLE public.\"qualified\" (id INTEGER);\n" +
			"CREATE VIEW looks AS SELECT 1; ALTER TABLE plain RENAME TO renamed; CREATE VIRTUAL TABLE words USING fts5(a);\n-- CREATE TABLE blog_posts is the blog's\n")},
		"postgres/1_x.sql": {Data: []byte("CREATE TABLE other (id integer)")},
	}}, "sqlite")
	for table, want := range map[string]string{
		"shop_orders": "shop", "SHOP_Orders": "shop", "blog_posts": "blog", "plain": "shop", "quoted": "shop", "qualified": "shop", "looks": "shop", "renamed": "shop", "words": "shop",
		"banyan_jobs": driver.Platform, "banyan_migrations_shop": "shop", "banyan_migrations_gone": driver.Platform, "other": "", "gone_orders": "", "sqlite_master": "", "shop": "", "": "",
	} {
		if got := g.Owner(table); got != want {
			t.Errorf("%q belongs to %q, want %q", table, got, want)
		}
	}
}
