package main

import (
	"context"
	"embed"
	"io/fs"
	"net/http"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/module"
)

// bench is the module and its only part.
type bench struct{ item item }

var (
	_ module.Module = (*bench)(nil)
	_ module.Router = (*bench)(nil)
)

func newBench() *bench {
	return &bench{item{ID: 42, Name: "Ada Lovelace", Email: "ada@example.org", Tags: []string{"a", "b", "c"}, Time: 1700000000}}
}

// Name returns "bench".
func (*bench) Name() string { return "bench" }

// Migrations returns no files: there is no table.
func (*bench) Migrations() fs.FS { return embed.FS{} }

// Parts returns the module itself.
func (b *bench) Parts() []module.Part { return []module.Part{b} }

// Routes returns the two routes.
func (b *bench) Routes() []api.Route {
	return []api.Route{
		api.Raw(http.MethodGet, "/raw/{id}", b.raw, api.Op{ID: "getRaw", Summary: "Get the item through fiber alone", Auth: api.Public}),
		api.Get("/items/{id}", b.typed, api.Op{ID: "getItem", Summary: "Get the item", Auth: api.Public}),
	}
}

// item is what the baseline program httpd answers with, 96 bytes as JSON.
type item struct {
	ID    int64    `json:"id"`
	Name  string   `json:"name"`
	Email string   `json:"email"`
	Tags  []string `json:"tags"`
	Time  int64    `json:"time"`
}

type (
	getItem struct {
		ID int64 `path:"id"`
	}
	itemFound struct {
		Body item
	}
)

// raw does what the baseline's handler does.
func (b *bench) raw(c *fiber.Ctx) error {
	_ = c.Params("id")
	return c.JSON(&b.item)
}

func (b *bench) typed(context.Context, *getItem) (*itemFound, error) {
	return &itemFound{Body: b.item}, nil
}
