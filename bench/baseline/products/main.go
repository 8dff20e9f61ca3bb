// Command products serves a product by id and a list of 50 from the SQLite file
// of the reference application, as written by hand with fiber, gorm and
// encoding/json and nothing around them: no log, no limits, no checks.
//
// The engine, its version, its pragmas and the pools are those of
// platform/db/sqlite: one writer, which nothing here uses but which has to open
// the log first, and query-only readers. The way to it is gormlite over the
// database/sql driver of ncruces/go-sqlite3, as it comes; PrepareStmt is off.
package main

import (
	"database/sql"
	"errors"
	"flag"
	"net/url"
	"runtime"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/gormlite"
	"gorm.io/gorm"
)

type Price struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

type Product struct {
	ID        string    `json:"id"`
	Sku       string    `json:"sku"`
	Name      string    `json:"name"`
	Price     Price     `json:"price" gorm:"embedded;embeddedPrefix:price_"`
	Active    bool      `json:"active"`
	Released  *string   `json:"released"`
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

func (Product) TableName() string { return "catalog_products" }

type Page struct {
	Next  *string `json:"next"`
	Prev  *string `json:"prev"`
	Total *int64  `json:"total"`
}

type List struct {
	Data []Product `json:"data"`
	Page Page      `json:"page"`
}

const limit = 50

func open(file, mode string, connections int, pragmas ...string) *sql.DB {
	q := url.Values{"mode": {mode}, "_txlock": {"immediate"}, "_timefmt": {"2006-01-02 15:04:05.000"}, "_pragma": pragmas}
	pool, err := driver.Open("file:" + (&url.URL{Path: file}).EscapedPath() + "?" + q.Encode())
	if err != nil {
		panic(err)
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	if err := pool.Ping(); err != nil {
		panic(err)
	}
	return pool
}

func main() {
	addr := flag.String("addr", "127.0.0.1:9060", "listen")
	file := flag.String("file", "data/app.db", "sqlite file with the table catalog_products")
	readers := flag.Int("readers", min(max(2*runtime.GOMAXPROCS(0), 4), 16), "connections that read")
	flag.Parse()

	open(*file, "rw", 1, "busy_timeout(1000)", "journal_mode(wal)", "synchronous(normal)", "foreign_keys(1)")
	db, err := gorm.Open(gormlite.OpenDB(open(*file, "ro", *readers, "busy_timeout(1000)", "query_only(1)")), &gorm.Config{})
	if err != nil {
		panic(err)
	}

	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/api/v1/catalog/products/:id", func(c *fiber.Ctx) error {
		var p Product
		err := db.Where("id = ?", c.Params("id")).Take(&p).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return fiber.ErrNotFound
		}
		if err != nil {
			return err
		}
		c.Set(fiber.HeaderETag, `"`+strconv.FormatInt(p.Version, 10)+`"`)
		return c.JSON(&p)
	})
	app.Get("/api/v1/catalog/products", func(c *fiber.Ctx) error {
		var l List
		if err := db.Order("id DESC").Limit(limit + 1).Find(&l.Data).Error; err != nil {
			return err
		}
		if len(l.Data) > limit {
			l.Data = l.Data[:limit]
			l.Page.Next = &l.Data[limit-1].ID
		}
		return c.JSON(&l)
	})
	panic(app.Listen(*addr))
}
