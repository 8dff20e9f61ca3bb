package salewire

import (
	"context"
	"errors"

	"github.com/google/wire"

	"example.com/shop/modules/catalog"
	"example.com/shop/modules/sale"
	"example.com/shop/modules/sale/internal/web"
	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/module"
)

// Stock is a part that somebody has written by hand: it asks another module, has a setting, and answers with a typed and with a raw operation.
type Stock struct {
	cfg   StockConfig
	needs StockNeeds
	clock clock.Clock
}

var _ module.Router = (*Stock)(nil)

// StockNeeds is what it asks of others.
type StockNeeds struct{ Products catalog.Products }

// StockConfig is the section `modules.sale.stock`.
type StockConfig struct {
	Limit int `config:"limit" doc:"Most pieces that one order takes, 1 or more."`
}

func defaultStock() StockConfig { return StockConfig{Limit: 10} }

// Validate is called when the configuration is loaded.
func (c *StockConfig) Validate(r *config.Report) {
	if c.Limit < 1 {
		r.Add("limit", "below 1", "1 or more")
	}
}

func newStock(cfg StockConfig, needs StockNeeds, c clock.Clock) *Stock { return &Stock{cfg, needs, c} }

var stockSet = wire.NewSet(newStock)

type (
	getOffer struct {
		ID id.ID `path:"id"`
	}
	offer struct {
		Name  string `json:"name"`
		Limit int    `json:"limit" doc:"Most pieces that one order takes."`
	}
	offered struct{ Body offer }
)

// Routes returns the operations.
func (s *Stock) Routes() []api.Route {
	return []api.Route{
		api.Get("/offers/{id}", s.get, api.Op{ID: "getSaleOffer", Summary: "Get what is sold of a product", Auth: api.Public, Errors: []*fault.Error{sale.ErrNotSold}}),
		web.Clock(s.clock),
	}
}

func (s *Stock) get(ctx context.Context, in *getOffer) (*offered, error) {
	found, err := s.needs.Products.ByIDs(ctx, []id.ID{in.ID})
	if err != nil {
		return nil, err
	}
	product, ok := found[in.ID]
	if !ok {
		return nil, errors.Join(sale.ErrNotSold)
	}
	return &offered{offer{product.Name, s.cfg.Limit}}, nil
}
