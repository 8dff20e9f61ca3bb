package main

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/redis/go-redis/v9"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/module"
	"github.com/banyan-go/banyan/platform/session"
)

// bench is the module and its only part.
type bench struct {
	item     item
	kept     *kept
	sessions *session.Sessions
	redis    *redis.Client // the library's own, as it comes; nil without an address
}

var (
	_ module.Module = (*bench)(nil)
	_ module.Router = (*bench)(nil)
)

func newBench(p module.Platform, redisURL string) (*bench, error) {
	b := &bench{
		item:     item{ID: 42, Name: "Ada Lovelace", Email: "ada@example.org", Tags: []string{"a", "b", "c"}, Time: 1700000000},
		sessions: p.Sessions,
	}
	var err error
	if b.kept, err = newKept(p.Cache, b.item); err != nil {
		return nil, err
	}
	if redisURL == "" {
		return b, nil
	}
	o, err := redis.ParseURL(redisURL)
	if err != nil {
		return nil, err
	}
	b.redis = redis.NewClient(o)
	return b, nil
}

// Name returns "bench".
func (*bench) Name() string { return "bench" }

// Migrations returns no files: there is no table.
func (*bench) Migrations() fs.FS { return embed.FS{} }

// Parts returns the module itself.
func (b *bench) Parts() []module.Part { return []module.Part{b} }

// Routes returns what is kept, the two routes, one of them behind a session too, and what sessions and limits in Redis are compared with.
func (b *bench) Routes() []api.Route {
	return append(b.kept.routes(),
		api.Post("/login", b.login, api.Op{ID: "login", Summary: "Begin a session", Auth: api.PublicWrite("the benchmark has no passwords")}),
		api.Raw(http.MethodGet, "/mine/{id}", b.raw, api.Op{ID: "getMine", Summary: "Get the item, signed in", Auth: api.Session, Allow: api.SignedIn()}),
		api.Raw(http.MethodGet, "/redis/get/{id}", b.get, api.Op{ID: "redisGet", Summary: "Get the item after one GET", Auth: api.Public}),
		api.Raw(http.MethodGet, "/redis/incr/{id}", b.incr, api.Op{ID: "redisIncr", Summary: "Get the item after one INCR", Auth: api.Public}),
		api.Raw(http.MethodGet, "/raw/{id}", b.raw, api.Op{ID: "getRaw", Summary: "Get the item through fiber alone", Auth: api.Public}),
		api.Get("/items/{id}", b.typed, api.Op{ID: "getItem", Summary: "Get the item", Auth: api.Public}),
	)
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

func (b *bench) login(ctx context.Context, _ *struct{}) (*struct{}, error) {
	_, err := b.sessions.Begin(ctx, session.SignIn{User: "42", Roles: []string{"user"}})
	return nil, err
}

// get reads a short text, which need not be there.
func (b *bench) get(c *fiber.Ctx) error {
	if err := b.redis.Get(c.Context(), "raw:0123456789abcdef").Err(); err != nil && !errors.Is(err, redis.Nil) {
		return err
	}
	return b.raw(c)
}

// incr is the least that a shared fixed window can do: one INCR, and an EXPIRE for each window.
func (b *bench) incr(c *fiber.Ctx) error {
	n, err := b.redis.Incr(c.Context(), "incr:"+c.IP()).Result()
	if err != nil {
		return err
	}
	if n == 1 {
		if err := b.redis.Expire(c.Context(), "incr:"+c.IP(), time.Hour).Err(); err != nil {
			return err
		}
	}
	return b.raw(c)
}

func (b *bench) typed(context.Context, *getItem) (*itemFound, error) {
	return &itemFound{Body: b.item}, nil
}
