package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"testing/fstest"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	ncruces "github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/gormlite"
	pg "gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/postgres"
	"github.com/banyan-go/banyan/platform/db/querystat"
	"github.com/banyan-go/banyan/platform/db/sqlite"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/unit"
)

// Sizes of both sides.
const (
	rows        = 10_000
	connections = 4
	limit       = 50
)

// product is a row.
type product struct {
	ID        int64
	Sku       string
	Name      string
	Amount    int64
	Currency  string
	Active    bool
	Note      *string
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// TableName tells gorm where the rows are.
func (product) TableName() string { return "door_products" }

// schema makes the table and its rows.
func schema(engine string) fstest.MapFS {
	instant, series := "DATETIME", "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i"
	if engine == "postgres" {
		instant, series = "timestamptz", "SELECT i"
	}
	from := map[string]string{"sqlite": "n", "postgres": fmt.Sprintf("generate_series(1, %d) i", rows)}[engine]
	if engine == "sqlite" {
		series = fmt.Sprintf(series, rows)
	}
	text := "-- +goose Up\nCREATE TABLE door_products (id bigint NOT NULL PRIMARY KEY, sku text NOT NULL, name text NOT NULL, amount bigint NOT NULL, currency text NOT NULL, " +
		"active boolean NOT NULL, note text, version bigint NOT NULL, created_at " + instant + " NOT NULL, updated_at " + instant + " NOT NULL);\n" +
		"INSERT INTO door_products " + series + ", 'sku-' || i, 'Name of product ' || i, i * 100, 'EUR', true, NULL, 1, '2026-01-01 00:00:00.000', '2026-01-01 00:00:00.000' FROM " + from + ";\n"
	return fstest.MapFS{engine + "/20260101000000_products.sql": {Data: []byte(text)}}
}

// door is the way through package db. Each operation is a request with its counter of queries, as the server has it.
type door struct {
	h     *db.Handle
	stats *querystat.Origin
}

func openDoor(ctx context.Context, engine, dsn string) (_ *door, stop func() error, err error) {
	cfg := db.Default()
	cfg.Driver, cfg.DSN, cfg.Pool.MaxOpen = engine, dsn, unit.Exactly(connections)
	var lc lifecycle.Lifecycle
	d, err := db.New(cfg, db.Drivers{"sqlite": sqlite.Driver{}, "postgres": postgres.Driver{}}, &lc, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, nil, err
	}
	m, err := d.Migrator([]db.Migrations{{Module: "door", Files: schema(engine)}})
	if err == nil {
		err = lc.Start(ctx)
	}
	if err == nil {
		_, err = m.Up(ctx)
	}
	if err != nil {
		return nil, nil, errors.Join(err, lc.Stop(ctx))
	}
	return &door{h: d.ForModule("door"), stats: querystat.New(querystat.Options{}).Origin("door")}, func() error { return lc.Stop(ctx) }, nil
}

// request runs fn as a request.
func (d *door) request(ctx context.Context, fn func(ctx context.Context) error) error {
	r := d.stats.Begin()
	defer r.End()
	return fn(querystat.WithRecorder(ctx, r))
}

func (d *door) get(ctx context.Context, i int) error {
	return d.request(ctx, func(ctx context.Context) error { return get(d.h.Query(ctx, db.Global), i) })
}

func (d *door) list(ctx context.Context) error {
	return d.request(ctx, func(ctx context.Context) error { return list(d.h.Query(ctx, db.Global)) })
}

func (d *door) update(ctx context.Context, i int) error {
	return d.request(ctx, func(ctx context.Context) error {
		return d.h.Tx(ctx, db.Global, func(ctx context.Context) error { return update(d.h.Query(ctx, db.Global), i) })
	})
}

// plain is gorm as it comes.
type plain struct{ read, write *gorm.DB }

func openPlain(engine, dsn string) (_ *plain, stop func() error, err error) {
	var read, write *sql.DB
	if engine == "postgres" {
		if read, err = sql.Open("pgx", dsn); err != nil {
			return nil, nil, err
		}
		read.SetMaxOpenConns(connections)
		read.SetMaxIdleConns(connections)
		write = read
	} else {
		file := strings.TrimPrefix(dsn, "file:")
		if write, err = openSQLite(file, "rw", 1, "busy_timeout(1000)", "journal_mode(wal)", "synchronous(normal)", "foreign_keys(1)"); err != nil {
			return nil, nil, err
		}
		if read, err = openSQLite(file, "ro", connections, "busy_timeout(1000)", "query_only(1)"); err != nil {
			return nil, nil, errors.Join(err, write.Close())
		}
	}
	stop = func() error { return errors.Join(read.Close(), write.Close()) }
	dialect := func(pool *sql.DB) gorm.Dialector {
		if engine == "postgres" {
			return pg.New(pg.Config{Conn: pool})
		}
		return gormlite.OpenDB(pool)
	}
	// Gorm's own, but not on the standard output, which is for the figures.
	slow := logger.New(log.New(os.Stderr, "", log.LstdFlags), logger.Config{SlowThreshold: 200 * time.Millisecond, LogLevel: logger.Warn})
	cfg := func() *gorm.Config { return &gorm.Config{SkipDefaultTransaction: true, Logger: slow} }
	p := &plain{}
	var failed error
	p.read, err = gorm.Open(dialect(read), cfg())
	p.write, failed = gorm.Open(dialect(write), cfg())
	if err = errors.Join(err, failed); err != nil {
		return nil, nil, errors.Join(err, stop())
	}
	return p, stop, nil
}

func openSQLite(file, mode string, connections int, pragmas ...string) (*sql.DB, error) {
	q := url.Values{"mode": {mode}, "_txlock": {"immediate"}, "_timefmt": {"2006-01-02 15:04:05.000"}, "_pragma": pragmas}
	pool, err := ncruces.Open("file:" + (&url.URL{Path: file}).EscapedPath() + "?" + q.Encode())
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return pool, pool.Ping()
}

func (p *plain) get(ctx context.Context, i int) error { return get(p.read.WithContext(ctx), i) }

func (p *plain) list(ctx context.Context) error { return list(p.read.WithContext(ctx)) }

func (p *plain) update(ctx context.Context, i int) error {
	return p.write.WithContext(ctx).Transaction(func(tx *gorm.DB) error { return update(tx, i) })
}

// The calls that both sides make.

func get(q *gorm.DB, i int) error {
	var p product
	return q.Where("id = ?", i%rows+1).Take(&p).Error
}

func list(q *gorm.DB) error {
	var ps []product
	if err := q.Order("id DESC").Limit(limit).Find(&ps).Error; err != nil {
		return err
	}
	if len(ps) != limit {
		return fmt.Errorf("the list has %d rows", len(ps))
	}
	return nil
}

func update(q *gorm.DB, i int) error {
	var p product
	if err := q.Where("id = ?", i%rows+1).Take(&p).Error; err != nil {
		return err
	}
	r := q.Model(&product{}).Where("id = ? AND version = ?", p.ID, p.Version).Updates(map[string]any{"name": "Another name", "version": p.Version + 1})
	if r.Error == nil && r.RowsAffected != 1 {
		return fmt.Errorf("%d rows were changed", r.RowsAffected)
	}
	return r.Error
}
