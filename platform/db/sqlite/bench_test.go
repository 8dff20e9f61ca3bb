package sqlite_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	sqlite3 "github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/gormlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/sqlite"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/page"
)

// product is a row like those that the generator writes.
type product struct {
	ID            id.ID
	Sku           string
	Name          string
	PriceAmount   int64
	PriceCurrency string
	Active        bool
	Released      *clock.Date
	Version       int64
	CreatedAt     time.Time
	UpdatedAt     time.Time `gorm:"autoUpdateTime:false"`
}

const productSchema = `-- +goose Up
CREATE TABLE products (
    id             TEXT     NOT NULL PRIMARY KEY,
    sku            TEXT     NOT NULL,
    name           TEXT     NOT NULL,
    price_amount   INTEGER  NOT NULL,
    price_currency TEXT     NOT NULL,
    active         BOOLEAN  NOT NULL,
    released       TEXT,
    version        INTEGER  NOT NULL,
    created_at     DATETIME NOT NULL,
    updated_at     DATETIME NOT NULL
);
CREATE UNIQUE INDEX products_sku_key ON products (sku);
CREATE INDEX products_active_idx ON products (active, id);
`

// sides are the door and what it is compared with: gorm over the library's own driver for database/sql, on the same file, with pools of
// the same sizes and the same settings.
type sides struct {
	door               *db.Handle
	plainRead, plainTx *gorm.DB
	ids                []id.ID
}

const benchRows = 10_000

func openSides(b *testing.B) *sides {
	b.Helper()
	ctx := context.Background()
	file := filepath.Join(b.TempDir(), "app.db")
	cfg := db.Default()
	cfg.DSN = "file:" + file
	var lc lifecycle.Lifecycle
	d, err := db.New(cfg, db.Drivers{"sqlite": sqlite.Driver{}}, &lc, slog.New(slog.DiscardHandler))
	must(b, err)
	must(b, lc.Start(ctx))
	b.Cleanup(func() { must(b, lc.Stop(ctx)) })
	m, err := d.Migrator([]db.Migrations{{Module: "bench", Files: fstest.MapFS{"sqlite/20260101000000_products.sql": {Data: []byte(productSchema)}}}})
	must(b, err)
	_, err = m.Up(ctx)
	must(b, err)
	s := &sides{door: d.ForModule("bench")}
	rows := make([]product, benchRows)
	now := clock.System().Now()
	for i := range rows {
		rows[i] = product{ID: id.New(), Sku: fmt.Sprintf("sku-%06d", i), Name: fmt.Sprintf("Product number %d", i), PriceAmount: int64(i), PriceCurrency: "EUR", Active: i%2 == 0, Version: 1, CreatedAt: now, UpdatedAt: now}
		if i%3 == 0 {
			rows[i].Released = &clock.Date{Year: 2026, Month: 1, Day: 1 + i%28}
		}
		s.ids = append(s.ids, rows[i].ID)
	}
	must(b, s.door.Tx(ctx, db.Global, func(ctx context.Context) error {
		return s.door.Query(ctx, db.Global).CreateInBatches(rows, 500).Error
	}))
	settings := "&_timefmt=2006-01-02%2015:04:05.000&_pragma=busy_timeout(1000)&_pragma=synchronous(normal)"
	s.plainTx = openPlain(b, "file:"+file+"?_txlock=immediate"+settings, 1)
	s.plainRead = openPlain(b, "file:"+file+"?mode=ro&_pragma=query_only(1)"+settings, d.MaxOpen())
	return s
}

func openPlain(b *testing.B, dsn string, connections int) *gorm.DB {
	b.Helper()
	pool, err := sqlite3.Open(dsn)
	must(b, err)
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	b.Cleanup(func() { must(b, pool.Close()) })
	orm, err := gorm.Open(gormlite.OpenDB(pool), &gorm.Config{SkipDefaultTransaction: true, TranslateError: true, Logger: logger.Discard})
	must(b, err)
	return orm
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// processorTime returns what this process has used.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// compare runs the two by turns, many times a second, so that what else the machine does hits both, and reports the median of the ratios of
// their processor time.
func compare(b *testing.B, chunk int, plain, door func(i int) error) {
	b.Helper()
	var ratios []float64
	var sums [2]time.Duration
	i := 0
	for b.Loop() {
		var took [2]time.Duration
		for side, f := range []func(int) error{plain, door} {
			began := processorTime(b)
			for j := range chunk {
				must(b, f(i+j))
			}
			took[side] = processorTime(b) - began
			sums[side] += took[side]
		}
		i += chunk
		ratios = append(ratios, float64(took[1])/float64(took[0]))
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "door/plain")
	b.ReportMetric(float64(sums[0])/float64(i), "plain-cpu-ns")
	b.ReportMetric(float64(sums[1])/float64(i), "door-cpu-ns")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkDoor compares the door with gorm alone. The door gets the context of a request, which has a deadline; a bare handler has none.
func BenchmarkDoor(b *testing.B) {
	s := openSides(b)
	list, err := page.New(page.Spec{})
	must(b, err)
	bare := context.Background()
	request, cancel := context.WithTimeout(bare, time.Hour)
	defer cancel()
	someID := func(i int) id.ID { return s.ids[i*7%len(s.ids)] }

	b.Run("get", func(b *testing.B) {
		var p product
		compare(b, 100, func(i int) error {
			p = product{}
			return s.plainRead.WithContext(bare).Where("id = ?", someID(i)).Take(&p).Error
		}, func(i int) error {
			p = product{}
			return s.door.Query(request, db.Global).Where("id = ?", someID(i)).Take(&p).Error
		})
	})
	b.Run("list", func(b *testing.B) {
		compare(b, 20, func(int) error {
			var ps []product
			return s.plainRead.WithContext(bare).Order("id DESC").Limit(51).Find(&ps).Error
		}, func(int) error {
			_, err := db.List[product](s.door.Query(request, db.Global), list.First(50))
			return err
		})
	})
	change := func(q *gorm.DB, i int) error {
		var p product
		if err := q.Where("id = ?", someID(i)).Take(&p).Error; err != nil {
			return err
		}
		p.Version++
		return q.Select("*").Updates(&p).Error
	}
	b.Run("update", func(b *testing.B) {
		compare(b, 50, func(i int) error {
			return s.plainTx.WithContext(bare).Transaction(func(q *gorm.DB) error { return change(q, i) })
		}, func(i int) error {
			return s.door.Tx(request, db.Global, func(ctx context.Context) error { return change(s.door.Query(ctx, db.Global), i) })
		})
	})
}

// The next three are for profiles and allocations: go test -bench Get -cpuprofile cpu.out.

func BenchmarkGet(b *testing.B) {
	s := openSides(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		var p product
		must(b, s.door.Query(b.Context(), db.Global).Where("id = ?", s.ids[i%len(s.ids)]).Take(&p).Error)
	}
}

func BenchmarkGetParallel(b *testing.B) {
	s := openSides(b)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			var p product
			if err := s.door.Query(b.Context(), db.Global).Where("id = ?", s.ids[i%len(s.ids)]).Take(&p).Error; err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkList(b *testing.B) {
	s := openSides(b)
	list, err := page.New(page.Spec{})
	must(b, err)
	b.ReportAllocs()
	for b.Loop() {
		_, err := db.List[product](s.door.Query(b.Context(), db.Global), list.First(50))
		must(b, err)
	}
}
