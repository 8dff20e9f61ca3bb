package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/klauspost/compress/gzip"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/cache"
)

// kept is what the answers that are kept are made of.
type kept struct {
	items  *cache.Group[string, item]
	shared *cache.Group[string, item] // not for long in memory, so that Redis is asked
	list   []item
	packed []byte // list as JSON, compressed as the server does it
}

type itemsFound struct {
	Body []item
}

// newKept returns a list of about 43 KB as JSON.
func newKept(c *cache.Cache, one item) (*kept, error) {
	k := &kept{}
	k.items = cache.Of(c, "bench.items", cache.Rule{TTL: time.Hour}, func(context.Context, string) (item, error) { return one, nil })
	k.shared = cache.Of(c, "bench.shared", cache.Rule{TTL: time.Hour, L1: 100 * time.Millisecond}, func(context.Context, string) (item, error) {
		time.Sleep(time.Millisecond) // as a database takes it
		return one, nil
	})
	for i := range 400 {
		it := one
		it.ID, it.Name, it.Email = int64(i), fmt.Sprintf("Ada Lovelace the %dth", i), fmt.Sprintf("ada%d@example.org", i*7919%1000)
		k.list = append(k.list, it)
	}
	plain, err := json.Marshal(k.list)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	k.packed = b.Bytes()
	return k, nil
}

func (k *kept) routes() []api.Route {
	op := func(id string, c api.Caching) api.Op {
		return api.Op{ID: id, Summary: "Get what is kept", Auth: api.Public, Cache: c}
	}
	long := api.Caching{Server: time.Hour, SMaxAge: 30 * time.Second}
	return []api.Route{
		api.Get("/values/{id}", k.one, op("getValue", api.Caching{})),
		api.Get("/shared/{id}", k.other, op("getShared", api.Caching{})),
		api.Get("/kept/{id}", k.one, op("getKept", long)),
		api.Get("/lists/kept", k.all, op("listKept", long)),
		api.Get("/lists/made", k.all, op("listMade", api.Caching{})),
		api.Raw("GET", "/lists/packed", k.raw, op("listPacked", api.Caching{})),
	}
}

func (k *kept) one(ctx context.Context, _ *getItem) (*itemFound, error) {
	it, err := k.items.Get(ctx, "42")
	return &itemFound{Body: it}, err
}

func (k *kept) other(ctx context.Context, in *getItem) (*itemFound, error) {
	it, err := k.shared.Get(ctx, strconv.FormatInt(in.ID, 10))
	return &itemFound{Body: it}, err
}

func (k *kept) all(context.Context, *struct{}) (*itemsFound, error) {
	return &itemsFound{Body: k.list}, nil
}

// raw answers with bytes that were compressed before.
func (k *kept) raw(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, "application/json")
	c.Set(fiber.HeaderContentEncoding, "gzip")
	c.Set(fiber.HeaderETag, `"1-gzip"`)
	c.Response().SetBodyRaw(k.packed)
	return nil
}
